"""`python -m pipeline`: arguments in, exit code out."""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the working folder, where `python -m` looks first: a file beside raw/ is no module of ours

import errno
import io
import os
import signal
from types import FrameType

import click

from pipeline.commands import archive, documents, link_check, text, watch
from pipeline.version import __version__

HINTS = {
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
    errno.ENOTDIR: "name a folder, or move the file away",
    errno.EISDIR: "move the folder away",
    errno.EIO: "check the disk",
}  # what to do about an error of the system
INTERRUPTED, BUSY, ENVIRONMENT, USAGE, TERMINATED = 130, 75, 3, 2, 143


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, invoke_without_command=True
)
@click.version_option(__version__, prog_name="lacuna")
@click.pass_context
def lacuna(context: click.Context) -> None:
    """Repair archived posts, explain every change, and bind them into e-reader editions."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (*archive.COMMANDS, *watch.COMMANDS, *text.COMMANDS, *documents.COMMANDS, *link_check.COMMANDS):
    lacuna.add_command(command)


def main() -> None:
    """Run the command line and exit: see docs/reference/cli.md for the codes."""
    _speak_utf8()
    terminated = []

    def stop(number: int, _frame: FrameType | None) -> None:
        terminated.append(number)
        sys.exit(TERMINATED)

    signal.signal(signal.SIGTERM, stop)
    code = _exit_code()
    sys.exit(TERMINATED if terminated else code)


def _speak_utf8() -> None:
    """Name files in UTF-8 whatever the locale, for which Python has to start again; show what a terminal lacks escaped.

    Without it, a name outside ASCII raises UnicodeEncodeError in the locale C.
    """
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the same command
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _exit_code() -> int:
    """Run the command; every way to fail is one line and its code."""
    try:
        return int(lacuna.main(prog_name="lacuna", standalone_mode=False) or 0)
    except click.ClickException as error:
        return _say(error.format_message(), USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted; what was finished is kept, run again to go on", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, MemoryError) as error:
        where = getattr(error, "filename", None) or "the system"
        what = getattr(error, "strerror", None) or str(error) or "not enough memory"
        hint = HINTS.get(getattr(error, "errno", None) or 0, "run again when it is fixed")
        return _say(f"{where}: {what}; {hint}. Nothing was left half-written.", ENVIRONMENT)
    except Exception as error:
        from pipeline.settings import SettingsError  # noqa: PLC0415 - `--help` need not wait for it

        if not isinstance(error, SettingsError):
            raise
        return _say(str(error), USAGE)


def _say(message: str, code: int) -> int:
    click.echo(f"lacuna: {' '.join(message.split())}", err=True)
    return code


if __name__ == "__main__":
    main()
