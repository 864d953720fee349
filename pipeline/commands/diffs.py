"""Two texts -> a unified diff in colours."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import click


def unified(before: str, after: str, names: tuple[str, str]) -> str:
    """Return a unified diff of two texts, in colours; changes within a line are highlighted."""
    from difflib import unified_diff

    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), *names, n=1)
    ended = [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join([*ended[:2], *_coloured(ended[2:])])


def _coloured(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a diff in colours; if as many lines were removed as added, they are compared in pairs."""
    removed: list[str] = []
    for sign, group in itertools.groupby([*lines, ""], lambda line: line[:1]):
        rows = list(group)
        if sign == "-":
            removed = rows
            continue
        added = rows if sign == "+" else []
        pairs = list(zip(removed, added, strict=True)) if len(removed) == len(added) else []
        yield from (_highlighted(old, new, "red") for old, new in pairs or ((line, line) for line in removed))
        yield from (_highlighted(new, old, "green") for old, new in pairs or ((line, line) for line in added))
        yield from () if added else rows
        removed = []


def _highlighted(line: str, other: str, colour: str) -> str:
    """Return a line in a colour, its difference from `other` in reverse video."""
    from rapidfuzz.distance import Levenshtein

    blocks = Levenshtein.opcodes(line, other) if line != other else ()
    parts = [
        click.style(part, colour, reverse=(block.tag != "equal" and block.src_start > 0) or None)
        for block in blocks
        if (part := line[block.src_start : block.src_end])
    ]
    return "".join(parts) or click.style(line, colour)
