"""Markdown -> sanitized pandoc AST: no script, no raw markup, no unsafe URL, no file outside the archive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from pipeline.books.callouts import with_callouts
from pipeline.books.figures import figure_node, file_name_in_url, image_node, missing_image_box, missing_image_text
from pipeline.books.formula_check import checked_formulas
from pipeline.books.html_to_ast import with_html_parsed
from pipeline.books.images import DEFAULT_PICTURE_OPTIONS, MAX_TOGETHER, PictureOptions, verified_picture
from pipeline.books.page_limits import string_nodes, with_clusters_limited, with_wide_tables_as_text
from pipeline.books.pandoc_ast import (
    BLOCK_TYPES,
    NO_ATTRIBUTES,
    Node,
    ast_plain_text,
    depth_of,
    link_or_text,
    printable,
    safe_url,
    text_nodes,
    with_link_targets,
)
from pipeline.books.text_with_marks import TextWithMarks, marks_restored
from pipeline.document import SkipDocument
from pipeline.markdown import HEADING_IDENTIFIER
from pipeline.markdown.pandoc import DIALECT, Conversion, convert_untrusted
from pipeline.read.pictures import REMOTE_URL
from pipeline.steps.figures import CAPTION
from pipeline.steps.profiles import Pattern
from pipeline.urls.bare_urls import find_bare_urls

MOST_NESTING = 24  # levels of nested nodes; Typst fails between 28 and 34 nested quotations
TOO_DEEP = f"is nested more than {MOST_NESTING} levels deep; split it, or run with --no-editions"
BOOK_DIALECT = f"{DIALECT}+definition_lists"


@dataclass(frozen=True, slots=True)
class SanitizeContext:
    """The context of a document: what its relative URLs and image files are resolved against, and its language."""

    root: Path  # of the archive: no image outside it is read
    folder: Path  # of the document
    source_url: str
    language: str  # BCP 47
    pictures: PictureOptions = DEFAULT_PICTURE_OPTIONS
    captions: tuple[Pattern, ...] = (CAPTION,)


@dataclass(frozen=True, slots=True)
class SanitizedAst:
    """The sanitized AST of a document."""

    blocks: list[Node]
    pictures: dict[str, bytes]  # file name -> bytes, of the images in the blocks
    left_out: int = 0  # images omitted because of the size limit


def sanitized_asts(texts: Sequence[tuple[TextWithMarks, SanitizeContext]]) -> list[SanitizedAst | SkipDocument]:
    """Return the sanitized AST of each Markdown text, or SkipDocument where pandoc fails or it is nested too deeply."""
    sources = [with_clusters_limited(printable(marked.text)).encode() for marked, _ in texts]
    outputs = convert_untrusted([Conversion(text, BOOK_DIALECT, "json") for text in sources])
    trees = checked_formulas([_tree_of(output, *text) for output, text in zip(outputs, texts, strict=True)])
    return [
        tree if isinstance(tree, SkipDocument) else _sanitized_ast(tree, context)
        for tree, (_, context) in zip(trees, texts, strict=True)
    ]


def _tree_of(
    output: bytes | SkipDocument, marked: TextWithMarks, context: SanitizeContext
) -> list[Node] | SkipDocument:
    """Return pandoc's JSON output as a tree with its HTML parsed and its formulas and notes restored."""
    if isinstance(output, SkipDocument):
        return output
    try:
        blocks: list[Node] = with_html_parsed(msgspec.json.decode(output)["blocks"], context.language)
        tree: list[Node] = with_callouts(marks_restored(blocks, marked), context.language)
    except RecursionError:
        return SkipDocument(TOO_DEEP)
    return tree


def _sanitized_ast(tree: list[Node], context: SanitizeContext) -> SanitizedAst | SkipDocument:
    """Return the sanitized AST of a tree."""
    sanitizer = _Sanitizer(context)
    try:
        blocks = sanitizer.blocks(tree)
        if depth_of(blocks) <= MOST_NESTING:
            return SanitizedAst(blocks, sanitizer.pictures, len(sanitizer.left_out))
    except RecursionError:
        pass
    return SkipDocument(TOO_DEEP)


