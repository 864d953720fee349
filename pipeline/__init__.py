"""Lacuna: repairs archived posts, explains every change, and binds them into e-reader editions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.changes import Change
    from pipeline.document import Document, Invariant, Link, Note, RunReport, SkipDocument, Source, Step
    from pipeline.filters import extract_links, normalize, repair
    from pipeline.flow import FLOW
    from pipeline.read.decode import detect
    from pipeline.run.incremental import run_archive
    from pipeline.settings import Settings

from pipeline.version import __version__ as __version__

__all__ = [
    "FLOW",
    "Change",
    "Document",
    "Invariant",
    "Link",
    "Note",
    "RunReport",
    "Settings",
    "SkipDocument",
    "Source",
    "Step",
    "detect",
    "extract_links",
    "normalize",
    "repair",
    "run_archive",
]

_HOMES = {
    "pipeline.changes": ("Change",),
    "pipeline.document": ("Document", "Link", "Note", "Invariant", "RunReport", "Source", "Step", "SkipDocument"),
    "pipeline.run.incremental": ("run_archive",),
    "pipeline.filters": ("extract_links", "normalize", "repair"),
    "pipeline.flow": ("FLOW",),
    "pipeline.read.decode": ("detect",),
    "pipeline.settings": ("Settings",),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: `--help` need not wait for the parsers."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
