r"""Markdown text -> its opaque regions: code, maths, templates, raw HTML, wiki links, URLs. No step edits inside them.

Templates are Liquid, Jekyll, Hexo and Hugo tags, WordPress shortcodes, and MDX.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from pipeline.changes import Span
from pipeline.markdown.closers import Closers
from pipeline.markdown.code_spans import code_spans, line_starts
from pipeline.markdown.opaque_blocks import OpaqueSpan, long_regions
from pipeline.markdown.parsing import parse_ended_blocks
from pipeline.patterns import lazy_pattern
from pipeline.urls.bare_urls import find_bare_urls

CODE, MATHS, TEMPLATE, HTML, ATTRIBUTES, URL = "code", "maths", "template", "html", "attributes", "url"
_MAY_BE_OPAQUE = lazy_pattern(  # a quick pre-filter: a text without a match has no opaque region
    r"[$\\{<`%^]|#\+|\]\n|://|www\.|\]\(|\]:|\[\[|\(\(|\[/|\[[A-Za-z][\w-]*\s+[\w-]+\s*="
    r"|^(?:import|export)[ \t]|^:::| {4}|\t|~~~",
    re.MULTILINE,
)

_SAME_PARAGRAPH = r"(?:[^\n]|\n(?![ \t]*\n))"
_ATTRIBUTE = (  # of an HTML or JSX tag
    r"\s+(?:[\w.:@*#-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|[^\s\"'=<>`{}]+))?"
    r"|\{[^{}\n]*\})"
)
_INLINE_PATTERNS = {
    "maths": (
        r"(?<![\\$])\$(?![\s$])(?:[^$\\\n]++|\\.|\n(?![ \t]*\n))++(?<!\s)\$(?![\d$])"
        rf"|(?<![\\$])\$\$(?!\$){_SAME_PARAGRAPH}+?(?<!\\)\$\$"
        rf"|(?<!\\)\\(?P<slash>\\?)\({_SAME_PARAGRAPH}+?(?<!\\)\\(?P=slash)\)"
        rf"|(?<!\\)\\(?P<slashes>\\?)\[{_SAME_PARAGRAPH}+?(?<!\\)\\(?P=slashes)\]"
    ),
    "template": (
        rf"\{{%{_SAME_PARAGRAPH}*?%\}}|\{{\{{{_SAME_PARAGRAPH}*?\}}\}}\}}?(?:/[\w./%~-]*+)?"
        rf"|\{{# [^\n]*? ?#\}}|<%{_SAME_PARAGRAPH}*?%>"
        r"|\{/\*(?:[^*]|\*(?!/))*+\*/\}|%%(?=\S)[^\n]*?\S%%|^:{3,}[^\n]*$"
        r"|^import[ \t](?:[^\n]*?[ \t]from[ \t]+)?[\"'][^\"'\n]+[\"'];?[ \t]*$"
        r"|^import[ \t]*\{[^{}]*\}[ \t]*from[ \t]+[\"'][^\"'\n]+[\"'];?[ \t]*$"
        r"|^export[ \t]+(?:default|const|let|var|async|function|class)\b[^\n]*?"
        r"(?:[{(\[]$(?:\n(?![ \t]*(?:\n|\Z))[^\n]*)*|$)"
        r"|(?<![\\\]])\[/?[A-Za-z][\w-]*(?:\s+[\w-]+\s*=\s*(?:\"[^\"\n]*\"|'[^'\n]*'|“[^”\n]{0,1000}”|[^\s\[\]\"']+))+\s*/?\](?![(\[:])"
        r"|(?<![\\\]])\[/[A-Za-z][\w-]*\](?![(\[:])"
    ),
    "html": (
        rf"<[A-Za-z][\w.:-]*(?:{_ATTRIBUTE})*+\s*/?>|</[A-Za-z][\w.:-]*\s*>|</?>|<!--.*?-->|<\?.*?\?>|<![A-Z][^>]*>"
        r"|<!\[CDATA\[.*?\]\]>"
    ),
    "url": (
        r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>|<[\w.+-]+@[\w.-]+>"
        r"|(?<=\]\()[ \t]*(?:<[^<>\n]*>|(?:[^\s()<>\\]|\\.|\((?:[^\s()\\]|\\.)*\))+)"
        r"|^[ \t>]*\[[^\]\n]+\]:[ \t]*\n?[ \t]*(?P<target>[^\s]+)"
    ),
    "wiki": r"!?\[\[(?!\s*\])[^\[\]\n]+\]\]|\(\([0-9A-Za-z-]{6,40}\)\)|(?:^|(?<=[ \t]))\^[A-Za-z0-9-]+(?=[ \t]*$)",
    "attributes": r"\{:[^{}\n]*\}|\{[#.][\w-][^{}\n]*\}|\{[\w-]+=[^{}\n]*\}",
}
_INLINE = lazy_pattern(
    "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _INLINE_PATTERNS.items()), re.MULTILINE | re.DOTALL
)
_INLINE_START = lazy_pattern(  # before or at the start of every match of `_INLINE`; three times as fast to find
    r"\$|\\|\{|<|\^|\[(?=[\[/A-Za-z])|%(?=%)|!(?=\[\[)|\((?:(?=\()|(?<=\]\())|\n(?=[ \t>\[:ie])"
)
_BLANK_LINE_BELOW = re.compile(r"\n[ \t]*\n")
_ANYWHERE = re.compile(r"\Z")
_CLOSED_BY = (  # the start of a region, what must follow, and what may not come before that
    ("{{", re.compile(r"\}\}"), _BLANK_LINE_BELOW),
    ("{%", re.compile(r"%\}"), _BLANK_LINE_BELOW),
    ("<%", re.compile("%>"), _BLANK_LINE_BELOW),
    ("{# ", re.compile(r"#\}"), _BLANK_LINE_BELOW),
    ("{/*", re.compile(r"\*/\}"), _ANYWHERE),
    ("<!--", re.compile("-->"), _ANYWHERE),
    ("<![CDATA[", re.compile(r"\]\]>"), _ANYWHERE),
    ("<!", re.compile(">"), _ANYWHERE),
    ("%%", re.compile(r"\S%%"), re.compile(r"\n")),
    ("<?", re.compile(r"\?>"), _ANYWHERE),
    ("$$", re.compile(r"(?<!\\)\$\$"), _BLANK_LINE_BELOW),
    *(
        (f"{slashes}{opening}", re.compile(rf"(?<!\\){re.escape(slashes + closing)}"), _BLANK_LINE_BELOW)
        for slashes in ("\\", "\\\\")
        for opening, closing in ("()", "[]")
    ),
)
_AFTER_URL = lazy_pattern(
    r"\*\*|(?<!\*)\)(?=\*)|\](?=\()"
)  # what follows a URL in Markdown rather than being part of it
_REGION_START = lazy_pattern(r"[*_~$]")


@lru_cache(maxsize=256)
def opaque_spans(text: str) -> tuple[OpaqueSpan, ...]:
    """Return the opaque regions of `text`, sorted and disjoint. Footnote markers and link texts are not regions.

    >>> opaque_spans("a `b` $c$")
    (OpaqueSpan(start=2, end=5, kind='code'), OpaqueSpan(start=6, end=9, kind='maths'))
    """
    if not _MAY_BE_OPAQUE.search(text):
        return ()
    code = code_spans(text)
    if code == [(0, len(text))]:
        return (OpaqueSpan(0, len(text), CODE),)
    return tuple(
        _disjoint(
            [
                *(OpaqueSpan(start, end, CODE) for start, end in code),
                *long_regions(text),
                *_html_blocks(text),
                *_starting_outside(code, _inline_regions(masked(text, code))),
            ]
        )
    )


def masked(text: str, spans: Iterable[Span]) -> str:
    """Return `text` with the marks inside `spans` replaced by letters, so that nothing takes them for Markdown.

    >>> masked("a $b*c$ d", [(2, 7)])
    'a $bxc$ d'
    """
    parts, done = [], 0
    for start, end in spans:
        first = max(start + 1, done)  # spans may overlap
        if end - 1 > first:
            parts += [text[done:first], _REGION_START.sub("x", text[first : end - 1])]
            done = end - 1
    return "".join([*parts, text[done:]])


def _html_blocks(text: str) -> Iterator[OpaqueSpan]:
    """Yield the blocks of raw HTML."""
    if "<" not in text:
        return
    starts = line_starts(text)
    for token in parse_ended_blocks(text).tokens:
        if token.type == "html_block" and token.map:
            start, end = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
            yield OpaqueSpan(start, start + len(text[start:end].rstrip()), HTML)


def _inline_regions(text: str) -> Iterator[OpaqueSpan]:
    for match in _inline_matches(text):
        name = match.lastgroup if match.lastgroup in _INLINE_PATTERNS else URL
        yield OpaqueSpan(*match.span("target" if match["target"] else 0), name or URL)
    if "://" in text or "www." in text:
        for start, url in find_bare_urls(text):
            if text[start - 1 : start] != "<" and text[max(0, start - 2) : start] != "](":
                yield OpaqueSpan(start, start + len(_AFTER_URL.split(url, maxsplit=1)[0]), URL)


def _inline_matches(text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of `_INLINE`, from left to right."""
    end, closers = 0, Closers(text)
    if not _is_unclosed(text, 0, closers) and (match := _INLINE.match(text)):
        yield match
        end = match.end()
    while start := _INLINE_START.search(text, end):
        unclosed = _is_unclosed(text, start.start(), closers)
        match = None if unclosed else _INLINE.match(text, start.start())
        if not match and start[0] in "(\n":
            match = _INLINE.match(text, start.end())
        if match:
            yield match
        end = match.end() if match else start.end()


