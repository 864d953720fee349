"""Chapter and its EPUB -> warnings for the report: words, pictures and glyphs of the post that the books lack."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from xml.parsers import expat

from pipeline.books.book import Chapter
from pipeline.books.chapter.visible_words import INLINE_ELEMENTS, MissingWords, ast_visible_text, missing_words
from pipeline.books.fonts import characters_without_glyph
from pipeline.books.images.pictures import MAX_TOGETHER

MOST_LISTED_CHARACTERS = 10  # characters listed in a warning


def omission_warnings(chapter: Chapter, epub: bytes) -> tuple[str, ...]:
    """Return a sentence for each kind of omission in the books of a chapter; none if they are complete.

    The words of `epub`, a book of this chapter only, are compared with the words of the chapter.
    """
    words = ast_visible_text(chapter.blocks, maths=False)
    return (
        *_word_warnings("the post", "the book", MissingWords(chapter.omitted_words, chapter.omitted)),
        *_word_warnings("the chapter", "its EPUB", missing_words(words, _epub_text(epub))),
        *_picture_warnings(chapter.left_out),
        *_glyph_warnings(characters_without_glyph(f"{chapter.title} {words}")),
    )


def _word_warnings(source: str, book: str, missing: MissingWords) -> Iterator[str]:
    if missing.words:
        are = "word of {} is" if missing.words == 1 else "words of {} are"
        yield f"{missing.words} {are.format(source)} not in {book}: {'; '.join(missing.excerpts)}"


def _picture_warnings(pictures: int) -> Iterator[str]:
    if pictures:
        are = "picture is" if pictures == 1 else "pictures are"
        yield f"{pictures} {are} omitted: the pictures of the post exceed {MAX_TOGETHER // 2**20} MB"


def _glyph_warnings(characters: Counter[str]) -> Iterator[str]:
    if characters:
        named = [f"U+{ord(char):04X} ({count}×)" for char, count in sorted(characters.items())]
        more = f" and {len(named) - MOST_LISTED_CHARACTERS} more" * (len(named) > MOST_LISTED_CHARACTERS)
        yield f"no font has a glyph for {', '.join(named[:MOST_LISTED_CHARACTERS])}{more}"


def _epub_text(epub: bytes) -> str:
    """Return the text of an EPUB's chapters, including the alternative texts of images."""
    parts: list[str] = []

    def on_start(name: str, attributes: dict[str, str]) -> None:
        parts.append(" " * (name not in INLINE_ELEMENTS) + attributes.get("alt", ""))

    def on_end(name: str) -> None:
        parts.append(" " * (name not in INLINE_ELEMENTS))

    with zipfile.ZipFile(io.BytesIO(epub)) as archive:
        for name in archive.namelist():
            if re.search(r"/ch\d+\.xhtml$", name):
                reader = expat.ParserCreate()
                reader.StartElementHandler, reader.EndElementHandler = on_start, on_end
                reader.CharacterDataHandler = parts.append
                reader.Parse(archive.read(name), True)  # noqa: FBT003 - expat takes no name
    return "".join(parts)
