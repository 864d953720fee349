"""Blocks of a post -> the same blocks, those in another language or direction marked: a German quotation, Arabic.

A block is marked with the attribute `lang`, and with `dir` if most of its letters run in the other direction. Names in
Han characters, kana or Hangul are marked in the paragraphs of other languages, because fonts differ by language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pipeline.books.pandoc_ast import BLOCK_TYPES, Node, all_nodes, class_names, is_node
from pipeline.language.paragraphs import is_at_least_as_likely, other_language, script_runs
from pipeline.language.written_in import han_language

# Letters of right-to-left scripts (Unicode 15, Bidi_Class R and AL); any other letter is counted as left-to-right.
RIGHT_TO_LEFT_LANGUAGES = {"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}  # ISO 639
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_LETTER = re.compile(r"[^\W\d_]")
_LANGUAGES = (  # of a direction, where too little text names the language; the first pattern that matches wins
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
_HAN_KANA_HANGUL = re.compile("[\u1100-\u11ff\u3041-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_PARAGRAPHS = {"Para", "Plain", "Header"}
_LISTS = {"BlockQuote", "BulletList", "OrderedList", "DefinitionList", "LineBlock", "Table"}  # whole, or their parts
_NOT_MARKED = {"Code", "CodeBlock", "Math", "RawBlock", "RawInline"}
_OUR_LINES = {"address"}  # divisions: the line about a missing image or a link, in the language of the post
LATIN_WORDS_FOR_EACH = (
    4  # words of a paragraph for each in the script of a post from right to left; then it is the post's
)
_NOT_IN_TEXT = {"Note", "Code", "CodeBlock", "Math"}


def is_right_to_left(language: str) -> bool:
    """Return whether `language` (BCP 47) is written from right to left.

    >>> is_right_to_left("ar-EG"), is_right_to_left("en")
    (True, False)
    """
    return language.split("-", maxsplit=1)[0] in RIGHT_TO_LEFT_LANGUAGES


def with_languages(blocks: list[Node], language: str) -> list[Node]:
    """Return the blocks of a post in `language` (BCP 47), those in another language or direction marked."""
    han = {tag for word in _words_of(blocks) if _HAN_KANA_HANGUL.search(word) and (tag := han_language(word))}
    return _PostMarks(language, han.pop() if len(han) == 1 else "").blocks(blocks)


class _PostMarks:
    """Marks the blocks of one post. `han` is the language of Han characters that may belong to several."""

    def __init__(self, language: str, han: str, within: str = "") -> None:
        self.language, self.han = language, han
        self.within = within  # the note or table whose paragraphs these are: their words are marked, not they
        self.direction = "rtl" if is_right_to_left(language) else "ltr"

    def blocks(self, blocks: list[Node]) -> list[Node]:
        """Return blocks, consecutive ones in one other language in one division; headings have attributes."""
        made: list[Node] = []
        marks = [(*self.mark_of(block), block["t"] == "Header") for block in blocks]
        for (direction, language, heading), pairs in groupby(zip(marks, blocks, strict=True), lambda pair: pair[0]):
            inner = _PostMarks(language, self.han, self.within) if language else self
            nodes = [inner.part(block) for _, block in pairs]
            attributes = [["dir", direction]] * bool(direction) + [["lang", language]]
            if language and heading:
                made += [
                    node | {"c": [node["c"][0], [node["c"][1][0], [], attributes], node["c"][2]]} for node in nodes
                ]
            elif (
                language and nodes[0]["t"] in _PARAGRAPHS and (self.within == "Note" or (self.within and not direction))
            ):
                made += [node | {"c": [{"t": "Span", "c": [["", [], attributes], node["c"]]}]} for node in nodes]
            elif language:
                made.append({"t": "Div", "c": [["", [], attributes], nodes]})
            else:
                made += nodes
        return made

    def mark_of(self, block: Node) -> tuple[str, str]:
        """Return the direction and language of a block, each empty if it is that of the post."""
        if block["t"] not in _PARAGRAPHS | _LISTS:
            return "", ""
        text = " ".join(_words_of(block))
        letters = "".join(_LETTER.findall(text))
        direction = self.direction_of(text)
        language = other_language(text, self.language)
        if direction == self.direction and is_right_to_left(language or self.language) != (direction == "rtl"):
            language = ""  # a few words of the post's language between many names
        if direction != self.direction:
            language = language or next((name for pattern, name in _LANGUAGES if pattern.search(letters)), "en")
        if block["t"] in _LISTS - {"Table"} and language and not self.is_whole(block, language):
            return "", ""
        return direction if direction != self.direction else "", language

    def direction_of(self, text: str) -> str:
        """Return the direction of a paragraph by its words: `پنل «Sources»` runs as the Persian post around it.

        Names and commands in Latin letters do not turn a paragraph that has a word in the script of the post for each
        three of theirs.
        """
        words = [word for word in text.split() if _LETTER.search(word)]
        right = sum(_RIGHT_TO_LEFT.search(word) is not None for word in words)
        if not words:
            return self.direction
        if self.direction == "rtl":
            return "rtl" if right * LATIN_WORDS_FOR_EACH >= len(words) else "ltr"
        return "rtl" if 2 * right > len(words) else "ltr"

    def is_whole(self, block: Node, language: str) -> bool:
        """Return whether no paragraph of a list or quotation is in the language or direction of the post."""
        paragraphs = [node for node in all_nodes(block["c"]) if node["t"] in _PARAGRAPHS]
        other = is_right_to_left(language) != (self.direction == "rtl")
        for node in paragraphs:
            text, found = " ".join(_words_of(node)), self.mark_of(node)[1]
            if found not in {"", language}:
                return False
            if (
                not found
                and _LETTER.search(text)
                and (other or not is_at_least_as_likely(text, language, self.language))
            ):
                return False
        return True

    def part(self, part: Any) -> Any:  # noqa: ANN401 - any part of an AST
        """Return a part of a block with the blocks and words in it marked."""
        if isinstance(part, dict):
            if _OUR_LINES.intersection(class_names(part)):
                return part
            inner = _PostMarks(self.language, self.han, part["t"]) if part["t"] in {"Note", "Table"} else self
            return part | {"c": inner.part(part["c"])} if "c" in part and part["t"] not in _NOT_MARKED else part
        if not isinstance(part, list) or not part:
            return part
        if all(isinstance(item, dict) and item.get("t") in BLOCK_TYPES for item in part):
            return self.blocks(part)
        return [made for item in part for made in self.items(item)]

    def items(self, item: Any) -> Iterator[Any]:  # noqa: ANN401 - the same
        """Yield what replaces an item of a list: words with names in other scripts become several nodes."""
        if not (is_node(item, "Str") and _HAN_KANA_HANGUL.search(item["c"]) and self.language):
            yield self.part(item)
            return
        runs = [*script_runs(item["c"], self.language, self.han)]
        if not any(run.language for run in runs):
            yield item
            return
        for run in runs:
            word = {"t": "Str", "c": run.text}
            yield {"t": "Span", "c": [["", [], [["lang", run.language]]], [word]]} if run.language else word


def _words_of(part: Any) -> Iterator[str]:  # noqa: ANN401 - any part of an AST
    """Yield the words of a part of an AST, without notes, code and formulas."""
    if isinstance(part, dict):
        if part.get("t") == "Str":
            yield part["c"]
        elif part.get("t") not in _NOT_IN_TEXT:
            yield from _words_of(part.get("c", []))
    elif isinstance(part, list):
        for item in part:
            yield from _words_of(item)
