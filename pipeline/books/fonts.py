"""Text -> subsets of the packaged Noto fonts, to embed in EPUBs; the fonts for Typst; characters without a glyph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category, normalize

if TYPE_CHECKING:
    import uharfbuzz as hb
    from typst import Fonts

FONT_FILES = (  # a package, and the names of its font files
    ("manimgx_fonts", "*.ttf"),
    ("manimgx_fonts_cjk", "*.ttc"),
    ("pylopdf_fonts_zh_cn", "*.otf"),
    ("fontpkg_amiri", "files/Amiri-[RB]*[rd].ttf"),  # upright: Arabic has no italic
    ("fontpkg_frank_ruhl_libre", "files/*.ttf"),
    ("pylopdf_fonts_hi", "NotoSerif*.ttf"),
    ("pylopdf_fonts_th", "NotoSerif*.ttf"),
    ("pipeline.books.faces", "*.ttf"),  # signs and scripts that the packages lack
)
OPTIONAL_FONT_FILES = (  # of the extra `cjk`
    ("pylopdf_fonts_zh_tw", "NotoSerif*.otf"),
    ("pylopdf_fonts_jp", "NotoSerif*.otf"),
    ("pylopdf_fonts_ko", "NotoSerif*.otf"),
)
# Book faces of one script: they draw its characters, and no others (blocks of Unicode 15).
FACE_RANGES = {
    "Amiri": ((0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE)),
    "FrankRuhlLibre": ((0x0590, 0x05FF), (0xFB1D, 0xFB4F)),
    "NotoSerifDevanagari": ((0x0900, 0x097F), (0xA8E0, 0xA8FF), (0x1CD0, 0x1CFF)),
    "NotoSerifThai": ((0x0E00, 0x0E7F),),
}
JOINERS = frozenset((0x200C, 0x200D))  # ZERO WIDTH NON-JOINER and JOINER: no font is embedded for them alone
# CSS ranges that a reading device may have no font for: all but Latin, Greek, Cyrillic and general punctuation. ZERO
# WIDTH JOINER and NON-JOINER are included, because they join characters and emoji.
EMBEDDED_RANGES = "U+590-1FFF, U+200C-200D, U+2070-10FFFF"
EMBEDDED_RANGES_IN_CJK = "U+590-10FFFF"  # with general punctuation: full-width quotes and dashes are in the CJK font
OPEN_FACES = 4  # at most at the same time: what is read of a file, up to 20 MB, stays in memory
REGULAR_WEIGHT, MEDIUM_WEIGHT, BOLD_WEIGHT = 400, 500, 700  # on the wght axis (OpenType)
SANS_PREFIX, SANS_CJK_PREFIX = "NotoSans[", "NotoSansCJK"  # prefixes of font file names
CJK_LANGUAGES = {"zh", "ja", "ko"}  # ISO 639
SIMPLIFIED_FACE = 2  # index of the face for simplified Chinese in NotoSansCJK
# Default_Ignorable_Code_Point (Unicode 15, DerivedCoreProperties.txt) except format characters: fillers, selectors
_DEFAULT_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
CJK_FACES = {"ja": 0, "ko": 1, "zh-hant": 3}  # faces of NotoSansCJK-VF.otf.ttc, in the order JP, KR, SC, TC, HK

SERIF_PREFIXES = {0: ("NotoSerifJP",), 1: ("NotoSerifKR",), 2: ("NotoSerifSC",), 3: ("NotoSerifTC",)}  # by those faces


class FontSubset(NamedTuple):
    """A font file reduced to some characters."""

    name: str
    data: bytes  # OpenType
    weight: int  # on the wght axis


@cache
def font_paths() -> tuple[Path, ...]:
    """Return the font files of the packages, those of the extra `cjk` if it is installed."""
    wanted = _installed_font_files()
    return tuple(path for package, name in wanted for path in sorted(Path(str(files(package))).glob(name)))


def _installed_font_files() -> list[tuple[str, str]]:
    return [*FONT_FILES, *(pair for pair in OPTIONAL_FONT_FILES if find_spec(pair[0]))]


@cache
def typst_fonts() -> Fonts:
    """Return the packaged fonts and Typst's own, without system fonts. They are read once per process."""
    from typst import Fonts  # noqa: PLC0415 - a run without new books does not need it

    packages = dict.fromkeys(name for name, _ in _installed_font_files())
    return Fonts(include_system_fonts=False, font_paths=[str(files(package)) for package in packages])


def _packaged_faces(index: int, first: tuple[str, ...]) -> Iterator[tuple[Path, int, frozenset[int]]]:
    """Yield the packaged fonts in order of preference: file, index of the face, the code points that it is to draw.

    `index` selects the face of the CJK collection. A font is read when it is asked for: most texts need only the first.
    """
    for path in _preferred_fonts(first):
        place = index if "CJK" in path.name else 0
        yield path, place, _code_points(path, place)


