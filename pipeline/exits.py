"""The exit codes of all commands."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. A code has the same meaning in every command."""

    DONE = 0
    """Done, or nothing to do."""

    FOUND = 1
    """`--check` found something to do, or `check-links` found dead links."""

    USAGE = 2
    """The arguments or the settings are wrong."""

    ENVIRONMENT = 3
    """The system failed: a folder is not writable, the disk is full, memory is short."""

    INCOMPLETE = 4
    """Finished, but some documents were skipped or some books were not made."""

    LOCKED = 75
    """Another run uses the same clean/ (EX_TEMPFAIL of BSD's sysexits.h)."""

    INTERRUPTED = 130
    """Stopped by Ctrl-C: 128 + SIGINT."""

    TERMINATED = 143
    """Stopped by SIGTERM: 128 + SIGTERM."""
