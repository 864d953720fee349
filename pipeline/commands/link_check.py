"""The command that asks the web: check-links."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from pipeline.commands.archive import settings_of, shown

FLOAT = click.FloatRange(min=0, min_open=True)
DAYS = click.FloatRange(min=0)
MOST_PLACES = 3  # of a dead address; links.jsonl has all
NEEDED = {"path", "line", "url", "notes"}  # of a line of links.jsonl


@click.command("check-links")
@click.option("--clean", metavar="DIR", help="Where links.jsonl is.")
@click.option("--online", is_flag=True, help="Ask for the addresses. Without it, only tell what is known.")
@click.option("--max-age", type=DAYS, default=7, show_default=True, metavar="DAYS", help="Ask again after so long.")
@click.option("--rate", type=FLOAT, default=1, show_default=True, help="Requests a second of one host.")
@click.option("--timeout", type=FLOAT, default=20, show_default=True, metavar="S", help="Seconds to wait for answers.")
@click.option("--allow-private", is_flag=True, help="Also ask for addresses of this machine and its network.")
def check_links(*, clean: str | None, online: bool, max_age: float, **asking: Any) -> int:  # noqa: ANN401
    """Tell which links of the archive are dead.

    links.jsonl gets what is known of each.
    """
    import datetime as dt

    from pipeline.linkcheck.check import DEAD_HEALTHS, checked_rows
    from pipeline.linkcheck.client import RequestLimits
    from pipeline.records.report_jsonl import json_line
    from pipeline.run.incremental import STATE, Locked, locked
    from pipeline.store.database import open_state
    from pipeline.store.output_ledger import OutputLedger
    from pipeline.store.schema import DamagedState

    settings = settings_of(clean=clean)
    folder = Path(settings.clean)
    file = folder / "links.jsonl"
    manners = RequestLimits(**asking) if online else None
    if not file.exists():
        message = f"there is no {file}; do a run first"
        raise click.UsageError(message)
    try:
        with locked(folder, check=False):
            told = list(
                checked_rows(_rows(file), folder / ".health.sqlite", manners, dt.timedelta(days=max_age), _tell)
            )
            with (
                open_state(folder / STATE, "") as state,
                OutputLedger(state, folder, Path(settings.out)).replacing_again(file) as written,
            ):
                written.writelines(map(json_line, told))
    except DamagedState as damage:
        message = f"{folder / STATE}: {damage}; do a run first"
        raise click.UsageError(message) from damage
    except Locked as busy:
        click.echo(f"lacuna: {busy}", err=True)
        sys.exit(75)
    dead = [row for row in told if row["health"] in DEAD_HEALTHS]
    _list(dead)
    healths = {row["url"]: row["health"] or "never asked for" for row in told if row["url"].startswith("http")}
    counts = Counter(healths.values())
    click.echo(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no links")
    if not online and "never asked for" in counts:
        click.echo("lacuna: nobody was asked; --online asks", err=True)
    if online and set(counts) == {"unreachable"}:
        message = "lacuna: no host could be reached; if this machine was offline, ask again with --max-age 0"
        click.echo(message, err=True)
    return int(bool(dead))


def _rows(file: Path) -> list[dict[str, Any]]:
    """Return the lines of links.jsonl. Raises UsageError where one is damaged."""
    import msgspec

    rows: list[dict[str, Any]] = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        with suppress(msgspec.MsgspecError):
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        if len(rows) < number or not rows[-1].keys() >= NEEDED:
            message = f"line {number} of {file} is damaged; delete the file and do a run"
            raise click.UsageError(message)
    return rows


def _tell(address: str, health: str) -> None:
    click.echo(f"{health}: {shown(address)}", err=True)


def _list(dead: Iterable[dict[str, Any]]) -> None:
    """Print each dead address once, with where it stands and where a copy may be."""
    by_address: dict[str, list[dict[str, Any]]] = {}
    for row in dead:
        by_address.setdefault(row["url"], []).append(row)
    for address, rows in by_address.items():
        places = [f"{shown(row['path'])}:{row['line']}" for row in rows]
        more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
        where = ", ".join(places[:MOST_PLACES]) + more
        click.echo(f"{rows[0]['health']}: {shown(address)} ({where}); perhaps {shown(rows[0]['archived'])}")


COMMANDS = (check_links,)
