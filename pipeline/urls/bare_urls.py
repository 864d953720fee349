"""Plain text -> the addresses that stand in it, each where a reader would say that it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NEVER_INSIDE = r"\s<>\"'`|\u2000-\u206f\u3000-\u9fff\uac00-\ud7af\uff00-\uffef"  # spaces, quotes, CJK text and marks
_BARE = re.compile(  # what runs or holds data is no link for the parser: it is told of where it stands as text
    r"(?<![A-Za-z0-9_@/])(?:https?://|www\.(?=[\w-]+\.)|(?:java|vb)script:|data:[\w.+-]+/[\w.+-]+[;,])"
    rf"[^{_NEVER_INSIDE}]+",
    re.IGNORECASE,
)
_TRAILING = "?!.,:;*_~\"'"  # ends a sentence, not an address (GFM, 6.9)
_LEADS_SOMEWHERE = re.compile(r"https?://[^/?#]*\w|(?!https?:)", re.IGNORECASE)
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_ENTITY = re.compile(r"&[a-z]{2,8};\Z", re.IGNORECASE)


def bare(text: str) -> Iterator[tuple[int, str]]:
    """Yield each address in a text and the offset where it starts.

    What follows in Chinese, and the marks that end a sentence, are no part of it.

    >>> list(bare("见https://e.org/a_(b)。后面 (www.e.org/c)."))
    [(1, 'https://e.org/a_(b)'), (25, 'www.e.org/c')]
    """
    for match in _BARE.finditer(text):
        address = match[0][: _end(match[0])]
        if _LEADS_SOMEWHERE.match(address):
            yield match.start(), address


def _end(address: str) -> int:
    """Return where an address ends that marks or closing brackets follow, which are no part of it."""
    end = len(address)
    surplus = {close: address.count(close) - address.count(opening) for close, opening in _BRACKETS.items()}
    while end:
        last = address[end - 1]
        if last == ";" and (entity := _ENTITY.search(address[max(0, end - 10) : end])):
            end -= len(entity[0])
        elif last in _TRAILING:
            end -= 1
        elif surplus.get(last, 0) > 0:
            surplus[last] -= 1
            end -= 1
        else:
            break
    return end
