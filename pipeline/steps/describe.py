"""Read the metadata of a document (title, authors, source, date, language) and remove its front matter."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pipeline.changes import Change
from pipeline.document import Document, FrontValue, Metadata, Step
from pipeline.language.identification import identified
from pipeline.markdown import block_groups, heading_text, inline_tokens
from pipeline.markdown.front_matter import front_matter_of
from pipeline.patterns import SPACE_BEFORE
from pipeline.steps.bylines import byline_of, lines_below_title
from pipeline.steps.controls import stripped
from pipeline.steps.dates import date_in, date_in_path, date_of, is_ambiguous
from pipeline.steps.front_matter_keys import FRONT_MATTER_KEYS
from pipeline.steps.post_titles import comparable_words, names_something, title_of_text
from pipeline.steps.profiles import profile_applies, profile_of, profiles_digest
from pipeline.steps.titles import MOST_TITLE_CHARACTERS, one_line, plain_line

SOURCE_LABELS = (
    "原文|原文链接|原文地址|来源|出处|链接|原文網址|來源|元記事|出典|원문|출처"
    "|source|original|originally published at|via|permalink|источник|quelle|fuente|fonte"
)
SOURCE_LINE = re.compile(  # a known label, or any short label in a quotation
    rf"(?:[>\s*_]*+(?:{SOURCE_LABELS})|>\s*\S{{1,12}})[*_]*\s*[:：]\s*[*_]*<?(https?://[^\s>]+)",
    re.IGNORECASE,
)
LANGUAGE_TAG = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?"
)  # RFC 5646: language, script, region
_KEY_SIGNS = re.compile(r"[-_.: ]")
_MAIL_ADDRESS = re.compile(rf"{SPACE_BEFORE}[<(（](?=[^<>()（）\s]++[>)）])[^<>()（）\s]+@[^<>()（）\s]+[>)）]\s*\Z")
_SEVERAL_NAMES = re.compile(rf"{SPACE_BEFORE}[、；]\s*|;\s+|(?<!\s)\s++(?:and|&)\s+(?=\S+\s\S)|,\s+(?=[^\s,]+\s[^\s,])")
_TIME_OF_DAY = re.compile(r"\d:\d\d|\d{9}")  # 08:30, or seconds since 1970
UNTITLED = "untitled"
TOPIC = re.compile(r"/(?:tagged|tags?|topics?|categor(?:y|ies)|sections?)/")  # in a URL
SOURCE_LINES = 30  # lines from the top that may name the source; formatting changes how many blank ones are between


def describe(document: Document, *, profile: str = "", language: str = "") -> Document:
    """Read title, authors, source URL, date and language; remove the front matter from the text.

    `profile` is the site profile that the settings name. `language` is that of posts too short to know it.
    """
    found = front_matter_of(document.text)
    fields: dict[str, FrontValue] = {}
    if found and found.problem:
        document = document.noted("describe", f"the front matter cannot be read and stays in the text: {found.problem}")
    elif found:
        fields = {stripped(key): _stripped_value(value) for key, value in found.fields.items()}
        removal = Change("describe", (0, len(found.block)), found.block, "", "front matter is kept as metadata")
        document = replace(document.edited([removal]), meta=replace(document.meta, front_matter=found.block))
    meta = _metadata(document, fields, language)
    if doubtful := _ambiguous_date(document, fields, meta):
        document = document.noted("describe", f"the date {doubtful} has two readings; write it as YYYY-MM-DD")
    if profile and profile_applies(profile, meta.source_url):
        meta = replace(meta, profile=profile, profile_digest=profiles_digest(profile))
    if profile_of(meta).kicker_and_subtitle:
        kicker, subtitle = _around_title(document.text)
        meta = replace(meta, kicker=one_line(kicker), subtitle=one_line(subtitle))
    return replace(document, meta=meta)


def _metadata(document: Document, fields: dict[str, FrontValue], likely: str) -> Metadata:
    """Return the metadata: from the front matter, else from the text. Unused fields go to `extra`.

    `likely` is the language of a text that is too short to know it.
    """
    used: set[str] = set()
    written = {_plain_key(key): key for key in reversed(fields)}  # `Title` and `title` are one field

    def given(name: str, read: Callable[[str], str]) -> str:
        for key in [written[name] for name in FRONT_MATTER_KEYS[name] if name in written]:
            value = fields[key]
            if isinstance(value, dict):  # the API of WordPress: {"rendered": "A walk"}
                value = value.get("rendered")
            if isinstance(value, str | int) and (found := read(str(value))):
                if _is_held_whole(name, str(value)):
                    used.add(key)
                return found
        return ""

    title = given("title", plain_line)
    names = f"{title} {document.path.stem}"
    source_url = given("source_url", _http_url) or given("page_url", lambda text: _own_url(text, names))
    source_url = source_url or source_named_in(document.text)
    date = given("date", date_of)
    language = given("language", _language_tag)
    found = identified(document.text, _language_tag(likely))
    byline = byline_of(lines_below_title(document.text, titled=bool(title)))
    authors = _author_names(fields, used) or document.meta.authors or byline.authors
    title = title or document.meta.title or one_line(title_of_text(document.text, document.path.stem)) or UNTITLED
    return replace(
        document.meta,
        title=title,
        authors=authors,
        source_url=source_url,
        date=date
        or document.meta.date
        or byline.date
        or date_in_path(urlsplit(source_url).path)
        or date_in_path(document.path.with_suffix("").as_posix())
        or date_in(title),
        language=language or found.language,
        short=found.short and not language,
        extra=tuple((key, value) for key, value in fields.items() if key not in used),
    )


def _is_held_whole(field: str, value: str) -> bool:
    """Return whether the metadata hold all that a value says. If not, it also stays in `extra`, as written.

    >>> _is_held_whole("date", "5 March 2021"), _is_held_whole("date", "2021-03-05T08:30:00Z")
    (True, False)
    """
    return len(value) <= MOST_TITLE_CHARACTERS and not (field == "date" and _TIME_OF_DAY.search(value))


def _ambiguous_date(document: Document, fields: dict[str, FrontValue], meta: Metadata) -> str:
    """Return the date of a document that has two readings, as written; empty if there is none, or another date."""
    if meta.date:
        return ""
    values = [str(value) for key, value in fields.items() if _plain_key(key) in FRONT_MATTER_KEYS["date"]]
    found = next(filter(is_ambiguous, values), "")
    return found or byline_of(lines_below_title(document.text, titled="title" in map(_plain_key, fields))).ambiguous


def _author_names(fields: dict[str, FrontValue], used: set[str]) -> tuple[str, ...]:
    """Return the authors, one or a list of them, and add their field to `used`."""
    written = {_plain_key(key): key for key in reversed(fields)}
    for key in [written[name] for name in FRONT_MATTER_KEYS["authors"] if name in written]:
        value = fields[key]
        listed: list[FrontValue] = value if isinstance(value, list) else [value]
        names = [one["name"] if isinstance(one, dict) and "name" in one else one for one in listed]
        names = [part for name in names for part in (_SEVERAL_NAMES.split(name) if isinstance(name, str) else [name])]
        if value and all(isinstance(name, str) for name in names):
            if all(len(name) <= MOST_TITLE_CHARACTERS for name in names) and names == listed:
                used.add(key)
            return tuple(filter(None, (plain_line(_MAIL_ADDRESS.sub("", str(name))) for name in names)))
    return ()


def _plain_key(key: str) -> str:
    """Return the name of a field in the form of FRONT_MATTER_KEYS: `publishedAt`, `published_at` -> `publishedat`."""
    return _KEY_SIGNS.sub("", key.casefold().rpartition(":")[2] if key.casefold().startswith("wp:") else key.casefold())


def _stripped_value(value: FrontValue) -> FrontValue:
    """Return a value of front matter, every text in it without what `controls` strips, at any depth."""
    if isinstance(value, dict):
        return {stripped(key): _stripped_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stripped_value(item) for item in value]
    return stripped(value) if isinstance(value, str) else value


def _language_tag(text: str) -> str:
    """Return a BCP 47 tag in its usual case, `zh_TW.UTF-8` as zh-TW; empty if `text` is not a tag."""
    tag = text.strip().partition(".")[0].replace("_", "-")
    if not LANGUAGE_TAG.fullmatch(tag):
        return ""
    language, *rest = tag.split("-")
    cased = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in rest]  # noqa: PLR2004 - script, region
    return "-".join([language.lower(), *cased])


def _around_title(text: str) -> tuple[str, str]:
    """Return the kicker and the subtitle: h2 headings between the title and the first image.

    A kicker is a link to a topic. A subtitle follows a kicker, or is bold as a whole.
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


