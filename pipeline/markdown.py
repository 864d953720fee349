"""Markdown text -> tokens: the one dialect, CommonMark with tables, strikethrough and footnotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

Span = tuple[int, int]

SHORT = 4_000  # characters of a part whose blocks are remembered

FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_BACKTICKS = re.compile(r"(?<!\\)(?<!`)(`+)(?!`)")
_HTML_CODE = re.compile(r"<(code|pre|kbd|samp|tt)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


@cache
def parser() -> MarkdownIt:
    """Return the parser of the dialect; it holds no state between texts."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)


@lru_cache(maxsize=2)
def parse(text: str) -> list[Token]:
    """Return the block tokens of `text`, inline tokens as their children; nobody changes them."""
    return parser().parse(text)


@cache
def _block_parser() -> MarkdownIt:
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
    return _blocks_of_part(text) if len(text) < SHORT else _blocks(text)


def _blocks(text: str) -> Blocks:
    env: dict[str, Any] = {}
    return Blocks(_block_parser().parse(text, env), env)


_blocks_of_part = lru_cache(maxsize=512)(_blocks)  # a step's text is mostly that of the step before


def inline_tokens(content: str, env: dict[str, Any]) -> list[Token]:
    """Return what stands in a paragraph, parsed beside the definitions in `env`."""
    return parser().parseInline(content, dict(env))[0].children or []


def shown(tokens: Sequence[Token]) -> list[tuple[object, ...]]:
    """Return what inline tokens mean: how emphasis is written and where white space breaks do not count."""
    seen: list[tuple[object, ...]] = []
    for token in tokens:
        kind, content = token.type, token.content
        if kind in {"softbreak", "text"}:
            text = " " if kind == "softbreak" else content
            if seen and seen[-1][0] == "text":
                text = str(seen.pop()[1]) + text
            if text:
                seen.append(("text", re.sub(r"[ \t\n]+", " ", text)))
        else:
            inner = tuple(shown(token.children)) if token.children else content
            seen.append((kind, inner, tuple(token.attrs.items()), str(token.meta)))
    return seen


