"""Lines of mojibake -> the changes that undo it, by an ordered table of strategies: see `STRATEGIES`."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ftfy.badness import is_bad

from pipeline.changes import Change, Span
from pipeline.encoding.codecs import BYTES_AS_CHARACTERS
from pipeline.encoding.detection import likeliest_encoding
from pipeline.language.archive_statistics import NO_STATISTICS, ArchiveStatistics
from pipeline.mojibake.chain_search import Chain, best_chain, decodings_in_words
from pipeline.mojibake.ftfy_repair import INDIRECT_CONFIDENCE, fixed_by_ftfy, fixed_in_parts_by_ftfy
from pipeline.mojibake.letter_before_space import with_likeliest_letters
from pipeline.mojibake.line_changes import gap_changes, line_changes
from pipeline.mojibake.lossy.diagnosis import decoding_evidence, diagnose, diagnose_spaces
from pipeline.mojibake.lossy.double_byte import undo_double_bytes
from pipeline.mojibake.lossy.double_mojibake import undo_decodings
from pipeline.mojibake.lossy.pieces import pieces_text
from pipeline.mojibake.lossy.recovery import MIN_CONFIDENCE, reconstruct
from pipeline.mojibake.lossy.shift_jis import undo_shift_jis
from pipeline.mojibake.lossy.single_byte import undo_single_bytes
from pipeline.mojibake.prefilter import non_ascii_lines
from pipeline.mojibake.proven_words import lines_by_words
from pipeline.mojibake.soundness import LineRepair, fits_document, objection
from pipeline.mojibake.utf8_validity import is_valid_utf8, punctuation_chain

A_GRAVE_REMAINDER = "Ã"  # of `à` without U+00A0
UNDECODED = re.compile("[\x80-\x84\x86-\x9f]")  # C1 controls without U+0085, which ends a line
UTF_8_BYTES = re.compile(b"[\xc2-\xf4][\x80-\xbf]")
ENOUGH_FOR_VALID = 20  # characters outside ASCII, all valid UTF-8, that prove their codec better than ftfy does
CHANGED_PER_SOUND_LINE = 4  # lines that a chain may change for each sound line with the same letters


class RepairEvidence(NamedTuple):
    """What reconstruction may use: the archive, and the confidence below which a gap is marked U+FFFD."""

    min_confidence: float = MIN_CONFIDENCE
    archive: ArchiveStatistics = NO_STATISTICS


TextKind = Literal["valid UTF-8", "long", "short"]
VALID_TEXT_KIND: TextKind = "valid UTF-8"  # all that is not ASCII is valid UTF-8, and ftfy does not fix each line
LONG_TEXT_KIND: TextKind = "long"  # the text has enough characters outside ASCII to be its own evidence
SHORT_TEXT_KIND: TextKind = "short"  # the text has fewer
EVERY_KIND = (VALID_TEXT_KIND, LONG_TEXT_KIND, SHORT_TEXT_KIND)
damage_of_lines = functools.lru_cache(maxsize=1)(diagnose)  # the same lines are diagnosed up to four times in a row
UndoneLines = Iterator[tuple[int, list[Change]]]  # the start of a line, and its changes


@dataclass(frozen=True, slots=True)
class RepairStrategy:
    """A way to undo mojibake: `undo(text, lines, evidence)` yields the lines that it explains, with their changes."""

    name: str
    undo: Callable[[str, list[Span], RepairEvidence], UndoneLines]
    kinds: tuple[TextKind, ...]
    reason: str  # why it is in this place of the order


def _undo_punctuation(text: str, lines: list[Span], _: RepairEvidence) -> UndoneLines:
    """Undo mis-decoded quotes and dashes: `It¡¯s` becomes `It’s`."""
    written = [text[start:end] for start, end in lines]
    if chain := punctuation_chain("\n".join(written)):
        for (start, _end), line in zip(lines, written, strict=True):
            yield start, list(line_changes(start, line, chain.undone(line) or line, (str(chain), INDIRECT_CONFIDENCE)))


def _undo_chain(text: str, lines: list[Span], _: RepairEvidence) -> UndoneLines:
    """Undo the decoding chain of mojibake that lost no bytes: `Ð¿Ñ€Ð¸Ð²ÐµÑ‚` becomes `привет`."""
    written = [text[start:end] for start, end in lines]
    found = best_chain(written)
    if found:
        chain, originals = found
        if not chain.proves_itself and _fits_the_rest(text, lines, chain, originals):
            return
        for number, original, confidence in originals:
            start = lines[number][0]
            yield start, list(line_changes(start, written[number], original, (str(chain), confidence)))


def _fits_the_rest(text: str, lines: list[Span], chain: Chain, originals: Sequence[tuple[int, str, float]]) -> bool:
    """Return whether the sound lines of a text have the letters that a chain would change in other lines."""
    changed = {lines[number][0] for number, _, _ in originals}
    others = [text[start:end] for start, end in non_ascii_lines(text) if start not in changed]
    sound = [line for line in others if (read := chain.undone(line)) is None or objection([LineRepair(line, read)])]
    repairs = [LineRepair(text[slice(*lines[number])], original) for number, original, _ in originals]
    return len(sound) * CHANGED_PER_SOUND_LINE >= len(repairs) and fits_document(repairs, sound)


def _decode_bytes(text: str, lines: list[Span], _: RepairEvidence) -> UndoneLines:
    r"""Decode bytes that became the code points of the same number: `\x93Wait\x94` becomes `“Wait”`."""
    for start, end in lines:
        line = text[start:end]
        try:
            data = line.encode(BYTES_AS_CHARACTERS) if UNDECODED.search(line) else b""
        except UnicodeEncodeError:
            continue
        encoding = likeliest_encoding(data, None) if data and not UTF_8_BYTES.search(data) else None
        if encoding and encoding.confidence >= INDIRECT_CONFIDENCE and not is_bad(data.decode(encoding.codec)):
            why = (decodings_in_words([(encoding.codec, BYTES_AS_CHARACTERS)]), encoding.confidence)
            yield start, list(line_changes(start, line, data.decode(encoding.codec), why))


def _fill_spaces(text: str, lines: list[Span], evidence: RepairEvidence) -> UndoneLines:
    """Undo mis-decoded UTF-8 whose U+00A0 became a space: `voilÃ` and a space become `voilà`.

    Inside a word that is none with `à`, the space replaced the byte of another letter: `PokÃ mon` becomes `Pokémon`.
    """
    for start, end in lines:
        line = text[start:end]
        ended = line + " " if line.endswith(A_GRAVE_REMAINDER) else line  # `.strip()` took U+00A0
        damage = diagnose_spaces(ended)
        found = reconstruct([ended], damage, evidence.archive) if damage else None
        for pieces in found or ():
            filled = pieces_text(pieces)
            spelled = with_likeliest_letters(filled) or filled
            if spelled != filled or ended != line:
                spelled = spelled.rstrip(" ") if ended != line else spelled
                yield start, list(line_changes(start, line, spelled, (str(damage), INDIRECT_CONFIDENCE)))
            else:
                yield start, gap_changes(start, line, pieces, (str(damage), evidence.min_confidence))


def undo_by_words(text: str, lines: list[Span], _: RepairEvidence) -> UndoneLines:
    """Undo a code page decoded as another one where words prove it: `CittÓ` becomes `Città`."""
    written = [text[start:end] for start, end in lines]
    if found := lines_by_words(written):
        chain, proven = found
        for number, original, confidence in proven:
            start = lines[number][0]
            yield start, list(line_changes(start, written[number], original, (str(chain), confidence)))


def _undo_by_ftfy(text: str, lines: list[Span], _: RepairEvidence | None = None) -> UndoneLines:
    """Undo mojibake that lost no bytes, line by line: `cafÃ©` becomes `café`."""
    for start, end in lines:
        line = text[start:end]
        if is_bad(line) and (found := fixed_by_ftfy(line)):
            yield start, list(line_changes(start, line, *found))


def _undo_in_parts(text: str, lines: list[Span]) -> Iterator[Change]:
    """Undo mis-decoded UTF-8 next to sound characters: `É cafÃ©` becomes `É café`."""
    for start, end in lines:
        if found := fixed_in_parts_by_ftfy(text[start:end]):
            yield from line_changes(start, text[start:end], *found)


def _fill_certain_gaps(text: str, lines: list[Span], evidence: RepairEvidence) -> UndoneLines:
    """Reconstruct characters with missing bytes where the evidence for the damage suffices."""
    found = damage_of_lines(tuple(text[start:end] for start, end in lines))
    if found and found[2]:
        yield from _fill_gaps(text, lines, evidence)


def _fill_gaps(text: str, lines: list[Span], evidence: RepairEvidence) -> UndoneLines:
    """Reconstruct characters with missing bytes, or mark them U+FFFD where the evidence does not suffice."""
    written = [text[start:end] for start, end in lines]
    found = damage_of_lines(tuple(written))
    if not found:
        return
    damage, hit, enough = found
    # After the others, a few characters suffice where none speaks against the damage: titles have no more.
    enough = enough or not decoding_evidence("\n".join(written), damage.codec).foreign
    least = evidence.min_confidence if enough else math.inf
    chain, originals = undo_decodings(tuple(written[number] for number in hit), damage, evidence.archive, enough=enough)
    for at, pieces in originals:
        start = lines[hit[at]][0]
        yield start, gap_changes(start, written[hit[at]], pieces, (chain, least))


def _undo_double_bytes(text: str, lines: list[Span], evidence: RepairEvidence) -> UndoneLines:
    """Undo a legacy codec decoded as another one, with marks: `琎ぱ边�W` becomes `昨天晚上`."""
    written = [text[start:end] for start, end in lines]
    for how, originals in filter(
        None, [undo_double_bytes(written) or undo_shift_jis(written) or undo_single_bytes(written)]
    ):
        for number, pieces in originals:
            start = lines[number][0]
            yield start, gap_changes(start, written[number], pieces, (how, evidence.min_confidence))


# The order in which they are tried; each gets the lines that those before it left.
STRATEGIES: tuple[RepairStrategy, ...] = (
    RepairStrategy(
        "punctuation", _undo_punctuation, EVERY_KIND, "where nothing else is outside ASCII, nothing else fits"
    ),
    RepairStrategy("chain", _undo_chain, (VALID_TEXT_KIND,), "valid UTF-8 proves the chain, even of a short text"),
    RepairStrategy("certain gaps", _fill_certain_gaps, EVERY_KIND, "before ftfy, which decodes across missing bytes"),
    RepairStrategy("chain", _undo_chain, (LONG_TEXT_KIND,), "a long text proves its own chain"),
    RepairStrategy(
        "double bytes", _undo_double_bytes, EVERY_KIND, "what UTF-8 does not explain may be another double-byte codec"
    ),
    RepairStrategy("bytes", _decode_bytes, EVERY_KIND, "C1 controls are undecoded bytes, which may be in any codec"),
    RepairStrategy(
        "spaces", _fill_spaces, (SHORT_TEXT_KIND,), "before ftfy, which takes each space after Ã for U+00A0"
    ),
    RepairStrategy("ftfy", _undo_by_ftfy, EVERY_KIND, "it knows what is frequent in a few characters"),
    RepairStrategy("chain", _undo_chain, (SHORT_TEXT_KIND,), "a short text is weak evidence: after ftfy"),
    RepairStrategy("words", undo_by_words, (VALID_TEXT_KIND, SHORT_TEXT_KIND), "a title has too little for a chain"),
    RepairStrategy("gaps", _fill_gaps, EVERY_KIND, "last: it may only mark what the others can fix"),
)


def changes_by_strategies(text: str, lines: list[Span], evidence: RepairEvidence, *, long: bool) -> list[Change]:
    """Return the changes that undo the mojibake in `lines` of a text.

    Where no character has missing bytes, the parts of the remaining lines are fixed one by one at the end.

    >>> changes = changes_by_strategies("cafÃ©", [(0, 5)], RepairEvidence(), long=False)
    >>> [(change.before, change.after) for change in changes]
    [('Ã©', 'é')]
    """
    changes: list[Change] = []
    kind = _text_kind(text, lines, long=long)
    for strategy in STRATEGIES:
        if kind in strategy.kinds:
            found = list(strategy.undo(text, lines, evidence))
            done = {start for start, _ in found}
            changes += (change for _, row in found for change in row)
            lines = [line for line in lines if line[0] not in done]
    if not any(change.alternatives for change in changes):
        changes += _undo_in_parts(text, lines)
    return changes


def _text_kind(text: str, lines: list[Span], *, long: bool) -> TextKind:
    """Return the kind of a text, which decides the strategies."""
    written = "\n".join(text[start:end] for start, end in lines)
    enough = long or sum(not char.isascii() for char in written) >= ENOUGH_FOR_VALID
    if is_valid_utf8(written) and (enough or len(list(_undo_by_ftfy(text, lines))) < len(lines)):
        return VALID_TEXT_KIND
    return LONG_TEXT_KIND if long else SHORT_TEXT_KIND
