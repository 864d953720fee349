"""A post of a WordPress export, in XML -> its page as HTML, and its fields: author, date, categories, tags, URL."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from html import unescape

from pipeline.read.exports.wordpress_content import StoredPicture, shown_content
from pipeline.read.exports.xml_items import StoredPost, XmlField, is_whole, items_of, xml_fields
from pipeline.read.pages.lead_picture import picture_stem

PUBLISHED = "publish"  # any other status is that of a draft: the website does not show the post
CUT_OFF = "the export ends inside this post; export it again"
_AUTHOR_ELEMENT = re.compile(r"<wp:author>.*?</wp:author>", re.DOTALL)
_TITLE_MARKUP = re.compile(r"</?(?:a|abbr|b|br|code|em|i|mark|small|span|strong|sub|sup|u)\b[^<>]*>", re.IGNORECASE)
_IMAGE_URL = re.compile(r"<img\b[^<>]*?\ssrc\s*=\s*[\"']?([^\"'\s<>]+)")
_NO_CATEGORY = "uncategorized"  # what WordPress puts posts without a category into
_DATE = "%Y-%m-%d %H:%M:%S"


def post_of_wordpress(text: str) -> StoredPost:
    """Return the last post of a piece of an export; the authors, pictures and blocks that it names are before it."""
    head, items = items_of(text.encode("utf-8", "surrogatepass"))
    others = [xml_fields(one.decode("utf-8", "surrogatepass")) for one in items[:-1]]
    written = items[-1].decode("utf-8", "surrogatepass") if items else text
    fields = xml_fields(written)
    pictures = {value(one, "wp:post_id"): picture_of(one) for one in others if value(one, "wp:attachment_url")}
    blocks = {value(one, "wp:post_id"): value(one, "content:encoded") for one in others}
    html = shown_content(value(fields, "content:encoded"), pictures, blocks)
    lead = pictures.get(thumbnail_of(fields))
    if lead and picture_stem(lead.url) not in map(picture_stem, _IMAGE_URL.findall(html)):
        html = lead.html + html
    status = value(fields, "wp:status") or PUBLISHED
    known: dict[str, object] = {
        "title": title_of(value(fields, "title")),
        "authors": _authors_by_login(fields, head.decode("utf-8", "surrogatepass")),
        "date": _date_with_zone(fields),
        "source_url": value(fields, "link"),
        "description": title_of(value(fields, "excerpt:encoded")),
        "categories": _terms(fields, "category"),
        "tags": _terms(fields, "post_tag"),
        "slug": value(fields, "wp:post_name"),
        "status": "" if status == PUBLISHED else status,
    }
    return StoredPost(f"<body>{html}", known, () if is_whole(written) else (CUT_OFF,))


def value(fields: Sequence[XmlField], name: str) -> str:
    """Return the text of the first field with a name, without spaces around it; "" if there is none."""
    return next((one.text.strip() for one in fields if one.name == name), "")


def thumbnail_of(fields: Sequence[XmlField]) -> str:
    """Return the number of the featured image of a post; "" if there is none."""
    for one in fields:
        if one.name == "wp:postmeta" and "_thumbnail_id" in one.markup:
            return value(xml_fields(f"<a>{one.markup}"), "wp:meta_value")
    return ""


def picture_of(fields: Sequence[XmlField]) -> StoredPicture:
    """Return the picture that an attachment is."""
    meta = [xml_fields(f"<a>{one.markup}") for one in fields if "_wp_attachment_image_alt" in one.markup]
    alternative = next((value(one, "wp:meta_value") for one in meta), "")
    return StoredPicture(value(fields, "wp:attachment_url"), alternative, value(fields, "excerpt:encoded"))


def title_of(written: str) -> str:
    """Return a title without the tags and entities of HTML, on one line.

    >>> title_of("The <em>mill</em> &amp; I < 3")
    'The mill & I < 3'
    """
    return " ".join(unescape(_TITLE_MARKUP.sub("", written)).split())


def _authors_by_login(fields: Sequence[XmlField], head: str) -> list[str]:
    """Return the name that the author of a post shows; the login if the export does not say it."""
    login = value(fields, "dc:creator")
    names: Mapping[str, str] = {
        value(one, "wp:author_login"): value(one, "wp:author_display_name")
        for one in map(xml_fields, _AUTHOR_ELEMENT.findall(head))
    }
    return [names.get(login) or login] if login else []


def _date_with_zone(fields: Sequence[XmlField]) -> str:
    """Return the time of publication at the website, with the offset of its zone if it is known."""
    try:
        local = dt.datetime.strptime(value(fields, "wp:post_date"), _DATE)  # noqa: DTZ007 - the zone comes next
    except ValueError:
        return ""
    try:
        world = dt.datetime.strptime(value(fields, "wp:post_date_gmt"), _DATE)  # noqa: DTZ007 - the same
        zone = dt.timezone(dt.timedelta(minutes=round((local - world).total_seconds() / 60)))
    except ValueError:
        return local.isoformat()
    return local.replace(tzinfo=zone).isoformat()


def _terms(fields: Sequence[XmlField], domain: str) -> list[str]:
    """Return the categories or tags of a post."""
    found = [one for one in fields if one.name == "category" and one.attributes.get("domain") == domain]
    shown = [title_of(one.text) for one in found if one.attributes.get("nicename") != _NO_CATEGORY]
    return [*dict.fromkeys(filter(None, shown))]
