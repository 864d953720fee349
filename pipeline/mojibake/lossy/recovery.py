"""Lines of mis-decoded UTF-8 with missing bytes -> their originals: lattice, beam search, then rescoring by context."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import is_multi_byte, western_codecs
from pipeline.language.archive_statistics import ArchiveStatistics
from pipeline.language.endings import ending_model
from pipeline.language.fluency import likeliest_languages, line_log_likelihoods, mean_cross_entropy
from pipeline.language.neural import rescoring_network
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import LanguageModel, language_model
from pipeline.language.vocabulary import word_list
from pipeline.mojibake.lossy.beam_search import BROAD, MOST_CANDIDATES, NARROW, choose_candidates
from pipeline.mojibake.lossy.box_drawing import (
    StrokeGaps,
    stroke_gaps,
    text_without_strokes,
    with_stroke_choices,
    without_strokes,
)
from pipeline.mojibake.lossy.brackets import often_unpaired_brackets, with_joined_emoji, with_paired_brackets
from pipeline.mojibake.lossy.diagnosis import C1_BYTES, CHAIN_PRIOR, Damage, diagnose
from pipeline.mojibake.lossy.lattice import Slot, lattice_slots
from pipeline.mojibake.lossy.letter_case import with_capitals, with_fitting_case, without_capitals
from pipeline.mojibake.lossy.line_languages import lines_by_language, uncertain_or_non_ascii
from pipeline.mojibake.lossy.neighbours import with_fitting_candidates
from pipeline.mojibake.lossy.pieces import Piece, line_pieces, pieces_text
from pipeline.mojibake.lossy.rescoring import ChoiceRows, rescored_by_context, rescored_by_text
from pipeline.mojibake.soundness import TWO_BYTES

MOST_LOSSY_CROSS_ENTROPY = (
    9.0  # nats per letter, high: where half of the bytes are missing, half of the letters may be wrong
)
FEWEST_FOREIGN_LETTERS = 8  # letters outside ASCII that suffice to accept text of an unknown language
SCRIPT_SIZE = 0x200  # code points: a script with an alphabet has its letters among so many
ONE_SCRIPT_SHARE = 0.9  # share of a text's letters that are of one script
UNKNOWN_LANGUAGE_CROSS_ENTROPY = 14.0  # nats per letter alone: known languages have at most 9.2, others 17 and more
UNKNOWN_LANGUAGE_CONFIDENCE = (
    0.25  # confidence limit for an unknown language: below `MIN_CONFIDENCE`, so that gaps are marked
)
DENSE_GAPS = 0.25  # share of gaps from which neighbours are guesses as well: benchmarks/codepages.py, `big5hkscs`
# Mean of the logarithm of the number of candidates from which most choices are guesses, and the factor of their
# confidences: benchmarks/confidence.py with Hebrew and `lossy-latin1-noc1`, with Chinese and `utf8>euc_jp:replace`
SCARCE_NATS, SCARCE_ALPHABET_NATS, SCARCE_TRUST = 3.5, 2.0, 0.6
LANGUAGE_SAMPLE = 600  # characters that the language is detected from
DUPLICATE_CONFIDENCE = 0.999  # for a character that the duplicate has there and the bytes allow
MIN_CONFIDENCE = 0.3  # below it a gap is marked U+FFFD
FEWEST_GAPS_TO_RESCORE = 100  # gaps of a text; with fewer, hardly any word with a gap occurs twice
MOST_COMPARED = 20_000  # characters, about, whose originals must be likelier than the damaged text
MOST_LANGUAGES = 4  # languages that are tried on the sample


def reconstruct(
    lines: Sequence[str], damage: Damage, archive: ArchiveStatistics, rival: Sequence[str] | None = None
) -> list[list[Piece]] | None:
    """Return the pieces of each line: its gaps, and the known text between them.

    None where there are no gaps or marks, or the lines, or their `rival` originals, are likelier than the result.
    """
    found = [with_fitting_candidates(lattice_slots(line, damage)) for line in lines]
    marked = any(REPLACEMENT in line for line in lines)
    if not marked and not any(len(slot.candidates) > 1 for row in found for slot in row):
        return None
    stripped = damage.lost >= C1_BYTES
    strokes = stroke_gaps(found) if stripped else [{}] * len(found)
    quieted = [without_capitals(without_strokes(*line)) for line in zip(found, strokes, strict=True)]
    groups = lines_by_language(quieted, likeliest_language(quieted))
    read = [[Piece(0, len(line), line, 1.0)] for line in lines]
    explained = False
    for language, numbers in groups.items():
        own = _LinesOfLanguage(
            [lines[number] for number in numbers],
            [found[number] for number in numbers],
            [strokes[number] for number in numbers],
            [quieted[number] for number in numbers],
        )
        rows = own.reconstructed(language, damage, archive, [rival[number] for number in numbers] if rival else None)
        for number, row in zip(numbers, rows or (), strict=bool(rows)):
            read[number], explained = row, True
    if not explained:
        return None
    duplicate = archive.sound_duplicate("\n".join(map(pieces_text, read)))
    return [list(row) for row in _filled_from_duplicate(read, found, *duplicate)] if duplicate else read


class _LinesOfLanguage(NamedTuple):
    """Damaged lines in one language: as written, their slots, their strokes, and the slots without both."""

    lines: list[str]
    found: list[Sequence[Slot]]
    strokes: list[StrokeGaps]
    quieted: list[Sequence[Slot]]

    def reconstructed(
        self, language: str, damage: Damage, archive: ArchiveStatistics, rival: Sequence[str] | None
    ) -> list[list[Piece]] | None:
        """Return the pieces of each line; None where the lines, or their `rival` originals, are likelier."""
        found, strokes, quieted = self.found, self.strokes, self.quieted
        experts = [expert for load in (rescoring_network, word_list, ending_model) if (expert := load(language))]
        model = language_model(language)
        how = BROAD if damage.lost >= C1_BYTES or _gap_counts(found)[0] >= DENSE_GAPS else NARROW
        if is_unknown_to(model, quieted):
            how = how._replace(max_confidence=UNKNOWN_LANGUAGE_CONFIDENCE)
        chosen: ChoiceRows = choose_candidates(quieted, model.interpolated_with(archive), how)
        if sum(map(len, chosen)) >= FEWEST_GAPS_TO_RESCORE:
            chosen = rescored_by_text(quieted, chosen, model, archive, how)
        chosen = rescored_by_context(quieted, chosen, experts, how)
        rows = [
            list(line_pieces(line[0], with_capitals(line[0], with_stroke_choices(*line))))
            for line in zip(found, strokes, chosen, strict=True)
        ]
        often = often_unpaired_brackets(rows)
        read = [
            list(
                with_joined_emoji(
                    list(with_fitting_case(with_paired_brackets(row, how.max_confidence, often), how.max_confidence))
                )
            )
            for row in rows
        ]
        if (trust := _trust(found, damage)) < 1:
            read = [[_with_trust(piece, trust) for piece in row] for row in read]
        after = [text_without_strokes(*line) for line in zip(read, found, strokes, strict=True)]
        some = int(np.searchsorted(np.cumsum([len(line) for line in after]), MOST_COMPARED)) + 1
        before = (rival or self.lines)[:some]
        gain = float((line_log_likelihoods(after[:some]) - line_log_likelihoods(before)).sum())
        strange = mean_cross_entropy(after[:some], symbols=False) > MOST_LOSSY_CROSS_ENTROPY
        unknown = strange and damage.codec in western_codecs() and _is_sound_unknown_language(after[:some], gain)
        return read if gain > CHAIN_PRIOR and (unknown or not strange) else None


def _filled_from_duplicate(
    read: list[list[Piece]], found: Sequence[Sequence[Slot]], path: str, duplicate: str
) -> Iterator[Iterator[Piece]]:
    """Yield the pieces with the gaps filled from a duplicate, where the bytes allow its characters."""
    rough = "\n".join(pieces_text(row) for row in read)
    places = np.full(len(rough), -1)
    for block in Levenshtein.opcodes(rough, duplicate):
        if block.src_end - block.src_start == block.dest_end - block.dest_start:
            places[block.src_start : block.src_end] = np.arange(block.dest_start, block.dest_end)
    at = 0
    for row, row_slots in zip(read, found, strict=True):
        allowed = {(slot.start, slot.end): slot.candidates for slot in row_slots}
        filled = []
        for piece in row:
            there = duplicate[places[at] : places[at] + len(piece.text)] if at < len(places) and places[at] >= 0 else ""
            if piece.others and there in allowed[piece.start, piece.end]:
                options = ((piece.text, piece.confidence), *piece.others)
                others = tuple(option for option in options if option[0] != there)
                filled.append(
                    replace(piece, text=there, confidence=DUPLICATE_CONFIDENCE, others=others, duplicate=path)
                )
            else:
                filled.append(piece)
            at += len(piece.text)
        at += 1
        yield iter(filled)


def _is_sound_unknown_language(lines: Sequence[str], gain: float) -> bool:
    """Return whether lines with a high cross-entropy are sound: of one script, much likelier, and no mojibake.

    Lists of names and unknown languages have a high cross-entropy, as mojibake has.
    """
    foreign = [char for line in lines for char in line if not char.isascii()]
    scripts = Counter(ord(char) // SCRIPT_SIZE for char in foreign if char.isalpha())
    one = scripts.total() >= FEWEST_FOREIGN_LETTERS and max(scripts.values()) >= ONE_SCRIPT_SHARE * scripts.total()
    return one and gain > MOST_LOSSY_CROSS_ENTROPY * len(foreign) and not diagnose(lines)


def _with_trust(piece: Piece, trust: float) -> Piece:
    """Return a gap with its confidences multiplied by a factor."""
    if not piece.others:
        return piece
    others = tuple((text, round(share * trust, 3)) for text, share in piece.others)
    return replace(piece, confidence=round(piece.confidence * trust, 3), others=others)


def _gap_counts(found: Sequence[Sequence[Slot]]) -> tuple[float, float]:
    """Return the share of gaps, and the mean logarithm of the number of candidates, of what is, or may be, no ASCII."""
    slots = [slot for row in found for slot in row if len(slot.candidates) > 1 or not slot.candidates[0].isascii()]
    nats = sum(math.log(min(MOST_CANDIDATES, len(slot.candidates))) for slot in slots)
    return sum(len(slot.candidates) > 1 for slot in slots) / max(1, len(slots)), nats / max(1, len(slots))


def _trust(found: Sequence[Sequence[Slot]], damage: Damage) -> float:
    """Return the factor of confidences: below 1 where so much is missing that the model agrees with itself only."""
    share, nats = _gap_counts(found)
    if is_multi_byte(damage.codec):
        return SCARCE_TRUST if nats >= SCARCE_NATS else 1.0
    two_bytes = sum(len(slot.candidates[0].encode()) == TWO_BYTES for row in found for slot in row)
    of_alphabet = two_bytes * 2 > sum(not slot.candidates[0].isascii() for row in found for slot in row)
    return SCARCE_TRUST if of_alphabet and share >= DENSE_GAPS and nats >= SCARCE_ALPHABET_NATS else 1.0


def is_unknown_to(model: LanguageModel, found: Sequence[Sequence[Slot]]) -> bool:
    """Return whether the known letters are of a language that the model does not know."""
    known = "".join(slot.candidates[0] for row in found for slot in row if len(slot.candidates) == 1)
    letters = "".join(char for char in known if char.isalpha() and not char.isascii())
    return bool(letters) and -float(model.letters(codes_of(letters)).mean()) > UNKNOWN_LANGUAGE_CROSS_ENTROPY


def likeliest_language(found: Sequence[Sequence[Slot]]) -> str:
    """Return the language, as its model is named, in which a sample of `found` is likeliest.

    The sample is the lines with most characters outside ASCII: the longest line may be a URL or code.
    """
    sample: list[Sequence[Slot]] = []
    for row in sorted(found, key=uncertain_or_non_ascii, reverse=True):
        sample.append(row[:LANGUAGE_SAMPLE])
        if sum(map(len, sample)) >= LANGUAGE_SAMPLE:
            break
    rivals = likeliest_languages([slot.candidates for row in sample for slot in row], within=CHAIN_PRIOR)[
        :MOST_LANGUAGES
    ]
    if len(rivals) == 1:
        return rivals[0]
    scored = {}
    for tag in rivals:
        model = language_model(tag)
        chosen = zip(sample, choose_candidates(sample, model), strict=True)
        text = "\n".join(pieces_text(line_pieces(*row)) for row in chosen)
        scored[tag] = float(model.score(text)[[not char.isascii() for char in text]].sum())
    return max(scored, key=lambda tag: scored[tag])
