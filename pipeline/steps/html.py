"""Write raw HTML of a post as Markdown, where Markdown has marks for it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from html import unescape

from pipeline.changes import Change, Span, apply, repeated
from pipeline.document import Document, Invariant, Step
from pipeline.markdown import (
    CODE,
    HTML,
    BlockGroup,
    InlineContent,
    block_groups,
    inline_contents,
    line_starts,
    opaque_spans,
)
from pipeline.markdown.emphasis_edits import BRACKET_PAIRS
from pipeline.markdown.shown_structure import shown_structure, shows_the_same
from pipeline.steps.tag_mentions import mentions_tags

HTML_BLOCK = "Markdown has marks for this HTML"
HTML_TAG = "Markdown has a mark for this tag"
LOOK_TAG = "this tag sets only colour, size or font; Markdown has no mark for these"
_MAY_BE_SAID = re.compile(
    r"<(?:p|h[1-6]|ul|ol|blockquote|pre|hr|table|center|div|b|strong|i|em|del|s|strike|code|tt|a|img|br|font|span)[\s/>]",
    re.IGNORECASE,
)
_HTML_LINE = re.compile(r"\n {0,3}<")  # the start of a block of raw HTML, with the line end before it
_MARKED = re.compile(r"(?P<lead>.*?)(?P<marks>\*{1,2}|~~)(?P<inner>.+)(?P=marks)(?P<tail>.*)", re.DOTALL)
_TAG_ATTRIBUTES = r"(?:\s(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)?+"
_TAG_PAIR = re.compile(
    rf"<(?P<name>b|strong|i|em|del|s|strike|code|tt|a|font|span)(?P<attributes>{_TAG_ATTRIBUTES})>"
    r"(?P<inner>(?:[^<\n]|\n(?!\s*\n)|<(?:/?(?:sub|sup|kbd|mark|u)>|br\s*/?>|img\s[^<>]*>|https?:[^<>\s]*>))*?)"
    r"</(?P=name)\s*>",
    re.IGNORECASE,
)
_IMAGE_TAG = re.compile(rf"<(?P<name>img)(?P<attributes>{_TAG_ATTRIBUTES})\s*/?>", re.IGNORECASE)
_LINE_BREAKS = re.compile(r"(?:<br\s*/?>[ \t]*(?:\n(?=<br\b))?)+", re.IGNORECASE)
_SPECIAL_IN_CODE = re.compile(r"[<>*_`\[\]\\$~!]|https?:")
_IMAGE_TARGET = re.compile(r"!\[(?:\\.|[^\]\\])*\]\([^)]*\)")  # its text was an attribute
_ESCAPED_MARK = re.compile(r"\\[!-/:-@\[-`{-~]")
INLINE_MARKS = ("b", "strong", "i", "em", "del", "s", "strike", "code", "tt")
MOST_HTML_CHARACTERS = 400_000  # of one post; a longer one keeps its HTML


def html_to_markdown(document: Document) -> Document:
    """Write raw HTML as Markdown that shows the same: `<b>a</b>` -> `**a**`; other HTML stays."""
    text = document.text
    if not _MAY_BE_SAID.search(text) or len(text) > MOST_HTML_CHARACTERS:
        return document
    changes = repeated(text, _html_changes)
    return document.edited(changes) if changes else document


def _html_changes(text: str) -> Iterator[Change]:
    """Yield the blocks that become Markdown; if there are none, the elements in lines of text."""
    blocks = list(_block_changes(text))
    yield from blocks or _inline_changes(text)


def _block_changes(text: str) -> Iterator[Change]:
    """Yield blocks of raw HTML as Markdown; blocks in a row are one, if they only make sense together."""
    from pipeline.read.pages.fragment import fragment_markdown  # noqa: PLC0415 - few posts need the reader of web pages

    ended = text if text.endswith("\n") else text + "\n"
    for group in _html_blocks_in_a_row(ended):
        for first, last in [(group[0][0], group[-1][1])] if len(group) > 1 else group:
            span = first, min(last, len(text))
            raw = text[slice(*span)].rstrip()
            if (made := fragment_markdown(raw)) and not _escapes_marks(raw, made):
                yield Change("html", (span[0], span[0] + len(raw)), raw, made, HTML_BLOCK)
                break
        else:
            for first, last in group if len(group) > 1 else ():
                span = first, min(last, len(text))
                raw = text[slice(*span)].rstrip()
                if (made := fragment_markdown(raw)) and not _escapes_marks(raw, made):
                    yield Change("html", (span[0], span[0] + len(raw)), raw, made, HTML_BLOCK)


def _escapes_marks(raw: str, made: str) -> bool:
    r"""Return whether marks of Markdown in HTML would be escaped: site generators may read them, browsers do not.

    >>> _escapes_marks("<div>**a**</div>", r"\*\*a\*\*"), _escapes_marks("<p>a</p>", "a")
    (True, False)
    """
    return len(_ESCAPED_MARK.findall(_IMAGE_TARGET.sub("", made))) > len(_ESCAPED_MARK.findall(raw))


def _html_blocks_in_a_row(text: str) -> Iterator[list[Span]]:
    """Yield the spans of raw HTML blocks, those without anything between them together."""
    if not _HTML_LINE.search(f"\n{text}"):
        return
    row: list[Span] = []
    for span in (span for group in block_groups(text) for span in _block_spans(group)):
        if span:
            row.append(span)
        elif row:
            yield row
            row = []
    if row:
        yield row


def _block_spans(group: BlockGroup) -> Iterator[Span | None]:
    """Yield the span of each block of raw HTML in a group, and None for any other token."""
    if "<" not in group.text or not _HTML_LINE.search(f"\n{group.text}"):
        yield None
        return
    starts = line_starts(group.text)
    for token in group.blocks.tokens:
        raw = token.map if token.type == "html_block" and token.level == 0 else None
        end = starts[min(raw[1], len(starts) - 1)] if raw else 0
        yield (group.start + starts[raw[0]], group.start + end) if raw else None


def _inline_changes(text: str) -> Iterator[Change]:
    """Yield the elements in paragraphs, headings and cells that become marks, the innermost first."""
    for content in inline_contents(text, _MAY_BE_SAID.search):
        if mentions_tags(content.content):
            continue
        matches = sorted(
            (match for pattern in (_TAG_PAIR, _IMAGE_TAG, _LINE_BREAKS) for match in pattern.finditer(content.content)),
            key=lambda match: match.span(),
        )
        outside = _outside_other_regions(content.content, matches)
        found = [(match.span(), made) for match in outside if (made := _markdown_of(content, match))]
        yield from _kept_changes(text, content, found)


def _kept_changes(text: str, content: InlineContent, found: list[tuple[tuple[int, int], str]]) -> Iterator[Change]:
    """Yield those edits of a content after which it shows the same: all of them, or each that does so alone."""
    edits: list[Change] = []
    for span, made in found:
        if not edits or span[0] >= edits[-1].span[1]:
            before = content.content[slice(*span)]
            reason = LOOK_TAG if before.lower().startswith(("<font", "<span")) else HTML_TAG
            edits.append(Change("html", span, before, made, reason))
    if not edits:
        return
    if not _shown_alike(content.content, edits):
        edits = [edit for edit in edits[:MOST_TAGS_ALONE] if _shown_alike(content.content, [edit])]
        edits = edits if edits and _shown_alike(content.content, edits) else edits[:1]
    for edit in edits:
        start, end = content.at(edit.span[0]), content.at(edit.span[1] - 1) + 1
        before = text[start:end]
        if before == edit.before:  # else the lines of a quotation or a list are between
            yield Change("html", (start, end), before, edit.after, edit.reason)


MOST_TAGS_ALONE = 40  # elements of one paragraph that are tried alone


def _shown_alike(content: str, edits: list[Change]) -> bool:

    return shown_structure(content) == shown_structure(apply(content, edits))


def _outside_other_regions(content: str, matches: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield the elements that do not touch code, and have no tag in maths, a template or a URL."""
    regions = [region for region in opaque_spans(content) if region.kind != HTML]
    starts = [region.start for region in regions]
    for match in matches:
        start, end = match.span()
        touched = regions[max(0, bisect_right(starts, start) - 1) : bisect_right(starts, end - 1)]
        if not any(
            region.end > start and (region.kind == CODE or region.start <= start or region.end >= end)
            for region in touched
            if region[:2] != (start, end)  # `<code>` itself
        ):
            yield match