@dataclass(frozen=True)
class Group:
    """A part of a text that means what it means whatever stands around it, and where it starts."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)

    @cached_property
    def code(self) -> list[Span]:
        """Where code stands in the whole text, of this part."""
        if not _MAYBE_CODE.search(self.text):
            return []
        return [(self.start + start, self.start + end) for start, end in code_spans(self.text)]

    @cached_property
    def blocks(self) -> Blocks:
        """Its blocks, parsed once for all who ask; its last line is taken as ended."""
        return blocks(self.text if self.text.endswith("\n") else self.text + "\n")


_FENCE_OR_GAP = re.compile(
    r"^( {0,3})(`{3,})[^`\n]*$"
    r"|^ {0,3}(?:~~~|<(?:pre|script|style|textarea|[!?])|\[[^\]\n]+\]:)()"  # these reach over blank lines
    r"|\n(?:[ \t]*\n)++",
    re.MULTILINE | re.IGNORECASE,
)
_MAYBE_CODE = re.compile(r"`|^[ \t>\-*+\d.)]*(?: {4}|\t|~~~)|<(?:code|pre|kbd|samp|tt)\b", re.MULTILINE | re.IGNORECASE)
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])(?:[ \t]|$)", re.MULTILINE)


@lru_cache(maxsize=4)
def groups(text: str) -> tuple[Group, ...]:
    r"""Return the parts of `text` that can be parsed alone; one, the text, where that is not sure.

    They end at blank lines before what no list and no indented block goes on with, outside fences.

    >>> [group.text for group in groups("# A\n\n- b\n\n  c\n\nd\n")]
    ['# A', '- b\n\n  c', 'd\n']
    """
    found: list[Group] = []
    start = at = 0
    while event := _FENCE_OR_GAP.search(text, at):
        at = event.end()
        if event[3] is not None:
            return (Group(0, text),)
        if event[2] is None:
            goes_on = text[at : at + 1].isspace() or (
                _ITEM.match(text, at) and _ITEM.search(text, start, event.start())
            )
            if goes_on or at == len(text):
                continue
            found.append(Group(start, text[start : event.start()]))
            start = at
        elif event[1] and _ITEM.search(text, start, event.start()):
            return (Group(0, text),)  # of a list item, or behind it
        else:
            closer = re.compile(rf"^ {{0,3}}`{{{len(event[2])},}}[ \t]*$", re.MULTILINE).search(text, at)
            at = closer.end() if closer else len(text)
    return (*found, Group(start, text[start:]))


@dataclass(frozen=True, slots=True)
class Inline:
    """What stands in a paragraph, heading or cell, and where: `lines` are (offset in content, offset in the text)."""

    kind: str  # paragraph, heading, th or td
    content: str
    lines: tuple[Span, ...]
    env: dict[str, Any]  # the definitions around

    def at(self, offset: int) -> int:
        """Return where in the text the character at `offset` of the content stands."""
        begins, start = max(line for line in self.lines if line[0] <= offset)
        return start + offset - begins


def inlines(text: str, worth: Callable[[str], object] = bool) -> Iterator[Inline]:
    """Yield the paragraphs, headings and cells of `text`, with the white space that CommonMark keeps (U+3000).

    Where a part of the text is not `worth` it, its own are left out: only what is looked at is parsed.
    """
    for group in groups(text):
        if worth(group.text):
            yield from _inlines(group)


def _inlines(group: Group) -> Iterator[Inline]:
    parsed, starts = group.blocks, line_starts(group.text)
    row, done = -1, 0  # of the cell before
    for opener, token in pairwise(parsed.tokens):
        if token.type != "inline" or token.map is None:
            continue
        kind = opener.type.removesuffix("_open")
        first, last = token.map
        if kind not in {"td", "th"} or first != row:
            row, done = first, starts[first]
        if found := _placed(group.text, token.content, starts[first : last + 1], done):
            content, lines, done = found
            places = tuple((offset, group.start + start) for offset, start in lines)
            yield Inline(kind, content, places, parsed.env)


def _placed(text: str, content: str, starts: list[int], done: int) -> tuple[str, tuple[Span, ...], int] | None:
    """Return the content as it stands in the text, where its lines stand, and where it ends; None if it does not."""
    parts: list[str] = []
    lines: list[Span] = []
    offset, end = 0, done
    for number, part in enumerate(content.split("\n")):
        if number >= len(starts):
            return None
        start = max(starts[number], end)
        stop = text.find("\n", start)
        line = text[start : len(text) if stop < 0 else stop]
        bare = line.rstrip()
        at = len(bare) - len(part.rstrip()) if bare.endswith(part.rstrip()) and not lines and "|" not in bare else -1
        at = line.find(part) if at < 0 else at
        if at < 0:
            return None
        stop = at + len(part)
        while at and line[at - 1].isspace() and line[at - 1] not in " \t":
            at -= 1
        while stop < len(line) and line[stop].isspace() and line[stop] not in " \t":
            stop += 1
        parts.append(line[at:stop])
        lines.append((offset, start + at))
        offset += stop - at + 1
        end = start + stop
    return "\n".join(parts), tuple(lines), end


def line_starts(text: str) -> list[int]:
    """Return the offset of each line's first character, and the length of the text as the last entry."""
    starts = [0, *(match.end() for match in re.finditer("\r\n?|\n", text))]
    return [*starts, len(text)] if starts[-1] != len(text) else starts


def code_spans(text: str) -> list[Span]:
    """Return where code stands in `text`, in order: blocks and inline, fences and backticks included.

    >>> code_spans("a `b` c")
    [(2, 5)]
    """
    starts = line_starts(text)
    spans: list[Span] = []
    for token in blocks(text).tokens:
        if token.map is None:
            continue
        start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        if token.type in {"fence", "code_block"}:
            spans.append((start, end))
        elif token.type == "inline":
            spans += _inline_code(text, start, end)
        elif token.type == "html_block":
            spans += [match.span() for match in _HTML_CODE.finditer(text, start, end)]
    return sorted(spans)


def prose(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of `pattern` that touch no code; only the parts of the text where there are any are parsed."""
    parts = iter(groups(text))
    part = next(parts)
    for match in pattern.finditer(text):
        start, end = match.start(), max(match.end(), match.start() + 1)
        while part.end <= start:
            if (following := next(parts, None)) is None:
                break
            part = following
        touched = code_spans(text) if end > part.end + 1 else part.code
        if not any(first < end and start < last for first, last in touched):
            yield match


def _inline_code(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the code spans between two offsets of a paragraph: equal runs of backticks, and HTML's code elements."""
    runs = list(_BACKTICKS.finditer(text, start, end))
    closers: dict[int, list[int]] = {}
    for index, run in enumerate(runs):
        closers.setdefault(len(run[1]), []).append(index)
    at = 0
    while at < len(runs):
        equal = closers[len(runs[at][1])]
        while equal and equal[0] <= at:
            equal.pop(0)
        if equal:
            yield runs[at].start(), runs[equal[0]].end()
            at = equal[0]
        at += 1
    yield from (match.span() for match in _HTML_CODE.finditer(text, start, end))


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