class _Sanitizer:
    """Sanitizes the nodes of one document, and collects its images."""

    def __init__(self, context: SanitizeContext) -> None:
        self.context = context
        self.names: dict[str, str] = {}  # URL of an image, as written -> its file name in the book; "" if missing
        self.pictures: dict[str, bytes] = {}
        self.room = MAX_TOGETHER  # bytes left for images
        self.left_out: set[str] = set()

    def blocks(self, nodes: list[Node]) -> list[Node]:
        """Return sanitized blocks. A paragraph of one image becomes a figure, with the caption that follows it."""
        nodes = list(with_wide_tables_as_text(nodes))
        sanitized: list[Node] = []
        at = 0
        while at < len(nodes):
            node, following = nodes[at], nodes[at + 1] if at + 1 < len(nodes) else None
            at += 1
            if node["t"] == "Para" and (only := _only_image(node["c"])):
                caption = only["c"][1]
                next_text = ast_plain_text(following) if following and following["t"] == "Para" else ""
                captioned = any(pattern.match(next_text) for pattern in self.context.captions)
                if following and captioned and next_text.startswith(ast_plain_text(caption)):
                    caption = following["c"]
                    at += 1
                sanitized.append(self.figure(only["c"][2][0], self.inlines(caption)))
            elif node["t"] == "Figure":  # from HTML: its caption is not its alternative text
                (only,) = node["c"][2][0]["c"]
                caption = self.inlines([inline for block in node["c"][1][1] for inline in block["c"]])
                sanitized.append(self.figure(only["c"][2][0], caption or only["c"][1], ast_plain_text(only["c"][1])))
            elif node["t"] != "RawBlock":
                sanitized.append(self.node(node))
        return sanitized

    def inlines(self, nodes: list[Node]) -> list[Node]:
        """Return inline nodes with safe links and images, with bare URLs as links, without raw markup."""
        return [sanitized for node in nodes for sanitized in self.inline(node)]

    def inline(self, node: Node) -> Iterator[Node]:
        """Yield the sanitized nodes of one inline node."""
        if node["t"] == "RawInline":
            return
        if node["t"] == "Str":
            yield from _with_bare_urls_linked(node["c"])
        elif node["t"] == "Link":
            inner = with_link_targets(self.inlines(node["c"][1]), lambda _: "") or text_nodes(node["c"][2][0])
            written = node["c"][2][0]
            url = written if written.startswith("#") else safe_url(written, self.context.source_url)
            if url:
                yield {"t": "Link", "c": [NO_ATTRIBUTES, inner, [url, node["c"][2][1]]]}
            else:
                yield from inner
        elif node["t"] == "Image":
            yield from self.inline_image(node)
        else:
            yield self.node(node)

    def node(self, node: Node) -> Node:
        """Return a node of any other type with its contents sanitized."""
        if node["t"] in {"CodeBlock", "Code"}:
            names = [name for name in node["c"][0][1] if re.fullmatch(r"[\w+#.-]{1,32}", name)]
            return {"t": node["t"], "c": [["", names, []], node["c"][1]]}
        if node["t"] in {"Para", "Plain"}:
            return {"t": node["t"], "c": _without_indent(self.inlines(node["c"]))}
        if node["t"] == "Header":
            level, attributes, inlines = node["c"]
            attributes, inlines = _with_identifier(attributes, inlines)
            return {"t": "Header", "c": [level, attributes, self.inlines(inlines)]}
        return {"t": node["t"], "c": self.part(node["c"])} if "c" in node and node["t"] != "Math" else node

    def part(self, part: Any) -> Any:  # noqa: ANN401 - any part of an AST
        """Return a part of a node, sanitized. The first node of a list decides whether it is of blocks or inlines."""
        if not isinstance(part, list) or not part:
            return part
        first = part[0]
        if isinstance(first, dict) and "t" in first:
            return self.blocks(part) if first["t"] in BLOCK_TYPES else self.inlines(part)
        return [self.part(item) for item in part]

    def figure(self, written: str, caption: list[Node], alt: str = "") -> Node:
        """Return the image at the URL `written` as a figure with its caption, or a missing-image box."""
        if name := self.picture(written):
            return figure_node(name, caption, alt or ast_plain_text(caption) or file_name_in_url(written))
        alt_line = [] if alt in ast_plain_text(caption) else [*text_nodes(alt), {"t": "LineBreak"}]
        return missing_image_box([*alt_line, *caption], written, self.context.language)

    def inline_image(self, node: Node) -> list[Node]:
        """Return an inline image, or the text that replaces it if it is missing."""
        _, alt, (written, _) = node["c"]
        if name := self.picture(written):
            return [image_node(name, ast_plain_text(alt) or file_name_in_url(written))]
        return missing_image_text(ast_plain_text(alt), self.context.language)

    def picture(self, written: str) -> str:
        """Return the name of the image at the URL `written` in the book, or "" if it is not in the archive."""
        if written not in self.names:
            self.names[written] = (
                "" if REMOTE_URL.match(written) else self.added(self.context.folder / unquote(written))
            )
        return self.names[written]

    def added(self, path: Path) -> str:
        """Add the image at `path` to the book and return its name; "" if it is no image or exceeds the size limit."""
        one = verified_picture(self.context.root, path, self.context.pictures)
        if not one:
            return ""
        if one.name not in self.pictures:
            if self.room < len(one.data):
                self.left_out.add(one.name)
                return ""
            self.room -= len(one.data)
            self.pictures[one.name] = one.data
        return one.name


def _with_identifier(attributes: list[Any], inlines: list[Node]) -> tuple[list[Any], list[Node]]:
    """Return the attributes and inline nodes of a heading. `{#id}` at the end of its text becomes an attribute."""
    if [node["t"] for node in inlines[-2:]] != ["Space", "Str"]:
        return attributes, inlines
    identifier = re.fullmatch(HEADING_IDENTIFIER, inlines[-1]["c"])
    return ([identifier[1], [], []], inlines[:-2]) if identifier else (attributes, inlines)


def _without_indent(inlines: list[Node]) -> list[Node]:
    """Return a paragraph's nodes without leading IDEOGRAPHIC SPACEs: the book's style indents it."""
    if not inlines or inlines[0]["t"] != "Str":
        return inlines
    first = inlines[0]["c"].lstrip("\N{IDEOGRAPHIC SPACE}")
    return [*([{"t": "Str", "c": first}] if first else []), *inlines[1:]]


def _only_image(inlines: list[Node]) -> Node | None:
    visible = [node for node in inlines if node["t"] not in {"Space", "SoftBreak"}]
    return visible[0] if len(visible) == 1 and visible[0]["t"] == "Image" else None


def _with_bare_urls_linked(text: str) -> Iterator[Node]:
    """Yield a word as nodes, with the bare URLs in it as links."""
    done = 0
    for start, url in find_bare_urls(text):
        if start > done:
            yield from string_nodes(text[done:start])
        yield link_or_text(url, url)
        done = start + len(url)
    if done < len(text):
        yield from string_nodes(text[done:])
