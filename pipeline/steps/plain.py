"""Write plain text as Markdown that looks the same, and read its title and authors."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import Literal

from pipeline.changes import Change
from pipeline.document import Document, Metadata, Step
from pipeline.invariants import SAME_WORDS
from pipeline.markdown import hard_break_after
from pipeline.steps.plain_text.chapters import ChapterLine, chapter_line, heading_levels, underlined_level
from pipeline.steps.plain_text.escapes import (
    BREAK,
    JOINED,
    SOFT,
    backslash_places,
    heading_shows_as_it_is,
    shows_as_it_is,
)
from pipeline.steps.plain_text.evidence import is_plain_file
from pipeline.steps.plain_text.layout import SENTENCE_END, TextLayout, intended_break, layout_of, line_ends, paragraphs
from pipeline.steps.plain_text.lines import WIDE_INDENTATION, TextBlock, TextLine, text_lines
from pipeline.steps.plain_text.opening import opening_of
from pipeline.steps.plain_text.parts import TextPart, text_parts

NEW_PARAGRAPH = "a paragraph of the plain text"
INDENTATION_OF_TEXT = "an indentation starts a paragraph, not code"
INDENTATION_SHOWN = "an indented line below another stays indented, as in nested items and verse"
INTENDED_BREAK = "an intended line break"
WRAPPED_LINE = "the line was wrapped; a line end would show as a space between characters"
NOT_MARKUP = "not Markdown: the character itself"
COLUMNS_KEPT = "columns and signatures: the lines stay as they are"
CHAPTER_HEADING = "the heading of a chapter"
WIDE_BLANK_LINE = "a line of wide spaces separates paragraphs, like an empty one"
TRAILING_SPACES = "invisible spaces at the end of a line"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level, and what the line below is: its title, its underline, or neither."""

    level: int
    below: Literal["", "title", "underline"] = ""


def plain_to_markdown(document: Document, *, plain_text: tuple[str, ...] = ()) -> Document:
    r"""Write plain text as Markdown: `    Also, #1 is * here` -> `Also, #1 is \* here`; read its title and authors.

    `plain_text` are the patterns of the setting of that name.
    """
    text = document.text
    if not is_plain_file(document.path, text, plain_text):
        return document
    lines = text_lines(text)
    parts = text_parts(lines)
    chapters = _chapters(parts)
    headings = chapters | _underlined_titles(parts)
    changes = [*_blank_changes(text, lines), *_separators(parts)]
    layouts = _layouts(parts, chapters)
    for part in parts:
        changes += _part_changes(text, part, layouts[part.lines[0].depth], headings)
    meta = _meta(document, lines, min(chapters, default=len(text)), headed=bool(chapters))
    return replace(document.edited(sorted(changes, key=_order)), meta=meta)


def _order(change: Change) -> tuple[int, int]:
    return change.span


def _layouts(parts: Sequence[TextPart], chapters: Collection[int]) -> dict[int, TextLayout]:
    """Return the layout of the text, and of the quotations at each depth."""
    depths = {part.lines[0].depth for part in parts}
    prose = [part.lines for part in parts if part.kind == "prose"]
    return {depth: layout_of([block for block in prose if block[0].depth == depth], chapters) for depth in depths}


def _meta(document: Document, lines: Sequence[TextLine], end: int, *, headed: bool) -> Metadata:
    """Return the metadata that the first lines have, those before `end`; a text of chapters is named by its file."""
    above = [line for line in lines if line.start < end and line.words]
    opening = opening_of(above)
    alone = above[0].words if len(above) == 1 and not SENTENCE_END.search(above[0].words) else document.path.stem
    title = opening.title or (alone if headed else "")
    meta = document.meta
    return replace(
        meta,
        title=meta.title or title,
        authors=meta.authors or opening.authors,
        date=meta.date or opening.date,
    )


