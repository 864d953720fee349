"""Plain text -> the URLs in it, each up to where a reader would end it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NOT_IN_URL = (  # characters that end a URL
    r"\s<>\"'`|"
    r"\u2000-\u206f"  # General Punctuation
    r"\u3000-\u9fff"  # CJK Symbols and Punctuation, Hiragana, Katakana to CJK Unified Ideographs
    r"\uac00-\ud7af"  # Hangul Syllables
    r"\uff00-\uffef"  # Halfwidth and Fullwidth Forms
)
_BARE_URL = re.compile(  # the parser makes no links of scripts and data: they are found as text
    r"(?<![A-Za-z0-9_@/])(?:https?://|www\.(?=[\w-]+\.)|(?:java|vb)script:|data:[\w.+-]+/[\w.+-]+[;,])"
    rf"[^{_NOT_IN_URL}]+",
    re.IGNORECASE,
)
_TRAILING_PUNCTUATION = "?!.,:;*_~\"'"  # may follow a URL but is no part of it (GFM, 6.9)
_LEADS_SOMEWHERE = re.compile(r"https?://[^/?#]*\w|(?!https?:)", re.IGNORECASE)
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_ENTITY = re.compile(r"&[a-z]{2,8};\Z", re.IGNORECASE)


def find_bare_urls(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset and the URL of each bare URL in `text`.

    Chinese text and sentence punctuation after a URL are no part of it.

    >>> list(find_bare_urls("见https://e.org/a_(b)。后面 (www.e.org/c)."))
    [(1, 'https://e.org/a_(b)'), (25, 'www.e.org/c')]
    """
    for match in _BARE_URL.finditer(text):
        url = match[0][: _url_length(match[0])]
        if _LEADS_SOMEWHERE.match(url):
            yield match.start(), url


def _url_length(url: str) -> int:
    """Return the length of a URL without the punctuation, entities and unbalanced brackets at its end."""
    end = len(url)
    surplus = {close: url.count(close) - url.count(opening) for close, opening in _BRACKETS.items()}
    while end:
        last = url[end - 1]
        if last == ";" and (entity := _ENTITY.search(url[max(0, end - 10) : end])):
            end -= len(entity[0])
        elif last in _TRAILING_PUNCTUATION:
            end -= 1
        elif surplus.get(last, 0) > 0:
            surplus[last] -= 1
            end -= 1
        else:
            break
    return end
