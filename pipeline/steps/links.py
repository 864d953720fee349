"""List the links and images of a document: URL, kind, text, and position."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from pipeline.changes import end_of_line
from pipeline.document import Document, Link, Step
from pipeline.markdown import heading_text, visible_text
from pipeline.markdown.html_attributes import attribute_value
from pipeline.markdown.link_dialects import WIKI, WIKI_IMAGE, link_tokens
from pipeline.urls.bare_urls import find_bare_urls, find_mail_addresses
from pipeline.urls.canonical import absolute_url, canonical_url
from pipeline.urls.identifiers import identifiers
from pipeline.urls.kinds import kind_of
from pipeline.urls.quoted_printable import without_quoted_printable
from pipeline.urls.url_warnings import url_problems

_HTML_COMMENT = re.compile(r"<!--(?:(?!-->).)*(?:-->|\Z)", re.DOTALL)
_HTML_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*+)((?:[^<>\"'=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')|[\"'=])*+)>")
_URL_ATTRIBUTE = re.compile(
    r"(?<![\w-])(href|(?:data-)?src|title)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=`]+))", re.IGNORECASE
)
_URL_MARK = re.compile(r"\AURL:(?=\w)", re.IGNORECASE)  # <URL:http://e.org/> (RFC 3986, appendix C)
SEARCH_RANGE = 10_000  # characters; a text that is not found within them is written with escapes
IMAGE_TAGS = {"img", "source", "picture", "image"}
Position = tuple[int, int]  # line and column, from 1


@dataclass(slots=True)
class _Target:
    """A URL as written and its position; `text` grows until the link ends."""

    written: str
    kind: str  # link, mail, image, wiki or wiki image
    position: Position
    text: list[str] = field(default_factory=list)
    title: str = ""


def list_links(document: Document) -> Document:
    """List every link and image with its URL, as written and canonical, its kind and its position."""
    return replace(document, links=tuple(_links_of(document.text, document.meta.source_url)))


def _links_of(text: str, source: str) -> Iterator[Link]:
    lines = text.split("\n")
    tokens = link_tokens(text)
    headings = [
        (token.map[0] + 1, heading_text(tokens[at + 1].children))
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.map
    ]
    starts = [line for line, _ in headings]
    for block in tokens:
        targets: Iterable[_Target] = ()
        if block.type == "inline":
            targets = _Paragraph(block, lines).read()
        elif block.type == "html_block":
            targets = _html_targets(block.content, block.map[0] + 1 if block.map else 1)
        for one in targets:
            if not one.written:
                continue
            under = bisect_right(starts, one.position[0]) - 1
            yield _link_of(one, source, headings[under][1] if under >= 0 else "")


class _Paragraph:
    """Reads the links of a paragraph from its start to its end, and keeps track of the position in the document."""

    def __init__(self, block: Token, lines: list[str]) -> None:
        self.block, self.lines = block, lines
        self.content = block.content
        self.done = 0  # the offset in the paragraph read so far, for targets without an offset
        self.row = block.map[0] if block.map else 0  # the line of `done` in the document,
        self.start, self.end = 0, end_of_line(block.content, 0)  # its start and end in the paragraph,
        self.indent: int | None = None  # and its column in the document; -1: not known
        self.open: _Target | None = None

    def read(self) -> Iterator[_Target]:
        """Yield the targets in order; a link when it ends."""
        for child in self.block.children or ():
            match child.type:
                case "link_open":
                    self.open = self.target(child, "href", child.meta.get("dialect") or "link")
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

    def target(self, child: Token, key: str, kind: str) -> _Target:
        """Return the target of a token."""
        self.done = max(self.done, child.meta.get("at", 0))
        return _Target(str(child.attrs.get(key, "")), kind, self.position(), title=str(child.attrs.get("title", "")))

    def image(self, child: Token) -> _Target:
        """Return an image; its alternative text is also a part of the text of the link around it."""
        one = self.target(child, "src", "image")
        one.text.append(visible_text(child.children))
        if self.open:
            self.open.text += one.text
        return one

    def closed(self) -> Iterator[_Target]:
        """Yield the open link, if there is one, and close it."""
        if self.open:
            yield self.open
        self.open = None

    def html(self, child: Token) -> Iterator[_Target]:
        """Yield the targets of HTML tags; `<a>` opens a link, `</a>` closes it."""
        self.seek(child.content)
        for tag in _HTML_TAG.finditer(_HTML_COMMENT.sub("", child.content)):
            anchor = tag[2].lower() == "a"
            if anchor and tag[1]:
                yield from self.closed()
            for one in _tag_targets(tag, self.position()):
                if anchor and not self.open:
                    self.open = one
                else:
                    yield one

    def words(self, child: Token) -> Iterator[_Target]:
        """Yield the bare URLs and mail addresses in a text."""
        urls = [*find_bare_urls(child.content)]
        mails = (one for one in find_mail_addresses(child.content) if all(one[1] not in url for _, url in urls))
        for _, written, kind in sorted([(*one, "link") for one in urls] + [(*one, "mail") for one in mails]):
            self.seek(written)
            yield _Target(written, kind, self.position(), [written])

    def seek(self, text: str) -> None:
        """Move to the next `text`; stay if it is not found, because it is written with escapes."""
        self.done = max(self.done, self.content.find(text, self.done, self.done + SEARCH_RANGE))

    def position(self) -> Position:
        """Return the line and column read so far; column 1 if the line has tabs or escapes."""
        while self.end < self.done:
            self.row, self.start = self.row + 1, self.end + 1
            self.end, self.indent = end_of_line(self.content, self.start), None
        if self.indent is None:
            shown = self.content[self.start : self.end].rstrip()
            self.indent = self.lines[self.row].find(shown) if self.row < len(self.lines) else -1
        return self.row + 1, self.indent + self.done - self.start + 1 if self.indent >= 0 else 1


def _html_targets(content: str, line: int) -> Iterator[_Target]:
    """Yield the targets of raw HTML outside comments; the text of a link ends at its end tag."""
    content = _HTML_COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), content)
    seen, margin, inside = 0, 0, 0  # offsets of the last tag, of its line, and of the text of the open link
    link: _Target | None = None
    for tag in _HTML_TAG.finditer(content):
        anchor = tag[2].lower() == "a"
        if anchor and link:
            link.text.append(_HTML_TAG.sub("", content[inside : tag.start()]))
            yield link
            link = None
        line += content.count("\n", seen, tag.start())
        margin = max(margin, content.rfind("\n", seen, tag.start()) + 1)
        seen = tag.start()
        for one in _tag_targets(tag, (line, seen - margin + 1)):
            if anchor and not link:
                link, inside = one, tag.end()
            else:
                yield one
    if link:
        yield link


def _tag_targets(tag: re.Match[str], position: Position) -> Iterator[_Target]:
    """Yield the targets in the attributes of a tag."""
    given: dict[str, str] = {}
    for match in _URL_ATTRIBUTE.finditer(tag[3]):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        given.setdefault(match[1].lower(), attribute_value(value))  # the first of two counts, as in HTML
    title = given.pop("title", "")
    for name, written in given.items():
        kind = "image" if name != "href" and tag[2].lower() in IMAGE_TAGS else "link"
        yield _Target(written, kind, position, title=title)


def _link_of(target: _Target, source: str, heading: str) -> Link:
    """Return a target as a Link. Relative URLs are resolved against `source`; those of images are files, and stay."""
    text = " ".join("".join(target.text).split())
    written = _URL_MARK.sub("", target.written)
    written = f"http://{written}" if written[:4].lower() == "www." else written
    written = without_quoted_printable(written)
    if target.kind == "mail" and not written.startswith("mailto:"):
        written = f"mailto:{written}"
    base = source if target.kind == "link" else ""
    url = canonical_url(written, base).replace(" ", "%20")
    relative = bool(base) and absolute_url(written, base) != absolute_url(written)
    image = target.kind in {"image", WIKI_IMAGE}
    kind = "source" if source and url == canonical_url(source) else kind_of(url, text)
    return Link(
        written=f"[[{target.written}]]" if target.kind in {WIKI, WIKI_IMAGE} else target.written,
        url=url,
        text=text,
        kind="image" if image else kind,
        line=target.position[0],
        column=target.position[1],
        heading=heading,
        identifiers=() if image else identifiers(url),
        base=base if relative else "",
        notes=url_problems(target.written, url),
        title=target.title,
    )


STEP = Step("links", list_links, version=8)
