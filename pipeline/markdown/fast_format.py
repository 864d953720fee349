"""Markdown text, or a part of it -> whether it is already formatted, by patterns alone.

Most texts of an archive are, or most of their parts, and need no parser.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import groupby

from pipeline.markdown.fast_parse import FENCED_LINES, HEADING_LINE, PARAGRAPH_LINE, PROSE_LINE, is_fenced_block
from pipeline.markdown.grouping import BLANK_LINES
from pipeline.markdown.opaque_blocks import long_regions
from pipeline.patterns import lazy_pattern

KEPT_SPACES = lazy_pattern(  # spaces that the parser strips though CommonMark keeps them
    "[\u00a0"  # NO-BREAK SPACE
    "\u2000-\u200a"  # EN QUAD to HAIR SPACE
    "\u202f"  # NARROW NO-BREAK SPACE
    "\u3000]"  # IDEOGRAPHIC SPACE
)
_UNDERSCORES = r"(_(?<![\w\\*]_)_?)(?=[^\s_])([^_\n]*[^\s_\\])\1(?!\w)"
UNDERSCORE_EMPHASIS = lazy_pattern(_UNDERSCORES)
_PLAIN_ITEM = rf"(?!\[X\]){PROSE_LINE}"
_FIRST_ITEM_LINE = rf"(?:{HEADING_LINE}|{_PLAIN_ITEM})"
_FORMATTED_BLOCK = lazy_pattern(  # blocks that are already formatted
    rf"{HEADING_LINE}|{PROSE_LINE}(?:\n{PROSE_LINE})*+|> {PROSE_LINE}(?:\n(?:>\n)?> {PROSE_LINE})*+"
    rf"|- {_FIRST_ITEM_LINE}(?:\n(?:  )?- {_FIRST_ITEM_LINE})*+|- {_PLAIN_ITEM}(?:\n(?:- (?!\[X\])|  ){PROSE_LINE})++"
    r"|<!--(?!-?>)(?:[^-]|-(?!->))*+-->"
)
_ANY_ITEM = rf"(?:{HEADING_LINE}|(?!\[X\]){PARAGRAPH_LINE})"
_FLAT_LIST = lazy_pattern(  # an item on each line, all with the same marker
    rf"(?P<bullet>[-*+]) {{1,4}}{_ANY_ITEM}(?:\n(?P=bullet) {{1,4}}{_ANY_ITEM})*+"
    rf"|\d{{1,9}}(?P<mark>[.)]) {{1,4}}{_ANY_ITEM}(?:\n\d{{1,9}}(?P=mark) {{1,4}}{_ANY_ITEM})*+"
)
_ITEM_EDGES = lazy_pattern(r"^(?:[-*+]|(\d+[.)])) +|[ \t]+$", re.MULTILINE)
MAY_SPAN_LINES = lazy_pattern(r"[$\\{<`]")  # the opaque regions of a text without a match are each in one line
_BULLET_ITEM = lazy_pattern(
    f"- {_PLAIN_ITEM}"
)  # not a heading: in a list of headings, blank lines do not make it loose
_NUMBERED_ITEM_LINE = rf"\d{{1,9}}\. {_PLAIN_ITEM}"
_NUMBERED_ITEM = lazy_pattern(_NUMBERED_ITEM_LINE)
_TABLE_ROW = lazy_pattern(r"\|(?: (?:[^|\s](?:[^|\n]*[^|\s])?)? \|)+")
_DELIMITER_ROW = lazy_pattern(r"\|(?: (?:---|:--|--:|:-:) \|)+")
_BULLETS_INSIDE = rf"\n  - {_FIRST_ITEM_LINE}(?:\n    - {_FIRST_ITEM_LINE})*+"
_BULLET_ROWS = rf"- {_FIRST_ITEM_LINE}(?:{_BULLETS_INSIDE}|\n- {_FIRST_ITEM_LINE})*+"
_INSIDE_NUMBERED = (
    rf"\n   1\. {_PLAIN_ITEM}(?:\n   {_NUMBERED_ITEM_LINE})*+|\n   - {_PLAIN_ITEM}(?:\n   - {_PLAIN_ITEM})*+"
)
_NUMBERED_ROWS = rf"(?:\d\. {_PLAIN_ITEM}(?:{_INSIDE_NUMBERED})?|{_NUMBERED_ITEM_LINE})"
_FORMATTED_TEXT = lazy_pattern(  # blocks that are already formatted, and that no other block can be joined to
    rf"(?:(?:{HEADING_LINE}|{PROSE_LINE}(?:\n{PROSE_LINE})*+|> {PROSE_LINE}(?:\n(?:>\n)?> {PROSE_LINE})*+"
    rf"|{FENCED_LINES}|(?!\A)---|(?:{_BULLET_ROWS}|{_NUMBERED_ROWS}(?:\n{_NUMBERED_ROWS})*+)(?!\n\n(?:[-*+]|\d+[.)])(?:\s|\Z)))"
    r"(?:\n\n(?=\S)|\n\Z))++"
)
_BLANK_START = lazy_pattern(r"\A(?:[ \t]*\n)+")
_FENCE_OR_EMPHASIS = lazy_pattern(rf"(?m:^){FENCED_LINES}|{_UNDERSCORES}")


def is_formatted_text(text: str) -> bool:
    r"""Return whether a text is certainly already formatted; False also means that only `is_formatted` can tell.

    >>> is_formatted_text("# A\n\n- b\n- c\n"), is_formatted_text("# A\n- b\n- c\n")
    (True, False)
    """
    if "\r" in text or not _FORMATTED_TEXT.fullmatch(text) or long_regions(text):
        return False
    if "_" not in text or not UNDERSCORE_EMPHASIS.search(text):
        return True
    return not any(match[1] for match in _FENCE_OR_EMPHASIS.finditer(text))


@cache
def _block_of_html() -> re.Pattern[str]:
    """Return the pattern of the start of a block of HTML."""
    from markdown_it.common.html_blocks import block_names

    return re.compile(rf"</?(?:{'|'.join(block_names)})(?:[\s>]|/>|\Z)", re.IGNORECASE)


def is_formatted(part: str) -> bool:
    r"""Return whether a part is certainly already formatted; False also means that only the parser can tell.

    >>> is_formatted("- a\n- b"), is_formatted("* a\n* b")
    (True, False)
    """
    if is_fenced_block(part):
        return part[-1] == "`"  # not a line end
    if "_" in part and UNDERSCORE_EMPHASIS.search(part):
        return False
    if part[0] == "<" and _block_of_html().match(part):
        return not part[-1].isspace() and not BLANK_LINES.search(part)
    if part[0] == "|":
        return "\\" not in part and "`" not in part and _is_formatted_table(part.split("\n"))
    if part[0] in "-0123456789" and ("\n\n" in part or _NUMBERED_ITEM.match(part)):
        return _is_formatted_lists(part)
    return _FORMATTED_BLOCK.fullmatch(part) is not None


@lru_cache(maxsize=512)  # texts; the formatter asks first, then the checks of the invariants
def formatted_flat_list(text: str) -> str:
    r"""Return a list with an item on each line as formatted Markdown; empty where the parser is needed.

    >>> formatted_flat_list("*   a\n*   b"), formatted_flat_list("* a\n  * b")
    ('- a\n- b', '')
    """
    if not _FLAT_LIST.fullmatch(text) or KEPT_SPACES.search(text) or ("_" in text and UNDERSCORE_EMPHASIS.search(text)):
        return ""
    return _ITEM_EDGES.sub(_formatted_edge, text)


def same_flat_list(old: str, new: str) -> bool:
    """Return whether two texts are the same list with an item on each line; its markers may differ."""
    before = formatted_flat_list(old.removesuffix("\n"))
    return bool(before) and before == formatted_flat_list(new.removesuffix("\n"))


def _formatted_edge(match: re.Match[str]) -> str:
    """Return the marker of an item with one space; nothing for blanks at the end of a line."""
    return f"{match[1] or '-'} " if match[0][0] not in " \t" else ""


def _is_formatted_table(lines: list[str]) -> bool:
    rule = lines[1] if len(lines) > 1 else ""
    width = rule.count("|")
    return bool(_DELIMITER_ROW.fullmatch(rule)) and all(
        _TABLE_ROW.fullmatch(line) and line.count("|") == width for at, line in enumerate(lines) if at != 1
    )


def _is_formatted_lists(part: str) -> bool:
    """Return whether a part is a formatted numbered list, or formatted lists with blank lines between items."""
    if "\n\n" not in part:
        return all(map(_NUMBERED_ITEM.fullmatch, part.split("\n")))
    lists = groupby(part.split("\n\n"), lambda item: _BULLET_ITEM.fullmatch(item) is not None)
    return all(bullets or all(map(_NUMBERED_ITEM.fullmatch, items)) for bullets, items in lists)


def delimiter_cell(style: str) -> str:
    """Return the cell of a table's delimiter row for the alignment in `style`."""
    return {"text-align:left": ":--", "text-align:right": "--:", "text-align:center": ":-:"}.get(style, "---")


def without_blank_edges(part: str) -> str:
    r"""Return a part of a text without blank lines around it: `"\n a \n"` -> `" a"`."""
    return _BLANK_START.sub("", part).rstrip(" \t\n")
