"""Pairs of related texts -> clusters: which document is kept, and which are its duplicates or older versions."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from pipeline.duplicates.index_tables import BY_BEST_COPY, BY_SIMILARITY, StoredPair
from pipeline.duplicates.lsh_index import LshIndex
from pipeline.duplicates.near_duplicates import TRUNCATED, VERSION_OF

NOT_DECIDED = sys.maxsize  # the place of a copy on which nobody has decided


@dataclass(frozen=True, slots=True)
class DuplicateOf:
    """What one document duplicates: the kept document `of`, the reason, and the share of the text that is the same."""

    of: PurePosixPath
    why: str
    similarity: float


@dataclass(frozen=True, slots=True, order=True)
class _ClusterMember:
    """A document of a cluster. The smallest member is the best copy: fields are in the order of their weight."""

    place: int  # of a copy that a person decided to keep; else after all of these
    lost: int
    worse: bool  # truncated or mis-decoded
    repairs: int
    recency: int  # of the source URL's form, negated
    day: int  # of the last change, YYYYMMDD, negated
    distance: float  # smaller the more it is like the other copies: a typo is usually in one copy only
    path: str
    text: int
    sha256: str
    changed: str  # the date of its last change


DuplicateMap = dict[PurePosixPath, DuplicateOf]
_TextPair = tuple[int, int]
_Pairs = dict[_TextPair, StoredPair]


def duplicate_clusters(index: LshIndex, kept: Mapping[str, int] = MappingProxyType({})) -> DuplicateMap:
    """Return, for each document that is left out of the books, the document that is kept and the reason.

    Texts that are copies or versions form a cluster. The best copy is kept: undamaged before repaired before damaged,
    whole before truncated, newer URL before older, most similar to the others; and of versions the later. A member that
    is neither a copy nor an older version of the best one starts a new cluster: a wrong merge loses a document.

    `kept` are the paths that a person decided to keep, with their ranks: such a copy is the best of its cluster.
    """
    same = _same_pairs(index)
    worse = {pair.worse for pair in same.values() if pair.worse is not None}
    duplicates: DuplicateMap = {}
    similarities: dict[int, list[float]] = defaultdict(list)
    for texts, pair in same.items():
        for text in texts:
            similarities[text].append(pair.similarity)
    for cluster in _text_clusters(index, same):
        members = sorted(_cluster_members(index, cluster, worse, similarities, kept))
        while members:
            best = _latest_version(members, same)
            rest = []
            for member in members:
                if member == best:
                    continue
                if match := _match_with_best(index, member, best, same):
                    duplicates[PurePosixPath(member.path)] = match
                else:
                    rest.append(member)
            members = rest
    return duplicates


def _same_pairs(index: LshIndex) -> _Pairs:
    """Return the pairs that are the same or versions; of versions, the pair that one URL shows counts."""
    same: _Pairs = {}
    for pair in index.stored_pairs():
        known = same.get((pair.one, pair.other))
        if pair.same and (known is None or (known.by == BY_SIMILARITY and known.why in {VERSION_OF, TRUNCATED})):
            same[pair.one, pair.other] = pair
    return same


def _text_clusters(index: LshIndex, same: _Pairs) -> Iterator[list[int]]:
    """Yield the texts of each cluster: all that are connected by pairs, or that several documents have."""
    group: dict[int, set[int]] = {}
    for one, other in same:
        first, second = group.setdefault(one, {one}), group.setdefault(other, {other})
        if first is second:
            continue
        small, large = sorted((first, second), key=len)
        large |= small
        for text in small:
            group[text] = large
    seen: set[int] = set()
    for text, texts in group.items():
        if text not in seen:
            seen |= texts
            yield sorted(texts)
    for (text,) in index.db.execute("SELECT id FROM members GROUP BY id HAVING count(*) > 1"):
        if text not in seen:
            yield [text]


def _cluster_members(
    index: LshIndex, texts: list[int], worse: set[int], similarities: dict[int, list[float]], kept: Mapping[str, int]
) -> Iterator[_ClusterMember]:
    query = "SELECT lost, repairs, recency, path, sha256, changed FROM members WHERE id = ?"
    for text in texts:
        likeness = math.fsum(similarities[text])
        for lost, repairs, recency, path, sha256, changed in index.db.execute(query, (text,)):
            rank = (
                kept.get(path, NOT_DECIDED),
                lost,
                text in worse,
                repairs,
                recency,
                -_day_number(changed),
                -likeness,
            )
            yield _ClusterMember(*rank, path, text, sha256, changed)


def _latest_version(members: list[_ClusterMember], same: _Pairs) -> _ClusterMember:
    """Return the best of `members`, which are sorted; if sound versions of it are later, the latest of them."""
    best, seen = members[0], set[str]()
    if best.place != NOT_DECIDED:
        return best
    while best.path not in seen:
        seen.add(best.path)
        for member in members:
            pair = _pair_of(same, member, best)
            if pair and pair.why == VERSION_OF and member.lost <= best.lost and _is_later(member, best, pair):
                best = member
                break
    return best


def _pair_of(same: _Pairs, one: _ClusterMember, other: _ClusterMember) -> StoredPair | None:
    return same.get((one.text, other.text)) or same.get((other.text, one.text))


def _is_later(one: _ClusterMember, other: _ClusterMember, pair: StoredPair) -> bool:
    """Return whether `one` is a later version than `other`: by its date, then by its length.

    Without one URL, the later version must also be the one that has all words of the other.
    """
    later = _later_date(one.changed, other.changed)
    if pair.by in {BY_SIMILARITY, BY_BEST_COPY}:
        return pair.longer == one.text and later is not False
    return pair.longer == one.text if later is None else later


def _later_date(one: str, other: str) -> bool | None:
    """Return whether a date is after another; None if the dates do not show it.

    >>> _later_date("2021-03", "2020"), _later_date("2021-03", "2021"), _later_date("", "2021")
    (True, None, None)
    """
    if not one or not other or one.startswith(other) or other.startswith(one):
        return None
    return one > other


def _day_number(date: str) -> int:
    """Return a date as a number: `2021-03` as 20210300, an unknown one as 0."""
    return int(date.replace("-", "").ljust(8, "0"))


def _is_better(one: _ClusterMember, best: _ClusterMember, pair: StoredPair) -> bool:
    """Return whether `one` must stay next to the best copy: it is less damaged, or a later version."""
    if pair.worse == best.text:
        return True
    if pair.why == VERSION_OF:
        return not _is_later(best, one, pair)
    return pair.why == TRUNCATED and bool(_later_date(one.changed, best.changed))  # perhaps shortened on purpose


def _match_with_best(index: LshIndex, one: _ClusterMember, best: _ClusterMember, same: _Pairs) -> DuplicateOf | None:
    """Return why `one` is left out for `best`; None if it is kept."""
    of = PurePosixPath(best.path)
    if one.sha256 and one.sha256 == best.sha256:
        return DuplicateOf(of, "same bytes", 1.0)
    if one.text == best.text:
        return DuplicateOf(of, "same words", 1.0)
    pair = _pair_of(same, one, best) or index.compare_kept(one.text, best.text)
    if not pair.same or (best.place == NOT_DECIDED and _is_better(one, best, pair)):
        return None
    from_url = pair.by not in {BY_SIMILARITY, BY_BEST_COPY}
    return DuplicateOf(of, f"same source URL, {pair.why}" if from_url else pair.why, pair.similarity)
