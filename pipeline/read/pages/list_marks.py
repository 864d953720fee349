"""List of a page -> the marks of its items in Markdown: `- `, or the numbers that a browser shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.read.pages.tree import PageElement, attribute

_ITEM_NUMBER = re.compile(r"\d{1,8}")  # CommonMark allows nine digits


@dataclass(slots=True)
class ItemMarks:
    """The number of the next item, the step to the one after it, and the character behind numbers.

    Markdown counts the items of a list from its first number on. Where a page counts otherwise, another character
    starts another list: `3. a`, `2) b`.
    """

    ordered: bool
    number: int
    step: int
    delimiter: str = "."
    written: int | None = None  # the number before

    @classmethod
    def of(cls, element: PageElement) -> ItemMarks:
        """Return the marks of an `<ol>`, with its `start` and `reversed`, or of an `<ul>`."""
        backwards = element.tag == "ol" and element.get("reversed") is not None
        first = sum(one.tag == "li" for one in element) if backwards else 1
        start = attribute(element, "start")
        return cls(element.tag == "ol", int(start) if _ITEM_NUMBER.fullmatch(start) else first, -1 if backwards else 1)

    def following(self, value: str = "") -> str:
        """Return the mark of the next item; `value` is a number that it names itself.

        >>> marks = ItemMarks(True, 1, 1)
        >>> marks.following(), marks.following(), marks.following("7"), marks.following()
        ('1. ', '2. ', '7) ', '8) ')
        """
        if not self.ordered:
            return "- "
        if _ITEM_NUMBER.fullmatch(value):
            self.number = int(value)
        number = max(self.number, 0)
        if self.written is not None and number != self.written + 1:
            self.delimiter = ")" if self.delimiter == "." else "."
        self.written, self.number = number, number + self.step
        return f"{number}{self.delimiter} "
