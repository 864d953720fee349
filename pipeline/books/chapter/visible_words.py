"""Markdown of a post, and AST of its chapter -> the visible words of each, and those that the chapter lacks.

The post is parsed by markdown-it and an HTML parser, the chapter comes from pandoc. The two share no parser, so neither
hides the other's losses.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from rapidfuzz.distance import LCSseq

from pipeline.books.chapter.notes import with_each_note_once
from pipeline.books.html.dom import HIDDEN_ELEMENTS, parsed_html
from pipeline.books.html.raw_html import escaped_unless_closed, is_only_comments, with_open_tag_escaped
from pipeline.books.images.figures import is_caption
from pipeline.books.pandoc_ast import Node
from pipeline.markdown import heading_text
from pipeline.markdown.parsing import visible_text
from pipeline.patterns import lazy_pattern

INLINE_ELEMENTS = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup",
    "time", "tt", "u", "var", "wbr",
}  # fmt: skip
MOST_EXCERPTS = 3
MOST_EXCERPT_CHARACTERS = 80  # characters of an excerpt
MOST_ALIGNED_PRODUCT = 400_000_000  # largest product of two word counts that is aligned; needs 50 MB
_SKIPPED_ELEMENTS = {*HIDDEN_ELEMENTS, "noscript", "iframe", "math"}  # books show the TeX of formulas, not MathML
_NOTE_TOKENS = {"footnote_ref", "footnote_anchor"}  # tokens of note numbers and return arrows
_TASK_BOX = lazy_pattern(r"^([ \t>]*(?:[-*+]|\d+[.)])[ \t]+)\[[ xX]\](?=\s)", re.MULTILINE)  # of a task list item
_CALLOUT = lazy_pattern(r"^([ \t]*(?:>[ \t]*)+)\[![\w-]+\][+-]?(?=\s|$)", re.MULTILINE)  # the kind of a call-out
_RAW_HTML_TOKENS = {"html_block", "html_inline"}
_TEX_LABEL = lazy_pattern(r"\\label\s*\{[^{}]*\}")  # in TeX; invisible
_CJK_RANGES = (  # CJK characters: each counts as a word
    "\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b2ff\U00020000-\U0003ffff"
)
_SYMBOL_RANGES = "\u2190-\u24ff\u2600-\u260f\u2613-\u27bf\u2900-\u2bff\U0001f000-\U0001faff"  # except BALLOT BOXes
_VISIBLE_WORD = lazy_pattern(rf"[{_CJK_RANGES}]|[{_SYMBOL_RANGES}]|(?:[^\W_{_CJK_RANGES}]|[\u0300-\u036f])+")


class MissingWords(NamedTuple):
    """The number of missing words, and excerpts of the first ones."""

    words: int
    excerpts: tuple[str, ...]  # each of consecutive words


def missing_words(source: str, copy: str) -> MissingWords:
    """Return the words of `source` that `copy` lacks. Word order, and white space within words, do not matter.

    >>> missing_words("one two three", "three one").excerpts
    ('two',)
    >>> missing_words("foobar", "foo bar").excerpts
    ()
    """
    if "".join(source.split()) in "".join(copy.split()):
        return MissingWords(0, ())
    wanted, there = _words_in(source), _words_in(copy)
    lacking = Counter(wanted) - Counter(there)
    if not lacking:
        return MissingWords(0, ())
    only_wanted, only_there = _unaligned_indices(wanted, there)
    other_text = "\n".join("".join(there[at] for at in run) for run in _consecutive_runs(only_there))
    missing = _consecutive_runs([at for at in only_wanted if _take_lacking(lacking, wanted[at])])
    runs = [run for run in missing if "".join(wanted[at] for at in run) not in other_text]  # `foobar` as `foo`, `bar`
    excerpts = [" ".join(wanted[at] for at in run) for run in runs]
    shortened = (
        one if len(one) <= MOST_EXCERPT_CHARACTERS else one[: MOST_EXCERPT_CHARACTERS - 1] + "…"
        for one in excerpts[:MOST_EXCERPTS]
    )
    return MissingWords(sum(map(len, runs)), tuple(shortened))


def _words_in(text: str) -> list[str]:
    """Return the words of a text in NFKC; a CJK character or symbol is a word.

    >>> _words_in("two words, 漢字")
    ['two', 'words', '漢', '字']
    """
    return _VISIBLE_WORD.findall(unicodedata.normalize("NFKC", text.replace("\u00ad", "")))


def _unaligned_indices(wanted: list[str], there: list[str]) -> tuple[list[int], list[int]]:
    """Return the indices of the words of each list that are not in the longest common subsequence of both.

    Lists longer than `MOST_ALIGNED_PRODUCT` allows are not aligned: all indices are returned.
    """
    if len(wanted) * len(there) > MOST_ALIGNED_PRODUCT:
        return [*range(len(wanted))], [*range(len(there))]
    edits = LCSseq.editops(wanted, there)
    return (
        [edit.src_pos for edit in edits if edit.tag == "delete"],
        [edit.dest_pos for edit in edits if edit.tag == "insert"],
    )


def _consecutive_runs(indices: list[int]) -> list[list[int]]:
    """Return indices grouped into runs of consecutive ones.

    >>> _consecutive_runs([1, 2, 5])
    [[1, 2], [5]]
    """
    grouped = groupby(enumerate(indices), lambda pair: pair[1] - pair[0])
    return [[at for _, at in group] for _, group in grouped]


def _take_lacking(lacking: Counter[str], word: str) -> bool:
    """Return whether a word is still in the counter of lacking words, and remove it once."""
    lacking[word] -= 1
    return lacking[word] >= 0


def ast_visible_text(blocks: list[Node], *, maths: bool = True) -> str:
    """Return the text of an AST: also notes, once each, alternative texts and, with `maths`, the TeX of formulas."""
    parts: list[str] = []
    _collect_text(with_each_note_once(blocks), parts, maths)
    return "".join(parts)


def _collect_text(part: Any, parts: list[str], maths: bool) -> None:  # noqa: ANN401, FBT001 - any part of an AST
    for item in part:
        if isinstance(item, list):
            _collect_text(item, parts, maths)
        elif isinstance(item, dict):
            kind = item.get("t")
            if kind == "Str":
                parts.append(item["c"])
            elif kind in _TRANSPARENT_TYPES:
                _collect_text(item["c"], parts, maths)
            elif kind == "Code" or (kind == "Math" and maths):
                parts.append(item["c"][1])
            elif kind == "CodeBlock":
                parts += (" ", item["c"][1], " ")
            else:
                parts.append(" ")
                if kind not in _TEXTLESS_TYPES:
                    _collect_text(item.get("c", ()), parts, maths)
                    parts.append(" ")


_TRANSPARENT_TYPES = {
    "Emph",
    "Strong",
    "Strikeout",
    "Superscript",
    "Subscript",
    "Underline",
    "Link",
    "Span",
}  # separate no words
_TEXTLESS_TYPES = {"Space", "SoftBreak", "LineBreak", "Math", "HorizontalRule"}  # have no text


@cache
def _post_parser() -> MarkdownIt:
    """Return the parser of the Markdown dialect. It accepts links with any URL, because their text is visible."""
    made = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin).use(deflist_plugin)
    made.disable("footnote_inline")  # pandoc's dialect does not have them
    made.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - markdown-it's signature
    return made


def post_visible_text(text: str) -> str:
    r"""Return the visible text of a Markdown post, including the alternative texts of images.

    A caption that repeats an alternative text, as in `![A map](a.png)` before `A map, by hand`, counts once.

    >>> post_visible_text("# A *title*\n\n![A map](a.png)").split()
    ['A', 'title', 'A', 'map']
    """
    env: dict[str, Any] = {}
    tokens = _post_parser().parse(_CALLOUT.sub(r"\1", _TASK_BOX.sub(r"\1", _TEX_LABEL.sub("", text))), env)
    for token in tokens:
        token.children = [one for one in token.children or () if one.type not in _NOTE_TOKENS]
    tokens = [token for token in tokens if token.type not in _NOTE_TOKENS]
    for picture, caption in pairwise(token for token in tokens if token.type == "inline"):
        images = [one for one in picture.children or () if one.content.strip() or one.type == "image"]
        alone = len(images) == 1 and images[0].type == "image"
        if alone and _repeats(caption.children or [], visible_text(images)):
            images[0].children = []
    raw = [one for token in tokens for one in (token, *(token.children or ())) if one.type in _RAW_HTML_TOKENS]
    if all(is_only_comments(one.content) for one in raw):
        return "".join(_text_of_tokens(tokens))
    for token in tokens:
        if token.type == "html_block":
            token.content = with_open_tag_escaped(token.content)
        tags = [one for one in token.children or () if one.type == "html_inline"]
        for at, one in enumerate(tags):
            one.content = escaped_unless_closed(one.content, (later.content for later in tags[at + 1 :]))
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and inline.children and inline.children[-1].type == "text":
            inline.children[-1].content = heading_text(inline.children[-1:])
    return "".join(_text_of_elements(parsed_html(_post_parser().renderer.render(tokens, _post_parser().options, env))))


def _repeats(caption: list[Token], alt: str) -> bool:
    """Return whether a block below an image repeats its alternative text: it begins with it, or has it in italics."""
    words = visible_text(caption)
    italic = bool(caption) and caption[0].type == "em_open" and caption[-1].type == "em_close"
    return words.startswith(alt) or (italic and alt in words)


def _text_of_tokens(tokens: Iterable[Token]) -> Iterator[str]:
    """Yield the visible text of tokens without HTML."""
    heading = False
    for token in tokens:
        if token.type == "inline":
            yield heading_text(token.children) if heading else "".join(_text_of_tokens(token.children or ()))
        elif token.type in {"text", "code_inline", "fence", "code_block"}:
            yield token.content
        elif token.type == "image":
            yield _shown_alt("".join(_text_of_tokens(token.children or ())))
        elif token.block or token.type in {"softbreak", "hardbreak"}:
            yield " "
        heading = token.type == "heading_open"


def _shown_alt(alt: str) -> str:
    """Return an alternative text as separate words; none if it is only a file name, or says "image"."""
    return f" {alt} " if is_caption(alt) else " "


def _text_of_elements(elements: list[Any]) -> Iterator[str]:
    """Yield the visible text of HTML elements."""
    waiting: list[Any] = elements[::-1]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif one.name == "#text":
            yield one.data
        elif one.children is None or one.name in _SKIPPED_ELEMENTS or "hidden" in (one.attrs or {}):
            continue
        else:
            apart = "" if one.name in INLINE_ELEMENTS else " "
            yield _shown_alt(one.attrs.get("alt") or "") if one.name == "img" else apart
            waiting += [apart, *one.children[::-1]]