@cache
def _preferred_fonts(first: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the font files in order of preference, without bold ones.

    Book faces of one script come first, then fonts whose names start as `first` says, then Noto Sans. Fonts for one CJK
    language, italic fonts and those for rare signs and scripts come last.
    """

    def rank(path: Path) -> tuple[bool, int, bool, bool, bool, bool, str]:
        name = path.name
        place = next((at for at, prefix in enumerate(first) if name.startswith(prefix)), len(first))
        general, last = name.startswith(SANS_PREFIX), re.search(r"(?:SC|TC|JP|KR)-", name) is not None
        return not _ranges_of(name), place, not general, path.parent.name == "faces", last, "Italic" in name, name

    return tuple(sorted((path for path in font_paths() if "Bold" not in path.name), key=rank))


@lru_cache(maxsize=OPEN_FACES)
def _face(path: Path, index: int) -> hb.Face:
    """Return a face of a font file."""
    import uharfbuzz as hb  # noqa: PLC0415 - a run without new books does not need it

    return hb.Face(hb.Blob.from_file_path(str(path)), index)


@cache
def _code_points(path: Path, index: int) -> frozenset[int]:
    """Return the code points that a face of a font file is to draw."""
    code_points = frozenset(_face(path, index).unicodes)
    if ranges := _ranges_of(path.name):
        return frozenset(code for code in code_points if any(low <= code <= high for low, high in ranges))
    return code_points


def _ranges_of(name: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of code points that a font file is limited to; empty if it is not limited."""
    return FACE_RANGES.get(re.split(r"[-\[]", name)[0], ())


def _cjk_face_index(language: str) -> int:
    """Return the index of the face of NotoSansCJK for `language` (BCP 47).

    >>> _cjk_face_index("ja"), _cjk_face_index("zh-Hant-TW"), _cjk_face_index("en") == SIMPLIFIED_FACE
    (0, 3, True)
    """
    tag = language.lower()
    traditional = re.match(r"zh-(?:hant|tw|hk|mo)", tag)
    return CJK_FACES["zh-hant"] if traditional else CJK_FACES.get(tag.split("-")[0], SIMPLIFIED_FACE)


def characters_without_glyph(text: str) -> Counter[str]:
    """Return the characters of a text that no font has a glyph for, with their counts.

    Invisible characters (spaces, controls, joiners, variation selectors) are not counted. One for private use always
    is: what it means was a matter of the post's own font.
    """

    def is_packaged(part: str) -> bool:
        return any(ord(part) in available for _, _, available in _packaged_faces(SIMPLIFIED_FACE, (SANS_PREFIX,)))

    def is_drawn(char: str) -> bool:
        return category(char) != "Co" and all(
            is_packaged(one) or _drawn_by_typst(one) for one in normalize("NFD", char)
        )

    counts = Counter(normalize("NFC", text))
    return Counter(
        {
            char: count
            for char, count in counts.items()
            if not (char.isspace() or _DEFAULT_IGNORABLE.match(char) or category(char) in {"Cc", "Cf"})
            and not is_drawn(char)
        }
    )


@cache
def _drawn_by_typst(char: str) -> bool:
    """Return whether Typst has a glyph for a character. Only Typst knows what its own fonts cover, so this asks it."""
    source = f'#set document(title: "-")\n#"\\u{{{ord(char):x}}}"'.encode()
    from typst import Compiler, TypstError  # noqa: PLC0415 - a run without new books does not need it

    try:
        Compiler(source, font_paths=typst_fonts(), ignore_system_fonts=True).compile(
            format="pdf", pdf_standards=["a-2b"]
        )
    except TypstError as error:
        return "could not be displayed" not in str(error)
    return True


def font_subsets(
    text: str, ranges: str, language: str = "", weight: int = REGULAR_WEIGHT, *, sans: bool = False
) -> list[FontSubset]:
    """Return font subsets that cover the characters of `text` in `ranges` (CSS unicode-range).

    Characters that no font has are skipped. Han characters get the glyphs of `language` (BCP 47). Running text gets a
    serif font unless `sans` is set; those for other languages than simplified Chinese are in the extra `cjk`.
    """
    index = _cjk_face_index(language)
    bounds = [tuple(int(end, 16) for end in part.strip()[2:].split("-")) for part in ranges.split(",")]
    present = {ord(char) for char in set(text) if not char.isspace() and not _DEFAULT_IGNORABLE.match(char)}
    wanted = {code for code in present - JOINERS if any(a <= code <= b for a, b in bounds)}
    made = []
    serif = SERIF_PREFIXES.get(index, ()) if weight == REGULAR_WEIGHT and not sans else ()
    for path, place, code_points in _packaged_faces(index, (*serif, SANS_CJK_PREFIX)):
        if not wanted:
            break
        covered = wanted & code_points
        if covered:
            stem = path.name.split(".")[0].replace("[", "-").rstrip("]")
            drawn = covered | (JOINERS & present)
            made.append(FontSubset(f"{stem}-{weight}.otf", _subset_font(_face(path, place), drawn, weight), weight))
            wanted -= covered
    return made


def _subset_font(face: hb.Face, code_points: set[int], weight: int) -> bytes:
    """Return an OpenType font reduced to `code_points` and their NFKD parts.

    Shaping replaces some characters by their parts: THAI CHARACTER SARA AM by NIKHAHIT and SARA AA.
    """
    import uharfbuzz as hb  # noqa: PLC0415 - a run without new books does not need it

    subset = hb.SubsetInput()
    subset.unicode_set.update(ord(part) for char in code_points for part in chr(char) + normalize("NFKD", chr(char)))
    subset.name_id_set.clear()
    subset.pin_all_axes_to_default(face)
    if any(axis.tag == "wght" for axis in face.axis_infos):
        subset.pin_axis_location(face, "wght", weight)
    return bytes(hb.subset(face, subset).blob.data)
