"""What stands in a block -> the same in normal form: as it was written, but for what breaks lines and underscores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markdown_it.token import Token

from pipeline.markdown.fast_format import UNDERSCORES
from pipeline.markdown.parsing import meaning

WIDE = re.compile("[\u00a0\u2000-\u200a\u202f\u3000]")
_BREAK = re.compile(r" {2,}\n")
_STARTS_BLOCK = re.compile(  # what would be another block if it stood at the start of its line (CommonMark 0.31.2)
    r"#{1,6}(?:[ \t]|$)|[-+*](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|>|`{3}|~{3}|(?:[-*_=][ \t]*)+$|<"
    r"|\||:?-+:?[ \t]*\||\[\^?[^\]]+\]:"
)


def content_of(token: Token, env: dict[str, Any], source: Sequence[str] = ()) -> str:
    """Return the content of an inline token, read beside the definitions in `env`, in normal form.

    `source` are the lines of its text, where WIDE spaces at its edges are to be kept.
    """
    content = token.content
    if source and token.map:
        first, last = token.map
        content = _edge(source[first], content) + content + _edge(source[last - 1], content, after=True)
    if "\n" in content:
        content = _lines(content)
    if "_" in content:
        content = _starred(content, env)
    return content


def _edge(line: str, content: str, *, after: bool = False) -> str:
    """Return the wide and no-break spaces in a line at an edge of a content: the parser takes them off it."""
    line = line.strip(" \t")
    part = content.split("\n")[-1 if after else 0]
    at = line.rfind(part) if line.endswith(part) else line.find(part)
    edge = line[at + len(part) :] if after else line[:at]
    kept = edge[: len(edge) - len(edge.lstrip())] if after else edge[len(edge.rstrip()) :]
    return kept.rstrip(" \t") if after else kept.lstrip(" \t")


def _lines(content: str) -> str:
    """Return a paragraph without the indentation and the blanks at the end of its lines; breaks by backslash."""
    if "`" in content or "<" in content:
        return content
    content = _BREAK.sub("\\\\\n", content)
    first, *rest = content.split("\n")
    kept = [first, *(line if _STARTS_BLOCK.match(line.lstrip(" \t")) else line.lstrip(" \t") for line in rest)]
    return "\n".join(line.rstrip(" \t") for line in kept)


def _starred(content: str, env: dict[str, Any]) -> str:
    """Return the content with emphasis by asterisks, where that is the same emphasis."""
    if not UNDERSCORES.search(content):
        return content
    meant = meaning(content, env)
    while (written := UNDERSCORES.sub(_asterisks, content)) != content:
        if meaning(written, env) != meant:
            break
        content = written
    return content


def _asterisks(match: re.Match[str]) -> str:
    marks = "*" * len(match[1])
    return marks + match[2] + marks
