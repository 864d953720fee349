"""Languages of posts and of their paragraphs."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path, PurePosixPath

import pikepdf
import pytest
from rapidfuzz.distance import Levenshtein

from pipeline import repair
from pipeline.books.book import Book, Chapter, chapters_of, identifier
from pipeline.books.chapter.languages import with_languages
from pipeline.books.formats import books_as_files
from pipeline.books.pandoc_ast import para, text_nodes
from pipeline.document import Document, Metadata
from pipeline.language.identification import language_of
from pipeline.language.paragraphs import other_language
from pipeline.language.written_in import han_language
from tests.conftest import ROOT
from tests.test_cases import rows
from tests.test_editions import page_text

PARAGRAPHS = rows("paragraphs")
POST = """# A walk

The names 東京タワー, 习近平 and 서울 are in an English sentence.[^1] So is `日本語` in code.

> Er sagte: „Das ist die Frage, die uns heute alle beschäftigt, und niemand weiß eine Antwort darauf.“
>
> Und ging.

## A heading about 日本語の本

- The first thing that one has to know before one comes to live here.
- Das ist die zweite Sache, die man wissen muss, bevor man hier wohnen will, so sagte er.

[^1]: C’est une note qui se trouve au bas de la page et que personne ne lit jamais, bien entendu.
"""


@pytest.mark.parametrize(("post", "wanted", "text", "_"), PARAGRAPHS)
def test_the_language_of_a_paragraph(post: str, wanted: str, text: str, _: str):
    """A paragraph gets another language than its post only where it certainly is in another one."""
    assert other_language(text, post) == wanted


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("東京の本", "ja"),
        ("込", "ja"),
        ("门", "zh-Hans"),
        ("說話", "zh-Hant"),
        ("文学", ""),
        ("夏目漱石", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_name_in_han_characters(text: str, language: str):
    """Characters of one national standard alone name a language; those of several name none."""
    assert han_language(text) == language


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Return the EPUB and the PDF of a post in several languages."""
    document = Document(PurePosixPath("a.md"), POST, Metadata(title="A walk", language="en"))
    (chapter,) = chapters_of([(document, Path())])
    assert isinstance(chapter, Chapter)
    return books_as_files([Book("A walk", "en", identifier("a.md"), (chapter,))])[0]


def test_an_epub_names_the_languages_of_its_paragraphs(files: dict[str, bytes]):
    """A quotation, an item, a note and names in other scripts have `lang` and `xml:lang`; code has none."""
    with zipfile.ZipFile(io.BytesIO(files["epub"])) as archive:
        page = archive.read("EPUB/text/ch001.xhtml").decode()
    assert '<div lang="de" xml:lang="de">\n<blockquote>' in page
    for name, tag in (("東京タワー", "ja"), ("习近平", "zh-Hans"), ("서울", "ko"), ("日本語の本", "ja")):
        assert f'<span lang="{tag}" xml:lang="{tag}">{name}</span>' in page
    assert '<span lang="fr" xml:lang="fr">C’est une note' in page
    assert page.count('<div lang="de"') == 2, "of the list, only the German item"
    assert "<code>日本語</code>" in page


def test_a_pdf_has_the_faces_and_hyphens_of_its_paragraphs(files: dict[str, bytes]):
    """Japanese and Korean names are set in faces of their languages, and all words are copied as written."""
    with pikepdf.open(io.BytesIO(files["pdf"])) as pdf:
        fonts = {str(one.get("/FontName", "")) for one in pdf.objects if isinstance(one, pikepdf.Dictionary)}
    for face in (r"CJKjp|SerifJP", r"CJKkr|SerifKR"):
        assert any(re.search(face, name) for name in fonts), fonts
    copied = page_text(files["pdf"])
    assert "東京タワー" in re.sub(r"[\r\n]", "", copied)
    assert "A heading about 日本語の本" in copied


def test_percent_escapes_and_definitions_of_links_are_no_words():
    """`%d7%a8` in the URLs of a Hebrew post is not a word of `d` and `a`: in the wild, a blog in Hebrew."""
    definitions = "".join(f"[{at}]: /2015/12/{'%d7%a8%d7%a1%d7%90' * 9}/ 'An English title'\n" for at in range(1, 30))
    text = f"הלכנו אתמול לים, והיה שם [חם מאוד][1] אבל נעים.\n\n<a href='/x'>עוד</a> {'%d7%99' * 30}\n\n{definitions}"
    assert language_of(text) == "he"


def test_consecutive_paragraphs_in_one_language_are_one_division():
    """Directions and languages are marked together; a post of unknown language is marked by direction only."""
    german = para(*text_nodes(PARAGRAPHS[0][2]))
    arabic = para(*text_nodes("مرحبا، Example منذ 2010"))
    (division,) = with_languages([german, german], "en")
    assert division["c"] == [["", [], [["lang", "de"]]], [german, german]]
    assert with_languages([german], "") == [german]
    (division,) = with_languages([arabic], "")
    assert division["c"][0][2] == [["dir", "rtl"], ["lang", "ar"]]


MIXED = [("zh", "ru"), ("vi", "zh"), ("ja", "ko"), ("cs", "th"), ("ru", "uk"), ("fr", "el")]


def prose(language: str, paragraphs: int) -> list[str]:
    """Return the first long paragraphs of the test corpus in a language, without Markdown."""
    texts = (file.read_text("utf-8") for file in sorted((ROOT / "tests/corpus/texts" / language).rglob("*.md")))
    found = (" ".join(part.split()) for text in texts for part in re.split(r"\n\s*\n", text))
    return [one for one in found if len(one.encode()) > 150 and not re.search(r"[`<|\[#]", one)][:paragraphs]


@pytest.mark.parametrize(("post", "quoted"), MIXED)
def test_repair_reads_each_paragraph_in_its_own_language(post: str, quoted: str):
    """A damaged post with paragraphs in another language is repaired as well as two posts of one language each."""
    paragraphs = [*prose(post, 3), *prose(quoted, 2)]
    assert len(paragraphs) == 5
    truth = "\n\n".join(paragraphs)
    repaired = repair(truth.encode().decode("cp1252", "replace")).text
    assert Levenshtein.normalized_distance(truth, repaired) < 0.01
