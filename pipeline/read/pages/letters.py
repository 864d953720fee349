"""Page -> its letters in one string, and where each element begins and ends in it, to find paragraphs in a page."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from pipeline.read.pages.tree import PageElement


@dataclass(slots=True)
class LetterPlaces:
    """The letters of a page in one string, and where in it each element begins and ends."""

    letters: str = ""
    spans: dict[PageElement, tuple[int, int]] = field(default_factory=dict)
    links: list[tuple[int, int]] = field(default_factory=list)


def letters_only(text: str) -> str:
    """Return the letters and digits of a text: `A, b 1.` -> `Ab1`."""
    return "" if text.isspace() else "".join(filter(str.isalnum, text))


def letter_places(body: PageElement) -> LetterPlaces:
    """Return the places of the elements below `body`, without recursion."""
    places = LetterPlaces()
    parts: list[str] = []
    at = 0
    waiting: list[tuple[PageElement, int]] = [(body, -1)]
    while waiting:
        element, start = waiting.pop()
        if start >= 0:
            places.spans[element] = (start, at)
            if element.tag == "a":
                places.links.append((start, at))
            text = element.tail if element is not body else ""
        else:
            waiting.append((element, at))
            waiting += [(child, -1) for child in reversed(element)]
            text = element.text
        if text:
            parts.append(letters_only(text))
            at += len(parts[-1])
    places.letters = "".join(parts)
    return places


def held(span: tuple[int, int], found: list[tuple[int, int]]) -> int:
    """Return how many letters of the paragraphs are in a span."""
    first = bisect_left(found, (span[0], 0))
    count = 0
    for start, end in found[max(0, first - 1) :]:
        if start >= span[1]:
            break
        count += max(0, min(end, span[1]) - max(start, span[0]))
    return count
