"""Separate an answer from the quotation above it, and a signature from the text above it, as in mail and Usenet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.changes import Change, repeated
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import (
    LINE_END,
    BlockGroup,
    groups_with,
    line_starts,
    matches_outside_opaque,
    overlaps_opaque,
)
from pipeline.steps.plain_text.mail import ATTRIBUTION, QUOTED_QUESTION_END, header_length

ANSWER = "an answer below a quotation; without a blank line it would be a part of the quotation"
SIGNATURE = "a signature below `-- `; without a blank line the text above it would be a heading"
SIGNATURE_LINE = "the lines of a signature stay lines"
MOST_LINES_OF_SIGNATURE = 8
FEWEST_ANSWERS = 2  # below single quoted sentences; one may be the rest of a note, `> Note: it rains.` ↵ `It is cold.`
MOST_LINES_OF_HEADER = 40
LEAST_QUOTED_LINES = 2  # lines with their own mark: the author marks each line
LEAST_LEVEL_OF_QUOTED = 2  # of inline tokens: the quotation and its paragraph are around them
_MAY_BE_ANSWERED = re.compile(  # a quick pre-filter, with a line end before
    r"\n[ ]{0,3}>(?:[^\n]*\n[ ]{0,3}[^\s>]|[ ]?>)"
)
_ANSWERED_SENTENCE = re.compile(  # a quoted line that ends a sentence, but no note with a label; a line without a mark
    r"\n[ ]{0,3}>[ ]?(?!(?:[*_]{1,2})?(?:\[!)?[\w ]{1,20}(?:[*_]{1,2})?[:：\]])"
    r"[^\n]*[.!?:…。！？：][\"'”’」』)）*_]*[ ]*\n(?=[ ]{0,3}[^\s>])"
)
_SHORT_ANSWER = re.compile(  # the same, where the line without a mark, and no reference to a note, ends the paragraph
    _ANSWERED_SENTENCE.pattern + r"[ ]{0,3}(?!\[\^)[^\n]+(?=\n[ \t]*(?:[\n>]|\Z)|\Z)"
)
_QUOTATION_MARKS = re.compile(r"[ ]{0,3}(?:>[ ]?)*")
_ENDS_PARAGRAPH = re.compile(r"[ ]{0,3}(?:`{3}|~{3}|#{1,6}[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])")  # the line above it
_SIGNATURE = re.compile(r"^-- $(?=\n[ ]{0,3}\S)", re.MULTILINE)


def quotations(document: Document) -> Document:
    """Put a blank line between a quotation and the answer below it, and above a signature: `> Why?` ↵ `Because.`."""
    changes = repeated(document.text, _quotation_changes)
    return document.edited(changes) if changes else document


def _quotation_changes(text: str) -> Iterator[Change]:
    if "\n-- \n" in text:
        yield from _signature(text)
    if ">" in text:
        is_mail = header_length(text.split("\n", MOST_LINES_OF_HEADER)) > 0
        answered, short = (len(sign.findall(f"\n{text}")) for sign in (_ANSWERED_SENTENCE, _SHORT_ANSWER))
        replied = is_mail or answered == short >= FEWEST_ANSWERS  # longer ones go on: only their first line has a mark
        for group in groups_with(_MAY_BE_ANSWERED, text):
            yield from _answers(group, text[: group.start], replied=replied)


def _answers(group: BlockGroup, before: str, *, replied: bool) -> Iterator[Change]:
    """Yield the blank lines before answers: lines of a quoted paragraph with fewer marks than the line above.

    `replied` says that the text is a mail, or has several sentences, each quoted in a line, with an answer of a line.
    """
    lines = LINE_END.split(group.text)
    starts = line_starts(group.text)
    for token in group.blocks.tokens:
        if token.type != "inline" or token.map is None or token.level < LEAST_LEVEL_OF_QUOTED:
            continue
        first, last = token.map[0], min(token.map[1], len(lines))
        for at in range(first + 1, last):
            depth, above = _depth(lines[at]), _depth(lines[at - 1])
            place = group.start + starts[at]
            if (
                depth >= above
                or _same_quotation(lines[at - 1], lines[at])
                or overlaps_opaque(group.text, (starts[at] - 1, starts[at]))
            ):
                continue
            sentence = replied and _ANSWERED_SENTENCE.match(f"\n{lines[at - 1]}\n{lines[at]}")
            answered = sentence or _is_answer(lines[first:at], lines[:first], before)
            if answered or (depth and _from_mail(lines[first:last])):
                yield Change("quotations", (place, place), "", ">" * depth + "\n", ANSWER)


def _same_quotation(quoted: str, line: str) -> bool:
    """Return whether a line is no answer: the quoted line ends with a hard break, or `:::` closes a container."""
    return quoted.endswith(("\\", "  ")) or line.lstrip().startswith(":::")


def _from_mail(lines: Sequence[str]) -> bool:
    """Return whether a blank follows the marks of every line that has any, as mail programs write them."""
    return all(not marks or marks[0][-1:] in {"", " "} for marks in map(_QUOTATION_MARKS.match, lines))


def _is_answer(quoted: Sequence[str], above: Sequence[str], before: str) -> bool:
    """Return whether a line below quoted lines is an answer, and not a part of them without its mark."""
    attribution = next((line for line in reversed(above) if line.strip()), before.rstrip().rsplit("\n", 1)[-1])
    marked = sum(_depth(line) > 0 for line in quoted)
    return (
        marked >= LEAST_QUOTED_LINES
        or bool(QUOTED_QUESTION_END.search(quoted[-1]))
        or bool(ATTRIBUTION.search(attribution))
    )


def _depth(line: str) -> int:
    """Return the number of marks at the start of a line: `> > a` -> 2."""
    marks = _QUOTATION_MARKS.match(line)
    return marks[0].count(">") if marks else 0


def _signature(text: str) -> Iterator[Change]:
    """Yield the changes that make a paragraph of the signature at the end of a text, each of its lines a line."""
    for match in matches_outside_opaque(_SIGNATURE, text):
        lines = text[match.end() :].strip("\n").split("\n")
        if len(lines) > MOST_LINES_OF_SIGNATURE or not all(line.strip() for line in lines):
            continue
        if text[: match.start()].rstrip(" \t")[-2:].strip("\n"):
            yield Change("quotations", (match.start(), match.start()), "", "\n", SIGNATURE)
        at = match.end()
        for line in lines:
            ends = text[:at].endswith(("\\", "  ")) or _ENDS_PARAGRAPH.match(line)
            if not ends and not overlaps_opaque(text, (at, at + 1)):
                yield Change("quotations", (at, at), "", "\\", SIGNATURE_LINE)
            at += len(line) + 1


STEP = Step("quotations", quotations, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS), version=6)
