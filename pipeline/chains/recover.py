"""Lines of misread UTF-8 that lost bytes -> what they were: gaps are filled."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.chains.again import LEAST, Choices, asked_again, looked_around, weighed
from pipeline.chains.damage import C1, WESTERN, Damage, diagnosed
from pipeline.chains.decoder import BROAD, NARROW, Choice, choose
from pipeline.chains.lattice import Slot, slots
from pipeline.chains.search import DOUBT
from pipeline.evidence.archive import Archive
from pipeline.evidence.codes import codes_of
from pipeline.evidence.fluency import fluency, likeliest, strangeness
from pipeline.evidence.neighbours import neighbours
from pipeline.evidence.ngrams import LanguageModel, language_model
from pipeline.evidence.words import words

PLAIN = 9.0  # nats a letter; half of the letters may be guessed wrongly where half of the bytes are gone
SCRIPT = 0x200  # code points: a script with an alphabet has its letters among so many
OF_ONE = 0.9  # share of the letters of a text that are of one script
FOREIGN = 14.0  # nats a letter by itself: those of a language that we know have 9.2 at most, of others 17 and more
GUESSED = 0.25  # how sure a letter of a language that we do not know is at most: below MIN_CONFIDENCE it is a gap
SAMPLE = 600  # characters that the language is chosen by
TWIN_CONFIDENCE = 0.999  # a letter that the twin has there and the bytes allow
MIN_CONFIDENCE = 0.3  # below it a letter is left a gap
HEADING = re.compile(r"(?:(?:[-*+]|\d+[.)]) )?(?:#+ |\*\*)\W*")  # or a line that begins in bold: its start
PAIRS = {"「": "」", "『": "』", "【": "】", "《": "》", "〈": "〉"}
CLOSED = {closing: opening for opening, closing in PAIRS.items()}
QUOTES = "“”„"  # which of them opens depends on the language
BRACKET = re.compile(f"[{''.join(PAIRS)}{''.join(PAIRS.values())}{QUOTES}]")
UNPAIRED = 5.3  # nats: of the brackets in the lines of the model's texts one of two hundred stands alone
OFTEN = 3
SLIGHT = 0.001  # a share of what a gap can be; below it no bracket is looked at
MOST = 60  # gaps and brackets of a line that are looked at together: more are no sentence
MANY = 100  # gaps of a text; with fewer, hardly a word that has one comes again
JUDGED = 20_000  # characters, about, that must be likelier than what stood there
RIVALS = 4  # languages that are tried on the sample


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line: what stands there, what it was, how sure that is, and what else it can have been."""

    start: int
    end: int
    text: str
    confidence: float
    others: tuple[tuple[str, float], ...] = ()
    twin: str = ""  # the path of the document that says so


def recovered(
    lines: Sequence[str], damage: Damage, archive: Archive, rival: Sequence[str] | None = None
) -> list[list[Piece]] | None:
    """Return the pieces of each line: single gaps, and the stretches between them in which nothing is in doubt.

    None where there are no gaps, or the lines are likelier as they stand, or as a `rival` reads them.
    """
    found = [slots(line, damage) for line in lines]
    if not any(len(slot.candidates) > 1 for row in found for slot in row):
        return None
    language = spoken(found)
    model, experts = language_model(language), [one for one in (neighbours(language), words(language)) if one]
    how = BROAD if damage.lost >= C1 else NARROW
    if foreign_to(model, found):
        how = how._replace(surest=GUESSED)
    chosen: Choices = choose(found, model.beside(archive), how)
    if sum(map(len, chosen)) >= MANY:
        chosen = asked_again(found, chosen, model, archive, how)
    chosen = looked_around(found, chosen, experts, how)
    rows = [list(pieces(*row)) for row in zip(found, chosen, strict=True)]
    often = often_alone(rows)
    read = [list(cased(paired(row, how.surest, often), how.surest)) for row in rows]
    after = ["".join(piece.text for piece in row) for row in read]
    some = int(np.searchsorted(np.cumsum([len(line) for line in after]), JUDGED)) + 1
    gain = float((fluency(after[:some]) - fluency((rival or lines)[:some])).sum())
    strange = strangeness(after[:some], symbols=False) > PLAIN
    if gain <= DOUBT or (strange and not (damage.codec in WESTERN and _telling(after[:some], gain))):
        return None
    twin = archive.twin_of("\n".join(after))
    return [list(row) for row in _compared(read, found, *twin)] if twin else read


