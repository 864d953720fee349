"""Keys and lines from a terminal or a pipe, for commands that ask one question after the other."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

ESCAPE_BYTE = b"\x1b"  # the first byte of what an arrow key sends
ESCAPE_SECONDS = 0.02  # in which its other bytes come
END_OF_INPUT = "\x04"  # Ctrl-D


@contextmanager
def keys_at_once(*, wanted: bool = True) -> Iterator[None]:
    """Let a terminal pass on each key at once, also those that are pressed early; if not `wanted`, whole lines."""
    if not sys.stdin.isatty() or sys.platform == "win32":
        yield
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    if wanted:
        tty.setcbreak(terminal, termios.TCSANOW)
    else:
        lines = termios.tcgetattr(terminal)
        lines[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(terminal, termios.TCSANOW, lines)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def read_key() -> str:
    """Return the next key of a terminal, else the first character of the next line; empty at the end of the input."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return (line.strip() or "?")[0] if line else ""
    if sys.platform == "win32":
        return click.getchar()
    terminal = sys.stdin.fileno()
    key = os.read(terminal, 1)
    while key == ESCAPE_BYTE and select.select([terminal], [], [], ESCAPE_SECONDS)[0]:
        os.read(terminal, 1)
    found = key.decode("ascii", "replace")
    return "" if found == END_OF_INPUT else found


def read_line(question: str) -> str:
    """Print a question and return the line that is entered, without its line end."""
    click.echo(question, nl=False)
    with keys_at_once(wanted=False):
        return sys.stdin.readline().rstrip("\r\n")
