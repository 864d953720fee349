"""Blocks of plain text -> how they are laid out: wrapped or a paragraph a line; and their paragraphs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.patterns import lazy_pattern
from pipeline.steps.plain_text.escapes import BREAK, JOINED, SOFT
from pipeline.steps.plain_text.lines import WIDE_INDENTATION, TextBlock, TextLine, is_wide

LEAST_WRAP_WIDTH, MOST_WRAP_WIDTH = 40, 120  # columns; wrapped text has such widths
LEAST_FILLED_WIDTH = 0.75  # of the width: the least length of a wrapped line; the next word did not fit
MAJORITY_OF_LINES = 0.6  # of the lines; so many decide what a text or a block is
MOST_SENTENCE_ENDS = 0.7  # of the lines: where more end a sentence, each line is a paragraph
MOST_CLAUSE_ENDS = 0.5  # of the full lines of wrapped text; in verse, more lines end with a punctuation mark
FEWEST_VERSES = 3  # lines
FEWEST_UNMARKED_LINES = 4  # lines without any punctuation, for their widths to show that they are wrapped
LEAST_CONTINUED = 0.4  # of the full lines: so many are followed by a small letter, or by a script without capitals
MOST_ITEM_LINES = 20  # lines of an item of a list that are looked at
FEWEST_RECORDS = 5  # lines in a row that all start with a capital or a digit are records, not a paragraph
SENTENCE_END = lazy_pattern(r"[.!?…‥。！？～~।؟።።។՞·♪—][\"'”’»)\]）」』】*_~]{0,8}\Z|[”’»」』][)）]?\Z")
_CLAUSE_END = lazy_pattern(r"[:;,：；，]\Z")
LIST_MARKER = lazy_pattern(
    r"(?:[-*+•·●○■□◆◇▪‣※・]|\d{1,3}[.)]|\([\da-zA-Z]{1,3}\)|[a-zA-Z][.)]|\[\d{1,3}\])[ \t]+\S"
    r"|[①-⑳]|\d{1,3}、|[（(][一二三四五六七八九十]+[）)]"
)
_DIALOGUE_DASH = lazy_pattern(r"[-–—―]{1,2}[ \N{NO-BREAK SPACE}]?(?=[^\W\d_]|[¿¡])")
_SPEECH_START = lazy_pattern(r"[-–—―]{1,2}[ \N{NO-BREAK SPACE}]?(?=[^\W\d_]|[¿¡])|[\"“„«‘「『]")
_RECORD_FIELD = lazy_pattern(r"[A-Z][\w-]{1,30}:(?=[ \t]|\Z)")
_NO_SENTENCE_MARKS = lazy_pattern(r"[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff]")  # Thai, Lao, Tibetan, Burmese, Khmer


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How a text is laid out. `width`: the columns at which it is wrapped, 0 if it is not.

    `each`: each line is a paragraph. `indented`: the first line of a paragraph is indented, the others are not.
    """

    width: int
    each: bool
    indented: bool


def layout_of(blocks: Sequence[TextBlock], headings: Collection[int] = ()) -> TextLayout:
    """Return the layout of the prose of a text; `headings` are the starts of lines that do not count."""
    width = _wrap_width(blocks)
    first = min(headings, default=0)  # above it are the title, the author and the like
    lines = [line for block in blocks if len(block) > 1 for line in block if line.start >= first]
    lines = [line for line in lines if line.start not in headings]
    indented = sum(map(_begins_indented, blocks)) * 2 > sum(bool(block[0].indent) for block in blocks)
    return TextLayout(width, not width and _a_paragraph_each(lines), indented)


