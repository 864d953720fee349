"""What the last run left in clean/ -> its files and its state, or one line that says to run first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.store.archive_state import ArchiveState


def check_exists(file: Path, otherwise: str = "") -> None:
    """Raise UsageError if a file that every run writes does not exist; `otherwise` says what else helps."""
    if not file.exists():
        message = f"{file} does not exist; run `lacuna run` first{otherwise}"
        raise click.UsageError(message)


@contextmanager
def opened_state(file: Path) -> Iterator[ArchiveState]:
    """Open the state that the last run left. Raises UsageError if it is damaged."""
    from pipeline.store.archive_state import open_state
    from pipeline.store.schema import DamagedState

    try:
        with open_state(file, "") as state:
            yield state
    except DamagedState as damage:
        message = f"{file}: {damage}; run `lacuna run` first"
        raise click.UsageError(message) from damage
