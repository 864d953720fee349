"""Names -> parts of bounded size; a new name changes few of them (content-defined chunking)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator


def stable_parts(names: Iterable[str], least: int, most: int, one_in: int) -> Iterator[list[str]]:
    """Yield parts of `least` to `most` names; the last may have fewer.

    A part ends at a name whose hash is a multiple of `one_in`. So its ends depend on the names near them, never on how
    many names there are.

    >>> [len(part) for part in stable_parts((f"{number}.md" for number in range(1000)), 300, 500, 50)]
    [306, 303, 342, 49]
    """
    part: list[str] = []
    for name in names:
        part.append(name)
        may_end = len(part) >= least and zlib.crc32(name.encode()) % one_in == 0
        if may_end or len(part) == most:
            yield part
            part = []
    if part:
        yield part
