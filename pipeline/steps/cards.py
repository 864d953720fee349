"""Repair links that blog platforms and translation broke: link cards, links without text, split hashtags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from pipeline.changes import Change, end_of_line
from pipeline.document import Document, Step
from pipeline.invariants import OPAQUE_BUT_URLS
from pipeline.markdown import URL, matches_outside_opaque
from pipeline.steps.profiles import profile_of
from pipeline.steps.profiles.rules import link_cards, separators

LINK_WITHOUT_TEXT = "a link without text cannot be seen or followed, and the line has another one to the same URL"
SPLIT_HASHTAG = "a hashtag has no spaces"
RELATIVE_URL = "a relative URL works on its own site only; it gets the host of the source"
_LINK_WITHOUT_TEXT = re.compile(  # a site generator fills in those of other schemes: `[](info:types)`
    r"\[\]\((?<![!\\]\[\]\()(?!(?!https?:)[a-z][a-z0-9+.-]*:)(?:[^()\s]|\([^()\s]*\))*\)[ \t]?"
)
_SPLIT_HASHTAG = re.compile(r"\[(# [^\]\n]{1,999})\]\(([^()\s]+)\)")
_RELATIVE_URL = re.compile(r"\]\((/(?!/)[^()\s]*)(?=[()]|[ \t]+[\"'(])")


def cards(document: Document) -> Document:
    """Repair links: make link cards links, remove repeated links without text, complete relative URLs."""
    text, source_url = document.text, document.meta.source_url
    if "](" not in text:
        return document
    site = profile_of(document.meta)
    changes: list[Change] = []
    for change in [
        *(link_cards(text, source_url, site.link_card) if site.link_card else ()),
        *_links_without_text(text),
        *_hashtags(text),
        *(separators(text, site.link_marks) if site.link_marks else ()),
        *_relative_urls(text, source_url),
    ]:
        if not any(change.span[0] < other.span[1] and other.span[0] < change.span[1] for other in changes):
            changes.append(change)
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _links_without_text(text: str) -> Iterator[Change]:
    """Yield the removal of links without text whose URL another link of the line has: else the URL would be lost."""
    for match in matches_outside_opaque(_LINK_WITHOUT_TEXT, text, (URL,)):
        line = text.rfind("\n", 0, match.start()) + 1, end_of_line(text, match.end())
        others = text[line[0] : match.start()], text[match.end() : line[1]]
        target = match[0].rstrip().removeprefix("[]")
        if any(re.search(r"[^\[]" + re.escape(f"]{target}"), other) for other in others):
            yield Change("cards", match.span(), match[0], "", LINK_WITHOUT_TEXT)


def _hashtags(text: str) -> Iterator[Change]:
    """Yield the changes that join hashtags: `[# ML collage](…/hashtag/mlcollage)` -> `[#MLcollage](…)`."""
    for match in matches_outside_opaque(_SPLIT_HASHTAG, text, (URL,)):
        words = match[1].removeprefix("# ")
        joined = re.sub(r"\s", "", words)
        tag = joined if match[2].casefold().rstrip("/").endswith("/" + joined.casefold()) else words
        yield Change("cards", match.span(1), match[1], f"#{tag}", SPLIT_HASHTAG)


def _relative_urls(text: str, source_url: str) -> Iterator[Change]:
    """Yield the changes that give the URLs of links, not of images, the host of the source."""
    if urlsplit(source_url).hostname and "](/" in text:
        for match in matches_outside_opaque(_RELATIVE_URL, text, (URL,)):
            line = text.rfind("\n", 0, match.start()) + 1
            if not re.search(r"!\[[^\[\]\n]*\Z", text[line : match.start()]):
                yield Change("cards", match.span(1), match[1], urljoin(source_url, match[1]), RELATIVE_URL)


STEP = Step("cards", cards, (OPAQUE_BUT_URLS,), version=7)
