"""EPUB -> its chapters, as the table of contents divides it; each is a page with its pictures and its notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.document import SkipDocument, Source
from pipeline.read.exports.epub_chapter import Block, BookChapter, page_of_chapter, places_of
from pipeline.read.exports.epub_package import Entry, Package, package_of, xml_tree
from pipeline.read.pages.tree import LargePage, is_element, shown_text
from pipeline.read.pandoc_formats import check_archive, sniff_archive
from pipeline.read.part_names import PART_SUFFIX, readable_name
from pipeline.read.readers import READER_VERSIONS, Reader
from pipeline.read.stored_page import packed_page, read_stored_page

_SHOWS = ("img", "image", "svg", "video", "audio", "math", "table", "hr")


def chapters_of_epub(source: Source) -> dict[str, bytes]:
    """Return the chapters of an EPUB by name, in order: `01 The mill.html`.

    Raises SkipDocument if it is encrypted, damaged, or larger than the limits.
    """
    check_archive(source.data, "epub")
    try:
        package = package_of(source)
        blocks = [block for file in package.spine for block in _blocks_of_file(package, file)]
    except LargePage as error:
        message = f"{error} in one of its files; convert it to Markdown"
        raise SkipDocument(message) from error
    chapters = _divided_by_contents(blocks, package.entries)
    if not chapters:
        message = "is an e-book without text; download it again"
        raise SkipDocument(message)
    places = places_of(chapters)
    return {one.name: packed_page(page_of_chapter(one, places, package)) for one in chapters}


def _blocks_of_file(package: Package, file: str) -> Iterator[Block]:
    """Yield the blocks of a file; an element around all of them is not one."""
    root = xml_tree(package.text(file))
    body = next(root.iter("body"), None)
    if body is None:
        return
    while len(body) == 1 and is_element(body[0]) and body[0].tag in {"div", "section", "article", "main"}:
        if (body.text or "").strip() or (body[0].tail or "").strip():
            break
        body[0].set("id", body[0].get("id") or body.get("id") or "")
        body = body[0]
    start = body.makeelement("a", {"id": body.get("id") or ""})
    start.tail = body.text
    for element in (start, *body):
        if is_element(element):
            yield Block(file, element)


def _divided_by_contents(blocks: Sequence[Block], entries: Sequence[Entry]) -> list[BookChapter]:
    """Return the chapters: each begins where the contents lead to; files before the first are one each."""
    titles = _starts(blocks, entries)
    chapters: list[BookChapter] = []
    before = ""
    for at, block in enumerate(blocks):
        first = block.file != before
        before = block.file
        untitled = not titles or at < min(titles)
        if at in titles or (first and untitled) or not chapters:
            chapters.append(BookChapter(titles.get(at, "")))
        chapters[-1].blocks.append(block)
    width = max(2, len(str(len(chapters))))
    shown = [one for one in chapters if _shows(one)]
    for number, one in enumerate(shown, 1):
        one.title = one.title or _heading_of_chapter(one) or one.blocks[0].file.rpartition("/")[2].partition(".")[0]
        one.name = f"{number:0{width}} {readable_name(one.title)}".strip() + PART_SUFFIX
    return shown


def _starts(blocks: Sequence[Block], entries: Sequence[Entry]) -> dict[int, str]:
    """Return the blocks at which chapters begin, with their titles.

    Entries inside a file divide it if they are of the level of chapters: the highest with more than one entry.
    """
    levels = [one.level for one in entries]
    chapters = next((level for level in sorted(set(levels)) if levels.count(level) > 1), 1)
    files: dict[str, int] = {}
    places: dict[tuple[str, str], int] = {}
    for at, block in enumerate(blocks):
        files.setdefault(block.file, at)
        for one in block.element.iter():
            for name in (one.get("id"), one.get("name")) if is_element(one) else ():
                if name:
                    places.setdefault((block.file, name), at)
    starts: dict[int, str] = {}
    for entry in entries:
        first = files.get(entry.file)
        if first is None:
            continue
        start = places.get((entry.file, entry.place), first)
        start = first if start - first <= 1 else start  # the first block only marks the start of the file
        if entry.level <= chapters or start == first:
            starts.setdefault(start, entry.title)
    return starts


def _shows(chapter: BookChapter) -> bool:
    return any(
        shown_text(one.element)
        or (one.element.tail or "").strip()
        or next((True for _ in one.element.iter(*_SHOWS)), False)
        for one in chapter.blocks
    )


def _heading_of_chapter(chapter: BookChapter) -> str:
    found = (one for block in chapter.blocks for one in block.element.iter("h1", "h2", "h3", "title"))
    return next((text for one in found if (text := shown_text(one))), "")


READER = Reader("epub", ("epub",), sniff_archive, read_stored_page, READER_VERSIONS["epub"], chapters_of_epub)
