"""`python -m pipeline`: command-line arguments -> an exit code."""

from __future__ import annotations

import signal
import sys

IS_PROGRAM = sys.argv[0].endswith(("/lacuna", "__main__.py"))
if IS_PROGRAM and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `main` handles it: the imports below take a moment
if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the working folder, where `python -m` looks first: import nothing from there

import errno
import io
import os
from pathlib import Path
from types import FrameType

import click

from pipeline.commands import (
    archive,
    check,
    corpus,
    dedup,
    documents,
    explain,
    fetch_images,
    init,
    link_check,
    review,
    send,
    serve,
    status,
    text,
    tools,
    watch,
    works,
    yearbook,
)
from pipeline.commands.options import CommandGroup, colour_of_environment
from pipeline.exits import ExitCode
from pipeline.extras import MissingExtra
from pipeline.version import __version__

_WRONG_PATHS = ("does not exist.", "is a directory.", "is a file.", "is not readable.", "is not writable.")  # of click
NO_ROOM_FOR_LIBRARY = "failed to map segment"  # says glibc where a limit of memory is reached
MEMORY_HINT = ": this shell allows too little memory (see `ulimit -a`); allow more, then run again"
ERRNO_HINTS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or raise the quota",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "close other programs",
    errno.EAGAIN: "close other programs, or raise `ulimit -u` and `ulimit -v`",
    errno.ENOMEM: "close other programs, or raise `ulimit -v`",
    errno.EFBIG: "raise the limit of file sizes (`ulimit -f`)",
    errno.EEXIST: "name a folder, or move the file away",
    errno.ENOENT: "check the path, or make its folder",
    errno.ENOTDIR: "name a folder, or move the file away",
    errno.EISDIR: "move the folder away",
    errno.EIO: "check the disk",
}  # error of the system -> what to do


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(__version__, prog_name="lacuna")
@click.pass_context
def lacuna(context: click.Context) -> None:
    """Repair archived posts, explain every change, and make e-books of them."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


COMMAND_MODULES = (
    init, archive, yearbook, status, explain, review, serve, watch, text, check, documents, dedup, corpus, link_check,
    works, fetch_images, send, tools,
)  # fmt: skip
for module in COMMAND_MODULES:
    for command in module.COMMANDS:
        lacuna.add_command(command)


def main() -> None:
    """Run the command line and exit with a code of `ExitCode`."""
    _speak_utf8()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of numpy: processes share the work, and threads forbid a fork
    stopped: list[ExitCode] = []  # what ended the work; a library may raise another error then

    def terminate(_number: int, _frame: FrameType | None) -> None:
        stopped.append(ExitCode.TERMINATED)
        sys.exit(ExitCode.TERMINATED)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        stopped.append(ExitCode.INTERRUPTED)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, terminate)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a shell lets jobs in the background ignore it
        signal.signal(signal.SIGINT, interrupt)
    code = _exit_code()
    sys.exit(stopped[0] if stopped else code)


def _speak_utf8() -> None:
    """Use UTF-8 for file names in every locale, for which Python must restart; escape what a terminal cannot show.

    Otherwise, a name outside ASCII raises UnicodeEncodeError in the locale C. Output that a shell closed (`>&-`) is
    nowhere to be seen.
    """
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the same command
    nowhere = Path(os.devnull)
    sys.stdout = sys.stdout or nowhere.open("w")
    sys.stderr = sys.stderr or nowhere.open("w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _exit_code() -> int:
    """Run the command; every failure is one line and an exit code."""
    try:
        return int(lacuna.main(prog_name="lacuna", standalone_mode=False, color=colour_of_environment()) or 0)
    except click.ClickException as error:
        return _print_failure(_with_next_step(error), ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _print_failure("interrupted; finished work is kept, run again to continue", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        _close_output()
        return ExitCode.DONE
    except (OSError, MemoryError) as error:
        is_of_output = _is_of_output(error)
        if is_of_output:
            _close_output()
        where = getattr(error, "filename", None) or ("standard output" if is_of_output else "the system")
        what = getattr(error, "strerror", None) or str(error) or "not enough memory"
        hint = ERRNO_HINTS.get(getattr(error, "errno", None) or 0, "fix it, then run again")
        return _print_failure(f"{where}: {what}; {hint}. No file is half-written.", ExitCode.ENVIRONMENT)
    except Exception as error:  # noqa: BLE001 - raised again unless expected
        hint = f"{MEMORY_HINT}. No file is half-written." if NO_ROOM_FOR_LIBRARY in str(error) else ""
        return _print_failure(f"{error}{hint}", _code_of(error))


def _close_output() -> None:
    """Drop what waits to be printed: Python would fail once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_of_output(error: BaseException) -> bool:
    """Return whether an error came from printing, as on a full disk."""
    from traceback import walk_tb  # noqa: PLC0415 - only failures need it

    return any(frame.f_code is click.echo.__code__ for frame, _ in walk_tb(error.__traceback__))


def _with_next_step(error: click.ClickException) -> str:
    """Return the message of an error, and what to do next where click does not say it; ours do, and name no command."""
    message = error.format_message().replace("a valid integer range", "a whole number")
    if not isinstance(error, click.UsageError) or error.cmd is None or "Did you mean" in message:
        return message
    path = error.ctx.command_path if error.ctx else "lacuna"
    hint = "Check the path." if message.endswith(_WRONG_PATHS) else f"`{path} --help` lists what is valid."
    return f"{message.rstrip('.')}. {hint}"


def _code_of(error: Exception) -> ExitCode:
    """Return the exit code of an expected error; raise any other error again."""
    from pipeline.settings import SettingsError  # noqa: PLC0415 - `--help` does not need it

    if isinstance(error, MissingExtra) or NO_ROOM_FOR_LIBRARY in str(error):
        return ExitCode.ENVIRONMENT
    if isinstance(error, SettingsError):
        return ExitCode.USAGE
    from pipeline.run.folders import Locked  # noqa: PLC0415 - few commands need it

    if isinstance(error, Locked):
        return ExitCode.LOCKED
    raise error


def _print_failure(message: str, code: ExitCode) -> ExitCode:
    click.echo(f"lacuna: {' '.join(message.split())}", err=True)
    return code


if __name__ == "__main__":
    main()
