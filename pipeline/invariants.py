"""The invariants that a step can declare: (document before, document after) -> whether the step preserved a property.

`following.follow` rolls a step back for a document if one of its invariants does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from pipeline.changes import apply
from pipeline.document import Document, Invariant, SkipDocument
from pipeline.extras import is_installed
from pipeline.markdown import (
    CODE,
    HTML,
    URL,
    Blocks,
    code_spans,
    of_other_kinds,
    opaque_spans,
    parse,
    parse_blocks,
)
from pipeline.markdown.changed_parts import Parts, changed_parts, text_of_parts
from pipeline.markdown.fast_format import MAY_SPAN_LINES, same_flat_list
from pipeline.markdown.parsing import ended
from pipeline.markdown.same_blocks import same_blocks

MOST_FOR_PANDOC = 200_000  # characters; pandoc is quadratic on some Markdown
PANDOC_SECONDS = 5

_NOT_WORD = re.compile(r"[\W_]+")
_LETTER_RUNS = re.compile(r"[^\W\d_]+|[\u3000\u00a0]+")
_EMPHASIS_TAGS = re.compile("</?(?:strong|em)>")  # emphasis is not a word, not even as HTML
_MARKS_IN_TAGS = re.compile("</?(?:strong|em)>|<!-- -->")
_POSSIBLE_MARKS = b"*_#>+-|=~`\\"  # and white space
_ASCII_NO_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalpha())
_ASCII_NO_WORDS = bytes(byte for byte in range(128) if not chr(byte).isalnum())
_DONE_TASK = re.compile(r"\[X\](?=[ \t])")


def _is_explained(before: Document, after: Document) -> bool:
    known = len(before.changes)
    if after.changes[:known] != before.changes:
        return False
    try:
        return apply(before.text, after.changes[known:]) == after.text
    except ValueError:
        return False


def _letters_and_digits(text: str) -> str:
    rest = _without_bytes(_EMPHASIS_TAGS.sub("", text), _ASCII_NO_WORDS)
    return rest if rest.isascii() else _NOT_WORD.sub("", rest)


def _without_bytes(text: str, unwanted: bytes) -> str:
    """Return a text without some characters of ASCII: ten times as fast as a pattern, which sees less afterwards."""
    return text.encode("utf-8", "surrogatepass").translate(None, unwanted).decode("utf-8", "surrogatepass")


def _code_texts(text: str) -> list[str]:
    return [text[start:end] for start, end in code_spans(text)]


def _visible(text: str) -> str:
    """Return the characters of the source that no parser takes for marks, in order: `1978. *a*, b` -> `1978.a,b`."""
    rest = _without_bytes(_MARKS_IN_TAGS.sub("", _DONE_TASK.sub("[x]", text)), _POSSIBLE_MARKS)
    return "".join(rest.split())


def _opaque(text: str, but: Collection[str]) -> list[str]:
    return [text[start:end] for start, end, _ in of_other_kinds(opaque_spans(text), but)]


def _opaque_stays(but: Collection[str] = ()) -> Callable[[Document, Document], bool]:
    """Return the invariant that the opaque regions are in the text after, in order, unless their kind is in `but`.

    New regions may come: a colon outside `**https://e.org:**` ends the URL.
    """

    def holds(before: Document, after: Document) -> bool:
        return all(
            _contains_in_order(text_of_parts(new), _opaque(text_of_parts(old), but))
            for old, new in changed_parts(before.text, after.text)
            if not (_same_list(old, new) and not MAY_SPAN_LINES.search(old[0].text))
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


def _link_targets(text: str) -> list[str]:
    if "[" not in text and "<" not in text:
        return []
    children = (child for token in parse(text) for child in token.children or ())
    targets = (child.attrs.get("href") or child.attrs.get("src") for child in children)
    return [str(target) for target in targets if target]


def _same_pages(before: Document, after: Document) -> bool:
    """Return whether the links of two texts lead to the same pages: their targets have the same canonical URLs."""
    from pipeline.urls.canonical import canonical_url

    return [*map(canonical_url, _link_targets(before.text))] == [*map(canonical_url, _link_targets(after.text))]


def _same_meaning(before: Document, after: Document) -> bool:
    """Return whether two texts have the same meaning: our parser decides the common case, pandoc the rest."""
    parts = changed_parts(before.text, after.text)
    if all(_same_list(old, new) or same_blocks(_blocks_of(old), _blocks_of(new)) for old, new in parts):
        return True
    old, new = ended(before.text), ended(after.text)
    return same_blocks(parse_blocks(old), parse_blocks(new)) or _pandoc_tree(old) == _pandoc_tree(new)


def _same_list(old: Parts, new: Parts) -> bool:
    """Return whether two parts are the same list with an item on each line; markers and blanks may differ."""
    return len(old) == len(new) == 1 and same_flat_list(old[0].text, new[0].text)


def _blocks_of(parts: Parts) -> Blocks:
    """Return the blocks of adjacent parts; they are parsed as one text if one of several has link definitions."""
    each = [part.blocks for part in parts]
    if len(each) == 1:
        return each[0]
    if any(one.env for one in each):
        return parse_blocks(text_of_parts(parts) + "\n")
    return Blocks([token for one in each for token in one.tokens], {})


def _unchanged(
    of: Callable[[str], Sequence[str]], known: Callable[[Parts, Parts], bool] = lambda _old, _new: False
) -> Callable[[Document, Document], bool]:
    """Return the invariant that `of(text)` stays the same, in the same order, unless `known` says so of parts."""

    def holds(before: Document, after: Document) -> bool:
        changed = [(old, new) for old, new in changed_parts(before.text, after.text) if not known(old, new)]
        pairs = [(of(text_of_parts(old)), of(text_of_parts(new))) for old, new in changed]
        if all(old == new for old, new in pairs):
            return True
        if [x for old, _ in pairs for x in old] == [x for _, new in pairs for x in new]:
            return True
        return of(before.text) == of(after.text)  # equal parts may have been taken for each other

    return holds


def _pandoc_tree(text: str) -> bytes:
    """Return pandoc's tree of a text as JSON, without spaces and soft line breaks.

    The text itself is returned if pandoc gives up or is not installed.
    """
    from pipeline.markdown.pandoc import DIALECT, run_sandboxed

    if len(text) > MOST_FOR_PANDOC or not is_installed("books"):
        return text.encode()
    try:
        tree = run_sandboxed("-f", DIALECT, "-t", "json", data=text.encode(), seconds=PANDOC_SECONDS)
    except SkipDocument:
        return text.encode()
    return re.sub(rb'(?:,?\{"t":"(?:Space|SoftBreak)"\})+', b"", tree)


def _same_contents(old: Parts, new: Parts) -> bool:
    """Return whether two parts have the same inline contents, with the same link reference definitions."""
    contents = [
        ([(token.type, token.content) for token in blocks.tokens if token.content], blocks.env.get("references"))
        for blocks in map(_blocks_of, (old, new))
    ]
    return contents[0] == contents[1]


def _letters_and_layout(text: str) -> str:
    """Return the letters of the source text, in order, with U+3000 and U+00A0, which are layout.

    Digits are left out: lists are renumbered.
    """
    rest = _without_bytes(text, _ASCII_NO_LETTERS)
    return (rest if rest.isascii() else "".join(_LETTER_RUNS.findall(rest))).casefold()


def _mostly_changed(before: Document, after: Document) -> bool:
    """Return whether at least 3 in 4 of the lines outside ASCII are gone; mojibake leaves some characters unchanged."""
    old = [line for line in before.text.split("\n") if not line.lstrip("\ufeff").isascii()]
    new = set(after.text.split("\n"))
    return sum(line not in new for line in old) * 4 >= len(old) * 3


EXPLAINED = Invariant("explained", _is_explained)
"""The changes of the step are the whole difference between the two texts. Checked after every step."""

SAME_WORDS = Invariant("same_words", _unchanged(_letters_and_digits))
"""The letters and digits of the source text stay, in order."""

SAME_LETTERS = Invariant("same_letters", _unchanged(_letters_and_layout, _same_list))
"""The letters of the source text stay, in order, even those that no page shows: of an unused definition."""

SAME_CODE = Invariant("same_code", _unchanged(_code_texts))
"""Code, in blocks and inline, stays character for character."""

VISIBLE_STAYS = Invariant("visible_stays", _unchanged(_visible, _same_list))
"""Every character of the source that cannot be a mark of Markdown is the same, in order: numbers of lists, signs."""

OPAQUE_STAYS = Invariant("opaque_stays", _opaque_stays())
"""Opaque regions are the same to the character: code, maths, templates, HTML, wiki links, URLs."""

OPAQUE_BUT_URLS = Invariant("opaque_stays", _opaque_stays((URL,)))
"""Opaque regions are the same to the character, but URLs may change."""

OPAQUE_BUT_FENCES = Invariant("opaque_stays", _opaque_stays((CODE,)))
"""Opaque regions are the same to the character, except the fences and the indentation of code."""

OPAQUE_BUT_HTML = Invariant("opaque_stays", _opaque_stays((CODE, HTML)))
"""The same, except that raw HTML may end earlier, and its indentation may go."""

SAME_CODE_BLOCKS = Invariant("same_code_blocks", _unchanged(_code_blocks))
"""The content of code blocks is the same; their fences and their indentation in a list may change."""

CODE_STAYS = Invariant(
    "code_stays",
    lambda before, after: _code_texts(before.text) == _code_texts(after.text) or _mostly_changed(before, after),
)
"""Code stays character for character, unless the whole text was mojibake: at least 3 in 4 lines changed."""

SAME_LINKS = Invariant("same_links", _unchanged(_link_targets, _same_contents))
"""The targets of links and images stay, in order."""

SAME_PAGES = Invariant("same_pages", _same_pages)
"""The links lead to the same pages, in order; their URLs may be written in canonical form."""

SAME_MEANING = Invariant("same_meaning", _same_meaning)
"""Both texts parse to the same tree: text, code and links. White space and the choice of markers may differ."""
