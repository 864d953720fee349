"""A page of the documentation -> the output of its code blocks, run as a reader would run them.

The commands of all `console` blocks of a page run in one shell, in a folder with the sample archive in `raw/`.
A block with `title="NAME"` is written to that file, in page order. `pycon` blocks are doctests.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.forked import program

FENCE = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
INSTEAD = {"make run": "lacuna run"}  # `make` would install an environment first
NOT_RUN = {  # start of a command -> why no test runs it
    "pip install": "needs the network",
    "lacuna watch": "runs until it is interrupted",
    "lacuna check-links --online": "needs the network",
    "lacuna fetch-images --online": "needs the network",
    "lacuna works --online": "needs the network",
    "lacuna send out/": "needs a mail server",
    "python -m http.server": "runs until it is interrupted",
    "lacuna serve": "runs until it is interrupted",
    "ssh": "needs another machine",
    "pipx": "needs the network",
    "systemctl": "needs systemd",
    "journalctl": "needs systemd",
    "ebook-convert": "needs calibre",
    "calibredb": "needs calibre",
    "wget": "needs the network",
    "pytest": "runs other tests",
}
ANY = "..."  # on a separate line: any lines; within a line: any characters


@dataclass
class Command:
    """A command of a page: its line, and the output that the page shows below it."""

    line: str
    shown: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    code: int = 0

    @property
    def runs(self) -> bool:
        """Whether a test can run the command."""
        return not self.line.startswith(tuple(NOT_RUN))


@dataclass
class Block:
    """A code block: the offsets of its body in the page."""

    language: str
    title: str
    start: int
    end: int
    commands: list[Command] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    r"""Return the code blocks of a page; commands of `console` blocks have the output shown below them.

    >>> [one.line for block in blocks("```console\n$ ls\nraw\n$ pwd\n```\n") for one in block.commands]
    ['ls', 'pwd']
    """
    found = []
    for match in FENCE.finditer(text):
        block = Block(match["language"], match["title"] or "", match.start("body"), match.end("body"))
        if block.language == "console":
            for line in match["body"].splitlines():
                if line.startswith("$ "):
                    block.commands.append(Command(line[2:]))
                elif block.commands and block.commands[-1].line.endswith("\\"):
                    block.commands[-1].line += "\n" + line
                else:
                    block.commands[-1].shown.append(line)
        found.append(block)
    return found


def run_console(text: str, folder: Path, installed: Path | None = None) -> list[Block]:
    """Run the commands of a page, and write its files, in `folder`; return the blocks, each command with its output.

    With `installed`, a folder of programs, every command is run, with these programs instead of this checkout.
    """
    found = blocks(text)
    script = ["exec 2>&1"]
    for block in found:
        if block.title:
            target = folder / f".{block.start}"
            target.write_text(text[block.start : block.end], "utf-8")
            script.append(f'mkdir -p "$(dirname "{block.title}")"; cp "{target}" "{block.title}"')
        for command in block.commands:
            line = next(
                (new + command.line[len(old) :] for old, new in INSTEAD.items() if command.line.startswith(old)), ""
            )
            run = line or command.line if installed or command.runs else ":"
            script += [run, r"code=$?; printf '\0%d\0' $code; (exit $code)"]
    tools = installed or folder / ".bin"
    if not installed:
        tools.mkdir()
        tools.joinpath("python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        tools.joinpath("python").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(folder),
        "NO_COLOR": "1",
        "COLUMNS": "80",
    }
    line = ["/bin/bash", "-c", "\n".join(script)]
    with contextlib.nullcontext() if installed else program(tools / "lacuna"):
        ran = subprocess.run(line, cwd=folder, env=environment, stdout=subprocess.PIPE, check=False)
    printed = ran.stdout.decode("utf-8", "replace").replace(str(folder), "~").split("\0")
    commands = [command for block in found for command in block.commands]
    for command, output, code in zip(commands, printed[::2], printed[1::2], strict=False):
        command.printed, command.code = output.splitlines(), int(code)
    return found


def matches(shown: list[str], printed: list[str]) -> bool:
    """Return whether the output of a command matches the page, where `...` matches anything.

    >>> matches(["a", "...", "d 1... s"], ["a", "b", "c", "d 1.5 s"])
    True
    """
    pattern = "".join(
        r"(?:.*\n)*" if line == ANY else re.escape(line).replace(r"\.\.\.", ".*") + "\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


def renewed(shown: list[str], printed: list[str]) -> list[str]:
    """Return the output for the page: what was printed, shortened where the page has a line `...`; never a traceback.

    >>> renewed(["old", "...", "end"], ["new", "b", "c", "END"])
    ['new', '...', 'END']
    """
    if not shown or matches(shown, printed) or any(line.startswith("Traceback") for line in printed):
        return shown
    if shown.count(ANY) != 1:
        return printed
    before, after = shown.index(ANY), len(shown) - shown.index(ANY) - 1
    if before + after >= len(printed):
        return printed
    return [*printed[:before], ANY, *(printed[-after:] if after else [])]


def accepted(text: str, found: list[Block]) -> str:
    """Return the page with the output of its commands."""
    for block in reversed([one for one in found if one.commands]):
        lines: list[str] = []
        for command in block.commands:
            lines += [
                f"$ {command.line}",
                *(renewed(command.shown, command.printed) if command.runs else command.shown),
            ]
        text = text[: block.start] + "".join(line + "\n" for line in lines) + text[block.end :]
    return text


def wrong(found: list[Block]) -> Iterator[str]:
    """Yield a message for each command whose output is not that of the page."""
    commands = [command for block in found for command in block.commands]
    for command, following in zip(commands, [*commands[1:], Command("")], strict=True):
        if not command.runs:
            continue
        if command.code and following.line != "echo $?":
            yield f"$ {command.line}\nended with {command.code}, and the page does not say so:\n" + "\n".join(
                command.printed
            )
        if command.shown and not matches(command.shown, command.printed):
            yield f"$ {command.line}\nprinted\n" + "\n".join(command.printed) + "\nand not\n" + "\n".join(command.shown)


class _Recorder(doctest.DocTestRunner):
    """Run the examples of a page and keep the output of each that differs."""

    def __init__(self) -> None:
        super().__init__(verbose=False, optionflags=doctest.ELLIPSIS)
        self.differing: list[tuple[int, str, str]] = []

    def report_failure(self, out, test, example, got) -> None:  # noqa: ARG002 - the signature of doctest
        self.differing.append((example.lineno, example.want, got))

    def report_unexpected_exception(self, out, test, example, exc_info) -> None:  # noqa: ARG002 - the same
        self.differing.append((example.lineno, example.want, f"{exc_info[0].__name__}: {exc_info[1]}\n"))


def run_python(text: str) -> tuple[list[str], str]:
    """Run the `pycon` blocks of a page as one doctest; return the differences, and the page with the actual output."""
    bodies = {
        text[: one.start].count("\n"): text[one.start : one.end] for one in blocks(text) if one.language == "pycon"
    }
    source = ["\n"] * (text.count("\n") + 1)
    for first, body in bodies.items():
        lines = body.splitlines(keepends=True)
        source[first : first + len(lines)] = lines
    test = doctest.DocTestParser().get_doctest("".join(source), {}, "page", "page", 0)
    recorder = _Recorder()
    with contextlib.redirect_stderr(None):
        recorder.run(test, out=lambda _text: None)
    lines = text.splitlines(keepends=True)
    ends = {example.lineno: example.lineno + example.source.count("\n") for example in test.examples}
    for at, want, got in reversed(recorder.differing):
        lines[ends[at] : ends[at] + want.count("\n")] = [got]
    return [f"line {at + 1}: printed {got!r} and not {want!r}" for at, want, got in recorder.differing], "".join(lines)
