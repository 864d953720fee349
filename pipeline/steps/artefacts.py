"""Remove what machine translation left in the text: placeholders, mistranslated link labels, cut names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS
from pipeline.language.identification import language_of
from pipeline.markdown import overlaps_opaque
from pipeline.patterns import lazy_pattern
from pipeline.steps.profiles import profile_of
from pipeline.steps.profiles.rules import cut_names, labels

PLACEHOLDER = "a placeholder of machine translation"
_PLACEHOLDER_START = lazy_pattern(r"T(?<![^【)\n]T)\d+[:：】]")
_PLACEHOLDERS = lazy_pattern(
    r"【T\d+[:：]\s*+(?P<inner>[^【】\n]++|(?<=\s))】|(?<=\))T\d+】(?=\]\()|^(?P<indent>[ \t]*)T\d+[:：]\s*(?=\*\*)",
    re.MULTILINE,
)


def artefacts(document: Document, *, glossary: bool = True) -> Document:
    """Remove placeholders of machine translation, and correct the link labels and names that the site profile lists.

    Only the posts of a site profile that says so have placeholders: elsewhere `T1:` is what the author wrote.
    """
    text, meta = document.text, document.meta
    site = profile_of(meta)
    changes = list(_placeholders(text)) if site.placeholders else []
    if glossary:
        found = [*labels(text, site.labels), *cut_names(text, site.cut_names)]
        if found and (meta.language or language_of(text)).startswith(site.language):
            changes += found
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _placeholders(text: str) -> Iterator[Change]:
    """Yield the removal of placeholders: `八月版的【T2:机器学习】系列` -> `八月版的机器学习系列`."""
    if _PLACEHOLDER_START.search(text):
        for match in _PLACEHOLDERS.finditer(text):
            first, last = match.span("inner") if match["inner"] else (match.end(), match.end())
            if not any(
                overlaps_opaque(text, span)
                for span in ((match.start(), first), (last, match.end()))
                if span[0] < span[1]
            ):
                yield Change("artefacts", match.span(), match[0], match["inner"] or match["indent"] or "", PLACEHOLDER)


STEP = Step("artefacts", artefacts, (OPAQUE_STAYS, SAME_LINKS), version=6)
