"""Tables of a page -> pipe tables of Markdown, HTML tables where cells span, or blocks where a table is only layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.read.pages.inlines import HARD_BREAK, Run, paragraph_of
from pipeline.read.pages.tree import PageElement, attribute, is_element, never_shown

MOST_CELLS = 20_000  # of one table
MOST_SPAN = 100  # columns or rows of one cell
_BLOCKS_IN_CELLS = ("pre", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "figure")


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell: its content as Markdown of one line, or its blocks; the rows and columns that it covers."""

    text: str
    blocks: tuple[str, ...]
    columns: int
    rows: int
    heading: bool
    align: str = ""


@dataclass(frozen=True, slots=True)
class TableWriter:
    """Writes tables; `blocks` and `flat` are functions of the page's writer."""

    contents: Callable[[PageElement], list[str]]
    flat: Callable[[PageElement], list[Run]]

    def blocks(self, table: PageElement) -> list[str]:
        """Return a table as blocks of Markdown."""
        rows = _rows(table)
        if self._is_layout(table, rows):
            return self.contents(table)
        caption = [words for one in table if one.tag == "caption" and (words := paragraph_of(self.flat(one)))]
        cells = [[self._cell(cell) for cell in row] for row in rows]
        cells = [row for row in cells if any(cell.text or cell.blocks for cell in row) or any(c.rows > 1 for c in row)]
        if not cells:
            return caption
        rich = any(cell.blocks for row in cells for cell in row)
        spans = any(cell.rows > 1 or cell.columns > 1 for row in cells for cell in row)
        return [*caption, _html_table(cells) if rich or spans else _pipe_table(cells)]

    def _is_layout(self, table: PageElement, rows: list[list[PageElement]]) -> bool:
        """Return whether a table only places blocks on the page."""
        parts = [table, *(one for one in table.iter("thead", "tbody", "tfoot", "tr"))]
        if (
            not rows
            or any((one.text or "").strip() for one in parts)
            or any((child.tail or "").strip() for one in parts for child in one)
        ):
            return True
        if attribute(table, "role").lower() in {"presentation", "none"} or sum(map(len, rows)) > MOST_CELLS:
            return True
        if max(map(len, rows), default=0) <= 1:
            return next(table.iter("th"), None) is None or len(rows) <= 1
        nested = any(next(cell.iter("table"), None) is not None for row in rows for cell in row)
        headings = any(next(cell.iter("h1", "h2", "h3"), None) is not None for row in rows for cell in row)
        texts = [len("".join(cell.itertext())) for row in rows for cell in row]
        return nested or headings or (len(rows) <= 1 and max(texts, default=0) > 300)  # noqa: PLR2004 - a row of columns

    def _cell(self, cell: PageElement) -> _Cell:
        rich = next(cell.iter(*_BLOCKS_IN_CELLS), None) is not None
        blocks = self.contents(cell)
        line = "<br>".join(re.sub(r"\\\n|\n", lambda m: "<br>" if m[0] == HARD_BREAK else " ", one) for one in blocks)
        span = _span(cell, "colspan"), _span(cell, "rowspan")
        return _Cell("" if rich else line, tuple(blocks) if rich else (), *span, cell.tag == "th", _alignment(cell))


def _rows(table: PageElement) -> list[list[PageElement]]:
    """Return the cells of each row of a table, without those of tables in it; the head first, the foot last."""
    rows: list[list[PageElement]] = []
    order = {"thead": 0, "tfoot": 2}
    for part in sorted(table, key=lambda one: order.get(one.tag, 1)):
        if not is_element(part) or never_shown(part):
            continue
        own = [part] if part.tag == "tr" else list(part) if part.tag in {"thead", "tbody", "tfoot"} else []
        rows += [[cell for cell in row if cell.tag in {"td", "th"}] for row in own if row.tag == "tr"]
    return [row for row in rows if row]


def _span(cell: PageElement, name: str) -> int:
    written = attribute(cell, name)
    return max(1, min(int(written), MOST_SPAN)) if re.fullmatch(r"[0-9]{1,6}", written) else 1


def _alignment(cell: PageElement) -> str:
    """Return how the text of a cell is aligned: left, center, right, or "" where nothing says it."""
    style = re.search(r"text-align\s*:\s*(\w+)", cell.get("style") or "")
    return (style[1] if style else attribute(cell, "align")).lower()


def _pipe_table(cells: list[list[_Cell]]) -> str:
    """Return rows as a pipe table; the first is its head, and a column is aligned as all cells below its head are."""
    width = max(map(len, cells))
    columns = [{row[at].align for row in cells[1:] if at < len(row)} for at in range(width)]
    rules = [_RULES.get(column.pop(), "---") if len(column) == 1 else "---" for column in columns]
    lines = [
        "| " + " | ".join([*(_in_pipes(cell.text) for cell in row), *[""] * (width - len(row))]) + " |" for row in cells
    ]
    return "\n".join([lines[0], "| " + " | ".join(rules) + " |", *lines[1:]])


_RULES = {"left": ":--", "center": ":-:", "right": "--:"}


def _in_pipes(text: str) -> str:
    r"""Return the text of a cell with its pipes escaped: `a|b` -> `a\|b`."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", text)


def _html_table(cells: list[list[_Cell]]) -> str:
    """Return rows as an HTML table; the Markdown of a cell is between blank lines, as CommonMark reads it."""
    lines = ["<table>"]
    for row in cells:
        lines.append("<tr>")
        for cell in row:
            name = "th" if cell.heading else "td"
            spans = (f' colspan="{cell.columns}"' if cell.columns > 1 else "") + (
                f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
            )
            inner = "\n\n".join(cell.blocks) or cell.text
            lines.append(f"<{name}{spans}>\n\n{inner}\n\n</{name}>" if inner else f"<{name}{spans}></{name}>")
        lines.append("</tr>")
    return "\n".join([*lines, "</table>"])
