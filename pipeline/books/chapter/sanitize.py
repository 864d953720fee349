"""Markdown -> sanitized pandoc AST: no script, no raw markup, no unsafe URL, no file outside the archive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import msgspec

from pipeline.books.chapter.callouts import with_callouts
from pipeline.books.chapter.inline_text import with_bare_urls_linked, with_identifier, without_indent
from pipeline.books.chapter.link_urls import sanitized_link
from pipeline.books.chapter.page_limits import with_clusters_limited, with_wide_tables_as_text
from pipeline.books.html.anchors import is_anchor
from pipeline.books.html.html_to_ast import with_html_parsed
from pipeline.books.images.chapter_pictures import ChapterPictures
from pipeline.books.images.figures import (
    MissingImage,
    figure_node,
    file_name_in_url,
    image_in,
    image_node,
    image_of_block,
    images_of_paragraph,
    is_caption,
    missing_image_text,
    missing_images_block,
    size_style,
)
from pipeline.books.images.pictures import DEFAULT_PICTURE_OPTIONS, PictureOptions
from pipeline.books.maths.formula_check import checked_formulas
from pipeline.books.maths.text_with_marks import TextWithMarks, marks_restored, with_nested_notes
from pipeline.books.pandoc_ast import (
    BLOCK_TYPES,
    Node,
    ast_plain_text,
    depth_of,
    printable,
    text_nodes,
    with_link_targets,
)
from pipeline.citations.post_index import PostTarget
from pipeline.document import SkipDocument
from pipeline.markdown.pandoc import DIALECT, Conversion, convert_untrusted
from pipeline.read.picture_paths import PictureFinder
from pipeline.steps.figures import CAPTION
from pipeline.steps.profiles import Pattern

DRAWING_URL = "data:image/svg"
MOST_ITALIC_CAPTION = 200  # characters; a longer paragraph in italics is text
MOST_NESTING = 24  # levels of nested nodes; Typst fails between 28 and 34 nested quotations
TOO_DEEP = f"is nested more than {MOST_NESTING} levels deep; split it, or run with --no-editions"
BOOK_DIALECT = f"{DIALECT}+definition_lists"


@dataclass(frozen=True, slots=True)
class SanitizeContext:
    """The context of a document: what its relative URLs and image files are resolved against, and its language."""

    finder: PictureFinder  # of the archive: no image outside it is read
    path: PurePosixPath  # of the document, below the archive's folder
    source_url: str
    language: str  # BCP 47
    pictures: PictureOptions = DEFAULT_PICTURE_OPTIONS
    captions: tuple[Pattern, ...] = (CAPTION,)
    posts: Mapping[str, PostTarget] = field(default_factory=dict)  # key of a link (post_index.py) -> the other post
    page: str = ""  # URL of the page that the document was saved from: of images that it names by relative targets


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
        blocks = with_html_parsed(msgspec.json.decode(output)["blocks"], context.language, maths=bool(marked.formulas))
        tree: list[Node] = with_callouts(marks_restored(*with_nested_notes(blocks, marked)), context.language)
    except RecursionError:
        return SkipDocument(TOO_DEEP)
    return tree


def _sanitized_ast(tree: list[Node], context: SanitizeContext) -> SanitizedAst | SkipDocument:
    """Return the sanitized AST of a tree."""
    sanitizer = _Sanitizer(context)
    try:
        blocks = sanitizer.blocks(tree)
        if depth_of(blocks) <= MOST_NESTING:
            return SanitizedAst(blocks, sanitizer.pictures.files, len(sanitizer.pictures.left_out))
    except RecursionError:
        pass
    return SkipDocument(TOO_DEEP)


class _Sanitizer:
    """Sanitizes the nodes of one document, and collects its images."""

    def __init__(self, context: SanitizeContext) -> None:
        self.context = context
        self.pictures = ChapterPictures(context.finder, context.path, context.pictures, context.page)

    def blocks(self, nodes: list[Node]) -> list[Node]:
        """Return sanitized blocks. A paragraph of one image becomes a figure, with the caption that follows it.

        Consecutive images that are missing become one line.
        """
        nodes = list(with_wide_tables_as_text(nodes))
        sanitized: list[Node] = []
        missing: list[MissingImage] = []
        at = 0
        while at < len(nodes):
            node, following = nodes[at], nodes[at + 1] if at + 1 < len(nodes) else None
            at += 1
            only = image_of_block(node)
            if badges := [] if only else self.missing_badges(node):
                missing += badges
                continue
            if not only and missing:
                sanitized.append(missing_images_block(missing, self.context.language))
                missing = []
            if only and node["t"] == "Para":
                sanitized += [{"t": "Plain", "c": [one]} for one in node["c"] if is_anchor(one)]
                alt = ast_plain_text(image_in(only)["c"][1])
                captioned = following is not None and self.is_caption(following, alt)
                caption = self.inlines(following["c"]) if captioned and following else []
                at += captioned
                made = self.figure(only, caption, alt)
            elif only:  # a figure of HTML: its caption is not its alternative text
                caption = self.inlines([inline for block in node["c"][1][1] for inline in block["c"]])
                made = self.figure(only, caption, ast_plain_text(image_in(only)["c"][1]))
            elif node["t"] == "RawBlock":
                continue
            else:
                made = self.node(node)
            if isinstance(made, MissingImage):
                missing.append(made)
            else:
                sanitized.append(made)
        return [*sanitized, missing_images_block(missing, self.context.language)] if missing else sanitized

    def missing_badges(self, paragraph: Node) -> list[MissingImage]:
        """Return the images of a paragraph of images only, if all are missing."""
        made = [self.figure(one, [], ast_plain_text(image_in(one)["c"][1])) for one in images_of_paragraph(paragraph)]
        missing = [one for one in made if isinstance(one, MissingImage)]
        return missing if len(missing) == len(made) else []

    def is_caption(self, following: Node, alt: str) -> bool:
        """Return whether a block is the caption of the image before it: `Figure 1: the alternative text`, or italic."""
        if following["t"] != "Para":
            return False
        text = ast_plain_text(following)
        if [node["t"] for node in following["c"]] == ["Emph"] and len(text) <= MOST_ITALIC_CAPTION:
            return True
        return any(pattern.match(text) for pattern in self.context.captions) and text.startswith(alt)

    def inlines(self, nodes: list[Node]) -> list[Node]:
        """Return inline nodes with safe links and images, with bare URLs as links, without raw markup."""
        return [sanitized for node in nodes for sanitized in self.inline(node)]

    def inline(self, node: Node) -> Iterator[Node]:
        """Yield the sanitized nodes of one inline node."""
        if node["t"] == "RawInline":
            return
        if node["t"] == "Str":
            yield from with_bare_urls_linked(node["c"])
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
            return {"t": node["t"], "c": without_indent(self.inlines(node["c"]))}
        if node["t"] == "Header":
            level, attributes, inlines = node["c"]
            attributes, inlines = with_identifier(attributes, inlines)
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

    def figure(self, only: Node, caption: list[Node], alt: str) -> Node | MissingImage:
        """Return an image, or a linked image, as a figure with its caption; a MissingImage if it is not in the archive.

        An alternative text that says something is the caption of an image without one.
        """
        image = image_in(only)
        written = image["c"][2][0]
        alt_nodes = self.inlines(image["c"][1])
        name = self.pictures.name_of(written)
        if not name:
            alt_line = [] if alt in ast_plain_text(caption) or not is_caption(alt) else alt_nodes
            parts = [part for part in (alt_line, caption) if part]
            lines = [node for part in parts for node in ({"t": "LineBreak"}, *part)][1:]
            return MissingImage(lines if only is image else [*self.linked(only, lines)], written)
        words = alt or ast_plain_text(caption) or file_name_in_url(written)
        shown = image_node(name, words, size_style(dict(image["c"][0][2])))
        if only is not image:
            (shown,) = self.linked(only, [shown])
        shows_words = is_caption(alt) and not written.startswith(DRAWING_URL)  # the drawing shows its own words
        return figure_node(shown, caption or (alt_nodes if shows_words else []))

    def linked(self, link: Node, inner: list[Node]) -> list[Node]:
        """Return the sanitized link around an image with other contents."""
        return [*sanitized_link(link["c"][2], inner, self.context.source_url, self.context.posts)] if inner else []

    def inline_image(self, node: Node) -> list[Node]:
        """Return an inline image, or the text that replaces it if it is missing."""
        attributes, alt, (written, _) = node["c"]
        if name := self.pictures.name_of(written):
            return [image_node(name, ast_plain_text(alt) or file_name_in_url(written), size_style(dict(attributes[2])))]
        return missing_image_text(ast_plain_text(alt), self.context.language)
