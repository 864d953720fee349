"""Two texts, aligned -> whether they differ in what matters: numbers, months, negations."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import methodcaller
from string import digits
from typing import NamedTuple

from pipeline.changes import Span
from pipeline.duplicates.word_normalization import POINT

SLIPS = 5  # edits; a text that has so few was copied with care: no number changed by accident
CHANCE = {"numbers": 0.02, "words": 0.001}  # how unlikely it must be that edits that fall anywhere hit so many
DIGITS = 0.05  # share of digits among characters that slips put in
BLOCK = 10  # characters that were changed in one place: another passage, not a slip
NEAR = 8  # characters between two edits of one place

NUMBERS = re.compile(rf"\d+(?:{POINT}\d+)*")
# Those with up to three ASCII letters or digits beside them: more, and the digits are a checksum's or a key's.
_ALONE = re.compile(rf"\d(?<!\d\d)(?<!\d{POINT}\d)(?<![a-z\d]{{4}}\d)\d*+(?:{POINT}\d++)*+(?![a-z\d]{{4}})")
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


WORDS = frozenset(_WORDS.split()) - set(_INSIDE)
_LETTER = re.compile(f"[{_LETTERS}]")
_bare = methodcaller("strip", digits)


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
    slips = [edit for place in _places(edits) if _is_slip(place, one, other) for edit in place]
    if not slips:
        return "", 1.0
    changed = sum(edit.size for edit in slips)
    for kind, spans_of in (("numbers", _numbers), ("words", _words)):
        spans = spans_of(one), spans_of(other)
        gone, come = _not_kept(*spans, edits)
        gone, hits_gone = _hit(gone, slips, 0)
        come, hits_come = _hit(come, slips, 1)
        if not gone and not come:
            continue
        hit = hits_gone | hits_come
        by_chance = changed - sum(edit.size for edit in hit)
        weight = sum(end - start for side in spans for start, end in side) / (len(one) + len(other))
        hits, share = max(len(gone), len(come)), 2.5 * weight
        if kind == "numbers" and by_chance > SLIPS:
            hits, share = sum(_another_digit(edit, one, other) for edit in hit), DIGITS * weight
        chance = _tail(hits, by_chance * share)
        if by_chance <= SLIPS or chance < CHANCE[kind]:
            return kind, chance
    return "", 1.0


def _numbers(text: str) -> list[Span]:
    return [match.span() for match in _ALONE.finditer(text)]


def _words(text: str) -> list[Span]:
    """Return where words of weight stand: those of scripts without spaces, and those that stand alone."""
    found = [match.span() for match in _LETTER.finditer(text)]
    found += [match.span() for word in _INSIDE if word in text for match in re.finditer(word, text)]
    there = WORDS.intersection(map(_bare, text.split(" ")))
    found += [match.span() for word in there for match in re.finditer(_alone(word), text)]
    return sorted(found)


def _alone(word: str) -> str:
    return rf"{word}(?<![^ \d]{word})(?![^ \d])"


def _not_kept(spans: list[Span], others: list[Span], edits: Sequence[Edit]) -> tuple[set[Span], set[Span]]:
    """Return the spans of each text that the other has not, letter for letter, at the same place."""
    ends = [edit.one[1] for edit in edits]
    gone, come = set(spans), set(others)
    for start, end in spans:
        at = bisect.bisect_left(ends, start)  # edits before `at` end before the span starts
        if at == len(edits) or edits[at].one[0] >= end:
            shift = edits[at - 1].other[1] - ends[at - 1] if at else 0
            if (start + shift, end + shift) in come:
                gone.remove((start, end))
                come.remove((start + shift, end + shift))
    return gone, come


def _hit(spans: set[Span], slips: list[Edit], side: int) -> tuple[set[Span], set[Edit]]:
    """Return which spans of one side's text a slip touches, and those slips."""
    ends = [slip[side][1] for slip in slips]
    lost: set[Span] = set()
    hits: set[Edit] = set()
    for start, end in spans:
        for slip in islice(slips, bisect.bisect_left(ends, start), None):
            if slip[side][0] > end:
                break
            lost.add((start, end))
            hits.add(slip)
    return lost, hits


def _another_digit(edit: Edit, one: str, other: str) -> bool:
    """Tell whether an edit puts a digit for a digit: slips hardly ever do."""
    before, after = one[slice(*edit.one)], other[slice(*edit.other)]
    return any(a.isdigit() and b.isdigit() for a, b in zip(before, after, strict=False))


def _places(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Yield the edits place by place."""
    place: list[Edit] = []
    for edit in edits:
        if place and edit.one[0] - place[-1].one[1] > NEAR:
            yield place
            place = []
        place.append(edit)
    if place:
        yield place


def _is_slip(place: list[Edit], one: str, other: str) -> bool:
    """Tell whether the edits of a place are no part of a passage that is wholly other, numbers aside."""
    if len(place) == 1 and place[0].size < BLOCK:
        return True
    changed = "\0".join(_longer(edit, one, other) for edit in place)
    return len(NUMBERS.sub("", changed).replace("\0", "")) < BLOCK


def _longer(edit: Edit, one: str, other: str) -> str:
    return max(one[slice(*edit.one)], other[slice(*edit.other)], key=len)


def _tail(hits: int, mean: float) -> float:
    """Return how likely `hits` or more are where `mean` are to be expected."""
    term, total = math.exp(-mean), 0.0
    for number in range(hits):
        total += term
        term *= mean / (number + 1)
    return 1 - total
