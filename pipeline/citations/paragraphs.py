"""A document -> its sections of paragraphs, each with its links, in which works are looked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it.token import Token

from pipeline.citations.reference_lines import REFERENCE_NUMBER
from pipeline.citations.work_titles import clean_title, is_reference_list
from pipeline.document import Document, Link
from pipeline.markdown import heading_text, parse, visible_text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, a line of a reference list, or a code block.

    With its links and the number of the list item around it.
    """

    token: Token
    text: str
    line: int
    links: list[Link]
    item: str


@dataclass(slots=True)
class Section:
    """The paragraphs under one heading."""

    heading: str
    depth: int
    paragraphs: list[Paragraph] = field(default_factory=list)


def sections(document: Document) -> Iterator[Section]:
    """Yield the section of each heading, and before them the text without a heading."""
    waiting: dict[int, list[Link]] = {}
    for link in document.links:
        if link.kind != "image" and link.url.startswith(("http://", "https://")):
            waiting.setdefault(link.line, []).append(link)
    section = Section("", 0)
    tokens = parse(document.text)
    items: list[str] = []
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            yield section
            section = Section(clean_title(heading_text(tokens[index + 1].children)), int(token.tag[1:]))
        elif token.type == "list_item_open":
            items.append(token.info)
        elif token.type == "list_item_close":
            items.pop()
        elif token.map and token.type in {"inline", "fence", "code_block"}:
            number = next((item for item in reversed(items) if item), "")
            paragraphs = _paragraphs(token, waiting, number)
            if len(paragraphs) == 1 and is_reference_list(clean_title(paragraphs[0].text)):
                yield section
                section = Section(clean_title(paragraphs[0].text), section.depth)
            else:
                section.paragraphs += paragraphs
    yield section


def _paragraphs(token: Token, links: dict[int, list[Link]], item: str) -> list[Paragraph]:
    """Return the paragraph of a token, or its lines where each begins with the number of a reference.

    The links of its lines are removed from `links`.
    """
    first, end = token.map or (0, 0)
    inside = {line: links.pop(line, []) for line in range(first + 1, end + 1)}
    lines = [visible_text(line) for line in _lines(token.children or [])]
    if len(lines) == len(inside) > 1 and all(map(REFERENCE_NUMBER.match, lines)):
        return [Paragraph(token, line, at, inside[at], item) for at, line in zip(inside, lines, strict=True)]
    text = " ".join(lines) if token.type == "inline" else token.content
    return [Paragraph(token, text, first + 1, [link for found in inside.values() for link in found], item)]


def _lines(children: list[Token]) -> list[list[Token]]:
    """Return the tokens of each line of a paragraph."""
    ends = [at for at, child in enumerate(children) if child.type in {"softbreak", "hardbreak"}]
    return [children[start + 1 : end] for start, end in pairwise([-1, *ends, len(children)])]
