"""Markdown -> sanitized pandoc AST: no script, no raw markup, no unsafe URL, no file outside the archive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import msgspec

from pipeline.books.chapter_pictures import ChapterPictures
from pipeline.books.figures import figure_node, file_name_in_url, image_node, missing_image_box, missing_image_text
from pipeline.books.html_to_ast import with_html_parsed
from pipeline.books.images import DEFAULT_PICTURE_OPTIONS, PictureOptions
from pipeline.books.link_urls import sanitized_link
from pipeline.books.maths import MATHS_EXTENSION, all_maths, may_hold_maths, without_tex_labels
from pipeline.books.page_limits import string_nodes, with_clusters_limited, with_wide_tables_as_text
from pipeline.books.pandoc_ast import (
    BLOCK_TYPES,
    NO_ATTRIBUTES,
    Node,
    ast_plain_text,
    depth_of,
    link_or_text,
    printable,
    text_nodes,
    with_link_targets,
)
from pipeline.citations.post_index import PostTarget
from pipeline.document import SkipDocument
from pipeline.markdown import HEADING_IDENTIFIER
from pipeline.markdown.pandoc import DIALECT, Conversion, convert_untrusted
from pipeline.read.picture_paths import PictureFinder
from pipeline.steps.figures import CAPTION
from pipeline.steps.profiles import Pattern
from pipeline.urls.bare_urls import find_bare_urls

MOST_NESTING = 24  # levels of nested nodes; Typst fails between 28 and 34 nested quotations


@dataclass(frozen=True, slots=True)
class SanitizeContext:
    """The context of a document: what its relative URLs and image files are resolved against, and its language."""

    finder: PictureFinder  # of the archive: no image outside it is read
    folder: PurePosixPath  # of the document, below the archive's folder
    source_url: str
    language: str  # BCP 47
    pictures: PictureOptions = DEFAULT_PICTURE_OPTIONS
    captions: tuple[Pattern, ...] = (CAPTION,)
    posts: Mapping[str, PostTarget] = field(default_factory=dict)  # key of a link (post_index.py) -> the other post


@dataclass(frozen=True, slots=True)
class SanitizedAst:
    """The sanitized AST of a document."""

    blocks: list[Node]
    pictures: dict[str, bytes]  # file name -> bytes, of the images in the blocks
    left_out: int = 0  # images omitted because of the size limit


def sanitized_asts(texts: Sequence[tuple[str, SanitizeContext]]) -> list[SanitizedAst | SkipDocument]:
    """Return the sanitized AST of each Markdown text, or SkipDocument where pandoc fails or it is nested too deeply."""
    maths = [may_hold_maths(text) for text, _ in texts]
    trees = _sanitized_in_dialects(texts, [DIALECT + MATHS_EXTENSION * with_maths for with_maths in maths])
    rejected = [
        at
        for at, tree in enumerate(trees)
        if maths[at] and isinstance(tree, SanitizedAst) and not all_maths(tree.blocks)
    ]
    without_maths = _sanitized_in_dialects([texts[at] for at in rejected], [DIALECT] * len(rejected))
    for at, tree in zip(rejected, without_maths, strict=True):
        trees[at] = tree
    return trees


def _sanitized_in_dialects(
    texts: Sequence[tuple[str, SanitizeContext]], dialects: Sequence[str]
) -> list[SanitizedAst | SkipDocument]:
    sources = [with_clusters_limited(printable(text)).encode() for text, _ in texts]
    outputs = convert_untrusted(
        [Conversion(text, dialect, "json") for text, dialect in zip(sources, dialects, strict=True)]
    )
    return [
        output if isinstance(output, SkipDocument) else _sanitized_ast(output, context)
        for output, (_, context) in zip(outputs, texts, strict=True)
    ]


def _sanitized_ast(output: bytes, context: SanitizeContext) -> SanitizedAst | SkipDocument:
    """Return the sanitized AST of pandoc's JSON output."""
    sanitizer = _Sanitizer(context)
    try:
        blocks = sanitizer.blocks(with_html_parsed(msgspec.json.decode(output)["blocks"], context.language))
        if depth_of(blocks) <= MOST_NESTING:
            return SanitizedAst(blocks, sanitizer.pictures.files, len(sanitizer.pictures.left_out))
    except RecursionError:
        pass
    return SkipDocument(f"is nested more than {MOST_NESTING} levels deep; split it, or run with --no-editions")


class _Sanitizer:
    """Sanitizes the nodes of one document, and collects its images."""

    def __init__(self, context: SanitizeContext) -> None:
        self.context = context
        self.pictures = ChapterPictures(context.finder, context.folder, context.pictures)

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
            inner = with_link_targets(self.inlines(node["c"][1]), lambda *_: "") or text_nodes(node["c"][2][0])
            yield from sanitized_link(node["c"][2], inner, self.context.source_url, self.context.posts)
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
        if node["t"] == "Math":
            return {"t": "Math", "c": [node["c"][0], without_tex_labels(node["c"][1])]}
        return {"t": node["t"], "c": self.part(node["c"])} if "c" in node else node

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
        if name := self.pictures.name_of(written):
            return figure_node(name, caption, alt or ast_plain_text(caption) or file_name_in_url(written))
        alt_line = [] if alt in ast_plain_text(caption) else [*text_nodes(alt), {"t": "LineBreak"}]
        return missing_image_box([*alt_line, *caption], written, self.context.language)

    def inline_image(self, node: Node) -> list[Node]:
        """Return an inline image, or the text that replaces it if it is missing."""
        _, alt, (written, _) = node["c"]
        if name := self.pictures.name_of(written):
            return [image_node(name, ast_plain_text(alt) or file_name_in_url(written))]
        return missing_image_text(ast_plain_text(alt), self.context.language)


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
