"""Read the metadata of a document (title, authors, source, date, language) and remove its front matter."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

from pipeline.changes import Change
from pipeline.document import Document, FrontValue, Metadata, Step
from pipeline.language.identification import language_of
from pipeline.markdown import BlockGroup, block_groups, heading_text, inline_tokens, line_starts
from pipeline.markdown.front_matter import front_matter_of
from pipeline.steps.controls import stripped
from pipeline.steps.dates import date_in
from pipeline.steps.profiles import profile_applies, profile_of, profiles_digest

FRONT_MATTER_KEYS = {
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
SOURCE_LINE = re.compile(  # a known label, or any short label in a quotation
    rf"(?:[>\s*_]*(?:{SOURCE_LABELS})|>\s*\S{{1,12}})[*_]*\s*[:：]\s*[*_]*<?(https?://[^\s>]+)",
    re.IGNORECASE,
)
LANGUAGE_TAG = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?"
)  # RFC 5646: language, script, region
MOST_TITLE_CHARACTERS = 500  # characters of a title or a name; a cover shows 300 at most
MOST_NESTED_TAGS = 4  # levels of tags in a title
UNTITLED = "untitled"
# UAX 9: embeddings, overrides, isolates. In contents, lists and reports they would reorder the words around a title.
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PAIRED_TAGS = re.compile(  # a title about tags has spaces inside them, or code marks around
    r"(?<!`)<(a|abbr|b|big|cite|code|del|em|font|i|ins|mark|q|s|small|span|strong|sub|sup|tt|u)(?:\s[^<>]{0,200})?>"
    r"(?!\s)([^<>]{1,500})(?<!\s)</\1>(?!`)",
    re.IGNORECASE,
)
_BREAK_TAG = re.compile(r"(?<=\S)\s*<(?:br|wbr)\s*/?>\s*(?=\S)", re.IGNORECASE)
HEADING_MARKS = re.compile(r"#|^[ \t>]*[=-]+[ \t]*$", re.MULTILINE)
TOPIC = re.compile(r"/(?:tagged|tags?|topics?|categor(?:y|ies)|sections?)/")  # in a URL
SOURCE_LINES = 30  # lines from the top that may name the source


def describe(document: Document, *, profile: str = "") -> Document:
    """Read title, authors, source URL, date and language; remove the front matter from the text.

    `profile` is the site profile that the settings name.
    """
    found = front_matter_of(document.text)
    fields: dict[str, FrontValue] = {}
    if found and found.problem:
        document = document.noted("describe", f"the front matter cannot be read and stays in the text: {found.problem}")
    elif found:
        fields = {stripped(key): _stripped_value(value) for key, value in found.fields.items()}
        removal = Change("describe", (0, len(found.block)), found.block, "", "front matter is kept as metadata")
        document = replace(document.edited([removal]), meta=replace(document.meta, front_matter=found.block))
    meta = _metadata(document, fields)
    if profile and profile_applies(profile, meta.source_url):
        meta = replace(meta, profile=profile, profile_digest=profiles_digest(profile))
    if profile_of(meta).kicker_and_subtitle:
        kicker, subtitle = _around_title(document.text)
        meta = replace(meta, kicker=_one_line(kicker), subtitle=_one_line(subtitle))
    return replace(document, meta=meta)


def _metadata(document: Document, fields: dict[str, FrontValue]) -> Metadata:
    """Return the metadata: from the front matter, else from the text. Unused fields go to `extra`."""
    used: set[str] = set()
    written = {key.casefold(): key for key in reversed(fields)}  # `Title` and `title` are one field

    def given(name: str, read: Callable[[str], str]) -> str:
        for key in [written[name] for name in FRONT_MATTER_KEYS[name] if name in written]:
            value = fields[key]
            if isinstance(value, str | int) and (found := read(str(value))):
                if len(str(value)) <= MOST_TITLE_CHARACTERS:  # a value that was cut also stays in `extra`, in full
                    used.add(key)
                return found
        return ""

    title = given("title", _plain_line)
    source_url = given("source_url", _http_url) or source_named_in(document.text)
    date = given("date", date_in)
    language = given("language", _language_tag)
    authors = _author_names(fields, used) or document.meta.authors
    title = (
        title
        or document.meta.title
        or _one_line(_first_heading(document.text))
        or _one_line(document.path.stem)
        or UNTITLED
    )
    return replace(
        document.meta,
        title=title,
        authors=authors,
        source_url=source_url,
        date=date or document.meta.date or date_in(urlsplit(source_url).path) or date_in(title),
        language=language or language_of(document.text),
        extra=tuple((key, value) for key, value in fields.items() if key not in used),
    )


def _author_names(fields: dict[str, FrontValue], used: set[str]) -> tuple[str, ...]:
    """Return the authors, one or a list of them, and add their field to `used`."""
    written = {key.casefold(): key for key in reversed(fields)}
    for key in [written[name] for name in FRONT_MATTER_KEYS["authors"] if name in written]:
        value = fields[key]
        listed: list[FrontValue] = value if isinstance(value, list) else [value]
        names = [one["name"] if isinstance(one, dict) and "name" in one else one for one in listed]
        if value and all(isinstance(name, str) for name in names):
            if all(len(name) <= MOST_TITLE_CHARACTERS for name in names) and names == listed:
                used.add(key)
            return tuple(filter(None, map(_plain_line, names)))
    return ()


def _stripped_value(value: FrontValue) -> FrontValue:
    """Return a value of front matter, every text in it without what `controls` strips, at any depth."""
    if isinstance(value, dict):
        return {stripped(key): _stripped_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_stripped_value(item) for item in value]
    return stripped(value) if isinstance(value, str) else value


def _one_line(text: str) -> str:
    """Return a title or a name on one line, cut to LONGEST characters, without REORDERING characters."""
    line = " ".join(REORDERING.sub("", stripped(text)).split())
    return line if len(line) <= MOST_TITLE_CHARACTERS else f"{line[: MOST_TITLE_CHARACTERS - 1].rstrip()}…"


def _plain_line(text: str) -> str:
    """Return a title or a name as a reader sees it: without tags, entities decoded, on one line.

    >>> _plain_line("Don't <em>stop</em>&#33; Use <b>"), _plain_line("a < b > c &lt;i&gt;")
    ("Don't stop! Use <b>", 'a < b > c <i>')
    """
    for _ in range(MOST_NESTED_TAGS):
        text = _PAIRED_TAGS.sub(r"\2", text)
    return _one_line(entities_decoded(_BREAK_TAG.sub(" ", text)))


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


def _language_tag(text: str) -> str:
    """Return a BCP 47 tag in its usual case, `zh_TW.UTF-8` as zh-TW; empty if `text` is not a tag."""
    tag = text.strip().partition(".")[0].replace("_", "-")
    if not LANGUAGE_TAG.fullmatch(tag):
        return ""
    language, *rest = tag.split("-")
    cased = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in rest]  # noqa: PLR2004 - script, region
    return "-".join([language.lower(), *cased])


def _first_heading(text: str) -> str:
    """Return the text of the first heading of the highest level."""
    best, title = "h7", ""
    for group in block_groups(text):
        if HEADING_MARKS.search(group.text):
            for one, after in pairwise(group.blocks.tokens):
                if one.type == "heading_open" and one.tag < best and not _is_opaque(group, one.map):
                    best, title = one.tag, heading_text(inline_tokens(after.content, group.blocks.env))
        if best == "h1":
            break
    return title


def _is_opaque(group: BlockGroup, lines: list[int] | None) -> bool:
    """Return whether a block starts inside an opaque region: `# comment` between `{% highlight %}` and its end."""
    first = group.start + line_starts(group.text)[lines[0]] if lines else group.start
    return any(start < first < end for start, end, _ in group.opaque)


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


def source_named_in(text: str) -> str:
    """Return the URL in a line near the top that names the source, `> 原文：<https://…>`; empty if there is none."""
    quoted = False  # a line without a mark below a quoted one is quoted, too
    for line in text.split("\n", SOURCE_LINES)[:SOURCE_LINES]:
        quoted = bool(line.strip()) and (quoted or line.lstrip().startswith(">"))
        if "://" in line and (match := SOURCE_LINE.match(f"> {line.lstrip()}" if quoted else line)):
            return _http_url(match[1].rstrip(">)*_"))
    return ""


STEP = Step("describe", describe, version=7)
