"""Two documents -> whether they are copies: as they read, and as damage would have made the one of the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pipeline.duplicates.damaged_copies import misread, mostly_ascii, reading_of
from pipeline.duplicates.near_duplicates import EDITED, TWO_TEXTS, Verdict, compare
from pipeline.duplicates.word_normalization import spaced, unasked


@dataclass(frozen=True, order=True)
class Copy:
    """What a comparison rests on: a digest of it all, the clean text, and where it was damaged the text before."""

    digest: bytes
    text: str
    found: str

    @cached_property
    def separate(self) -> str:
        """The words of the text, addresses cut."""
        return spaced(unasked(self.text))

    @cached_property
    def whole(self) -> str:
        """The words of the text and of all its addresses."""
        return spaced(self.text) if "://" in self.text else self.separate


def verdict(one: Copy, other: Copy, edited: float = EDITED) -> Verdict:
    """Return whether two documents are copies of one another, up to `edited` of their characters changed.

    A slip in an address can hide where its query begins: then whole texts have fewer edits than those with addresses
    cut. A damaged one is a copy as well where it is what a wrong reading makes of the other: repair has guessed, and
    then words that differ prove nothing. Where hardly anything was damaged, all else must be the same; and if it is,
    two are not apart for their signs: both may be wrong readings of a third.
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
        if mostly_ascii(one.text) and mostly_ascii(other.text):
            return TWO_TEXTS
    guessed = found.why == "other words" and (one.found or other.found)
    return TWO_TEXTS if guessed else found


def _ascii(text: str) -> str:
    return spaced(unasked(text.encode("ascii", "ignore").decode()))
