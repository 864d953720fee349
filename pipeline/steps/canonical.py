"""Write the URLs of links in canonical form, if the setting `links` asks for it: without tracking and redirects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_BUT_URLS, SAME_PAGES
from pipeline.markdown import URL, opaque_spans
from pipeline.steps.links import list_links

CANONICAL = "canonical"
BEFORE_TARGET = re.compile(
    r".*\]\(|[> ]*\[[^\]]+\]: *", re.DOTALL
)  # a line up to the URL of a link, or of a definition
UNSAFE = frozenset(" <>()\\&\"'")  # characters that Markdown may take for the end of a URL, or for an escape


def canonical_links(document: Document, *, links: str = "as-written") -> Document:
    """Write the URLs of links in canonical form: `[a](http://e.org/?utm_source=x)` -> `[a](http://e.org/)`.

    Only what is behind a link text changes: a URL that is itself the text, and that of an image, stay.
    """
    return document.edited(_canonical_changes(document)) if links == CANONICAL else document


def _canonical_changes(document: Document) -> Iterator[Change]:
    """Yield a change for each URL of a link with another canonical form."""
    found = list_links(document).links
    images = {link.written for link in found if link.kind == "image"}
    forms = {link.written: link.url for link in found if not (link.base or link.written in images)}
    for start, end, kind in opaque_spans(document.text):
        before = document.text[document.text.rfind("\n", 0, start) + 1 : start]
        if document.text[start] == "<":
            start, end = start + 1, end - 1  # noqa: PLW2901 - the URL between angle brackets
        written = document.text[start:end]
        url = forms.get(written, written)
        if kind != URL or url == written or not BEFORE_TARGET.fullmatch(before):
            continue
        if url.startswith(("http://", "https://")) and not UNSAFE & {*url}:
            yield Change("canonical", (start, end), written, url, "canonical URL, without tracking and redirects")


STEP = Step("canonical", canonical_links, (OPAQUE_BUT_URLS, SAME_PAGES))
