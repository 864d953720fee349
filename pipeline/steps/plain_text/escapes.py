"""Lines of a paragraph -> the places of the backslashes that make Markdown show the lines as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from pipeline.markdown.parsing import inline_tokens, parse_blocks

_BLOCK_START = re.compile(r"(?:#{1,6}(?=[ \t]|$)|>|[-+*](?=[ \t]|$)|[-=_*][-=_* \t]*$|~{3,}|`{3,}|\|)")
_LIST_NUMBER = re.compile(r"\d{1,9}(?=[.)](?:[ \t]|$))")
_TABLE_LINE = re.compile(r"[\s|:-]+\Z")
_MARKUP_CHARACTER = re.compile(r"[\\`*\[\]<~|]|&(?=#?\w+;)|(?<!\w)_+|_++(?![^\W_])")  # `snake_case` needs none
_SINGLE_TILDES = re.compile(r"~(?<!~~)(?=[^\s~])[^~]*[^\s~]~(?!~)")  # GitHub strikes through `3~5, 7~`
BREAK, SOFT, JOINED = "\\\n", "\n", ""  # how a line ends: with a break, as a space, without any


def shows_as_it_is(lines: Sequence[str], ends: Sequence[str]) -> bool:
    """Return whether Markdown shows the lines, with these ends between them, as one paragraph of these characters."""
    text = "".join(line + (end or "") for line, end in zip_longest(lines, ends)) + "\n"
    tokens = parse_blocks(text).tokens
    if _SINGLE_TILDES.search(text):
        return False
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        return False
    shown = [token.content if token.type == "text" else "\n" for token in inline_tokens(tokens[1].content, {})]
    return "".join(shown) == "".join(line + (end or "").removeprefix("\\") for line, end in zip_longest(lines, ends))


def heading_shows_as_it_is(title: str) -> bool:
    """Return whether Markdown shows a title as a heading of these characters."""
    tokens = parse_blocks(f"# {title}\n").tokens
    if [token.type for token in tokens] != ["heading_open", "inline", "heading_close"]:
        return False
    return (
        "".join(token.content if token.type == "text" else "\n" for token in inline_tokens(tokens[1].content, {}))
        == title
    )


def backslash_places(words: str) -> list[int]:
    r"""Return the offsets in a line where a backslash keeps Markdown from reading a character as markup.

    >>> backslash_places("1949. It was *"), backslash_places("snake_case _x_")
    ([4, 13], [11, 13])
    """
    places = {at for match in _MARKUP_CHARACTER.finditer(words) for at in range(*match.span())}
    if not _TABLE_LINE.match(words):
        places -= {at for at in places if words[at] == "|"}
    if _BLOCK_START.match(words):
        places.add(0)
    if number := _LIST_NUMBER.match(words):
        places.add(number.end())
    return sorted(places)
