"""Title or name as written -> one line as a reader sees it: without tags, entities decoded."""

from __future__ import annotations

import html
import re

from pipeline.steps.controls import stripped

MOST_TITLE_CHARACTERS = 500  # characters of a title or a name; a cover shows 300 at most
MOST_NESTED_TAGS = 4  # levels of tags in a title
# UAX 9: embeddings, overrides, isolates. In contents, lists and reports they would reorder the words around a title.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PAIRED_TAGS = re.compile(  # a title about tags has spaces inside them, or code marks around
    r"(?<!`)<(a|abbr|b|big|cite|code|del|em|font|i|ins|mark|q|s|small|span|strong|sub|sup|tt|u)(?:\s[^<>]{0,200})?>"
    r"(?!\s)([^<>]{1,500})(?<!\s)</\1>(?!`)",
    re.IGNORECASE,
)
_BREAK_TAG = re.compile(r"(?<=\S)\s*<(?:br|wbr)\s*/?>\s*(?=\S)", re.IGNORECASE)


def plain_line(text: str) -> str:
    """Return a title or a name as a reader sees it: without tags, entities decoded, on one line.

    >>> plain_line("Don't <em>stop</em>&#33; Use <b>"), plain_line("a < b > c &lt;i&gt;")
    ("Don't stop! Use <b>", 'a < b > c <i>')
    """
    for _ in range(MOST_NESTED_TAGS):
        text = _PAIRED_TAGS.sub(r"\2", text)
    return one_line(entities_decoded(_BREAK_TAG.sub(" ", text)))


def one_line(text: str) -> str:
    """Return a title or a name on one line, cut to LONGEST characters, without REORDERING characters."""
    line = " ".join(REORDERING.sub("", stripped(text)).split())
    return line if len(line) <= MOST_TITLE_CHARACTERS else f"{line[: MOST_TITLE_CHARACTERS - 1].rstrip()}…"


def entities_decoded(text: str) -> str:
    r"""Return a title with its HTML entities decoded; those of invisible characters only inside a word.

    >>> [entities_decoded(title) for title in ("C&oacute;digo de Conducta", "AT&T&nbsp;Inc.", "What &nbsp; does")]
    ['Código de Conducta', 'AT&T\xa0Inc.', 'What &nbsp; does']
    """
    return ENTITY.sub(_character_of_entity, text)


def _character_of_entity(match: re.Match[str]) -> str:
    """Return the character of an entity, or the entity itself where the title is about it."""
    char = html.unescape(match[0])
    around = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return char if all(map(str.isalnum, around)) or (char.isprintable() and not char.isspace()) else match[0]
