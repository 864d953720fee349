"""Slots of a line -> the same, with the candidates that fit the emoji around them, and no invisible ones in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from pipeline.mojibake.lossy.brackets import ZERO_WIDTH_JOINER
from pipeline.mojibake.lossy.lattice import Slot

ANY_EMOJI = re.compile("[\ufe0f\u2600-\u27bf\U0001f300-\U0001faff]")
SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
HANDS_AND_PEOPLE = frozenset(
    "☝✊✋✌✍🎅👂👃👆👇👈👉👊👋👌👍👎👏👐👦👧👨👩👮👱👴👵👶👸💁💃💅💪🙅🙆🙇🙋🙌🙎🙏🤘🤙🤚🤛🤜🤝🤞🤟🤦🤷🧑"
)  # they may have a skin tone: the frequent ones of Unicode's emoji-sequences.txt
AFTER_JOINER = frozenset(
    "♀♂⚕⚖✈❤➡🌈🌾🍳🍼🎄🎓🎤🎨🏫🏭👦👧👨👩💋💻💼🔥🔧🔬🗨🚀🚒🤝🦯🦰🦱🦲🦳🦺🦼🦽🧑💥💨💫"
)  # emoji that follow a joiner: Unicode's emoji-zwj-sequences.txt


def with_fitting_candidates(found: Sequence[Slot]) -> list[Slot]:
    """Return slots whose candidates fit their neighbours.

    After a joiner, only emoji that may follow one; after a hand, a skin tone if the slot can be one; between ASCII
    characters, nothing invisible.
    """
    narrowed: list[Slot] = []
    for slot, before, after in _with_neighbours(found):
        if len(slot.candidates) == 1:
            narrowed.append(slot)
            continue
        wanted = slot.candidates
        if _joins(narrowed):
            wanted = tuple(one for one in wanted if one in AFTER_JOINER)
        elif before in HANDS_AND_PEOPLE:
            wanted = tuple(one for one in wanted if one.rstrip() in SKIN_TONES)
        elif narrowed and not SKIN_TONES.isdisjoint(map(str.rstrip, wanted)) and _can_be_hand(narrowed[-1]):
            wanted = tuple(one for one in wanted if one.rstrip() in SKIN_TONES)
            hands = tuple(one for one in narrowed[-1].candidates if one in HANDS_AND_PEOPLE)
            narrowed[-1] = narrowed[-1]._replace(candidates=hands)
        elif before + after and (before + after).isascii():
            wanted = tuple(one for one in wanted if unicodedata.category(one[0]) != "Cf")
        narrowed.append(slot._replace(candidates=wanted or slot.candidates))
    return narrowed


def _with_neighbours(found: Sequence[Slot]) -> Iterator[tuple[Slot, str, str]]:
    """Yield each slot with the characters before and after it; these are empty where there is none, or a gap."""
    known = ["", *(slot.candidates[0] if len(slot.candidates) == 1 else "" for slot in found), ""]
    for slot, before, after in zip(found, known, known[2:], strict=False):
        yield slot, before[-1:], after[:1]


def _can_be_hand(slot: Slot) -> bool:
    """Return whether some of the candidates of a gap may have a skin tone after them."""
    return len(slot.candidates) > 1 and not HANDS_AND_PEOPLE.isdisjoint(slot.candidates)


def _joins(done: Sequence[Slot]) -> bool:
    """Return whether the last of some slots is, or can be, a joiner after an emoji."""
    return (
        len(done) > 1 and ZERO_WIDTH_JOINER in done[-1].candidates and bool(ANY_EMOJI.fullmatch(done[-2].candidates[0]))
    )
