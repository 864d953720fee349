"""The table of codecs is the only list of codecs, and a new codec needs only a row."""

from __future__ import annotations

import ast
import codecs as python_codecs
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from pipeline.encoding import codecs
from pipeline.encoding.codecs import CODECS, Codec, detectable_codecs
from pipeline.read.decode import detect
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "how-to" / "add-a-codec.md").read_text("utf-8")
ROW = re.compile(r"^ *Codec\(.+\),$", re.MULTILINE)
SPECIAL = {"utf-8"}  # the name for text that needs no decoding, as utf-16 is
EXCEPTIONS = {
    "encoding/codecs.py": "the table",
    "language/identification.py": "the repertoires of simplified and traditional characters; it is below the table",
    "language/written_in.py": "the standards of Han characters, of which one may alone have a character; the same",
}
NAMED = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted({row.name for row in CODECS} - SPECIAL, key=len, reverse=True))})(?![\w-])"
)
ARABIC = "في عام ٢٠٢١، كانت السماء صافية والهواء نقيًا، وكان الأطفال يلعبون في الحديقة القريبة من المدرسة."


@pytest.mark.parametrize("row", CODECS, ids=lambda row: row.name)
def test_each_row_describes_a_codec_of_python(row: Codec):
    """Python has the codec, with the width and the script of the row."""
    assert python_codecs.lookup(row.name)
    if not row.is_multi_byte:
        assert all(len(bytes([byte]).decode(row.name, "replace")) == 1 for byte in range(256))
        text = bytes(range(0x80, 0x100)).decode(row.name, "ignore")
        if row.family != "EBCDIC":
            scripts = Counter(unicodedata.name(char).split()[0] for char in text if char.isalpha())
            assert max(scripts, key=lambda script: scripts[script]) == row.script.upper()


def test_the_rows_are_consistent():
    """Names are unique, those that rows refer to exist, and no two rows share a rank."""
    names = [row.name for row in CODECS]
    assert len(names) == len(set(names))
    assert {name for row in CODECS for name in (*row.subsets.split(), row.like) if name} <= set(names)
    for use in ("wrong", "truth", "copy", "guess"):
        ranks = [getattr(row, use) for row in CODECS if getattr(row, use)]
        assert len(ranks) == len(set(ranks)), use


def test_a_superset_decodes_what_its_subsets_decode():
    """A codec encodes all characters of its subsets, except a few."""
    for row in CODECS:
        for subset in row.subsets.split():
            text = "".join(char for char in map(chr, range(0xA0, 0xD800)) if char.encode(subset, "ignore"))
            lost = sum(not char.encode(row.name, "ignore") for char in text)
            assert lost * 100 < len(text), (row.name, subset)


def test_no_other_module_names_a_codec():
    """Outside the table, no string of the package is the name of a codec; docstrings and comments are not checked."""
    found = []
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        relative = path.relative_to(ROOT / "pipeline").as_posix()
        if relative not in EXCEPTIONS:
            found += [f"{relative}:{line}: {name}" for line, name in _named(path)]
    assert not found


def _named(path: Path) -> list[tuple[int, str]]:
    """Return the codec names in the strings of a module, without docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
    texts = ((node.lineno, node.value) for node in constants if isinstance(node.value, str))
    return [(line, match[0]) for line, text in texts for match in NAMED.finditer(text)]


def test_the_guide_to_a_new_codec_works(monkeypatch: pytest.MonkeyPatch):
    """Files in a new codec need only the row that docs/how-to/add-a-codec.md adds."""
    row = eval(ROW.search(PAGE)[0].strip().rstrip(","), {"Codec": Codec})  # noqa: S307 - our own page
    data = ARABIC.encode(row.name)
    assert row.name not in detectable_codecs()
    assert data.decode(detect(data).codec, "replace") != ARABIC
    monkeypatch.setattr(codecs, "CODECS", (*CODECS, row))
    found = detect(data)
    assert (found.codec, found.evidence) == (row.name, "statistics")
    assert data.decode(found.codec) == ARABIC


def test_the_guide_lists_all_uses():
    """docs/how-to/add-a-codec.md explains each use that a row can have for mojibake."""
    explained = set(re.findall(r"^ *\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert explained == {"wrong", "truth", "copy"}
    assert explained <= set(Codec.__dataclass_fields__)
