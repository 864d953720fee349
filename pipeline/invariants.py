"""What a step may promise about the document it was given and the one it returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from markdown_it.token import Token
from rapidfuzz.distance import Indel

from pipeline.changes import apply, differing
from pipeline.document import Document, Invariant, SkipDocument
from pipeline.markdown import (
    CODE,
    URL,
    BlockGroup,
    Blocks,
    block_groups,
    code_spans,
    inline_meaning,
    of_other_kinds,
    opaque_spans,
    parse,
    parse_blocks,
)
from pipeline.markdown.pandoc import DIALECT, run_sandboxed

MOST_PARTS = 20_000  # beyond, the table that compares them would take over 100 MB
MOST_FOR_PANDOC = 200_000  # characters; pandoc is quadratic on some Markdown
PANDOC_SECONDS = 5

Parts = tuple[BlockGroup, ...]

_NO_WORD = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+|[\u3000\u00a0]+")
_MARKS = re.compile(r"[\s*_#>+\-|=~`\\]|</?(?:strong|em)>|<!-- -->")  # what may be a mark of Markdown, and white space
_CHECKED = re.compile(r"\[X\](?=[ \t])")  # a task that is done
_TAGS = re.compile("</?(?:strong|em)>")  # emphasis is no word, not even as HTML


def _explained(before: Document, after: Document) -> bool:
    known = len(before.changes)
    if after.changes[:known] != before.changes:
        return False
    try:
        return apply(before.text, after.changes[known:]) == after.text
    except ValueError:
        return False


def _words(text: str) -> str:
    return _NO_WORD.sub("", _TAGS.sub("", text))


def _code(text: str) -> list[str]:
    return [text[start:end] for start, end in code_spans(text)]


def _visible(text: str) -> str:
    """Return the characters of the source that no parser takes for marks, in order: `1978. *a*, b` -> `1978.a,b`."""
    return _MARKS.sub("", _CHECKED.sub("[x]", text))


def _opaque(text: str, but: Collection[str]) -> list[str]:
    return [text[start:end] for start, end, _ in of_other_kinds(opaque_spans(text), but)]


def _opaque_stays(but: Collection[str] = ()) -> Callable[[Document, Document], bool]:
    """Return the invariant that the opaque regions are in the text after, in order, unless their kind is in `but`.

    New regions may come: a colon outside `**https://e.org:**` ends the URL.
    """

    def holds(before: Document, after: Document) -> bool:
        return all(
            _contains_in_order(_text(new), _opaque(_text(old), but)) for old, new in _changed(before, after)
        ) or _contains_in_order(after.text, _opaque(before.text, but))

    return holds


def _contains_in_order(text: str, parts: Sequence[str]) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _code_blocks(text: str) -> list[str]:
    """Return the contents of code blocks, without their indentation in a list or a quotation."""
    return [token.content for token in parse_blocks(text).tokens if token.type in {"fence", "code_block"}]


def _links(text: str) -> list[str]:
    if "[" not in text and "<" not in text:
        return []
    children = (child for token in parse(text) for child in token.children or ())
    addresses = (child.attrs.get("href") or child.attrs.get("src") for child in children)
    return [str(address) for address in addresses if address]


def _same_meaning(before: Document, after: Document) -> bool:
    """Tell whether two texts mean the same: our parser decides the common case, pandoc where it cannot."""
    if all(_same_blocks(_blocks(old), _blocks(new)) for old, new in _changed(before, after)):
        return True
    old, new = _ended(before), _ended(after)
    return _same_blocks(parse_blocks(old), parse_blocks(new)) or _read_by_pandoc(old) == _read_by_pandoc(new)


def _changed(before: Document, after: Document) -> list[tuple[Parts, Parts]]:
    """Return the parts of the text that differ, each that can be parsed alone, with what became of them."""
    old, new = block_groups(before.text), block_groups(after.text)
    if len(old) == len(new):
        return [((a,), (b,)) for a, b in zip(old, new, strict=True) if a.text != b.text]
    if max(len(old), len(new)) > MOST_PARTS:
        return [((BlockGroup(0, before.text),), (BlockGroup(0, after.text),))]
    codes = Indel.opcodes([part.text for part in old], [part.text for part in new])
    return [(old[first:last], new[new_first:new_last]) for first, last, new_first, new_last in differing(codes)]


def _text(parts: Parts) -> str:
    return "\n\n".join(part.text for part in parts)


def _blocks(parts: Parts) -> Blocks:
    """Return the blocks of parts that follow each other; parsed as one if any defines what others may refer to."""
    each = [part.blocks for part in parts]
    if any(one.env for one in each):
        return parse_blocks(_text(parts) + "\n")
    return Blocks([token for one in each for token in one.tokens], {})


def _unchanged(of: Callable[[str], Sequence[str]]) -> Callable[[Document, Document], bool]:
    """Return the promise that what there is `of` a text is the same, in the same order."""

    def holds(before: Document, after: Document) -> bool:
        found = [(of(_text(old)), of(_text(new))) for old, new in _changed(before, after)]
        if all(old == new for old, new in found):
            return True
        return [x for old, _ in found for x in old] == [x for _, new in found for x in new]

    return holds


def _same_blocks(old: Blocks, new: Blocks) -> bool:
    """Tell whether two texts parse to the same blocks; what stands in them is parsed only where it differs."""
    if _defined(old) != _defined(new) or len(old.tokens) != len(new.tokens):
        return False
    return all(
        _block(a) == _block(b) and (a.content == b.content or _same_inline(a, b, old, new))
        for a, b in zip(old.tokens, new.tokens, strict=True)
    )


def _defined(parsed: Blocks) -> list[tuple[str, str, str]]:
    """Return the link targets that a text defines."""
    return [(name, ref["href"], ref["title"]) for name, ref in parsed.env.get("references", {}).items()]


def _block(token: Token) -> tuple[object, ...]:
    """Return what a block's token means, whatever marks it was written with."""
    kind = "fence" if token.type == "code_block" else token.type
    delimiter = token.markup if kind == "ordered_list_open" else ""
    return (
        kind,
        token.tag,
        token.hidden,
        delimiter,
        token.info.strip() if kind == "fence" else "",
        token.attrs,
        token.meta,
    )


