"""Fingerprints -> families: which document repeats which, and how that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from pipeline.unique.fingerprint import Fingerprint, similarity

BANDS = 32  # of four values each: 99.8 % of pairs with similarity 0.65 share one
NEAR = 0.6  # Jaccard of 3-grams; one letter in twelve edited leaves 0.63, posts of one series share 0.2 to 0.3
SAME_ADDRESS = 0.15  # with one address; a blog's front page is the address of posts that share nothing

Repeats = dict[PurePosixPath, tuple[PurePosixPath, str]]


def families(prints: Iterable[Fingerprint], text_of: Callable[[PurePosixPath], str]) -> Repeats:
    """Return, for each document that repeats another, which one and why. The least damaged of a family is kept.

    Documents are candidates by equal words, equal address or a shared band of their signatures; every pair but equal
    words is then verified on the texts, which `text_of` fetches: a wrong merge would lose a document.
    """
    kept: list[Fingerprint] = []
    index: dict[tuple[str, object], list[int]] = defaultdict(list)
    repeats: Repeats = {}
    for one in sorted(prints, key=lambda p: (p.damage, p.path)):
        candidates = sorted({at for key in _keys(one) for at in index[key]})
        reasons = ((kept[at].path, why) for at in candidates if (why := _why(one, kept[at], text_of)))
        if found := next(reasons, None):
            repeats[one.path] = found
            continue
        for key in _keys(one):
            index[key].append(len(kept))
        kept.append(one)
    return repeats


def _keys(one: Fingerprint) -> Iterator[tuple[str, object]]:
    yield "words", one.words
    if one.source_url:
        yield "address", one.source_url
    width = len(one.signature) // BANDS
    yield from (("band", (band, one.signature[band * width : (band + 1) * width])) for band in range(BANDS))


def _why(one: Fingerprint, other: Fingerprint, text_of: Callable[[PurePosixPath], str]) -> str:
    """Return how it is known that `one` repeats `other`; empty if it does not."""
    if one.words == other.words:
        return "same words"
    alike = similarity(text_of(one.path), text_of(other.path))
    if one.source_url and one.source_url == other.source_url and alike >= SAME_ADDRESS:
        return f"same source address, {alike:.0%} of it the same"
    return f"near copy, {alike:.0%} of it the same" if alike >= NEAR else ""
