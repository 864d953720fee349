"""An old record file and the lines of changed documents -> the new file: the rest is copied, not rendered again."""

from __future__ import annotations

from typing import BinaryIO

COPIED_BYTES = 1 << 20  # bytes that are copied at a time


class Splice:
    """Writes parts of a file in order: new ones, and ones copied from the old file."""

    def __init__(self, out: BinaryIO, old: BinaryIO | None, start: int = 0) -> None:
        """Write to `out`; the parts of `old` begin at `start`. Without an old file nothing is copied."""
        self.out, self.old = out, old
        if old:
            old.seek(start)

    def keep(self, size: int | None = None) -> None:
        """Copy the next `size` bytes of the old file; None means all that are left."""
        left = size
        while self.old and left != 0:
            data = self.old.read(COPIED_BYTES if left is None else min(left, COPIED_BYTES))
            if not data:
                return
            self.out.write(data)
            left = None if left is None else left - len(data)

    def put(self, data: bytes, replaced: int) -> None:
        """Write `data` in place of the next `replaced` bytes of the old file."""
        self.out.write(data)
        if self.old:
            self.old.seek(replaced, 1)