def _compared(
    read: list[list[Piece]], found: Sequence[Sequence[Slot]], path: str, twin: str
) -> Iterator[Iterator[Piece]]:
    """Yield the pieces with the gaps filled from a twin, where what stands there can have been there."""
    rough = "\n".join("".join(piece.text for piece in row) for row in read)
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


def pieces(row: Sequence[Slot], choices: Sequence[Choice]) -> Iterator[Piece]:
    """Yield the pieces of a line: its gaps as they were chosen, in order, and what is sure between them."""
    sure: list[Slot] = []
    chosen = iter(choices)
    for slot in row:
        if len(slot.candidates) == 1:
            sure.append(slot)
            continue
        yield from _whole(sure)
        sure = []
        (text, confidence), *others = next(chosen).options
        yield Piece(slot.start, slot.end, text, confidence, tuple(others))
    yield from _whole(sure)


def paired(row: Sequence[Piece], surest: float, often: Collection[str] = ()) -> Sequence[Piece]:
    """Return the pieces of a line; a gap that can be a bracket is one, or none, with an eye to what it would pair with.

    A line is so much less likely for each bracket that stands alone, one of those that do so `often` twice. The gap
    that gains most is changed first.
    """
    options = {at: ((piece.text, piece.confidence), *piece.others) for at, piece in enumerate(row) if piece.others}
    least = 0.0 if any(sign in piece.text for piece in row for sign in often) else SLIGHT
    gaps = {
        at: told for at, told in options.items() if any(BRACKET.search(one) and rate >= least for one, rate in told)
    }
    signs = {at: piece.text for at, piece in enumerate(row) if at in gaps or BRACKET.search(piece.text)}
    if not gaps or len(signs) > MOST:
        return row
    while True:
        likely = {at: _likely(told, at, signs, often) for at, told in gaps.items()}
        at = max(gaps, key=lambda at: max(likely[at].values()) - likely[at][signs[at]])
        best = max(likely[at], key=lambda one: likely[at][one])
        if likely[at][best] <= likely[at][signs[at]]:
            return [_weighed(piece, likely[at], surest) if at in gaps else piece for at, piece in enumerate(row)]
        signs[at] = best


def _likely(
    told: Sequence[tuple[str, float]], at: int, signs: dict[int, str], often: Collection[str]
) -> dict[str, float]:
    """Return the natural logarithms of how likely the options of the gap at a place are, beside the brackets there."""
    alone = {one: unpaired("".join((signs | {at: one}).values())) for one, _ in told}
    cost = {one: sum(UNPAIRED * (2 if sign in often else 1) * alone[one][sign] for sign in alone[one]) for one in alone}
    return {one: math.log(max(share, LEAST)) - cost[one] for one, share in told}


def _weighed(piece: Piece, likely: dict[str, float], surest: float) -> Piece:
    """Return the piece read as the likeliest of its options."""
    most = max(likely.values())
    total = sum(math.exp(one - most) for one in likely.values())
    shares = (math.exp(rate - most) / total for rate in likely.values())
    (text, sure), *others = weighed(likely, shares, surest)
    return replace(piece, text=text, confidence=sure, others=tuple(others))


def unpaired(text: str) -> Counter[str]:
    """Return the brackets of a text that stand alone.

    >>> unpaired("「」"), unpaired("「『」"), unpaired("」「"), unpaired("””")
    (Counter(), Counter({'『': 1}), Counter({'」': 1, '「': 1}), Counter())
    """
    signs = BRACKET.findall(text)
    alone = Counter(QUOTES[:1] * (sum(sign in QUOTES for sign in signs) % 2))
    opened: Counter[str] = Counter()
    for sign in signs:
        if sign in PAIRS:
            opened[sign] += 1
        elif sign in CLOSED and opened[CLOSED[sign]]:
            opened[CLOSED[sign]] -= 1
        elif sign in CLOSED:
            alone[sign] += 1
    return alone + opened


