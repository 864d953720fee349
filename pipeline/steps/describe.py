"""Read what a document says of itself: title, authors, source address, date and language; take its front matter off."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import yaml

from pipeline.document import Change, Document, FrontValue, Meta, Step
from pipeline.evidence.language import language_of
from pipeline.markdown import FRONT_MATTER, parse, plain

FRONT_MATTER_LIMIT = 16_384  # characters; YAML's readers are quadratic or recurse on hostile input
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
    rf"^(?:[>\s*_]*(?:{SOURCE_LABELS})|>\s*\S{{1,12}})[*_]*\s*[:：]\s*[*_]*<?(https?://[^\s>]+)",
    re.IGNORECASE | re.MULTILINE,
)
SOURCE_LINES = 30  # the source line of an archived post stands near its top
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = "|".join(MONTHS)
DATES = (
    re.compile(
        r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*[年년]\s*(?P<m>1[0-2]|0?[1-9])\s*[月월](?:\s*(?P<d>3[01]|[12]\d|0?[1-9])\s*[日일])?"
    ),
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>1[0-2]|0[1-9])(?:[-/.](?P<d>3[01]|[12]\d|0[1-9]))?(?!\d)"),
    re.compile(
        rf"\b(?P<m>{_MONTH})[\s-]+(?:(?P<d>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,?[\s-]+)?(?P<y>(?:19|20)\d\d)\b",
        re.IGNORECASE,
    ),
)


class _Loader(yaml.SafeLoader):
    """YAML without aliases, which a few bytes can blow up to gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias, compose anything else."""
        if self.check_event(yaml.AliasEvent):
            message = "aliases are not read"
            raise yaml.YAMLError(message)
        return super().compose_node(parent, index)


def describe(document: Document) -> Document:
    """Read the title, authors, source address, date and language; take the front matter off the text."""
    match = FRONT_MATTER.match(document.text)
    fields: dict[str, FrontValue] = {}
    if match:
        read = _front_matter(match[1] or "")
        if isinstance(read, str):
            document = document.noted("describe", f"the front matter cannot be read and stays in the text: {read}")
        else:
            fields = read
            taken = Change("describe", match.span(), match[0], "", "front matter is kept as metadata", 1.0)
            document = replace(document.edited([taken]), meta=replace(document.meta, front_matter=match[0]))
    return replace(document, meta=_meta(document, fields))


def _front_matter(block: str) -> dict[str, FrontValue] | str:
    """Return the fields of a YAML block, or why there are none."""
    if len(block) > FRONT_MATTER_LIMIT:
        return f"it is longer than {FRONT_MATTER_LIMIT} characters"
    try:
        fields = yaml.load(block, _Loader)  # noqa: S506 - a SafeLoader, made safer
    except (yaml.YAMLError, ValueError) as error:
        return " ".join(str(error).split())
    except RecursionError:
        return "it is nested too deeply"
    if not isinstance(fields, dict | None):
        return "it is no list of fields"
    return {str(key): _plain_value(value) for key, value in (fields or {}).items()}


def _plain_value(value: object) -> FrontValue:
    """Return a YAML value as data that every format can hold: dates as ISO 8601, other types as text."""
    if isinstance(value, dict):
        return {str(key): _plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain_value(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _meta(document: Document, fields: dict[str, FrontValue]) -> Meta:
    """Return the metadata: front matter first, then what the text says."""
    given = {name: next((fields[key] for key in keys if fields.get(key)), None) for name, keys in FIELDS.items()}
    used = {key for keys in FIELDS.values() for key in keys if fields.get(key) in given.values()}
    title = str(given["title"] or "") or _heading(document.text) or PurePosixPath(document.path).stem
    source_url = _address(str(given["source_url"] or "")) or _source_line(document.text)
    authors = given["authors"] or []
    return replace(
        document.meta,
        title=" ".join(title.split()),
        authors=tuple(str(author) for author in (authors if isinstance(authors, list) else [authors])),
        source_url=source_url,
        date=date_in(str(given["date"] or "")) or date_in(urlsplit(source_url).path) or date_in(title),
        language=str(given["language"] or "") or language_of(document.text),
        extra=tuple((key, value) for key, value in fields.items() if key not in used),
    )


def _heading(text: str) -> str:
    """Return the text of the first heading of the highest level."""
    tokens = parse(text)
    headings = [(token.tag, plain(tokens[at + 1])) for at, token in enumerate(tokens) if token.type == "heading_open"]
    return min(headings, key=lambda heading: heading[0], default=("", ""))[1]


def _address(text: str) -> str:
    return text if re.match(r"https?://\S+\Z", text) else ""


def _source_line(text: str) -> str:
    match = SOURCE_LINE.search("\n".join(text.split("\n", SOURCE_LINES)[:SOURCE_LINES]))
    return match[1].rstrip(">)*_") if match else ""


def date_in(text: str) -> str:
    """Return the first date `text` names, in ISO 8601 as exact as it is given; empty if none.

    >>> date_in("2021 年 3 月要读的四篇深度学习论文"), date_in("/posts/2021/03/09/x"), date_in("March 9, 2021")
    ('2021-03', '2021-03-09', '2021-03-09')
    """
    for pattern in DATES:
        if match := pattern.search(text):
            month = match["m"].lower()
            number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
            return f"{match['y']}-{number:02}" + (f"-{int(match['d']):02}" if match["d"] else "")
    return ""


STEP = Step("describe", describe)
