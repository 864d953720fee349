"""Text -> the changes that repair its mojibake: which lines may be mojibake, whether code is, and how many passes."""

from __future__ import annotations

import functools
import itertools
import operator
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.changes import Change, Span, apply, composed, inverse
from pipeline.document import REPLACEMENT
from pipeline.markdown import code_around, code_spans
from pipeline.markdown.opaque import HTML, opaque_spans
from pipeline.mojibake.after_damage import REASON, after_damage_changes
from pipeline.mojibake.chain_search import best_chain
from pipeline.mojibake.completed_words import completed_word_changes
from pipeline.mojibake.copyright_signs import copyright_changes
from pipeline.mojibake.marks.repair_marks import mark_changes
from pipeline.mojibake.marks.spellings import may_have_marks
from pipeline.mojibake.mentions import without_mentions
from pipeline.mojibake.prefilter import non_ascii_lines, suspicious_lines
from pipeline.mojibake.proven_words import LONGEST_SHORT_TEXT
from pipeline.mojibake.strategies import RepairEvidence, changes_by_strategies, damage_of_lines, undo_by_words
from pipeline.mojibake.utf8_validity import is_valid_utf8
from pipeline.mojibake.vietnamese_fonts import FONT_SIGNS, font_changes, has_font_signs

MOST_PASSES = 3  # triple mojibake is the worst that occurs
LONG_TEXT = 60  # characters outside ASCII from which a text is its own evidence; below, ftfy knows better
PROSE_SHARE, PROSE_SHARE_LOSSY = (
    0.5,
    0.2,
)  # least share of prose in a file mis-decoded as a whole; the lower one with missing bytes
NO_HTML_PROSE = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^<>]*>", re.DOTALL | re.IGNORECASE)
BACKTICK_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


def mojibake_changes(text: str, evidence: RepairEvidence) -> list[Change]:
    """Return the changes that repair the mojibake of a text, in order. Code stays, unless all of the text is mojibake.

    >>> text = "cafÃƒÂ© `cafÃ©`"
    >>> apply(text, mojibake_changes(text, RepairEvidence()))
    'café `cafÃ©`'
    """
    changes = [] if text.replace(REPLACEMENT, "").isascii() else _decoding_changes(text, evidence)
    if any(change.alternatives for change in changes):
        return changes
    repaired = apply(text, changes)
    if not may_have_marks(repaired):
        return changes
    restored = _mark_changes(repaired, evidence)
    return composed(text, changes, restored) if changes else restored


def _decoding_changes(text: str, evidence: RepairEvidence) -> list[Change]:
    """Return the changes that undo mis-decoding and what the text went through afterwards, in order."""
    if any(has_font_signs(text, name) for name in FONT_SIGNS) and not is_valid_utf8(text):
        lines = list(_outside(non_ascii_lines(text), code_spans(text)))
        if changes := font_changes(text, lines):
            return changes
    undone = [] if text.isascii() else after_damage_changes(text)
    if undone:
        between = apply(text, undone)
        if changes := _passes(between, evidence):
            return list(_in_repaired_lines(text, composed(text, undone, changes)))
    if completed := _completed_words(text):
        return composed(text, completed, _passes(apply(text, completed), evidence))
    return _passes(text, evidence)


def _completed_words(text: str) -> list[Change]:
    """Return the changes that complete letters of words and signs, outside code and text that shows mojibake."""
    made = sorted([*completed_word_changes(text), *copyright_changes(text)], key=lambda change: change.span)
    spans = set(_outside([change.span for change in made], code_spans(text))) if made else set()
    return without_mentions(text, [change for change in made if change.span in spans])


def _passes(text: str, evidence: RepairEvidence) -> list[Change]:
    """Return the changes that repair the mojibake of a text. Double mojibake may show only after the first pass.

    A line with reconstructed characters is read once: what it was before is known only with a probability.
    """
    changes = _one_pass(text, evidence)
    for _ in range(MOST_PASSES if changes else 0):
        repaired = apply(text, changes)
        inferred = _lines_changed(repaired, [change for change in inverse(changes) if change.alternatives])
        more = [change for change in _one_pass(repaired, evidence) if not _lines_changed(repaired, [change]) & inferred]
        if not more:
            break
        changes = composed(text, changes, more)
    return changes


def _lines_changed(text: str, changes: Iterable[Change]) -> set[int]:
    """Return the offsets of the starts of the lines that changes touch."""
    starts = set()
    for change in changes:
        first, last = change.span
        starts.add(text.rfind("\n", 0, first) + 1)
        starts.update(first + match.end() for match in re.finditer("\n", text[first:last]))
    return starts


def _in_repaired_lines(text: str, changes: list[Change]) -> Iterator[Change]:
    """Yield the changes of lines that have more changes than those of after-damage: what is not mojibake stays."""
    for _, row in itertools.groupby(changes, key=lambda change: text.rfind("\n", 0, change.span[0])):
        found = list(row)
        if any(not change.reason.startswith(REASON) or "," in change.reason for change in found):
            yield from found


