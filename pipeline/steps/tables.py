"""Remove the delimiter rows in the body of tables, which would show as cells of hyphens."""

from __future__ import annotations

import re

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, VISIBLE_STAYS
from pipeline.markdown import matches_outside_opaque

EXTRA_DELIMITER_ROW = "a table has one delimiter row, below its header; another one shows as cells of hyphens"
_TABLE_DELIMITER_ROW = r"\|(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t]*"
_TABLE_DELIMITER_ROWS = re.compile(rf"\n{_TABLE_DELIMITER_ROW}(?=\n|\Z)")


def tables(document: Document) -> Document:
    """Remove the delimiter rows in the body of tables, left by headers of several rows and by joined tables."""
    text = document.text
    changes = []
    table_end = -1  # offset; of the last table with a delimiter row
    if len(_TABLE_DELIMITER_ROWS.findall(text)) < 2:  # noqa: PLR2004 - the second one may be in a body
        return document
    for match in matches_outside_opaque(_TABLE_DELIMITER_ROWS, text):
        if match.start() <= table_end:
            changes.append(Change("tables", match.span(), match[0], "", EXTRA_DELIMITER_ROW))
        rows = re.compile(r"(?:\n\|[^\n]*)*").match(text, match.end())
        table_end = max(table_end, rows.end() if rows else match.end())
    return document.edited(changes) if changes else document


STEP = Step("tables", tables, (VISIBLE_STAYS, OPAQUE_STAYS, SAME_LINKS), version=3)
