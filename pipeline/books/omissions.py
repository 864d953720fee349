"""Book of a post and its EPUB -> what they do not show of the post, in sentences for the report."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from xml.parsers import expat

from pipeline.books.book import Chapter
from pipeline.books.fonts import undrawn
from pipeline.books.images import MAX_TOGETHER
from pipeline.books.visible_words import INLINE, Missing, missing_words, words_of

MOST_NAMED = 10  # characters that a warning names


def warnings_of(chapter: Chapter, epub: bytes) -> tuple[str, ...]:
    """Return what the books of a chapter lack: words, pictures, glyphs; empty where nothing is missing.

    The words of `epub`, the book of this chapter alone, are compared with those of the chapter.
    """
    words = words_of(chapter.blocks, maths=False)
    return (
        *_lost("the post", "the book", Missing(chapter.omitted_words, chapter.omitted)),
        *_lost("the chapter", "its EPUB", missing_words(words, _text(epub))),
        *_left_out(chapter.left_out),
        *_undrawn(undrawn(f"{chapter.title} {words}")),
    )


def _lost(whole: str, book: str, missing: Missing) -> Iterator[str]:
    if missing.words:
        are = "word of {} is" if missing.words == 1 else "words of {} are"
        yield f"{missing.words} {are.format(whole)} not in {book}: {'; '.join(missing.excerpts)}"


def _left_out(pictures: int) -> Iterator[str]:
    if pictures:
        yield f"{pictures} pictures are left out: all together are larger than {MAX_TOGETHER // 2**20} MB"


def _undrawn(characters: Counter[str]) -> Iterator[str]:
    if characters:
        named = [f"U+{ord(char):04X} ({count}×)" for char, count in sorted(characters.items())]
        more = f" and {len(named) - MOST_NAMED} more" * (len(named) > MOST_NAMED)
        yield f"no font has {', '.join(named[:MOST_NAMED])}{more}"


def _text(epub: bytes) -> str:
    """Return the text of an EPUB's chapters, with the alternative texts of its pictures."""
    parts: list[str] = []

    def opened(name: str, attributes: dict[str, str]) -> None:
        parts.append(" " * (name not in INLINE) + attributes.get("alt", ""))

    def closed(name: str) -> None:
        parts.append(" " * (name not in INLINE))

    with zipfile.ZipFile(io.BytesIO(epub)) as archive:
        for name in archive.namelist():
            if re.search(r"/ch\d+\.xhtml$", name):
                reader = expat.ParserCreate()
                reader.StartElementHandler, reader.EndElementHandler = opened, closed
                reader.CharacterDataHandler = parts.append
                reader.Parse(archive.read(name), True)  # noqa: FBT003 - expat takes no name
    return "".join(parts)
