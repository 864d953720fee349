"""Keys and values -> the binary fuse table that pipeline/language/fuse_table.py reads."""

from __future__ import annotations

import numba
import numpy as np

from pipeline.language.fuse_table import Keys, Layout, Slots, key_fingerprints, table_values

ROOM = 1.125  # slots per key (Graf and Lemire, 2022, figure 2); below a million keys, more are needed


def layout_for(keys: int) -> Layout:
    """Return a layout for `keys` keys, with the paper's segment lengths for three slots per key."""
    bits = max(4, min(18, int(np.log(max(keys, 2)) / np.log(3.33) + 2.25)))
    room = max(ROOM, 0.875 + 0.25 * np.log(1e6) / np.log(max(keys, 3)))
    segments = max(1, -(-int(keys * room) >> bits) - 2 + 1)
    return Layout(segments, bits)


def build(keys: Keys, data: np.ndarray, kind: type[np.unsignedinteger]) -> tuple[Slots, Layout]:
    """Return a table with slots of type `kind` that maps distinct mixed `keys` to bytes from 1 to 255."""
    layout = layout_for(len(keys))
    while True:
        places = np.stack([place.astype(np.int64) for place in layout.places(keys)], axis=1)
        order, slot = _peel(places, layout.slots)
        if len(order) == len(keys):
            break
        layout = Layout(layout.segments + max(1, layout.segments // 50), layout.bits)
    wanted = (key_fingerprints(keys, kind) << kind(8)) | data.astype(kind)
    table = _fill(places, order, slot, wanted, layout.slots)
    if not np.array_equal(table_values(table, layout, keys), data):
        message = "the table does not return the values that were stored"
        raise AssertionError(message)
    return table, layout


@numba.njit(cache=True)
def _peel(places: np.ndarray, slots: int) -> tuple[np.ndarray, np.ndarray]:  # pragma: no cover - compiled
    """Return the indices of keys in peeling order, and the slot that each key had alone."""
    degree = np.zeros(slots, np.int32)
    owners = np.zeros(slots, np.int64)
    for key in range(len(places)):
        for at in range(3):
            degree[places[key, at]] += 1
            owners[places[key, at]] ^= key
    alone = np.empty(slots, np.int64)
    top = 0
    for place in range(slots):
        if degree[place] == 1:
            alone[top] = place
            top += 1
    order = np.empty(len(places), np.int64)
    slot = np.empty(len(places), np.int64)
    done = 0
    while top:
        top -= 1
        place = alone[top]
        if degree[place] != 1:
            continue
        key = owners[place]
        order[done], slot[done] = key, place
        done += 1
        for at in range(3):
            other = places[key, at]
            degree[other] -= 1
            owners[other] ^= key
            if degree[other] == 1:
                alone[top] = other
                top += 1
    return order[:done], slot[:done]


@numba.njit(cache=True)
def _fill(
    places: np.ndarray, order: np.ndarray, slot: np.ndarray, wanted: np.ndarray, slots: int
) -> np.ndarray:  # pragma: no cover - compiled
    table = np.zeros(slots, wanted.dtype)
    for at in range(len(order) - 1, -1, -1):
        key = order[at]
        value = wanted[key]
        for other in range(3):
            if places[key, other] != slot[at]:
                value ^= table[places[key, other]]
        table[slot[at]] = value
    return table
