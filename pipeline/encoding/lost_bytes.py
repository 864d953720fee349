"""Lines of a damaged double-byte file -> the characters that lost or changed a byte: `ｎO` in Shift JIS was `に三`.

What a decoder makes of such a character is text too, but unlikely text. Each byte near it may have lost, changed or
gained a byte; the language model compares the text of each case with the text as it is. A file with bad bytes is more
likely to have such characters; in others, all of them together must be very unlikely text. `benchmarks/decoding.py
halves` set the constants.
"""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.changes import Change
from pipeline.document import REPLACEMENT
from pipeline.encoding.damage_cases import CONTEXT, Case, Spot, TextScores, character_scores
from pipeline.encoding.half_characters import byte_count, byte_places
from pipeline.language.fluency import FREQUENT_CHARACTER
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import LanguageModel

STEP = "decode"
REASON = "a byte of this character was lost or changed"
UNKNOWN_DAMAGE = 7.0  # nats by which a file that decodes without error must be likelier as a damaged one
TYPED_NATS = 7.0  # nats: a character in a thousand is another frequent one, as somebody typed it
SIGN_NATS = 25.0  # nats: the same of signs alone; `※` and `◎` are rare everywhere
WIDE_LATIN = re.compile("[\uff01-\uff5e]")  # fullwidth letters are units and names, as signs are: `1200ｍ`
LIKELY_PAIR = 6.0  # nats of two characters that fit their context
MOST_SPOTS = 500  # places of a file that are searched: the least likely ones
BEFORE_SPOT, AFTER_SPOT = 2, 6  # characters before and after a spot that may change with it
SOFTNESS = 1.5  # as `TEMPERATURE` of the beam search
LEAST_CONFIDENCE = 0.5  # below it the character is marked
MOST_CONFIDENCE = 0.99  # what one character of context can show


@dataclass(frozen=True, slots=True)
class DecodedLine:
    """The bytes of a line and the text that was made of them: U+FFFD is one byte."""

    data: bytes
    text: str


def lost_byte_changes(lines: Sequence[DecodedLine], codec: str, model: LanguageModel) -> list[list[Change]]:
    """Return for each line the changes that restore characters or mark them U+FFFD; spans are in the line's text.

    Where every byte belongs to a character, all places together must show that the file is damaged at all, and bytes
    must be paired wrongly somewhere: single characters that are unlikely are names, units and signs.
    """
    fit = [byte_count(line.text, codec) == len(line.data) for line in lines]
    whole = [line for line, fits in zip(lines, fit, strict=True) if fits]
    bad = sum(line.text.count(REPLACEMENT) for line in whole)
    search = _Search(whole, codec, TextScores(model))
    gain, changes = search.changes(max(1, bad))
    guesses = [change for row in changes for change in row if REPLACEMENT not in change.before]
    found = len(guesses)
    shifted = any(len(change.before) > 1 for change in guesses)  # bytes that were paired wrongly
    if found and (bad or (shifted and gain > UNKNOWN_DAMAGE)):
        _, changes = search.changes(bad + found)
    elif not bad:
        return [[] for _ in lines]
    made = iter(changes)
    return [next(made) if fits else [] for fits in fit]


class _Suspects(NamedTuple):
    """Characters of a line where something else may be likelier, and their nats."""

    nats: float
    line: int
    first: int
    last: int


