"""Fix emphasis markers that CommonMark does not pair, mostly next to CJK text: `**标签:**字` -> `**标签**:字`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from pipeline.changes import Change, repeated
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import InlineContent, inline_contents, inline_tokens, literal_marks
from pipeline.markdown.emphasis_edits import (
    EMPTY_EMPHASIS,
    InlineEdit,
    punctuation_moves,
    runs_between_emphasis,
    strong_tags,
)
from pipeline.markdown.emphasis_runs import (
    ASTERISKS,
    STRONG_ASTERISKS,
    AsteriskRun,
    is_blank,
    paired_runs,
)
from pipeline.patterns import lazy_pattern
from pipeline.steps.profiles import profile_of

CASELESS = lazy_pattern(  # letters of scripts without capitals, CJK and Hebrew to Mongolian: names in code have none
    "[\u05d0-\u109f\u1100-\u137f\u1780-\u18af\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
MOST_TRIED_CHARACTERS = 300_000  # a paragraph's characters times the edits to try one by one; each try parses it
MOST_BLOCKS = 6  # that one emphasis may span; markers farther apart are not a pair

SPANS_BLOCKS = "emphasis ends with its block; markers added in each block"
FOOTNOTE_ASTERISK = "footnote asterisks after names in an emphasized list: escaped, so that the outer markers pair"
SPACE_BEFORE_COLON = "no space between a label and its colon"

_PAIR = (  # markers with letters on their inner side, or a space on their outer side: these always pair
    r"(\*(?:(?<![\w\\*]\*)|(?<![\\*]\*)(?=\*{0,2}[^\W_]))\*{0,2})(?=[^\s*])"
    r"%s*?[^\s*\\]\1(?!\*)(?:(?!\w)|(?<=[^\W_]\*)|(?<=[^\W_]\*\*))"
)
_ALWAYS_PAIRS = lazy_pattern(_PAIR % "[^*]")
_ALWAYS_PAIRS_IN_LINE = lazy_pattern(_PAIR % r"[^*\n]")
_REMAINING_ASTERISK = lazy_pattern(
    r"^[ \t>]*+(?:\* )?+[^*\n]*+\*", re.MULTILINE
)  # an asterisk, not counting the marker of a list item
_WHOLE_LINK = lazy_pattern(r"\[[^\[\]]+\]\([^()\s]+\)")
_SEPARATORS = "、，,;；"
_FOOTNOTES = lazy_pattern(
    rf"(?<![\w*\\])\*(?=[^\s*])(?:[^*\n|]*\w\*(?=[{_SEPARATORS}]))+[^*\n|]*[^*\s]\*(?=\s|$|\|)", re.MULTILINE
)
_SPACED_COLON = lazy_pattern(r"\*\*(?<![^\n]\*\*)[^*\n]+\*\*( +)[:：]")  # at the start of a line


def emphasis(document: Document) -> Document:
    """Fix `**` markers that CommonMark ignores next to CJK text: `**标签:**字` -> `**标签**:字`."""
    text = document.text
    if not _doubtful(text, _ALWAYS_PAIRS_IN_LINE) or not CASELESS.search(text):
        return document
    footnotes = profile_of(document.meta).footnote_asterisks
    return document.edited(repeated(text, partial(_emphasis_changes, footnotes=footnotes)))


def _emphasis_changes(text: str, *, footnotes: bool) -> Iterator[Change]:
    edits: list[tuple[InlineContent, InlineEdit]] = []
    lone: list[tuple[InlineContent, AsteriskRun]] = []
    worth = inline_contents(text, lambda part: part.count("*") > 1 and _doubtful(part, _ALWAYS_PAIRS_IN_LINE))
    for found in worth:
        fixes, runs = _fixes_and_lone_runs(found.known or found, footnotes=footnotes)
        if fixes or runs:
            inline = _without_opaque_marks(found)
            edits += [(inline, edit) for edit in fixes]
            lone += [(inline, run) for run in runs]
    return (_emphasis_change(*edit) for edit in (*edits, *_spanning(text, lone)))


@lru_cache(maxsize=128)  # contents, wherever they are; the second pass asks for the same ones
def _fixes_and_lone_runs(
    found: InlineContent, *, footnotes: bool
) -> tuple[Sequence[InlineEdit], Sequence[AsteriskRun]]:
    """Return the edits in one inline content, and the runs of two asterisks in a paragraph that have no partner."""
    inline = _without_opaque_marks(found)
    if not _doubtful(inline.content, _ALWAYS_PAIRS):
        return (), ()
    pairs, single = paired_runs(inline.content, literal_marks(inline.content))
    notes = list(_footnotes(inline.content)) if footnotes else []
    lone = [run for run in single if run.size == STRONG_ASTERISKS and inline.kind == "paragraph"]
    return notes or _fixes(inline, pairs), lone


def _without_opaque_marks(inline: InlineContent) -> InlineContent:
    """Return inline content with letters for the marks in its opaque regions, which are not emphasis."""
    return replace(inline, content=inline.masked) if inline.opaque else inline


def _emphasis_change(inline: InlineContent, edit: InlineEdit) -> Change:
    start, before = inline.at(edit.start), inline.content[edit.start : edit.end]
    return Change("emphasis", (start, start + len(before)), before, edit.after, edit.reason)


def _doubtful(text: str, always_pairs: re.Pattern[str]) -> bool:
    """Return whether asterisks remain that are neither a pair for certain nor list markers. May be wrongly true."""
    bare = always_pairs.sub("", text) if "*" in text else ""
    left = "*" in bare and _REMAINING_ASTERISK.search(bare)
    return bool(left or _SPACED_COLON.search(text))


def _fixes(inline: InlineContent, pairs: Sequence[tuple[AsteriskRun, AsteriskRun]]) -> list[InlineEdit]:
    """Return the edits that make fewer asterisks visible, and change nothing else that is visible.

    For each pair, punctuation moves outside, else the markers become HTML tags. All edits are tried, then each one.
    """
    content, env = inline.content, inline.env
    kept = [InlineEdit(*match.span(1), "", SPACE_BEFORE_COLON) for match in _SPACED_COLON.finditer(content)]
    options = [
        (_allowed(inline, punctuation_moves(content, *pair)), strong_tags(*pair))
        for pair in pairs
        if _intended(content, *pair)
    ]
    every = kept + [edit for moves, tags in options for edit in (moves or tags)]
    every += runs_between_emphasis(content)
    if every == kept or not (shown := _visible_and_asterisks(content, env))[1]:
        return kept
    now = _visible_and_asterisks(_edited(content, every), env)
    if now[0] == shown[0] and now[1] == 0:
        return every
    candidates = [edits for moves_and_tags in options for edits in moves_and_tags if edits]
    candidates += [[edit] for edit in every if edit.reason == EMPTY_EMPHASIS]
    if len(candidates) * len(content) > MOST_TRIED_CHARACTERS:
        return kept
    for edits in candidates:
        if any(one.start < other.end and other.start < one.end for one in edits for other in kept):
            continue
        now = _visible_and_asterisks(_edited(content, [*kept, *edits]), env)
        if now[0] == shown[0] and now[1] < shown[1]:
            kept, shown = [*kept, *edits], now
    return kept


def _allowed(inline: InlineContent, moves: Iterable[InlineEdit]) -> list[InlineEdit]:
    """Return the edits; none if one of them is in an opaque region, or over a line end."""
    edits = list(moves)
    lines = ("\n" in inline.content[edit.start : edit.end] for edit in edits)
    return [] if any(lines) or any(inline.edits_opaque(edit.start, edit.end) for edit in edits) else edits


def _footnotes(content: str) -> Iterator[InlineEdit]:
    r"""Yield the escapes of footnote asterisks: `*施密特*、施耐德*、亨宁*` -> `*施密特\*、施耐德\*、亨宁*`."""
    for match in _FOOTNOTES.finditer(content):
        for run in ASTERISKS.finditer(content, match.start() + 1, match.end() - 1):
            yield InlineEdit(*run.span(), "\\*", FOOTNOTE_ASTERISK)


def _edited(content: str, edits: Iterable[InlineEdit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        content = content[: edit.start] + edit.after + content[edit.end :]
    return content


def _visible_and_asterisks(content: str, env: dict[str, Any]) -> tuple[list[str], int]:
    """Return the visible text without asterisks and spaces, split at code and URLs; and the number of asterisks."""
    parts = [""]
    stars = 0
    waiting = list(reversed(inline_tokens(content, env)))
    while waiting:
        token = waiting.pop()
        if token.type == "text":
            stars += token.content.count("*")
            parts[-1] += "".join(token.content.replace("*", "").split())
        elif token.type in {"code_inline", "link_open", "image"}:
            parts += [token.type, token.content, str(token.attrs.get("href", token.attrs.get("src", ""))), ""]
        elif token.type == "html_inline" and token.content not in {"<strong>", "</strong>", "<em>", "</em>"}:
            parts += [token.content, ""]
    return parts, stars


def _intended(content: str, opener: AsteriskRun, closer: AsteriskRun) -> bool:
    """Return whether markers are meant as emphasis: not a product (2**3), not a pointer (**argv)."""
    before, inner = content[opener.start - 1 : opener.start], content[opener.end : closer.start]
    nothing = not any(char.isalnum() for char in inner) and CASELESS.match(before)
    letters = CASELESS.search(inner) or CASELESS.search(content, closer.end, closer.end + 2) or nothing
    return bool(letters or _WHOLE_LINK.fullmatch(inner)) and not (_ascii_letter(before) and _ascii_letter(inner[:1]))


def _ascii_letter(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _spanning(text: str, lone: list[tuple[InlineContent, AsteriskRun]]) -> Iterator[tuple[InlineContent, InlineEdit]]:
    """Yield the edits for strong text that spans several paragraphs: markers in each of them."""
    for (first, opener), (last, closer) in pairwise(lone):
        if _opens_emphasis(first.content, opener) and not _opens_emphasis(last.content, closer):
            span = _from_to(text, first, last)
            marked = [(inline, _missing_markers(inline, first, last)) for inline in span]
            if all(_all_pair(inline, edits) for inline, edits in marked):
                yield from ((inline, edit) for inline, edits in marked for edit in edits)


def _from_to(text: str, first: InlineContent, last: InlineContent) -> list[InlineContent]:
    """Return the blocks from a paragraph to another one; nothing if there are more than MOST_BLOCKS."""
    found: list[InlineContent] = []
    for inline in map(_without_opaque_marks, inline_contents(text, start=first.lines[0][1])):
        if found or inline.lines == first.lines:
            found.append(inline)
        if inline.lines == last.lines or len(found) > MOST_BLOCKS:
            return found if inline.lines == last.lines else []
    return []


def _missing_markers(inline: InlineContent, first: InlineContent, last: InlineContent) -> list[InlineEdit]:
    """Return the markers that a block of a strong text lacks: at its start, its end or both."""
    offsets = [
        offset
        for offset, lacks in ((0, inline.lines != first.lines), (len(inline.content), inline.lines != last.lines))
        if lacks
    ]
    return [InlineEdit(offset, offset, "**", SPANS_BLOCKS) for offset in offsets]


def _opens_emphasis(content: str, run: AsteriskRun) -> bool:
    """Return whether a lone run opens emphasis: no space follows it."""
    return not is_blank(content[run.end : run.end + 1])


def _all_pair(inline: InlineContent, edits: list[InlineEdit]) -> bool:
    """Return whether the edits leave no visible asterisk and change nothing else that is visible."""
    old, new = (
        _visible_and_asterisks(content, inline.env) for content in (inline.content, _edited(inline.content, edits))
    )
    return old[0] == new[0] and new[1] == 0


STEP = Step("emphasis", emphasis, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS), version=9)
