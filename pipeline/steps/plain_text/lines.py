"""Plain text -> its lines, each with its place, its quotation marks, its indentation and its width; and its blocks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.steps.plain_text.mail import ATTRIBUTION, QUOTED_SENTENCE_END, header_length

INDENTATION = " \t\N{NO-BREAK SPACE}\N{EN SPACE}\N{EM SPACE}\N{IDEOGRAPHIC SPACE}"
WIDE_INDENTATION = frozenset("\N{NO-BREAK SPACE}\N{EN SPACE}\N{EM SPACE}\N{IDEOGRAPHIC SPACE}")  # never of code
TAB_WIDTH = 8  # columns
FEWEST_QUOTED_LINES = 2  # lines; a single line with `>` may be a face, a size, an arrow or a prompt
_QUOTE_MARKS = re.compile(r" {0,3}>(?: ?>)* ?(?=\s|\Z|[^\W_]|[^\x00-\x7f]|[\"'(*\[<#.-]|--)")
MOST_MARKS_OF_QUESTION = 2  # of a single quoted line; a prompt of Python has three
_STARTS_WITH_WORD = re.compile(r"[\"'“‘«„「『¿¡(]{0,2}[^\W\d_]")
_PROMPT = re.compile(r" {0,3}>>>(?: |\Z)")  # of Python
_MBOX_FROM = re.compile(r">+From ")  # how mailboxes write a line of text that starts with "From "


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line: its offset, then its parts in order: quotation marks, indentation, words, spaces after them."""

    start: int
    mark: str
    indent: str
    words: str
    trailing: str
    width: int  # columns of indentation and words

    @property
    def text_start(self) -> int:
        """The offset after the quotation marks."""
        return self.start + len(self.mark)

    @property
    def words_start(self) -> int:
        """The offset of the first word."""
        return self.text_start + len(self.indent)

    @property
    def end(self) -> int:
        """The offset of the line end."""
        return self.words_start + len(self.words) + len(self.trailing)

    @property
    def depth(self) -> int:
        """How many quotations the line is in."""
        return self.mark.count(">")

    @property
    def indent_width(self) -> int:
        """The columns of the indentation."""
        return columns(self.indent)


TextBlock = Sequence[TextLine]  # consecutive lines of one depth that are not blank


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal: two for each wide character."""
    if text.isascii():
        return len(text.expandtabs(TAB_WIDTH))
    return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text.expandtabs(TAB_WIDTH))


def is_wide(char: str) -> bool:
    """Return whether a character takes two columns, and is written without spaces between words: no Hangul."""
    return unicodedata.east_asian_width(char) in "WF" and not "\uac00" <= char <= "\ud7a3"


def text_lines(text: str) -> list[TextLine]:
    """Return the lines of a text. Marks of quotations are kept apart where the text has quotations."""
    raw = text.split("\n")
    quoted = _holds_quotations(raw)
    lines, start = [], 0
    for line in raw:
        mark = _mark_of(line) if quoted else ""
        rest = line[len(mark) :]
        words = rest.lstrip(INDENTATION)
        indent, words = rest[: len(rest) - len(words)], words.rstrip(INDENTATION)
        trailing = rest[len(indent) + len(words) :]
        lines.append(TextLine(start, mark, indent, words, trailing, columns(indent) + columns(words)))
        start += len(line) + 1
    return lines


def _mark_of(line: str) -> str:
    """Return the quotation marks at the start of a line, with one space after them: `> > Yes` -> `> > `."""
    match = _QUOTE_MARKS.match(line)
    return match[0] if match and not _MBOX_FROM.match(line) else ""


def _holds_quotations(raw: Sequence[str]) -> bool:
    """Return whether lines that start with `>` are quotations: there are several, and they are not prompts."""
    marks = [mark for line in raw if ">" in line[:4] and (mark := _mark_of(line)) and line[len(mark) :].strip()]
    prompts = sum(bool(_PROMPT.match(line)) for line in raw)
    shallow = any(mark.count(">") < 3 for mark in marks)  # noqa: PLR2004 - a prompt has three
    if len(marks) < FEWEST_QUOTED_LINES:
        return bool(marks) and _is_quoted_sentence(raw)
    return shallow or not prompts


def _is_quoted_sentence(raw: Sequence[str]) -> bool:
    """Return whether the only line with `>` is a quotation: in a mail, below `Ann wrote:`, or a sentence: `> Why?`."""
    at, mark = next((at, mark) for at, line in enumerate(raw) if ">" in line[:4] and (mark := _mark_of(line)))
    words = raw[at][len(mark) :]
    if mark.count(">") > MOST_MARKS_OF_QUESTION or not _STARTS_WITH_WORD.match(words):
        return False
    filled = [line for line in raw if line.strip()]
    above = next((line for line in reversed(raw[:at]) if line.strip()), "")
    return bool(header_length(filled) or ATTRIBUTION.search(above) or QUOTED_SENTENCE_END.search(words))


def text_blocks(lines: Sequence[TextLine]) -> list[TextBlock]:
    """Return the blocks of consecutive lines that are not blank and in equally many quotations."""
    groups = groupby(lines, lambda line: (bool(line.words), line.depth))
    return [tuple(group) for (filled, _), group in groups if filled]
