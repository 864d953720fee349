"""Two texts, aligned -> whether they differ in what matters: numbers, months, negations."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.unique.exact import POINT

Span = tuple[int, int]
SLIPS = 5  # edits; a text that has so few was copied with care: no number changed by accident
CHANCE = {"numbers": 0.02, "words": 0.001}  # how unlikely it must be that edits that fall anywhere hit so many
DIGITS = 0.05  # share of digits among characters that slips put in
BLOCK = 10  # characters that were changed in one place: another passage, not a slip
NEAR = 8  # characters between two edits of one place

NUMBERS = re.compile(rf"\d+(?:{POINT}\d+)*")
CHECKSUM = 4  # ASCII letters and digits in a run with a number's: more are no version or unit
# Words that turn a sentence round, and numbers, months and days in letters; the languages are those of Lacuna's model.
_LETTERS = "不没沒無无非未莫勿別别否〇一二三四五六七八九十百千万萬億亿兩两"  # Chinese, Japanese
_WORDS = """
not no never none neither nor without cannot dont doesnt didnt isnt arent wasnt werent wont wouldnt cant
couldnt shouldnt hasnt havent hadnt mustnt neednt nicht kein keine keinen nie ohne ne pas jamais sans aucun aucune
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


ALONE = frozenset(_WORDS.split()) - set(_INSIDE)
_LETTER = re.compile(f"[{_LETTERS}]")
_KEY = re.compile(rf"[a-z\d]{{{CHECKSUM}}}")
_TOKEN = re.compile(r"[^\W\d]+")


class Edit(NamedTuple):
    """A place where two texts differ: its spans in both."""

    one: Span
    other: Span

    @property
    def size(self) -> int:
        """How many characters were changed."""
        return max(self.one[1] - self.one[0], self.other[1] - self.other[0])


def differs(one: str, other: str, edits: Sequence[Edit]) -> tuple[str, float]:
    """Return what of weight the texts differ in, numbers or words, and how likely that is by chance, from 0 to 1.

    That is empty if the edits fall anywhere. In a text that was copied with care, any number or word of weight that
    changed is meant. One that is full of slips has some there too: then they are counted against what edits that are
    scattered evenly would do (Poisson). Passages that are wholly other count neither way.
    """
    slips = _slips(edits, one, other)
    if not slips:
        return "", 1.0
    back = [_turned(edit) for edit in edits]
    slips_back = [_turned(slip) for slip in slips]
    for kind, spans_of in (("numbers", _numbers), ("words", _words)):
        first, second = spans_of(one), spans_of(other)
        gone, hits_gone = _changed(first, second, edits, slips)
        come, hits_come = _changed(second, first, back, slips_back)
        if not gone and not come:
            continue
        hit = {*hits_gone, *map(_turned, hits_come)}
        by_chance = sum(edit.size for edit in slips) - sum(edit.size for edit in hit)
        weight = sum(end - start for start, end in (*first, *second)) / (len(one) + len(other))
        hits, share = max(len(gone), len(come)), 2.5 * weight
        if kind == "numbers" and by_chance > SLIPS:
            hits, share = sum(_another_digit(edit, one, other) for edit in hit), DIGITS * weight
        chance = _tail(hits, by_chance * share)
        if by_chance <= SLIPS or chance < CHANCE[kind]:
            return kind, chance
    return "", 1.0


def _numbers(text: str) -> list[Span]:
    return [span for span in (match.span() for match in NUMBERS.finditer(text)) if _stands_alone(text, span)]


def _stands_alone(text: str, span: Span) -> bool:
    """Tell a number, with a letter or two beside it, from the digits in a checksum or a key."""
    before, after = text[max(0, span[0] - CHECKSUM) : span[0]], text[span[1] : span[1] + CHECKSUM]
    return not (_KEY.fullmatch(before) or _KEY.fullmatch(after))


def _words(text: str) -> list[Span]:
    """Return where words of weight stand: those of scripts without spaces, and those that stand alone."""
    found = [match.span() for match in _LETTER.finditer(text)]
    found += [match.span() for word in _INSIDE if word in text for match in re.finditer(word, text)]
    return sorted(found + [match.span() for match in _TOKEN.finditer(text) if match[0] in ALONE])


def _changed(
    spans: list[Span], others: list[Span], edits: Sequence[Edit], slips: list[Edit]
) -> tuple[list[Span], list[Edit]]:
    """Return which of one text's spans the other has not, for a slip, and the slips."""
    ends = [slip.one[1] for slip in slips]
    lost: list[Span] = []
    hits: list[Edit] = []
    for start, end in _not_kept(spans, others, edits):
        at = until = bisect.bisect_left(ends, start)
        while until < len(slips) and slips[until].one[0] <= end:
            until += 1
        if until > at:
            lost.append((start, end))
            hits += slips[at:until]
    return lost, hits


def _turned(edit: Edit) -> Edit:
    return Edit(edit.other, edit.one)


def _another_digit(edit: Edit, one: str, other: str) -> bool:
    """Tell whether an edit puts a digit for a digit: slips hardly ever do."""
    before, after = one[slice(*edit.one)], other[slice(*edit.other)]
    return any(a.isdigit() and b.isdigit() for a, b in zip(before, after, strict=False))


def _not_kept(spans: list[Span], others: list[Span], edits: Sequence[Edit]) -> list[Span]:
    """Return the spans of one text that the other has not, letter for letter, at the same place."""
    there = set(others)
    ends = [edit.one[1] for edit in edits]
    lost = []
    for start, end in spans:
        at = bisect.bisect_left(ends, start)  # edits before `at` end before the span starts
        whole = at == len(edits) or edits[at].one[0] >= end
        shift = edits[at - 1].other[1] - edits[at - 1].one[1] if at else 0
        if not (whole and (start + shift, end + shift) in there):
            lost.append((start, end))
    return lost


def _slips(edits: Sequence[Edit], one: str, other: str) -> list[Edit]:
    """Return the edits that are no part of a passage that is wholly other, numbers aside."""
    slips: list[Edit] = []
    place: list[Edit] = []
    for at, edit in enumerate(edits):
        place.append(edit)
        if at + 1 == len(edits) or edits[at + 1].one[0] - edit.one[1] > NEAR:
            changed = "\0".join(_longer(each, one, other) for each in place)
            if len(place) > 1 or len(changed) >= BLOCK:
                changed = NUMBERS.sub("", changed).replace("\0", "")
            if len(changed) < BLOCK:
                slips += place
            place = []
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
