"""The command that fetches the images of the web that posts show: fetch-images."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.last_run import check_exists, opened_state
from pipeline.commands.link_check import DAYS, POSITIVE
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import echo_json, json_option, say
from pipeline.exits import ExitCode
from pipeline.extras import require

MOST_SHOWN_HOSTS = 20
MEGABYTE = 2**20


@click.command("fetch-images")
@click.option("--clean", metavar="DIR", help="Folder of clean text. Default: clean.")
@click.option("--online", is_flag=True, help="Send HTTP requests. Without it, list the hosts.")
@click.option(
    "--max-age", type=DAYS, default=30, show_default=True, metavar="DAYS", help="Retry failures older than DAYS."
)
@click.option("--max-count", type=click.IntRange(min=1), default=1000, show_default=True, help="Images at most.")
@click.option(
    "--max-size", type=POSITIVE, default=500, show_default=True, metavar="MB", help="Megabytes of all images at most."
)
@click.option("--rate", type=POSITIVE, default=1, show_default=True, help="Requests per second to one host.")
@click.option(
    "--timeout", type=POSITIVE, default=60, show_default=True, metavar="S", help="Seconds to wait for one image."
)
@click.option("--allow-private", is_flag=True, help="Also request URLs of this machine and its network.")
@json_option
def fetch_images(  # noqa: PLR0913 - one argument for each option
    *,
    clean: str | None,
    online: bool,
    max_age: float,
    max_count: int,
    max_size: float,
    as_json: bool,
    **asking: Any,  # noqa: ANN401 - the fields of RequestLimits
) -> int:
    """Store the remote images that posts show, for the books.

    They are kept in clean/.images. The next `lacuna run` puts them into the books.
    """
    import datetime as dt

    from pipeline.linkcheck.client import RequestLimits

    require("images for books", "books")
    from pipeline.linkcheck.images import FetchLimits, ImageStore
    from pipeline.run.folders import locked
    from pipeline.store.schema import DATABASE_FILE

    settings = settings_of(clean=clean)
    folder = Path(settings.clean)
    state = folder / DATABASE_FILE
    check_exists(state)
    with locked(folder, check=False):
        store = ImageStore(folder)
        missing = store.missing(_image_urls(state, Path(settings.raw)), dt.timedelta(days=max_age))
        if not online:
            _print_hosts(missing, as_json=as_json)
            return ExitCode.DONE
        limits = FetchLimits(max_count, int(max_size * MEGABYTE))
        results: Counter[str] = Counter()

        def tell(url: str, result: str) -> None:
            results[result] += 1
            if as_json:
                echo_json({"url": url, "result": result})
            else:
                click.echo(f"{result}: {on_one_line(url)}", err=True)

        stored = store.fetch(missing, RequestLimits(**asking), limits, tell)
    say(
        ", ".join(f"{count} {result}" for result, count in sorted(results.items())) or "no images to fetch", err=as_json
    )
    if left := len(missing) - results.total():
        click.echo(f"lacuna: {counted(left, 'image')} left, beyond the limits; run the command again", err=True)
    if stored:
        say("the next `lacuna run` puts them into the books", err=as_json)
    return ExitCode.DONE


def _image_urls(file: Path, raw: Path) -> list[str]:
    """Return the URLs of the images of the web that posts show, from the state of the last run.

    Raises UsageError if it is damaged.
    """
    from pipeline.read.fetched_pictures import is_web_image
    from pipeline.read.picture_paths import PictureFinder, parts_of_reference

    with opened_state(file) as state:
        references = [parts_of_reference(one) for one in state.pictures.shown()]
    finder = PictureFinder(raw)
    missing = (
        url for at, written, url in references if url and (is_web_image(written) or not finder.found(at, written))
    )
    return [*dict.fromkeys(missing)]


def _print_hosts(urls: list[str], *, as_json: bool) -> None:
    """Print how many images would be requested of each host; as JSON, each URL."""
    from pipeline.urls.canonical import host_of

    if as_json:
        for url in urls:
            echo_json({"url": url, "result": "not fetched yet"})
        return
    hosts = Counter(map(host_of, urls)).most_common()
    for host, count in hosts[:MOST_SHOWN_HOSTS]:
        click.echo(f"{on_one_line(host)}: {counted(count, 'image')}")
    if len(hosts) > MOST_SHOWN_HOSTS:
        click.echo(f"and {counted(len(hosts) - MOST_SHOWN_HOSTS, 'more host')}")
    click.echo(f"{counted(len(urls), 'image')} to fetch from {counted(len(hosts), 'host')}")
    if urls:
        say("lacuna: offline, no requests sent; use --online to fetch", err=True)


COMMANDS = (fetch_images,)
