"""Part of a Markdown text -> whether it is already formatted, by patterns alone.

Most parts of an archive are, and need no parser.
"""

from __future__ import annotations

import re
from itertools import groupby

from markdown_it.common.html_blocks import block_names

from pipeline.markdown.code_spans import FENCED_BLOCK
from pipeline.markdown.fast_parse import HEADING_LINE, PROSE_LINE
from pipeline.markdown.regions import BLANK_LINES

UNDERSCORE_EMPHASIS = re.compile(r"(_(?<![\w\\*]_)_?)(?=[^\s_])([^_\n]*[^\s_\\])\1(?!\w)")
_PLAIN_ITEM = rf"(?!\[X\]){PROSE_LINE}"
_FIRST_ITEM_LINE = rf"(?:{HEADING_LINE}|{_PLAIN_ITEM})"
_FORMATTED_BLOCK = re.compile(  # blocks that are already formatted
    rf"{HEADING_LINE}|{PROSE_LINE}(?:\n{PROSE_LINE})*+|> {PROSE_LINE}(?:\n(?:>\n)?> {PROSE_LINE})*+"
    rf"|- {_FIRST_ITEM_LINE}(?:\n(?:  )?- {_FIRST_ITEM_LINE})*+|- {_PLAIN_ITEM}(?:\n(?:- (?!\[X\])|  ){PROSE_LINE})++"
    r"|<!--(?!-?>)(?:[^-]|-(?!->))*+-->"
)
_HTML_BLOCK = re.compile(rf"</?(?:{'|'.join(block_names)})(?:[\s>]|/>|\Z)", re.IGNORECASE)  # a block of HTML
_BULLET_ITEM = re.compile(f"- {_PLAIN_ITEM}")  # not a heading: in a list of headings, blank lines do not make it loose
_NUMBERED_ITEM = re.compile(rf"(\d{{1,9}})\. {_PLAIN_ITEM}")
_TABLE_ROW = re.compile(r"\|(?: (?:[^|\s](?:[^|\n]*[^|\s])?)? \|)+")
_DELIMITER_ROW = re.compile(r"\|(?: (?:---|:--|--:|:-:) \|)+")


def is_formatted(part: str) -> bool:
    r"""Return whether a part is certainly already formatted; False also means that only the parser can tell.

    >>> is_formatted("- a\n- b"), is_formatted("* a\n* b")
    (True, False)
    """
    if part[0] == "`" and FENCED_BLOCK.fullmatch(part):
        return part[-1] == "`"  # not a line end
    if "_" in part and UNDERSCORE_EMPHASIS.search(part):
        return False
    if part[0] == "<" and _HTML_BLOCK.match(part):
        return not part[-1].isspace() and not BLANK_LINES.search(part)
    if part[0] == "|":
        return "\\" not in part and "`" not in part and _is_formatted_table(part.split("\n"))
    if part[0] in "-0123456789" and ("\n\n" in part or _NUMBERED_ITEM.match(part)):
        return _is_formatted_lists(part)
    return _FORMATTED_BLOCK.fullmatch(part) is not None


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
