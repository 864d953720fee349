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

INDENT = "an indented first line starts a paragraph, not code"
PARAGRAPH = "each line is a paragraph"
BREAK = "an intended line break: the next word would have fitted"
ESCAPE = "not Markdown: the character itself"
VERBATIM = "columns set with spaces: the lines stay as they are"
BLANK = "a line of ideographic spaces separates paragraphs, like an empty one"
TRAILING = "invisible spaces at the end of a line"

MARKDOWN = re.compile(
    r"\]\([^)\s]|^ {0,3}(?:```|~~~)|^ {0,3}\[[^\]\n]+\]:[ \t]|\*\*[^\s*]|^ {0,3}\|?[ \t]*:?-{3,}:?[ \t]*\|"
    r"|<https?://|</?(?:p|div|table|img|a|br|h[1-6]|ul|ol|li|blockquote|pre)\b[^>\n]*>"
    r"|(?:\A|\n[ \t]*\n)#{1,6}[ \t]+\S[^\n]*(?=\n[ \t]*\n|\n?\Z)|(?:\A|\n[ \t]*\n)#{2,6}[ \t]+[^#\s]",
    re.MULTILINE,
)  # rare in plain text; a heading is a paragraph of its own, comment lines follow one another
INDENTATION = " \t\N{IDEOGRAPHIC SPACE}"
NARROWEST, WIDEST = 40, 120  # columns; wrapped text has such widths
FULL = 0.75  # of the width: the least length of a wrapped line; the next word did not fit
MOST = 0.6  # of the lines; so many decide what a text or a block is
_COLUMNS = re.compile(r"\S(?: {3,}|\t+)\S|[\u2500-\u257f]")
_WIDE_BLANK = re.compile(r"^[ \t]*\u3000[ \t\u3000]*$", re.MULTILINE)
_SENTENCE = re.compile(r"[.!?:;,。！？：；，…」』”’)\"'）]\s*\Z")
_STARTS = re.compile(r"(?:#{1,6}(?=[ \t]|$)|>|[-+*](?=[ \t]|$)|[-=_*]{1,}[ \t]*$|~{3,}|`{3,}|\|)")
_NUMBER = re.compile(r"\d{1,9}(?=[.)](?:[ \t]|$))")
_SPECIAL = re.compile(r"[\\`*_\[\]<~]|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True)
class _Line:
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


_Block = Sequence[_Line]  # consecutive lines that are not blank


def plain(document: Document) -> Document:
    r"""Write the plain text of a .txt file as Markdown: `    Also, #1 is * here` -> `Also, #1 is \* here`."""
    text = document.text
    if document.path.suffix.lower() != ".txt" or FRONT_MATTER.match(text) or MARKDOWN.search(text):
        return document
    every = _blocks(text)
    width = _width(every)
    indented = sum(_begins_indented(block) for block in every) * 2 > sum(bool(block[0].indent) for block in every)
    changes = [change for block in every for change in _written(text, block, width, indented=indented)]
    changes += [Change("plain", match.span(), match[0], "", BLANK) for match in _WIDE_BLANK.finditer(text)]
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _blocks(text: str) -> list[_Block]:
    lines, start = [], 0
    for line in text.split("\n"):
        words = line.lstrip(INDENTATION)
        indent, words = line[: len(line) - len(words)], words.rstrip(" \t")
        lines.append(_Line(start, indent, words, line[len(indent) + len(words) :]))
        start += len(line) + 1
    return [tuple(group) for blank, group in groupby(lines, lambda line: not line.words) if not blank]


def _width(every: Sequence[_Block]) -> int:
    """Return the width at which the text is wrapped, in columns; 0 if it is not."""
    pairs = (pair for block in every for pair in pairwise(block))
    widths = sorted(line.width for line, following in pairs if line.indent or not following.indent)
    if not widths:
        return 0
    width = widths[len(widths) * 95 // 100]
    full = sum(one for one in widths if one >= FULL * width)  # sum of columns, so that a list of names weighs little
    return width if NARROWEST <= width <= WIDEST and full >= MOST * sum(widths) else 0


def _begins_indented(block: _Block) -> bool:
    """Tell whether the first line of a block is indented, and not all others, as in a printed book."""
    return bool(block[0].indent) and not all(line.indent for line in block[1:])


def _written(text: str, block: _Block, width: int, *, indented: bool) -> Iterator[Change]:
    """Yield the changes of a block; `indented`: paragraphs of this text start with an indentation."""
    if len(block) > 1 and sum(bool(_COLUMNS.search(line.words)) for line in block) >= MOST * len(block):
        yield from _fenced(text, block)
        return
    prose = indented or any("\N{IDEOGRAPHIC SPACE}" in line.indent for line in block) or not block[0].indent
    if not prose and sum(bool(_SENTENCE.search(line.words)) for line in block) < MOST * len(block):
        yield from _fenced(text, block)
        return
    for paragraph in _paragraphs(block, width):
        first = paragraph[0]
        if first is not block[0]:
            at = first.start
            yield Change("plain", (at, at), "", "\n", INDENT if first.indent else PARAGRAPH)
        yield from _paragraph(paragraph, width)


def _fenced(text: str, block: _Block) -> Iterator[Change]:
    """Yield the changes that make a block fenced code."""
    ticks = max(map(len, re.findall("`+", text[block[0].start : block[-1].end])), default=2)
    fence = "`" * max(3, ticks + 1)
    yield Change("plain", (block[0].start,) * 2, "", f"{fence}\n", VERBATIM)
    yield Change("plain", (block[-1].end,) * 2, "", f"\n{fence}", VERBATIM)


def _paragraphs(block: _Block, width: int) -> Iterator[_Block]:
    """Yield the paragraphs of a block: a line that is indented more than the one before starts a paragraph.

    An indented line after an intended line break also does. In a block of long lines, each line is a paragraph.
    """
    each = not width and sum(line.width > WIDEST for line in block) * 2 > len(block)
    paragraph: list[_Line] = []
    for line in block:
        deeper = bool(paragraph) and len(line.indent.expandtabs()) > len(paragraph[-1].indent.expandtabs())
        if paragraph and (each or deeper or (line.indent and _intended_break(paragraph[-1], line, width))):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _paragraph(lines: _Block, width: int) -> Iterator[Change]:
    """Yield the changes that make one paragraph of lines look as it does in plain text."""
    breaks = [_intended_break(line, following, width) for line, following in pairwise(lines)]
    special = not _is_plain([line.words for line in lines], breaks)
    for line, break_after in zip_longest(lines, breaks):
        if spaces := line.indent.partition("\N{IDEOGRAPHIC SPACE}")[0]:
            yield Change("plain", (line.start, line.start + len(spaces)), spaces, "", INDENT)
        if special:
            yield from _escapes(line)
        ends = (line.end - len(line.trailing), line.end)
        if break_after:
            yield Change("plain", ends, line.trailing, "\\", BREAK)
        elif line.trailing:
            yield Change("plain", ends, line.trailing, "", TRAILING)


def _intended_break(line: _Line, following: _Line, width: int) -> bool:
    """Tell whether the author ended the line: the first word of the next line would have fitted."""
    word = following.words.partition(" ")[0]
    first = 2 if unicodedata.east_asian_width(word[0]) in "WF" else len(word)
    return line.width + 1 + first <= width * FULL if width else True


def _is_plain(lines: Sequence[str], breaks: Sequence[bool]) -> bool:
    """Tell whether Markdown shows the lines, some with a break after them, as one paragraph of these characters."""
    text = "".join(line + "\\" * bool(ends) + "\n" for line, ends in zip_longest(lines, breaks))
    tokens = parse_blocks(text).tokens
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        return False
    shown = [token.content if token.type == "text" else "\n" for token in inline_tokens(tokens[1].content, {})]
    return "".join(shown) == "\n".join(lines)


def _escapes(line: _Line) -> Iterator[Change]:
    """Yield backslashes before characters that Markdown would read as markup."""
    at = line.start + len(line.indent)
    places = {match.start() for match in _SPECIAL.finditer(line.words)}
    if _STARTS.match(line.words):
        places.add(0)
    if number := _NUMBER.match(line.words):
        places.add(number.end())
    for place in sorted(places):
        yield Change("plain", (at + place, at + place), "", "\\", ESCAPE)


STEP = Step("plain", plain, (SAME_WORDS,), version=2)
