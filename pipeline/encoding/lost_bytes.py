"""Lines of a damaged double-byte file -> the characters that lost or changed a byte: `ｎO` in Shift JIS was `に三`.

What a decoder makes of such a character is text too, but unlikely text. Each byte near it may have lost, changed or
gained a byte; the language model compares the text of each case with the text as it is. A file with bad bytes is more
likely to have such characters; in others, all of them together must be very unlikely text. `benchmarks/decoding.py
halves` set the constants.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.changes import Change
from pipeline.document import REPLACEMENT
from pipeline.encoding.alignment import ASCII_FLOOR, SPACE_FLOOR, SPACES
from pipeline.encoding.half_characters import byte_places, letters_of_half
from pipeline.encoding.marked import marked_text
from pipeline.language.fluency import FREQUENT_CHARACTER
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import Floats, LanguageModel

STEP = "decode"
REASON = "a byte of this character was lost or changed"
UNKNOWN_DAMAGE = 7.0  # nats by which a file that decodes without error must be likelier as a damaged one
TYPED_NATS = 7.0  # nats: a character in a thousand is another frequent one, as somebody typed it
SIGN_NATS = 25.0  # nats: the same of signs alone; `※` and `◎` are rare everywhere
WIDE_LATIN = re.compile("[\uff01-\uff5e]")  # fullwidth letters are units and names, as signs are: `1200ｍ`
BYTE_VALUES = math.log(256)  # nats for the value of a wrong byte
LIKELY_PAIR = 6.0  # nats of two characters that fit their context
MOST_SPOTS = 500  # places of a file that are searched: the least likely ones
BEFORE_SPOT, AFTER_SPOT = 2, 6  # characters before and after a spot that may change with it
CONTEXT = 5  # characters
MARK_PRICE = 11.0  # nats for a mark that stays, as `alignment.SKIP_PRICE`
SOFTNESS = 1.5  # as `TEMPERATURE` of the beam search
LEAST_CONFIDENCE = 0.5  # below it the character is marked
MOST_CONFIDENCE = 0.99  # what one character of context can show


@dataclass(frozen=True, slots=True)
class DecodedLine:
    """The bytes of a line and the text that was made of them: U+FFFD is one byte."""

    data: bytes
    text: str


@dataclass(frozen=True, slots=True)
class _Case:
    """A text that a spot may have been, the character in it that is a guess, and its log-likelihood in nats."""

    before: str
    guess: str
    rest: str
    score: float

    @property
    def text(self) -> str:
        """The text of the damaged place: before, the guess, and the rest."""
        return self.before + self.guess + self.rest

    @property
    def group(self) -> tuple[str, bool, str]:
        """The key of the cases that differ in the guessed character only."""
        return self.before, bool(self.guess), self.rest


def lost_byte_changes(lines: Sequence[DecodedLine], codec: str, model: LanguageModel) -> list[list[Change]]:
    """Return for each line the changes that restore characters or mark them U+FFFD; spans are in the line's text.

    Where every byte belongs to a character, all places together must show that the file is damaged at all, and bytes
    must be paired wrongly somewhere: single characters that are unlikely are names, units and signs.
    """
    fit = [byte_places(line.text, codec)[-1] == len(line.data) for line in lines]
    whole = [line for line, fits in zip(lines, fit, strict=True) if fits]
    bad = sum(line.text.count(REPLACEMENT) for line in whole)
    gain, changes = _changes(whole, codec, model, _damage_nats(whole, max(1, bad)))
    guesses = [change for row in changes for change in row if REPLACEMENT not in change.before]
    found = len(guesses)
    shifted = any(len(change.before) > 1 for change in guesses)  # bytes that were paired wrongly
    if found and (bad or (shifted and gain > UNKNOWN_DAMAGE)):
        _, changes = _changes(whole, codec, model, _damage_nats(whole, bad + found))
    elif not bad:
        return [[] for _ in lines]
    made = iter(changes)
    return [next(made) if fits else [] for fits in fit]


def _damage_nats(lines: Sequence[DecodedLine], damaged: int) -> float:
    """Return the nats of a damaged character, for the number of those in the lines."""
    return math.log((sum(len(line.text) for line in lines) + 1) / (damaged + 0.5))


def _changes(
    lines: Sequence[DecodedLine], codec: str, model: LanguageModel, damage: float
) -> tuple[float, list[list[Change]]]:
    """Return by how many nats the changed text is likelier, and the changes of each line."""
    spots = sorted(
        (-cost, number, first, last)
        for number, line in enumerate(lines)
        for cost, first, last in _spots(line, model, damage)
    )[:MOST_SPOTS]
    changes: list[list[Change]] = [[] for _ in lines]
    total = 0.0
    for _, number, first, last in sorted(spots, key=lambda spot: spot[1:]):
        done = changes[number][-1].span[1] if changes[number] else 0
        if first >= done:
            spot = (max(done, first - BEFORE_SPOT), first, last)
            gain, made = _spot_changes(lines[number], spot, codec, model, damage)
            changes[number] += made
            total += gain if made else 0.0
    return total, changes


def _spots(line: DecodedLine, model: LanguageModel, damage: float) -> Iterator[tuple[float, int, int]]:
    """Yield the places of a line where something else may be likelier: nats, first and last character."""
    text = line.text
    cost = -_scores(text, model) if text else np.zeros(0, np.float32)
    suspect = np.array([char == REPLACEMENT for char in text], np.bool_)
    cost[suspect] = 0
    both = cost + np.append(cost[1:], np.float32(0))
    lone = np.array([_is_lone(text, at) for at in range(len(text))], np.bool_)
    suspect |= (both > damage + LIKELY_PAIR) & lone
    suspect[-1:] = False  # a line that was cut has no context after its mark
    places = np.flatnonzero(suspect).tolist()
    while places:
        first = last = places.pop(0)
        while places and places[0] <= last + BEFORE_SPOT:
            last = places.pop(0)
        is_marked = REPLACEMENT in text[first : last + 1]
        yield math.inf if is_marked else float(both[first : last + 1].max()), first, last


def _is_lone(text: str, at: int) -> bool:
    """Return whether a character may be the rest of another: it is not ASCII, or a single one next to others."""
    char, beside = text[at], text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    return not char.isascii() or ("@" <= char <= "~" and not any(other.isascii() for other in beside))


def _spot_changes(
    line: DecodedLine, spot: tuple[int, int, int], codec: str, model: LanguageModel, damage: float
) -> tuple[float, list[Change]]:
    """Return the nats gained and the change of a spot, given by where it may start, its first and last character."""
    start, first, last = spot
    end = min(len(line.text), last + 1 + AFTER_SPOT)
    literal = line.text[start:end]
    places = byte_places(line.text, codec)
    cases = _cases(literal, line.data[places[start] : places[end]], last + 1 - start, codec, model)
    context = line.text[max(0, start - CONTEXT) : start].replace(REPLACEMENT, "")
    typed = _nats_if_typed(line.text[first : last + 1], model)
    scored = _scored(cases, context, model, damage + typed)
    shares = np.exp((np.array([case.score for case in scored]) - max(case.score for case in scored)) / SOFTNESS)
    ranked = sorted(zip((shares / shares.sum()).tolist(), scored, strict=True), key=lambda pair: -pair[0])
    groups: Counter[tuple[str, bool, str]] = Counter()
    for one, case in ranked:
        groups[case.group] += one
    likeliest = max(groups, key=lambda group: groups[group])
    share, chosen = next(pair for pair in ranked if pair[1].group == likeliest)
    if chosen.text == literal:
        return 0.0, []
    is_confident = share >= LEAST_CONFIDENCE or not chosen.guess
    after = chosen.text if is_confident else chosen.before + REPLACEMENT + chosen.rest
    return chosen.score - scored[0].score, [_change(literal, after, start, min(share, MOST_CONFIDENCE), ranked)]


def _nats_if_typed(text: str, model: LanguageModel) -> float:
    """Return the nats by which damage must be likelier, for somebody may have typed the text."""
    letters = "".join(char for char in WIDE_LATIN.sub("", text) if char.isalpha() or char == REPLACEMENT)
    if not letters:
        return SIGN_NATS
    frequent = model.letters(codes_of(letters)) > FREQUENT_CHARACTER
    is_typed = not any(char.isascii() or char == REPLACEMENT for char in letters) and bool(frequent.all())
    return TYPED_NATS if is_typed else 0.0


def _change(before: str, after: str, start: int, confidence: float, ranked: Sequence[tuple[float, _Case]]) -> Change:
    """Return the change from `before` to `after` without what both begin and end with."""
    head = next(
        (at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
        min(len(before), len(after)),
    )
    rest = min(len(before), len(after)) - head
    tail = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    span = (start + head, start + len(before) - tail)
    others = tuple((case.guess, round(share, 3)) for share, case in ranked[:5] if case.guess and case.text != after)
    return Change(
        STEP,
        span,
        before[head : len(before) - tail],
        after[head : len(after) - tail],
        REASON,
        round(confidence, 3),
        others,
    )


def _cases(text: str, data: bytes, suspects: int, codec: str, model: LanguageModel) -> list[_Case]:
    """Return the texts that `data` may have been, with the nats of their damage; the first is `text` as it is."""
    cases = {text: _Case("", "", text, 0.0)}
    places = byte_places(text, codec)
    for at in range(suspects):
        here, before = places[at], text[:at]
        if REPLACEMENT in before:
            break
        lead, trail = (bytes([byte]) for byte in (data + b"\n\n")[here : here + 2])
        options = [
            (0.0, 1, letters_of_half(lead, b"", codec, model)),
            (0.0, 1, letters_of_half(b"", lead, codec, model)),
            (BYTE_VALUES, 2, (*letters_of_half(lead, b"", codec, model), *letters_of_half(b"", trail, codec, model))),
            (BYTE_VALUES, 1, () if lead.isascii() else ("",)),
        ]
        for price, size, guesses in options:
            rest = marked_text(data[here + size :], codec)
            for guess in guesses:
                case = _Case(before, guess, rest, -price)
                if case.text not in cases or cases[case.text].score < case.score:
                    cases[case.text] = case
    return list(cases.values())


def _scored(cases: Sequence[_Case], context: str, model: LanguageModel, damage: float) -> list[_Case]:
    """Return the cases with their log-likelihoods, the damage included."""
    texts = [context + case.text.replace(REPLACEMENT, "") + "\n" for case in cases]
    starts = np.cumsum([0, *map(len, texts[:-1])])
    scores = _scores("".join(texts), model)
    scores[starts[1:] - 1] = 0
    literal = cases[0].text
    found = []
    for case, score in zip(cases, np.add.reduceat(scores, starts).tolist(), strict=True):
        marks = case.text.count(REPLACEMENT)
        price = damage * (case.text != literal) + marks * (damage + MARK_PRICE)
        found.append(_Case(case.before, case.guess, case.rest, score + case.score - price))
    return found


def _scores(text: str, model: LanguageModel) -> Floats:
    """Return the log-likelihood of each character of a text; one in a run of ASCII, markup say, costs little."""
    codes = codes_of(text)
    chance = np.array(model.score(text))
    ascii_ = np.concatenate([[False], codes < 0x80, [False]])
    in_run = ascii_[1:-1] & (ascii_[:-2] | ascii_[2:])
    chance = np.where(in_run, np.maximum(chance, ASCII_FLOOR), chance)
    return np.asarray(np.where(np.isin(codes, SPACES), np.maximum(chance, SPACE_FLOOR), chance), np.float32)
