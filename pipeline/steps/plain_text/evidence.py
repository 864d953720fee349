"""Text of a .txt file -> whether it is Markdown: marks that are rare in plain text are counted."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from pipeline.markdown.front_matter import front_matter_of
from pipeline.patterns import lazy_pattern
from pipeline.steps.plain_text.mail import header_length

PLAIN_SUFFIXES = frozenset({".txt", ".text", ".log", ".asc", ".nfo"})
MARKDOWN_KINDS = frozenset({"yaml", "toml", "json", "object", "hexo"})  # of front matter
ENOUGH_POINTS = 2  # points that make a short text Markdown
LINES_PER_POINT = 400  # lines of a long text for which it needs one point: a novel may hold one link
MAIL_POINTS = 2  # points that a mail must have more: its writer and its reader see plain text
_LINK = lazy_pattern(
    r"\]\((?:<[^<>\n]*>|(?:https?:|mailto:|[./#?]|[\w%-]+[./#])[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)"
    r"(?:\s+[\"'(][^\n]*?[\"')])?\)"
)
_FENCE_LINE = lazy_pattern(r"^ {0,3}(?:```|~~~\w)[^`\n]*$", re.MULTILINE)
_TABLE = lazy_pattern(
    r"^[^\n|]*\|[^\n]*\n[ \t]*+(?:\|[ \t]*+)?:?-{3,}+:?[ \t]*+(?:\|[ \t]*+:?-{3,}+:?[ \t]*+)*+\|?[ \t]*+(?=\n|\Z)",
    re.MULTILINE,
)
_FIRST_HEADING = lazy_pattern(r"\s*\A\s*#[ \t]+\S[^\n]*(?=\n[ \t]*\n|\n?\Z)")
_LONE_HEADING = lazy_pattern(r"\n[ \t]*\n#[ \t]+\S[^\n]*(?=\n[ \t]*\n|\n?\Z)")
_LOWER_HEADING = lazy_pattern(r"(?:\A|\n[ \t]*\n)#{2,6}[ \t]+[^#\s]")
_TITLE_ABOVE_TEXT = lazy_pattern(r"\A\s*#[ \t]+([^\n#]{0,80}[^\s.,;:#=。，；：])[ \t]*\n((?:[^\n#][^\n]*\n?)+)")
_STRONG = lazy_pattern(r"(?<![*\\])\*\*(?=[^\s*])([^*\n]{2,200}?)(?<=[^\s*])\*\*(?!\*)")
_ASTERISKS = lazy_pattern(r"\*{2,}")
_HTML = lazy_pattern(r"<(p|div|table|a|h[1-6]|ul|ol|li|blockquote|pre)\b[^<>\n]*>.{0,400}?</\1>", re.DOTALL)
_INLINE_HTML = lazy_pattern(r"<(?:br|hr|img)\b[^<>\n]*>|</(?:em|strong|b|i|span|font|code|sub|sup)>")
_AUTOLINK = lazy_pattern(r"<https?://[^\s<>]+>")
_CODE = lazy_pattern(r"(?<![`\w])`[^`'\n]{1,80}`(?![`\w])")
_DEFINITION = lazy_pattern(r"^ {0,3}\[([^\]\n]+)\]:[ \t]*(?:<|https?://|/)\S", re.MULTILINE)
_COMMENT_LINES = lazy_pattern(r"^#(?!#)[^\n]*\n(?=#(?!#))", re.MULTILINE)
_ASSIGNMENT = lazy_pattern(r"[\w.\[\]\"'-]+[ \t]*(?:=|:=|==|>=)[ \t]*\S|\[[\w.-]+\][ \t]*\Z|export[ \t]")
_TEXT_SENTENCE_END = lazy_pattern(r"[.!?…。！？][\"'”’」』)]{0,8}\s*\Z")


def is_plain_file(path: PurePosixPath, text: str, patterns: Sequence[str] = ()) -> bool:
    """Return whether a file is plain text, not Markdown.

    The last of the `patterns` that the path matches decides; one that starts with `!` says that it is Markdown. A path
    that matches none is plain text if its suffix says so and the text does not show that it is Markdown.
    """
    for pattern in reversed(patterns):
        if fnmatch.fnmatchcase(str(path), pattern.removeprefix("!")):
            return not pattern.startswith("!")
    return path.suffix.lower() in PLAIN_SUFFIXES and not is_markdown(text)


def is_markdown(text: str) -> bool:
    r"""Return whether a text shows that it is Markdown, by links, fences, tables, headings that stand alone.

    >>> is_markdown("# Title\n\nText.\n"), is_markdown("# a comment\nkey = value\n"), is_markdown("138****5678 **!\n")
    (True, False, False)
    """
    front = front_matter_of(text)
    if front and front.kind in MARKDOWN_KINDS:
        return True
    needed = ENOUGH_POINTS + text.count("\n") // LINES_PER_POINT
    first = text.lstrip("\ufeff\n").split("\n\n", 1)[0].split("\n")
    return _points(text) >= needed + (MAIL_POINTS if header_length(first) else 0)


def _points(text: str) -> int:
    """Return how many points a text has: one for a weak sign of Markdown, two or three for a strong one."""
    points = 3 * (len(_LINK.findall(text)) + len(_TABLE.findall(text)) + len(_FENCE_LINE.findall(text)) // 2)
    if not _is_configuration(text):
        points += 2 * (len(_LOWER_HEADING.findall(text)) + bool(_FIRST_HEADING.match(text)))
        points += len(_LONE_HEADING.findall(text)) + 2 * _has_title_above_text(text)
    points += 2 * len(_HTML.findall(text)) + len(_INLINE_HTML.findall(text))
    points += bool(_AUTOLINK.search(text)) + bool(_CODE.search(text)) + _strong_words(text)
    return points + sum(1 + (not label.strip("^").isdigit()) for label in _DEFINITION.findall(text))


def _is_configuration(text: str) -> bool:
    """Return whether `# ` starts comments: most lines assign a value, or longer comments outnumber headings."""
    if len(_COMMENT_LINES.findall(text)) > len(_LONE_HEADING.findall(text)) + len(_LOWER_HEADING.findall(text)):
        return True
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    return sum(bool(_ASSIGNMENT.match(line)) for line in lines) * 2 > len(lines)


def _has_title_above_text(text: str) -> bool:
    """Return whether the first line is a heading of the sentences right below it, and not a comment above data."""
    match = _TITLE_ABOVE_TEXT.match(text)
    return match is not None and bool(_TEXT_SENTENCE_END.search(match[2])) and "=" not in match[2]


def _strong_words(text: str) -> int:
    """Return how many words are between `**`; 0 where most asterisks mask something: `他**的`, `138****5678`."""
    strong = len(_STRONG.findall(text))
    runs = len(_ASTERISKS.findall(text))
    return strong if strong * 2 * 4 >= runs * 3 else 0
