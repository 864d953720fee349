"""Two documents -> whether they are copies: as they read, and as damage would have made the one of the other."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.unique.damaged import misread, reading_of
from pipeline.unique.exact import spaced, unasked
from pipeline.unique.near import EDITED, TWO_TEXTS, Verdict, compare


@dataclass(frozen=True, slots=True, order=True)
class Copy:
    """What a comparison rests on: a digest of it all, the clean text, and where it was damaged the text before."""

    digest: bytes
    text: str
    separate: str  # as `spaced` gives it, addresses cut
    whole: str  # the same of the whole text
    found: str


def verdict(one: Copy, other: Copy, edited: float = EDITED) -> Verdict:
    """Return whether two documents are copies of one another, up to `edited` of their characters changed.

    A damaged one is one as well where it is what a wrong reading makes of the other: repair has guessed, and then
    words that differ prove nothing. Where hardly anything was damaged, all else must be the same. The texts are looked
    at with their addresses cut and, where an edit fell into one so that it was cut in one of them only, whole.
    """
    found = compare((one.separate, other.separate), (one.whole, other.whole), edited=edited)
    if found.same:
        return found
    for damaged, sound in ((one, other), (other, one)):
        if damaged.found and (read := reading_of(damaged.found, sound.text)).same:
            return read
    if found.why and compare((_ascii(one.text), _ascii(other.text)), edited=edited).same:
        for at, (damaged, sound) in enumerate(((one, other), (other, one))):
            if read_as := misread(damaged.text, sound.text):
                return Verdict(same=True, why=f"read as {read_as}", similarity=found.similarity, worse=at)
    guessed = found.why == "other words" and (one.found or other.found)
    return TWO_TEXTS if guessed else found


def _ascii(text: str) -> str:
    return spaced(unasked(text.encode("ascii", "ignore").decode()))
