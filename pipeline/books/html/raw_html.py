"""Pandoc AST with raw HTML -> the HTML that a browser would get, and the nodes that HTML cannot express.

Such a node (code, maths, a note, the attributes of a heading) is kept in a list. The HTML has a placeholder for it, an
element `<lacuna-0 lacuna-0=7>` or an attribute `lacuna-0=7`, whose value is its index. The number in the name is the
first one for which the raw HTML does not contain the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from itertools import count
from typing import Any, NamedTuple

from pipeline.books.html.dom import HIDDEN_ELEMENTS, parsed_html
from pipeline.books.maths.formulas import formulas_in_html
from pipeline.books.maths.text_with_marks import formula_node
from pipeline.books.pandoc_ast import Node, all_nodes

RAW_NODE_TYPES = {"RawBlock", "RawInline"}
TAG_OF_TYPE = {"Emph": "em", "Strong": "strong", "Strikeout": "del", "Superscript": "sup", "Subscript": "sub"}
_ONLY_COMMENTS = re.compile(r"\s*(?:<!--(?:(?!-->).)*-->\s*)*", re.DOTALL)
_OPENING_TAG_NAME = re.compile(r"<([a-zA-Z][^\s/>]*)")


class HtmlWithPlaceholders(NamedTuple):
    """HTML of an AST, with placeholders."""

    html: str
    mark: str  # name of the placeholders
    kept: list[Node]  # the nodes that the placeholders represent


def contains_html(blocks: list[Node]) -> bool:
    """Return whether an AST has raw HTML other than comments."""
    return any(node["t"] in RAW_NODE_TYPES and not is_only_comments(node["c"][1]) for node in all_nodes(blocks))


def is_only_comments(raw: str) -> bool:
    """Return whether raw HTML consists of comments.

    >>> is_only_comments("<!-- a --> <!-- b -->"), is_only_comments("<!-- a --><b>")
    (True, False)
    """
    return _ONLY_COMMENTS.fullmatch(raw) is not None


def html_with_placeholders(blocks: list[Node], *, maths: bool = False) -> HtmlWithPlaceholders:
    """Return the HTML of an AST: raw HTML with its formulas as placeholders, other nodes as elements or placeholders.

    `maths` says that the post has formulas outside its HTML. Formulas in the text between inline tags are Markdown's.
    An unclosed tag that would hide everything after it (`<title>`, `<div id="`) is escaped.
    """
    raw = "\n".join(node["c"][1].lower() for node in all_nodes(blocks) if node["t"] in RAW_NODE_TYPES)
    mark = next(name for name in map("lacuna-{}".format, count()) if name not in raw)
    writer = _HtmlWriter(mark, [], maths=maths)
    return HtmlWithPlaceholders("".join(writer.blocks(blocks)), mark, writer.kept)


class _HtmlWriter:
    """Writes AST nodes as HTML, in pieces."""

    def __init__(self, mark: str, kept: list[Node], *, maths: bool) -> None:
        self.mark, self.kept, self.maths = mark, kept, maths

    def keep(self, node: Node) -> str:
        """Add a node to `kept` and return its placeholder as an attribute."""
        self.kept.append(node)
        return f" {self.mark}={len(self.kept) - 1}"

    def with_formulas_kept(self, raw: str) -> str:
        """Return raw HTML with a placeholder for each formula."""
        parts, done = [], 0
        for start, end, formula in formulas_in_html(raw, certain=self.maths):
            parts += [raw[done:start], self.placeholder(formula_node(formula))]
            done = end
        return "".join([*parts, raw[done:]])

    def placeholder(self, node: Node) -> str:
        """Add a node to `kept` and return its placeholder as an element."""
        return f"<{self.mark}{self.keep(node)}></{self.mark}>"

    def blocks(self, blocks: Iterable[Node]) -> Iterator[str]:
        for node in blocks:
            yield from self.block(node)
            yield "\n"

    def block(self, node: Node) -> Iterator[str]:
        kind, content = _type_and_content(node)
        if kind == "RawBlock":
            yield with_open_tag_escaped(self.with_formulas_kept(content[1]))
        elif kind in {"Para", "Plain"}:
            tag = ("<p>", "</p>") if kind == "Para" else ("", "")
            yield from (tag[0], *self.inlines(content), tag[1])
        elif kind == "Header":
            yield f"<h{content[0]}{self.keep(node)}>"
            yield from self.inlines(content[2])
            yield f"</h{content[0]}>"
        elif kind == "BlockQuote":
            yield from ("<blockquote>", *self.blocks(content), "</blockquote>")
        elif kind in {"BulletList", "OrderedList"}:
            name, items = ("ul", content) if kind == "BulletList" else ("ol", content[1])
            yield f"<{name}{self.keep(node) if name == 'ol' else ''}>"
            for item in items:
                yield from ("<li>", *self.blocks(item), "</li>")
            yield f"</{name}>"
        elif kind == "DefinitionList":
            yield from self.definitions(content)
        elif kind == "Table":
            yield from self.table(node)
        else:  # code blocks and horizontal rules
            yield f"<pre{self.keep(node)}></pre>"

    def definitions(self, entries: list[Any]) -> Iterator[str]:
        yield "<dl>"
        for term, meanings in entries:
            yield from ("<dt>", *self.inlines(term), "</dt>")
            for meaning in meanings:
                yield from ("<dd>", *self.blocks(meaning), "</dd>")
        yield "</dl>"

    def table(self, node: Node) -> Iterator[str]:
        _, _, _, head, bodies, _ = node["c"]
        yield f"<table{self.keep(node)}>"
        for name, rows in (("th", head[1]), *(("td", [*body[2], *body[3]]) for body in bodies)):
            yield "<thead>" if name == "th" else "<tbody>"
            for _, cells in rows:
                yield "<tr>"
                for cell in cells:
                    yield from (f"<{name}>", *self.blocks(cell[4]), f"</{name}>")
                yield "</tr>"
            yield "</thead>" if name == "th" else "</tbody>"
        yield "</table>"

    def inlines(self, inlines: list[Node]) -> Iterator[str]:
        for at, node in enumerate(inlines):
            kind, content = _type_and_content(node)
            if kind == "Str":
                yield escape(content, quote=False).replace("\r", "&#13;")
            elif kind in {"Space", "SoftBreak"}:
                yield " " if kind == "Space" else "\n"
            elif kind == "LineBreak":
                yield "<br>"
            elif kind == "RawInline":
                yield escaped_unless_closed(content[1], (one["c"][1] for one in inlines[at + 1 :] if one["t"] == kind))
            elif kind in TAG_OF_TYPE:
                yield from (f"<{TAG_OF_TYPE[kind]}>", *self.inlines(content), f"</{TAG_OF_TYPE[kind]}>")
            elif kind == "Link":
                yield from (f"<a{self.keep(node)}>", *self.inlines(content[1]), "</a>")
            else:  # code, images, maths, notes
                yield self.placeholder(node)


def _type_and_content(node: Node) -> tuple[str, Any]:
    return node["t"], node.get("c")


def escaped_unless_closed(tag: str, following: Iterable[str]) -> str:
    """Return an inline tag, escaped if it hides what follows and no tag in `following` closes it.

    >>> escaped_unless_closed("<title>", ["</b>"]), escaped_unless_closed("<title>", ["</title>"])
    ('&lt;title&gt;', '<title>')
    """
    name = _OPENING_TAG_NAME.match(tag)
    if not name or _is_complete_html(tag):
        return tag
    closing = re.compile(rf"</{re.escape(name[1])}\b", re.IGNORECASE)
    return tag if any(map(closing.match, following)) else escape(tag, quote=False)


def with_open_tag_escaped(raw: str) -> str:
    """Return a block of raw HTML. A tag in it that would hide everything after the block is escaped.

    >>> with_open_tag_escaped("<p>a</p>"), with_open_tag_escaped("<p>a<title>b")
    ('<p>a</p>', '<p>a&lt;title>b')
    """
    if _is_complete_html(raw):
        return raw
    for at in (match.start() for match in [*re.finditer("<", raw)][: -MOST_TAGS_TRIED - 1 : -1]):
        escaped = f"{raw[:at]}&lt;{raw[at + 1 :]}"
        if _is_complete_html(raw[:at]) and _is_complete_html(escaped):
            return escaped
    return f"<pre>{escape(raw, quote=False)}</pre>"


MOST_TAGS_TRIED = 40  # tags at the end of a block that are tried


@lru_cache(maxsize=256)
def _is_complete_html(raw: str) -> bool:
    """Return whether a browser parses and shows an element that follows raw HTML."""
    waiting = parsed_html(f"{raw}<lacuna-end>")
    while waiting:
        node = waiting.pop()
        if node.name == "lacuna-end":
            return True
        if node.name not in {*HIDDEN_ELEMENTS, "noscript"}:
            waiting += node.children or ()
    return False
