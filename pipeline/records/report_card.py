"""Outcome -> what its card in the report shows: kinds, links to files, notes, and changes in their context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

from pipeline.document import REPLACEMENT, Cleaned, Duplicate, Outcome, Skipped
from pipeline.records.change_context import (
    FORMATTING,
    LEAST_LISTED_SHARE,
    CardItem,
    change_items,
    shortened,
)
from pipeline.records.clean_file import encoding_in_words, repairs_in_words
from pipeline.records.report_jsonl import duplicate_in_words, passage_in_words, similar_in_words
from pipeline.records.visible import visible_characters

MOST_CHANGES = 200  # of a document, the least confident first; report.jsonl has all
MOST_REASONS = 8  # of formatting
HEAD_MARKUP = 900  # bytes of the tags of a card without items
MOST_URL_CHARACTERS = 1000  # of a link to where a post was published
CARD_KINDS = {  # of cards: in the script and in words
    "skipped": "skipped",
    "inferred": "inferred",
    "lost": "characters lost",
    "repaired": "repaired",
    "pictures": "missing pictures",
    "omitted": "incomplete in books",
    "duplicate": "duplicate",
    "sound": "sound",
}


class BookLink(NamedTuple):
    """A file of a post: what a reader calls it, and its URL relative to the page."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the report shows of a source. `kinds` are keys of CARD_KINDS; `formatting` counts reasons."""

    path: str
    kinds: tuple[str, ...]
    title: str
    language: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    source_url: str = ""
    files: tuple[BookLink, ...] = ()
    source: str = ""  # the URL of the source, relative to the page
    items: tuple[CardItem, ...] = ()
    hidden: int = 0  # items that are in report.jsonl alone
    formatting: tuple[tuple[str, int], ...] = ()
    formatted: int = 0
    changes: int = 0

    @property
    def lowest(self) -> float:
        """The lowest confidence of a change; 2 if none has one."""
        return min((item.confidence for item in self.items if item.confidence is not None), default=2)

    @property
    def head_size(self) -> int:
        """How many bytes the card takes in a page without its items, roughly."""
        pairs = (
            *self.facts,
            *self.files,
            (self.source, self.source_url * 2),
            *((reason, "") for reason, _ in self.formatting),
        )
        texts = (self.title, self.path * 3, *(part for pair in pairs for part in pair))
        return HEAD_MARKUP + sum(len(text.encode("utf-8", "replace")) for text in texts)

    @property
    def text(self) -> str:
        """The characters that the card shows and that may need a font."""
        texts = (f"{one.text}{one.before}{one.old}{one.new}{one.after}" for one in self.items)
        others = (text for one in self.items for text, _ in one.others)
        return "".join((self.title, self.path, *texts, *others))


def card_of(outcome: Outcome, links: Sequence[str], files: Sequence[BookLink], source: str) -> Card:
    """Return the card of an outcome; `links` are the posts that it links to, `files` and `source` are URLs."""
    path = visible_characters(str(outcome.path))
    if isinstance(outcome, Skipped):
        bug = ", a bug in Lacuna" if outcome.cause == "bug" else ""
        item = CardItem("note", visible_characters(shortened(outcome.reason)), f"skipped at {outcome.step}{bug}")
        return Card(path, ("skipped",), path, source=source, items=(item,))
    document = outcome.document
    meta = document.meta
    reasons = Counter(change.reason for change in document.changes if change.step in FORMATTING)
    changes = [*change_items(document)]
    notes = [CardItem("note", visible_characters(shortened(note.message)), note.step) for note in document.notes]
    return Card(
        path,
        kinds_of(outcome),
        visible_characters(shortened(meta.title)) or path,
        meta.language,
        tuple((name, visible_characters(shortened(text))) for name, text in _facts(outcome) if text),
        meta.source_url if _linkable(meta.source_url) else "",
        tuple(files),
        source,
        (*notes, *changes[:MOST_CHANGES], *_neighbours(outcome, links)),
        max(0, len(changes) - MOST_CHANGES),
        tuple(reasons.most_common(MOST_REASONS)),
        reasons.total(),
        len(document.changes) - reasons.total(),
    )


def kinds_of(outcome: Outcome) -> tuple[str, ...]:
    """Return the kinds of an outcome, keys of CARD_KINDS."""
    if isinstance(outcome, Skipped):
        return ("skipped",)
    document = outcome.document
    steps = {note.step for note in document.notes}
    holds = {
        "inferred": document.inferred,
        "lost": REPLACEMENT in document.text,
        "repaired": any(change.step not in FORMATTING for change in document.changes),
        "pictures": "images" in steps,
        "omitted": "books" in steps,
        "duplicate": isinstance(outcome, Duplicate),
    }
    return tuple(kind for kind, true in holds.items() if true) or ("sound",)


def fitting(cards: Sequence[Card], budget: int) -> list[Card]:
    """Return the cards with as many items as fit in `budget` bytes; the longest cards lose items first."""
    sizes = [sum(item.size for item in card.items) for card in cards]
    most = fair_share(sizes, budget - sum(card.head_size for card in cards))
    return [card if size <= most else _cut(card, most) for card, size in zip(cards, sizes, strict=True)]


def fair_share(sizes: Sequence[int], budget: int) -> int:
    """Return the largest size such that all sizes, cut to it, fit in the budget.

    >>> fair_share([10, 50, 90], 100), fair_share([10, 20], 100)
    (45, 20)
    """
    left = max(0, budget)
    for at, size in enumerate(ordered := sorted(sizes)):
        if size * (len(ordered) - at) > left:
            return left // (len(ordered) - at)
        left -= size
    return max(sizes, default=0)


def _linkable(url: str) -> bool:
    return url.startswith(("http://", "https://")) and len(url) <= MOST_URL_CHARACTERS


def _cut(card: Card, most: int) -> Card:
    kept = sum(total <= most for total in accumulate(item.size for item in card.items))
    return replace(card, items=card.items[:kept], hidden=card.hidden + len(card.items) - kept)


def _facts(outcome: Cleaned | Duplicate) -> Iterator[tuple[str, str]]:
    meta = outcome.document.meta
    if isinstance(outcome, Duplicate):
        yield "duplicate", duplicate_in_words(str(outcome.of), outcome.why, outcome.similarity)
    others = [
        f"{one.codec} {one.confidence:.2f}"
        for one in meta.encoding.alternatives
        if one.confidence >= LEAST_LISTED_SHARE
    ]
    yield "encoding", "; next: ".join(filter(None, (encoding_in_words(meta.encoding), ", ".join(others))))
    yield "repaired", repairs_in_words(outcome.document)
    yield "language", meta.language
    yield "date", meta.date


def _neighbours(outcome: Cleaned | Duplicate, links: Sequence[str]) -> Iterator[CardItem]:
    """Yield what a document shares with others that are kept: paragraphs, most of its text, links."""
    if isinstance(outcome, Cleaned):
        for passage in outcome.passages:
            yield CardItem("shared", visible_characters(passage_in_words(passage)))
        for one in outcome.similar:
            similar = similar_in_words(str(one.path), one.why, one.similarity)
            yield CardItem("shared", visible_characters(f"similar to {similar}"))
    for path in links:
        yield CardItem("links", visible_characters(path))