def often_alone(rows: Sequence[Sequence[Piece]]) -> set[str]:
    """Return the closing brackets that stand alone in OFTEN lines more than those that open do: so nobody writes."""
    alone: Counter[str] = Counter()
    for row in rows:
        alone.update(unpaired("".join(piece.text for piece in row)).keys())
    return {sign for sign, opening in CLOSED.items() if alone[sign] - alone[opening] >= OFTEN}


def cased(row: Sequence[Piece], surest: float) -> Iterator[Piece]:
    """Yield the pieces of a line; a gap that can be a letter of either case has the one that fits its neighbours.

    It is as sure as both cases together, `surest` at most.
    """
    text = "".join(piece.text for piece in row)
    at = 0
    for piece in row:
        shares = dict(piece.others)
        swapped = piece.text.swapcase()
        if swapped in shares and capital(text, at) is swapped.isupper():
            others = ((piece.text, 0.0), *((other, share) for other, share in piece.others if other != swapped))
            confidence = min(round(piece.confidence + shares[swapped], 3), surest)
            yield replace(piece, text=swapped, confidence=confidence, others=others)
        else:
            yield piece
        at += len(piece.text)


def capital(text: str, at: int) -> bool | None:
    """Tell whether the letter at a place of a line is a capital; None where its neighbours do not tell.

    >>> capital("Prohlášení", 9), capital("NOVÉ ŠÍPY", 6), capital("# Šípy", 2), capital("a šípy", 2)
    (False, True, True, None)
    """
    before, after = text[:at], text[at + 1 : at + 2]
    if before[-1:].islower():
        return False
    if before[-1:].isupper():
        return after.isupper() or (not after.isalpha() and before[-2:-1].isupper())
    return True if after.isupper() or HEADING.fullmatch(before) else None


def _whole(sure: list[Slot]) -> Iterator[Piece]:
    if sure:
        yield Piece(sure[0].start, sure[-1].end, "".join(slot.candidates[0] for slot in sure), 1.0)


def _telling(lines: Sequence[str], gain: float) -> bool:
    """Tell whether lines that are strange can be true for all that: of one script, and likelier by far than before.

    Names in a list are strange, and what is in a language that we do not know; so is what is still misread.
    """
    foreign = [char for line in lines for char in line if not char.isascii()]
    scripts = Counter(ord(char) // SCRIPT for char in foreign if char.isalpha())
    one = max(scripts.values(), default=0) >= OF_ONE * scripts.total()
    return gain > PLAIN * len(foreign) and one and not diagnosed(lines)


def foreign_to(model: LanguageModel, found: Sequence[Sequence[Slot]]) -> bool:
    """Tell whether the letters that are sure are of a language that the model does not know."""
    sure = "".join(slot.candidates[0] for row in found for slot in row if len(slot.candidates) == 1)
    letters = "".join(char for char in sure if char.isalpha() and not char.isascii())
    return bool(letters) and -float(model.letters(codes_of(letters)).mean()) > FOREIGN


def spoken(found: Sequence[Sequence[Slot]]) -> str:
    """Return the language that reads a sample of `found` best, as its model is named: the lines with most letters
    outside ASCII, for the longest may be an address or code."""
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
        total = 0.0
        for row, choices in zip(sample, choose(sample, model), strict=True):
            total += float(model.score("".join(piece.text for piece in pieces(row, choices))).sum())
        scored[tag] = total
    return max(scored, key=lambda tag: scored[tag])


def _foreign(row: Sequence[Slot]) -> int:
    """Return how many letters of a line are none of ASCII, or may be."""
    return sum(len(slot.candidates) > 1 or not slot.candidates[0].isascii() for slot in row)
