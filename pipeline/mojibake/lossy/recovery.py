"""Lines of misread UTF-8 that lost bytes -> what they were: gaps are filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from rapidfuzz.distance import Levenshtein

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
from pipeline.mojibake.lossy.diagnosis import C1, DOUBT, WESTERN, Damage, diagnosed
from pipeline.mojibake.lossy.lattice import Slot, slots
from pipeline.mojibake.lossy.letter_case import cased, loud, quiet
from pipeline.mojibake.lossy.pieces import Piece, pieces, text_of
from pipeline.mojibake.lossy.rescoring import Choices, asked_again, looked_around

PLAIN = 9.0  # nats a letter; half of the letters may be guessed wrongly where half of the bytes are gone
FEWEST = 8  # letters outside ASCII by which strange text can be told
SCRIPT = 0x200  # code points: a script with an alphabet has its letters among so many
OF_ONE = 0.9  # share of the letters of a text that are of one script
FOREIGN = 14.0  # nats a letter by itself: those of a language that we know have 9.2 at most, of others 17 and more
GUESSED = 0.25  # how sure a letter of a language that we do not know is at most: below MIN_CONFIDENCE it is a gap
SAMPLE = 600  # characters that the language is chosen by
TWIN_CONFIDENCE = 0.999  # a letter that the twin has there and the bytes allow
MIN_CONFIDENCE = 0.3  # below it a letter is left a gap
MANY = 100  # gaps of a text; with fewer, hardly a word that has one comes again
JUDGED = 20_000  # characters, about, that must be likelier than what stood there
RIVALS = 4  # languages that are tried on the sample


def recovered(
    lines: Sequence[str], damage: Damage, archive: Archive, rival: Sequence[str] | None = None
) -> list[list[Piece]] | None:
    """Return the pieces of each line: single gaps, and the stretches between them in which nothing is in doubt.

    None where there are no gaps, or the lines are likelier as they stand, or as a `rival` reads them.
    """
    found = [slots(line, damage) for line in lines]
    if not any(len(slot.candidates) > 1 for row in found for slot in row):
        return None
    broad = damage.lost >= C1
    strokes = drawn(found) if broad else [{}] * len(found)
    said = [quiet(blank(*line)) for line in zip(found, strokes, strict=True)]
    language = spoken(said)
    experts = [expert for told in (neighbours, words, endings) if (expert := told(language))]
    model = language_model(language)
    how = BROAD if broad else NARROW
    if foreign_to(model, said):
        how = how._replace(surest=GUESSED)
    chosen: Choices = choose(said, model.beside(archive), how)
    if sum(map(len, chosen)) >= MANY:
        chosen = asked_again(said, chosen, model, archive, how)
    chosen = looked_around(said, chosen, experts, how)
    rows = [list(pieces(line[0], loud(line[0], filled(*line)))) for line in zip(found, strokes, chosen, strict=True)]
    often = often_alone(rows)
    read = [list(joined(list(cased(paired(row, how.surest, often), how.surest)))) for row in rows]
    after = [undrawn(*line) for line in zip(read, found, strokes, strict=True)]
    some = int(np.searchsorted(np.cumsum([len(line) for line in after]), JUDGED)) + 1
    gain = float((fluency(after[:some]) - fluency((rival or lines)[:some])).sum())
    strange = strangeness(after[:some], symbols=False) > PLAIN
    if gain <= DOUBT or (strange and not (damage.codec in WESTERN and _telling(after[:some], gain))):
        return None
    twin = archive.twin_of("\n".join(map(text_of, read)))
    return [list(row) for row in _compared(read, found, *twin)] if twin else read


def _compared(
    read: list[list[Piece]], found: Sequence[Sequence[Slot]], path: str, twin: str
) -> Iterator[Iterator[Piece]]:
    """Yield the pieces with the gaps filled from a twin, where what stands there can have been there."""
    rough = "\n".join(text_of(row) for row in read)
    places = np.full(len(rough), -1)
    for block in Levenshtein.opcodes(rough, twin):
        if block.src_end - block.src_start == block.dest_end - block.dest_start:
            places[block.src_start : block.src_end] = np.arange(block.dest_start, block.dest_end)
    at = 0
    for row, row_slots in zip(read, found, strict=True):
        allowed = {(slot.start, slot.end): slot.candidates for slot in row_slots}
        filled = []
        for piece in row:
            there = twin[places[at] : places[at] + len(piece.text)] if at < len(places) and places[at] >= 0 else ""
            if piece.others and there in allowed[piece.start, piece.end]:
                options = ((piece.text, piece.confidence), *piece.others)
                others = tuple(option for option in options if option[0] != there)
                filled.append(replace(piece, text=there, confidence=TWIN_CONFIDENCE, others=others, twin=path))
            else:
                filled.append(piece)
            at += len(piece.text)
        at += 1
        yield iter(filled)


def _telling(lines: Sequence[str], gain: float) -> bool:
    """Tell whether lines that are strange can be true for all that: of one script, and likelier by far than before.

    Names in a list are strange, and what is in a language that we do not know; so is what is still misread.
    """
    foreign = [char for line in lines for char in line if not char.isascii()]
    scripts = Counter(ord(char) // SCRIPT for char in foreign if char.isalpha())
    one = scripts.total() >= FEWEST and max(scripts.values()) >= OF_ONE * scripts.total()
    return one and gain > PLAIN * len(foreign) and not diagnosed(lines)


def foreign_to(model: LanguageModel, found: Sequence[Sequence[Slot]]) -> bool:
    """Tell whether the letters that are sure are of a language that the model does not know."""
    sure = "".join(slot.candidates[0] for row in found for slot in row if len(slot.candidates) == 1)
    letters = "".join(char for char in sure if char.isalpha() and not char.isascii())
    return bool(letters) and -float(model.letters(codes_of(letters)).mean()) > FOREIGN


def spoken(found: Sequence[Sequence[Slot]]) -> str:
    """Return the language that reads a sample of `found` best, as its model is named.

    The sample is of the lines with most letters outside ASCII: the longest may be an address or code.
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
        told = zip(sample, choose(sample, model), strict=True)
        text = "\n".join(text_of(pieces(*row)) for row in told)
        scored[tag] = float(model.score(text)[[not char.isascii() for char in text]].sum())
    return max(scored, key=lambda tag: scored[tag])


def _foreign(row: Sequence[Slot]) -> int:
    """Return how many letters of a line are none of ASCII, or may be."""
    return sum(len(slot.candidates) > 1 or not slot.candidates[0].isascii() for slot in row)
