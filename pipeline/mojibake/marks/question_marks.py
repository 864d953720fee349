"""Text -> the question marks that may stand for lost characters: inside words, and where a sentence goes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeline.changes import Span

IN_WORD = r"(?<=[A-Za-z])\?{1,3}(?=[a-z])|(?<=[A-Z])\?{1,3}(?=[A-Z])"
AT_START = r"(?<![\w?!.)])\?{1,2}(?=[a-z])"
AT_END = r"(?<=[a-z])\?(?=,? [a-z]|[;.](?:\s|\Z))"
ALONE = r"(?<=[a-z,] )\?(?= [a-z])"
INSIDE_QUESTION = re.compile(IN_WORD)
ANY_QUESTION = re.compile(f"{IN_WORD}|{AT_START}|{AT_END}|{ALONE}")
LONGEST_CHUNK = 60  # characters of a word with the signs around it; longer runs are code, or of a script without spaces
CHUNK = re.compile(r"\S+")
PROSE_CHUNK = re.compile(r"[(\[\"'*_]*[A-Za-z?]++(?:['-][A-Za-z?]++)*+[)\]\"'*_.,;:!?]*+")


def has_inner_question(text: str) -> bool:
    """Return whether a text has a question mark inside a word of prose.

    >>> has_inner_question("K?nnen Sie?"), has_inner_question("page?id=1 a?b:c")
    (True, False)
    """
    at = text.find("?")
    while at >= 0:
        if 0 < at < len(text) - 1 and text[at - 1].isalpha() and (text[at + 1].isalpha() or text[at + 1] == "?"):
            match = INSIDE_QUESTION.match(text, at)
            if match and _is_in_prose(text, *match.span()):
                return True
        at = text.find("?", at + 1)
    return False


def inner_questions(text: str, lines: Iterable[Span]) -> Iterator[int]:
    """Yield the indexes of question marks inside words of prose: `K?nnen`, not `a?b:c` or `page?id=1`."""
    return _questions(text, lines, INSIDE_QUESTION)


def possible_questions(text: str, lines: Iterable[Span]) -> Iterator[int]:
    """Yield the indexes of question marks that may stand for characters, where others inside words do."""
    return _questions(text, lines, ANY_QUESTION)


def _questions(text: str, lines: Iterable[Span], pattern: re.Pattern[str]) -> Iterator[int]:
    """Yield the indexes of the question marks that match, in words of prose in lines that are all ASCII."""
    for start, end in lines:
        if text.find("?", start, end) >= 0 and text[start:end].isascii():
            for match in pattern.finditer(text, start, end):
                if _is_in_prose(text, *match.span()):
                    yield from range(*match.span())


def _is_in_prose(text: str, start: int, end: int) -> bool:
    """Return whether the characters around a span, up to spaces, are a word with signs around it."""
    least = max(0, start - LONGEST_CHUNK)
    while start > least and not text[start - 1].isspace():
        start -= 1
    chunk = CHUNK.match(text, start, end + LONGEST_CHUNK)
    return chunk is not None and PROSE_CHUNK.fullmatch(chunk[0]) is not None
