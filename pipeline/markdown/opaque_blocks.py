r"""Markdown text -> its opaque regions that may contain blank lines: display maths, `{% highlight %}`, `[code]`, HTML.

They are found from left to right, without a parser, so that no block can end inside one. Fenced and inline code is
passed over: what it shows opens no region.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.markdown.closers import Closers

MOST_REGION_CHARACTERS = 100_000  # a start and an end farther apart are not a pair
_LIQUID_PAIRS = (  # tags of Liquid, Jinja and Hexo whose content is not Markdown
    "asciinema|capture|code|codeblock|comment|css|highlight|javascript|js|katex|latex|math|mathjax|mermaid|plantuml|pre"
    "|prism|raw|schema|script|style|stylesheet|svg|verbatim"
)
_HUGO_PAIRS = (  # shortcodes of Hugo whose content is not Markdown
    r"chart|[\w-]*code[\w-]*|graphviz|highlight|html|katex|latex|math|mathjax|mermaid|plantuml|pre|raw|rawhtml"
)
_BRACKET_PAIRS = (  # shortcodes of WordPress and BBCode whose content is not Markdown
    "bash|c|caption|cc|code|cpp|csharp|css|gallery|go|highlight|html|java|javascript|js|latex|math|perl|php|plain|plaintext"
    "|pre|python|py|raw|ruby|shell|source|sourcecode|sql|swift|tex|text|xml|yaml"
)
_TO_LIQUID_END = r"(?:[^%{]|%(?!\})|\{(?!%))*+%\}"  # and over no other tag: many without an end take linear time
_OPENER = re.compile(
    r"(?=[`~<$\\{\[%#!?=:])(?:"  # the first characters of all: five times as fast
    r"(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})"
    r"|(?P<ticks>`(?<![\\`]`)`*)"
    r"|(?P<comment><!--)"
    r"|<(?P<element>(?i:script|style|pre|textarea|svg|math))(?=[\s>/])"
    r"|(?P<dollars>\$(?<![\\$]\$)\$)(?!\$)"
    r"|\\(?<!\\\\)begin\{(?P<environment>[^{}\n]{1,40})\}"
    rf"|\{{%-?\s*(?P<liquid>{_LIQUID_PAIRS})\b{_TO_LIQUID_END}"
    rf"|\{{\{{[<%]-?\s*(?P<hugo>{_HUGO_PAIRS})\b(?:(?![<%>]\}}\}}|\{{\{{).)*+[>%]\}}\}}"
    rf"|\[(?<![\\\[]\[)(?P<shortcode>(?i:{_BRACKET_PAIRS}))(?:[ \t=:][^\[\]\n]*)?\](?!\()"
    r"|\{::(?P<kramdown>nomarkdown|comment)[^{}\n]*\}"
    r"|(?P<percents>%%)(?=[ \t]*$)"
    r"|\#\+(?i:begin)_(?P<org>(?i:src|example|export|comment|verse|html|latex))\b[^\n]*"
    r"|^\[(?:source|listing|literal|pass|stem|latexmath|asciimath|plantuml|ditaa|graphviz|mermaid)\b[^\]\n]*\]\n"
    r"(?P<listing>-{4,}|\.{4,}|\+{4,})[ \t]*$"
    r"|(?P<admonition>(?:!!!|\?\?\?\+?)[ ](?=[\w\"])|===[ ](?=\"[^\"\n]+\"))[^\n]*"
    r"|^(?P<definition>:[ \t]+(?=\S))[^\n]*)",
    re.MULTILINE,
)
_KINDS = {
    "comment": "html",
    "element": "html",
    "dollars": "maths",
    "environment": "maths",
    "liquid": "template",
    "hugo": "template",
    "shortcode": "template",
    "kramdown": "template",
    "percents": "template",
    "org": "template",  # a block of Org: `#+BEGIN_SRC` to `#+END_SRC`
    "listing": "template",  # a delimited block of AsciiDoc: `[source]` above `----` to `----`
    "admonition": "template",  # of Python-Markdown: its indented lines are not code, and its items need four spaces
    "definition": "template",  # of PHP Markdown Extra: the meaning of a term; its indented lines are not code
}
_MAY_HAVE_REGIONS = re.compile(  # a quick pre-filter: only these marks and closers may
    r"\#\+(?i:end)_|\]\n[-.+]{4}|\$\$|%%|<!--|\\begin\{|\{::|!!! |\?\?\?\+? |=== \"|\n:[ \t]+\S"
    r"|</(?i:script|style|pre|textarea|svg|math)\b"
    rf"|\[/(?i:{_BRACKET_PAIRS})\]|\{{%-?\s*end_?(?:{_LIQUID_PAIRS})\b|\{{\{{[<%]-?\s*/\s*(?:{_HUGO_PAIRS})\b"
)
_BEFORE_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")  # what may precede a fence on its line
_EMPTY_LINE = re.compile(r"\n[ \t>]*\n")
_COMMENT_END = re.compile("-->")
_ELEMENTS_OF_MATHS = ("math",)


class OpaqueSpan(NamedTuple):
    """Where a region is that no step edits, in characters, and its kind.

    The kinds are code, maths, template, html, attributes, wiki and url.
    """

    start: int
    end: int
    kind: str


@lru_cache(maxsize=8)
def long_regions(text: str) -> tuple[OpaqueSpan, ...]:
    r"""Return the opaque regions of `text` that may contain blank lines, sorted and disjoint.

    >>> long_regions("a\n\n{% raw %}\n\n* b\n\n{% endraw %}")
    (OpaqueSpan(start=3, end=31, kind='template'),)
    """
    return tuple(_found(text)) if _MAY_HAVE_REGIONS.search(text) else ()


def _found(text: str) -> Iterator[OpaqueSpan]:
    at, closers = 0, Closers(text)
    while opener := _OPENER.search(text, at):
        name = opener.lastgroup or ""
        end = _region_end(text, opener, name, closers)
        at = end or opener.end()
        if end and name in _KINDS:
            maths = (opener["element"] or "").lower() in _ELEMENTS_OF_MATHS
            yield OpaqueSpan(opener.start(), end, "maths" if maths else _KINDS[name])


def _region_end(text: str, opener: re.Match[str], name: str, closers: Closers) -> int:
    """Return the offset after the region that a match opens; 0 if nothing closes it."""
    before = text[text.rfind("\n", 0, opener.start()) + 1 : opener.start()]
    if name == "fence" and not _BEFORE_FENCE.fullmatch(before):
        name = "ticks"
    if name == "comment":
        found = closers.after(opener.end() - 2, _COMMENT_END)
        return found.end() if found else 0
    if name in {"percents", "admonition"} and before.strip(" \t>"):
        return 0
    if name in {"admonition", "definition"}:
        body = _indented_lines(before).match(text, opener.end())
        return body.end() if body else 0
    limit = min(len(text), opener.end() + MOST_REGION_CHARACTERS)
    inside_paragraph = name == "ticks" or (name == "dollars" and before.strip(" \t>"))
    if inside_paragraph and (blank := closers.after(opener.end(), _EMPTY_LINE)):
        limit = min(limit, blank.start())
    found = closers.after(opener.end(), _closer(name, opener[opener.lastgroup or name]))
    if found and found.end() <= limit:
        return found.end()
    return len(text) if name == "fence" else 0


@cache
def _indented_lines(indentation: str) -> re.Pattern[str]:
    """Return the pattern of lines that are indented further, with blank lines between them."""
    return re.compile(rf"(?:(?:\n[ \t]*(?=\n))*+\n{re.escape(indentation)}(?:[ ]{{4}}|\t)[ \t]*[^\s][^\n]*)+")


@cache
def _closer(name: str, written: str) -> re.Pattern[str]:
    """Return the pattern of what closes a region: its name in `_OPENER`, and what opened it."""
    exact = re.escape(written)
    patterns = {
        "fence": rf"\n[ \t>]*{re.escape(written[0])}{{{len(written)},}}[ \t]*(?=\n|\Z)",
        "ticks": rf"(?<!`){exact}(?!`)",
        "element": rf"(?i:</{exact}\s*>)",
        "dollars": r"(?<!\\)\$\$",
        "environment": rf"\\end\{{{exact}\}}",
        "liquid": rf"\{{%-?\s*end_?{exact}\b{_TO_LIQUID_END}",
        "hugo": rf"\{{\{{[<%]-?\s*/\s*{exact}\s*-?[>%]\}}\}}",
        "shortcode": rf"(?i:\[/{exact}\])",
        "kramdown": rf"\{{:/(?:{exact})?\}}",
        "percents": r"%%",
        "org": rf"\n[ \t>]*\#\+(?i:end_{exact})\b[^\n]*",
        "listing": rf"\n{exact}[ \t]*(?=\n|\Z)",
    }
    return re.compile(patterns[name])
