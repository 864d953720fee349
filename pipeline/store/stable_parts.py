"""Names -> parts of bounded size; a new name changes few of them (content-defined chunking)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator


def stable_parts(
    names: Iterable[str], least: int, most: int, one_in: int, weight: Callable[[str], float] = lambda _: 1
) -> Iterator[list[str]]:
    """Yield parts of `least` to `most` names; the last may have fewer. A name counts as its `weight`.

    A part ends at a name whose hash is a multiple of `one_in`. So its ends depend on the names near them, never on how
    many names there are.

    >>> [len(part) for part in stable_parts((f"{number}.md" for number in range(1000)), 300, 500, 50)]
    [306, 303, 342, 49]
    """
    part: list[str] = []
    size = 0.0
    for name in names:
        counted = weight(name)
        if part and size + counted > most:
            yield part
            part, size = [], 0.0
        part.append(name)
        size += counted
        if size >= least and zlib.crc32(name.encode()) % one_in == 0:
            yield part
            part, size = [], 0.0
    if part:
        yield part
