"""Pairs of duplicate texts -> clusters: which document of each is kept, and which are its duplicates."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.duplicates.lsh_index import BY_BEST_COPY, LshIndex


@dataclass(frozen=True, slots=True)
class DuplicateOf:
    """What one document duplicates: the kept document `of`, the reason, and the share of the text that is the same."""

    of: PurePosixPath
    why: str
    similarity: float


@dataclass(frozen=True, slots=True, order=True)
class _ClusterMember:
    """A document of a cluster. The smallest member is the best copy: fields are in the order of their weight."""

    lost: int
    worse: bool  # truncated or mis-decoded
    repairs: int
    recency: int  # of the source URL's form, negated
    distance: float  # smaller the more it is like the other copies: a typo is usually in one copy only
    path: str
    text: int
    sha256: str


DuplicateMap = dict[PurePosixPath, DuplicateOf]
_Match = tuple[str, float]  # why, similarity


def duplicate_clusters(index: LshIndex) -> DuplicateMap:
    """Return, for each duplicate, the document it duplicates and the reason.

    Texts that are copies form a cluster, the most similar pairs first, unless two of them must stay apart. The best
    copy is kept: undamaged before repaired before damaged, whole before truncated, newer URL before older, most similar
    to the others. A member that differs too much from the best copy starts a cluster of its own, because a wrong merge
    would lose a document.
    """
    same, apart, worse = _compared_pairs(index)
    duplicates: DuplicateMap = {}
    similarities: dict[int, list[float]] = defaultdict(list)
    for pair, (_, similarity) in same.items():
        for text in pair:
            similarities[text].append(similarity)
    for texts in _text_clusters(index, same, apart):
        members = _cluster_members(index, texts, worse, similarities)
        while members:
            best = min(members)
            rest = []
            for member in members:
                if member == best:
                    continue
                if match := _match_with_best(index, member, best, same):
                    duplicates[PurePosixPath(member.path)] = DuplicateOf(PurePosixPath(best.path), *match)
                else:
                    rest.append(member)
            members = rest
    return duplicates


_TextPair = tuple[int, int]


def _compared_pairs(index: LshIndex) -> tuple[dict[_TextPair, _Match], set[_TextPair], set[int]]:
    """Return the pairs that are the same, the pairs that must stay apart, and the truncated or mis-decoded texts."""
    same: dict[_TextPair, _Match] = {}
    apart: set[_TextPair] = set()
    worse: set[int] = set()
    query = "SELECT one, other, by, same, why, similarity, worse FROM pairs ORDER BY one, other, by <> 'near', by"
    for one, other, by, is_same, why, similarity, worse_text in index.db.execute(query):
        if by == BY_BEST_COPY:
            continue
        if not is_same:
            apart.add((one, other))
        else:
            reason = why if by == "near" else f"same source URL, {why}"
            same.setdefault((one, other), (reason, similarity))
        if worse_text is not None:
            worse.add(worse_text)
    return same, apart - same.keys(), worse


def _text_clusters(index: LshIndex, same: dict[_TextPair, _Match], apart: set[_TextPair]) -> Iterator[list[int]]:
    """Yield the texts of each cluster: connected, most similar pairs first, without pairs in `apart` (Kruskal)."""
    query = "SELECT id, text FROM texts WHERE id IN (SELECT one FROM pairs UNION SELECT other FROM pairs)"
    digests: dict[int, bytes] = dict(index.db.execute(query))
    group: dict[int, set[int]] = {}
    excluded: dict[int, set[int]] = defaultdict(set)
    for one, other in apart:
        excluded[one].add(other)
        excluded[other].add(one)
    for one, other in sorted(same, key=lambda pair: (-same[pair][1], sorted((digests[pair[0]], digests[pair[1]])))):
        first, second = group.setdefault(one, {one}), group.setdefault(other, {other})
        if first is second or any(excluded[text] & second for text in first if text in excluded):
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


def _cluster_members(
    index: LshIndex, texts: list[int], worse: set[int], similarities: dict[int, list[float]]
) -> list[_ClusterMember]:
    query = "SELECT lost, repairs, recency, path, sha256 FROM members WHERE id = ?"
    return [
        _ClusterMember(lost, text in worse, repairs, recency, -math.fsum(similarities[text]), path, text, sha256)
        for text in texts
        for lost, repairs, recency, path, sha256 in index.db.execute(query, (text,))
    ]


def _match_with_best(
    index: LshIndex, one: _ClusterMember, best: _ClusterMember, same: dict[_TextPair, _Match]
) -> _Match | None:
    """Return why `one` is a duplicate of `best` and how similar it is; None if it is no duplicate."""
    if one.sha256 and one.sha256 == best.sha256:
        return "same bytes", 1.0
    if one.text == best.text:
        return "same words", 1.0
    match = same.get((one.text, best.text)) or same.get((best.text, one.text))
    if match:
        return match
    comparison = index.compare_kept(one.text, best.text)
    return (comparison.why, comparison.similarity) if comparison.same else None
