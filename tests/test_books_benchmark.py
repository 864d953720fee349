"""The faults that `make books-check` looks for are found where they are planted, and nowhere else."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

import pytest
import typst

from benchmarks.books import epub_text, lost_words, notdef_glyphs, pdf_faults
from pipeline import Document
from pipeline.books.book import Book, Chapter, chapters_of, identifier
from pipeline.books.fonts import characters_without_glyph
from pipeline.books.formats import books_as_files
from pipeline.document import Metadata

SOUND = """#set page(width: 148mm, height: 210mm, margin: 19mm)
Cover.
#pagebreak()
Sound words, *bold* and _italic_, a#super[2], #underline[under], #strike[struck], $sqrt(x/y)$, fj.
"""
PLANTED = """
#pagebreak()
#place(dx: 0pt, dy: 50pt)[buried]
#place(dx: 2pt, dy: 51pt)[burying]
#place(dx: 60pt, dy: 50pt)[beside]
#place(dx: 0pt, dy: 62pt)[below]
#pagebreak()
#place(dx: 290pt)[marginal]
#place(dx: 330pt, dy: 20pt)[leaving]
#place(dx: 500pt, dy: 40pt)[vanished]
"""
WITHOUT_GLYPH = "\U000f1234"  # private use: no font has it


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext of poppler-utils")
def test_faults_of_pages_are_found(tmp_path: Path):
    """Of words over each other, in the margin, and off the page, exactly those are reported; sound pages have none."""
    file = tmp_path / "a.pdf"
    file.write_bytes(typst.compile(SOUND.encode()))
    assert pdf_faults(file)[1:] == ([], [], [])
    file.write_bytes(typst.compile((SOUND + PLANTED).encode()))
    text, over, outside, overfull = pdf_faults(file)
    assert over == ["page 3: 'buried' / 'burying'"]
    assert [one.split("'")[:2] for one in outside] == [["page 4: ", "leaving"]]
    assert [one.split("'")[:2] for one in overfull] == [["page 4: ", "marginal"]]
    assert "vanished" not in text  # a word that is wholly off the page is a lost word
    assert {"buried", "burying", "leaving"} < {*text.split()}


def test_lost_words_and_missing_glyphs_are_found(tmp_path: Path):
    """A word that the text of a book lacks is named, in scripts that a PDF reorders its letters; so is a character."""
    texts = {
        "sound": "The harbour was calm, and calm it stayed.",
        "arabic": "\u0645\u064a\u0646\u0627\u0621 \u0647\u0627\u062f\u0626",
        "glyph": f"A sign {WITHOUT_GLYPH} of nobody.",
    }
    made: dict[str, Chapter] = {}
    for name, text in texts.items():
        document = Document(PurePosixPath(f"{name}.md"), f"{text}\n", Metadata(title=name, language="en"))
        (made[name],) = chapters_of([(document, tmp_path)])
    assert lost_words(made["sound"], texts["sound"])[0] == 0
    assert lost_words(made["sound"], "The harbour was calm, and it stayed.") == (1, ("calm",))
    assert lost_words(made["arabic"], texts["arabic"][::-1])[0] == 0
    assert lost_words(made["arabic"], texts["arabic"][1:])[0] == 1
    assert characters_without_glyph("".join(texts.values())) == {WITHOUT_GLYPH: 1}
    files = {name: books_as_files([Book(name, "en", identifier(name), (one,))])[0] for name, one in made.items()}
    assert [notdef_glyphs(files[name]["pdf"]) for name in texts] == [0, 0, 1]
    assert lost_words(made["sound"], epub_text(files["sound"]["epub"]))[0] == 0
    assert lost_words(made["sound"], epub_text(files["glyph"]["epub"]))[0] > 1
