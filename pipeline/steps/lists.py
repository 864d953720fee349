"""Indent lists that older dialects nest by two spaces; make lists of numbered lines, where the site profile says so."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_BUT_FENCES, SAME_CODE_BLOCKS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import opaque_kind_at
from pipeline.markdown.list_nesting import shallow_nesting
from pipeline.steps.profiles import profile_of
from pipeline.steps.profiles.rules import numbered_lines

NESTED_BY_TWO = "a list nested by two spaces, as in Markdown.pl; CommonMark needs the width of the marker"


def lists(document: Document) -> Document:
    """Nest lists below numbered items: `1. a` ↵ `  - b`; make lists of lines `1)…`, where the site profile says so."""
    changes = list(_nesting(document.text))
    if profile_of(document.meta).numbered_lines:
        made = numbered_lines(document.text)
        changes += [change for change in made if not any(_touch(change, other) for other in changes)]
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _nesting(text: str) -> Iterator[Change]:
    for line in shallow_nesting(text, functools.partial(opaque_kind_at, text)):
        end = line.start + line.spaces
        yield Change("lists", (end, end), "", " " * (line.wanted - line.spaces), NESTED_BY_TWO)


def _touch(one: Change, other: Change) -> bool:
    return one.span[0] <= other.span[1] and other.span[0] <= one.span[1]


STEP = Step("lists", lists, (VISIBLE_STAYS, OPAQUE_BUT_FENCES, SAME_CODE_BLOCKS, SAME_LINKS), version=4)
