"""Text -> the fonts it needs: the packaged Noto fonts, and subsets of them for what a reading device may lack."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from unicodedata import category, normalize

import uharfbuzz as hb
from typst import Compiler, Fonts, TypstError

PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk", "pylopdf_fonts_zh_cn")
# What a device may lack: not Latin, Greek, Cyrillic, nor general punctuation but what joins letters and emoji.
RARE = "U+590-1FFF, U+200C-200D, U+2070-10FFFF"
RARE_IN_CJK = "U+590-10FFFF"  # where quotes and dashes are as wide as a letter, they belong to the letters' font
REGULAR, MEDIUM, BOLD = 400, 500, 700  # of the axis wght (OpenType)
SERIF, SANS, SANS_CJK = "NotoSerifSC", "NotoSans[", "NotoSansCJK"  # names of fonts start so
CJK = {"zh", "ja", "ko"}  # ISO 639
SIMPLIFIED = 2
# Default_Ignorable_Code_Point (Unicode 15, DerivedCoreProperties.txt) that is no format character: fillers, selectors
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
COLLECTION = {"ja": 0, "ko": 1, "zh-hant": 3}  # the faces of NotoSansCJK-VF.otf.ttc in order: JP, KR, SC, TC, HK


class Subset(NamedTuple):
    """A font file that holds just the characters asked for."""

    name: str
    data: bytes
    weight: int


@cache
def for_typst() -> Fonts:
    """Return the packaged fonts and Typst's own, read once a process; never those of the machine."""
    return Fonts(include_system_fonts=False, font_paths=[str(files(package)) for package in PACKAGES])


@cache
def _faces(index: int, first: str) -> tuple[tuple[str, hb.Face, frozenset[int]], ...]:
    """Return the packaged fonts with the characters they hold, that whose name starts with `first` before the others.

    The font of all CJK is a collection; of its faces, `index` is meant. It goes before those that draw simplified
    Chinese only.
    """
    named = [(path.name, str(path)) for package in PACKAGES for path in files(package).iterdir()]
    found = [(name, path) for name, path in named if re.search(r"\.(?:otf|ttf|ttc)$", name)]
    made = []
    for name, path in sorted(found, key=lambda font: (not font[0].startswith(first), "SC-" in font[0], font[0])):
        face = hb.Face(hb.Blob.from_file_path(path), index if "CJK" in name else 0)
        made.append((name, face, frozenset(face.unicodes)))
    return tuple(made)


def _index(language: str) -> int:
    """Return which face of the font of all CJK draws `language` (BCP 47) as its readers write it."""
    tag = language.lower()
    traditional = re.match(r"zh-(?:hant|tw|hk|mo)", tag)
    return COLLECTION["zh-hant"] if traditional else COLLECTION.get(tag.split("-")[0], SIMPLIFIED)


def face_of(char: str, language: str) -> hb.Face:
    """Return the first font without serifs that has `char`; the first of all where none has it."""
    faces = _faces(_index(language), SANS_CJK if language[:2] in CJK else SANS)
    return next((face for _, face, held in faces if ord(char) in held), faces[0][1])


def undrawn(text: str) -> Counter[str]:
    """Return the characters of a text for which no font of ours has a glyph, and how often each stands there.

    What is not drawn by itself counts for nothing: spaces, controls, joiners, variation selectors.
    """
    held = frozenset[int]().union(*(characters for _, _, characters in _faces(SIMPLIFIED, SANS)))
    found = Counter(normalize("NFC", text))
    return Counter(
        {
            char: count
            for char, count in found.items()
            if not (char.isspace() or _INVISIBLE.match(char) or category(char) in {"Cc", "Cf"})
            and not all(ord(part) in held or _drawn_by_typst(part) for part in normalize("NFD", char))
        }
    )


@cache
def _drawn_by_typst(char: str) -> bool:
    """Tell whether Typst draws a character: the coverage of its own fonts is known to it alone."""
    source = f'#set document(title: "-")\n#"\\u{{{ord(char):x}}}"'.encode()
    try:
        Compiler(source, font_paths=for_typst(), ignore_system_fonts=True).compile(format="pdf", pdf_standards=["a-2b"])
    except TypstError as error:
        return "could not be displayed" not in str(error)
    return True


def subsets(text: str, ranges: str, language: str = "", weight: int = REGULAR) -> list[Subset]:
    """Return font subsets that hold the characters of `text` in `ranges` (CSS), as far as any font has them.

    A character that languages draw differently is drawn as in `language` (BCP 47). Serifs are for simplified Chinese
    (there is no such font of the others) in running text.
    """
    index = _index(language)
    bounds = [tuple(int(end, 16) for end in part.strip()[2:].split("-")) for part in ranges.split(",")]
    wanted = {ord(char) for char in set(text) if not char.isspace() and any(a <= ord(char) <= b for a, b in bounds)}
    made = []
    for name, face, held in _faces(index, SERIF if index == SIMPLIFIED and weight == REGULAR else SANS_CJK):
        if not wanted:
            break
        here = wanted & held
        if here:
            stem = name.split(".")[0].replace("[", "-").rstrip("]")
            made.append(Subset(f"{stem}-{weight}.otf", _subset(face, here, weight), weight))
            wanted -= here
    return made


def _subset(face: hb.Face, characters: set[int], weight: int) -> bytes:
    """Return a font of `characters`, and of the parts that shaping takes some of them to (Thai SARA AM)."""
    chosen = hb.SubsetInput()
    chosen.unicode_set.update(ord(part) for char in characters for part in chr(char) + normalize("NFKD", chr(char)))
    chosen.name_id_set.clear()
    chosen.pin_all_axes_to_default(face)
    if any(axis.tag == "wght" for axis in face.axis_infos):
        chosen.pin_axis_location(face, "wght", weight)
    return bytes(hb.subset(face, chosen).blob.data)