def _chapters(parts: Sequence[TextPart]) -> dict[int, Heading]:
    """Return the headings of chapters, by the starts of their lines."""
    layout = layout_of([part.lines for part in parts if part.kind == "prose" and not part.lines[0].depth])
    candidates: list[tuple[int, int, ChapterLine]] = []
    titled: set[int] = set()
    at = 0
    for part in parts:
        for place, line in enumerate(part.lines):
            at += 1
            if part.kind != "prose" or line.depth or not _is_alone(part.lines, place, layout):
                continue
            if found := chapter_line(line.words, line.width - line.indent_width):
                candidates.append((line.start, at, found))
                if not found.title and found.kind != "special" and _has_title_below(part.lines, place, layout):
                    titled.add(line.start)
    levels = heading_levels(candidates)
    return {start: Heading(level, "title" if start in titled else "") for start, level in levels.items()}


def _underlined_titles(parts: Sequence[TextPart]) -> dict[int, Heading]:
    """Return the titles at the start of a block with a line of `=` or `-` of their width below, by their starts."""
    blocks = [part.lines for part in parts if part.kind == "prose" and len(part.lines) > 1]
    pairs = [block[:2] for block in blocks if not block[0].depth and not block[1].indent]
    levels = {first.start: underlined_level(first.words, second.words) for first, second in pairs}
    return {start: Heading(level, "underline") for start, level in levels.items() if level}


def _is_alone(block: TextBlock, place: int, layout: TextLayout) -> bool:
    """Return whether a line of a block is a whole paragraph, not a part of a wrapped one."""
    line = block[place]
    if layout.each:
        return True
    before = place == 0 or intended_break(block[place - 1], line, layout.width) or bool(block[place - 1].indent)
    after = place + 1 == len(block) or intended_break(line, block[place + 1], layout.width)
    return before and (after or bool(block[place + 1].indent))


def _has_title_below(block: TextBlock, place: int, layout: TextLayout) -> bool:
    """Return whether the next line, the last of the block, is the title of a chapter: `CHAPTER I`, `The Sea`."""
    if layout.each or place + 2 != len(block):
        return False
    line = block[-1]
    return (
        not line.indent
        and bool(chapter_line(f"Chapter 1. {line.words}", line.width))
        and not SENTENCE_END.search(line.words)
    )


def _blank_changes(text: str, lines: Sequence[TextLine]) -> Iterator[Change]:
    """Yield the changes that empty lines of wide spaces, which Markdown takes for text, and the last empty lines."""
    last = max((line.end for line in lines if line.words), default=0)
    rest = text[last + 1 :]
    if last and rest:
        yield Change("plain", (last + 1, len(text)), rest, "", TRAILING_SPACES)
    for line in lines:
        if line.start > last:
            break
        if not line.words and WIDE_INDENTATION & set(line.indent):
            yield Change("plain", (line.text_start, line.words_start), line.indent, "", WIDE_BLANK_LINE)


def _separators(parts: Sequence[TextPart]) -> Iterator[Change]:
    """Yield the empty lines between parts that have none: an answer is not joined to the quotation above."""
    for before, after in pairwise(parts):
        first, last = after.lines[0], before.lines[-1]
        if first.start == last.end + 1:
            mark = min((first, last), key=lambda line: line.depth).mark.rstrip()
            yield Change("plain", (first.start, first.start), "", f"{mark}\n", NEW_PARAGRAPH)


def _part_changes(text: str, part: TextPart, layout: TextLayout, headings: Mapping[int, Heading]) -> Iterator[Change]:
    """Yield the changes of a part."""
    if part.kind in {"columns", "signature"}:
        yield from _fence_changes(text, part.lines)
    elif part.kind == "header":
        ends = [SOFT if following.indent else BREAK for following in part.lines[1:]]
        yield from _paragraph_changes(part.lines, ends)
    else:
        for paragraph in paragraphs(
            part.lines, layout, {start: 1 + bool(one.below) for start, one in headings.items()}
        ):
            first = paragraph[0]
            if first is not part.lines[0]:
                mark = first.mark.rstrip()
                yield Change("plain", (first.start, first.start), "", f"{mark}\n", NEW_PARAGRAPH)
            if first.start in headings:
                yield from _chapter_heading_changes(paragraph, headings[first.start])
            else:
                yield from _paragraph_changes(paragraph, line_ends(paragraph, layout.width))


