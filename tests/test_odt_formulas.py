"""Formulas of ODT files: found however the text names them, inline among words, displayed alone."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath

import pytest

from pipeline.document import Source
from pipeline.read.exports.odt_code import with_code_marked
from pipeline.read.exports.odt_formulas import with_formulas_found, with_inline_formulas
from pipeline.read.pandoc_formats import READER

NAMES = " ".join(
    f'xmlns:{prefix}="{name}"'
    for prefix, name in {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
        "xlink": "http://www.w3.org/1999/xlink",
        "math": "http://www.w3.org/1998/Math/MathML",
    }.items()
)
EMPTY_STYLES = "".join(f"<office:{one}/>" for one in ("font-face-decls", "styles", "automatic-styles", "master-styles"))
STYLES = f'<?xml version="1.0"?><office:document-styles {NAMES}>{EMPTY_STYLES}</office:document-styles>'
INNER = "<mrow><msup><mi>a</mi><mn>2</mn></msup><mo>+</mo><mi>b</mi></mrow>"
FORMULA = f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{INNER}</math>'
PREFIXED = "<math:math><math:mrow><math:mi>a</math:mi><math:mo>+</math:mo><math:mi>b</math:mi></math:mrow></math:math>"


def odt(body: str, styles: str = "", **formulas: str) -> bytes:
    styles = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    text = f"<office:document-content {NAMES}>{styles}<office:body><office:text>{body}</office:text></office:body>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{text}</office:document-content>')
        archive.writestr("styles.xml", STYLES)
        for name, formula in formulas.items():
            archive.writestr(f"{name.replace('_', ' ')}/content.xml", formula)
    return file.getvalue()


def paragraph(text: str, object_: str) -> str:
    frame = f'<draw:frame text:anchor-type="as-char">{object_}</draw:frame>'
    return f"<text:p>{text.replace('@', frame)}</text:p>"


def markdown(data: bytes) -> str:
    return READER.read(Source(PurePosixPath("a.odt"), data))[0].text.rpartition("---\n")[2].strip()


def named(folder: str) -> str:
    return f'<draw:object xlink:href="{folder}" xlink:type="simple"/>'


@pytest.mark.parametrize(
    "folder", ["./Object 1", "Object 1", "./Object 1/", "Object 1/", "./Object%201", "Object%201/"]
)
@pytest.mark.parametrize(
    "text", ["The area is @ here.", "Площадь равна @ метрам.", "面積は@です。", "@ ist die Fläche"]
)
def test_a_formula_is_found_however_it_is_named(folder: str, text: str):
    """Each way to name the folder of a formula among words gives an inline formula."""
    made = markdown(odt(paragraph(text, named(folder)), Object_1=FORMULA))
    assert made == text.replace("@", "$a^{2} + b$")


@pytest.mark.parametrize(
    "formula",
    [
        PREFIXED,
        PREFIXED.replace("<math:math>", '<math:math xmlns:math="http://www.w3.org/1998/Math/MathML">'),
        PREFIXED.replace("math:", "").replace("<math>", '<math xmlns="http://www.w3.org/1998/Math/MathML">'),
    ],
)
def test_a_formula_inside_the_text_is_found(formula: str):
    """MathML inside the text is read, also twice in a paragraph."""
    frame = f"<draw:object>{formula}</draw:object>"
    assert markdown(odt(paragraph("From @ follows @ too.", frame))) == "From $a + b$ follows $a + b$ too."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (paragraph("@", named("./Object 1")), "$$a^{2} + b$$"),
        (paragraph("@ (1)", named("Object 1/")), "$$a^{2} + b$$ (1)"),
        (f"<text:h>{paragraph('The value @', named('Object 1/'))[8:-9]}</text:h>", "# The value $a^{2} + b$"),
        (
            f"<text:list><text:list-item>{paragraph('so @', named('Object 1/'))}</text:list-item></text:list>",
            "1. so $a",
        ),
    ],
)
def test_a_formula_alone_is_displayed(body: str, expected: str):
    """A formula without words around it stays on a separate line; one in a heading or a list item is inline."""
    assert expected in markdown(odt(body, Object_1=FORMULA))


def test_other_files_stay_as_they_are():
    """A file without formulas, a damaged one and one with an object of another kind keep their bytes and text."""
    plain = odt("<text:p>No formula.</text:p>")
    for data in (plain, plain[:-30], b"", b"PK\x03\x04"):
        assert with_formulas_found(data) == data
    chart = odt(paragraph("A chart @ here.", named("./Object 1")), Object_1="<office:chart/>")
    assert with_formulas_found(chart) == chart
    assert with_formulas_found(odt("<draw:object><math:math>" * 50_000)) != b""
    page = "<p>Words only, math display</p>"
    assert with_inline_formulas(page) == page


CODE_STYLES = (
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Mine"/>'
    '<style:style style:name="Mine" style:family="paragraph" style:parent-style-name="Preformatted_20_Text"/>'
)


@pytest.mark.parametrize("style", ["Preformatted_20_Text", "P1", "Mine", "Source_20_Code"])
def test_preformatted_paragraphs_are_code(style: str):
    """Lines of code, each a paragraph of its style or of one based on it, are one block with their spaces."""
    lines = ["def f(x):", '<text:s text:c="4"/>return <text:s/>x', "", "<text:tab/># end &lt;b&gt;"]
    code = "".join(f'<text:p text:style-name="{style}">{line}</text:p>' for line in lines)
    code = code.replace(f'"{style}"></text:p>', f'"{style}"/>')
    made = markdown(odt(f"<text:p>Before.</text:p>{code}<text:p>After.</text:p>", styles=CODE_STYLES))
    assert made == "Before.\n\n```\ndef f(x):\n    return  x\n\n    # end <b>\n```\n\nAfter."
    assert with_code_marked(b"no archive") == b"no archive"
    assert with_code_marked(odt("<text:p" * 50_000)) != b""
