"""Markdown text -> tokens of markdown-it. The dialect is CommonMark with tables, strikethrough and footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.markdown.fast_parse import simple_block_tokens

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MOST_CACHED_CHARACTERS = 4_000  # characters: results for shorter texts are cached

HEADING_IDENTIFIER = r"\{#([^\s{}#]+)\}"  # at the end of a heading (pandoc's extension `attributes`, kramdown, Hugo)
_HASHES = re.compile(r"(?:^|[ \t>])#{1,6}(?:[ \t]|$)", re.MULTILINE)
_UNDERLINE = re.compile(r"\n[ \t>]*[=-]+[ \t]*$", re.MULTILINE)
_IDENTIFIED = re.compile(rf"(?<![ \t])[ \t]++{HEADING_IDENTIFIER}\Z")


def may_have_heading(text: str) -> bool:
    """Return whether a text may have a heading; False is certain."""
    hashes = "#" in text and _HASHES.search(text) is not None
    return hashes or (("=" in text or "-" in text) and _UNDERLINE.search(text) is not None)


def new_parser() -> MarkdownIt:
    """Return a parser of the dialect as markdown-it makes it."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin

    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)


@cache
def parser() -> MarkdownIt:
    """Return the parser of the dialect; it keeps no state between texts."""
    from pipeline.markdown.quick_parser import quick

    return quick(new_parser())


@lru_cache(maxsize=2)
def parse(text: str) -> list[Token]:
    """Return the block tokens of `text`, with inline tokens as children. The result is cached: do not modify it."""
    return parser().parse(text)


@cache
def block_parser() -> MarkdownIt:
    """Return the parser of the dialect without inline parsing: four times as fast."""
    from pipeline.markdown.quick_parser import quick

    blocks = new_parser()
    blocks.core.ruler.enableOnly(["normalize", "block"])
    return quick(blocks)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a text: their tokens, inline tokens without children, and the link reference definitions."""

    tokens: list[Token]
    env: dict[str, Any]


def parse_blocks(text: str) -> Blocks:
    """Return the blocks of `text`. The result is cached: do not modify it."""
    if tokens := simple_block_tokens(text):
        return Blocks(tokens, {})
    return _parse_short(text) if len(text) < MOST_CACHED_CHARACTERS else _parse_long(text)


def parse_ended_blocks(text: str) -> Blocks:
    """Return the blocks of `text`; a line end is added if its last line has none."""
    return parse_blocks(ended(text))


def ended(text: str) -> str:
    """Return `text` with a line end; the parser takes a last line without one for other code."""
    return text if text.endswith("\n") else text + "\n"


def _parse_blocks_uncached(text: str) -> Blocks:
    env: dict[str, Any] = {}
    return Blocks(block_parser().parse(text, env), env)


_parse_short = lru_cache(maxsize=512)(_parse_blocks_uncached)  # most steps leave most parts of a text unchanged
_parse_long = lru_cache(maxsize=4)(_parse_blocks_uncached)  # the tokens of a text take 50 times its memory


def inline_tokens(content: str, env: dict[str, Any]) -> list[Token]:
    """Return the inline tokens of `content`, parsed with the definitions in `env`."""
    from pipeline.markdown.quick_parser import inline_children

    return inline_children(parser(), content, dict(env))


def inline_meaning(content: str, env: dict[str, Any]) -> list[tuple[object, ...]]:
    """Return inline content as comparable data: equal results mean that a reader sees the same.

    It ignores how emphasis is written and where lines break. It is parsed with the definitions in `env`. The result is
    cached: do not modify it.
    """
    return (
        _comparable(inline_tokens(content, env))
        if env or len(content) >= MOST_CACHED_CHARACTERS
        else _cached_meaning(content)
    )


@lru_cache(maxsize=512)  # the formatter asks first, then the check of the invariant
def _cached_meaning(content: str) -> list[tuple[object, ...]]:
    return _comparable(inline_tokens(content, {}))


def _comparable(tokens: Sequence[Token]) -> list[tuple[object, ...]]:
    seen: list[tuple[object, ...]] = []
    texts: list[str] = []

    def flush() -> None:
        if text := re.sub(r"[ \t\n]+", " ", "".join(texts)):
            seen.append(("text", text))
        texts.clear()

    for token in tokens:
        if token.type in {"softbreak", "text"}:
            texts.append(" " if token.type == "softbreak" else token.content)
            continue
        flush()
        inner = tuple(_comparable(token.children)) if token.children else token.content
        seen.append((token.type, inner, tuple(token.attrs.items()), str(token.meta)))
    flush()
    return seen


def visible_text(tokens: Sequence[Token] | None) -> str:
    """Return the visible text of inline tokens: without markup, images as their alternative text."""
    parts = []
    for token in tokens or ():
        if token.type in {"text", "code_inline"}:
            parts.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif token.type == "image":
            parts.append(visible_text(token.children))
    return "".join(parts)


def heading_text(tokens: Sequence[Token] | None) -> str:
    """Return the visible text of a heading's inline tokens, without an identifier: `Title {#id}` -> `Title`."""
    text = visible_text(tokens)
    return _IDENTIFIED.sub("", text) if tokens and "{#" in text and tokens[-1].type == "text" else text
