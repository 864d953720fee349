"""Python values -> Typst markup, and markup -> nodes of pandoc's AST."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.books.pandoc_ast import Node
from pipeline.books.phrases import written_language

TYPST_REGIONS = {
    "zh-Hans": "CN",
    "zh-Hant": "TW",
}  # Typst has no scripts: a region selects the glyphs of Han characters


def typst_language(tag: str) -> dict[str, str]:
    """Return a BCP 47 tag as Typst's arguments for language and region.

    >>> typst_language("zh-Hant"), typst_language("")
    ({'lang': 'zh', 'region': 'TW'}, {'lang': 'en'})
    """
    language, *rest = written_language(tag).split("-")
    region = TYPST_REGIONS.get(written_language(tag)) or next((part for part in rest if len(part) == 2), "")  # noqa: PLR2004 - ISO 3166
    valid = language.lower() if re.fullmatch(r"[A-Za-z]{2,3}", language) else "en"
    return {"lang": valid} | ({"region": region.upper()} if region.isalpha() else {})


def typst_arguments(named: Mapping[str, object], *positional: object) -> str:
    """Return the arguments of a Typst function call.

    >>> typst_arguments({"title": "a"}, 1)
    '1, title: "a"'
    """
    values = [typst_literal(value) for value in positional] + [
        f"{name}: {typst_literal(value)}" for name, value in named.items()
    ]
    return ", ".join(values)


def typst_literal(value: object) -> str:
    r"""Return a str, int, bool, or list or dict of them as a Typst literal.

    >>> print(typst_literal(['a "b"', 1]), typst_literal({"a": True}))
    ("a \"b\"", 1, ) ("a": true, )
    """
    if isinstance(value, dict):
        inside = "".join(f"{typst_literal(name)}: {typst_literal(item)}, " for name, item in value.items())
        return f"({inside or ':'})"
    if isinstance(value, list):
        return "(" + "".join(f"{typst_literal(item)}, " for item in value) + ")"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\{c}" if c in '"\\' else c if c >= " " else f"\\u{{{ord(c):x}}}" for c in value) + '"'
    return str(value)


def typst_block(text: str) -> Node:
    """Return Typst markup as a block of pandoc's AST."""
    return {"t": "RawBlock", "c": ["typst", text]}


def typst_inline(text: str) -> Node:
    """Return Typst markup as an inline node of pandoc's AST."""
    return {"t": "RawInline", "c": ["typst", text]}
