"""Extract the links and images of a document: where each leads, what it is, and where it stands."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.parser_inline import RuleFuncInlineType
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from pipeline.document import Document, Link, Step
from pipeline.markdown import heading_text, parser, visible_text
from pipeline.urls.bare_urls import find_bare_urls
from pipeline.urls.canonical import absolute_url, canonical_url
from pipeline.urls.identifiers import identifiers
from pipeline.urls.kinds import kind_of
from pipeline.urls.url_warnings import url_problems

_COMMENT = re.compile(r"<!--(?:(?!-->).)*(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^<>]*)>")
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(href|(?:data-)?src|title)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=`]+))", re.IGNORECASE
)
NEAR = 10_000  # characters: what is not found so near is written otherwise than it is read
PICTURES = {"img", "source", "picture", "image"}
Place = tuple[int, int]  # line and column, from 1


@dataclass(slots=True)
class _Found:
    """An address and where it stands; `text` grows until the link ends."""

    written: str
    kind: str  # link or image
    place: Place
    text: list[str] = field(default_factory=list)
    title: str = ""


def extract_links(document: Document) -> Document:
    """Record every link and image: its address as written and canonical, what it leads to, and where it stands."""
    return replace(document, links=tuple(_links(document.text, document.meta.source_url)))


@cache
def _reader() -> MarkdownIt:
    """Return the parser of the dialect, but that unsafe addresses are seen, as written, each with its place."""
    reader: MarkdownIt = parser.__wrapped__()
    reader.validateLink = lambda url: url is not None  # type: ignore[method-assign]
    reader.normalizeLink = lambda url: url  # type: ignore[method-assign]
    for rule in reader.inline.ruler.__rules__:
        if rule.name in {"link", "image", "autolink"}:
            rule.fn = _placing(rule.fn)
    return reader


def _placing(rule: RuleFuncInlineType) -> RuleFuncInlineType:
    """Return the inline rule, its token told where in the paragraph it begins."""

    def placed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
        start, before = state.pos, len(state.tokens)
        done = rule(state, silent)
        if done and not silent:
            new = next((token for token in state.tokens[before:] if token.type in {"link_open", "image"}), None)
            if new:
                new.meta["at"] = start
        return done

    return placed


def _links(text: str, source: str) -> Iterator[Link]:
    lines = text.split("\n")
    tokens = _reader().parse(text)
    headings = [
        (token.map[0] + 1, heading_text(tokens[at + 1].children))
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.map
    ]
    starts = [line for line, _ in headings]
    for block in tokens:
        found: Iterable[_Found] = ()
        if block.type == "inline":
            found = _Paragraph(block, lines).read()
        elif block.type == "html_block":
            found = _html_block(block.content, block.map[0] + 1 if block.map else 1)
        for one in found:
            if not one.written:
                continue
            under = bisect_right(starts, one.place[0]) - 1
            yield _link(one, source, headings[under][1] if under >= 0 else "")


class _Paragraph:
    """A paragraph that is read from its beginning to its end, and where its text stands in the document."""

    def __init__(self, block: Token, lines: list[str]) -> None:
        self.block, self.lines = block, lines
        self.content = block.content
        self.done = 0  # the offset up to which it was read, for what has no place of its own
        self.row = block.map[0] if block.map else 0  # the line that `done` is in,
        self.start, self.end = 0, _line_end(block.content, 0)  # where it starts and ends in the paragraph,
        self.indent: int | None = None  # and how far in from the document's margin; -1: not known
        self.open: _Found | None = None

    def read(self) -> Iterator[_Found]:
        """Yield the addresses in their order, a link when it ends."""
        for child in self.block.children or ():
            match child.type:
                case "link_open":
                    self.open = self.found(child, "href", "link")
                case "image":
                    yield self.image(child)
                case "link_close":
                    yield from self.closed()
                case "html_inline":
                    yield from self.html(child)
                case "text" | "code_inline" if self.open:
                    self.open.text.append(child.content)
                case "text":
                    yield from self.words(child)
                case "softbreak" | "hardbreak" if self.open:
                    self.open.text.append(" ")
        yield from self.closed()

    def found(self, child: Token, key: str, kind: str) -> _Found:
        """Return what a token names, where the parser met it."""
        self.done = max(self.done, child.meta.get("at", 0))
        return _Found(str(child.attrs.get(key, "")), kind, self.place(), title=str(child.attrs.get("title", "")))

    def image(self, child: Token) -> _Found:
        """Return an image; in a link it is a part of what the reader sees of that."""
        one = self.found(child, "src", "image")
        one.text.append(visible_text(child.children))
        if self.open:
            self.open.text += one.text
        return one

    def closed(self) -> Iterator[_Found]:
        """Yield the open link, if there is one: it ends here."""
        if self.open:
            yield self.open
        self.open = None

    def html(self, child: Token) -> Iterator[_Found]:
        """Yield what an HTML tag names; `<a>` opens a link, `</a>` ends it."""
        self.seek(child.content)
        for tag in _TAG.finditer(_COMMENT.sub("", child.content)):
            anchor = tag[2].lower() == "a"
            if anchor and tag[1]:
                yield from self.closed()
            for one in _tag(tag, self.place()):
                if anchor and not self.open:
                    self.open = one
                else:
                    yield one

    def words(self, child: Token) -> Iterator[_Found]:
        """Yield the addresses that stand bare in a text."""
        for _, address in find_bare_urls(child.content):
            self.seek(address)
            yield _Found(address, "link", self.place(), [address])

    def seek(self, text: str) -> None:
        """Go on to where `text` stands; stay where it is written otherwise, with escapes."""
        self.done = max(self.done, self.content.find(text, self.done, self.done + NEAR))

    def place(self) -> Place:
        """Return the line and the column read up to; the first column where the line holds tabs or escapes."""
        while self.end < self.done:
            self.row, self.start = self.row + 1, self.end + 1
            self.end, self.indent = _line_end(self.content, self.start), None
        if self.indent is None:
            shown = self.content[self.start : self.end].rstrip()
            self.indent = self.lines[self.row].find(shown) if self.row < len(self.lines) else -1
        return self.row + 1, self.indent + self.done - self.start + 1 if self.indent >= 0 else 1


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)


def _html_block(content: str, line: int) -> Iterator[_Found]:
    """Yield the addresses of raw HTML, its comments blanked; the text of a link is what stands until its end tag."""
    content = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), content)
    seen, margin, inside = 0, 0, 0  # where the last tag, its line and the text of the open link start
    link: _Found | None = None
    for tag in _TAG.finditer(content):
        anchor = tag[2].lower() == "a"
        if anchor and link:
            link.text.append(_TAG.sub("", content[inside : tag.start()]))
            yield link
            link = None
        line += content.count("\n", seen, tag.start())
        margin = max(margin, content.rfind("\n", seen, tag.start()) + 1)
        seen = tag.start()
        for one in _tag(tag, (line, seen - margin + 1)):
            if anchor and not link:
                link, inside = one, tag.end()
            else:
                yield one
    if link:
        yield link


def _tag(tag: re.Match[str], place: Place) -> Iterator[_Found]:
    """Yield the addresses that a tag names."""
    given: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag[3]):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        given.setdefault(match[1].lower(), html.unescape(value))  # of two the first counts, as in HTML
    title = given.pop("title", "")
    for name, written in given.items():
        kind = "image" if name != "href" and tag[2].lower() in PICTURES else "link"
        yield _Found(written, kind, place, title=title)


def _link(found: _Found, source: str, heading: str) -> Link:
    """Return what is known of an address: images are files beside the document, all else is relative to its source."""
    text = " ".join("".join(found.text).split())
    target = f"http://{found.written}" if found.written[:4].lower() == "www." else found.written
    base = source if found.kind == "link" else ""
    url = canonical_url(target, base)
    relative = bool(base) and absolute_url(target, base) != absolute_url(target)
    kind = "source" if source and url == canonical_url(source) else kind_of(url, text)
    return Link(
        written=found.written,
        url=url,
        text=text,
        kind=found.kind if found.kind == "image" else kind,
        line=found.place[0],
        column=found.place[1],
        heading=heading,
        identifiers=identifiers(url) if found.kind != "image" else (),
        base=base if relative else "",
        notes=url_problems(found.written, url),
        title=found.title,
    )


STEP = Step("links", extract_links, version=4)
