"""Markdown text -> tokens: the one dialect, CommonMark with tables, strikethrough and footnotes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

Span = tuple[int, int]

_start = attrgetter("start")
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
    return _one_block(text) or (_blocks_of_part(text) if len(text) < SHORT else _blocks(text))


_MARKERS = "-*+0123456789"  # what an item of a list starts with
PROSE = (  # a line that starts no block but a paragraph, and does not end in a blank; for regular expressions
    r"(?:[^\W\d_]|[^\s\x00-\x7f]|[\"'(.,;!?$%&@/\\^{}]|`(?!``)|\d++(?![.)](?:\s|\Z))|\*{1,3}(?=[^\s*])"
    r"|\[(?=[^\]\n]*\])(?![^\n]*\]:)|</?(?:strong|em|code|kbd|sub|sup)>(?=\S))[^\n]*+(?<![ \t])"
)
HEADING = r"#{1,6} [^\s#][^\n]*+(?<![ \t#])"
_ONE_BLOCK = re.compile(rf"(?:(?P<heading>{HEADING})|{PROSE}(?:\n{PROSE})*+)\n?")
_LIST_ITEM = re.compile(rf"(?:([-*+])|([1-9]\d{{0,8}})([.)])) {{1,4}}({PROSE})")


def _one_block(text: str) -> Blocks | None:
    """Return the blocks of a text that surely is one paragraph, heading or flat list, unparsed; None if it may be more.

    They are those of the parser to the last field: half the time of a document would go to its simplest blocks.
    """
    if text and text[0] in _MARKERS and (tokens := _flat_list(text.removesuffix("\n").split("\n"))):
        return Blocks(tokens, {})
    if not (match := _ONE_BLOCK.fullmatch(text)):
        return None
    marks, _, content = text.partition(" ") if match["heading"] else ("", "", text)
    kind, tag = ("heading", f"h{len(marks)}") if marks else ("paragraph", "p")
    lines = [0, text.count("\n", 0, -1) + 1]
    return Blocks(
        [
            Token(f"{kind}_open", tag, 1, map=lines, markup=marks, block=True),
            Token("inline", "", 0, map=lines, level=1, children=[], content=content.strip(), block=True),
            Token(f"{kind}_close", tag, -1, markup=marks, block=True),
        ],
        {},
    )


def _flat_list(lines: list[str]) -> list[Token]:
    """Return the tokens of lines that are one list, a line an item; none where they are not."""
    items = [(at, _LIST_ITEM.fullmatch(line)) for at, line in enumerate(lines) if line]
    first = items[0][1]
    if not first or not all(item and item[1] == first[1] and item[3] == first[3] for _, item in items):
        return []
    kind, tag, markup = ("ordered", "ol", first[3]) if first[2] else ("bullet", "ul", first[1])
    tight = items[-1][0] + 1 == len(items)
    start: dict[str, str | int | float] = {"start": int(first[2])} if first[2] not in {None, "1"} else {}
    tokens = [Token(f"{kind}_list_open", tag, 1, attrs=start, map=[0, len(lines)], markup=markup, block=True)]
    for (at, item), (end, _) in pairwise([*items, (len(lines), None)]):
        place = [at, at + 1]
        info, content = (item[2] or "", item[4].strip()) if item else ("", "")
        tokens += [
            Token("list_item_open", "li", 1, map=[at, end], level=1, markup=markup, info=info, block=True),
            Token("paragraph_open", "p", 1, map=place, level=2, block=True, hidden=tight),
            Token("inline", "", 0, map=place, level=3, children=[], content=content, block=True),
            Token("paragraph_close", "p", -1, level=2, block=True, hidden=tight),
            Token("list_item_close", "li", -1, level=1, markup=markup, block=True),
        ]
    return [*tokens, Token(f"{kind}_list_close", tag, -1, markup=markup, block=True)]


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


@dataclass(eq=False)  # frozen would take twice as long to make
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


def _fence(text: str, at: int) -> int:
    """Return where the next fence or comment may begin; -1 if nowhere."""
    found = [place for place in (text.find("```", at), text.find("<!--", at)) if place >= 0]
    return min(found, default=-1)


def _closed(text: str, fence: re.Match[str]) -> int:
    """Return where the line ends that closes a fence or a comment; the end of the text if none does."""
    if fence[2]:
        closer = re.compile(rf"^ {{0,3}}`{{{len(fence[2])},}}[ \t]*$", re.MULTILINE).search(text, fence.end())
        return closer.end() if closer else len(text)
    end = text.find("-->", fence.end() - 2)
    return len(text) if end < 0 else text.find("\n", end) % (len(text) + 1)


FENCED = re.compile(r"```[^\s`]*\n(?:(?! {0,3}```)[^\n]*\n)*+```\n?")  # a fenced block of its own
GAP = re.compile(r"\n(?:[ \t]*\n)++")
_FENCE = re.compile(r"^( {0,3})(?:(`{3,})[^`\n]*$|<!--)", re.MULTILINE)  # or a comment
_HTML = re.compile(r"^ {0,3}<(?!!--)", re.MULTILINE)
_HTML_REACHES = re.compile(r"<(?:pre|script|style|textarea|\?|!(?!--))", re.IGNORECASE)
_REACHES = re.compile(  # what goes on over blank lines, or is meant for others
    r"^ {0,3}(?:~~~|<(?:pre|script|style|textarea|\?|!(?!--))|\[[^\]\n]+\]:)", re.MULTILINE | re.IGNORECASE
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
    reaching = "~~~" in text or "]:" in text or _HTML_REACHES.search(text) is not None
    ticks = _fence(text, 0)
    while at < len(text):
        gap = GAP.search(text, at)
        stop = gap.start() if gap else len(text)
        if 0 <= ticks < at:
            ticks = _fence(text, at)
        fence = _FENCE.search(text, at, stop) if 0 <= ticks < stop else None
        if reaching and _REACHES.search(text, at, fence.start() if fence else stop):
            return (Group(0, text),)
        if fence and (_HTML.search(text, start, fence.start()) or (fence[1] and _ITEM.search(text, start, fence.start()))):
            return (Group(0, text),)  # in HTML it is none; in a list it may be of an item, or behind it
        if fence:
            at = _closed(text, fence)
        elif gap:
            at = gap.end()
            char = text[at : at + 1]
            goes_on = char and char in _MARKERS and _ITEM.match(text, at) and _ITEM.search(text, start, stop)
            if char and not char.isspace() and not goes_on:
                found.append(Group(start, text[start:stop]))
                start = at
        else:
            break
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
        if not FENCED.fullmatch(group.text) and worth(group.text):
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
    parts = groups(text)
    for match in pattern.finditer(text):
        start, end = match.start(), max(match.end(), match.start() + 1)
        part = parts[bisect_right(parts, start, key=_start) - 1]
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
