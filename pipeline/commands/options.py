"""The options that every command has: where the settings are, how much is printed, colours."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

EPILOG = "`lacuna --help` lists the options of all commands."


@dataclass(slots=True)
class GlobalOptions:
    """The values of the options that every command has."""

    config: Path | None = None
    quiet: bool = False
    verbose: bool = False
    progress: bool = True


class CommandGroup(click.Group):
    """A group of commands whose options each command takes too, as those of ruff and uv: `lacuna run -q`."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - the arguments of click
        """Add the options to the group itself."""
        super().__init__(**given)
        self.params += _global_options(hidden=False)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command with the options, which its help does not list; None if there is no such command."""
        command = super().get_command(ctx, cmd_name)
        if command and command.epilog != EPILOG:
            command.params += _global_options(hidden=True)
            command.epilog = EPILOG
        return command


def global_options() -> GlobalOptions:
    """Return the options of the command line; the defaults outside of a command."""
    context = click.get_current_context(silent=True)
    return context.find_root().ensure_object(GlobalOptions) if context else GlobalOptions()


def say(message: str, *, err: bool = False) -> None:
    """Print a message that is neither a result nor a problem, unless `--quiet` is given."""
    if not global_options().quiet:
        click.echo(message, err=err)


def echo_json(record: object) -> None:
    """Print a record as one line of JSON."""
    import msgspec

    click.echo(msgspec.json.encode(record, enc_hook=str))


def warning(word: str) -> str:
    """Return the word that a line about a problem starts with, in the colour of warnings."""
    return click.style(word, "yellow")


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object per line.")


def _global_options(*, hidden: bool) -> list[click.Parameter]:
    def option(*names: str, set_value: Callable[[click.Context, Any], None], help: str, **more: Any) -> click.Option:  # noqa: A002, ANN401 - click's
        def callback(context: click.Context, _option: click.Parameter, value: Any) -> None:  # noqa: ANN401 - any value
            if value not in {None, False}:
                set_value(context, value)

        return click.Option(
            names, expose_value=False, is_eager=True, hidden=hidden, callback=callback, help=help, **more
        )

    file: Any = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)
    folder: Any = click.Path(path_type=Path, exists=True, file_okay=False)
    return [
        option("--directory", set_value=_enter, type=folder, metavar="DIR", help="Work in this folder."),
        option("--config", set_value=_set("config"), type=file, metavar="FILE", help="Use this settings file."),
        option("-q", "--quiet", set_value=_set("quiet"), is_flag=True, help="Print results and problems only."),
        option("-v", "--verbose", set_value=_set("verbose"), is_flag=True, help="Print a line for each document."),
        option("--no-progress", set_value=_no_progress, is_flag=True, help="Show no progress on the terminal."),
        option(
            "--color",
            set_value=_set_colour,
            type=click.Choice(["auto", "always", "never"]),
            help="Colours of the output. Default: auto, on a terminal unless NO_COLOR is set.",
        ),
    ]


def _set(name: str) -> Callable[[click.Context, Any], None]:
    return lambda _context, value: setattr(global_options(), name, value)


def _no_progress(_context: click.Context, _value: object) -> None:
    global_options().progress = False


def _enter(_context: click.Context, folder: Path) -> None:
    """Change to a folder, as `git -C` does: every later path is relative to it."""
    try:
        os.chdir(folder)
    except OSError as error:
        message = f"{folder}: {error.strerror}; name another --directory"
        raise click.UsageError(message) from error


def _set_colour(context: click.Context, value: str) -> None:
    context.find_root().color = context.color = {"always": True, "never": False}.get(value, colour_of_environment())


def colour_of_environment() -> bool | None:
    """Return whether NO_COLOR or FORCE_COLOR decides about colours; None: a terminal gets them (no-color.org)."""
    return False if os.environ.get("NO_COLOR") else True if os.environ.get("FORCE_COLOR") else None
