"""A folder -> whether it changed, at regular intervals; also if it is moved away or unmounted, and comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles import watch


def folder_changes(raw: str, wait: int) -> Iterator[bool]:
    """Yield every `wait` milliseconds whether `raw` changed, appeared or disappeared; for ever.

    Changes during the caller's work are yielded after it: the watch starts before the first yield.
    """
    before = None
    while True:
        folder = _identity(raw)
        if folder is None:
            time.sleep(wait / 1000)
            yield before is not None
        else:
            new = True
            with suppress(FileNotFoundError):
                for changed in watch(
                    raw, debounce=wait, rust_timeout=wait, yield_on_timeout=True, raise_interrupt=True
                ):
                    yield new or bool(changed)
                    new = False
                    if _identity(raw) != folder:
                        break
        before = folder


def _identity(folder: str) -> tuple[int, int] | None:
    """Return the device and inode of a folder; None if it does not exist."""
    try:
        state = Path(folder).stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
