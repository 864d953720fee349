"""Functions that create, read and walk the nodes of a pandoc AST.

The AST is pandoc's JSON (pandoc-types 1.23): a node is {"t": type, "c": content}. A part of an AST is a node, a list of
parts, or a string or number.
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
BLOCK_TYPES = {
    "Plain", "Para", "LineBlock", "CodeBlock", "RawBlock", "BlockQuote", "OrderedList", "BulletList", "DefinitionList",
    "HorizontalRule", "Header", "Table", "Figure", "Div",
}  # fmt: skip
MOST_LINK_CHARACTERS = 2_000  # characters of a URL that becomes a link; Typst refuses more than 8,000
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_UNPRINTABLE_HINTS = (rb"\u00", rb"\b", rb"\f", b"\xef\xbf")  # a fast pre-filter for the expression below
_NOT_XML_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*+\\(?:u00[01]|[bf])|\xef\xbf[\xbe\xbf]")
LINKABLE_SCHEMES = {"http", "https", "mailto"}


def printable(text: str) -> str:
    r"""Return a text in which the characters that XML forbids are replaced by U+FFFD.

    >>> printable("a\x1bb")
    'a\ufffdb'
    """
    return _NOT_XML.sub("\ufffd", text)


def holds_unprintable(part: object) -> bool:
    """Return whether a string anywhere in a part of a book has a character that `printable` replaces.

    This is faster than `all_printable`.
    """
    try:
        data = msgspec.json.encode(part, enc_hook=str)
    except UnicodeEncodeError:  # a surrogate
        return True
    return any(sign in data for sign in _UNPRINTABLE_HINTS) and _NOT_XML_IN_JSON.search(data) is not None


def all_printable(part: Any) -> Any:  # noqa: ANN401 - any part of a book
    """Return a part of a book (dataclasses, containers, strings) with `printable` applied to every string."""
    if isinstance(part, str):
        return printable(part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{one.name: all_printable(getattr(part, one.name)) for one in fields(part)})
    if isinstance(part, dict):
        return {name: all_printable(value) for name, value in part.items()}
    return type(part)(map(all_printable, part)) if isinstance(part, list | tuple) else part


def ast_plain_text(node: Any) -> str:  # noqa: ANN401 - any part of an AST
    """Return the text of a part of an AST, without footnotes.

    >>> ast_plain_text({"t": "Emph", "c": text_nodes("two words")})
    'two words'
    """
    if isinstance(node, list):
        return "".join(map(ast_plain_text, node))
    if not isinstance(node, dict) or node["t"] == "Note":
        return ""
    if node["t"] in {"Space", "SoftBreak", "LineBreak"}:
        return " "
    if node["t"] in {"Str", "Code", "CodeBlock", "Math"}:
        return str(node["c"] if node["t"] == "Str" else node["c"][1])
    return ast_plain_text([part for part in node.get("c", []) if not isinstance(part, str)])


def text_nodes(text: str) -> list[Node]:
    """Return plain text as inline nodes.

    >>> text_nodes("two words")
    [{'t': 'Str', 'c': 'two'}, {'t': 'Space'}, {'t': 'Str', 'c': 'words'}]
    """
    words = (({"t": "Str", "c": word} if word else None, {"t": "Space"}) for word in text.split(" "))
    return [node for pair in words for node in pair if node][:-1]


def link_or_text(text: str, url: str) -> Node:
    """Return a link, or only its text if the URL is not safe."""
    word = {"t": "Str", "c": text}
    safe = safe_url(url)
    return {"t": "Link", "c": [NO_ATTRIBUTES, [word], [safe, ""]]} if safe else word


def left_to_right(text: str) -> Node:
    """Return a text marked as left-to-right, such as a URL or file name in a text of any direction."""
    return {"t": "Span", "c": [["", [], [["dir", "ltr"]]], text_nodes(text)]}


def with_changed_nodes(part: Any, changed: Callable[[Node], Node]) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST in which each node is replaced by `changed(node)`, inner nodes first."""
    if isinstance(part, list):
        return [with_changed_nodes(item, changed) for item in part]
    if not isinstance(part, dict):
        return part
    return changed(part | {"c": with_changed_nodes(part["c"], changed)} if "c" in part else part)