def _is_unclosed(text: str, at: int, closers: Closers) -> bool:
    """Return whether a region would start at an offset if its end followed; a look that long openings do not repeat."""
    for opening, closing, border in _CLOSED_BY:
        if text.startswith(opening, at):
            end, limit = closers.after(at + len(opening), closing), closers.after(at, border)
            return not end or (limit is not None and end.start() > limit.start())
    return False


def _starting_outside(code: list[Span], spans: Iterable[OpaqueSpan]) -> Iterator[OpaqueSpan]:
    """Yield the spans that do not start inside code, from where they could reach beyond its end."""
    starts = [start for start, _ in code]
    for span in spans:
        at = bisect_left(starts, span.start) - 1
        if at < 0 or code[at][1] <= span.start:
            yield span


def _disjoint(spans: Iterable[OpaqueSpan]) -> Iterator[OpaqueSpan]:
    """Yield spans in order; those that overlap as one, of the kind of the first."""
    open_span: OpaqueSpan | None = None
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if open_span and span.start < open_span.end:
            open_span = open_span._replace(end=max(open_span.end, span.end))
        else:
            if open_span:
                yield open_span
            open_span = span
    if open_span:
        yield open_span


def of_other_kinds(spans: Iterable[OpaqueSpan], but: Collection[str] = ()) -> list[OpaqueSpan]:
    """Return the spans whose kind is not in `but`."""
    return [span for span in spans if span.kind not in but]
