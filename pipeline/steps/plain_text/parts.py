"""Lines of plain text -> its parts: prose, mail headers, signatures, and what must keep its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.patterns import lazy_pattern
from pipeline.steps.plain_text.layout import MAJORITY_OF_LINES
from pipeline.steps.plain_text.lines import WIDE_INDENTATION, TextBlock, TextLine, text_blocks
from pipeline.steps.plain_text.mail import header_length, signature_start

PartKind = Literal["prose", "header", "signature", "columns"]
MOST_SYMBOLS = 0.5  # of the characters: a drawing has more
FEWEST_WORDS = 6  # words a line, on average, of an indented paragraph
LEAST_ALIGNED = 0.8  # of the lines have a gap that ends in the same column, in a table
_WIDE_GAP = lazy_pattern(r"\S(?: {3,}+|\t++)\S|[\u2502-\u257f]|(?<!\.)\.{4,}+ *+\d|^\|.*\|$|^\+[-=+]++$")
_GAP = lazy_pattern(r"[^\s.!?:。！？] {2,}+(?=\S)")
_PROSE_END = lazy_pattern(r"[.!?:;,。，！？：；…」』”’)\"'）—-]\Z")
_CODE_END = lazy_pattern(r"[;{}]\Z|\):\Z|\) \{")
_PROMPT_LINE = lazy_pattern(r"(?:>>>|\.\.\.|\$|%|C:\\[^>\s]*>)(?: |\Z)")
_PROGRAM_OUTPUT = lazy_pattern(  # a line of a patch or of a stack trace
    r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|diff --git \S|(?:---|\+\+\+) [ab]/\S|at [\w$.<>/]+\([^()]*\)\Z"
    r"|File \"[^\"]+\", line \d"
)
FEWEST_OUTPUT_LINES = 2  # of a patch or a stack trace
_ASCII_SYMBOL = lazy_pattern(r"[!-/:-@\[-`{-~]")
_CODE_SYMBOL = lazy_pattern(r"[{}<>=\[\]\\|$#@_]")
_VERSE_START = lazy_pattern(r"[\"'“‘«„(]*(?:[^\W\d_])")


@dataclass(frozen=True, slots=True)
class TextPart:
    """Consecutive lines of one kind; `columns` are tables, drawings and code, whose spaces count."""

    kind: PartKind
    lines: TextBlock


def text_parts(lines: Sequence[TextLine]) -> list[TextPart]:
    """Return the parts of a text, in order, without its blank lines."""
    blocks = text_blocks(lines)
    return [part for at, block in enumerate(blocks) for part in _split(block, last=at + 1 == len(blocks))]


def _split(block: TextBlock, *, last: bool) -> Iterator[TextPart]:
    """Yield the parts of a block: a header at its start, a signature at its end, and what is between."""
    head = header_length([line.indent + line.words for line in block])
    tail = signature_start([(line.words, line.trailing) for line in block[head:]], last=last)
    end = len(block) if tail < 0 else head + tail
    if head:
        yield TextPart("header", block[:head])
    if end > head:
        rest = block[head:end]
        yield TextPart("columns" if _keeps_columns(rest) else "prose", rest)
    if end < len(block):
        yield TextPart("signature", block[end:])


def _keeps_columns(block: TextBlock) -> bool:
    """Return whether a block is a table, a drawing or code."""
    if len(block) < 2:  # noqa: PLR2004 - a single line has no columns
        return False
    words = [line.words for line in block]
    most = MAJORITY_OF_LINES * len(block)
    if sum(bool(_WIDE_GAP.search(line)) for line in words) >= most or _is_aligned(block) or _is_drawing(words):
        return True
    if sum(bool(_CODE_END.search(line)) for line in words) >= most or _PROMPT_LINE.match(words[0]):
        return True
    if sum(bool(_PROGRAM_OUTPUT.match(line)) for line in words) >= FEWEST_OUTPUT_LINES:
        return True
    indented = all(line.indent and not WIDE_INDENTATION & set(line.indent) for line in block)
    prose = sum(bool(_PROSE_END.search(line)) for line in words) >= most
    return indented and not prose and not _is_verse(block) and not _is_indented_prose(words)


def _is_aligned(block: TextBlock) -> bool:
    """Return whether gaps of two spaces and more end in one column of most lines."""
    ends = [{line.indent_width + gap.end() for gap in _GAP.finditer(line.words)} for line in block]
    most = Counter(end for line in ends for end in line).most_common(1)
    return len(block) > 2 and bool(most) and most[0][1] >= LEAST_ALIGNED * len(block)  # noqa: PLR2004 - two agree by chance


def _is_drawing(words: Sequence[str]) -> bool:
    """Return whether lines are drawn with ASCII symbols; lines of one repeated character are dividers."""
    drawn = [line for line in words if len(set(line) - {" "}) > 1]
    symbols = sum(len(_ASCII_SYMBOL.findall(line)) for line in drawn)
    return len(drawn) > 1 and symbols > MOST_SYMBOLS * sum(len("".join(line.split())) for line in drawn)


def _is_indented_prose(words: Sequence[str]) -> bool:
    """Return whether indented lines have the words of sentences, and few of the symbols of code."""
    symbols = sum(len(_CODE_SYMBOL.findall(line)) for line in words)
    letters = sum(map(len, words))
    return sum(len(line.split()) for line in words) >= FEWEST_WORDS * len(words) and symbols * 50 < letters


def _is_verse(block: TextBlock) -> bool:
    """Return whether a block that is indented evenly is a poem: few lines start with a small letter."""
    starts = [match[0][-1] for line in block if (match := _VERSE_START.match(line.words))]
    verse = sum(not start.islower() for start in starts) >= MAJORITY_OF_LINES * len(block)
    symbols = sum(len(_CODE_SYMBOL.findall(line.words)) for line in block)
    return verse and not symbols and len({line.indent_width for line in block}) == 1
