"""Runs of styled text -> Markdown of a paragraph, with marks that CommonMark reads as marks.

A run is text that is Markdown already (its special characters escaped), with the styles around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

STRONG, EMPHASIS, DELETED = "strong", "em", "del"
MARKS = {STRONG: "**", EMPHASIS: "*", DELETED: "~~"}
_ESCAPED = re.compile(r"[\\`*\[\]<$]|&(?=#?\w{1,31};)|~(?=~)|(?<=~)~|!(?=\[)")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_URL_IN_TEXT = re.compile(r"https?://[^\s<>\"]+")
_START_OF_LINE = re.compile(r"(?m)^([ \t]*)(?:([-+=#>|:])|(\d{1,9})([.)])(?=[ \t]|$))")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_START_SPACE = re.compile(r"(?:\s|\\\n)*+")  # a line break is a space too
_REVERSED_END_SPACE = re.compile(r"(?:\n\\|\s)*+")
_CLOSING_QUOTES = dict(zip("“‘「『（《〈【", "”’」』）》〉】", strict=True))
HARD_BREAK = "\\\n"


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a paragraph: Markdown, the styles around it, the target and title of the link that it is in."""

    text: str
    styles: tuple[str, ...] = ()
    link: tuple[str, str] | None = None
    atom: bool = False  # an image, code, maths: no style is cut inside, and no space of it is joined


def escaped(text: str) -> str:
    r"""Return plain text as Markdown that shows it: `a*b <c>` -> `a\*b \<c>`. URLs in it stay readable.

    >>> print(escaped("2*3 [x] snake_case _y_ https://e.org/a_b"))
    2\*3 \[x\] snake_case \_y\_ https://e.org/a_b
    """
    parts, done = [], 0
    for match in _URL_IN_TEXT.finditer(text):
        parts += [_escaped_words(text[done : match.start()]), match[0].translate(_IN_URL)]
        done = match.end()
    return "".join([*parts, _escaped_words(text[done:])])


_IN_URL = str.maketrans({char: f"\\{char}" for char in "*[]`\\$<"})


def _escaped_words(text: str) -> str:
    return _UNDERSCORE.sub(r"\\_", _ESCAPED.sub(lambda match: f"\\{match[0]}", text))


def single_spaced(text: str) -> str:
    """Return text with each run of spaces and line ends as one space, as a browser shows it."""
    return _SPACES.sub(" ", text)


def paragraph_of(runs: Sequence[Run]) -> str:
    r"""Return runs as the Markdown of one paragraph; "" if they show nothing.

    >>> print(paragraph_of([Run("见"), Run("重点：", (STRONG,)), Run("后面"), Run(" here", (), ("https://e.org", ""))]))
    见**重点**：后面 [here](https://e.org)
    """
    text = _of_links(_joined(runs))
    lines = [line.strip(" \t") for line in text.split("\n")]
    lines = [re.sub(r" +\\\Z", r"\\", line) for line in lines]
    while lines and lines[-1] in {"", "\\"}:
        lines.pop()
    while lines and lines[0] in {"", "\\"}:
        lines.pop(0)
    if lines and lines[-1].endswith("\\") and not lines[-1].endswith("\\\\"):
        lines[-1] = lines[-1][:-1]
    return _START_OF_LINE.sub(_escaped_start, "\n".join(line for line in lines if line))