def with_changed_lists(part: Any, changed: Callable[[list[Any]], list[Any]]) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST in which each list is replaced by `changed(items)`, inner lists first."""
    if isinstance(part, list):
        return changed([with_changed_lists(item, changed) for item in part])
    return part | {"c": with_changed_lists(part["c"], changed)} if isinstance(part, dict) and "c" in part else part


def is_node(item: Any, kind: str) -> bool:  # noqa: ANN401 - any part of an AST
    """Return whether an item of a list is a node of a type, such as `Note`."""
    return isinstance(item, dict) and item.get("t") == kind


def with_link_targets(part: Any, target: Callable[[str, dict[str, str]], str]) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of an AST in which the URL of each link is replaced by `target(url, attributes)`.

    Where `target` returns "", the link is replaced by its text.
    """

    def replaced(item: Any) -> list[Any]:  # noqa: ANN401 - any part of an AST
        if not is_node(item, "Link"):
            return [item]
        (_, names, pairs), inner, (url, title) = item["c"]
        new = target(url, dict(pairs))
        return [{"t": "Link", "c": [["", names, []], inner, [new, title]]}] if new else inner

    return with_changed_lists(part, lambda items: [made for item in items for made in replaced(item)])


_AFTER_HOST = re.compile(r"(?<![a-z])[a-z]++:(?://[^/?#]*+)?", re.IGNORECASE)
_ESCAPED_IN_URL = re.compile(r"[\s<>\"{}|\\^`\[\]\x00-\x20]|%(?![0-9A-Fa-f]{2})")


def safe_url(url: str, base: str = "") -> str:
    """Return a URL made absolute and escaped; "" if it is not http, https or mailto, or longer than the limit.

    >>> safe_url("b c", "https://e.org/a"), safe_url("https://e.org/5%_off%20#[a]"), safe_url("javascript:alert(1)")
    ('https://e.org/b%20c', 'https://e.org/5%25_off%20#%5Ba%5D', '')
    """
    try:
        absolute = urljoin(base, url.strip())
        parts = urlsplit(absolute)
        host = parts.hostname if parts.port != 0 else ""
    except ValueError:
        return ""
    if (
        len(absolute) > MOST_LINK_CHARACTERS
        or parts.scheme not in LINKABLE_SCHEMES
        or not (parts.scheme == "mailto" or (host and re.fullmatch(r"[^\[\]]+|[0-9a-f:.]+", host)))
    ):
        return ""
    host_end = len(absolute) - len(_AFTER_HOST.sub("", absolute, count=1))
    return absolute[:host_end] + _ESCAPED_IN_URL.sub(lambda match: quote(match[0], safe=""), absolute[host_end:])


def div(name: str, blocks: list[Node]) -> Node:
    """Return a division of the class `name`."""
    return {"t": "Div", "c": [["", [name], []], blocks]}


def class_names(node: Node) -> list[str]:
    """Return the classes of a division; none for any other node."""
    return [*node["c"][0][1]] if node["t"] == "Div" else []


def para(*inlines: Node) -> Node:
    """Return a paragraph."""
    return {"t": "Para", "c": list(inlines)}


def all_nodes(part: Any, without: str = "") -> Iterator[Node]:  # noqa: ANN401 - any part of an AST
    """Yield every node in a part of an AST, parents before children; none of the type `without`, nor those in it."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if without and one.get("t") == without:
                continue
            if "t" in one:
                yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += reversed(one)


def depth_of(part: Any) -> int:  # noqa: ANN401 - any part of an AST
    """Return how many nodes enclose the most deeply nested node in a part of an AST.

    >>> depth_of({"t": "Para", "c": [{"t": "Emph", "c": text_nodes("word")}]})
    2
    """
    deepest = 0
    waiting: list[tuple[Any, int]] = [(part, 0)]
    while waiting:
        one, depth = waiting.pop()
        deepest = max(deepest, depth)
        inner, depth = (one.get("c", []), depth + 1) if isinstance(one, dict) else (one, depth)
        waiting += [(item, depth) for item in inner if isinstance(item, list | dict)] if isinstance(inner, list) else []
    return deepest


def pandoc_json(blocks: list[Node], meta: dict[str, Node]) -> bytes:
    """Return blocks and metadata as JSON for pandoc."""
    return msgspec.json.encode({"pandoc-api-version": API_VERSION, "meta": meta, "blocks": blocks})
