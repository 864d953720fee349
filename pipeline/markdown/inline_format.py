"""Inline content -> formatted inline content: only line breaks, indentation and underscore emphasis change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.markdown.fast_format import UNDERSCORE_EMPHASIS
from pipeline.markdown.opaque import masked, opaque_spans
from pipeline.markdown.parsing import inline_meaning
from pipeline.patterns import lazy_pattern

if TYPE_CHECKING:
    from markdown_it.token import Token

_TAB_INDENTATION = lazy_pattern(r"\n[ ]*\t[ \t]*(?=\S)")  # as wide as the column where it starts says
_SPACES_BREAK = lazy_pattern(r"(?<! ) {2,}+\n")  # a hard line break
_HARD_BREAK_URL = r"(?:\bhttps?://|\bwww\.)"
_LAST_URL = (
    rf"{_HARD_BREAK_URL}(?:(?!{_HARD_BREAK_URL})[^\s<>()\[\]\\])*+"  # a URL, of one in another only the inner one
)
_ENDS_WITH_URL = lazy_pattern(rf"{_LAST_URL}\Z")
_BREAK_AT_URL = lazy_pattern(rf"({_LAST_URL})\\\n")
_STARTS_BLOCK = (
    lazy_pattern(  # what would start another block at the start of a line (CommonMark 0.31.2), or may be meant to
        r"#|[-+*](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|>|`{3}|~{3}|(?:[-*_=][ \t]*)+$|<"
        r"|\||:?-+:?[ \t]*\||\[\^?[^\]]+\]:"
    )
)


def formatted_inline(token: Token, env: dict[str, Any], source: Sequence[str] = ()) -> str:
    """Return the content of an inline token as formatted Markdown; `env` holds the link reference definitions.

    Give the lines of the text as `source` to keep `KEPT_SPACES` spaces at the edges of the content.
    """
    content = token.content
    if source and token.map:
        first, last = token.map
        content = _edge_spaces(source[first], content) + content + _edge_spaces(source[last - 1], content, after=True)
    if "\n" in content:
        content = _trimmed_lines(content)
    if "_" in content:
        content = _with_asterisks(content, env)
    return content


def hard_break_after(line: str) -> str:
    r"""Return the hard line break to write after a line: a backslash, which GitHub would take for a part of a URL.

    >>> hard_break_after("Roses are red"), hard_break_after("See https://example.org/a")
    ('\\', ' \\')
    """
    return " \\" if _ENDS_WITH_URL.search(line) else "\\"


def _edge_spaces(line: str, content: str, *, after: bool = False) -> str:
    """Return the `KEPT_SPACES` spaces of a line just before or after the content, which the parser stripped."""
    line = line.strip(" \t")
    part = content.split("\n")[-1 if after else 0]
    at = line.rfind(part) if line.endswith(part) else line.find(part)
    edge = line[at + len(part) :] if after else line[:at]
    kept = edge[: len(edge) - len(edge.lstrip())] if after else edge[len(edge.rstrip()) :]
    return kept.rstrip(" \t") if after else kept.lstrip(" \t")


def _trimmed_lines(content: str) -> str:
    """Return a paragraph without indentation and trailing blanks; hard line breaks are written as backslashes."""
    if "\t" in content and _TAB_INDENTATION.search(content):
        content = _without_tab_indentation(content)
    if "`" not in content:
        content = _BREAK_AT_URL.sub(r"\1 \\\n", content)
    if "`" in content or "<" in content or any("\n" in content[start:end] for start, end, _ in opaque_spans(content)):
        return content
    content = _BREAK_AT_URL.sub(r"\1 \\\n", _SPACES_BREAK.sub("\\\\\n", content))
    first, *rest = content.split("\n")
    kept = [first, *(line if _STARTS_BLOCK.match(line.lstrip(" \t")) else line.lstrip(" \t") for line in rest)]
    return "\n".join(line.rstrip(" \t") for line in kept)


def _without_tab_indentation(content: str) -> str:
    """Return the content with four spaces in place of tabs before its lines, which start no block there."""
    regions = opaque_spans(content)

    def spaces(match: re.Match[str]) -> str:
        return match[0] if any(start <= match.start() < end for start, end, _ in regions) else "\n    "

    return _TAB_INDENTATION.sub(spaces, content)


def _with_asterisks(content: str, env: dict[str, Any]) -> str:
    """Return the content with asterisks instead of underscores, as far as the emphasis stays the same."""
    regions = [(start, end) for start, end, _ in opaque_spans(content)]
    hidden = masked(content, regions)  # as long as the content, without the marks in its opaque regions
    if not UNDERSCORE_EMPHASIS.search(hidden):
        return content
    meant = inline_meaning(content, env)
    while matches := list(UNDERSCORE_EMPHASIS.finditer(hidden)):
        written, hidden = (_starred(text, matches) for text in (content, hidden))
        if inline_meaning(written, env) != meant:
            break
        content = written
    return content


def _starred(text: str, matches: Sequence[re.Match[str]]) -> str:
    """Return `text` with asterisks where the matches have their underscores; they are of a text as long."""
    characters = list(text)
    for match in matches:
        for at in (*range(*match.span(1)), *range(match.end(2), match.end())):
            characters[at] = "*"
    return "".join(characters)
