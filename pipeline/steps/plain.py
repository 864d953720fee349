"""Write plain text as Markdown that reads the same: a .txt file is Markdown only where it shows that it is."""

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

INDENT = "a first line that is indented begins a paragraph, and is no code"
PARAGRAPH = "each line is a paragraph"
BREAK = "the line ends here on purpose: the next word would have fitted"
ESCAPE = "plain text has no Markdown: the character is shown as it is"
VERBATIM = "columns are set with spaces: the lines are kept as they are"
BLANK = "a line of ideographic spaces parts paragraphs, as an empty one does"
TRAILING = "spaces at the end of a line show nothing"

MARKDOWN = re.compile(
    r"\]\([^)\s]|^ {0,3}(?:```|~~~)|^ {0,3}\[[^\]\n]+\]:[ \t]|\*\*[^\s*]|^ {0,3}\|?[ \t]*:?-{3,}:?[ \t]*\|"
    r"|<https?://|</?(?:p|div|table|img|a|br|h[1-6]|ul|ol|li|blockquote|pre)\b[^>\n]*>"
    r"|(?:\A|\n[ \t]*\n)#{1,6}[ \t]+\S[^\n]*(?=\n[ \t]*\n|\n?\Z)|(?:\A|\n[ \t]*\n)#{2,6}[ \t]+[^#\s]",
    re.MULTILINE,
)  # what people write in Markdown and hardly ever in plain text; a heading stands alone, comments stand together
INDENTATION = " \t\N{IDEOGRAPHIC SPACE}"
NARROWEST, WIDEST = 40, 120  # columns: text is wrapped at such widths
FULL = 0.75  # of the width: a wrapped line is as long, but for long words
MOST = 0.6  # of the lines of a text, or of a block, decide what it is
_COLUMNS = re.compile(r"\S(?: {3,}|\t+)\S|[\u2500-\u257f]")
_WIDE_BLANK = re.compile(r"^[ \t]*\u3000[ \t\u3000]*$", re.MULTILINE)
_SENTENCE = re.compile(r"[.!?:;,。！？：；，…」』”’)\"'）]\s*\Z")
_STARTS = re.compile(r"(?:#{1,6}(?=[ \t]|$)|>|[-+*](?=[ \t]|$)|[-=_*]{1,}[ \t]*$|~{3,}|`{3,}|\|)")
_NUMBER = re.compile(r"\d{1,9}(?=[.)](?:[ \t]|$))")
_SPECIAL = re.compile(r"[\\`*_\[\]<~]|&(?=#?\w+;)")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the text: where it starts, its indentation, and its words without the spaces around them."""

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


_Block = Sequence[_Line]  # lines without a blank one between


def plain(document: Document) -> Document:
    r"""Write a plain text as Markdown that shows the same: `    Also, #1 is * here` -> `Also, #1 is \* here`."""
    text = document.text
    if document.path.suffix.lower() != ".txt" or FRONT_MATTER.match(text) or MARKDOWN.search(text):
        return document
    every = _blocks(text)
    width = _width(every)
    indented = sum(_begins_indented(block) for block in every) * 2 > sum(bool(block[0].indent) for block in every)
    changes = [change for block in every for change in _written(text, block, width, indented=indented)]
    changes += [Change("plain", match.span(), match[0], "", BLANK, 1.0) for match in _WIDE_BLANK.finditer(text)]
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
    """Return the width at which the text was wrapped, in columns; 0 if it was not."""
    pairs = (pair for block in every for pair in pairwise(block))
    widths = sorted(line.width for line, following in pairs if line.indent or not following.indent)
    if not widths:
        return 0
    width = widths[len(widths) * 95 // 100]
    full = sum(one for one in widths if one >= FULL * width)  # columns, not lines: a list of names says little
    return width if NARROWEST <= width <= WIDEST and full >= MOST * sum(widths) else 0


def _begins_indented(block: _Block) -> bool:
    """Tell whether the first line of a block is indented and others are not, as in a paragraph of a printed book."""
    return bool(block[0].indent) and not all(line.indent for line in block[1:])


def _written(text: str, block: _Block, width: int, *, indented: bool) -> Iterator[Change]:
    """Yield what makes Markdown of a block; `indented` says that paragraphs of this text begin with an indentation."""
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
            yield Change("plain", (at, at), "", "\n", INDENT if first.indent else PARAGRAPH, 1.0)
        yield from _paragraph(paragraph, width)


def _fenced(text: str, block: _Block) -> Iterator[Change]:
    """Yield what keeps the lines of a block as they are."""
    ticks = max(map(len, re.findall("`+", text[block[0].start : block[-1].end])), default=2)
    fence = "`" * max(3, ticks + 1)
    yield Change("plain", (block[0].start,) * 2, "", f"{fence}\n", VERBATIM, 1.0)
    yield Change("plain", (block[-1].end,) * 2, "", f"\n{fence}", VERBATIM, 1.0)


def _paragraphs(block: _Block, width: int) -> Iterator[_Block]:
    """Yield the paragraphs of a block: a line that is indented more than the one before it begins one.

    So does an indented line behind one that ends on purpose; in a text of long lines, each line does.
    """
    each = not width and sum(line.width > WIDEST for line in block) * 2 > len(block)
    begun: list[_Line] = []
    for line in block:
        deeper = bool(begun) and len(line.indent.expandtabs()) > len(begun[-1].indent.expandtabs())
        if begun and (each or deeper or (line.indent and _on_purpose(begun[-1], line, width))):
            yield begun
            begun = []
        begun.append(line)
    yield begun


def _paragraph(lines: _Block, width: int) -> Iterator[Change]:
    """Yield what makes one paragraph of lines show as it is."""
    breaks = [_on_purpose(line, following, width) for line, following in pairwise(lines)]
    special = not _is_plain([line.words for line in lines], breaks)
    for line, breaks_off in zip_longest(lines, breaks):
        if spaces := line.indent.partition("\N{IDEOGRAPHIC SPACE}")[0]:
            yield Change("plain", (line.start, line.start + len(spaces)), spaces, "", INDENT, 1.0)
        if special:
            yield from _escapes(line)
        ends = (line.end - len(line.trailing), line.end)
        if breaks_off:
            yield Change("plain", ends, line.trailing, "\\", BREAK, 1.0)
        elif line.trailing:
            yield Change("plain", ends, line.trailing, "", TRAILING, 1.0)


def _on_purpose(line: _Line, following: _Line, width: int) -> bool:
    """Tell whether a line ends where its author wanted: the first word of the next would have fitted."""
    word = following.words.partition(" ")[0]
    first = 2 if unicodedata.east_asian_width(word[0]) in "WF" else len(word)
    return line.width + 1 + first <= width * FULL if width else True


def _is_plain(lines: Sequence[str], breaks: Sequence[bool]) -> bool:
    """Tell whether Markdown reads lines, some with a break behind them, as one paragraph of just these characters."""
    text = "".join(line + "\\" * bool(ends) + "\n" for line, ends in zip_longest(lines, breaks))
    tokens = parse_blocks(text).tokens
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        return False
    shown = [token.content if token.type == "text" else "\n" for token in inline_tokens(tokens[1].content, {})]
    return "".join(shown) == "\n".join(lines)


def _escapes(line: _Line) -> Iterator[Change]:
    """Yield backslashes before what Markdown would read as a mark."""
    at = line.start + len(line.indent)
    places = {match.start() for match in _SPECIAL.finditer(line.words)}
    if _STARTS.match(line.words):
        places.add(0)
    if number := _NUMBER.match(line.words):
        places.add(number.end())
    for place in sorted(places):
        yield Change("plain", (at + place, at + place), "", "\\", ESCAPE, 1.0)


STEP = Step("plain", plain, (SAME_WORDS,))
