"""Part of a Markdown text -> whether it is already formatted, by patterns alone.

Most parts of an archive are, and need no parser.
"""

from __future__ import annotations

import re
from itertools import groupby

from markdown_it.common.html_blocks import block_names

from pipeline.markdown.code_spans import FENCED
from pipeline.markdown.fast_parse import HEADING, PROSE
from pipeline.markdown.regions import GAP

UNDERSCORES = re.compile(r"(_(?<![\w\\*]_)_?)(?=[^\s_])([^_\n]*[^\s_\\])\1(?!\w)")
_PLAIN = rf"(?!\[X\]){PROSE}"
_ITEM = rf"(?:{HEADING}|{_PLAIN})"
_SETTLED = re.compile(  # blocks that are already formatted
    rf"{HEADING}|{PROSE}(?:\n{PROSE})*+|> {PROSE}(?:\n(?:>\n)?> {PROSE})*+"
    rf"|- {_ITEM}(?:\n(?:  )?- {_ITEM})*+|- {_PLAIN}(?:\n(?:- (?!\[X\])|  ){PROSE})++"
    r"|<!--(?!-?>)(?:[^-]|-(?!->))*+-->"
)
_HTML = re.compile(rf"</?(?:{'|'.join(block_names)})(?:[\s>]|/>|\Z)", re.IGNORECASE)  # a block of HTML
_BULLET = re.compile(f"- {_PLAIN}")  # not a heading: in a list of headings, blank lines do not make it loose
_NUMBERED = re.compile(rf"(\d{{1,9}})\. {_PLAIN}")
_ROW = re.compile(r"\|(?: (?:[^|\s](?:[^|\n]*[^|\s])?)? \|)+")
_RULE = re.compile(r"\|(?: (?:---|:--|--:|:-:) \|)+")


def settled(part: str) -> bool:
    r"""Return whether a part is certainly already formatted; False also means that only the parser can tell.

    >>> settled("- a\n- b"), settled("* a\n* b")
    (True, False)
    """
    if part[0] == "`" and FENCED.fullmatch(part):
        return True
    if "_" in part and UNDERSCORES.search(part):
        return False
    if part[0] == "<" and _HTML.match(part):
        return not part[-1].isspace() and not GAP.search(part)
    if part[0] == "|":
        return "\\" not in part and "`" not in part and _table(part.split("\n"))
    if part[0] in "-0123456789" and ("\n\n" in part or _NUMBERED.match(part)):
        return _lists(part)
    return _SETTLED.fullmatch(part) is not None


def _table(lines: list[str]) -> bool:
    rule = lines[1] if len(lines) > 1 else ""
    width = rule.count("|")
    return bool(_RULE.fullmatch(rule)) and all(
        _ROW.fullmatch(line) and line.count("|") == width for at, line in enumerate(lines) if at != 1
    )


def _lists(part: str) -> bool:
    """Return whether a part is a formatted numbered list, or formatted lists with blank lines between items."""
    if "\n\n" not in part:
        return _numbered(part.split("\n"))
    lists = groupby(part.split("\n\n"), lambda item: _BULLET.fullmatch(item) is not None)
    return all(bullets or _numbered(list(items)) for bullets, items in lists)


def _numbered(lines: list[str]) -> bool:
    items = [_NUMBERED.fullmatch(line) for line in lines]
    first = int(items[0][1]) if items[0] else 0
    return all(item and item[1] == str(first + at) for at, item in enumerate(items))