def _http_url(text: str) -> str:
    """Return `text` if it is an http or https URL; empty if not."""
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return ""
    return text if host and re.match(r"https?://\S+\Z", text) else ""


def _own_url(text: str, names: str) -> str:
    """Return `text` if it is the URL of a post whose title and file name are `names`, not of a page that it is about.

    The last part of the path of such a URL says the same, or nothing, or the same in another script.

    >>> [_own_url(f"https://example.com/{path}", "By the sea") for path in ("2021/by-the-sea/", "p/12")]
    ['https://example.com/2021/by-the-sea/', 'https://example.com/p/12']
    >>> _own_url("https://example.com/why-we-sleep", "I am tired")
    ''
    """
    url = _http_url(text)
    slug = PurePosixPath(urlsplit(url).path).stem
    same = not names_something(slug) or not names.isascii() or comparable_words(slug) & comparable_words(names)
    return url if slug and same else ""


def source_named_in(text: str) -> str:
    """Return the URL in a line near the top that names the source, `> 原文：<https://…>`; empty if there is none."""
    quoted = False  # a line without a mark below a quoted one is quoted, too
    left = SOURCE_LINES
    for line in StringIO(text, newline="\n"):
        left -= bool(line.strip())
        if left < 0:
            break
        quoted = bool(line.strip()) and (quoted or line.lstrip().startswith(">"))
        if "://" in line and (match := SOURCE_LINE.match(f"> {line.lstrip()}" if quoted else line)):
            return _http_url(match[1].rstrip(">)*_"))
    return ""


STEP = Step("describe", describe, version=13, decided="metadata")
