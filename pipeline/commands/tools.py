"""Commands for the tools around Lacuna: completion for shells, a manual page, the JSON Schema of the settings."""

from __future__ import annotations

from collections.abc import Iterator

import click

from pipeline.exits import ExitCode
from pipeline.version import __version__

COMPLETION_VARIABLE = "_LACUNA_COMPLETE"  # click's name of the environment variable
HOW_TO_COMPLETE = {
    "bash": 'eval "$(lacuna completion bash)"    # in ~/.bashrc',
    "zsh": 'eval "$(lacuna completion zsh)"     # in ~/.zshrc',
    "fish": "lacuna completion fish | source     # in ~/.config/fish/config.fish",
}


@click.command()
@click.argument("shell", type=click.Choice([*HOW_TO_COMPLETE]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind:
        script = kind(context.find_root().command, {}, "lacuna", COMPLETION_VARIABLE)
        click.echo(f"# {HOW_TO_COMPLETE[shell]}\n{script.source_template % script.source_vars()}")
    return ExitCode.DONE


@click.command()
def schema() -> int:
    """Print the JSON Schema of the settings, for editors."""
    click.echo(settings_schema(), nl=False)
    return ExitCode.DONE


def settings_schema() -> bytes:
    """Return the JSON Schema of the settings file."""
    import msgspec

    from pipeline.settings import Settings

    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings of Lacuna"}
    return msgspec.json.format(msgspec.json.encode(described | msgspec.json.schema(Settings))) + b"\n"


@click.command()
@click.pass_context
def man(context: click.Context) -> int:
    """Print the manual page, in roff."""
    click.echo("\n".join(_manual_lines(context.find_root())))
    return ExitCode.DONE


def _manual_lines(root: click.Context) -> Iterator[str]:
    """Yield the lines of the manual page: the commands with their options, then the exit codes."""
    group = root.command
    yield f'.TH LACUNA 1 "" "lacuna {__version__}" "User commands"'
    yield from (".SH NAME", f"lacuna \\- {_roff((group.help or '').rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B lacuna", "[OPTIONS] COMMAND [ARGS]...")
    yield from (".SH OPTIONS", *_option_lines(root))
    yield ".SH COMMANDS"
    for name, command in sorted(group.commands.items() if isinstance(group, click.Group) else ()):
        context = click.Context(command, info_name=f"lacuna {name}")
        yield from (f".SS {_roff(name)}", _roff(" ".join(command.get_usage(context).split()[1:])))
        for paragraph in (command.help or "").split("\n\n"):
            yield from (".PP", _roff(" ".join(paragraph.split())))
        yield from _option_lines(context)
    yield ".SH EXIT STATUS"
    for code, text in _exit_codes():
        yield from (".TP", f".B {code}", _roff(text))


def _option_lines(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        if (record := parameter.get_help_record(context)) and record[1]:
            yield from (".TP", f".B {_roff(record[0])}", _roff(record[1]))


def _exit_codes() -> Iterator[tuple[int, str]]:
    """Yield each exit code with its meaning."""
    meanings = {
        ExitCode.DONE: "Done, or nothing to do.",
        ExitCode.FOUND: "A check found something to do, or check-links found dead links.",
        ExitCode.USAGE: "The arguments or the settings are wrong.",
        ExitCode.ENVIRONMENT: "The system failed: a folder is not writable, the disk is full, memory is short.",
        ExitCode.INCOMPLETE: "Finished, but some posts were skipped or some books were not made.",
        ExitCode.LOCKED: "Another run uses the same folder of clean text.",
        ExitCode.INTERRUPTED: "Stopped by Ctrl-C.",
        ExitCode.TERMINATED: "Stopped by SIGTERM.",
    }
    for code in ExitCode:
        yield int(code), meanings[code]


def _roff(text: str) -> str:
    r"""Return a line of text as roff, without its special meanings.

    >>> _roff("--clean DIR"), _roff(".hidden")
    ('\\-\\-clean DIR', '\\&.hidden')
    """
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


COMMANDS = (completion, man, schema)
