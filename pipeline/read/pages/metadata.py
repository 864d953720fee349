"""Head of a page -> its metadata: title, authors, date, language, canonical URL, description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.read.pages.byline import shown_authors, shown_dates
from pipeline.read.pages.tree import PageElement, attribute, first_href, has_class, shown_text
from pipeline.read.pages.tumblr import footer_of_tumblr, tags_of_post, time_of_post

MOST_JSON = 500_000  # characters of one block of JSON-LD
MOST_AUTHORS_OF_PAGE = 12
LONGEST_NAME = 80  # characters of an author's name
_TITLES = ("og:title", "citation_title", "dc.title", "twitter:title", "parsely-title", "sailthru.title")
_AUTHORS = (
    "citation_author", "author", "dc.creator", "article:author", "parsely-author", "sailthru.author", "byl",
    "og.article.author",
)  # fmt: skip
_DATES = (
    "article:published_time", "citation_publication_date", "citation_date", "datepublished", "dc.date",
    "dc.date.issued", "date", "pubdate", "publishdate", "publish_date", "parsely-pub-date", "sailthru.date",
    "og:published_time",
    "article:published", "dcterms.created", "dcterms.date", "weibo:article:create_at",
)  # fmt: skip
PART_OF = "dcterms.ispartof"
_DESCRIPTIONS = ("description", "og:description", "dc.description", "twitter:description")
_ARTICLE_TYPES = re.compile(r"(?:\w*Article|BlogPosting|Report|WebPage|\w*Posting|Recipe|Review)")
_DATE_IN_PAGE = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-/.年]|[.년] )(\d{1,2})(?:(?:[-/.月]|[.월] )(\d{1,2}))?(?!\d)")
_NAME_NOISE = re.compile(r"\A(?:by|von|par|por|作者|文|编辑)[\s:：/|]+|https?://\S+", re.IGNORECASE)
_SAVED_FROM = re.compile(r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*|Mirrored from )(\S+)")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_SITE_PARTS = re.compile(r"(?<!\s)\s++[|\-–—·•»_:]++\s+")
_SITE_AFTER = re.compile(r"\s+[|\-–—·•»_/]\s+\S|\s*[｜丨]\s*\S")
Fields = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """What a page says about itself; "" where it says nothing."""

    title: str = ""
    authors: tuple[str, ...] = ()
    date: str = ""
    source_url: str = ""
    language: str = ""
    description: str = ""
    series: str = ""  # the e-book that a chapter is from
    tags: tuple[str, ...] = ()


def metadata_of(root: PageElement, text: str, url: str = "", *, converted: bool = False) -> PageMetadata:
    """Return the metadata of a page. `text` is its source, where browsers note the URL; `url` that of its archive.

    The title of a `converted` document is that of the window.
    """
    fields = _meta_fields(root)
    linked = _linked_data(root)
    title = _title_of_window(root) if converted else ""
    named = _without_site(_first(fields, _TITLES) or _string(linked.get("headline")), _heading(root))
    title = title or _without_site_before(named, _first(fields, ("og:site_name",)))
    description = _first(fields, _DESCRIPTIONS) or _string(linked.get("description"))
    footer = footer_of_tumblr(root)
    return PageMetadata(
        title or _title_of_window(root),
        _authors(root, fields, linked),
        _date(root, fields, linked) or (time_of_post(footer) if footer is not None else ""),
        _canonical(root, fields, text, url),
        _language(root, fields),
        description,
        _first(fields, (PART_OF,)) if converted else "",
        tags_of_post(footer) if footer is not None else (),
    )


def base_of(root: PageElement) -> str:
    """Return the URL that `<base>` names, complete; "" if it names none on the web."""
    written = first_href(root.iter("base"))
    return written if written.startswith(("http://", "https://")) else ""


def _meta_fields(root: PageElement) -> Fields:
    """Return the values of the `<meta>` elements by name, case-folded."""
    fields: Fields = {}
    for element in root.iter("meta"):
        value = " ".join(attribute(element, "content").split())
        for name in {attribute(element, key).casefold() for key in ("name", "property", "itemprop")} - {""}:
            if value:
                fields.setdefault(name, []).append(value)
    return fields


def _first(fields: Fields, names: tuple[str, ...]) -> str:
    return next((fields[name][0] for name in names if fields.get(name)), "")


def _linked_data(root: PageElement) -> dict[str, Any]:
    """Return the description of the article in JSON-LD; empty if there is none."""
    for script in root.iter("script"):
        written = script.text or ""
        if "ld+json" not in attribute(script, "type") or len(written) > MOST_JSON:
            continue
        try:
            found = json.loads(re.sub(r"\A\s*(?:<!\[CDATA\[|<!--)|(?:\]\]>|-->)\s*\Z", "", written))
        except (ValueError, RecursionError):
            continue
        for one in _things(found):
            kind = one.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if any(isinstance(name, str) and _ARTICLE_TYPES.fullmatch(name) for name in kinds):
                return one
    return {}


def _things(found: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield the objects of JSON-LD that may describe the page."""
    if isinstance(found, list):
        for one in found[:50]:
            yield from _things(one)
    elif isinstance(found, dict):
        yield found
        if isinstance(found.get("@graph"), list):
            yield from (one for one in found["@graph"][:50] if isinstance(one, dict))