def _mark_changes(text: str, evidence: RepairEvidence) -> list[Change]:
    """Return the changes that restore characters of which a mark is left, outside code; mentioned ones stay."""
    lines = list(_outside(_lines_of(text), _regions_without_prose(text)))
    changes = mark_changes(text, lines, evidence.min_confidence, evidence.archive)
    kept = without_mentions(text, [replace(change, alternatives=()) for change in changes])
    spans = {change.span for change in kept}
    return [change for change in changes if change.span in spans and change.before != change.after]


def _regions_without_prose(text: str) -> list[Span]:
    """Return the spans of opaque regions; of raw HTML only the tags, scripts and comments, for people see its text."""
    spans = opaque_spans(text)
    prose = [(start, end) for start, end, kind in spans if kind == HTML]
    tags = (match.span() for start, end in prose for match in NO_HTML_PROSE.finditer(text, start, end))
    return sorted([*((start, end) for start, end, kind in spans if kind != HTML), *tags, *code_spans(text)])


def _lines_of(text: str) -> list[Span]:
    """Return the spans of the lines of a text."""
    lines = text.split("\n")
    starts = itertools.accumulate((len(line) + 1 for line in lines), initial=0)
    return [(start, start + len(line)) for start, line in zip(starts, lines, strict=False)]


def _one_pass(text: str, evidence: RepairEvidence) -> list[Change]:
    """Return the changes of one pass over a text, in order."""
    if text.isascii():
        return []
    near = suspicious_lines(text)
    every = non_ascii_lines(text)
    if not near:
        return _changes_by_words(text, every, evidence)
    if len(near) < len(every):
        for code in (functools.partial(_backtick_code, text, near), functools.partial(code_around, text, near)):
            if not changes_by_strategies(text, list(_outside(near, code())), evidence, long=_is_long(text, near)):
                return []
    long = _is_long(text, every)
    lines = every if long and _is_mojibake_as_a_whole(text, every) else list(_outside(every, code_spans(text)))
    made = (
        change for change in changes_by_strategies(text, lines, evidence, long=long) if change.before != change.after
    )
    return without_mentions(text, sorted(made, key=lambda change: change.span))


def _changes_by_words(text: str, lines: list[Span], evidence: RepairEvidence) -> list[Change]:
    """Return the changes of a short text that nothing but its words shows to be mojibake."""
    if len(text) > LONGEST_SHORT_TEXT:
        return []
    undone = undo_by_words(text, list(_outside(lines, code_spans(text))), evidence)
    return without_mentions(text, [change for _, row in undone for change in row])


def _is_long(text: str, lines: list[Span]) -> bool:
    """Return whether lines have enough characters outside ASCII to be their own evidence."""
    return sum(char > "\x7f" for start, end in lines for char in text[start:end]) >= LONG_TEXT


def _is_mojibake_as_a_whole(text: str, lines: list[Span]) -> bool:
    """Return whether all of a text was mis-decoded, code included: nine in ten lines outside ASCII are mojibake."""
    written = [text[start:end] for start, end in lines]
    found = best_chain(written)
    if found:
        chain, explained_lines = found
        originals = [chain.undone(line) for line in written]
        if None not in originals and len(explained_lines) * 10 >= sum(map(operator.ne, originals, written)) * 9:
            share = _prose_share("\n".join(line or "" for line in originals))
            return share >= (PROSE_SHARE_LOSSY if is_valid_utf8("\n".join(written)) else PROSE_SHARE)
    damage = damage_of_lines(tuple(written))
    return damage is not None and len(damage[1]) * 10 >= len(lines) * 9 and _prose_share(text) >= PROSE_SHARE_LOSSY


def _prose_share(text: str) -> float:
    """Return the share of the characters outside ASCII that is outside code: code may be an example of mojibake."""
    inside = sum(not char.isascii() for start, end in code_spans(text) for char in text[start:end])
    return 1 - inside / sum(not char.isascii() for char in text)


def _outside(lines: list[Span], code: list[Span]) -> Iterator[Span]:
    """Yield the parts of the lines that are outside code; both are in order."""
    at = 0
    for first, end in lines:
        start = first
        while at < len(code) and code[at][1] <= start:
            at += 1
        for code_start, code_end in code[at:]:
            if code_start >= end:
                break
            if start < code_start:
                yield start, code_start
            start = max(start, code_end)
        if start < end:
            yield start, end


def _backtick_code(text: str, lines: list[Span]) -> list[Span]:
    """Return the spans of code between backticks in `lines`: what is known of code without parsing the text."""
    return [match.span() for start, end in lines for match in BACKTICK_CODE.finditer(text, start, end)]
