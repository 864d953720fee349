"""Two texts, aligned -> whether they differ in what matters: numbers, months, negations."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.unique.exact import POINT

Span = tuple[int, int]
SLIPS = 5  # edits; a text that has so few was copied with care: no number changed by accident
CHANCE = {"numbers": 0.02, "words": 0.001}  # how unlikely it must be that edits that fall anywhere hit so many
DIGITS = 0.05  # share of digits among characters that slips put in
BLOCK = 10  # characters that were changed in one place: another passage, not a slip
NEAR = 8  # characters between two edits of one place

NUMBERS = re.compile(  # not the digits of a checksum
    rf"(?<![a-z\d])[a-z]{{0,3}}\d+(?:{POINT}\d+)*[a-z]{{0,3}}(?![a-z\d])"
)
# Words that turn a sentence round, and numbers, months and days in letters; the languages are those of Lacuna's model.
_LETTERS = "不没沒無无非未莫勿別别否〇一二三四五六七八九十百千万萬億亿兩两"  # Chinese, Japanese
_WORDS = """
not no never none neither nor without cannot nicht kein keine keinen nie ohne ne pas jamais sans aucun aucune
nunca jamás sin ningún ninguna não sem nenhum nenhuma не ні ни нет нету нельзя без никогда ніколи немає nie bez żaden
nigdy ani není nejsou žádný nikdy değil yok hiç không chẳng chưa δεν μην όχι χωρίς לא אין אל בלי لا لم لن ليس غير
नहीं न मत बिना ไม่ มิ ない なかっ ません ず 않 안 못 없 아니
january february march april may june july august september october november december
jan feb mar apr jun jul aug sep sept oct nov dec
monday tuesday wednesday thursday friday saturday sunday
one two three four five six seven eight nine ten eleven twelve hundred thousand million billion
first second third fourth fifth ii iii iv vi vii viii ix
"""
_INSIDE = ("ない", "なかっ", "ません", "않", "없", "아니", "ไม่")  # scripts without spaces, or with endings that run on


def _weighty() -> re.Pattern[str]:
    alone = sorted({word for word in _WORDS.split() if word not in _INSIDE}, key=lambda word: (-len(word), word))
    return re.compile(rf"[{_LETTERS}]|{'|'.join(_INSIDE)}|(?<!\w)(?:{'|'.join(alone)})(?!\w)|n t(?!\w)")


WORDS = _weighty()


@dataclass(frozen=True, slots=True)
class Edit:
    """A place where two texts differ: its spans in both."""

    one: Span
    other: Span

    @property
    def size(self) -> int:
        """How many characters were changed."""
        return max(self.one[1] - self.one[0], self.other[1] - self.other[0])


def differs(one: str, other: str, edits: Sequence[Edit]) -> str:
    """Return what of weight the texts differ in: numbers or words; empty if the edits fall anywhere.

    In a text that was copied with care, any number or word of weight that changed is meant. One that is full of
    slips has some there too: then they are counted against what edits that are scattered evenly would do (Poisson).
    Passages that are wholly other count neither way.
    """
    slips = _slips(edits, one, other)
    size = max(len(one), len(other))
    for kind, pattern in (("numbers", NUMBERS), ("words", WORDS)):
        first, second = ([match.span() for match in pattern.finditer(text)] for text in (one, other))
        gone, edits_gone = _changed(first, second, [(edit.one, edit.other) for edit in edits], slips)
        come, edits_come = _changed(
            second, first, [(edit.other, edit.one) for edit in edits], [_turned(s) for s in slips]
        )
        hit = {*edits_gone, *map(_turned, edits_come)}
        by_chance = sum(edit.size for edit in slips) - sum(edit.size for edit in hit)
        if not gone and not come:
            continue
        if by_chance <= SLIPS:
            return kind
        weight = sum(end - start for start, end in (*first, *second)) / 2
        hits, share = max(len(gone), len(come)), 2.5 * weight / size
        if kind == "numbers":
            hits, share = sum(_another_digit(edit, one, other) for edit in hit), weight / size * DIGITS
        if _tail(hits, by_chance * share) < CHANCE[kind]:
            return kind
    return ""


def _changed(
    spans: list[Span], others: list[Span], edits: Sequence[tuple[Span, Span]], slips: list[Edit]
) -> tuple[list[Span], list[Edit]]:
    """Return which of one text's spans the other has not, for a slip, and the slips."""
    lost = _not_kept(spans, others, edits)
    hits = [(span, slip) for span in lost for slip in slips if _touch(slip.one, span)]
    return list(dict.fromkeys(span for span, _ in hits)), list(dict.fromkeys(slip for _, slip in hits))


def _turned(edit: Edit) -> Edit:
    return Edit(edit.other, edit.one)


def _another_digit(edit: Edit, one: str, other: str) -> bool:
    """Tell whether an edit puts a digit for a digit: slips hardly ever do."""
    before, after = one[slice(*edit.one)], other[slice(*edit.other)]
    return any(a.isdigit() and b.isdigit() for a, b in zip(before, after, strict=False))


def _not_kept(spans: list[Span], others: list[Span], edits: Sequence[tuple[Span, Span]]) -> list[Span]:
    """Return the spans of one text that the other has not, letter for letter, at the same place."""
    there = set(others)
    ends = [edit[0][1] for edit in edits]
    lost = []
    for start, end in spans:
        at = bisect.bisect_left(ends, start)  # edits before `at` end before the span starts
        whole = at == len(edits) or edits[at][0][0] >= end
        shift = edits[at - 1][1][1] - edits[at - 1][0][1] if at else 0
        if not (whole and (start + shift, end + shift) in there):
            lost.append((start, end))
    return lost


def _touch(edit: Span, span: Span) -> bool:
    return edit[0] <= span[1] and span[0] <= edit[1]


def _slips(edits: Sequence[Edit], one: str, other: str) -> list[Edit]:
    """Return the edits that are no part of a passage that is wholly other, numbers aside."""
    slips: list[Edit] = []
    place: list[Edit] = []
    for edit in (*edits, None):
        if place and (edit is None or edit.one[0] - place[-1].one[1] > NEAR):
            changed = sum(len(NUMBERS.sub("", _longer(each, one, other))) for each in place)
            if changed < BLOCK:
                slips += place
            place = []
        if edit is not None:
            place.append(edit)
    return slips


def _longer(edit: Edit, one: str, other: str) -> str:
    return max(one[slice(*edit.one)], other[slice(*edit.other)], key=len)


def _tail(hits: int, mean: float) -> float:
    """Return how likely `hits` or more are where `mean` are to be expected."""
    term, total = math.exp(-mean), 0.0
    for number in range(hits):
        total += term
        term *= mean / (number + 1)
    return 1 - total
