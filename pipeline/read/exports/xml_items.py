"""XML of blogs and feeds -> its posts, and the fields of one: `<item><title>A &amp; B</title>` -> title `A & B`.

Exports are often no valid XML: they have control characters, bytes of other encodings, and end anywhere. So nothing
here parses XML. Posts and fields are found by their tags, outside of CDATA. No DTD is read, no entity is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

MOST_ITEMS = 100_000  # of one file; a larger one has to be split
MOST_FIELDS = 20_000  # of one post; WordPress writes one for each property of a post
MOST_UNENDED = 20  # fields of one post without an end; each is looked for as far as the end of the post
HEAD_BYTES = 65_536  # of a file, in which its first element is
_ITEM_MARK = re.compile(rb"<!\[CDATA\[|<!--|<(/?)(?:atom:)?(?:item|entry)(?=[\s>/])")
_FIELD = re.compile(r"<([A-Za-z][\w:.-]{0,80})((?:\s[^<>]*?)?)(/?)>")
_XML_ATTRIBUTE = re.compile(r"([\w:.-]{1,80})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_XML_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_FIRST_ELEMENT = re.compile(rb"<(?![?!])[^\s<>]{1,100}(?:\s[^<>]*)?>?")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_XML_DECLARATION_BYTES = re.compile(rb"\A\s*<\?xml[^<>]{0,200}\?>")


@dataclass(frozen=True, slots=True)
class XmlField:
    """An element in a post: its name with prefix, its attributes, its text, and what is between its tags as written."""

    name: str
    attributes: dict[str, str]
    text: str
    markup: str


def as_bytes_of_ascii(data: bytes) -> bytes:
    """Return bytes in which ASCII characters are one byte: UTF-16 with a byte order mark becomes UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
        return re.sub(r"\A(\ufeff?\s*<\?xml[^<>]{0,200}?)\s+encoding\s*=\s*[\"'][^\"']*[\"']", r"\1", text).encode()
    return data


def first_element(data: bytes) -> bytes:
    """Return the first tag of an XML file, with its attributes: that of its root; empty if there is none.

    >>> first_element(b"<?xml version='1.0'?><!-- <a> --><rss version='2.0'><channel>")
    b"<rss version='2.0'>"
    """
    found = _FIRST_ELEMENT.search(_COMMENT.sub(b"", as_bytes_of_ascii(data[:HEAD_BYTES])))
    return found[0] if found else b""


def declaration_of(data: bytes) -> bytes:
    """Return the XML declaration of a file, which names its encoding; empty if there is none."""
    found = _XML_DECLARATION_BYTES.match(data.removeprefix(b"\xef\xbb\xbf"))
    return found[0] if found else b""


def items_of(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return what is before the first post of a file, and its posts, which are `item` or `entry` elements.

    The last post of a file that is cut off has no end.

    >>> items_of(b"<a><item>1<![CDATA[</item>]]></item><item>2</item></a>")
    (b'<a>', [b'<item>1<![CDATA[</item>]]></item>', b'<item>2</item>'])
    """
    items: list[bytes] = []
    start, first, at = -1, len(data), 0
    while (mark := _ITEM_MARK.search(data, at)) and len(items) <= MOST_ITEMS:
        at = mark.end()
        if mark[0] in {b"<![CDATA[", b"<!--"}:
            end = data.find(b"]]>" if mark[0] == b"<![CDATA[" else b"-->", at)
            at = end if end >= 0 else at
        elif mark[1]:
            end = data.find(b">", at) + 1 or len(data)
            if start >= 0:
                items.append(data[start:end])
            start = -1
        else:
            if start >= 0:  # the one before has no end
                items.append(data[start : mark.start()])
            start = mark.start()
            first = min(first, start)
    if start >= 0:
        items.append(data[start:])
    return data[:first], items


def is_whole(item: str) -> bool:
    """Return whether a post has an end."""
    return re.search(r"</(?:atom:)?(?:item|entry)\s*>\s*\Z", item[-40:]) is not None


def xml_fields(item: str) -> list[XmlField]:
    """Return the elements directly in a post, or in another element, in order.

    >>> [(one.name, one.text) for one in xml_fields("<item><a x='1'>b &amp; <![CDATA[<i>&amp;</i>]]></a><c/></item>")]
    [('a', 'b & <i>&amp;</i>'), ('c', '')]
    """
    return [*_fields(item)]


def _fields(item: str) -> Iterator[XmlField]:
    outer = _FIELD.search(item)
    at = outer.end() if outer else len(item)
    unended = 0
    for _ in range(MOST_FIELDS):
        found = _FIELD.search(item, at)
        if not found or unended > MOST_UNENDED:
            return
        attributes = {name: _unescaped(one or other) for name, one, other in _XML_ATTRIBUTE.findall(found[2])}
        if found[3]:
            yield XmlField(found[1], attributes, "", "")
            at = found.end()
            continue
        inner, end = _end_of_field(item, found.end(), found[1])
        unended += end < 0
        markup = item[found.end() : inner] if end >= 0 else ""
        yield XmlField(found[1], attributes, _text_of(markup), markup)
        at = max(end, found.end())


def _end_of_field(item: str, at: int, name: str) -> tuple[int, int]:
    """Return where the content of an element ends, and its end tag; -1 if it has none. It begins at `at`."""
    mark = re.compile(rf"<!\[CDATA\[|</{re.escape(name)}\s*>")
    while found := mark.search(item, at):
        if found[0] != "<![CDATA[":
            return found.start(), found.end()
        end = item.find("]]>", found.end())
        at = end + 3 if end >= 0 else found.end()
    return -1, -1


def _text_of(markup: str) -> str:
    """Return the text that the content of an element stands for. A program may have forgotten to escape `]]>` in CDATA.

    >>> _text_of("a &lt; <![CDATA[&lt;]]>"), _text_of("<![CDATA[a ]]> b]]>")
    ('a < &lt;', 'a ]]> b')
    """
    bare = markup.strip()
    if bare.startswith("<![CDATA[") and bare.endswith("]]>") and bare.count("]]>") > bare.count("<![CDATA["):
        return _CONTROL.sub("", bare[9:-3].replace("]]]]><![CDATA[>", "]]>"))
    sections, end, rest = markup.rpartition("]]>")  # after the last end, no section ends: no search is in vain
    parts = _CDATA.split(sections + end)
    parts[-1] += rest
    parts[::2] = map(_unescaped, parts[::2])
    return _CONTROL.sub("", "".join(parts))


def _unescaped(text: str) -> str:
    """Return a text with characters for the entities of XML and HTML that end with a semicolon."""
    return _XML_ENTITY.sub(lambda match: unescape(match[0]), text)


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post of an export: its page as HTML, its fields as front matter, and warnings about it."""

    html: str
    fields: dict[str, object]
    notes: tuple[str, ...] = ()
