"""Markdown text -> tokens: the one dialect, CommonMark with tables, strikethrough and footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from pipeline.markdown.fast_parse import one_block

SHORT = 4_000  # characters of a part whose blocks are remembered

IDENTIFIER = r"\{#([^\s{}#]+)\}"  # of a heading, at its end (pandoc's extension `attributes`, kramdown, Hugo)
_IDENTIFIED = re.compile(rf"[ \t]+{IDENTIFIER}\Z")

FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@cache
def parser() -> MarkdownIt:
    """Return the parser of the dialect; it holds no state between texts."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)


@lru_cache(maxsize=2)
def parse(text: str) -> list[Token]:
    """Return the block tokens of `text`, inline tokens as their children; nobody changes them."""
    return parser().parse(text)


@cache
def block_parser() -> MarkdownIt:
    """Return the parser of the dialect that leaves what stands in paragraphs unparsed: four times as fast."""
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)
    blocks.core.ruler.enableOnly(["normalize", "block"])
    return blocks


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a text: their tokens, inline ones without children, and what the text defines (references)."""

    tokens: list[Token]
    env: dict[str, Any]


def blocks(text: str) -> Blocks:
    """Return the blocks of `text`; nobody changes them."""
    if tokens := one_block(text):
        return Blocks(tokens, {})
    return _blocks_of_part(text) if len(text) < SHORT else _blocks(text)


def _blocks(text: str) -> Blocks:
    env: dict[str, Any] = {}
    return Blocks(block_parser().parse(text, env), env)


_blocks_of_part = lru_cache(maxsize=512)(_blocks)  # a step's text is mostly that of the step before


def inline_tokens(content: str, env: dict[str, Any]) -> list[Token]:
    """Return what stands in a paragraph, parsed beside the definitions in `env`."""
    return parser().parseInline(content, dict(env))[0].children or []


def meaning(content: str, env: dict[str, Any]) -> list[tuple[object, ...]]:
    """Return what stands in a paragraph, parsed beside the definitions in `env`; nobody changes it.

    How emphasis is written and where white space breaks do not count.
    """
    return _shown(inline_tokens(content, env)) if env or len(content) >= SHORT else _meaning_alone(content)


@lru_cache(maxsize=512)  # who writes a paragraph asks first, who proves what it means again
def _meaning_alone(content: str) -> list[tuple[object, ...]]:
    return _shown(inline_tokens(content, {}))


def _shown(tokens: Sequence[Token]) -> list[tuple[object, ...]]:
    seen: list[tuple[object, ...]] = []
    texts: list[str] = []

    def say() -> None:
        if text := re.sub(r"[ \t\n]+", " ", "".join(texts)):
            seen.append(("text", text))
        texts.clear()

    for token in tokens:
        if token.type in {"softbreak", "text"}:
            texts.append(" " if token.type == "softbreak" else token.content)
            continue
        say()
        inner = tuple(_shown(token.children)) if token.children else token.content
        seen.append((token.type, inner, tuple(token.attrs.items()), str(token.meta)))
    say()
    return seen


def plain(tokens: Sequence[Token] | None) -> str:
    """Return the text a reader sees of inline tokens: markup gone, images by their alternative text."""
    parts = []
    for token in tokens or ():
        if token.type in {"text", "code_inline"}:
            parts.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif token.type == "image":
            parts.append(plain(token.children))
    return "".join(parts)


def heading_text(tokens: Sequence[Token] | None) -> str:
    """Return the text a reader sees of a heading's inline tokens: `# Title {#id}` names its identifier, not shown."""
    text = plain(tokens)
    return _IDENTIFIED.sub("", text) if tokens and tokens[-1].type == "text" else text
