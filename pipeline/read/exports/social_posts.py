"""Rows of JSON of Facebook, Instagram, Mastodon and Telegram -> posts as HTML, each with its date and author."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from pipeline.encoding.codecs import BYTES_AS_CHARACTERS
from pipeline.read.exports.wordpress_content import with_paragraphs

JsonRow: TypeAlias = Mapping[str, Any]
PUBLIC = ("https://www.w3.org/ns/activitystreams#Public", "as:Public")  # of ActivityPub: everybody may read it
CHANNELS = ("public_channel", "private_channel", "saved_messages")  # of Telegram; other chats are conversations
TAG_OF_ENTITY = {"bold": "b", "italic": "i", "strikethrough": "s", "code": "code", "blockquote": "blockquote"}
TIMES_OF_META = ("timestamp", "creation_timestamp", "created_timestamp")  # seconds since 1970
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|heic)\Z", re.IGNORECASE)
_MARKUP_TAG = re.compile(r"<[^<>]*>")
_LINE_END = re.compile(r"</p>|<br\s*/?>|<pre|\n")
_PRE_ELEMENT = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SocialPost:
    """A post: its text, its pictures and links, as HTML; its fields as front matter, with the date as ISO 8601."""

    text: str
    attached: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def first_line(self) -> str:
        """Return the first line of the text."""
        lines = (unescape(_MARKUP_TAG.sub("", line)).strip() for line in _LINE_END.split(self.text))
        return next(filter(None, lines), "")


def posts_of_notes(rows: Iterable[JsonRow]) -> Iterator[SocialPost]:
    """Yield the notes of Facebook; those without words are left out."""
    for row in rows:
        if text := _text_in(row, "text"):
            yield SocialPost(_plain_as_html(text), "", {"title": _text_in(row, "title"), "date": _date_of_rows([row])})


def posts_of_meta(rows: Iterable[JsonRow]) -> Iterator[SocialPost]:
    """Yield the posts of Facebook and Instagram; those without words are left out."""
    for row in rows:
        data = objects_in(row.get("data"))
        media = [one for place in objects_in(row.get("attachments")) for one in objects_in(place.get("data"))]
        files = [*objects_in(row.get("media")), *(one["media"] for one in media if isinstance(one.get("media"), dict))]
        alone = len(files) == 1 and "media" in row  # Instagram has the text of a post with one picture at the picture
        text = next(filter(None, (_text_in(one, "post") for one in data)), "")
        of_instagram = _text_in(row, "title") if "media" in row else ""
        text = text or of_instagram or (_text_in(files[0], "title") if alone else "")
        links = [one["external_context"] for one in media if isinstance(one.get("external_context"), dict)]
        captions = ["" if _text_in(one, "description") == text else _text_in(one, "description") for one in files]
        if not text and not any(captions):
            continue
        shown = [_file_as_html(_text_in(one, "uri"), "", said) for one, said in zip(files, captions, strict=True)]
        linked = [_link_as_html(_text_in(one, "url"), _text_in(one, "name")) for one in links]
        yield SocialPost(_plain_as_html(text), "".join((*shown, *linked)), {"date": _date_of_rows([row, *files[:1]])})


def posts_of_outbox(items: Iterable[JsonRow]) -> Iterator[SocialPost]:
    """Yield the posts of an outbox of ActivityPub, as Mastodon exports it; answers to other people are left out.

    What not everybody may read is a draft.
    """
    for item in items:
        post = item.get("object")
        if not isinstance(post, dict) or not _text_in(post, "content"):
            continue
        author, answered = _text_in(post, "attributedTo") or _text_in(item, "actor"), post.get("inReplyTo")
        if answered and not str(answered).startswith(f"{author}/"):
            continue
        warning = escape(_text_in(post, "summary"), quote=False)
        html = (f"<p><b>{warning}</b></p>" if warning else "") + _text_in(post, "content")
        attached = objects_in(post.get("attachment"))
        files = (_file_as_html(_text_in(one, "url").removeprefix("/"), _text_in(one, "name")) for one in attached)
        languages = post.get("contentMap")
        readers = [*_strings_in(post, "to"), *_strings_in(post, "cc")]
        fields = {
            "authors": _handle(author),
            "date": _text_in(post, "published"),
            "source_url": _text_in(post, "url"),
            "language": next(iter(languages), "") if isinstance(languages, dict) else "",
            "status": "" if any(one in PUBLIC for one in readers) else "draft",
        }
        yield SocialPost(html, "".join(files), fields)


def posts_of_channel(chat: JsonRow) -> Iterator[SocialPost]:
    """Yield the messages with text of a Telegram channel, or of the messages that a person saved; of no other chat."""
    for message in objects_in(chat.get("messages")) if chat.get("type") in CHANNELS else ():
        entities = message.get("text_entities") or message.get("text")
        parts = entities if isinstance(entities, list) else [entities]
        html = "".join(map(_entity_as_html, parts))
        if message.get("type") != "message" or not html.strip():
            continue
        names = (_text_in(message, name) for name in ("forwarded_from", "author", "from"))
        photo = _text_in(message, "photo")
        shown = "" if photo.startswith("(") else _file_as_html(photo)  # `(File not included. …)`
        fields = {"authors": next(filter(None, names), ""), "date": _text_in(message, "date")}
        pieces = enumerate(_PRE_ELEMENT.split(html))
        yield SocialPost("".join(one if at % 2 else with_paragraphs(one) for at, one in pieces), shown, fields)


def _entity_as_html(entity: object) -> str:
    """Return a piece of a message of Telegram as HTML: a str, or an object with its kind.

    >>> _entity_as_html({"type": "text_link", "text": "a < b", "href": "https://e.org/"})
    '<a href="https://e.org/">a &lt; b</a>'
    """
    if isinstance(entity, str):
        return escape(entity, quote=False)
    if not isinstance(entity, dict):
        return ""
    kind, text = _text_in(entity, "type"), escape(str(entity.get("text") or ""), quote=False)
    if kind == "pre":
        language = escape(_text_in(entity, "language"))
        return f'<pre><code class="language-{language}">{text}</code></pre>' if language else f"<pre>{text}</pre>"
    if kind in {"text_link", "link"}:
        return f'<a href="{escape(_text_in(entity, "href") or _text_in(entity, "text"))}">{text}</a>'
    tag = TAG_OF_ENTITY.get(kind)
    return f"<{tag}>{text}</{tag}>" if tag else text


def undone_bytes(found: Any) -> Any:  # noqa: ANN401 - JSON
    r"""Return JSON with its texts decoded again if it has their bytes of UTF-8 as characters, as Facebook exports it.

    >>> undone_bytes([{"post": "caf\u00c3\u00a9"}]), undone_bytes(["caf\u00e9", "\u00c3\u00a9"])
    ([{'post': 'café'}], ['café', 'Ã©'])

    A file is so as a whole: it has no character above U+00FF, and most texts are valid UTF-8.
    """
    texts = [one for one in _texts_in_json(found) if not one.isascii()]
    decoded = {one: made for one in texts if (made := _decoded_again(one))}
    if 2 * len(decoded) <= len(set(texts)) or any(max(one) > "\xff" for one in texts):
        return found
    return _with_texts(found, decoded)


def _decoded_again(text: str) -> str:
    try:
        return text.encode(BYTES_AS_CHARACTERS).decode()
    except UnicodeError:
        return ""


def _texts_in_json(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    for one in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _texts_in_json(one)


def _with_texts(found: Any, texts: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(found, str):
        return texts.get(found, found)
    if isinstance(found, dict):
        return {name: _with_texts(value, texts) for name, value in found.items()}
    return [_with_texts(one, texts) for one in found] if isinstance(found, list) else found


def _file_as_html(path: str, alternative: str = "", caption: str = "") -> str:
    """Return a picture of a post as a figure, any other file as a link; "" without a path."""
    if not path:
        return ""
    url = path if urlsplit(path).scheme else quote(path, safe="/%@:")
    if not _PICTURE_FILE.search(path.partition("?")[0]):
        return _link_as_html(url, alternative or caption or path.rpartition("/")[2])
    said = f"<figcaption>{escape(caption, quote=False)}</figcaption>" if caption else ""
    return f'<figure><img src="{escape(url)}" alt="{escape(alternative)}">{said}</figure>'


def _link_as_html(url: str, name: str) -> str:
    return f'<p><a href="{escape(url)}">{escape(name or url, quote=False)}</a></p>' if url else ""


def _handle(actor: str) -> str:
    """Return the name of a person from the URL of an account.

    >>> _handle("https://example.org/users/ann")
    '@ann@example.org'
    """
    parts = urlsplit(actor)
    name = parts.path.rpartition("/")[2].lstrip("@")
    return f"@{name}@{parts.hostname}" if name and parts.hostname else ""


def _date_of_rows(rows: Iterable[JsonRow]) -> str:
    """Return the first time that rows of Facebook or Instagram have, as ISO 8601."""
    seconds = next((row[name] for row in rows for name in TIMES_OF_META if isinstance(row.get(name), int)), None)
    try:
        return "" if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return ""


def _plain_as_html(text: str) -> str:
    return with_paragraphs(escape(text, quote=False))


def objects_in(found: object) -> list[dict[str, Any]]:
    """Return the objects of a list in JSON; none if it is no list.

    >>> objects_in([{"a": 1}, 2]), objects_in(None)
    ([{'a': 1}], [])
    """
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _strings_in(row: JsonRow, name: str) -> list[str]:
    found = row.get(name)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str)]


def _text_in(row: JsonRow, name: str) -> str:
    found = row.get(name)
    return found.strip() if isinstance(found, str) else ""
