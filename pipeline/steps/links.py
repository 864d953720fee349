"""Extract the links and images of a document, each with its canonical address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urljoin, urlsplit

from markdown_it.token import Token

from pipeline.document import Document, Link, Step
from pipeline.markdown import parse, plain

DEFAULT_PORTS = {"http": 80, "https": 443}
TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|yclid|spm|_hsenc|_hsmi|vero_id|wickedid|ref_src|ref_url|amp"
)  # parameters that name how the reader came, never what is shown
_NEVER_IN_ADDRESS = (
    r"\s<>\"'\u2000-\u206f\u3000-\u9fff\uac00-\ud7af\uff00-\uffef"  # spaces, quotes, CJK text and punctuation
)
BARE = re.compile(rf"https?://[^{_NEVER_IN_ADDRESS}]+[^{_NEVER_IN_ADDRESS}.,;:!?)\]*_]")


def extract_links(document: Document) -> Document:
    """Record every link and image: the address as written, made absolute and canonical, its text and its line."""
    return replace(document, links=tuple(_links(document.text, document.meta.source_url)))


def _links(text: str, base: str) -> Iterator[Link]:
    for block in parse(text):
        if block.type != "inline" or not block.children:
            continue
        line, inside = (block.map[0] if block.map else 0) + 1, False
        for at, child in enumerate(block.children):
            if child.type in {"softbreak", "hardbreak"}:
                line += 1
            elif child.type == "link_open":
                inside = True
                yield _link(child, "href", (_text_until_close(block.children[at + 1 :]), line), base)
            elif child.type == "link_close":
                inside = False
            elif child.type == "image":
                yield _link(child, "src", (plain(child.children), line), base)
            elif child.type == "text" and not inside:
                for match in BARE.finditer(child.content):
                    yield Link(match[0], canonical(match[0]), match[0], "link", line)


def _link(token: Token, attribute: str, place: tuple[str, int], base: str) -> Link:
    written = str(token.attrs.get(attribute, ""))
    kind = "image" if attribute == "src" else "link"
    return Link(written, canonical(written, base if kind == "link" else ""), place[0], kind, place[1])


def _text_until_close(tokens: list[Token]) -> str:
    end = next((at for at, token in enumerate(tokens) if token.type == "link_close"), len(tokens))
    return plain(tokens[:end])


def canonical(address: str, base: str = "") -> str:
    """Return the address absolute, its host in lower case, without what only tracks the reader; as it is if not http.

    All else stays as written: whoever serves it may tell the difference.

    >>> canonical("HTTP://Example.com/a?utm_source=x&id=1")
    'http://example.com/a?id=1'
    >>> canonical("/b", "https://example.com/a")
    'https://example.com/b'
    """
    try:
        parts = urlsplit(urljoin(base, address))
        port = parts.port
    except ValueError:
        return address
    if parts.scheme not in DEFAULT_PORTS:
        return address
    host = (
        parts.netloc.lower().removesuffix(f":{port}") if port == DEFAULT_PORTS[parts.scheme] else parts.netloc.lower()
    )
    query = "&".join(part for part in parts.query.split("&") if not _tracks(*part.partition("=")[::2]))
    return parts._replace(netloc=host, path=parts.path or "/", query=query).geturl()


def _tracks(key: str, value: str) -> bool:
    """Tell a tracking parameter: by name, or Medium's `source=...---...`, which names the list the reader came from."""
    return bool(TRACKING.fullmatch(key)) or (key == "source" and "---" in unquote(value))


STEP = Step("links", extract_links)
