"""What a step may promise about the document it was given and the one it returns."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import zip_longest
from urllib.parse import unquote

from pipeline.document import Document, Promise, apply
from pipeline.markdown import code_spans, parse, parser

_NO_WORD = re.compile(r"[\W_]+")
_TAGS = re.compile("</?(?:strong|em)>")  # emphasis is no word, not even as HTML


def _explained(before: Document, after: Document) -> bool:
    known = len(before.changes)
    if after.changes[:known] != before.changes:
        return False
    try:
        return apply(before.text, after.changes[known:]) == after.text
    except ValueError:
        return False


def _words(document: Document) -> str:
    return _NO_WORD.sub("", _TAGS.sub("", document.text))


def _code(document: Document) -> list[str]:
    return [document.text[start:end] for start, end in code_spans(document.text)]


def _parsed_code(document: Document) -> list[tuple[str, str]]:
    """Return the code as parsed: fences, indentation and the run of backticks chosen do not count."""
    tokens = parse(_ended(document))
    inline = [child for token in tokens for child in token.children or ()]
    return [(t.info.strip(), t.content) for t in tokens if t.type in {"fence", "code_block"}] + [
        ("", t.content) for t in inline if t.type == "code_inline"
    ]


def _links(document: Document) -> Iterator[str]:
    for token in parse(document.text):
        for child in token.children or ():
            if address := child.attrs.get("href") or child.attrs.get("src"):
                yield str(address)


def _meaning(document: Document) -> str:
    """Return the rendered document, runs of white space made one: what a browser would show."""
    return re.sub(r"[ \t\n]+", " ", parser().render(_ended(document))).replace("[X] ", "[x] ").strip()


def _letters(document: Document) -> list[str]:
    """Return the letters of the source text, sorted, as the entities and percent escapes that stand for them say.

    Wide and no-break spaces count: they are somebody's layout. Digits do not: lists are renumbered.
    """
    text = html.unescape(unquote(document.text)).casefold()
    return sorted(char for char in text if char.isalpha() or char in "\u3000\u00a0")


def _all_changed(before: Document, after: Document) -> bool:
    pairs = zip_longest(before.text.split("\n"), after.text.split("\n"))
    return all(old != new for old, new in pairs if old is None or not old.isascii())


def _ended(document: Document) -> str:
    """Return the text with its last line ended: the parser takes a last line that is not for other code."""
    return document.text if document.text.endswith("\n") else document.text + "\n"


EXPLAINED = Promise("explained", _explained)
"""The step's changes are the whole difference between the two texts. Every step is held to it."""


SAME_WORDS = Promise("same_words", lambda before, after: _words(before) == _words(after))
"""The letters and digits of the source text are the same, in the same order."""

SAME_LETTERS = Promise("same_letters", lambda before, after: _letters(before) == _letters(after))
"""No letter of the source text is gone or new, not even where nothing shows it: a definition that nothing refers to."""

SAME_CODE = Promise("same_code", lambda before, after: _code(before) == _code(after))
"""Code, blocks and inline, is the same to the character."""

CODE_STAYS = Promise("code_stays", lambda before, after: _code(before) == _code(after) or _all_changed(before, after))
"""Code is the same to the character, unless no line outside ASCII is: the whole was misread, code too."""

SAME_PARSED_CODE = Promise("same_parsed_code", lambda before, after: _parsed_code(before) == _parsed_code(after))
"""Code says the same, though it may be fenced otherwise."""

SAME_LINKS = Promise("same_links", lambda before, after: list(_links(before)) == list(_links(after)))
"""The addresses of links and images are the same, in the same order."""

SAME_MEANING = Promise("same_meaning", lambda before, after: _meaning(before) == _meaning(after))
"""The document renders to the same HTML, white space aside."""
