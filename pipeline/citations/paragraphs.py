"""A document -> its sections of paragraphs, each with its links, in which works are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it.token import Token

from pipeline.citations.reference_lines import REFERENCE_NUMBER
from pipeline.citations.work_titles import clean_title, is_reference_list, may_be_reference_list
from pipeline.document import Document, Link
from pipeline.markdown import heading_text, independent_groups, inline_tokens, parse, visible_text
from pipeline.steps.profiles import profile_of

LONGEST_HEADING = 80  # characters of a line that can be the heading of a reference list
_NAMES_OF_IDENTIFIERS = ("arxiv", "isbn", "pmid", "pmcid")
_DOI_OR_BIBTEX = (re.compile(r"10\.\d{4}"), re.compile(r"@\w+\s*\{"))  # each begins with a literal: ten times as fast
_AROUND_HEADING = " #*_\t"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, a line of a reference list, or a code block.

    `children` are the inline tokens of its content, none for code; `text` is what can be read. `item` is the number of
    the list item around it.
    """

    content: str
    children: list[Token]
    text: str
    line: int
    links: list[Link]
    item: str
    is_code: bool


@dataclass(slots=True)
class Section:
    """The paragraphs under one heading that may cite works."""

    heading: str
    depth: int
    paragraphs: list[Paragraph] = field(default_factory=list)


def may_cite(text: str) -> bool:
    """Return whether a text without links to papers can cite works: by an identifier, a reference list or BibTeX."""
    lower = text.lower()
    if any(name in lower for name in _NAMES_OF_IDENTIFIERS) or any(sign.search(text) for sign in _DOI_OR_BIBTEX):
        return True
    short = [line for line in lower.splitlines() if len(line) < LONGEST_HEADING and may_be_reference_list(line)]
    return any(is_reference_list(line.strip(_AROUND_HEADING)) for line in short)


def sections(document: Document) -> Iterator[Section]:
    """Yield the section of each heading, and before them the text without a heading.

    Paragraphs that cannot cite a work are left out: those outside reference lists without a link to a paper, an
    identifier or BibTeX.
    """
    waiting: dict[int, list[Link]] = {}
    for link in document.links:
        if link.kind != "image" and link.url.startswith(("http://", "https://")):
            waiting.setdefault(link.line, []).append(link)
    every = profile_of(document.meta).label_lines
    section, in_list = Section("", 0), False
    items: list[str] = []
    heading = ""  # the tag of the heading that the next token is the content of
    for token, line in _blocks(document.text):
        if token.type == "list_item_open":
            items.append(token.info)
        elif token.type == "list_item_close":
            items.pop()
        elif token.map and token.type in {"inline", "fence", "code_block"}:
            first, end = token.map
            links = {at: waiting.pop(at, []) for at in range(line + first + 1, line + end + 1)}
            if heading:
                yield section
                title = clean_title(heading_text(_children(token)))
                section, in_list = Section(title, int(heading[1:])), is_reference_list(title)
            papers = any(link.kind == "paper" for found in links.values() for link in found)
            if every or in_list or papers or may_cite(token.content):
                paragraphs = _paragraphs(token, links, next((item for item in reversed(items) if item), ""))
                title = clean_title(paragraphs[0].text)
                if len(paragraphs) == 1 and is_reference_list(title):
                    yield section
                    section, in_list = Section(title, section.depth), True
                else:
                    section.paragraphs += paragraphs
        heading = token.tag if token.type == "heading_open" else ""
    yield section


def _blocks(text: str) -> Iterator[tuple[Token, int]]:
    """Yield the block tokens of a text, each with the number of lines before the group that it is in."""
    groups = independent_groups(text)
    if not groups:
        yield from ((token, 0) for token in parse(text))
    lines = done = 0
    for group in groups:
        lines += text.count("\n", done, group.start)
        done = group.start
        yield from ((token, lines) for token in group.blocks.tokens)


def _children(token: Token) -> list[Token]:
    return token.children or (inline_tokens(token.content, {}) if token.type == "inline" else [])


def _paragraphs(token: Token, links: dict[int, list[Link]], item: str) -> list[Paragraph]:
    """Return the paragraph of a token, or its lines where each begins with the number of a reference.

    `links` are those of each of its lines.
    """
    children = _children(token)
    is_code = token.type != "inline"
    lines = [visible_text(line) for line in _lines(children)]
    if len(lines) == len(links) > 1 and all(map(REFERENCE_NUMBER.match, lines)):
        numbered = zip(links, lines, strict=True)
        return [Paragraph(token.content, children, line, at, links[at], item, is_code) for at, line in numbered]
    text = token.content if is_code else " ".join(lines)
    found = [link for of_line in links.values() for link in of_line]
    return [Paragraph(token.content, children, text, next(iter(links)), found, item, is_code)]


def _lines(children: list[Token]) -> list[list[Token]]:
    """Return the tokens of each line of a paragraph."""
    ends = [at for at, child in enumerate(children) if child.type in {"softbreak", "hardbreak"}]
    return [children[start + 1 : end] for start, end in pairwise([-1, *ends, len(children)])]
