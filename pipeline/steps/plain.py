"""Write the plain text of .txt files as Markdown that looks the same, unless the text is Markdown already."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_WORDS
from pipeline.markdown.parsing import FRONT_MATTER, inline_tokens, parse_blocks

INDENTED_PARAGRAPH = "an indented first line starts a paragraph, not code"
LINE_PARAGRAPH = "each line is a paragraph"
INTENDED_BREAK = "an intended line break: the next word would have fitted"
NOT_MARKUP = "not Markdown: the character itself"
COLUMNS_KEPT = "columns set with spaces: the lines stay as they are"
IDEOGRAPHIC_BLANK_LINE = "a line of ideographic spaces separates paragraphs, like an empty one"
TRAILING_SPACES = "invisible spaces at the end of a line"

MARKDOWN_SIGNS = re.compile(
    r"\]\([^)\s]|^ {0,3}(?:```|~~~)|^ {0,3}\[[^\]\n]+\]:[ \t]|\*\*[^\s*]|^ {0,3}\|?[ \t]*:?-{3,}:?[ \t]*\|"
    r"|<https?://|</?(?:p|div|table|img|a|br|h[1-6]|ul|ol|li|blockquote|pre)\b[^>\n]*>"
    r"|(?:\A|\n[ \t]*\n)#{1,6}[ \t]+\S[^\n]*(?=\n[ \t]*\n|\n?\Z)|(?:\A|\n[ \t]*\n)#{2,6}[ \t]+[^#\s]",
    re.MULTILINE,
)  # rare in plain text; a heading is a paragraph of its own, comment lines follow one another
INDENTATION = " \t\N{IDEOGRAPHIC SPACE}"
LEAST_WRAP_WIDTH, MOST_WRAP_WIDTH = 40, 120  # columns; wrapped text has such widths
LEAST_FILLED_WIDTH = 0.75  # of the width: the least length of a wrapped line; the next word did not fit
MAJORITY_OF_LINES = 0.6  # of the lines; so many decide what a text or a block is
_COLUMN_GAP = re.compile(r"\S(?: {3,}|\t+)\S|[\u2500-\u257f]")
_WIDE_BLANK = re.compile(r"^[ \t]*\u3000[ \t\u3000]*$", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?:;,。！？：；，…」』”’)\"'）]\s*\Z")
_BLOCK_START = re.compile(r"(?:#{1,6}(?=[ \t]|$)|>|[-+*](?=[ \t]|$)|[-=_*]{1,}[ \t]*$|~{3,}|`{3,}|\|)")
_LIST_NUMBER = re.compile(r"\d{1,9}(?=[.)](?:[ \t]|$))")
_MARKUP_CHARACTER = re.compile(r"[\\`*_\[\]<~]|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True)
class _PlainLine:
    """A line of the text: its offset, its indentation, its words, and the spaces after them."""

    start: int
    indent: str
    words: str
    trailing: str

    @property
    def end(self) -> int:
        return self.start + len(self.indent) + len(self.words) + len(self.trailing)

    @property
    def width(self) -> int:
        return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in self.indent + self.words)


_LineBlock = Sequence[_PlainLine]  # consecutive lines that are not blank


def plain_to_markdown(document: Document) -> Document:
    r"""Write the plain text of a .txt file as Markdown: `    Also, #1 is * here` -> `Also, #1 is \* here`."""
    text = document.text
    if document.path.suffix.lower() != ".txt" or FRONT_MATTER.match(text) or MARKDOWN_SIGNS.search(text):
        return document
    every = _line_blocks(text)
    width = _wrap_width(every)
    indented = sum(_begins_indented(block) for block in every) * 2 > sum(bool(block[0].indent) for block in every)
    changes = [change for block in every for change in _block_changes(text, block, width, indented=indented)]
    changes += [
        Change("plain", match.span(), match[0], "", IDEOGRAPHIC_BLANK_LINE) for match in _WIDE_BLANK.finditer(text)
    ]
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _line_blocks(text: str) -> list[_LineBlock]:
    lines, start = [], 0
    for line in text.split("\n"):
        words = line.lstrip(INDENTATION)
        indent, words = line[: len(line) - len(words)], words.rstrip(" \t")
        lines.append(_PlainLine(start, indent, words, line[len(indent) + len(words) :]))
        start += len(line) + 1
    return [tuple(group) for blank, group in groupby(lines, lambda line: not line.words) if not blank]


def _wrap_width(every: Sequence[_LineBlock]) -> int:
    """Return the width at which the text is wrapped, in columns; 0 if it is not."""
    pairs = (pair for block in every for pair in pairwise(block))
    widths = sorted(line.width for line, following in pairs if line.indent or not following.indent)
    if not widths:
        return 0
    width = widths[len(widths) * 95 // 100]
    full = sum(
        one for one in widths if one >= LEAST_FILLED_WIDTH * width
    )  # sum of columns, so that a list of names weighs little
    return width if LEAST_WRAP_WIDTH <= width <= MOST_WRAP_WIDTH and full >= MAJORITY_OF_LINES * sum(widths) else 0


def _begins_indented(block: _LineBlock) -> bool:
    """Tell whether the first line of a block is indented, and not all others, as in a printed book."""
    return bool(block[0].indent) and not all(line.indent for line in block[1:])


def _block_changes(text: str, block: _LineBlock, width: int, *, indented: bool) -> Iterator[Change]:
    """Yield the changes of a block; `indented`: paragraphs of this text start with an indentation."""
    if len(block) > 1 and sum(bool(_COLUMN_GAP.search(line.words)) for line in block) >= MAJORITY_OF_LINES * len(block):
        yield from _fence_changes(text, block)
        return
    prose = indented or any("\N{IDEOGRAPHIC SPACE}" in line.indent for line in block) or not block[0].indent
    if not prose and sum(bool(_SENTENCE_END.search(line.words)) for line in block) < MAJORITY_OF_LINES * len(block):
        yield from _fence_changes(text, block)
        return
    for paragraph in _paragraphs(block, width):
        first = paragraph[0]
        if first is not block[0]:
            at = first.start
            yield Change("plain", (at, at), "", "\n", INDENTED_PARAGRAPH if first.indent else LINE_PARAGRAPH)
        yield from _paragraph_changes(paragraph, width)


def _fence_changes(text: str, block: _LineBlock) -> Iterator[Change]:
    """Yield the changes that make a block fenced code."""
    ticks = max(map(len, re.findall("`+", text[block[0].start : block[-1].end])), default=2)
    fence = "`" * max(3, ticks + 1)
    yield Change("plain", (block[0].start,) * 2, "", f"{fence}\n", COLUMNS_KEPT)
    yield Change("plain", (block[-1].end,) * 2, "", f"\n{fence}", COLUMNS_KEPT)


def _paragraphs(block: _LineBlock, width: int) -> Iterator[_LineBlock]:
    """Yield the paragraphs of a block: a line that is indented more than the one before starts a paragraph.

    An indented line after an intended line break also does. In a block of long lines, each line is a paragraph.
    """
    each = not width and sum(line.width > MOST_WRAP_WIDTH for line in block) * 2 > len(block)
    paragraph: list[_PlainLine] = []
    for line in block:
        deeper = bool(paragraph) and len(line.indent.expandtabs()) > len(paragraph[-1].indent.expandtabs())
        if paragraph and (each or deeper or (line.indent and _intended_break(paragraph[-1], line, width))):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _paragraph_changes(lines: _LineBlock, width: int) -> Iterator[Change]:
    """Yield the changes that make one paragraph of lines look as it does in plain text."""
    breaks = [_intended_break(line, following, width) for line, following in pairwise(lines)]
    special = not _is_plain([line.words for line in lines], breaks)
    for line, break_after in zip_longest(lines, breaks):
        if spaces := line.indent.partition("\N{IDEOGRAPHIC SPACE}")[0]:
            yield Change("plain", (line.start, line.start + len(spaces)), spaces, "", INDENTED_PARAGRAPH)
        if special:
            yield from _backslashes(line)
        ends = (line.end - len(line.trailing), line.end)
        if break_after:
            yield Change("plain", ends, line.trailing, "\\", INTENDED_BREAK)
        elif line.trailing:
            yield Change("plain", ends, line.trailing, "", TRAILING_SPACES)


def _intended_break(line: _PlainLine, following: _PlainLine, width: int) -> bool:
    """Tell whether the author ended the line: the first word of the next line would have fitted."""
    word = following.words.partition(" ")[0]
    first = 2 if unicodedata.east_asian_width(word[0]) in "WF" else len(word)
    return line.width + 1 + first <= width * LEAST_FILLED_WIDTH if width else True


def _is_plain(lines: Sequence[str], breaks: Sequence[bool]) -> bool:
    """Tell whether Markdown shows the lines, some with a break after them, as one paragraph of these characters."""
    text = "".join(line + "\\" * bool(ends) + "\n" for line, ends in zip_longest(lines, breaks))
    tokens = parse_blocks(text).tokens
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        return False
    shown = [token.content if token.type == "text" else "\n" for token in inline_tokens(tokens[1].content, {})]
    return "".join(shown) == "\n".join(lines)


def _backslashes(line: _PlainLine) -> Iterator[Change]:
    """Yield backslashes before characters that Markdown would read as markup."""
    at = line.start + len(line.indent)
    places = {match.start() for match in _MARKUP_CHARACTER.finditer(line.words)}
    if _BLOCK_START.match(line.words):
        places.add(0)
    if number := _LIST_NUMBER.match(line.words):
        places.add(number.end())
    for place in sorted(places):
        yield Change("plain", (at + place, at + place), "", "\\", NOT_MARKUP)


STEP = Step("plain", plain_to_markdown, (SAME_WORDS,), version=2)