def _escaped_start(match: re.Match[str]) -> str:
    r"""Return the start of a line with a backslash where Markdown would read a block: `1. a` -> `1\. a`."""
    if match[3]:
        return f"{match[1]}{match[3]}\\{match[4]}"
    after = match.string[match.end() : match.end() + 1]
    if match[2] in "-+" and after.strip() and after != match[2]:
        return match[0]
    return f"{match[1]}\\{match[2]}"


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Return runs with one space between words at most; those of the same style become one."""
    made: list[Run] = []
    for run in runs:
        text = run.text
        if not run.atom and made and text.startswith(" ") and made[-1].text.endswith((" ", "\n")):
            text = text.lstrip(" ")
        if not text:
            continue
        last = made[-1] if made else None
        if last and not (run.atom or last.atom) and (last.styles, last.link) == (run.styles, run.link):
            made[-1] = replace(last, text=last.text + text)
        else:
            made.append(replace(run, text=text))
    return made


def _of_links(runs: list[Run]) -> str:
    """Return runs as Markdown: of a link and a style around the same runs, the one that reaches further is outside."""
    made, at = "", 0
    while at < len(runs):
        link, style = runs[at].link, _widest_style(runs, at)
        linked = _linked_extent(runs, at) if link else 0
        styled = _styled_extent(runs, at, style) if style else 0
        if link is None and not style:
            made += _spaced(made, runs[at].text) if made else runs[at].text
            at += 1
            continue
        members = runs[at : at + max(linked, styled)]
        at += len(members)
        following = "*" if at < len(runs) and _outermost(runs[at]) else "[" if at < len(runs) and runs[at].link else ""
        if linked >= styled:
            written = _with_link([replace(run, link=None) for run in members], link)
        else:
            inner = [replace(run, styles=tuple(one for one in run.styles if one != style)) for run in members]
            after = following or (runs[at].text[:1] if at < len(runs) else "")
            written = marked(style, _of_links(inner), made[-1:], after)
        made += _spaced(made, written) if made else written
    return made


def _with_link(members: list[Run], link: tuple[str, str] | None) -> str:
    """Return the runs inside a link with its target; without words, only the spaces around them."""
    before, words, after = _edges(_of_links(members))
    words = words.replace(HARD_BREAK, " ")
    return f"{before}[{words}]{link_target(*link)}{after}" if link and words.strip("\\ \n") else before


def _widest_style(runs: list[Run], at: int) -> str:
    """Return the style of the run at `at` that reaches furthest; of those alike, the one that is written outside."""
    styles = [one for one in MARKS if one in runs[at].styles]
    return max(styles, key=lambda one: _styled_extent(runs, at, one), default="")


def _styled_extent(runs: list[Run], at: int, style: str) -> int:
    """Return how many runs from the one at `at` on have a style."""
    end = at
    while end < len(runs) and style in runs[end].styles:
        end += 1
    return end - at


def _linked_extent(runs: list[Run], at: int) -> int:
    """Return how many runs from the one at `at` on are in the same link."""
    end = at
    while end < len(runs) and runs[end].link == runs[at].link:
        end += 1
    return end - at


def _spaced(made: str, inner: str) -> str:
    return inner.lstrip(" ") if made.endswith((" ", "\n")) else inner


def link_target(url: str, title: str) -> str:
    """Return the target of a link or an image: `(url "title")`."""
    safe = re.sub(r"[\s<>\x00-\x1f]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)
    written = safe if _balanced(safe) else f"<{safe}>"
    words = " ".join(title.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'({written} "{words}")' if words else f"({written})"


def _balanced(url: str) -> bool:
    depth = 0
    for char in url:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0 and bool(url)


def image_markdown(alt: str, url: str, title: str = "") -> str:
    """Return an image: `![alt](url "title")`."""
    return f"![{escaped(single_spaced(alt).strip())}]{link_target(url, title)}"


def code_markdown(text: str) -> str:
    r"""Return inline code, in a fence longer than the backticks in it.

    >>> print(code_markdown("a`b"))
    ``a`b``
    """
    inner = " ".join(text.split("\n")).strip() or text
    if not inner.strip():
        return inner
    longest = max(map(len, re.findall("`+", inner)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def _edges(text: str) -> tuple[str, str, str]:
    start, rest = _split_at(_START_SPACE, text)
    end, words = _split_at(_REVERSED_END_SPACE, rest[::-1])
    return start, words[::-1], end[::-1]


def _split_at(start: re.Pattern[str], text: str) -> tuple[str, str]:
    """Return what a pattern matches at the start of a text, and the rest."""
    match = start.match(text)
    return (match[0], text[match.end() :]) if match else ("", text)


def _outermost(run: Run) -> str:
    return next((style for style in (STRONG, EMPHASIS, DELETED) if style in run.styles), "")


def marked(style: str, inner: str, before: str, after: str) -> str:
    """Return text between marks; punctuation at its edges goes out where the marks would not be read otherwise.

    >>> marked(STRONG, "重点：", "在", "后")
    '**重点**：'
    """
    mark = MARKS[style]
    lead, words, trail = _edges(inner)
    if not words.strip("\\\n "):
        return inner
    while words and words[0] not in "\\[!<`$*~" and not _flanks(lead[-1:] or before, words[0]):
        lead, words = lead + words[0], words[1:]
    while words and words[-1] not in ")>`$*~]" and not _flanks(trail[:1] or after, words[-1]):
        if words[-1] == _CLOSING_QUOTES.get(words[0]):  # a pair goes out together
            lead, words = lead + words[0], words[1:]
        trail, words = words[-1:] + trail, words[:-1]
    if not words.strip():
        return inner
    sound = _flanks(lead[-1:] or before, words[0]) and _flanks(trail[:1] or after, words[-1])
    touching = (lead[-1:] or before) in {"*", "~"} or (trail[:1] or after) in {"*", "~"}
    if not sound or touching or (style == DELETED and "~" in words) or words.endswith("\\"):
        return f"{lead}<{style}>{words}</{style}>{trail}"
    return f"{lead}{mark}{words}{mark}{trail}"


def _flanks(outside: str, inside: str) -> bool:
    """Return whether a mark between two characters is read: CommonMark 0.31.2, left- and right-flanking runs."""
    return not _is_punctuation(inside) or not outside or outside.isspace() or _is_punctuation(outside)


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS" if char else False
