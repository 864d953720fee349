"""Block elements of a page that Markdown has marks for (headings, lists, quotations, figures) -> blocks of Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.read.pages.code import fenced_code, is_code_table
from pipeline.read.pages.inlines import EMPHASIS, HARD_BREAK, STRONG, Run, escaped, paragraph_of
from pipeline.read.pages.list_marks import ItemMarks
from pipeline.read.pages.tables import TableWriter
from pipeline.read.pages.tidying import kind_of_callout
from pipeline.read.pages.tree import PageElement, attribute, is_element, never_shown

if TYPE_CHECKING:
    from pipeline.read.pages.writer import PageWriter

LONGEST_CAPTION = 200  # characters in italics; books take a longer paragraph for text
DEEPEST_LIST = 12  # levels of lists and quotations: each repeats its marks in every line


def heading_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a heading of level 1 to 6; pictures in it follow it."""
    level = int(element.tag[1])
    text = paragraph_of(writer.flat(element)).replace(HARD_BREAK, " ").replace("\n", " ")
    text = re.sub(r"(?<!\\)(?<!(?<!\\)#)(#++)\Z", r"\\\1", text)
    return [f"{'#' * level} {text}"] if text else []


def quotation_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a quotation, each line with `>`."""
    if writer.lists >= DEEPEST_LIST:
        return writer.blocks(element)
    writer.lists += 1
    inner = "\n\n".join(writer.blocks(element))
    writer.lists -= 1
    return [re.sub(r"(?m)^(?=.)", "> ", inner).replace("\n\n", "\n>\n")] if inner else []


def box_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a `<div>`: a box around a note or a warning is a callout, `> [!NOTE]`, another its content."""
    kind = kind_of_callout(element)
    if not kind or writer.lists >= DEEPEST_LIST:
        return writer.blocks(element)
    quoted = quotation_blocks(writer, element)
    return [f"> [!{kind}]\n{quoted[0]}"] if quoted else []


def list_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a list; text outside of its items becomes a separate item."""
    if writer.lists >= DEEPEST_LIST:
        return writer.blocks(element)
    writer.lists += 1
    marks = ItemMarks.of(element)
    items: list[str] = []

    def add(blocks: list[str], box: str = "", value: str = "") -> None:
        if blocks:
            mark = marks.following(value)
            items.append(mark + indented(box + _item_text(blocks), " " * len(mark)).lstrip(" "))

    add(_stray(writer, element.text))
    for child in element:
        if is_element(child) and child.tag in {"ul", "ol"} and items:
            inner = "\n\n".join(list_blocks(writer, child))
            items[-1] += "\n" * bool(inner) + indented(inner, "   " if element.tag == "ol" else "  ")
        elif is_element(child) and not never_shown(child):
            item = child.tag == "li"
            add(
                writer.blocks(child) if item else _alone(writer, child),
                _box(child) if item else "",
                attribute(child, "value") if item else "",
            )
        add(_stray(writer, child.tail))
    writer.lists -= 1
    loose = any("\n\n" in item for item in items)
    return [("\n\n" if loose else "\n").join(items)] if items else []


def _stray(writer: PageWriter, text: str | None) -> list[str]:
    """Return text that is outside of the items of a list as a paragraph; none if it is only spaces."""
    found = paragraph_of([writer.text(text or "", (), None)])
    return [found] if found else []


def _alone(writer: PageWriter, element: PageElement) -> list[str]:
    """Return an element that is outside of the items of a list as blocks."""
    if writer.is_block(element):
        return writer.block(element, (), None)
    found = paragraph_of(writer.inline(element, (), None))
    return [found] if found else []


def definition_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a list of definitions: each term in bold, and its definitions below it."""
    made = _stray(writer, element.text)
    for child in element:
        if not is_element(child) or never_shown(child):
            made += _stray(writer, child.tail)
            continue
        if child.tag == "dt":
            if term := paragraph_of(
                [Run(run.text, (*run.styles, STRONG), run.link, run.atom) for run in writer.flat(child)]
            ):
                made.append(term)
        elif child.tag == "dd":
            made += writer.blocks(child)
        else:
            made += definition_blocks(writer, child) if child.tag == "div" else _alone(writer, child)
        made += _stray(writer, child.tail)
    return made


