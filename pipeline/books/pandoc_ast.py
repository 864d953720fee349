"""A pandoc tree: its nodes made, read and walked.

The tree is pandoc's JSON (pandoc-types 1.23): a node is {"t": type, "c": content}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import msgspec

Node = dict[str, Any]

API_VERSION = [1, 23, 1, 1]  # of pandoc-types, the one pandoc 3.9 writes
NO_ATTRIBUTES: list[Any] = ["", [], []]
LONGEST_ADDRESS = 2_000  # characters of an address that still is a link; Typst refuses longer than 8,000
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_SIGNS = (rb"\u00", rb"\b", rb"\f", b"\xef\xbf")  # a quick look before the exact one
_NOT_XML_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*+\\(?:u00[01]|[bf])|\xef\xbf[\xbe\xbf]")
SCHEMES = {"http", "https", "mailto"}


def printable(text: str) -> str:
    r"""Return a text that every format can hold: characters that XML forbids become U+FFFD.

    >>> printable("a\x1bb")
    'a\ufffdb'
    """
    return _NOT_XML.sub("\ufffd", text)


def holds_unprintable(part: object) -> bool:
    """Tell whether a string anywhere in a part of a book holds what `printable` takes out; it is quick."""
    try:
        data = msgspec.json.encode(part, enc_hook=str)
    except UnicodeEncodeError:  # a surrogate
        return True
    return any(sign in data for sign in _SIGNS) and _NOT_XML_IN_JSON.search(data) is not None


def all_printable(part: Any) -> Any:  # noqa: ANN401 - any part of a book
    """Return a part of a book, each string in it as `printable` has it."""
    if isinstance(part, str):
        return printable(part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{one.name: all_printable(getattr(part, one.name)) for one in fields(part)})
    if isinstance(part, dict):
        return {name: all_printable(value) for name, value in part.items()}
    return type(part)(map(all_printable, part)) if isinstance(part, list | tuple) else part


def plain(node: Any) -> str:  # noqa: ANN401 - any part of a tree
    """Return the text of a tree's part."""
    if isinstance(node, list):
        return "".join(map(plain, node))
    if not isinstance(node, dict) or node["t"] == "Note":
        return ""
    if node["t"] in {"Space", "SoftBreak", "LineBreak"}:
        return " "
    if node["t"] in {"Str", "Code", "CodeBlock", "Math"}:
        return str(node["c"] if node["t"] == "Str" else node["c"][1])
    return plain([part for part in node.get("c", []) if not isinstance(part, str)])


def text_nodes(text: str) -> list[Node]:
    """Return a plain text as inline nodes."""
    words = (({"t": "Str", "c": word} if word else None, {"t": "Space"}) for word in text.split(" "))
    return [node for pair in words for node in pair if node][:-1]


def link(text: str, address: str) -> Node:
    """Return a link; where the address is unsafe or no address, its text."""
    word = {"t": "Str", "c": text}
    safe = safe_address(address)
    return {"t": "Link", "c": [NO_ATTRIBUTES, [word], [safe, ""]]} if safe else word


def left_to_right(text: str) -> Node:
    """Return a text that runs from left to right, whatever is around it: an address, a file's name."""
    return {"t": "Span", "c": [["", [], [["dir", "ltr"]]], text_nodes(text)]}


def retarget(part: Any, target: Callable[[str], str]) -> Any:  # noqa: ANN401 - any part of a tree
    """Return a tree's part, every link leading to `target` of its address; where that is empty, its text instead."""
    if isinstance(part, dict):
        return part | {"c": retarget(part["c"], target)} if "c" in part else part
    if not isinstance(part, list):
        return part
    made: list[Any] = []
    for item in part:
        if isinstance(item, dict) and item.get("t") == "Link":
            attributes, inner, (address, title) = item["c"]
            leads = target(address)
            made += [{"t": "Link", "c": [attributes, inner, [leads, title]]}] if leads else inner
        else:
            made.append(retarget(item, target))
    return made


def safe_address(written: str, base: str = "") -> str:
    """Return an address made absolute and safe to follow; empty if it is not http, https or mailto, or endless."""
    try:
        absolute = urljoin(base, written.strip())
        parts = urlsplit(absolute)
        host = parts.hostname if parts.port != 0 else ""
    except ValueError:
        return ""
    if (
        len(absolute) > LONGEST_ADDRESS
        or parts.scheme not in SCHEMES
        or not (parts.scheme == "mailto" or (host and re.fullmatch(r"[^\[\]]+|[0-9a-f:.]+", host)))
    ):
        return ""
    return re.sub(r"[\s<>\"{}|\\^`\x00-\x20]", lambda match: quote(match[0]), absolute)


def div(name: str, blocks: list[Node]) -> Node:
    """Return a block of the class `name`."""
    return {"t": "Div", "c": [["", [name], []], blocks]}


def para(*inlines: Node) -> Node:
    """Return a paragraph."""
    return {"t": "Para", "c": list(inlines)}


def nodes(part: Any) -> Iterator[Node]:  # noqa: ANN401 - any part of a tree
    """Yield every node of a tree's part, outer ones first."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "t" in one:
                yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += reversed(one)


def written(blocks: list[Node], meta: dict[str, Node]) -> bytes:
    """Return blocks and metadata as the JSON that pandoc reads."""
    return msgspec.json.encode({"pandoc-api-version": API_VERSION, "meta": meta, "blocks": blocks})
