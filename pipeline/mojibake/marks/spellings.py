"""Text -> the marks in it: U+FFFD, and U+FFFD that was itself mis-decoded, as `ï¿½` or `ďż˝`."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.changes import Span
from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import single_byte_misdecodings
from pipeline.encoding.misdecoding import bytes_by_character
from pipeline.mojibake.marks.question_marks import has_inner_question

HIDDEN_MARK = "\0"  # U+FFFD that is not a mark: in code, or in a line left out
TWO_MARKS = "锟斤拷"  # the bytes of two marks, decoded as GBK


class MarkedText(NamedTuple):
    """A text with U+FFFD for each mark, and for each of its characters the start of its source; the end comes last."""

    text: str
    starts: Sequence[int]

    def source(self, start: int, end: int) -> Span:
        """Return the span in the source of a span of the marked text."""
        return self.starts[start], self.starts[end]


@functools.cache
def mark_spellings() -> re.Pattern[str]:
    r"""Return the pattern of marks: U+FFFD, or its UTF-8 decoded as one code page or as two.

    >>> [match[0] for match in mark_spellings().finditer("caf\ufffd cafï¿½ cafďż˝ cafÃ¯Â¿Â½")]
    ['�', 'ï¿½', 'ďż˝', 'Ã¯Â¿Â½']
    """
    once = dict.fromkeys(one for codec in single_byte_misdecodings() if (one := _decoded(REPLACEMENT, codec)))
    twice = dict.fromkeys(
        two for one in once for codec in single_byte_misdecodings()[:4] if (two := _decoded(one, codec))
    )
    return re.compile("|".join(map(re.escape, (*twice, *once, TWO_MARKS, REPLACEMENT))))


def may_have_marks(text: str) -> bool:
    """Return whether a text has a mark, or a question mark inside a word: a fast pre-filter.

    >>> may_have_marks("K?nnen"), may_have_marks("Können? Ja: page?id=1")
    (True, False)
    """
    return (not text.isascii() and _has_mark(text)) or has_inner_question(text)


def _has_mark(text: str) -> bool:
    """Return whether a text has a mark that was decoded once at most."""
    return any(end in text and any(sign in text for sign in signs) for end, signs in _spellings_by_end().items())


@functools.cache
def _spellings_by_end() -> dict[str, list[str]]:
    """Return the spellings of marks that were decoded once, by their last character, which is found fastest."""
    once = dict.fromkeys(one for codec in single_byte_misdecodings() if (one := _decoded(REPLACEMENT, codec)))
    found: dict[str, list[str]] = {}
    for sign in (REPLACEMENT, TWO_MARKS, *once):
        found.setdefault(sign[-1], []).append(sign)
    return found


def with_single_marks(text: str, lines: Iterable[Span], extra: Iterable[int] = ()) -> MarkedText:
    r"""Return a text whose marks within `lines` are U+FFFD; `extra` are the indexes of further characters to mark.

    >>> with_single_marks("cafï¿½ noir", [(0, 11)]).text
    'caf\ufffd noir'
    """
    spelled = (match for line in lines for match in mark_spellings().finditer(text, *line))
    found = sorted([*itertools.chain.from_iterable(map(_single_marks, spelled)), *((at, at + 1) for at in extra)])
    parts: list[str] = []
    starts: list[int] = []
    at = 0
    text = text.replace(REPLACEMENT, HIDDEN_MARK)
    for start, end in found:
        parts += [text[at:start], REPLACEMENT]
        starts += [*range(at, start), start]
        at = end
    return MarkedText("".join([*parts, text[at:]]), [*starts, *range(at, len(text) + 1)])


def _single_marks(match: re.Match[str]) -> Iterator[Span]:
    """Yield the spans of the marks of a match: `TWO_MARKS` is one of one character, and one of two."""
    start, end = match.span()
    if match[0] == TWO_MARKS:
        yield start, start + 1
        start += 1
    yield start, end


def _decoded(text: str, codec: str) -> str:
    """Return the UTF-8 of a text decoded as a single-byte codec, C1 controls included; empty if impossible."""
    by_byte = {byte: char for char, byte in bytes_by_character(codec).items()}
    return "".join(by_byte.get(byte, "") for byte in text.encode()) if set(text.encode()) <= by_byte.keys() else ""
