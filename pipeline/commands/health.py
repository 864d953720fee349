"""The command that asks the web: check-links."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from pipeline.commands.archive import settings_of, shown

FLOAT = click.FloatRange(min=0, min_open=True)


@click.command("check-links")
@click.option("--clean", metavar="DIR", help="Where links.jsonl is.")
@click.option("--online", is_flag=True, help="Ask for the addresses. Without it, only tell what is known.")
@click.option("--max-age", type=FLOAT, default=7, show_default=True, metavar="DAYS", help="Ask again after so long.")
@click.option("--rate", type=FLOAT, default=1, show_default=True, help="Requests a second of one host.")
@click.option("--timeout", type=FLOAT, default=20, show_default=True, metavar="S", help="Seconds to wait for answers.")
@click.option("--allow-private", is_flag=True, help="Also ask for addresses of this machine and its network.")
def check_links(*, clean: str | None, online: bool, max_age: float, **asking: Any) -> int:  # noqa: ANN401
    """Tell which links of the archive are dead; links.jsonl gets what is known of each."""
    import datetime as dt

    import msgspec

    from pipeline.engines.archive import Locked, locked
    from pipeline.engines.asking import Manners
    from pipeline.engines.health import DEAD, check
    from pipeline.write.records import line
    from pipeline.write.shelf import Shelf
    from pipeline.write.state import State

    settings = settings_of(clean=clean)
    folder = Path(settings.clean)
    file = folder / "links.jsonl"
    if not file.exists():
        message = f"there is no {file}; do a run first"
        raise click.UsageError(message)
    manners = Manners(**asking) if online else None
    try:
        with locked(folder, check=False):
            rows = [msgspec.json.decode(one) for one in file.read_bytes().splitlines()]
            told = list(check(rows, folder / ".health.sqlite", manners, dt.timedelta(days=max_age)))
            state = State(folder / ".state.sqlite", "")
            try:
                with Shelf(state, folder, Path(settings.out)).replacing_again(file) as written:
                    written.writelines(map(line, told))
            finally:
                state.close()
    except Locked as busy:
        click.echo(f"lacuna: {busy}", err=True)
        sys.exit(75)
    for row in told:
        if row["health"] in DEAD:
            where = f"{shown(row['path'])}:{row['line']}"
            click.echo(f"{row['health']}: {shown(row['url'])} ({where}); perhaps {shown(row['archived'])}")
    counts = Counter(
        {row["url"]: row["health"] or "never asked for" for row in told if row["url"].startswith("http")}.values()
    )
    click.echo(", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no links")
    return int(any(row["health"] in DEAD for row in told))


COMMANDS = (check_links,)
