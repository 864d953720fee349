"""Markdown text -> formatted Markdown: the block structure is written again, inline content is kept as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.markdown.fast_format import (
    KEPT_SPACES,
    MAY_SPAN_LINES,
    delimiter_cell,
    formatted_flat_list,
    is_formatted,
    is_formatted_text,
    without_blank_edges,
)
from pipeline.markdown.grouping import BlockGroup, block_groups
from pipeline.markdown.inline_format import formatted_inline
from pipeline.markdown.opaque import ATTRIBUTES, CODE, TEMPLATE, of_other_kinds
from pipeline.patterns import lazy_pattern

if TYPE_CHECKING:
    from markdown_it.token import Token

_CLOSING_HASHES = lazy_pattern(r"(?<=[ \t])(?=#+$)")
_UNESCAPED_PIPE = lazy_pattern(r"(?<!\\)\|")
_LAST_PIPE = lazy_pattern(r".(?<!\\)\|$")
_CHECKED_TASK = lazy_pattern(r"\[X\](?=[ \t])")


class CannotFormatError(ValueError):
    """A text cannot be formatted without loss, and stays as it is."""


@lru_cache(maxsize=2)
def format_markdown(text: str) -> str:
    r"""Return `text` as formatted Markdown. Raises `CannotFormatError` if that would lose something.

    >>> format_markdown("A\n=\n* a\n* b")
    '# A\n\n- a\n- b\n'
    """
    if is_formatted_text(text):
        return text
    parts: list[str] = []
    for group in block_groups(re.sub("\r\n?", "\n", text) if "\r" in text else text):
        part = group.text.removesuffix("\n")
        if part and not is_formatted(part) and not (part == "---" and parts):
            flat = formatted_flat_list(part)
            formatted = flat or format_group(group, behind=bool(parts))
            safe = formatted == part or (flat and not MAY_SPAN_LINES.search(part)) or _keeps_opaque(group, formatted)
            part = formatted if safe else without_blank_edges(part)
        if part:
            parts.append(part)
    return "\n\n".join(parts) + "\n" * bool(parts)


def format_group(group: BlockGroup, *, behind: bool) -> str:
    """Return a group of blocks as formatted Markdown; `behind` says that other blocks precede it."""
    writer = _BlockWriter(group)
    tops = [*_block_tree(group.blocks.tokens), *writer.definitions()]
    return "\n".join(writer.blocks(sorted(tops, key=lambda block: block.line), top=True, behind=behind))


def _keeps_opaque(group: BlockGroup, formatted: str) -> bool:
    """Return whether the opaque regions of a group are in its formatted text, in order; another check covers code.

    A template at the start of a line must stay there: `{:toc}` below a list is not a line of its last item. So must a
    region of several lines, with its indentation.
    """
    at = 0
    for region in of_other_kinds(group.opaque, (CODE,)):
        start, end = region.start - group.start, region.end - group.start
        first = start
        if group.text[:start].strip() and (region.kind in {TEMPLATE, ATTRIBUTES} or "\n" in group.text[start:end]):
            first = len(group.text[:start].rstrip(" \t"))
            first = first - 1 if group.text[first - 1 : first] == "\n" else start
        written = group.text[first:end]
        at = formatted.find(written, at)
        if at < 0:
            return False
        at += len(written)
    return True


class _BlockNode:
    """A node of the block tree: its opening token, its first line, the blocks inside it."""

    __slots__ = ("inner", "line", "token")

    def __init__(self, token: Token, line: int) -> None:
        self.token = token
        self.line = line
        self.inner: list[_BlockNode] = []

    @property
    def kind(self) -> str:
        return self.token.type.removesuffix("_open")


def _block_tree(tokens: Sequence[Token]) -> list[_BlockNode]:
    """Return the top nodes of the block tree that a flat list of tokens describes."""
    top: list[_BlockNode] = []
    path: list[list[_BlockNode]] = [top]
    for token in tokens:
        if token.nesting < 0:
            path.pop()
            continue
        block = _BlockNode(token, token.map[0] if token.map else -1)
        path[-1].append(block)
        if token.nesting > 0:
            path.append(block.inner)
    return top


class _BlockWriter:
    """Writes the blocks of one group as lines of formatted Markdown."""

    def __init__(self, group: BlockGroup) -> None:
        self.source = group.text.split("\n")
        self.env = group.blocks.env
        self.edges = self.source if KEPT_SPACES.search(group.text) else []

    def definitions(self) -> Iterator[_BlockNode]:
        """Yield the link reference definitions, for which the parser makes no tokens."""
        from pipeline.markdown.quick_tokens import fresh_token

        maps = [ref["map"] for ref in self.env.get("references", {}).values()]
        maps += [ref["map"] for ref in self.env.get("duplicate_refs", ())]
        for first, last in sorted(maps):
            lines = [line.strip(" \t") for line in self.source[first:last]]
            if not lines[0].startswith("["):
                message = "a link reference definition inside another block"
                raise CannotFormatError(message)
            token = fresh_token("definition", "", 0)
            token.content = "\n".join(lines)
            yield _BlockNode(token, first)

    def blocks(
        self, siblings: Sequence[_BlockNode], *, top: bool = False, tight: bool = False, behind: bool = False
    ) -> list[str]:
        """Return the lines of sibling blocks."""
        lines: list[str] = []
        before: _BlockNode | None = None
        bullet = "-"
        for block in siblings:
            if before and not tight and not (block.kind == before.kind == "definition"):
                lines.append("")
            same = before and before.kind == block.kind
            bullet = "*" if same and bullet == "-" else "-"
            lines += self.block(block, bullet, bare=top and (behind or bool(lines)))
            before = block
        return lines

    def block(self, block: _BlockNode, bullet: str, *, bare: bool) -> list[str]:
        """Return the lines of one block; `bare` says that it follows a blank line and is in no container."""
        if block.kind == "hr":
            return ["---" if bare else "***"]
        if block.kind in {"bullet_list", "ordered_list"}:
            return self.items(block, bullet)
        writers = {
            "paragraph": lambda: self.inline(block).split("\n"),
            "heading": lambda: self.heading(block),
            "fence": lambda: _fenced_code(block.token),
            "code_block": lambda: _fenced_code(block.token),
            "html_block": lambda: block.token.content.rstrip("\n").split("\n"),
            "definition": lambda: block.token.content.split("\n"),
            "blockquote": lambda: [f"> {line}" if line else ">" for line in self.blocks(block.inner) or [""]],
            "table": lambda: self.table(block),
            "footnote_reference": lambda: _indented_item(
                f"[^{block.token.meta['label']}]: ", 4, self.blocks(block.inner)
            ),
        }
        if block.kind not in writers:
            message = f"a block of an unknown kind: {block.kind}"
            raise CannotFormatError(message)
        return writers[block.kind]()

    def heading(self, block: _BlockNode) -> list[str]:
        """Return a heading with hashes; a heading of several lines keeps its underline."""
        content = self.inline(block)
        level = int(block.token.tag[1])
        if "\n" in content:
            return [*content.split("\n"), ("===", "---")[level - 1]]
        escaped = _CLOSING_HASHES.sub(r"\\", content)
        return [f"{'#' * level} {escaped}".rstrip(" ")]

    def items(self, block: _BlockNode, bullet: str) -> list[str]:
        """Return the lines of a list; numbers stay as written."""
        tight = not any(
            inner.token.hidden is False for item in block.inner for inner in item.inner if inner.kind == "paragraph"
        )
        lines: list[str] = []
        for item in block.inner:
            marker = bullet if block.kind == "bullet_list" else f"{item.token.info}{block.token.markup}"
            inner = self.blocks(item.inner, tight=tight)
            if inner and item.inner[0].kind == "paragraph":
                inner[0] = _CHECKED_TASK.sub("[x]", inner[0], count=1) if inner[0].startswith("[X]") else inner[0]
            if lines and not tight:
                lines.append("")
            lines += _indented_item(f"{marker} ", len(marker) + 1, inner)
        return lines

    def table(self, block: _BlockNode) -> list[str]:
        """Return a pipe table with a space around each cell; columns are not aligned, which keeps diffs small."""
        rows = [row for part in block.inner for row in part.inner]
        width = len(rows[0].inner)
        for row in rows:
            line = self.source[row.line].strip(" \t>")
            if len(_UNESCAPED_PIPE.findall(line)) + 1 - line.startswith("|") - bool(_LAST_PIPE.search(line)) > width:
                return self.verbatim(block)
        cells = [[self.cell(cell) for cell in row.inner] for row in rows]
        rule = [delimiter_cell(str(cell.token.attrs.get("style", ""))) for cell in rows[0].inner]
        return ["| " + " | ".join(row) + " |" for row in (cells[0], rule, *cells[1:])]

    def verbatim(self, block: _BlockNode) -> list[str]:
        """Return a table unchanged, as it has more cells in a row than columns."""
        first, last = block.token.map or (0, 0)
        if block.token.level:
            message = "a table with more cells than columns, inside another block"
            raise CannotFormatError(message)
        return [line.strip(" \t") for line in self.source[first:last]]

    def cell(self, cell: _BlockNode) -> str:
        """Return the content of a cell, its pipes escaped."""
        written = formatted_inline(cell.inner[0].token, self.env)
        return _UNESCAPED_PIPE.sub(r"\\|", written) if "|" in written else written

    def inline(self, block: _BlockNode) -> str:
        """Return the content of a paragraph or a heading."""
        return formatted_inline(block.inner[0].token, self.env, self.edges)


def _fenced_code(token: Token) -> list[str]:
    content = token.content.removesuffix("\n")
    info = token.info.strip(" \t") if token.type == "fence" else ""
    mark = "~" if "`" in info else "`"
    longest = max((len(run) for run in re.findall(rf"^[ \t]*({mark}{{3,}})", content, re.MULTILINE)), default=2)
    fence = mark * max(3, longest + 1)
    return [fence + info, *(content.split("\n") if token.content else ()), fence]


def _indented_item(marker: str, width: int, lines: list[str]) -> list[str]:
    """Return lines as one list item: the marker before the first line, `width` spaces before the others."""
    if not lines or not lines[0]:
        return [marker.rstrip(), *(" " * width + line if line else "" for line in lines[1:])]
    return [marker + lines[0], *(" " * width + line if line else "" for line in lines[1:])]