def _markdown_of(content: InlineContent, match: re.Match[str]) -> str:
    """Return an element in a line of text as Markdown; "" if Markdown cannot say it."""
    from pipeline.read.pages.fragment import attributes_can_go  # noqa: PLC0415 - few posts need the reader of web pages
    from pipeline.read.pages.inlines import image_markdown, link_target  # noqa: PLC0415
    from pipeline.read.pages.tree import attribute, page_tree  # noqa: PLC0415

    if match.re is _LINE_BREAKS:
        return _ended_line(content, match)
    name = match["name"].lower()
    if not match["attributes"].strip():
        return _with_marks(name, content.content, match) if name in INLINE_MARKS else ""
    element = next(page_tree(f"<{name}{match['attributes']}>").iter(name), None)
    if element is None or not attributes_can_go(element):
        return ""
    url = attribute(element, "src" if name == "img" else "href")
    if name == "img":
        return image_markdown(attribute(element, "alt"), url, attribute(element, "title")) if url else ""
    inner = match["inner"]
    if name == "a":
        title = attribute(element, "title")
        return f"[{inner.strip()}]{link_target(url, title)}" if url and inner.strip() else ""
    return inner if name in {"font", "span"} and element.attrib else ""


def _with_marks(name: str, content: str, match: re.Match[str]) -> str:
    """Return a pair of tags without attributes as marks: `<b>a</b>` -> `**a**`; "" if Markdown reads none there."""
    from pipeline.read.pages.inlines import code_markdown, marked  # noqa: PLC0415 - few posts need it
    from pipeline.read.pages.writer import INLINE_STYLES  # noqa: PLC0415

    inner = match["inner"]
    if not inner.strip():
        return ""
    if name in {"code", "tt"}:
        return "" if _SPECIAL_IN_CODE.search(inner) else code_markdown(unescape(inner))
    made = marked(INLINE_STYLES[name], inner, content[: match.start()][-1:], content[match.end() :][:1])
    return "" if "<" in made.replace(inner, "") or _tears_apart(made) else made


