"""An old record file and the lines of changed documents -> the new file: the rest is copied, not rendered again."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

COPIED_BYTES = 1 << 20  # bytes that are copied at a time


class Splice:
    """Makes a file of parts in order: new ones, and ones of the old file. No file is opened to write if all are equal.

    Without an old file there is nothing to keep, and the new one is opened at once.
    """

    def __init__(self, opened: Callable[[], BinaryIO], old: BinaryIO | None) -> None:
        """Copy parts of `old`, from its beginning, to the file that `opened` returns."""
        self.opened, self.old = opened, old
        self.out = None if old else opened()

    def keep(self, size: int) -> None:
        """Take over the next `size` bytes of the old file."""
        if self.old and self.out:
            self._copy(size)
        elif self.old:
            self.old.seek(size, 1)

    def put(self, data: bytes, replaced: int) -> None:
        """Put `data` in place of the next `replaced` bytes of the old file."""
        start = self.old.tell() if self.old else 0
        if self.old and not self.out:
            if self.old.read(replaced) == data:
                return
            self.out = self.opened()
            self.old.seek(0)
            self._copy(start)
        if self.out:
            self.out.write(data)
        if self.old:
            self.old.seek(start + replaced)

    def _copy(self, size: int) -> None:
        while self.old and self.out and size:
            data = self.old.read(min(size, COPIED_BYTES))
            if not data:
                return
            self.out.write(data)
            size -= len(data)
