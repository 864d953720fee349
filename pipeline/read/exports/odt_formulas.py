"""Formulas of an ODT file -> the same where pandoc finds them; formulas among words -> inline formulas.

Office programs store a formula as MathML in a file of the archive, and the text names its folder.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

TEXT_FILE = "content.xml"
_FORMULA_FOLDER = "./LacunaFormula"
_MATHML = b"http://www.w3.org/1998/Math/MathML"
_OBJECT_FOLDER = re.compile(rb'(<draw:object\b[^<>]*\bxlink:href=")([^"<>]*)(?=")')
_INNER_FORMULA = re.compile(rb"<draw:object\b[^<>]*>\s*(?=<(?:(?P<prefix>[\w-]+):)?math\b(?P<start>[^<>]*)>)")
_OBJECT_END = b"</draw:object>"
_PART_OF_TEXT = re.compile(r"(</?(?:p|li|td|th|h[1-6]|dd|dt|div|blockquote|figcaption)\b[^>]*>)")
_DISPLAYED_FORMULA = re.compile(r'<span class="math display">\\\[([^<]*)\\\]</span>')
_ANY_LETTER = re.compile(r"[^\W\d_]")


def with_formulas_found(odt: bytes) -> bytes:
    """Return an ODT file in which pandoc finds every formula; unchanged if it has none or is damaged.

    pandoc knows the folder `./Object 1`, but not `Formula-1/` (its own way), `./Object%201`, or MathML in the text.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(odt)) as archive:
            text = archive.read(TEXT_FILE)
            formulas: list[bytes] = []
            made = _OBJECT_FOLDER.sub(_named_folder, b"".join(_with_formulas_moved(text, formulas)))
            if made == text:
                return odt
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, RuntimeError, NotImplementedError):
        return odt
    stored = {f"{_FORMULA_FOLDER[2:]}{at}/{TEXT_FILE}": formula for at, formula in enumerate(formulas)}
    return with_files(odt, {TEXT_FILE: made, **stored})


def with_files(odt: bytes, changed: dict[str, bytes]) -> bytes:
    """Return an archive with some files changed or added; unchanged if one of its files is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(odt)) as archive:
            files = {one.filename: archive.read(one) for one in archive.infolist()} | changed
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, RuntimeError, NotImplementedError):
        return odt
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return output.getvalue()


def _named_folder(match: re.Match[bytes]) -> bytes:
    """Return an object with its folder as pandoc expects it: `Formula-1/` -> `./Formula-1`."""
    name = unquote_to_bytes(match[2]).removeprefix(b"./").rstrip(b"/")
    return match[1] + (match[2] if set(b'"<>&') & {*name} else b"./" + name)


def _with_formulas_moved(text: bytes, formulas: list[bytes]) -> Iterator[bytes]:
    """Yield a text with the formulas inside it as objects in folders; `formulas` gets their files."""
    at = 0
    while match := _INNER_FORMULA.search(text, at):
        end = text.find(_OBJECT_END, match.end())
        if end < 0:
            break
        formula = text[match.end() : end].rstrip()
        prefix = match["prefix"]
        if prefix and b"xmlns:" + prefix + b"=" not in match["start"]:
            name = b"<" + prefix + b":math"
            formula = formula.replace(name, name + b" xmlns:" + prefix + b'="' + _MATHML + b'"', 1)
        yield text[at : match.start()]
        yield f'<draw:object xlink:href="{_FORMULA_FOLDER}{len(formulas)}">'.encode()
        formulas.append(formula)
        at = end
    yield text[at:]


def with_inline_formulas(html: str) -> str:
    r"""Return pandoc's page with the formulas among words inline: office programs mark all as displayed.

    >>> with_inline_formulas(r'<p>Let <span class="math display">\[x\]</span> be</p>')
    '<p>Let <span class="math inline">\\(x\\)</span> be</p>'
    """
    return "".join(map(_with_inline_part, _PART_OF_TEXT.split(html)))


def _with_inline_part(part: str) -> str:
    words = re.sub(r"<[^>]*>", "", _DISPLAYED_FORMULA.sub("", part))
    if "math display" not in part or not _ANY_LETTER.search(words):  # a number of a formula is not a word
        return part
    return _DISPLAYED_FORMULA.sub(r'<span class="math inline">\\(\1\\)</span>', part)
