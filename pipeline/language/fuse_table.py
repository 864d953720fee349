"""64-bit keys -> bytes: a static, memory-mapped table of 2.3 or 4.6 bytes per key.

It is a binary fuse filter (Graf and Lemire, 2022) whose slots hold a value next to the fingerprint, as the Bloomier
filters of Talbot and Brants (2008) do for language models. An absent key has a false match with probability 1 in 256
(16-bit slots) or 1 in 16 million (32-bit slots).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.language.hash_numbers import SPLITMIX64

Keys = npt.NDArray[np.uint64]
Slots = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
SPLITMIX_FACTORS = tuple(map(np.uint64, SPLITMIX64))


@dataclass(frozen=True, slots=True)
class Layout:
    """The geometry of a table: a key's three slots are in consecutive segments of 2 ** `bits` slots each.

    The first of the three is in one of `segments` segments.
    """

    segments: int
    bits: int

    @property
    def slots(self) -> int:
        """The number of slots in the table."""
        return (self.segments + 2) << self.bits

    def places(self, keys: Keys) -> tuple[Keys, Keys, Keys]:
        """Return the indices of the three slots of each mixed key."""
        size = np.uint64(1 << self.bits)
        low = size - np.uint64(1)
        first = ((keys >> np.uint64(32)) * np.uint64(self.segments << self.bits)) >> np.uint64(32)
        second = (first + size) ^ ((keys >> np.uint64(8)) & low)
        third = (first + size + size) ^ ((keys >> np.uint64(23)) & low)
        return first, second, third


def mixed_keys(keys: Keys) -> Keys:
    """Return hashes of `keys` in which every bit depends on all 64 bits (the finalizer of splitmix64)."""
    mixed = keys ^ (keys >> np.uint64(30))
    mixed *= SPLITMIX_FACTORS[0]
    mixed ^= mixed >> np.uint64(27)
    mixed *= SPLITMIX_FACTORS[1]
    mixed ^= mixed >> np.uint64(31)
    return mixed


def table_values(table: Slots, layout: Layout, keys: Keys) -> npt.NDArray[np.uint8]:
    """Return the value of each mixed key; 0 for a key that is not in the table."""
    first, second, third = (table.take(place.view(np.int64), mode="clip") for place in layout.places(keys))
    found = first ^ second ^ third
    return np.where((found >> 8) == key_fingerprints(keys, table.dtype.type), found, 0).astype(np.uint8)


def key_fingerprints(keys: Keys, kind: type[np.unsignedinteger]) -> Slots:
    """Return the fingerprint of each mixed key for slots of type `kind`: all bits of a slot but eight."""
    return (keys & np.uint64(np.iinfo(kind).max >> 8)).astype(kind)
