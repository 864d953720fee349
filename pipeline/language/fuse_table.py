"""A static table from 64-bit keys to a byte: 2.3 or 4.6 bytes a key, whatever the key, and memory-mapped.

A binary fuse filter (Graf and Lemire, 2022) that holds a value beside its fingerprint, as the Bloomier filters of
Talbot and Brants (2008) do for language models. A key that it does not hold is taken for one that it does once in 256
times where slots have 16 bits, once in 16 million times where they have 32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Slots = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # splitmix64 (Steele et al., 2014)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a key's three slots lie: in segments of 2 ** `bits` slots in a row, `segments` of them to start in."""

    segments: int
    bits: int

    @property
    def slots(self) -> int:
        """The length of the table."""
        return (self.segments + 2) << self.bits

    def places(self, keys: Keys) -> tuple[Keys, Keys, Keys]:
        """Return the three slots of each mixed key."""
        size = np.uint64(1 << self.bits)
        low = size - np.uint64(1)
        first = ((keys >> np.uint64(32)) * np.uint64(self.segments << self.bits)) >> np.uint64(32)
        second = (first + size) ^ ((keys >> np.uint64(8)) & low)
        third = (first + size + size) ^ ((keys >> np.uint64(23)) & low)
        return first, second, third


def mixed(keys: Keys) -> Keys:
    """Return `keys` with every bit spread over all 64."""
    keys = (keys ^ (keys >> np.uint64(30))) * MIX[0]
    keys = (keys ^ (keys >> np.uint64(27))) * MIX[1]
    return keys ^ (keys >> np.uint64(31))


def values(table: Slots, layout: Layout, keys: Keys) -> npt.NDArray[np.uint8]:
    """Return the value of each mixed key, 0 for one that the table does not hold."""
    first, second, third = (table.take(place.view(np.int64), mode="clip") for place in layout.places(keys))
    found = first ^ second ^ third
    return np.where((found >> 8) == fingerprints(keys, table.dtype.type), found, 0).astype(np.uint8)


def fingerprints(keys: Keys, kind: type[np.unsignedinteger]) -> Slots:
    """Return what tells each mixed key from another in a slot of `kind`: all but eight of its bits."""
    return (keys & np.uint64(np.iinfo(kind).max >> 8)).astype(kind)
