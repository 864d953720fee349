"""Lines of mis-decoded UTF-8 with missing bytes -> their originals: lattice, beam search, then rescoring by context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.encoding.codecs import western
from pipeline.language.archive_statistics import Archive
from pipeline.language.endings import endings
from pipeline.language.fluency import fluency, likeliest, strangeness
from pipeline.language.neural import neighbours
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import LanguageModel, language_model
from pipeline.language.vocabulary import words
from pipeline.mojibake.lossy.beam_search import BROAD, NARROW, choose
from pipeline.mojibake.lossy.box_drawing import blank, drawn, filled, undrawn
from pipeline.mojibake.lossy.brackets import joined, often_alone, paired
from pipeline.mojibake.lossy.diagnosis import C1, DOUBT, Damage, diagnosed
from pipeline.mojibake.lossy.lattice import Slot, slots
from pipeline.mojibake.lossy.letter_case import cased, loud, quiet
from pipeline.mojibake.lossy.pieces import Piece, pieces, text_of
from pipeline.mojibake.lossy.rescoring import Choices, asked_again, looked_around

PLAIN = 9.0  # nats per letter, high: where half of the bytes are missing, half of the letters may be wrong
FEWEST = 8  # letters outside ASCII that suffice to accept text of an unknown language
SCRIPT = 0x200  # code points: a script with an alphabet has its letters among so many
OF_ONE = 0.9  # share of a text's letters that are of one script
FOREIGN = 14.0  # nats per letter alone: known languages have at most 9.2, others 17 and more
GUESSED = 0.25  # confidence limit for an unknown language: below `MIN_CONFIDENCE`, so that gaps are marked
SAMPLE = 600  # characters that the language is detected from
TWIN_CONFIDENCE = 0.999  # for a character that the duplicate has there and the bytes allow
MIN_CONFIDENCE = 0.3  # below it a gap is marked U+FFFD
MANY = 100  # gaps of a text; with fewer, hardly any word with a gap occurs twice
JUDGED = 20_000  # characters, about, whose originals must be likelier than the damaged text
RIVALS = 4  # languages that are tried on the sample


def recovered(
    lines: Sequence[str], damage: Damage, archive: Archive, rival: Sequence[str] | None = None
) -> list[list[Piece]] | None:
    """Return the pieces of each line: its gaps, and the known text between them.

    None where there are no gaps, or the lines, or their `rival` originals, are likelier than the result.
    """
    found = [slots(line, damage) for line in lines]
    if not any(len(slot.candidates) > 1 for row in found for slot in row):
        return None
    broad = damage.lost >= C1
    strokes = drawn(found) if broad else [{}] * len(found)
    quieted = [quiet(blank(*line)) for line in zip(found, strokes, strict=True)]
    language = spoken(quieted)
    experts = [expert for load in (neighbours, words, endings) if (expert := load(language))]
    model = language_model(language)
    how = BROAD if broad else NARROW
    if foreign_to(model, quieted):
        how = how._replace(max_confidence=GUESSED)
    chosen: Choices = choose(quieted, model.beside(archive), how)
    if sum(map(len, chosen)) >= MANY:
        chosen = asked_again(quieted, chosen, model, archive, how)
    chosen = looked_around(quieted, chosen, experts, how)
    rows = [list(pieces(line[0], loud(line[0], filled(*line)))) for line in zip(found, strokes, chosen, strict=True)]
    often = often_alone(rows)
    read = [list(joined(list(cased(paired(row, how.max_confidence, often), how.max_confidence)))) for row in rows]
    after = [undrawn(*line) for line in zip(read, found, strokes, strict=True)]
    some = int(np.searchsorted(np.cumsum([len(line) for line in after]), JUDGED)) + 1
    gain = float((fluency(after[:some]) - fluency((rival or lines)[:some])).sum())
    strange = strangeness(after[:some], symbols=False) > PLAIN
    if gain <= DOUBT or (strange and not (damage.codec in western() and _telling(after[:some], gain))):
        return None
    duplicate = archive.twin_of("\n".join(map(text_of, read)))
    return [list(row) for row in _compared(read, found, *duplicate)] if duplicate else read


def _compared(
    read: list[list[Piece]], found: Sequence[Sequence[Slot]], path: str, duplicate: str
) -> Iterator[Iterator[Piece]]:
    """Yield the pieces with the gaps filled from a duplicate, where the bytes allow its characters."""
    rough = "\n".join(text_of(row) for row in read)
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
                filled.append(replace(piece, text=there, confidence=TWIN_CONFIDENCE, others=others, duplicate=path))
            else:
                filled.append(piece)
            at += len(piece.text)
        at += 1
        yield iter(filled)


def _telling(lines: Sequence[str], gain: float) -> bool:
    """Return whether lines with a high cross-entropy are sound: of one script, much likelier, and no mojibake.

    Lists of names and unknown languages have a high cross-entropy, as mojibake has.
    """
    foreign = [char for line in lines for char in line if not char.isascii()]
    scripts = Counter(ord(char) // SCRIPT for char in foreign if char.isalpha())
    one = scripts.total() >= FEWEST and max(scripts.values()) >= OF_ONE * scripts.total()
    return one and gain > PLAIN * len(foreign) and not diagnosed(lines)


def foreign_to(model: LanguageModel, found: Sequence[Sequence[Slot]]) -> bool:
    """Return whether the known letters are of a language that the model does not know."""
    known = "".join(slot.candidates[0] for row in found for slot in row if len(slot.candidates) == 1)
    letters = "".join(char for char in known if char.isalpha() and not char.isascii())
    return bool(letters) and -float(model.letters(codes_of(letters)).mean()) > FOREIGN


def spoken(found: Sequence[Sequence[Slot]]) -> str:
    """Return the language, as its model is named, in which a sample of `found` is likeliest.

    The sample is the lines with most characters outside ASCII: the longest line may be a URL or code.
    """
    sample: list[Sequence[Slot]] = []
    for row in sorted(found, key=_foreign, reverse=True):
        sample.append(row[:SAMPLE])
        if sum(map(len, sample)) >= SAMPLE:
            break
    rivals = likeliest([slot.candidates for row in sample for slot in row], within=DOUBT)[:RIVALS]
    if len(rivals) == 1:
        return rivals[0]
    scored = {}
    for tag in rivals:
        model = language_model(tag)
        chosen = zip(sample, choose(sample, model), strict=True)
        text = "\n".join(text_of(pieces(*row)) for row in chosen)
        scored[tag] = float(model.score(text)[[not char.isascii() for char in text]].sum())
    return max(scored, key=lambda tag: scored[tag])


def _foreign(row: Sequence[Slot]) -> int:
    """Return the number of characters of a line that are outside ASCII, or may be."""
    return sum(len(slot.candidates) > 1 or not slot.candidates[0].isascii() for slot in row)
