"""Notes wherever a post has them, definitions with code, and rare characters: in EPUB and PDF, each once."""

from __future__ import annotations

import io
import re
from pathlib import Path, PurePosixPath

import pikepdf
import pypdfium2
import pytest

from pipeline import Document, Settings
from pipeline.books.book import Book, chapters_of, identifier
from pipeline.books.chapter.notes import with_separated_notes
from pipeline.books.chapter.visible_words import ast_visible_text
from pipeline.books.fonts import characters_without_glyph
from pipeline.books.formats import books_as_files
from pipeline.books.maths.text_with_marks import text_with_marks
from pipeline.books.pandoc_ast import all_nodes, class_names, safe_url
from pipeline.books.sections import sections_of
from pipeline.document import Metadata, SkipDocument
from pipeline.run.worker import cleaned_document
from tests.test_book_pages import epub_file

ROWS = "".join(f"| item {at} | {at * 7} |\n" for at in range(60))
POST = f"""# Harbours[^title]

The first place[^a], and two notes[^b][^c].

| [name](https://example.org/list)[^a] | count[^head] |
|---|---|
{ROWS}
After the table[^head].

`--option`
: What it sets.

    ```sh
    tool --option=1

    tool --help
    ```

: A second meaning.

[^title]: Note of the title.
[^a]: Note alpha, which cites another[^inner].
[^b]: Note beta.
[^c]: Note gamma.
[^head]: Note of the head.
[^inner]: Note within a note, which cites the first[^a].
"""
NOTES = ("Note of the title", "Note alpha", "Note beta", "Note gamma", "Note of the head", "Note within a note")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the EPUB and the PDF of a post with notes in all places, formatted by a run."""
    document = cleaned_document(PurePosixPath("post.md"), POST.encode(), Settings())
    (chapter,) = chapters_of([(document, tmp_path_factory.mktemp("notes"))])
    assert not isinstance(chapter, SkipDocument)
    assert chapter.omitted_words == 0, chapter.omitted
    return books_as_files([Book("Harbours", "en", identifier("notes"), (chapter,))])[0]


@pytest.fixture(scope="module")
def pages(made: dict[str, bytes]) -> list[str]:
    """Return the text of the pages of the PDF."""
    document = pypdfium2.PdfDocument(made["pdf"])
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def test_every_note_is_printed_once(made: dict[str, bytes], pages: list[str]):
    """Notes of the title, of a table head on three pages, of a note, and notes cited twice are in the book once."""
    text, chapter = "".join(pages), epub_file(made["epub"], "text/ch001.xhtml")
    assert sum("name" in page and "count" in page for page in pages) == 3  # the head is repeated
    for note in NOTES:
        assert text.count(note) == 1, note
        assert chapter.count(note) == 1, note
    assert len(re.findall(r"After the table(\d)", text)) == 1  # a reference by number
    assert "twonotes3,4." in "".join(text.split())  # not 34
    with pikepdf.open(io.BytesIO(made["pdf"])) as pdf, pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "2A"  # a repeated head has no links


def test_definitions_keep_their_code(made: dict[str, bytes]):
    """The fence of a definition is code inside it, and the second meaning is one of the same term."""
    chapter = epub_file(made["epub"], "text/ch001.xhtml")
    inside = chapter[chapter.index("<dl>") : chapter.index("</dl>")]
    assert inside.count("<dd>") == 2
    assert "<pre" in inside
    assert "```" not in chapter


def test_notes_that_cite_each_other_end():
    """Notes that cite each other, or many others, are each read once: no note grows with the number of citations."""
    many = "".join(f"[^n{at}]: Note {at}" + "".join(f"[^n{to}]" for to in range(12)) + ".\n\n" for at in range(12))
    document = Document(PurePosixPath("a.md"), f"Text[^n0].\n\n{many}")
    (chapter,) = chapters_of([(document, Path())])
    assert not isinstance(chapter, SkipDocument)
    assert sorted(re.findall(r"Note (\d+)", ast_visible_text(chapter.blocks)), key=int) == [*map(str, range(12))]
    assert chapter.omitted_words == 0
    assert sum(node["t"] == "Note" for node in all_nodes(chapter.blocks)) < 200


def test_text_is_marked_only_where_notes_cite_notes():
    """A citation in code, or of a note that is not defined, is not a citation."""
    assert (
        text_with_marks("a[^1]\n\n[^1]: `[^2]` [^3]\n\n[^2]: b").text == "a[^1]\n\n[^1]: `[^2]` [^3]\n\n[^2]: `q0n0`b"
    )
    assert text_with_marks("a[^1]\n\n[^1]: b[^2]\n\n[^2]: c").text.startswith("`q0x0`[^2]\n\na[^1]")


def test_adjacent_notes_have_a_comma():
    """Numbers of adjacent notes are apart; words between notes are enough."""
    note, word = {"t": "Note", "c": []}, {"t": "Str", "c": "a"}
    comma = {"t": "Superscript", "c": [{"t": "Str", "c": ","}]}
    assert with_separated_notes([note, note, word, note]) == [note, comma, note, word, note]


@pytest.mark.parametrize(
    "text",
    [
        "\N{SYMBOL FOR NEWLINE}\N{SYMBOL FOR NULL}\N{OPEN BOX}",
        "\N{TRIGRAM FOR HEAVEN}\N{TRIGRAM FOR EARTH}\N{BLACK CHESS KING}\N{UPPER BLADE SCISSORS}",
        "བོད་ཡིག་ནི་བོད་ཀྱི་ཡི་གེ་ཡིན།",
        "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ᠌",
        "ܣܘܪܝܝܐ ދިވެހި ߒߞߏ ⵜⴰⵎⴰⵣⵉⵖⵜ ᚠᚢᚦ ᚁᚂ",
        "អក្សរខ្មែរ የኢትዮጵያ မြန်မာ ქართული Հայերեն ᏣᎳᎩ",
    ],
)
def test_rare_characters_have_a_glyph(text: str):
    """Signs such as control pictures and trigrams, and scripts that few fonts have, are drawn."""
    assert characters_without_glyph(text) == {}


def test_a_title_in_an_element_is_not_repeated(tmp_path: Path):
    """The heading of a post that is in `<div id="a">`, as exports have it, is the title: it is shown once."""
    text = '<div id="a">\n\n# Harbours\n\nText.\n\n</div>\n'
    (chapter,) = chapters_of([(Document(PurePosixPath("a.md"), text, Metadata(title="Harbours")), tmp_path)])
    assert not isinstance(chapter, SkipDocument)
    book = Book("Harbours", "en", identifier("a"), (chapter,))
    assert not [node for node in all_nodes(sections_of(book)[0].blocks) if node["t"] == "Header"]


def test_badges_that_are_missing_share_a_line(tmp_path: Path):
    """A paragraph of images, such as badges with links, is one quiet line with the hosts if all are missing."""
    badge = "[![build](https://img.example.com/b.svg)](https://e.org/b)"
    text = f"{badge} {badge}\n![docs](https://docs.example.org/d.svg)\n\nText ![inline](https://e.org/i.png).\n"
    (chapter,) = chapters_of([(Document(PurePosixPath("a.md"), text), tmp_path)])
    assert not isinstance(chapter, SkipDocument)
    (line,) = (node for node in all_nodes(chapter.blocks) if "missing-image" in class_names(node))
    shown = " ".join(ast_visible_text([line]).split())
    assert shown.endswith("Image missing (3) · img.example.com, docs.example.org")
    assert chapter.omitted_words == 0


def test_percent_signs_of_urls_are_escaped():
    """A URL with a percent sign that escapes nothing is one that EPUBCheck accepts; escapes stay."""
    assert safe_url("https://e.org/a%20b") == "https://e.org/a%20b"
    assert safe_url("https://e.org/#:~:text=5%,%2") == "https://e.org/#:~:text=5%25,%252"


def test_letters_of_code_are_in_their_cells(tmp_path: Path):
    """Vietnamese letters in code are as wide as others: the accents of two letters are not next to them."""
    text = "```\nyếu tố ổn định|\nabcdefghijklmn|\n```\n"
    (chapter,) = chapters_of([(Document(PurePosixPath("a.md"), text), tmp_path)])
    assert not isinstance(chapter, SkipDocument)
    pdf = pypdfium2.PdfDocument(books_as_files([Book("Code", "vi", identifier("c"), (chapter,))])[0]["pdf"])
    try:
        page = pdf[1].get_textpage()
        shown = page.get_text_range()
        bars = [page.get_charbox(at)[0] for at, char in enumerate(shown) if char == "|"]
    finally:
        pdf.close()
    assert len(bars) == 2
    assert bars[0] == pytest.approx(bars[1], abs=1)
