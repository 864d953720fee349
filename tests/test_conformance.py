"""Books pass external checkers: EPUBCheck, epubcheck-ts, DAISY Ace, and a checker of tagged PDF.

Tools that are not in the lock file are installed by `make tools`. Without them, their tests are skipped with a reason.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pikepdf
import pytest
from PIL import Image

from pipeline import Document
from pipeline.books.book import Book, chapters_of, identifier
from pipeline.books.formats import books_as_files
from pipeline.document import Metadata, SkipDocument
from tests.conftest import ROOT
from tests.epubcheck import assert_valid, needs_java

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TOOL_FOLDERS = os.pathsep.join(
    map(str, (ROOT / ".tools" / "node_modules" / ".bin", ROOT / ".tools" / "outloud" / "bin"))
)
EVERYTHING = """# Everything

A paragraph with *emphasis*, **strong**, `code`, ~~struck~~ and a note[^1]: $e^{i\\pi} + 1 = 0$, and $x$.

$$\\sum_{i=1}^n i = \\frac{n(n+1)}{2}$$

![A red square](red.png)

![A lost image](lost.png)

| a | b |
|---|---|
| 1 | [2](https://example.com/paper) |

1. one
   - [x] done
   - [ ] open

> Quoted.

```python
def f(x): return x  # comment
```

[^1]: The note.
"""


def tool(name: str) -> str:
    """Return the path of a tool, or skip the test if the tool is not installed."""
    path = shutil.which(name, path=TOOL_FOLDERS) or shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed; run `make tools`")
    return path


@pytest.fixture(scope="module")
def books(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sample's books, and a book of two posts with all kinds of content in two languages."""
    folder = tmp_path_factory.mktemp("books")
    for file in (*(made / "out").glob("*.???*"), *(made / "out" / "posts").iterdir()):
        if file.suffix in {".epub", ".pdf"}:
            shutil.copy(file, folder)
    Image.new("RGB", (8, 8), "red").save(folder / "red.png")
    posts = [("English", "en"), ("中文", "zh-Hans")]
    documents = [(Document(PurePosixPath("a.md"), EVERYTHING, Metadata(title=a, language=b)), folder) for a, b in posts]
    chapters = [chapter for chapter in chapters_of(documents) if not isinstance(chapter, SkipDocument)]
    assert len(chapters) == len(posts)
    for kind, data in books_as_files([Book("A book of all", "en", identifier("all"), tuple(chapters))])[0].items():
        (folder / f"everything.{kind}").write_bytes(data)
    return folder


@needs_java
def test_epubcheck_finds_nothing(books: Path):
    """EPUBCheck 5.3 reports no error and no warning for all kinds of content. test_editions.py checks the sample."""
    assert_valid(books / "everything.epub")


def test_the_quick_check_of_every_epub_finds_nothing(books: Path):
    """epubcheck-ts, a faster checker, reports no error and no warning for any book."""
    command = tool("epubcheck-ts")
    for epub in sorted(books.glob("*.epub")):
        ran = subprocess.run([command, epub, "--fail-on-warnings"], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{epub.name}: {ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("name", ["archive", "everything"])
def test_ace_finds_nothing_that_keeps_a_reader_out(books: Path, name: str, tmp_path: Path):
    """DAISY Ace reports no critical or serious violation of accessibility rules."""
    command = tool("ace-puppeteer")
    if not CHROMIUM:
        pytest.skip("Ace needs Chromium, which is not installed")
    environment = {**os.environ, "PUPPETEER_EXECUTABLE_PATH": CHROMIUM}
    ran = subprocess.run(
        [command, "--silent", "--outdir", tmp_path, books / f"{name}.epub"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert (tmp_path / "report.json").exists(), ran.stdout + ran.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["a11y-metadata"]["present"]
    found = [one["earl:test"] for subject in report["assertions"] for one in subject["assertions"]]
    assert not [one["dct:title"] for one in found if one["earl:impact"] in {"serious", "critical"}]


def test_a_checker_of_tagged_pdf_passes_every_book(books: Path):
    """Outloud, a checker of PDF/UA-1 and more, reports no error and no warning for any PDF.

    Rule MATH-010 is skipped: it wants spoken words as alternative text of formulas, and ours is the author's TeX. So is
    ORD-001: it counts the text of a paragraph before its links, wherever they are; the test below compares the order.
    """
    pdfs = sorted(map(str, books.glob("*.pdf")))
    command = [tool("outloud"), "--fail-on", "warning", "--skip", "MATH-010,ORD-001", *pdfs]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def elements(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Yield the elements of a structure tree."""
    if isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield node
    inner = (
        node.get("/K") if isinstance(node, pikepdf.Dictionary) else node if isinstance(node, pikepdf.Array) else None
    )
    for part in inner if isinstance(inner, pikepdf.Array) else [inner] if inner is not None else []:
        yield from elements(part)


def marked_content(node: pikepdf.Object, page: pikepdf.Object | None = None) -> Iterator[tuple[int, int]]:
    """Yield the page (its object number) and number of the marked content in a structure tree, in the tree's order."""
    if isinstance(node, pikepdf.Array):
        for part in node:
            yield from marked_content(part, page)
    elif isinstance(node, pikepdf.Dictionary):
        page = node.get("/Pg", page)
        if "/MCID" in node and page is not None:
            yield page.objgen[0], int(node.MCID)
        else:
            yield from marked_content(node.get("/K", pikepdf.Array()), page)
    elif page is not None:
        yield page.objgen[0], int(node)


def test_tags_are_in_the_order_of_the_page(books: Path):
    """A screen reader reads a page of the sample from top to bottom. Typst numbers marked content as it paints it."""
    with pikepdf.open(books / "archive.pdf") as pdf:
        order = [*marked_content(pdf.Root.StructTreeRoot.K)]
    pages = {page: [number for where, number in order if where == page] for page, _ in order}
    assert len(pages) > 10
    assert all(numbers == sorted(numbers) for numbers in pages.values())


def test_the_structure_tree_has_all_content(books: Path):
    """Headings, lists, tables, notes and code are tagged. Figures and formulas have alternative texts."""
    with pikepdf.open(books / "everything.pdf") as pdf:
        tagged = list(elements(pdf.Root.StructTreeRoot))
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
        assert titles == ["English", "中文", "Colophon"]
        assert str(pdf.Root.Lang) == "en"  # code, too, has no other language
    tags = {str(one.S) for one in tagged}
    assert {"/H1", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/Figure", "/Formula", "/Link", "/Note", "/Code"} <= tags
    figures = [str(one.get("/Alt", "")) for one in tagged if str(one.S) == "/Figure"]
    assert figures == ["A red square"] * 2
    formulas = [str(one.get("/Alt", "")) for one in tagged if str(one.S) == "/Formula"]
    assert formulas == [r"e^{i\pi} + 1 = 0", "x", r"\sum_{i=1}^n i = \frac{n(n+1)}{2}"] * 2
    assert {str(one.Lang) for one in tagged if "/Lang" in one} == {"zh-CN"}


def test_every_figure_of_the_sample_has_an_alternative_text(books: Path):
    """Every figure and formula in the sample's PDFs has an alternative text with words."""
    for file in books.glob("*.pdf"):
        with pikepdf.open(io.BytesIO(file.read_bytes())) as pdf:
            figures = [one for one in elements(pdf.Root.StructTreeRoot) if str(one.S) in {"/Figure", "/Formula"}]
            assert all(re.search(r"\w", str(one.get("/Alt", ""))) for one in figures), file.name
