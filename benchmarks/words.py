"""Count the words of real posts that books lose: a post shows them, but its chapter, EPUB or PDF lacks them.

python benchmarks/words.py CORPUS [--posts 10] [--examples FILE...] takes the first posts of each folder of CORPUS, and
every post with raw HTML. It cleans them, makes a book of each, and prints a line for each folder. `--examples` are
CommonMark's spec.json and GFM's spec.txt: each example with a tag is a post. Needs pypdfium2.

Text in Arabic, Hebrew, Hindi or Thai script cannot be extracted from a PDF in order: there, characters are compared.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pypdfium2

from pipeline import Document, Settings, SkipDocument
from pipeline.books.book import BookStyle, Chapter
from pipeline.books.chapter.visible_words import ast_visible_text, missing_words, post_visible_text
from pipeline.document import Metadata
from pipeline.run.book_worker import BookJob, MadeBooks, make_books
from pipeline.run.worker import cleaned_document
from pipeline.store.packing import unpack

TOGETHER = 8
SHAPED = {"ar", "fa", "he", "hi", "th", "ur"}
EXAMPLE = re.compile(r"^`{32} example.*?\n(.*?)^\.$", re.DOTALL | re.MULTILINE)


def posts(corpus: Path, number: int) -> Iterator[tuple[str, Document]]:
    """Yield the first posts of each folder and all posts with raw HTML, cleaned, with the folder's name."""
    for folder in sorted(path for path in corpus.iterdir() if path.is_dir()):
        for at, file in enumerate(sorted(folder.glob("*.md"))):
            data = file.read_bytes()
            if at < number or re.search(rb"<[a-zA-Z][^>\n]*>", data):
                try:
                    yield folder.name, cleaned_document(PurePosixPath(file.name), data, Settings())
                except SkipDocument as unfit:
                    print(f"{file}: {unfit}")


def examples(file: Path) -> Iterator[tuple[str, Document]]:
    """Yield the examples of a specification that contain a tag."""
    text = file.read_text("utf-8")
    found = [one["markdown"] for one in json.loads(text)] if file.suffix == ".json" else EXAMPLE.findall(text)
    for at, example in enumerate(found):
        post = example.replace("→", "\t")
        if "<" in post and post.strip():
            yield file.name, Document(PurePosixPath(f"{at}.md"), post, Metadata(title=f"Example {at}", language="en"))


def page_text(pdf: bytes, title: str) -> str:
    """Return the text of a PDF without page headers and page numbers, with hyphenated words joined."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [page.get_textpage().get_text_range().splitlines() for page in document]
    finally:
        document.close()
    pages = [[*lines[:-1], re.sub(r"\ufffe\d+$", "\ufffe", lines[-1])] if lines else [] for lines in pages]
    kept = [lines[bool(at > 1 and lines and lines[0].strip() in title) :] for at, lines in enumerate(pages)]
    text = "\n".join("\n".join(lines[:-1] if lines and lines[-1].isdigit() else lines) for lines in kept)
    return re.sub(r"(\w*)\ufffe\s*(\w*)", r"\1\2 \1 \2", text)  # the hyphen may belong to the text


def lost_in_pdf(chapter: Chapter, pdf: str) -> tuple[int, tuple[str, ...]]:
    """Return how many words of a chapter its PDF lacks, without formulas, and excerpts of them."""
    words = ast_visible_text(chapter.blocks, maths=False)
    if chapter.language[:2] not in SHAPED:
        return missing_words(words, pdf)
    there = Counter(unicodedata.normalize("NFKC", pdf))
    lacking = Counter(char for char in unicodedata.normalize("NFKC", words) if char.isalpha()) - there
    return sum(lacking.values()), ("".join(lacking)[:40],)


class Sums:
    """The figures of a folder."""

    def __init__(self) -> None:
        """Start at zero."""
        self.posts = self.words = self.chapter = self.marked = self.epub = self.pdf = self.unfit = 0

    def add(self, document: Document, bound: MadeBooks) -> None:
        """Add the counts of a post, and print the missing words."""
        self.posts += 1
        if bound.problem:
            self.unfit += 1
            print(f"  {document.path}: {bound.problem}")
            return
        chapter = unpack(bound.chapter, Chapter)
        self.words += len(post_visible_text(document.text).split())
        pdf = page_text(bound.editions["pdf"], chapter.title)
        lost, excerpts = lost_in_pdf(chapter, pdf)
        self.chapter += chapter.omitted_words
        self.marked += chapter.omitted_words * ("Words of the post that are not shown" in " ".join(pdf.split()))
        self.epub += sum("of the chapter" in warning for warning in bound.warnings)
        self.pdf += lost
        for warning in bound.warnings:
            print(f"  {document.path}: {warning}")
        if lost:
            print(f"  {document.path}: PDF lacks {lost}: {excerpts}")


def main() -> None:
    """Make the books and print the counts of each folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--posts", type=int, default=10)
    parser.add_argument("--examples", nargs="*", type=Path, default=[])
    given = parser.parse_args()
    found = [*(posts(given.corpus, given.posts) if given.corpus else ())]
    found += [one for file in given.examples for one in examples(file)]
    sums: dict[str, Sums] = {}
    for start in range(0, len(found), TOGETHER):
        batch = found[start : start + TOGETHER]
        bindings = [BookJob(document, given.corpus or Path(), Path(), "", BookStyle()) for _, document in batch]
        for (folder, document), bound in zip(batch, make_books(bindings), strict=True):
            sums.setdefault(folder, Sums()).add(document, bound)
    print(
        "folder: posts, words | lost in chapter, of these marked | EPUBs that lack words | words lost in PDF | skipped"
    )
    for name, one in sums.items():
        counts = (one.posts, one.words, one.chapter, one.marked, one.epub, one.pdf, one.unfit)
        print("{}: {}, {} | {}, {} | {} | {} | {}".format(name, *counts))


if __name__ == "__main__":
    main()
