"""Make lists of lines of a paragraph that are numbered like list items, where the site profile says so."""

from __future__ import annotations

from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS, SAME_WORDS
from pipeline.steps.profiles import profile_of
from pipeline.steps.profiles.rules import numbered_lines


def lists(document: Document) -> Document:
    """Make lists of lines `1)…`, `2)…` in a paragraph, where the site profile says so."""
    if not profile_of(document.meta).numbered_lines:
        return document
    changes = list(numbered_lines(document.text))
    return document.edited(changes) if changes else document


STEP = Step("lists", lists, (SAME_WORDS, SAME_CODE, SAME_LINKS), version=2)
