"""The command that shows the archive in a browser: serve."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.options import echo_json, json_option
from pipeline.exits import ExitCode
from pipeline.extras import require


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on. Default: a free one.")
@click.option("--clean", metavar="DIR", help="Folder of clean text. Default: clean.")
@click.option("--out", metavar="DIR", help="Folder of books. Default: out.")
@json_option
def serve(*, port: int, clean: str | None, out: str | None, as_json: bool) -> int:
    """Read, search and review the archive in a browser, until interrupted.

    Only this machine can connect, with the URL that the command prints.
    """
    require("pages for a browser", "review")
    from pipeline.serve.app import review_app
    from pipeline.serve.guard import new_token
    from pipeline.serve.server import LOOPBACK, loopback_socket, serve_until_stopped

    settings = settings_of(clean=clean, out=out)
    if not Path(settings.clean).is_dir():
        message = f"clean: no folder `{settings.clean}`; run `lacuna run` first"
        raise click.UsageError(message)
    try:
        listener = loopback_socket(port)
    except OSError as error:
        message = f"port {port}: {error.strerror}; name another with --port"
        raise click.UsageError(message) from error
    with listener:
        port = listener.getsockname()[1]
        token = new_token()
        app = review_app(settings, token, port)
        url = f"http://{LOOPBACK}:{port}/?token={token}"
        if as_json:
            echo_json({"url": url, "port": port, "token": token})
        else:
            click.echo(f"open {url}")
            click.echo("stop with Ctrl-C")
        serve_until_stopped(app, listener)
    return ExitCode.DONE


COMMANDS = (serve,)
