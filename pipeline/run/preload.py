"""Imports what worker processes run: the process that they are copied from imports it once."""

from __future__ import annotations

from importlib import import_module

from pipeline.extras import is_installed
from pipeline.run import worker

__all__ = ["worker"]
if is_installed("books"):
    import_module("pipeline.run.book_worker")