class _Search:
    """The lines of a file in which damaged characters are searched."""

    def __init__(self, lines: Sequence[DecodedLine], codec: str, scores: TextScores) -> None:
        self.lines, self.codec, self.scores = lines, codec, scores
        self.text = "\n".join(line.text for line in lines)
        self.costs = -character_scores(self.text, scores.model)
        self.frequent = scores.model.letters(codes_of(self.text)) > FREQUENT_CHARACTER
        self.starts = np.cumsum([0, *(len(line.text) + 1 for line in lines)]).tolist()
        self.places: dict[int, list[int]] = {}  # by line: the numbers of bytes before its characters

    def changes(self, damaged: int) -> tuple[float, list[list[Change]]]:
        """Return by how many nats the changed text is likelier, and the changes of each line; so many are damaged."""
        damage = math.log((len(self.text) + 1) / (damaged + 0.5))
        every = sorted(self._suspects(damage), key=lambda one: (-one.nats, *one[1:]))[:MOST_SPOTS]
        every.sort(key=lambda one: one[1:])
        spots = [self._spot(one, 0, damage) for one in every]
        changes: list[list[Change]] = [[] for _ in self.lines]
        total = 0.0
        for one, cases in zip(every, self.scores.cases(spots, self.codec), strict=True):
            made = changes[one.line]
            done = made[-1].span[1] if made else 0
            if one.first < done:
                continue
            shorter = [self._spot(one, done, damage)] if one.first - BEFORE_SPOT < done else []
            (found,) = self.scores.cases(shorter, self.codec) or [cases]
            gain, change = _likeliest_change(found, max(done, one.first - BEFORE_SPOT))
            made += change
            total += gain
        return total, changes

    def _suspects(self, damage: float) -> Iterator[_Suspects]:
        """Yield the places where something else may be likelier."""
        codes = np.frombuffer(self.text.encode("utf-32-le"), np.uint32)
        is_end, is_mark = codes == ord("\n"), codes == ord(REPLACEMENT)
        cost = np.where(is_mark | is_end, np.float32(0), self.costs)
        both = cost + np.append(cost[1:], np.float32(0))
        suspect = is_mark | ((both > damage + LIKELY_PAIR) & ~is_end & _may_be_rest(codes))
        suspect &= ~np.append(is_end[1:], True)  # a line that was cut has no context after its mark
        places = np.flatnonzero(suspect)
        for run in np.split(places, np.flatnonzero(np.diff(places) > BEFORE_SPOT) + 1) if len(places) else ():
            line = bisect.bisect_right(self.starts, run[0]) - 1
            first, last = (run[[0, -1]] - self.starts[line]).tolist()
            inside = slice(run[0], run[-1] + 1)
            yield _Suspects(math.inf if is_mark[inside].any() else float(both[inside].max()), line, first, last)

    def _spot(self, one: _Suspects, done: int, damage: float) -> Spot:
        """Return the spot of suspects in a line that is done up to an index."""
        line = self.lines[one.line]
        places = self.places.setdefault(one.line, []) or byte_places(line.text, self.codec)
        self.places[one.line] = places
        start = max(done, one.first - BEFORE_SPOT)
        end = min(len(line.text), one.last + 1 + AFTER_SPOT)
        context = line.text[max(0, start - CONTEXT) : start].replace(REPLACEMENT, "")
        nats = damage + self._nats_if_typed(self.starts[one.line] + one.first, self.starts[one.line] + one.last + 1)
        data = line.data[places[start] : places[end]]
        return Spot(context, line.text[start:end], data, one.last + 1 - start, nats)

    def _nats_if_typed(self, start: int, end: int) -> float:
        """Return the nats by which damage must be likelier, for somebody may have typed a part of the text."""
        letters = [at for at in range(start, end) if _is_letter(self.text[at])]
        if not letters:
            return SIGN_NATS
        is_foreign = all(self.text[at] != REPLACEMENT and not self.text[at].isascii() for at in letters)
        return TYPED_NATS if is_foreign and bool(self.frequent[letters].all()) else 0.0


def _is_letter(char: str) -> bool:
    return (char.isalpha() and not WIDE_LATIN.match(char)) or char == REPLACEMENT


def _may_be_rest(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Return where a character may be the rest of another: no ASCII, or a single one beside others."""
    is_ascii = codes < 0x80
    beside = np.concatenate([[False], is_ascii & (codes != ord("\n")), [False]])
    is_second = (codes >= ord("@")) & (codes <= ord("~"))
    return np.asarray(~is_ascii | (is_second & ~beside[:-2] & ~beside[2:]), np.bool_)


def _likeliest_change(cases: Sequence[Case], start: int) -> tuple[float, list[Change]]:
    """Return the nats gained and the change of a spot that starts at an index; the first case is its text as it is."""
    scores = np.array([case.score for case in cases])
    shares = np.exp((scores - scores.max()) / SOFTNESS)
    ranked = sorted(zip((shares / shares.sum()).tolist(), cases, strict=True), key=lambda pair: -pair[0])
    groups: Counter[tuple[str, bool, str]] = Counter()
    for one, case in ranked:
        groups[case.group] += one
    likeliest = max(groups, key=lambda group: groups[group])
    share, chosen = next(pair for pair in ranked if pair[1].group == likeliest)
    literal = cases[0].text
    if chosen.text == literal:
        return 0.0, []
    is_confident = share >= LEAST_CONFIDENCE or not chosen.guess
    after = chosen.text if is_confident else chosen.before + REPLACEMENT + chosen.rest
    return chosen.score - cases[0].score, [_change(literal, after, start, min(share, MOST_CONFIDENCE), ranked)]


def _change(before: str, after: str, start: int, confidence: float, ranked: Sequence[tuple[float, Case]]) -> Change:
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
