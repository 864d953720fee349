"""The command that lists dead links: check-links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.last_run import check_exists, opened_state
from pipeline.commands.messages import on_one_line
from pipeline.commands.options import echo_json, json_option, say
from pipeline.exits import ExitCode

POSITIVE = click.FloatRange(min=0, min_open=True)
DAYS = click.FloatRange(min=0)
MOST_SHOWN_PLACES = 3  # of a dead link; links.jsonl has all
UNCHECKED = "not checked yet"
JSON_FIELDS = ("path", "line", "url", "health", "status", "final", "checked", "archived")
NEEDED = {"path", "line", "url", "notes"}  # fields of links.jsonl


@click.command("check-links")
@click.option("--clean", metavar="DIR", help="Folder of links.jsonl. Default: clean.")
@click.option("--online", is_flag=True, help="Send HTTP requests. Without it, show cached results.")
@click.option(
    "--max-age", type=DAYS, default=7, show_default=True, metavar="DAYS", help="Re-check results older than DAYS."
)
@click.option("--rate", type=POSITIVE, default=1, show_default=True, help="Requests per second to one host.")
@click.option(
    "--timeout", type=POSITIVE, default=20, show_default=True, metavar="S", help="Seconds to wait for a response."
)
@click.option("--allow-private", is_flag=True, help="Also check URLs of this machine and its network.")
@json_option
def check_links(*, clean: str | None, online: bool, max_age: float, as_json: bool, **asking: Any) -> int:  # noqa: ANN401
    """List the dead links of the archive.

    The results are also written to links.jsonl.
    """
    import datetime as dt

    from pipeline.linkcheck.check import DEAD_HEALTHS, checked_rows
    from pipeline.linkcheck.client import RequestLimits
    from pipeline.records.report_jsonl import json_line
    from pipeline.run.folders import locked
    from pipeline.store.output_ledger import OutputLedger
    from pipeline.store.schema import DATABASE_FILE

    settings = settings_of(clean=clean)
    folder = Path(settings.clean)
    file = folder / "links.jsonl"
    limits = RequestLimits(**asking) if online else None
    check_exists(file)
    with locked(folder, check=False):
        age = dt.timedelta(days=max_age)
        links = [*checked_rows(_link_records(file), folder / ".health.sqlite", limits, age, _print_progress)]
        with (
            opened_state(folder / DATABASE_FILE) as state,
            OutputLedger(state, folder, Path(settings.out)).completing(file) as written,
        ):
            written.writelines(map(json_line, links))
    dead = [row for row in links if row["health"] in DEAD_HEALTHS]
    if as_json:
        for row in links:
            echo_json({name: row[name] for name in JSON_FIELDS})
        return ExitCode.FOUND if dead else ExitCode.DONE
    _print_dead(dead)
    healths = {row["url"]: row["health"] or UNCHECKED for row in links if row["url"].startswith("http")}
    counts = Counter(healths.values())
    click.echo(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no links")
    if not online and UNCHECKED in counts:
        say("lacuna: offline, no requests sent; use --online to check", err=True)
    if online and set(counts) == {"unreachable"}:
        message = "lacuna: no host could be reached; if this machine was offline, check again with --max-age 0"
        click.echo(message, err=True)
    return ExitCode.FOUND if dead else ExitCode.DONE


def _link_records(file: Path) -> list[dict[str, Any]]:
    """Return the records of links.jsonl. Raises UsageError if one is damaged."""
    import msgspec

    rows: list[dict[str, Any]] = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        with suppress(msgspec.MsgspecError):
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        if len(rows) < number or not rows[-1].keys() >= NEEDED:
            message = f"{file}: line {number} is damaged; delete the file, then run `lacuna run`"
            raise click.UsageError(message)
    return rows


def _print_progress(url: str, health: str) -> None:
    click.echo(f"{health}: {on_one_line(url)}", err=True)


def _print_dead(dead: Iterable[dict[str, Any]]) -> None:
    """Print each dead URL once, with its places in the archive and an archived copy."""
    by_url: dict[str, list[dict[str, Any]]] = {}
    for row in dead:
        by_url.setdefault(row["url"], []).append(row)
    for url, rows in by_url.items():
        places = [f"{on_one_line(row['path'])}:{row['line']}" for row in rows]
        more = f" and {len(places) - MOST_SHOWN_PLACES} more" if len(places) > MOST_SHOWN_PLACES else ""
        where = ", ".join(places[:MOST_SHOWN_PLACES]) + more
        click.echo(f"{rows[0]['health']}: {on_one_line(url)} ({where}); try {on_one_line(rows[0]['archived'])}")


COMMANDS = (check_links,)
