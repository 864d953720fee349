"""A post of a feed (RSS, Atom) or of an export of Blogger or LiveJournal, in XML -> its page as HTML, its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from html import escape

from pipeline.read.exports.wordpress_content import with_paragraphs
from pipeline.read.exports.wordpress_post import CUT_OFF, title_of, value
from pipeline.read.exports.xml_items import StoredPost, XmlField, is_whole, items_of, xml_fields

KIND = "schemas.google.com/g/2005#kind"  # of Blogger's categories
_BLOCK = re.compile(r"<(?:p|br|div|ul|ol|h[1-6]|blockquote|pre|table|figure)\b", re.IGNORECASE)
_SHORTENED = re.compile(
    r"(?:\.\.\.|…|\[(?:…|&#8230;|\.\.\.|&hellip;)\]|read\s+(?:the\s+)?(?:more|rest)[^<]{0,60}|continue\s+reading[^<]{0,60}"
    r"|阅读全文|閱讀全文|続きを読む|weiterlesen|lire la suite|leer más|читать далее)\W*(?:</?\w[^<>]*>\s*)*\Z",
    re.IGNORECASE,
)
_JOURNAL_USER = re.compile(r"<lj\s+(?:user|comm)=[\"']?([\w-]{1,60})[\"']?[^<>]*>(?:\s*</lj>)?", re.IGNORECASE)
_JOURNAL_CUT = re.compile(r"</?(?:lj-cut|lj-raw)\b[^<>]*>", re.IGNORECASE)
_FEWEST_LETTERS = 400  # of a description with markup that counts as the whole post


def post_of_feed(text: str) -> StoredPost:
    """Return the post in a piece of a feed; what is before it names the authors of the feed."""
    head, items = items_of(text.encode("utf-8", "surrogatepass"))
    text = items[-1].decode("utf-8", "surrogatepass") if items else text
    fields = xml_fields(text)
    of_feed = xml_fields(f"<a>{head.decode('utf-8', 'surrogatepass')}")
    status = "draft" if is_feed_draft(fields) else ""
    known: dict[str, object] = {
        "title": title_of_feed(fields),
        "authors": [*dict.fromkeys(_authors_of_entry(fields))] or [*dict.fromkeys(_authors_of_entry(of_feed))],
        "date": date_of_feed(fields),
        "source_url": link_of(fields),
        "tags": [*dict.fromkeys(filter(None, _tags(fields)))],
        "status": status,
    }
    return StoredPost(f"<body>{content_of(fields)}", known, () if is_whole(text) else (CUT_OFF,))


def content_of(fields: Sequence[XmlField]) -> str:
    """Return the whole content of a post as HTML; "" if the feed has only its beginning."""
    for one in fields:
        if _plain(one.name) == "content:encoded" and one.text.strip():
            return one.text
        if _plain(one.name) == "content" and one.attributes.get("src") is None and one.markup.strip():
            kind = one.attributes.get("type", "text")
            if kind == "xhtml":
                return re.sub(r"(</?)\w+:(?=\w)", r"\1", one.markup)
            return one.text if "html" in kind else with_paragraphs(escape(one.text))
    if (entry := value(fields, "event")) and value(fields, "itemid"):
        return _of_journal(entry)
    found = _first_text(fields, "description", "summary")
    whole = _BLOCK.search(found) and len(re.sub(r"<[^<>]*>|\s", "", found)) >= _FEWEST_LETTERS
    return found if whole and not _SHORTENED.search(found[-400:]) else ""


def title_of_feed(fields: Sequence[XmlField]) -> str:
    """Return the title of a post, on one line; "" if it has none."""
    return title_of(_first_text(fields, "title", "subject"))


def _of_journal(entry: str) -> str:
    r"""Return an entry of LiveJournal as HTML: line ends are breaks, a user is a name.

    >>> _of_journal("A walk with <lj user='ann'>.\n\n<lj-cut text='more'>Home.</lj-cut>")
    '<p>A walk with <b>ann</b>.</p><p>Home.</p>'
    """
    return with_paragraphs(_JOURNAL_CUT.sub("", _JOURNAL_USER.sub(r"<b>\1</b>", entry)))


def link_of(fields: Sequence[XmlField]) -> str:
    """Return the URL of the page of a post; "" if there is none."""
    links = [one for one in fields if _plain(one.name) == "link"]
    of_atom = next((one.attributes["href"] for one in links if _is_page(one)), "")
    identifier = next(
        (one for one in fields if one.name == "guid" and one.attributes.get("isPermaLink") != "false"), None
    )
    written = (
        _first_text(fields, "feedburner:origLink"),
        of_atom,
        _first_text(fields, "link"),
        identifier.text if identifier else "",
    )
    return next((one.strip() for one in written if one.strip().startswith(("http://", "https://"))), "")


def blogger_kind(fields: Sequence[XmlField]) -> str:
    """Return what an entry of a Blogger export is, as `post`, `page`, `comment`, `settings`; "" in other feeds."""
    kinds = [one.attributes.get("term", "") for one in fields if one.attributes.get("scheme", "").endswith(KIND)]
    return kinds[0].rpartition("#")[2] if kinds else value(fields, "blogger:type").lower()


def is_feed_draft(fields: Sequence[XmlField]) -> bool:
    """Return whether Blogger, LiveJournal or the Atom Publishing Protocol says that only the author sees a post."""
    status = value(fields, "blogger:status")
    return (
        status not in {"", "LIVE"}
        or value(fields, "security") == "private"
        or any("draft>yes<" in one.markup for one in fields if one.name.endswith(":control"))
    )


def _plain(name: str) -> str:
    return name.removeprefix("atom:")


def _first_text(fields: Sequence[XmlField], *names: str) -> str:
    return next((one.text.strip() for name in names for one in fields if _plain(one.name) == name), "")


def _is_page(link: XmlField) -> bool:
    kind = link.attributes.get("rel", "alternate")
    return kind == "alternate" and bool(link.attributes.get("href"))


def _authors_of_entry(fields: Sequence[XmlField]) -> Iterator[str]:
    """Yield the authors; a name in RSS may be behind an e-mail address: `ann@example.org (Ann Lee)`."""
    for one in fields:
        if _plain(one.name) in {"author", "dc:creator"}:
            inner = _first_text(xml_fields(f"<a>{one.markup}"), "name") if "<" in one.markup else one.text
            inner = title_of(inner or one.text)
            name = re.sub(r"\A(?=\S++\s++\()\S+@\S+\s+\((.+)\)\Z", r"\1", inner)
            if name and "@" not in name and "<" not in name:
                yield name


def _tags(fields: Sequence[XmlField]) -> Iterator[str]:
    for one in fields:
        given = one.attributes
        if one.name in {"category", "dc:subject"} and not given.get("scheme", "").endswith(KIND):
            yield title_of(given.get("label") or given.get("term") or one.text)
        elif one.name == "taglist":
            yield from map(title_of, one.text.split(","))


def date_of_feed(fields: Sequence[XmlField]) -> str:
    """Return when a post was published, as ISO 8601 if its feed says it as e-mails do."""
    names = (
        "published",
        "pubDate",
        "dc:date",
        "issued",
        "dcterms:created",
        "eventtime",
        "logtime",
        "updated",
        "modified",
    )
    written = _first_text(fields, *names)
    try:
        return parsedate_to_datetime(written).isoformat()
    except (ValueError, TypeError, IndexError):
        return written
