"""A folder -> when it changed: also where it is moved away, unmounted, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles import watch


def changes(raw: str, wait: int) -> Iterator[bool]:
    """Yield every `wait` milliseconds whether `raw` changed, came or went; for ever.

    What changes while the caller works is yielded after it: the watch begins before its first yield.
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
    """Return what tells a folder from another that took its place; None if there is none."""
    try:
        state = Path(folder).stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
