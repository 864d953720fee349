"""Elements of a page -> the blocks of a Markdown text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.markdown.style_tags import CODE_TAGS, DELETED_TAGS, EMPHASIS_TAGS, STRONG_TAGS
from pipeline.read.pages.blocks import BLOCK_WRITERS
from pipeline.read.pages.images import PagePictures
from pipeline.read.pages.inlines import (
    DELETED,
    EMPHASIS,
    HARD_BREAK,
    STRONG,
    Run,
    code_markdown,
    escaped,
    paragraph_of,
    single_spaced,
)
from pipeline.read.pages.links import PageLinks
from pipeline.read.pages.tree import (
    BLOCK_NAMES,
    PageElement,
    has_class,
    is_element,
    never_shown,
    shown_text,
    with_blocks_inside,
)

DEEPEST_BLOCK = 60  # levels of blocks; below, only the text is kept
INLINE_STYLES = {
    **dict.fromkeys(STRONG_TAGS, STRONG),
    **dict.fromkeys(EMPHASIS_TAGS, EMPHASIS),
    **dict.fromkeys(DELETED_TAGS, DELETED),
}
KEPT_TAGS = ("sub", "sup", "kbd", "mark", "u", "ins", "small")  # which Markdown has no marks for
Styles = tuple[str, ...]
Target = tuple[str, str] | None


@dataclass(slots=True)
class PageWriter:
    """Writes the elements of one page; `texts` holds the Markdown of formulas and references to notes."""

    links: PageLinks
    pictures: PagePictures
    texts: Mapping[PageElement, str] = field(default_factory=dict)  # elements -> their Markdown
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
            made.extend(text for part in paragraphs_of(runs) if (text := paragraph_of(part)))
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
            if writer and not (name in {"div", "aside"} and (styles or link)):
                return writer(self, element)
            if name not in BLOCK_NAMES and name in INLINE_STYLES and not is_whole_citation(element):
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
        if element in self.texts:
            return [Run(self.texts[element], styles, link, atom=True)] if self.texts[element] else []
        if never_shown(element):
            return []
        if self.depth > 2 * DEEPEST_BLOCK:
            return [self.text(shown_text(element), styles, link)]
        self.depth += 1
        writer = INLINE_WRITERS.get(element.tag)
        made = writer(self, element, styles, link) if writer else self.styled(element, styles, link)
        self.depth -= 1
        return made

    def styled(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return an inline element that has no writer as runs, with its style."""
        style = INLINE_STYLES.get(element.tag)
        if style and style not in styles and not is_whole_citation(element):
            styles = (*styles, style)
        if not self.is_block(element):
            return self.inlines(element, styles, link)
        text = paragraph_of([Run(shown) for shown in self.blocks(element)])
        return [Run(f" {single_spaced(text)} ", styles, link)]

    def line_break(self, _element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return the end of a line."""
        return [Run(HARD_BREAK, styles, link, atom=True)]

    def code(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return code in a line of text."""
        code = code_markdown("".join(element.itertext()))
        return [Run(code, styles, link, atom=bool(code.strip()))]

    def quoted(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return a quotation in a line of text, with its quotation marks."""
        return [Run("“", styles, link), *self.inlines(element, styles, link), Run("”", styles, link)]

    def ruby(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return characters with their readings, as HTML."""
        return [Run(ruby_markup(element), styles, link, atom=True)]

    def linked(self, element: PageElement, styles: Styles, link: Target) -> list[Run]:
        """Return the content of a link."""
        return self.inlines(element, styles, link or self.links.target(element))

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


def paragraphs_of(runs: Sequence[Run]) -> list[list[Run]]:
    """Return runs divided where a line is empty: two line ends with nothing between them, `a<br><br>b`.

    >>> [len(part) for part in paragraphs_of([Run("a"), *[Run(HARD_BREAK, atom=True)] * 2, Run("b")])]
    [1, 1]
    """
    parts: list[list[Run]] = [[]]
    ends = 0
    for run in runs:
        if run.text == HARD_BREAK:
            ends += 1
        elif run.text.strip():
            if ends > 1:
                parts.append([])
            elif ends:
                parts[-1].append(Run(HARD_BREAK, atom=True))
            ends = 0
        if run.text != HARD_BREAK:
            parts[-1].append(run)
    return parts


def is_whole_citation(element: PageElement) -> bool:
    """Return whether a `<cite>` is a reference of several parts, author, work and year, and not a title in italics."""
    return element.tag == "cite" and (has_class(element, "citation") or next(element.iter("i", "em"), None) is not None)


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


INLINE_WRITERS = {
    **dict.fromkeys(CODE_TAGS, PageWriter.code),
    **dict.fromkeys(KEPT_TAGS, PageWriter.kept),
    "br": PageWriter.line_break,
    "img": PageWriter.picture,
    "q": PageWriter.quoted,
    "ruby": PageWriter.ruby,
    "a": PageWriter.linked,
}