def _fence_changes(text: str, block: TextBlock) -> Iterator[Change]:
    """Yield the changes that make a block fenced code."""
    first, last = block[0], block[-1]
    ticks = max(map(len, re.findall("`+", text[first.start : last.end])), default=2)
    fence = "`" * max(3, ticks + 1)
    mark = f"{first.mark.rstrip()} " if first.mark else ""
    yield Change("plain", (first.start, first.start), "", f"{mark}{fence}\n", COLUMNS_KEPT)
    yield Change("plain", (last.end, last.end), "", f"\n{mark}{fence}", COLUMNS_KEPT)


def _chapter_heading_changes(lines: TextBlock, heading: Heading) -> Iterator[Change]:
    """Yield the changes that make a line a heading. The line below is its title, or goes as its underline."""
    first, last = lines[0], lines[-1]
    yield Change(
        "plain", (first.text_start, first.words_start), first.indent, "#" * heading.level + " ", CHAPTER_HEADING
    )
    shown = lines[:1] if heading.below == "underline" else lines
    special = not heading_shows_as_it_is(" ".join(line.words for line in shown))
    for line in shown if special else ():
        yield from _backslash_changes(line)
    end = first.end - len(first.trailing)
    if heading.below == "title":
        between = first.trailing + "\n" + last.mark + last.indent
        yield Change("plain", (end, last.words_start), between, " ", CHAPTER_HEADING)
        end = last.end - len(last.trailing)
    underline = f"{first.trailing}\n{last.indent}{last.words}" if heading.below == "underline" else ""
    rest = underline + last.trailing
    if rest:
        yield Change("plain", (end, last.end), rest, "", CHAPTER_HEADING if heading.below else TRAILING_SPACES)


def _paragraph_changes(lines: TextBlock, ends: Sequence[str]) -> Iterator[Change]:
    """Yield the changes that make one paragraph of lines look as it does in plain text."""
    special = not shows_as_it_is([line.words for line in lines], ends)
    before: str | None = None  # the end of the line before
    for line, following, end in zip_longest(lines, lines[1:], ends):
        deeper = line.indent_width - lines[0].indent_width if before == BREAK else 0
        if deeper > 0:
            shown = "\N{NO-BREAK SPACE}" * deeper
            yield Change("plain", (line.text_start, line.words_start), line.indent, shown, INDENTATION_SHOWN)
        elif line.indent and before != JOINED:
            yield Change("plain", (line.text_start, line.words_start), line.indent, "", INDENTATION_OF_TEXT)
        if special:
            yield from _backslash_changes(line)
        before = end
        span = line.end - len(line.trailing), line.end
        if end == JOINED:
            between = f"{line.trailing}\n{following.mark}{following.indent}"
            yield Change("plain", (span[0], following.words_start), between, "", WRAPPED_LINE)
        elif end == BREAK:
            yield Change("plain", span, line.trailing, hard_break_after(line.words), INTENDED_BREAK)
        elif line.trailing:
            yield Change("plain", span, line.trailing, "", TRAILING_SPACES)


def _backslash_changes(line: TextLine) -> Iterator[Change]:
    """Yield backslashes before characters that Markdown would read as markup."""
    for place in backslash_places(line.words):
        at = line.words_start + place
        yield Change("plain", (at, at), "", "\\", NOT_MARKUP)


STEP = Step("plain", plain_to_markdown, (SAME_WORDS,), version=8)
