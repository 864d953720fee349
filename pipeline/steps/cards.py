"""Mend links that blog platforms and translation broke: cards over several blocks, empty links, cut hashtags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE
from pipeline.markdown import matches_outside_code

CARD = "a link card over several blocks, which is no link in Markdown"
EMPTY = "a link without text: nobody can see or follow it"
HASHTAG = "a hashtag is written in one"
SEPARATOR = "links that follow each other are separated like the others of the text"
RELATIVE = "an address without its host leads nowhere outside its site; the source of the text tells the host"
_CARD = re.compile(
    r"\[(?:\]\((?P<empty>[^()\s]+)\)[ \t]*\[)?#{1,6}[ \t]+(?P<title>[^\n\[\]]+)\n[ \t]*\n"
    r"(?:#{1,6}[ \t]+(?P<subtitle>[^\n\[\]]+)\n[ \t]*\n)?(?P<site>[\w.-]+\.\w+)\]\((?P<address>[^()\s]+)\)"
)
_EMPTY = re.compile(r"\[\]\((?<![!\\]\[\]\()(?:[^()\s]|\([^()\s]*\))*\)[ \t]?")
_HASHTAG = re.compile(r"\[(# [^\]\n]+)\]\(([^()\s]+)\)")
_MARKED = re.compile(r"([\U0001F300-\U0001FAFF])\[[^\]\n]+\]\(")
_SEPARATED = re.compile(r"\|[\U0001F300-\U0001FAFF]\[")
_RELATIVE = re.compile(r"\]\((/(?!/)[^()\s]*)(?=[()]|[ \t]+[\"'(])")


def cards(document: Document) -> Document:
    """Mend broken links: cards of platforms become one link, empty ones go, addresses get the host of the source."""
    text = document.text
    if "](" not in text:
        return document
    changes: list[Change] = []
    for change in [
        *_cards(text, document.meta.source_url),
        *_without_text(text),
        *_hashtags(text),
        *_separators(text),
        *_relative(text, document.meta.source_url),
    ]:
        if not any(change.span[0] < other.span[1] and other.span[0] < change.span[1] for other in changes):
            changes.append(change)
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _cards(text: str, source: str) -> Iterator[Change]:
    for match in matches_outside_code(_CARD, text):
        if match["empty"] in {None, match["address"]}:
            link = f"[{match['title'].strip()}]({_absolute(match['address'], source)})"
            after = f"{link}\\\n{match['subtitle'].strip()}" if match["subtitle"] else link
            yield Change("cards", match.span(), match[0], after, CARD, 0.95)


def _without_text(text: str) -> Iterator[Change]:
    for match in matches_outside_code(_EMPTY, text):
        line = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        if text[line[0] : match.start()].strip() or text[match.end() : line[1] % (len(text) + 1)].strip():
            yield Change("cards", match.span(), match[0], "", EMPTY, 0.95)


def _hashtags(text: str) -> Iterator[Change]:
    for match in matches_outside_code(_HASHTAG, text):
        words = match[1].removeprefix("# ")
        one = re.sub(r"\s", "", words)
        tag = one if match[2].casefold().rstrip("/").endswith("/" + one.casefold()) else words
        yield Change("cards", match.span(1), match[1], f"#{tag}", HASHTAG, 0.9)


def _separators(text: str) -> Iterator[Change]:
    for match in matches_outside_code(_MARKED, text) if _SEPARATED.search(text) else ():
        at, line = match.start(), text[text.rfind("\n", 0, match.start()) + 1 : text.find("\n", match.end())]
        if re.match(r"[^\s|] ", text[at - 2 : at]) and (f"|{match[1]}[" in text or _SEPARATED.search(line)):
            yield Change("cards", (at - 1, at), " ", " |", SEPARATOR, 0.8)


def _relative(text: str, source: str) -> Iterator[Change]:
    if urlsplit(source).hostname and "](/" in text:
        for match in matches_outside_code(_RELATIVE, text):
            line = text.rfind("\n", 0, match.start()) + 1
            if not re.search(r"!\[[^\[\]\n]*\Z", text[line : match.start()]):
                yield Change("cards", match.span(1), match[1], _absolute(match[1], source), RELATIVE, 0.95)


def _absolute(address: str, source: str) -> str:
    return urljoin(source, address) if address.startswith("/") and source else address


STEP = Step("cards", cards, (SAME_CODE,), version=2)
