"""Take the rules out of the body of tables, where they show as cells full of hyphens."""

from __future__ import annotations

import re

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS, SAME_WORDS
from pipeline.markdown import matches_outside_code

REASON = "a table has one rule, below its head; another shows as cells full of hyphens"
_RULE = r"\|(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t]*"
_RULES = re.compile(rf"\n{_RULE}(?=\n|\Z)")


def tables(document: Document) -> Document:
    """Take the rules out of the body of tables: heads of several rows and tables glued together leave them there."""
    text = document.text
    changes = []
    within = -1  # where the table that has had its rule ends so far
    for match in matches_outside_code(_RULES, text):
        if match.start() <= within:
            changes.append(Change("tables", match.span(), match[0], "", REASON, 0.9))
        rows = re.compile(r"(?:\n\|[^\n]*)*").match(text, match.end())
        within = max(within, rows.end() if rows else match.end())
    return document.edited(changes) if changes else document


STEP = Step("tables", tables, (SAME_WORDS, SAME_CODE, SAME_LINKS))
