"""Blocks of a post -> the same blocks, those that are written in the other direction marked: Arabic in an English post.

A block's direction is that of most of its letters. A marked block has the attributes `dir` and `lang`.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

import msgspec

from pipeline.books.pandoc_ast import Node, all_nodes

# Letters of right-to-left scripts (Unicode 15, Bidi_Class R and AL); any other letter is counted as left-to-right.
RIGHT_TO_LEFT_LANGUAGES = {"ar", "fa", "he", "ur"}  # ISO 639
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_LETTER = re.compile(r"[^\W\d_]")
_LANGUAGES = (  # of a script; the first pattern that matches wins
    (re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]"), "he"),
    (re.compile("[\u0679\u0688\u0691\u06ba\u06be\u06c1\u06d2]"), "ur"),  # letters of Urdu alone
    (re.compile("[\u067e\u0686\u0698\u06a9\u06af\u06cc]"), "fa"),  # letters of Persian
    (_RIGHT_TO_LEFT, "ar"),
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7a3]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"),
    (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0400-\u04ff]"), "ru"),
    (re.compile("[\u0370-\u03ff]"), "el"),
)
_WHOLE_BLOCKS = {"Para", "Plain", "BlockQuote", "BulletList", "OrderedList", "DefinitionList", "LineBlock", "Table"}
_SPLIT_BLOCKS = {"BlockQuote", "BulletList", "OrderedList", "DefinitionList"}  # that may mix directions


def is_right_to_left(language: str) -> bool:
    """Return whether `language` (BCP 47) is written from right to left.

    >>> is_right_to_left("ar-EG"), is_right_to_left("en")
    (True, False)
    """
    return language.split("-", maxsplit=1)[0] in RIGHT_TO_LEFT_LANGUAGES


def with_directions(blocks: list[Node], language: str) -> list[Node]:
    """Return the blocks of a post in `language` (BCP 47), those in the other direction in divisions that say so."""
    post = "rtl" if is_right_to_left(language) else "ltr"
    if post == "ltr" and not _RIGHT_TO_LEFT.search(msgspec.json.encode(blocks).decode()):
        return blocks
    return _directed(blocks, post)


def _directed(blocks: list[Node], post: str) -> list[Node]:
    made: list[Node] = []
    marks = ((*_mark_of_block(block, post), block["t"] == "Header") for block in blocks)
    for (direction, language, heading), pairs in groupby(zip(marks, blocks, strict=True), lambda pair: pair[0]):
        group = [block for _, block in pairs]
        nodes = [_with_parts_directed(block, post) if not direction else block for block in group]
        attributes = [["dir", direction], ["lang", language]]
        if direction and heading:
            made += [node | {"c": [node["c"][0], [node["c"][1][0], [], attributes], node["c"][2]]} for node in nodes]
        elif direction:
            made.append({"t": "Div", "c": [["", [], attributes], nodes]})
        else:
            made += nodes
    return made


def _mark_of_block(block: Node, post: str) -> tuple[str, str]:
    """Return the direction and language of a block that is not written in the direction of its post; else "", ""."""
    if block["t"] not in {*_WHOLE_BLOCKS, "Header"}:
        return "", ""
    letters = "".join(_letters_of(block))
    right = len(_RIGHT_TO_LEFT.findall(letters))
    direction = "rtl" if 2 * right > len(letters) else "ltr"
    mixed = 0 < right < len(letters) and block["t"] in _SPLIT_BLOCKS and _has_part_in(block, post)
    if not letters or direction == post or mixed:
        return "", ""
    language = next((name for pattern, name in _LANGUAGES if pattern.search(letters)), "en")
    return direction, language


def _has_part_in(block: Node, post: str) -> bool:
    """Return whether a paragraph in a block is written in the direction of the post."""
    paragraphs = (node for node in all_nodes(block["c"]) if node["t"] in {"Para", "Plain"})
    return any(_letters_of(node) and _mark_of_block(node, post) == ("", "") for node in paragraphs)


def _letters_of(block: Node) -> list[str]:
    """Return the letters of the text of a block, without code and formulas."""
    return [letter for node in all_nodes(block) if node["t"] == "Str" for letter in _LETTER.findall(node["c"])]


def _with_parts_directed(part: Any, post: str) -> Any:  # noqa: ANN401 - any part of an AST
    """Return a part of a block with the blocks in it directed."""
    if isinstance(part, dict):
        inner = part.get("t") in {*_SPLIT_BLOCKS, "Div", "Table"}
        return part | {"c": _with_parts_directed(part["c"], post)} if inner else part
    if not isinstance(part, list):
        return part
    if part and all(isinstance(item, dict) and item.get("t") in _BLOCKS_IN_LISTS for item in part):
        return _directed(part, post)
    return [_with_parts_directed(item, post) for item in part]


_BLOCKS_IN_LISTS = {*_WHOLE_BLOCKS, "Header", "CodeBlock", "Div", "Figure", "HorizontalRule"}
