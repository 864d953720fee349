"""Read what a document says of itself: titles, authors, source, date and language; take its front matter off."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

from pipeline.changes import Change
from pipeline.document import Document, FrontValue, Meta, Step
from pipeline.language.identification import language_of
from pipeline.markdown import FRONT_MATTER, block_groups, heading_text, inline_tokens
from pipeline.markdown.front_matter import front_matter_fields
from pipeline.steps.controls import stripped

FIELDS = {
    "title": ("title",),
    "source_url": ("source_url", "source", "url", "canonical_url", "original", "link"),
    "language": ("language", "lang"),
    "date": ("date", "published", "created", "pubdate"),
    "authors": ("authors", "author", "by"),
}
SOURCE_LABELS = (
    "原文|原文链接|原文地址|来源|出处|链接|原文網址|來源|元記事|出典|원문|출처"
    "|source|original|originally published at|via|permalink|источник|quelle|fuente|fonte"
)
SOURCE_LINE = re.compile(  # a known label, or any short one in a quotation
    rf"(?:[>\s*_]*(?:{SOURCE_LABELS})|>\s*\S{{1,12}})[*_]*\s*[:：]\s*[*_]*<?(https?://[^\s>]+)",
    re.IGNORECASE,
)
LANGUAGE_TAG = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?"
)  # RFC 5646: language, script, region
LONGEST = 500  # characters of a title or a name; a cover shows 300 at most; a whole text as one heading is no title
UNTITLED = "untitled"
# UAX 9: embeddings, overrides, isolates. In contents, lists and reports they would reorder the words around a title.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
HEADING_MARKS = re.compile(r"#|^[ \t>]*[=-]+[ \t]*$", re.MULTILINE)
TOPIC = re.compile(r"/(?:tagged|tags?|topics?|categor(?:y|ies)|sections?)/")  # of an address
SOURCE_LINES = 30  # the source line of an archived post stands near its top
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = "|".join(MONTHS)
DATES = (
    re.compile(
        r"(?<!\d)(?P<y>(?:19|20)[0-9][0-9])\s*[年년]"
        r"\s*(?P<m>1[0-2]|0?[1-9])\s*[月월](?:\s*(?P<d>3[01]|[12][0-9]|0?[1-9])\s*[日일])?"
    ),
    re.compile(
        r"(?<!\d)(?P<y>(?:19|20)[0-9][0-9])[-/.](?P<m>1[0-2]|0[1-9])(?:[-/.](?P<d>3[01]|[12][0-9]|0[1-9]))?(?!\d)"
    ),
    re.compile(
        rf"\b(?P<m>{_MONTH})[\s-]+(?:(?P<d>3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?,?[\s-]+)?"
        r"(?P<y>(?:19|20)[0-9][0-9])\b",
        re.IGNORECASE,
    ),
)


def describe(document: Document) -> Document:
    """Read the title, authors, source address, date and language; take the front matter off the text."""
    match = FRONT_MATTER.match(document.text)
    fields: dict[str, FrontValue] = {}
    if match:
        read = front_matter_fields(match[1] or "")
        if isinstance(read, str):
            document = document.noted("describe", f"the front matter cannot be read and stays in the text: {read}")
        else:
            fields = {stripped(key): _stripped(value) for key, value in read.items()}
            taken = Change("describe", match.span(), match[0], "", "front matter is kept as metadata", 1.0)
            document = replace(document.edited([taken]), meta=replace(document.meta, front_matter=match[0]))
    return replace(document, meta=_meta(document, fields))


def _meta(document: Document, fields: dict[str, FrontValue]) -> Meta:
    """Return the metadata: front matter first, then what the text says. A field of no use here stays extra."""
    used: set[str] = set()

    def given(name: str, read: Callable[[str], str]) -> str:
        for key in FIELDS[name]:
            value = fields.get(key)
            if isinstance(value, str | int) and (found := read(str(value))):
                if len(str(value)) <= LONGEST:  # what was cut is kept in full as well
                    used.add(key)
                return found
        return ""

    title = given("title", lambda text: _line(decoded(text)))
    source_url = given("source_url", _address) or source_line(document.text)
    date = given("date", date_in)
    language = given("language", _language_tag)
    authors = _authors(fields, used)
    kicker, subtitle = _around_title(document.text)
    title = title or _line(_heading(document.text)) or _line(document.path.stem) or UNTITLED
    return replace(
        document.meta,
        title=title,
        subtitle=_line(subtitle),
        kicker=_line(kicker),
        authors=authors,
        source_url=source_url,
        date=date or date_in(urlsplit(source_url).path) or date_in(title),
        language=language or language_of(document.text),
        extra=tuple((key, value) for key, value in fields.items() if key not in used),
    )


def _authors(fields: dict[str, FrontValue], used: set[str]) -> tuple[str, ...]:
    """Return the authors, one or a list of them, and note which field named them."""
    for key in FIELDS["authors"]:
        value = fields.get(key)
        names: list[FrontValue] = value if isinstance(value, list) else [value]
        if value and all(isinstance(name, str) for name in names):
            if all(len(name) <= LONGEST for name in names):
                used.add(key)
            return tuple(filter(None, (_line(decoded(name)) for name in names)))
    return ()


def _stripped(value: FrontValue) -> FrontValue:
    """Return a value of front matter with every text in it as `controls` would leave it, at any depth."""
    if isinstance(value, dict):
        return {stripped(key): _stripped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return stripped(value) if isinstance(value, str) else value


def _line(text: str) -> str:
    """Return a title or a name on one line, cut to LONGEST characters, without what reorders the text around it."""
    line = " ".join(REORDERING.sub("", stripped(text)).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"


def decoded(text: str) -> str:
    r"""Return a title with its HTML entities decoded; those that show nothing only inside a word.

    >>> decoded("Tu C&oacute;digo de Conducta"), decoded("AT&T&nbsp;Inc."), decoded("What &nbsp; does")
    ('Tu Código de Conducta', 'AT&T\xa0Inc.', 'What &nbsp; does')
    """
    return ENTITY.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    """Return the character that an entity names, or the entity where it is what the title talks about."""
    made = html.unescape(match[0])
    around = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return made if all(map(str.isalnum, around)) or (made.isprintable() and not made.isspace()) else match[0]


def _language_tag(text: str) -> str:
    """Return a BCP 47 tag in its usual case, `zh_TW.UTF-8` as zh-TW; empty if `text` is none."""
    tag = text.strip().partition(".")[0].replace("_", "-")
    if not LANGUAGE_TAG.fullmatch(tag):
        return ""
    language, *rest = tag.split("-")
    cased = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in rest]  # noqa: PLR2004 - script, region
    return "-".join([language.lower(), *cased])


def _heading(text: str) -> str:
    """Return the text of the first heading of the highest level."""
    best, title = "h7", ""
    for group in block_groups(text):
        if HEADING_MARKS.search(group.text):
            for one, after in pairwise(group.blocks.tokens):
                if one.type == "heading_open" and one.tag < best:
                    best, title = one.tag, heading_text(inline_tokens(after.content, group.blocks.env))
        if best == "h1":
            break
    return title


def _around_title(text: str) -> tuple[str, str]:
    """Return the kicker and the subtitle, as blogs export them: headings between the title and the first image.

    A kicker is a link to a topic; a subtitle stands behind one, or is bold as a whole.
    """
    kicker = subtitle = ""
    for opener, token in pairwise(token for group in block_groups(text) for token in group.blocks.tokens):
        if token.type != "inline" or token.level > 1:
            continue
        if opener.type != "heading_open":
            return (kicker, subtitle) if token.content.startswith("![") else (kicker, "")
        if opener.tag == "h2":
            inner = inline_tokens(token.content, {})
            if not kicker and inner and inner[0].type == "link_open" and TOPIC.search(str(inner[0].attrs["href"])):
                kicker = heading_text(inner)
            elif not subtitle and (kicker or re.fullmatch(r"\*\*[^*]+\*\*", token.content)):
                subtitle = heading_text(inner)
            else:
                break
    return kicker, ""


def _address(text: str) -> str:
    """Return `text` if it is an http address; empty if not."""
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return ""
    return text if host and re.match(r"https?://\S+\Z", text) else ""


def source_line(text: str) -> str:
    """Return the address that a line near the top names as the source; empty if none does."""
    for line in text.split("\n", SOURCE_LINES)[:SOURCE_LINES]:
        if "://" in line and (match := SOURCE_LINE.match(line)):
            return _address(match[1].rstrip(">)*_"))
    return ""


def date_in(text: str) -> str:
    """Return the first date `text` names, in ISO 8601 as exact as it is given; empty if none.

    >>> date_in("2021 年 3 月要读的四篇深度学习论文"), date_in("/posts/2021/03/09/x"), date_in("March 9, 2021")
    ('2021-03', '2021-03-09', '2021-03-09')
    """
    for pattern in DATES:
        if match := pattern.search(text):
            month = match["m"].lower()
            number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
            known = f"{match['y']}-{number:02}"
            return f"{known}-{int(match['d']):02}" if match["d"] and _is_day(match, number) else known
    return ""


def _is_day(match: re.Match[str], month: int) -> bool:
    try:
        dt.date(int(match["y"]), month, int(match["d"]))
    except ValueError:
        return False
    return True


STEP = Step("describe", describe, version=4)
