"""The task of a worker process, and its result for a source that did not change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.read.folder import FoundFile
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Task:
    """A source to clean.

    `known` is the SHA-256 of the bytes cleaned last time. `archive` is a file with statistics of the archive, and
    `statistics` the digest of what they count. `duplicates` are further documents that may be sound copies: path and
    text. `evidence` is the digest of all these. `language` is the main one of the archive, for short posts. `decisions`
    is a copy of decisions.jsonl, and `decided` its digest.
    """

    settings: Settings
    found: FoundFile
    known: str = ""
    archive: Path | None = None
    evidence: str = ""
    statistics: str = ""
    duplicates: tuple[tuple[str, str], ...] = ()
    language: str = ""
    decisions: Path | None = None
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The bytes of the source are those cleaned last time."""
