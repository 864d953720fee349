"""Marked text -> the words with marks, and what each mark can have been by its place in the word and in the line."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from pipeline.changes import Span
from pipeline.document import REPLACEMENT
from pipeline.mojibake.marks.alphabet import CLOSING_SIGNS, OPENING_SIGNS, lost_characters, lower_form
from pipeline.mojibake.marks.words import QUESTION_AND_SPACE, QUESTION_MARK, MarkedWord

REST_OF_WORD = re.compile(r"(?:[^\W\d_]|\ufffd)+")
OTHER_SCRIPT = re.compile("[^\\W\\d_\u0000-\u024f\u1e00-\u1eff]")
FEWEST_CAPITALS_OF_WORD = 2  # capitals of a word that is all capitals
MOST_MARKS_ALONE = 2  # marks without a letter: more are a word of another script, or a rule
MOST_MARKED_SHARE = 0.75  # share of marks in a word: in more, hardly anything is known
LONGEST_MARKED_WORD = 60  # characters; longer runs are no words
MOST_MARKED_LINE = 0.5  # the same in the words of a line: text of another script
JOINING_SIGNS = "’–—·"  # signs between letters
SENTENCE_START = re.compile(
    r"(?:(?:\A|\n[ \t>]*\n|(?:\A|\n)[ \t>]*(?:#{1,6} |[-*+] |\d+[.)] ))"
    r"|(?:[^\W\d_]|\ufffd){3}[)\"'\ufffd*_]*+[.!?][)\"'*_\ufffd»”]*\s)[\"'(*_\s«„“¿¡]*\Z"
)
_MASKED = re.compile(r"\w\\?\*\Z")  # before the rest of a word that has an asterisk for a letter: f\*ck
_LONGEST_MASK = 3
LOOK_BEHIND = 40  # characters before a word that say whether a sentence starts
SPACED_QUOTES = "«»‹›"  # French has spaces inside them
BEFORE_QUOTED, AFTER_QUOTED = rf"[{OPENING_SIGNS}]|(?<![\w\ufffd])\ufffd", rf"[{CLOSING_SIGNS}]|\ufffd(?![\w\ufffd])"
QUOTE_START = re.compile(rf"{BEFORE_QUOTED}(?=[\w\ufffd])")
QUOTE_END = re.compile(rf"[{CLOSING_SIGNS}]|(?<=[\w.,!?\ufffd])\ufffd(?![\w\ufffd])")
SPACED_START, SPACED_END = re.compile(BEFORE_QUOTED), re.compile(AFTER_QUOTED)


class MarkedPlace(NamedTuple):
    """A word with marks at a span of the marked text; `capitals` are the marks that are capitals by their place."""

    span: Span
    word: MarkedWord
    capitals: tuple[bool, ...]


class MarkedLine(NamedTuple):
    """A line with marks: its span, and where in it the first quote may start and the last one end.

    `spaced` are the same two for quotes with spaces inside; `last_sentence` is the last `?` or `!`.
    """

    start: int
    end: int
    quotes: Span
    spaced: Span
    last_sentence: int


def marked_places(text: str, tag: str, questions: Collection[int] = ()) -> Iterator[MarkedPlace]:
    """Yield the words with marks of a text whose characters the language `tag` may restore.

    `questions` are the indexes of marks that may be question marks. Words and lines of which hardly anything is left
    stay out, as do lines with letters of another script.
    """
    for line in _lines_to_fill(text):
        for span in _words_with_marks(text, line.start, line.end):
            masked = _MASKED.search(text, max(0, span[0] - _LONGEST_MASK), span[0])
            if not masked and _can_be_filled(text[slice(*span)], tag):
                yield _place(text, span, tag, line, questions)


def _words_with_marks(text: str, at: int, end: int) -> Iterator[Span]:
    """Yield the spans of the words with marks between two offsets; of longer runs than words are, a part."""
    while (mark := text.find(REPLACEMENT, at, end)) >= 0:
        first = mark
        while first > max(at, mark - LONGEST_MARKED_WORD) and text[first - 1].isalpha():
            first -= 1
        match = REST_OF_WORD.match(text, mark, min(end, mark + LONGEST_MARKED_WORD))
        at = match.end() if match else mark + 1
        yield first, at


def _lines_to_fill(text: str) -> Iterator[MarkedLine]:
    """Yield the lines of Latin script with marks, less than half of whose characters are marks."""
    at = 0
    for line in text.split("\n"):
        marks = line.count(REPLACEMENT)
        if marks and not OTHER_SCRIPT.search(line):
            letters = sum(map(str.isalpha, line))
            if marks <= MOST_MARKED_LINE * (letters + marks):
                yield _marked_line(line, at)
        at += len(line) + 1


def _marked_line(line: str, at: int) -> MarkedLine:
    """Return a line that starts at `at`."""
    quotes = _first_and_last(line, at, QUOTE_START, QUOTE_END)
    spaced = _first_and_last(line, at, SPACED_START, SPACED_END)
    return MarkedLine(at, at + len(line), quotes, spaced, at + max(line.rfind("?"), line.rfind("!")))


def _first_and_last(line: str, at: int, start: re.Pattern[str], end: re.Pattern[str]) -> Span:
    """Return where the first match of `start` and the last match of `end` are, in a line that starts at `at`."""
    first, lasts = start.search(line), [match.start() for match in end.finditer(line)]
    return at + (first.start() if first else len(line)), at + (lasts[-1] if lasts else -1)


def _can_be_filled(word: str, tag: str) -> bool:
    """Return whether enough of a word is left, and all of that is of the language."""
    marks, known = word.count(REPLACEMENT), lost_characters(tag)
    if len(word) >= LONGEST_MARKED_WORD:
        return False
    if marks == len(word):
        return marks <= MOST_MARKS_ALONE
    rest = word.replace(REPLACEMENT, "")
    return marks <= MOST_MARKED_SHARE * len(word) and all(char.isascii() or char in known for char in rest)


def _place(text: str, span: Span, tag: str, line: MarkedLine, questions: Collection[int]) -> MarkedPlace:
    """Return a word with the candidates of each mark."""
    word = text[slice(*span)]
    letters = word.replace(REPLACEMENT, "")
    shouted = len(letters) >= FEWEST_CAPITALS_OF_WORD and letters.isupper()
    before = text[max(0, span[0] - LOOK_BEHIND) : span[0]]
    first = word[0] == REPLACEMENT and SENTENCE_START.search(before) is not None
    if span[0] in questions and before.rstrip().endswith("?"):
        first = False  # that question mark may stand for a letter as well
    rows, capitals = [], []
    for at, char in enumerate(word):
        if char == REPLACEMENT:
            at_start = not word[:at].strip(REPLACEMENT)
            large = shouted or (first and at_start and len(word) > 1)
            options = (*_letters(tag, large=large, either=at_start), *_signs(word, at, tag, line, span[0] + at))
            rows.append((*options, _question(word, at)) if span[0] + at in questions else options)
            capitals.append(large)
    return MarkedPlace(span, MarkedWord("".join(map(lower_form, word)), tuple(rows)), tuple(capitals))


@functools.cache
def _letters(tag: str, *, large: bool, either: bool) -> tuple[str, ...]:
    """Return the letters that a mark may be; if `large`, in lower case, as the model knows too few capitals."""
    every = [char for char in lost_characters(tag) if char.isalpha()]
    if large:
        return tuple(dict.fromkeys(lower_form(char) for char in every if char.isupper() or char.upper() != char))
    return tuple(char for char in every if either or not char.isupper())


def _signs(word: str, at: int, tag: str, line: MarkedLine, place: int) -> tuple[str, ...]:
    """Return the signs that a mark may be: quotes only where the line has, or may have, their partner."""
    inside = all(char.isalpha() for char in (word[at - 1 : at] if at else "", word[at + 1 : at + 2]))
    (first, last), (first_spaced, last_spaced) = line.quotes, line.spaced
    if inside:
        return _signs_inside(tag)
    return _signs_around(
        tag, (place < last, place > first), (place < last_spaced, place > first_spaced), asks=place < line.last_sentence
    )


@functools.cache
def _signs_inside(tag: str) -> tuple[str, ...]:
    """Return the signs between letters."""
    return tuple(sign for sign in lost_characters(tag) if sign in JOINING_SIGNS)


@functools.cache
def _signs_around(tag: str, quotes: tuple[bool, bool], spaced: tuple[bool, bool], *, asks: bool) -> tuple[str, ...]:
    """Return the signs around words; `quotes` and `spaced` say whether a quote may start, and whether one may end."""
    found = []
    for sign in lost_characters(tag):
        opens, closes = spaced if sign in SPACED_QUOTES else quotes
        if sign in "¿¡":
            allowed = asks
        elif sign in "“”":  # the language decides which of them opens
            allowed = opens or closes
        else:
            allowed = opens if sign in OPENING_SIGNS else closes or sign not in "’»›"
        if allowed and not sign.isalpha():
            found.append(sign)
    return tuple(found)


def _question(word: str, at: int) -> str:
    """Return the question mark that a mark may be: with a space between letters."""
    return QUESTION_AND_SPACE if at and word[at + 1 : at + 2].isalpha() else QUESTION_MARK
