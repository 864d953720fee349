"""Changes of a document -> items of its card in the report, each with what is around it and its lines in the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.changes import Change, passes, undone
from pipeline.document import Document
from pipeline.flow import CHARACTER_STEPS, FLOW
from pipeline.records.report_jsonl import change_content, common_prefix_length
from pipeline.records.source_lines import source_lines
from pipeline.records.visible import single_line, visible_characters

SHOWN_CONTEXT = 40  # characters before and after a change
MOST_SIDE_CHARACTERS = 200  # of each side of a change
MOST_NOTE_CHARACTERS = 400  # of a note or a title
MOST_SHOWN_LINES = 5  # of the source, of one change
LEAST_LISTED_SHARE = 0.01  # the probability of an alternative that is listed
ITEM_MARKUP = 200  # bytes of the tags around an item
FORMATTING = frozenset(step.name for step in FLOW) - frozenset(CHARACTER_STEPS)  # steps that do not repair characters
_LINE_SUFFIXES = {".md", ".markdown", ".txt", ".text", ".mdx", ".qmd", ".rmd"}  # text whose lines are those of its file


@dataclass(frozen=True, slots=True)
class CardItem:
    """A line of a card: `kind` is note, change, shared or links; a change has its two sides and its context."""

    kind: str
    text: str  # the note, or the reason of the change
    step: str = ""
    before: str = ""
    old: str = ""
    new: str = ""
    after: str = ""
    confidence: float | None = None
    others: tuple[tuple[str, float], ...] = ()
    lines: tuple[int, ...] = ()
    places: int = 1

    @property
    def size(self) -> int:
        """How many bytes the item takes in a page, roughly."""
        texts = (self.text, self.before, self.old, self.new, self.after, *(text for text, _ in self.others))
        return ITEM_MARKUP + sum(len(text.encode("utf-8", "replace")) for text in texts)


def change_items(document: Document) -> Iterator[CardItem]:
    """Yield changes in context, the least confident first; equal ones are one item, in the context of the first."""
    with_lines = document.path.suffix.lower() in _LINE_SUFFIXES
    found: dict[object, tuple[CardItem, list[int], int]] = {}
    for change, at, after, line in _placed(document):
        item, lines, count = found.get(content := change_content(change)) or (_in_context(change, at, after), [], 0)
        if with_lines and line not in lines and len(lines) < MOST_SHOWN_LINES:
            lines.append(line)
        found[content] = item, lines, count + 1
    items = [replace(item, lines=tuple(lines), places=count) for item, lines, count in found.values()]
    yield from sorted(items, key=lambda item: 2 if item.confidence is None else item.confidence)


def _placed(document: Document) -> Iterator[tuple[Change, int, str, int]]:
    """Yield each repair with its place in the text after its step, that text, and its line in the first text."""
    if all(change.step in FORMATTING for change in document.changes):
        return
    done = passes(document.changes)
    texts = [document.text]
    for changes in reversed(done[1:]):
        texts.append(undone(texts[-1], changes))
    lines = iter(source_lines(document))
    for changes, after in zip(done, reversed(texts), strict=True):
        moved = 0
        for change, line in zip(changes, lines, strict=False):
            if change.step not in FORMATTING:
                yield change, change.span[0] + moved, after, line
            moved += len(change.after) - len(change.before)


def _in_context(change: Change, at: int, text: str) -> CardItem:
    """Return a change, which made the characters of `text` at `at`, with what is around its difference."""
    head = common_prefix_length(change.before, change.after)
    tail = common_prefix_length(change.before[head:][::-1], change.after[head:][::-1])
    start, end = at + head, at + len(change.after) - tail
    return CardItem(
        "change",
        visible_characters(change.reason),
        change.step,
        single_line("…" * (start > SHOWN_CONTEXT) + text[max(0, start - SHOWN_CONTEXT) : start]),
        single_line(shortened(change.before[head : len(change.before) - tail], MOST_SIDE_CHARACTERS)),
        single_line(shortened(change.after[head : len(change.after) - tail], MOST_SIDE_CHARACTERS)),
        single_line(text[end : end + SHOWN_CONTEXT] + "…" * (end + SHOWN_CONTEXT < len(text))),
        change.confidence,
        tuple(
            (visible_characters(other), share) for other, share in change.alternatives if share >= LEAST_LISTED_SHARE
        ),
    )


def shortened(text: str, most: int = MOST_NOTE_CHARACTERS) -> str:
    """Return at most `most` characters of a text; `…` is where it was cut."""
    return text if len(text) <= most else f"{text[:most]}…"