def _tears_apart(made: str) -> bool:
    """Return whether marks are between a bracket and its partner, or between two of the same sign: `**f（**）`."""
    parts = _MARKED.fullmatch(made)
    if not parts:
        return False
    lead, inner, tail = parts.group("lead", "inner", "tail")
    if inner[0] == lead[-1:] or inner[-1] == tail[:1]:
        return True
    return any(inner.count(one) != inner.count(other) for one, other in BRACKET_PAIRS.items() if one in "(（[【")


def _ended_line(content: InlineContent, match: re.Match[str]) -> str:
    """Return one `<br>` as the end of a line and more as the end of a paragraph; "" where a line cannot end."""
    rest = content.content[match.end() :]
    start = content.at(match.start())
    line = max(line for line in content.lines if line[0] <= match.start())
    indented = content.group is None or content.group.text[: line[1] - content.group.start].rpartition("\n")[2].strip()
    if (
        content.kind != "paragraph"
        or not rest.strip()
        or not content.content[: match.start()].strip()
        or start < line[1]
    ):
        return ""
    several = match[0].lower().count("<br") > 1
    if rest.startswith("\n"):
        return "" if several and indented else "\n" if several else "\\"
    return "" if indented else "\n\n" if several else "\\\n"


SAME_SHOWN = Invariant("same_shown", shows_the_same)
"""A browser shows the same: the words of each block, code, links, images and the elements, raw HTML included."""

STEP = Step("html", html_to_markdown, (SAME_SHOWN,), version=5)
