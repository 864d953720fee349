"""The simplest Markdown blocks -> tokens, without the parser that would take half of a document's time."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

LIST_MARKERS = "-*+0123456789"  # first characters of list items
PARAGRAPH_LINE = (  # pattern of a line that can only be part of a paragraph
    r"(?:[^\W\d_]|[^\s\x00-\x7f]|[\"'(.,;!?$%&@/\\^{}]|`(?!``)|\d++(?![.)](?:\s|\Z))|\*{1,3}(?=[^\s*])"
    r"|\[(?=[^\]\n]*\])(?![^\n]*\]:)|</?(?:strong|em|code|kbd|sub|sup)>(?=\S))[^\n]*+"
)
PROSE_LINE = rf"{PARAGRAPH_LINE}(?<![ \t])"
HEADING_LINE = r"#{1,6} [^\s#][^\n]*+(?<![ \t#])"
FENCED_LINES = r"```[^\s`]*\n(?:(?! {0,3}```)[^\n]*\n)*+```"
_FENCED_BLOCK = re.compile(rf"{FENCED_LINES}\n?")
_ONE_BLOCK = re.compile(rf"(?:(?P<heading>{HEADING_LINE})|{PARAGRAPH_LINE}(?:\n{PARAGRAPH_LINE})*+)")
_LIST_ITEM = re.compile(rf"(?:([-*+])|([1-9]\d{{0,8}})([.)])) {{1,4}}({PARAGRAPH_LINE})")


@lru_cache(maxsize=256)  # texts of groups; most steps ask for the same ones
def is_fenced_block(text: str) -> bool:
    """Return whether a text is one fenced code block."""
    return text.startswith("```") and _FENCED_BLOCK.fullmatch(text) is not None


def simple_block_tokens(text: str) -> list[Token]:
    """Return the tokens of a text that certainly is a paragraph, heading, flat list or fence; else an empty list.

    They equal the parser's tokens in every field.
    """
    if is_fenced_block(text) and "\r" not in text and "\0" not in text:
        return [_fence(text.removesuffix("\n").split("\n"))]
    if text and text[0] in LIST_MARKERS and (tokens := _flat_list(text.removesuffix("\n").split("\n"))):
        return tokens
    if not (match := _ONE_BLOCK.fullmatch(text.removesuffix("\n").rstrip(" \t"))):
        return []
    from markdown_it.token import Token

    marks, _, content = text.partition(" ") if match["heading"] else ("", "", text)
    kind, tag = ("heading", f"h{len(marks)}") if marks else ("paragraph", "p")
    lines = [0, text.count("\n", 0, -1) + 1]
    return [
        Token(f"{kind}_open", tag, 1, map=lines, markup=marks, block=True),
        Token("inline", "", 0, map=lines, level=1, children=[], content=content.strip(), block=True),
        Token(f"{kind}_close", tag, -1, markup=marks, block=True),
    ]


def _fence(lines: list[str]) -> Token:
    """Return the token of a fenced block of code."""
    from markdown_it.token import Token

    content = "".join(f"{line}\n" for line in lines[1:-1])
    info, place = lines[0].removeprefix("```"), [0, len(lines)]
    return Token("fence", "code", 0, map=place, content=content, markup="```", info=info, block=True)


def _flat_list(lines: list[str]) -> list[Token]:
    """Return the tokens of lines that are one list with an item on each line; an empty list otherwise."""
    items = [(at, _LIST_ITEM.fullmatch(line)) for at, line in enumerate(lines) if line]
    first = items[0][1]
    if not first or not all(item and item[1] == first[1] and item[3] == first[3] for _, item in items):
        return []
    from markdown_it.token import Token

    kind, tag, markup = ("ordered", "ol", first[3]) if first[2] else ("bullet", "ul", first[1])
    tight = items[-1][0] + 1 == len(items)
    start: dict[str, str | int | float] = {"start": int(first[2])} if first[2] not in {None, "1"} else {}
    tokens = [Token(f"{kind}_list_open", tag, 1, attrs=start, map=[0, len(lines)], markup=markup, block=True)]
    for (at, item), (end, _) in pairwise([*items, (len(lines), None)]):
        place = [at, at + 1]
        info, content = (item[2] or "", item[4].strip()) if item else ("", "")
        tokens += [
            Token("list_item_open", "li", 1, map=[at, end], level=1, markup=markup, info=info, block=True),
            Token("paragraph_open", "p", 1, map=place, level=2, block=True, hidden=tight),
            Token("inline", "", 0, map=place, level=3, children=[], content=content, block=True),
            Token("paragraph_close", "p", -1, level=2, block=True, hidden=tight),
            Token("list_item_close", "li", -1, level=1, markup=markup, block=True),
        ]
    return [*tokens, Token(f"{kind}_list_close", tag, -1, markup=markup, block=True)]