def _string(value: Any) -> str:  # noqa: ANN401 - JSON
    return " ".join(value.split()) if isinstance(value, str) else ""


def _heading(root: PageElement) -> str:
    """Return the only heading of level 1; "" if there are none or several."""
    found = [text for one in root.iter("h1") if (text := shown_text(one))]
    return found[0] if len(set(found)) == 1 else ""


def _without_site(title: str, heading: str) -> str:
    """Return a title without the site or author after it, which the heading lacks; without a title, the heading.

    >>> _without_site("A walk - Qiita", "A walk"), _without_site("A walk - by night", "Menu")
    ('A walk', 'A walk - by night')
    """
    named = heading and title.startswith(heading) and _SITE_AFTER.match(title, len(heading))
    return heading if named or not title else title


def _without_site_before(title: str, site: str) -> str:
    """Return a title without the name of the site before it: `Example News|A walk` -> `A walk`."""
    match = re.match(rf"{re.escape(site)}\s*[|｜]\s*(?=\S)", title) if site else None
    return title[match.end() :] if match else title


def _title_of_window(root: PageElement) -> str:
    """Return the title of the window without the name of the site: `A walk | The site` -> `A walk`."""
    whole = next((shown_text(one) for one in root.iter("title")), "")
    parts = _SITE_PARTS.split(whole)
    longest = max(parts, key=len) if parts else ""
    return longest if len(parts) > 1 and 2 * len(longest) > len(whole) else whole


def _authors(root: PageElement, fields: Fields, linked: dict[str, Any]) -> tuple[str, ...]:
    """Return the authors: of JSON-LD, else of the first kind of field that names some, else of the byline."""
    given = linked.get("author")
    listed = given if isinstance(given, list) else [given]
    names = [_string(one.get("name") if isinstance(one, dict) else one) for one in listed]
    for key in _AUTHORS:
        names = [name for one in names if (name := _name(one))] or fields.get(key, [])
    names = [name for one in names if (name := _name(one))]
    if not names:
        names = [name for one in shown_authors(root) if (name := _name(one))][:1]
    return tuple(dict.fromkeys(names))[:MOST_AUTHORS_OF_PAGE]


def _name(written: str) -> str:
    """Return a name without `by`, URLs and marks around it; "" if it is none."""
    name = " ".join(_NAME_NOISE.sub("", written).split()).strip(" ,;|'\"")
    return name if 1 < len(name) <= LONGEST_NAME and not re.search(r"[<>@{}]", name) else ""


def _date(root: PageElement, fields: Fields, linked: dict[str, Any]) -> str:
    """Return the day of publication as ISO 8601; "" if it is not known."""
    times = (attribute(one, "datetime") or attribute(one, "content") for one in root.iter("time"))
    written = [_string(linked.get("datePublished")), *(fields[name][0] for name in _DATES if fields.get(name)), *times]
    return next((day for one in (*written, *shown_dates(root)) if (day := _day(one))), "")


def _day(written: str) -> str:
    """Return the day that a date names.

    >>> _day("2021-03-09T10:00:00Z"), _day("2021年3月9日"), _day("2021. 3. 9."), _day("2021/3"), _day("yesterday")
    ('2021-03-09', '2021-03-09', '2021-03-09', '2021-03', '')
    """
    match = _DATE_IN_PAGE.search(written)
    if not match or not 1 <= int(match[2]) <= 12 or (match[3] and not 1 <= int(match[3]) <= 31):  # noqa: PLR2004 - a calendar
        return ""
    return "-".join([match[1], *(f"{int(part):02d}" for part in match.groups()[1:] if part)])


def _canonical(root: PageElement, fields: Fields, text: str, url: str) -> str:
    """Return the URL of the page: canonical, as it says, or as the browser noted when it saved the page."""
    canonical = first_href(one for one in root.iter("link") if attribute(one, "rel").lower() == "canonical")
    permanent = first_href(one for one in root.iter("a") if has_class(one, "p-canonical"))  # Medium
    noted = _SAVED_FROM.search(text[:4096])
    written = (canonical, _first(fields, ("og:url",)), url, permanent, noted[1] if noted else "")
    return next((one for one in written if re.match(r"https?://(?=\S++\Z)[^/\s]+\.\S", one)), "")


def _language(root: PageElement, fields: Fields) -> str:
    html = root if root.tag == "html" else None
    values = [attribute(html, "lang") or attribute(html, "xml:lang")] if html is not None else []
    values += [_first(fields, ("og:locale", "content-language", "dc.language"))]
    return next((one.replace("_", "-") for one in values if _LANGUAGE_TAG.fullmatch(one)), "")