def disclosure_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a part that a click opens: its summary, then its content."""
    summary = next((child for child in element if child.tag == "summary"), None)
    title = "" if summary is None else paragraph_of(writer.flat(summary))
    if summary is not None:
        summary.text, summary[:] = None, []
    inner = writer.blocks(element)
    return (
        ["<details>\n" + f"<summary>{title}</summary>" * bool(title), *inner, "</details>"]
        if inner
        else [title][: bool(title)]
    )


def picture_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a figure: its pictures or code, then its caption; that of pictures in italics, which books know."""
    captions = [one for one in element.iter("figcaption") if next(one.iterancestors("figure")) is element]
    pictures = next(element.iter("pre", "table", "blockquote", "video", "iframe"), None) is None
    words = [_caption(writer.flat(one), italic=pictures) for one in captions]
    for caption in captions:
        caption.text, caption[:] = None, []
    missing = writer.pictures.figure(element)
    return [*filter(None, [missing]), *writer.blocks(element), *filter(None, words)]


def _caption(runs: list[Run], *, italic: bool) -> str:
    """Return a caption as a paragraph; a long one, one of several lines, and one with emphasis stays as it is."""
    short = sum(len(run.text) for run in runs) <= LONGEST_CAPTION
    if not (italic and short) or any(HARD_BREAK in run.text or EMPHASIS in run.styles for run in runs):
        return paragraph_of(runs)
    return paragraph_of([Run(run.text, (EMPHASIS, *run.styles), run.link, run.atom) for run in runs])


def table_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a table; one that only lays out the page is its content."""
    if is_code_table(element):
        return [fenced_code(element)]
    return TableWriter(writer.blocks, writer.flat).blocks(element)


def code_blocks(_writer: PageWriter, element: PageElement) -> list[str]:
    """Return a block of code between fences."""
    return [written] if (written := fenced_code(element)) else []


def media_blocks(writer: PageWriter, element: PageElement) -> list[str]:
    """Return a link to a video, a sound or a page that is shown in this one."""
    url = writer.links.media(element)
    title = " ".join((attribute(element, "title") or url.partition("://")[2].partition("/")[0] or url).split())
    return [f"[{escaped(title)}]({url})"] if url else []


def _box(item: PageElement) -> str:
    """Return the box of an item of a task list: `[x] `; "" if it has none."""
    box = next((one for one in item.iter("input") if attribute(one, "type") == "checkbox"), None)
    return "" if box is None else ("[x] " if box.get("checked") is not None else "[ ] ")


def _item_text(blocks: list[str]) -> str:
    """Return the blocks of an item; a list follows its first line directly."""
    text = blocks[0]
    for block in blocks[1:]:
        tight = re.match(r"(?:- |\d+\. )", block) and "\n\n" not in block and "\n\n" not in text
        text += ("\n" if tight else "\n\n") + block
    return text


def indented(text: str, by: str) -> str:
    """Return text with `by` before each line that is not empty."""
    return re.sub(r"(?m)^(?=.)", by, text)


def _rule(_writer: PageWriter, _element: PageElement) -> list[str]:
    return ["---"]


BLOCK_WRITERS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), heading_blocks),
    **dict.fromkeys(("ul", "ol", "menu"), list_blocks),
    **dict.fromkeys(("iframe", "video", "audio"), media_blocks),
    "div": box_blocks,
    "aside": box_blocks,
    "blockquote": quotation_blocks,
    "dl": definition_blocks,
    "details": disclosure_blocks,
    "figure": picture_blocks,
    "table": table_blocks,
    "pre": code_blocks,
    "hr": _rule,
}
