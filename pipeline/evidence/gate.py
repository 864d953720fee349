"""Where a text may be mojibake, at a glance: pairs of characters that wrong readings make oftener than any language."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt

WINDOW = 8  # pairs of characters that are judged together
STRANGE = 192  # how much likelier they must be in mojibake, in sixteenths of a natural logarithm: e ** 12
SCALE = 16
BLOCK = 1 << 20  # characters looked at at once, which bounds the memory
_FILE = Path(__file__).with_name("model") / "gate.npz"


def suspects(text: str) -> npt.NDArray[np.int64]:
    """Return where in `text` the windows begin that are likelier mojibake than any language."""
    kinds, strangeness = _tables()
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    found = []
    for start in range(0, len(codes), BLOCK):
        part = codes[start : start + BLOCK + WINDOW]
        seen = kinds[np.minimum(part, 0xFFFF)]
        sums = np.cumsum(strangeness[seen[:-1], seen[1:]], dtype=np.int32)
        strange = sums[WINDOW:] - sums[:-WINDOW] > STRANGE if len(sums) > WINDOW else sums[-1:] > STRANGE
        found.append(np.flatnonzero(strange) + start)
    return np.concatenate(found) if found else np.zeros(0, np.int64)


@functools.cache
def _tables() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int8]]:
    """Return the class of each character of the Basic Multilingual Plane, and how strange each pair of classes is."""
    with np.load(_FILE) as file:
        return file["kinds"], file["strangeness"]