def _wrap_width(blocks: Sequence[TextBlock]) -> int:
    """Return the width at which the text is wrapped, in columns; 0 if it is not."""
    pairs = [pair for block in blocks for pair in pairwise(block) if _may_continue(*pair)]
    widths = sorted(line.width for line, _ in pairs)
    if not widths or (len(pairs) < FEWEST_UNMARKED_LINES and all(_is_unmarked(line) for line, _ in pairs)):
        return 0
    width = widths[len(widths) * 95 // 100]
    full = [pair for pair in pairs if pair[0].width >= LEAST_FILLED_WIDTH * width]
    filled = sum(line.width for line, _ in full)  # in columns, so that a list of names weighs little
    if not LEAST_WRAP_WIDTH <= width <= MOST_WRAP_WIDTH or filled < MAJORITY_OF_LINES * sum(widths):
        return 0
    continued = sum(_continues(following.words) for _, following in full) >= LEAST_CONTINUED * len(full)
    return width if continued and not _is_verse_or_list([line for line, _ in full]) else 0


def _may_continue(line: TextLine, following: TextLine) -> bool:
    """Return whether a line can be of the paragraph above: neither its indentation nor speech starts one."""
    if SENTENCE_END.search(line.words) and _SPEECH_START.match(following.words):
        return False
    return bool(line.indent) or not following.indent or bool(LIST_MARKER.match(line.words))


def _is_unmarked(line: TextLine) -> bool:
    """Return whether a line is of a script that does not mark the ends of sentences."""
    return len(_NO_SENTENCE_MARKS.findall(line.words)) * 2 > len(line.words)


def _is_verse_or_list(lines: Sequence[TextLine]) -> bool:
    """Return whether most lines end a sentence or, of several lines, a clause; wrapped lines end anywhere."""
    ended = sum(bool(SENTENCE_END.search(line.words)) for line in lines)
    clauses = sum(bool(_CLAUSE_END.search(line.words)) for line in lines)
    verse = len(lines) >= FEWEST_VERSES and ended + clauses > MOST_CLAUSE_ENDS * len(lines)
    return verse or ended > MOST_SENTENCE_ENDS * len(lines)


def _continues(words: str) -> bool:
    """Return whether words can go on from the line above: they start with a small letter, or have none."""
    return words[0].isalpha() and (not words[0].isupper() or words.isupper())


def _a_paragraph_each(lines: Sequence[TextLine]) -> bool:
    """Return whether each of these lines is a paragraph: it is long, or it ends a sentence."""
    if not lines:
        return False
    ended = sum(bool(SENTENCE_END.search(line.words)) for line in lines) >= MOST_SENTENCE_ENDS * len(lines)
    unmarked = sum(map(_is_unmarked, lines))
    mean = sum(line.width for line in lines) / len(lines)
    return ended or (unmarked * 2 > len(lines) and mean > LEAST_WRAP_WIDTH)


def _begins_indented(block: TextBlock) -> bool:
    """Return whether the first line of a block is indented, and not all others, as in a printed book."""
    return bool(block[0].indent) and not all(line.indent for line in block[1:])


def paragraphs(block: TextBlock, layout: TextLayout, headings: Mapping[int, int]) -> Iterator[TextBlock]:
    """Yield the paragraphs of a block. A heading is one: `headings` are its start and the number of its lines."""
    long = sum(line.width > MOST_WRAP_WIDTH for line in block) * 2 > len(block)
    each = layout.each or (not layout.width and long)
    level = len({line.indent_width for line in block}) == 1
    running = _is_running(block, layout.width)
    paragraph: list[TextLine] = []
    for line in block:
        heading = headings.get(paragraph[0].start, 0) if paragraph else 0
        if (
            paragraph
            and len(paragraph) >= heading
            and (
                each
                or heading
                or line.start in headings
                or _starts_paragraph(paragraph, line, layout, level=level)
                or (
                    running
                    and SENTENCE_END.search(paragraph[-1].words)
                    and intended_break(paragraph[-1], line, layout.width)
                )
            )
        ):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _is_running(block: TextBlock, width: int) -> bool:
    """Return whether most lines of a block are full: its short lines end paragraphs, unlike those of a poem."""
    full = sum(line.width >= LEAST_FILLED_WIDTH * width for line in block[:-1])
    return bool(width) and full * 2 >= len(block) - 1 > 0


def _starts_paragraph(paragraph: Sequence[TextLine], line: TextLine, layout: TextLayout, *, level: bool) -> bool:
    """Return whether the indentation of a line starts a paragraph, and does not continue a list item or a verse."""
    before = paragraph[-1]
    if _DIALOGUE_DASH.match(line.words) and SENTENCE_END.search(before.words) and not LIST_MARKER.match(line.words):
        return True
    if (
        not line.indent
        or _RECORD_FIELD.match(paragraph[0].words)
        or any(LIST_MARKER.match(one.words) for one in (line, paragraph[0], *paragraph[-MOST_ITEM_LINES:]))
    ):
        return False
    if not layout.width and _CLAUSE_END.search(before.words):
        return False  # a verse goes on in an indented line
    if WIDE_INDENTATION & set(line.indent) or line.indent_width > before.indent_width:
        return True
    return (layout.indented and not level) or (
        (layout.indented or not level) and intended_break(before, line, layout.width)
    )


def intended_break(line: TextLine, following: TextLine, width: int) -> bool:
    """Return whether the author ended the line: the first word of the next line would have fitted."""
    word = following.words.partition(" ")[0]
    first = 2 if is_wide(word[0]) else len(word)
    return line.width + 1 + first <= width * LEAST_FILLED_WIDTH if width else True


def line_ends(lines: TextBlock, width: int) -> list[str]:
    """Return how each line of a paragraph but the last ends: `BREAK`, `SOFT` or `JOINED`."""
    records = len(lines) >= FEWEST_RECORDS and not any(_continues(line.words) for line in lines[1:])
    if _RECORD_FIELD.match(lines[0].words) and not records:
        return [
            SOFT if _continues(following.words) and not _RECORD_FIELD.match(following.words) else BREAK
            for following in lines[1:]
        ]
    if records:
        return [BREAK] * (len(lines) - 1)
    hanging = _hanging_indents(lines)
    return [
        _soft_end(line, following)
        if hanging[at] == following.indent_width and _continues(following.words)
        else _end_of_line(line, following, width)
        for at, (line, following) in enumerate(pairwise(lines))
    ]


def _hanging_indents(lines: TextBlock) -> list[int]:
    """Return for each line the indentation at which its list item goes on: 2 for `- a`; -1 outside lists."""
    indents, indent = [], -1
    for line in lines:
        if marker := LIST_MARKER.match(line.words):
            indent = line.indent_width + marker.end() - 1
        elif line.indent_width != indent:
            indent = -1
        indents.append(indent)
    return indents


def _end_of_line(line: TextLine, following: TextLine, width: int) -> str:
    ended = SENTENCE_END.search(line.words) or _CLAUSE_END.search(line.words)
    breaks = intended_break(line, following, width) or (ended and LIST_MARKER.match(following.words))
    return BREAK if breaks else _soft_end(line, following)


def _soft_end(line: TextLine, following: TextLine) -> str:
    return JOINED if is_wide(line.words[-1]) and is_wide(following.words[0]) else SOFT
