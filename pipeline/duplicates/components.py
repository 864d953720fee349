"""Pairs of numbers -> the groups that they connect (union-find)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def components(pairs: Iterable[Sequence[int]]) -> list[list[int]]:
    """Return the numbers that are connected by pairs, in order.

    >>> components([(1, 2), (5, 6), (2, 3)])
    [[1, 2, 3], [5, 6]]
    """
    parent: dict[int, int] = {}

    def root(number: int) -> int:
        while (above := parent.setdefault(number, number)) != number:
            parent[number] = number = parent.setdefault(above, above)
        return number

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    found: dict[int, list[int]] = {}
    for number in sorted(parent):
        found.setdefault(root(number), []).append(number)
    return [*found.values()]
