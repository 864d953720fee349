"""Pairs that are copies -> families: which document is kept of each, and which repeat it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.duplicates.lsh_index import KEPT, Index


@dataclass(frozen=True, slots=True)
class Repeat:
    """A document that repeats another: which one, how that is known, and what share of the text is the same."""

    of: PurePosixPath
    why: str
    similarity: float


@dataclass(frozen=True, slots=True, order=True)
class _Member:
    """A document of a family; the least is the best copy."""

    lost: int
    worse: bool  # cut, or misread
    repairs: int
    address: int
    odd: float  # less the more alike it is to the others: a slip is in one copy, seldom in two
    path: str
    text: int
    sha256: str


Repeats = dict[PurePosixPath, Repeat]
_Found = tuple[str, float]  # why, similarity


def families(index: Index) -> Repeats:
    """Return, for each document that repeats another, which one and why.

    Texts that are copies are one family, the likest first, unless some two of them must stay apart. The best copy is
    kept: undamaged before repaired before damaged, whole before cut, newer address before older, most like the others.
    What differs too much from it, for all the copies between, is a family of its own: a wrong merge would lose a
    document.
    """
    same, apart, worse = _pairs(index)
    repeats: Repeats = {}
    alike: dict[int, list[float]] = defaultdict(list)
    for pair, (_, similarity) in same.items():
        for text in pair:
            alike[text].append(similarity)
    for texts in _groups(index, same, apart):
        members = _members(index, texts, worse, alike)
        while members:
            best = min(members)
            rest = []
            for one in members:
                if one == best:
                    continue
                if found := _repeats(index, one, best, same):
                    repeats[PurePosixPath(one.path)] = Repeat(PurePosixPath(best.path), *found)
                else:
                    rest.append(one)
            members = rest
    return repeats


_Pair = tuple[int, int]


def _pairs(index: Index) -> tuple[dict[_Pair, _Found], set[_Pair], set[int]]:
    """Return the pairs of texts that are the same, those that must stay apart, and which texts are cut or misread."""
    same: dict[_Pair, _Found] = {}
    apart: set[_Pair] = set()
    worse: set[int] = set()
    query = "SELECT one, other, by, same, why, similarity, worse FROM pairs ORDER BY one, other, by <> 'near', by"
    for one, other, by, alike, why, similarity, poor in index.db.execute(query):
        if by == KEPT:
            continue
        if not alike:
            apart.add((one, other))
        else:
            told = why if by == "near" else f"same source address, {why}"
            same.setdefault((one, other), (told, similarity))
        if poor is not None:
            worse.add(poor)
    return same, apart - same.keys(), worse


def _groups(index: Index, same: dict[_Pair, _Found], apart: set[_Pair]) -> Iterator[list[int]]:
    """Yield the texts of each family: connected, the likest first, never two that must stay apart (Kruskal)."""
    query = "SELECT id, text FROM texts WHERE id IN (SELECT one FROM pairs UNION SELECT other FROM pairs)"
    names: dict[int, bytes] = dict(index.db.execute(query))
    group: dict[int, set[int]] = {}
    foes: dict[int, set[int]] = defaultdict(set)
    for one, other in apart:
        foes[one].add(other)
        foes[other].add(one)
    for one, other in sorted(same, key=lambda pair: (-same[pair][1], sorted((names[pair[0]], names[pair[1]])))):
        first, second = group.setdefault(one, {one}), group.setdefault(other, {other})
        if first is second or any(foes[text] & second for text in first if text in foes):
            continue
        first |= second
        for text in second:
            group[text] = first
    seen: set[int] = set()
    for text, texts in group.items():
        if text not in seen:
            seen |= texts
            yield sorted(texts)
    for (text,) in index.db.execute("SELECT id FROM members GROUP BY id HAVING count(*) > 1"):
        if text not in seen:
            yield [text]


def _members(index: Index, texts: list[int], worse: set[int], alike: dict[int, list[float]]) -> list[_Member]:
    query = "SELECT lost, repairs, address, path, sha256 FROM members WHERE id = ?"
    return [
        _Member(lost, text in worse, repairs, address, -math.fsum(alike[text]), path, text, sha256)
        for text in texts
        for lost, repairs, address, path, sha256 in index.db.execute(query, (text,))
    ]


def _repeats(index: Index, one: _Member, best: _Member, same: dict[_Pair, _Found]) -> _Found | None:
    """Return how it is known that `one` repeats `best`; None if it does not."""
    if one.sha256 and one.sha256 == best.sha256:
        return "same bytes", 1.0
    if one.text == best.text:
        return "same words", 1.0
    found = same.get((one.text, best.text)) or same.get((best.text, one.text))
    if found:
        return found
    verdict = index.compare_kept(one.text, best.text)
    return (verdict.why, verdict.similarity) if verdict.same else None
