"""Elements of a page -> the blocks of a Markdown text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.read.page_code import code_block, is_code_table
from pipeline.read.page_images import PagePictures
from pipeline.read.page_inlines import (
    DELETED,
    EMPHASIS,
    LINE_BREAK,
    STRONG,
    Run,
    code_markdown,
    escaped,
    paragraph_of,
    single_spaced,
)
from pipeline.read.page_links import PageLinks
from pipeline.read.page_tables import TableWriter
from pipeline.read.page_tree import (
    BLOCK_NAMES,
    PageElement,
    attribute,
    has_class,
    is_element,
    never_shown,
    shown_text,
    with_blocks_inside,
)

DEEPEST_BLOCK = 60  # levels of blocks; below, only the text is kept
DEEPEST_LIST = 12  # levels of lists and quotations: each repeats its marks in every line
INLINE_STYLES = {
    **dict.fromkeys(("b", "strong"), STRONG),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), EMPHASIS),
    **dict.fromkeys(("s", "strike", "del"), DELETED),
}
KEPT_TAGS = ("sub", "sup", "kbd", "mark", "u", "ins", "small")  # which Markdown has no marks for
_CODE_NAMES = frozenset(("code", "tt", "samp"))
Styles = tuple[str, ...]
Target = tuple[str, str] | None


@dataclass(slots=True)
class PageWriter:
    """Writes the elements of one page; `maths` and `notes` are elements that have a text of their own already."""

    links: PageLinks
    pictures: PagePictures
    texts: Mapping[PageElement, str] = field(default_factory=dict)  # elements -> Markdown that stands for them
    structured: set[PageElement] = field(default_factory=set)
    depth: int = 0
    lists: int = 0

    def document(self, root: PageElement) -> str:
        """Return the Markdown of all that `root` shows."""
        self.structured = with_blocks_inside(root)
        return "\n\n".join(self.blocks(root))

    def blocks(self, element: PageElement, styles: Styles = (), link: Target = None) -> list[str]:
        """Return the content of an element as blocks of Markdown."""
        made: list[str] = []
        runs: list[Run] = []

        def end() -> None:
            if text := paragraph_of(runs):
                made.append(text)
            runs.clear()

        if element.text:
            runs.append(self.text(element.text, styles, link))
        for child in element:
            if is_element(child) and self.is_block(child):
                end()
                made += self.block(child, styles, link)
            elif is_element(child):
                runs += self.inline(child, styles, link)
            if child.tail:
                runs.append(self.text(child.tail, styles, link))
        end()
        return made

    def is_block(self, element: PageElement) -> bool:
        """Return whether an element is a block, or has one inside."""
        return element not in self.texts and (element.tag in BLOCK_NAMES or element in self.structured)

    def block(self, element: PageElement, styles: Styles, link: Target) -> list[str]:
        """Return a block element as blocks of Markdown."""
        name = element.tag
        if never_shown(element):
            return []
        if self.depth > DEEPEST_BLOCK:
            return [text] if (text := paragraph_of([self.text(shown_text(element), styles, link)])) else []
        self.depth += 1
        try:
            writer = BLOCK_WRITERS.get(name)
            if writer:
                return writer(self, element)
            if name not in BLOCK_NAMES and name in INLINE_STYLES:
                styles = (*styles, INLINE_STYLES[name])
            if name == "a" and not link:
                link = self.links.target(element)
            return self.blocks(element, styles, link)
        finally:
            self.depth -= 1

    def text(self, text: str, styles: Styles, link: Target) -> Run:
        """Return plain text as a run."""
        return Run(escaped(single_spaced(text)), styles, link)

    def inlines(self, element: PageElement, styles: Styles = (), link: Target = None) -> list[Run]:
        """Return the content of an inline element as runs."""
        runs = [self.text(element.text, styles, link)] if element.text else []
        for child in element:
            if is_element(child):
                runs += self.inline(child, styles, link)
            if child.tail:
                runs.append(self.text(child.tail, styles, link))
        return runs

    def inline(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return an inline element as runs."""
        name = element.tag
        if element in self.texts:
            return [Run(self.texts[element], styles, link, atom=True)] if self.texts[element] else []
        if never_shown(element) or self.depth > 2 * DEEPEST_BLOCK:
            return []
        self.depth += 1
        try:
            if name == "br":
                return [Run(LINE_BREAK, styles, link, atom=True)]
            if name == "wbr":
                return []
            if name == "img":
                return self.picture(element, styles, link)
            if name in _CODE_NAMES:
                code = code_markdown("".join(element.itertext()))
                return [Run(code, styles, link, atom=True)] if code.strip() else [Run(code, styles, link)]
            if name == "q":
                return [Run("“", styles, link), *self.inlines(element, styles, link), Run("”", styles, link)]
            if name == "ruby":
                return [Run(ruby_markup(element), styles, link, atom=True)]
            if name in KEPT_TAGS:
                return self.kept(element, styles, link)
            if name == "a":
                return self.inlines(element, styles, link or self.links.target(element))
            if name in INLINE_STYLES and INLINE_STYLES[name] not in styles:
                styles = (*styles, INLINE_STYLES[name])
            if self.is_block(element):
                text = paragraph_of([Run(shown) for shown in self.blocks(element)])
                return [Run(f" {single_spaced(text)} ", styles, link)]
            return self.inlines(element, styles, link)
        finally:
            self.depth -= 1

    def kept(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return an element that Markdown has no marks for as HTML: `<sub>2</sub>`."""
        inner = self.inlines(element, styles, link)
        if not any(run.text.strip() for run in inner):
            return inner
        return [Run(f"<{element.tag}>", styles, link), *inner, Run(f"</{element.tag}>", styles, link)]

    def picture(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return an image; an emoji is its alternative text, and a tracking pixel nothing."""
        written = self.pictures.markdown(element)
        return [Run(written, styles, link, atom=True)] if written else []

    def heading(self, element: PageElement) -> list[str]:
        """Return a heading of level 1 to 6; pictures in it follow it."""
        level = int(element.tag[1])
        text = paragraph_of(self.flat(element)).replace(LINE_BREAK, " ").replace("\n", " ")
        text = re.sub(r"(?<!\\)(#+)\Z", r"\\\1", text)
        return [f"{'#' * level} {text}"] if text else []

    def flat(self, element: PageElement) -> list[Run]:
        """Return an element's content as runs, blocks in it too."""
        runs = [self.text(element.text, (), None)] if element.text else []
        for child in element:
            if is_element(child):
                if self.is_block(child) and not never_shown(child):
                    runs += [Run(" "), *self.flat(child), Run(" ")]
                else:
                    runs += self.inline(child, (), None)
            if child.tail:
                runs.append(self.text(child.tail, (), None))
        return runs

    def quotation(self, element: PageElement) -> list[str]:
        """Return a quotation, each line with `>`."""
        if self.lists >= DEEPEST_LIST:
            return self.blocks(element)
        self.lists += 1
        inner = "\n\n".join(self.blocks(element))
        self.lists -= 1
        return [re.sub(r"(?m)^(?=.)", "> ", inner).replace("\n\n", "\n>\n")] if inner else []

    def list_items(self, element: PageElement) -> list[str]:
        """Return a list; text outside of its items becomes an item of its own."""
        if self.lists >= DEEPEST_LIST:
            return self.blocks(element)
        self.lists += 1
        number = int(start) if (start := attribute(element, "start")).isdecimal() and len(start) < 9 else 1  # noqa: PLR2004
        items: list[str] = []
        for child in element:
            if not is_element(child) or never_shown(child):
                continue
            blocks = self.list_items(child) if child.tag in {"ul", "ol"} else self.blocks(child)
            if not blocks:
                continue
            if child.tag in {"ul", "ol"} and items:
                items[-1] += "\n" + indented("\n\n".join(blocks), "   " if element.tag == "ol" else "  ")
                continue
            mark = f"{number}. " if element.tag == "ol" else "- "
            number += 1
            items.append(mark + indented(_item_text(child, blocks), " " * len(mark)).lstrip(" "))
        self.lists -= 1
        loose = any("\n\n" in item for item in items)
        return [("\n\n" if loose else "\n").join(items)] if items else []

    def definitions(self, element: PageElement) -> list[str]:
        """Return a list of definitions: each term in bold, and its definitions below it."""
        made: list[str] = []
        for child in element:
            if not is_element(child) or never_shown(child):
                continue
            if child.tag == "dt":
                if term := paragraph_of([Run(run.text, (*run.styles, STRONG), run.link, run.atom) for run in self.flat(child)]):
                    made.append(term)
            elif child.tag == "dd":
                made += self.blocks(child)
            else:
                made += self.definitions(child)
        return made

    def details(self, element: PageElement) -> list[str]:
        """Return a part that a click opens: its summary, then its content."""
        summary = next((child for child in element if child.tag == "summary"), None)
        title = "" if summary is None else paragraph_of(self.flat(summary))
        if summary is not None:
            summary.text, summary[:] = None, []
        inner = self.blocks(element)
        return ["<details>\n" + f"<summary>{title}</summary>" * bool(title), *inner, "</details>"] if inner else [title][: bool(title)]

    def figure(self, element: PageElement) -> list[str]:
        """Return a figure: its pictures or code, then its caption as a paragraph in italics."""
        captions = [one for one in element.iter("figcaption")]
        words = [paragraph_of([Run(run.text, run.styles, run.link, run.atom) for run in self.flat(one)]) for one in captions]
        for caption in captions:
            caption.text, caption[:] = None, []
        return [*self.blocks(element), *filter(None, words)]

    def table(self, element: PageElement) -> list[str]:
        """Return a table; one that only lays out the page is its content."""
        if is_code_table(element):
            return [code_block(element)]
        return TableWriter(self.blocks, self.flat).blocks(element)

    def code(self, element: PageElement) -> list[str]:
        """Return a block of code between fences."""
        return [written] if (written := code_block(element)) else []

    def media(self, element: PageElement) -> list[str]:
        """Return a link to a video, a sound or a page that is shown in this one."""
        url = self.links.media(element)
        return [f"[{escaped(url.partition('://')[2].partition('/')[0] or url)}]({url})"] if url else []


def _item_text(child: PageElement, blocks: list[str]) -> str:
    """Return the blocks of an item; a list follows its first line directly."""
    box = next((one for one in child.iter("input") if attribute(one, "type") == "checkbox"), None)
    mark = "" if box is None else ("[x] " if box.get("checked") is not None else "[ ] ")
    text = blocks[0]
    for block in blocks[1:]:
        tight = re.match(r"(?:- |\d+\. )", block) and "\n\n" not in block and child.find("p") is None
        text += ("\n" if tight else "\n\n") + block
    return mark + text


def indented(text: str, by: str) -> str:
    """Return text with `by` before each line that is not empty."""
    return re.sub(r"(?m)^(?=.)", by, text)


def ruby_markup(element: PageElement) -> str:
    """Return ruby as HTML with its readings: `<ruby>漢<rt>かん</rt></ruby>`."""
    parts: list[str] = []
    for node in element.iter():
        if not is_element(node) or node.tag in {"rp", "rtc"}:
            parts.append(escaped(node.tail or "") if node is not element else "")
            continue
        text = escaped(single_spaced(node.text or ""))
        parts.append(f"<rt>{escaped(shown_text(node))}</rt>" if node.tag == "rt" else text)
        if node is not element and node.getparent().tag != "rt":
            parts.append(escaped(single_spaced(node.tail or "")))
    return f"<ruby>{''.join(parts).strip()}</ruby>"


def _rule(_writer: PageWriter, _element: PageElement) -> list[str]:
    return ["---"]


BLOCK_WRITERS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), PageWriter.heading),
    **dict.fromkeys(("ul", "ol", "menu"), PageWriter.list_items),
    **dict.fromkeys(("iframe", "video", "audio"), PageWriter.media),
    "blockquote": PageWriter.quotation,
    "dl": PageWriter.definitions,
    "details": PageWriter.details,
    "figure": PageWriter.figure,
    "table": PageWriter.table,
    "pre": PageWriter.code,
    "hr": _rule,
}
