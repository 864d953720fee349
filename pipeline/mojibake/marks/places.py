"""Marked text -> the words with marks, and what each mark can have been by its place in the word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from pipeline.changes import Span
from pipeline.document import REPLACEMENT
from pipeline.mojibake.marks.alphabet import (
    CLOSING_SIGNS,
    OPENING_SIGNS,
    OTHER_SIGNS,
    lost_characters,
    lower_form,
)
from pipeline.mojibake.marks.words import QUESTION_AND_SPACE, QUESTION_MARK, MarkedWord

WORD_WITH_MARKS = re.compile(r"(?:[^\W\d_]|\ufffd)*\ufffd(?:[^\W\d_]|\ufffd)*")
OTHER_SCRIPT = re.compile("[^\\W\\d_\u0000-\u024f\u1e00-\u1eff]")
FEWEST_CAPITALS_OF_WORD = 2  # capitals of a word that is all capitals
MOST_MARKS_ALONE = 2  # marks without a letter: more are a word of another script, or a rule
MOST_MARKED_SHARE = 0.67  # share of marks in a word: in more, hardly anything is known
MOST_MARKED_LINE = 0.5  # the same in the words of a line: text of another script
JOINING_SIGNS = "’–—·"  # signs between letters
SENTENCE_START = re.compile(
    r"(?:(?:\A|\n[ \t>]*\n|(?:\A|\n)[ \t>]*(?:#{1,6} |[-*+] |\d+[.)] ))|[^\W\d_]{4,}[)\"'\ufffd*_]*[.!?][)\"'*_]*\s)[\"'(*_\s]*\Z"
)
LOOK_BEHIND = 80  # characters before a word that say whether a sentence starts


class MarkedPlace(NamedTuple):
    """A word with marks at a span of the marked text; `capitals` are the marks that are capitals by their place."""

    span: Span
    word: MarkedWord
    capitals: tuple[bool, ...]


def marked_places(text: str, tag: str, questions: Collection[int] = ()) -> Iterator[MarkedPlace]:
    """Yield the words with marks of a text whose characters the language `tag` may restore.

    `questions` are the indexes of marks that may be question marks. Words and lines of which hardly anything is left stay out, as do lines with letters of another script.
    """
    for start, end in _lines_to_fill(text):
        for match in WORD_WITH_MARKS.finditer(text, start, end):
            if _can_be_filled(match[0], tag):
                yield _place(text, match.span(), tag, questions)


def _lines_to_fill(text: str) -> Iterator[Span]:
    """Yield the spans of lines of Latin script with marks, less than half of whose characters are marks."""
    at = 0
    for line in text.split("\n"):
        marks = line.count(REPLACEMENT)
        if marks and not OTHER_SCRIPT.search(line):
            letters = sum(map(str.isalpha, line))
            if marks <= MOST_MARKED_LINE * (letters + marks):
                yield at, at + len(line)
        at += len(line) + 1


def _can_be_filled(word: str, tag: str) -> bool:
    """Return whether enough of a word is left, and all of that is of the language."""
    marks, known = word.count(REPLACEMENT), lost_characters(tag)
    if marks == len(word):
        return marks <= MOST_MARKS_ALONE
    return marks <= MOST_MARKED_SHARE * len(word) and all(char.isascii() or char in known for char in word if char != REPLACEMENT)


def _place(text: str, span: Span, tag: str, questions: Collection[int]) -> MarkedPlace:
    """Return a word with the candidates of each mark."""
    word = text[slice(*span)]
    letters = word.replace(REPLACEMENT, "")
    shouted = len(letters) >= FEWEST_CAPITALS_OF_WORD and letters.isupper()
    first = shouted or SENTENCE_START.search(text[max(0, span[0] - LOOK_BEHIND) : span[0]]) is not None
    rows, capitals = [], []
    for at, char in enumerate(word):
        if char == REPLACEMENT:
            at_start = not word[:at].strip(REPLACEMENT)
            large = shouted or (first and at_start and len(word) > 1)
            options = _candidates(word, at, tag, large=large, either=at_start)
            rows.append((*options, _question(word, at)) if span[0] + at in questions else options)
            capitals.append(large)
    return MarkedPlace(span, MarkedWord("".join(map(lower_form, word)), tuple(rows)), tuple(capitals))


def _candidates(word: str, at: int, tag: str, *, large: bool, either: bool) -> tuple[str, ...]:
    """Return the candidates of a mark; where it is a capital, its lower case, which the model knows better."""
    every = lost_characters(tag)
    around = word[at - 1 : at] if at else "", word[at + 1 : at + 2]
    inside = all(char.isalpha() for char in around)
    signs = JOINING_SIGNS if inside else OPENING_SIGNS + CLOSING_SIGNS + OTHER_SIGNS
    if large:
        letters = [lower_form(char) for char in every if char.isupper() or (char.isalpha() and char.upper() != char)]
    else:
        letters = [char for char in every if char.isalpha() and (either or not char.isupper())]
    return tuple(dict.fromkeys([*letters, *(char for char in every if char in signs)]))


def _question(word: str, at: int) -> str:
    """Return the question mark that a mark may be: with a space between letters."""
    return QUESTION_AND_SPACE if at and word[at + 1 : at + 2].isalpha() else QUESTION_MARK
