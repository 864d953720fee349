"""Two aligned texts -> whether they differ significantly: in numbers, months or negations."""

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
from pipeline.duplicates.word_normalization import DECIMAL_POINT

MOST_TYPOS = 5  # edits; in a text with so few typos no number changed by accident
SIGNIFICANCE_BY_KIND = {
    "numbers": 0.02,
    "words": 0.001,
}  # significance level: the probability that evenly scattered edits hit so many
TYPED_DIGIT_SHARE = 0.05  # share of digits among the characters that typos insert
REWRITTEN_CHARACTERS = 10  # characters changed in one place: a rewritten passage, not a typo
MOST_EDIT_GAP = 8  # characters between two edits of one place

NUMBER_PATTERN = re.compile(rf"\d+(?:{DECIMAL_POINT}\d+)*")
# Numbers with up to three ASCII letters or digits next to them; with more, they are part of a checksum or a key.
_STANDALONE_NUMBER = re.compile(
    rf"\d(?<!\d\d)(?<!\d{DECIMAL_POINT}\d)(?<![a-z\d]{{4}}\d)\d*+(?:{DECIMAL_POINT}\d++)*+(?![a-z\d]{{4}})"
)
# Negations, numerals, months and days, in the languages of Lacuna's language model.
_SIGNIFICANT_CJK = "不没沒無无非未莫勿別别否〇一二三四五六七八九十百千万萬億亿兩两"  # Chinese, Japanese
_SIGNIFICANT_WORD_LIST = """
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
_SIGNIFICANT_SUBSTRINGS = (
    "ない",
    "なかっ",
    "ません",
    "않",
    "없",
    "아니",
    "ไม่",
)  # in scripts without spaces, or inside longer words


SIGNIFICANT_WORDS = frozenset(_SIGNIFICANT_WORD_LIST.split()) - set(_SIGNIFICANT_SUBSTRINGS)
_SIGNIFICANT_CJK_PATTERN = re.compile(f"[{_SIGNIFICANT_CJK}]")
_without_digits = methodcaller("strip", digits)


class TextEdit(NamedTuple):
    """One edit between two texts: its span in each."""

    one: Span
    other: Span

    @property
    def size(self) -> int:
        """How many characters it changes."""
        return max(self.one[1] - self.one[0], self.other[1] - self.other[0])


def significant_difference(one: str, other: str, edits: Sequence[TextEdit]) -> tuple[str, float]:
    """Return the kind of a significant difference, "numbers" or "words", and its probability by chance, from 0 to 1.

    The kind is empty if there is none. With up to `SLIPS` typos, every changed number or significant word counts. With
    more typos, some hit numbers by accident: their count is tested against evenly scattered edits (Poisson).
    Rewritten passages count neither way.
    """
    typos = [edit for place in _edit_groups(edits) if _is_typo(place, one, other) for edit in place]
    if not typos:
        return "", 1.0
    changed = sum(edit.size for edit in typos)
    for kind, spans_of in (("numbers", _number_spans), ("words", _significant_word_spans)):
        spans = spans_of(one), spans_of(other)
        removed, added = _unmatched_spans(*spans, edits)
        removed, removing = _touched_spans(removed, typos, 0)
        added, adding = _touched_spans(added, typos, 1)
        if not removed and not added:
            continue
        hit = removing | adding
        by_chance = changed - sum(edit.size for edit in hit)
        weight = sum(end - start for side in spans for start, end in side) / (len(one) + len(other))
        hits, share = max(len(removed), len(added)), 2.5 * weight
        if kind == "numbers" and by_chance > MOST_TYPOS:
            hits, share = sum(_replaces_digit(edit, one, other) for edit in hit), TYPED_DIGIT_SHARE * weight
        chance = _poisson_tail(hits, by_chance * share)
        if by_chance <= MOST_TYPOS or chance < SIGNIFICANCE_BY_KIND[kind]:
            return kind, chance
    return "", 1.0


def _number_spans(text: str) -> list[Span]:
    return [match.span() for match in _STANDALONE_NUMBER.finditer(text)]


def _significant_word_spans(text: str) -> list[Span]:
    """Return the spans of significant words: anywhere in scripts without spaces, else as whole words."""
    spans = [match.span() for match in _SIGNIFICANT_CJK_PATTERN.finditer(text)]
    spans += [match.span() for word in _SIGNIFICANT_SUBSTRINGS if word in text for match in re.finditer(word, text)]
    present = SIGNIFICANT_WORDS.intersection(map(_without_digits, text.split(" ")))
    spans += [match.span() for word in present for match in re.finditer(_standalone_pattern(word), text)]
    return sorted(spans)


def _standalone_pattern(word: str) -> str:
    return rf"{word}(?<![^ \d]{word})(?![^ \d])"


def _unmatched_spans(spans: list[Span], others: list[Span], edits: Sequence[TextEdit]) -> tuple[set[Span], set[Span]]:
    """Return the spans of each text that the other text does not have unchanged at the same place."""
    ends = [edit.one[1] for edit in edits]
    removed, added = set(spans), set(others)
    for start, end in spans:
        at = bisect.bisect_left(ends, start)  # edits before `at` end before the span starts
        if at == len(edits) or edits[at].one[0] >= end:
            shift = edits[at - 1].other[1] - ends[at - 1] if at else 0
            if (start + shift, end + shift) in added:
                removed.remove((start, end))
                added.remove((start + shift, end + shift))
    return removed, added


def _touched_spans(spans: set[Span], typos: list[TextEdit], side: int) -> tuple[set[Span], set[TextEdit]]:
    """Return the spans of one side's text that a typo touches, and those typos."""
    ends = [typo[side][1] for typo in typos]
    touched: set[Span] = set()
    hits: set[TextEdit] = set()
    for start, end in spans:
        for typo in islice(typos, bisect.bisect_left(ends, start), None):
            if typo[side][0] > end:
                break
            touched.add((start, end))
            hits.add(typo)
    return touched, hits


def _replaces_digit(edit: TextEdit, one: str, other: str) -> bool:
    """Return whether an edit replaces a digit with a digit: typos rarely do."""
    before, after = one[slice(*edit.one)], other[slice(*edit.other)]
    return any(a.isdigit() and b.isdigit() for a, b in zip(before, after, strict=False))


def _edit_groups(edits: Sequence[TextEdit]) -> Iterator[list[TextEdit]]:
    """Yield groups of edits that are at most NEAR characters apart."""
    place: list[TextEdit] = []
    for edit in edits:
        if place and edit.one[0] - place[-1].one[1] > MOST_EDIT_GAP:
            yield place
            place = []
        place.append(edit)
    if place:
        yield place


def _is_typo(place: list[TextEdit], one: str, other: str) -> bool:
    """Return whether the edits of a place are small, numbers not counted: a typo, not a rewritten passage."""
    if len(place) == 1 and place[0].size < REWRITTEN_CHARACTERS:
        return True
    changed = "\0".join(_longer_side(edit, one, other) for edit in place)
    return len(NUMBER_PATTERN.sub("", changed).replace("\0", "")) < REWRITTEN_CHARACTERS


def _longer_side(edit: TextEdit, one: str, other: str) -> str:
    return max(one[slice(*edit.one)], other[slice(*edit.other)], key=len)


def _poisson_tail(hits: int, mean: float) -> float:
    """Return the probability of `hits` or more where `mean` are expected (Poisson)."""
    term, total = math.exp(-mean), 0.0
    for number in range(hits):
        total += term
        term *= mean / (number + 1)
    return 1 - total