def _same_inline(old: Token, new: Token, before: Blocks, after: Blocks) -> bool:
    if old.type == "html_block":
        return old.content.strip() == new.content.strip()
    if old.type != "inline":
        return False
    task = re.compile(r"\A\[X\] ")
    return inline_meaning(task.sub("[x] ", old.content), before.env) == inline_meaning(
        task.sub("[x] ", new.content), after.env
    )


def _read_by_pandoc(text: str) -> bytes:
    """Return the tree that pandoc reads, white space and line breaks made one; the text where it gives up."""
    if len(text) > MOST_FOR_PANDOC:
        return text.encode()
    try:
        tree = run_sandboxed("-f", DIALECT, "-t", "json", data=text.encode(), seconds=PANDOC_SECONDS)
    except SkipDocument:
        return text.encode()
    return re.sub(rb'(?:,?\{"t":"(?:Space|SoftBreak)"\})+', b"", tree)


def _letters(text: str) -> str:
    """Return the letters of the source text, in order. Wide and no-break spaces count: they are somebody's layout.

    Digits do not: lists are renumbered.
    """
    return "".join(_LETTERS.findall(text)).casefold()


def _most_changed(before: Document, after: Document) -> bool:
    """Tell whether three in four of the lines outside ASCII are no longer there: some letters are the same misread."""
    old = [line for line in before.text.split("\n") if not line.lstrip("\ufeff").isascii()]
    new = set(after.text.split("\n"))
    return sum(line not in new for line in old) * 4 >= len(old) * 3


def _ended(document: Document) -> str:
    """Return the text with its last line ended: the parser takes a last line that is not for other code."""
    return document.text if document.text.endswith("\n") else document.text + "\n"


EXPLAINED = Invariant("explained", _explained)
"""The step's changes are the whole difference between the two texts. Every step is held to it."""


SAME_WORDS = Invariant("same_words", _unchanged(_words))
"""The letters and digits of the source text are the same, in the same order."""

SAME_LETTERS = Invariant("same_letters", _unchanged(_letters))
"""The letters of the source text are the same, in order, even those that nothing shows: of an unused definition."""

VISIBLE_STAYS = Invariant("visible_stays", _unchanged(_visible))
"""Every character of the source that cannot be a mark of Markdown is the same, in order: numbers of lists, signs."""

OPAQUE_STAYS = Invariant("opaque_stays", _opaque_stays())
"""Opaque regions are the same to the character: code, maths, templates, HTML, wiki links, URLs."""

OPAQUE_BUT_URLS = Invariant("opaque_stays", _opaque_stays((URL,)))
"""Opaque regions are the same to the character, but URLs may change."""

OPAQUE_BUT_FENCES = Invariant("opaque_stays", _opaque_stays((CODE,)))
"""Opaque regions are the same to the character, but for the fences and the indentation of code."""

SAME_CODE_BLOCKS = Invariant("same_code_blocks", _unchanged(_code_blocks))
"""The content of code blocks is the same; their fences and their indentation in a list may change."""

SAME_CODE = Invariant("same_code", _unchanged(_code))
"""Code, blocks and inline, is the same to the character."""

CODE_STAYS = Invariant(
    "code_stays", lambda before, after: _code(before.text) == _code(after.text) or _most_changed(before, after)
)
"""Code is the same to the character, unless few lines outside ASCII are: the whole was misread, code too."""

SAME_LINKS = Invariant("same_links", _unchanged(_links))
"""The addresses of links and images are the same, in the same order."""

SAME_MEANING = Invariant("same_meaning", _same_meaning)
"""The document is the same tree: text, code, addresses and what they are, white space and the marks chosen aside."""
