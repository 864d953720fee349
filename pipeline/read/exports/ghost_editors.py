"""What Ghost's editors store (Lexical, Mobiledoc) -> HTML as the website shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec

from pipeline.read.exports.ghost_cards import html_of_card

DEEPEST_GHOST_NODE = 100  # levels of nodes in nodes; deeper ones are left out
_LEXICAL_FORMATS = ((16, "code"), (1, "strong"), (2, "em"), (4, "s"), (32, "sub"), (64, "sup"))  # bits of Lexical
_MOBILEDOC_MARKUPS = frozenset(("a", "b", "strong", "i", "em", "s", "code", "sub", "sup", "u"))
_MARKED_ELEMENTS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "aside"))
_MARKED_SECTION, _IMAGE_SECTION, _LIST_SECTION, _CARD_SECTION = 1, 2, 3, 10  # kinds of sections of Mobiledoc
_LIST_IN_ITEM, _ITEM_END = ("<li><ul>", "<li><ol"), "</li>"
StoredNode = Mapping[str, Any]


def html_of_lexical(text: str) -> str:
    """Return what Lexical stored as HTML; "" if it is not valid.

    >>> html_of_lexical('{"root":{"children":[{"type":"paragraph","children":[{"text":"A mill","format":1}]}]}}')
    '<p><strong>A mill</strong></p>'
    """
    root = _stored_json(text).get("root")
    return _html_inside(root, 0) if isinstance(root, Mapping) else ""


def html_of_mobiledoc(text: str) -> str:
    """Return what Mobiledoc stored as HTML; "" if it is not valid.

    >>> html_of_mobiledoc('{"markups":[["em"]],"sections":[[1,"p",[[0,[0],1,"A mill"],[0,[],0," here"]]]]}')
    '<p><em>A mill</em> here</p>'
    """
    stored = _stored_json(text)
    return "".join(_html_of_section(stored, one) for one in _list_in(stored, "sections"))


def _stored_json(text: str) -> StoredNode:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list_in(stored: StoredNode, name: str) -> list[Any]:
    found = stored.get(name)
    return found if isinstance(found, list) else []


def _html_inside(node: StoredNode, depth: int) -> str:
    if depth > DEEPEST_GHOST_NODE:
        return ""
    made = ""
    for one in _list_in(node, "children"):
        shown = _html_of_node(one, depth + 1) if isinstance(one, dict) else ""
        if shown.startswith(_LIST_IN_ITEM) and made.endswith(_ITEM_END):  # Lexical puts it into a separate item
            made, shown = made.removesuffix(_ITEM_END), shown.removeprefix("<li>")
        made += shown
    return made


def _html_of_node(node: StoredNode, depth: int) -> str:
    """Return a node of Lexical as HTML, with those in it."""
    if isinstance(node.get("text"), str) and "children" not in node and node.get("type") in _TEXT_NODES:
        return _html_of_text(node)
    kind = str(node.get("type") or "").removeprefix("extended-")
    if kind == "linebreak":
        return "<br>"
    tag = str(node.get("tag") or "")
    if kind == "list":
        tag = "ol" if node.get("listType") == "number" else "ul"
        start = node.get("start")
        begins = f' start="{start}"' if tag == "ol" and isinstance(start, int) and start != 1 else ""
        return f"<{tag}{begins}>{_html_inside(node, depth)}</{tag}>"
    if kind in {"link", "autolink", "at-link"}:
        return f'<a href="{escape(str(node.get("url") or ""))}">{_html_inside(node, depth)}</a>'
    block = {"paragraph": "p", "quote": "blockquote", "aside": "blockquote", "listitem": "li"}.get(kind, "")
    block = tag if kind == "heading" and tag in _MARKED_ELEMENTS else block
    if block:
        return f"<{block}>{_html_inside(node, depth)}</{block}>"
    return html_of_card(kind, node) or _html_inside(node, depth)


_TEXT_NODES = (None, "text", "extended-text", "tab", "code-highlight", "hashtag", "tk")


def _html_of_text(node: StoredNode) -> str:
    html = escape(str(node["text"]), quote=False)
    bits = node.get("format")
    for bit, tag in _LEXICAL_FORMATS:
        if isinstance(bits, int) and bits & bit:
            html = f"<{tag}>{html}</{tag}>"
    return html


def _html_of_section(stored: StoredNode, section: Any) -> str:  # noqa: ANN401 - JSON
    """Return a section of Mobiledoc as HTML."""
    match section:
        case [kind, str(tag), [*markers], *_] if kind == _MARKED_SECTION and tag.lower() in _MARKED_ELEMENTS:
            name = "blockquote" if tag.lower() == "aside" else tag.lower()
            return f"<{name}>{''.join(_html_of_markers(stored, markers))}</{name}>"
        case [kind, str(url), *_] if kind == _IMAGE_SECTION:
            return html_of_card("image", {"src": url})
        case [kind, str(tag), [*items], *_] if kind == _LIST_SECTION:
            name = "ol" if tag == "ol" else "ul"
            shown = "".join(
                f"<li>{''.join(_html_of_markers(stored, one))}</li>" for one in items if isinstance(one, list)
            )
            return f"<{name}>{shown}</{name}>"
        case [kind, int(at), *_] if kind == _CARD_SECTION:
            cards = _list_in(stored, "cards")
            card = cards[at] if 0 <= at < len(cards) else None
            if isinstance(card, list) and card and isinstance(card[0], str):
                return html_of_card(card[0], card[1] if len(card) > 1 and isinstance(card[1], dict) else {})
    return ""


def _html_of_markers(stored: StoredNode, markers: list[Any]) -> Iterator[str]:
    """Yield the pieces of a text with its markups, which markers open and close."""
    opened: list[str] = []
    for marker in markers:
        match marker:
            case [kind, [*opens], int(closes), content, *_]:
                for at in opens:
                    tag, attributes = _element_of_markup(stored, at)
                    opened.append(tag)
                    yield f"<{tag}{attributes}>" if tag else ""
                yield _html_of_atom(stored, content) if kind == 1 else escape(str(content), quote=False)
                for _ in range(min(closes, len(opened))):
                    tag = opened.pop()
                    yield f"</{tag}>" if tag else ""
    yield from (f"</{tag}>" for tag in reversed(opened) if tag)


def _element_of_markup(stored: StoredNode, at: Any) -> tuple[str, str]:  # noqa: ANN401 - JSON
    """Return the element of a markup, and its attributes; "" for one without an element."""
    markups = _list_in(stored, "markups")
    found = markups[at] if isinstance(at, int) and 0 <= at < len(markups) else None
    match found:
        case [str(tag), *more] if tag.lower() in _MOBILEDOC_MARKUPS:
            given = more[0] if more and isinstance(more[0], list) else []
            pairs = (
                dict(zip(given[::2], given[1::2], strict=False)) if all(isinstance(one, str) for one in given) else {}
            )
            return tag.lower(), f' href="{escape(pairs["href"])}"' if "href" in pairs else ""
    return "", ""


def _html_of_atom(stored: StoredNode, at: Any) -> str:  # noqa: ANN401 - JSON
    """Return an atom: a soft return is a line break, of others the text."""
    atoms = _list_in(stored, "atoms")
    match atoms[at] if isinstance(at, int) and 0 <= at < len(atoms) else None:
        case ["soft-return", *_]:
            return "<br>"
        case [str(), str(text), *_]:
            return escape(text, quote=False)
    return ""
