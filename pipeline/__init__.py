"""Lacuna: repair archived posts, explain every change, and make e-books of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.changes import Change
    from pipeline.document import Document, Invariant, Link, Note, SkipDocument, Source, Step
    from pipeline.filters import extract_links, normalize, repair
    from pipeline.flow import FLOW
    from pipeline.read.decode import detect
    from pipeline.run.batch import batch
    from pipeline.run.incremental import run_archive
    from pipeline.run_report import RunReport
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
    "batch",
    "detect",
    "extract_links",
    "normalize",
    "repair",
    "run_archive",
]

_MODULES_OF_NAMES = {
    "pipeline.changes": ("Change",),
    "pipeline.document": ("Document", "Link", "Note", "Invariant", "Source", "Step", "SkipDocument"),
    "pipeline.run_report": ("RunReport",),
    "pipeline.run.incremental": ("run_archive",),
    "pipeline.run.batch": ("batch",),
    "pipeline.filters": ("extract_links", "normalize", "repair"),
    "pipeline.flow": ("FLOW",),
    "pipeline.read.decode": ("detect",),
    "pipeline.settings": ("Settings",),
}


def __getattr__(name: str) -> object:
    """Import a public name at its first use, so that `--help` does not wait for the parsers."""
    for module, names in _MODULES_OF_NAMES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
