"""Text -> the fonts it needs: the packaged Noto fonts, and subsets of them for what a reading device may lack."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import uharfbuzz as hb
from typst import Fonts

PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk", "pylopdf_fonts_zh_cn")
RARE = "U+590-1FFF, U+2070-10FFFF"  # what a device may lack: not Latin, Greek, Cyrillic, nor general punctuation
RARE_IN_CJK = "U+590-10FFFF"  # where quotes and dashes are as wide as a letter, they belong to the letters' font
REGULAR = 400.0


class Subset(NamedTuple):
    """A font file that holds just the characters asked for."""

    name: str
    data: bytes


@cache
def for_typst() -> Fonts:
    """Return the packaged fonts and Typst's own, read once a process; never those of the machine."""
    return Fonts(include_system_fonts=False, font_paths=[str(files(package)) for package in PACKAGES])


@cache
def _faces() -> tuple[tuple[str, hb.Face], ...]:
    """Return the packaged fonts, those for running text first; a file is read when a face is first asked for."""
    named = [(path.name, str(path)) for package in PACKAGES for path in files(package).iterdir()]
    found = [(name, path) for name, path in named if re.search(r"\.(?:otf|ttf|ttc)$", name)]
    ordered = sorted(found, key=lambda font: ("Serif" not in font[0], "CJK" in font[0], font[0]))
    return tuple((name, hb.Face(hb.Blob.from_file_path(path), 0)) for name, path in ordered)


def subsets(text: str, ranges: str) -> list[Subset]:
    """Return font subsets that hold the characters of `text` in `ranges` (CSS), as far as any font has them."""
    bounds = [tuple(int(end, 16) for end in part.strip()[2:].split("-")) for part in ranges.split(",")]
    wanted = {ord(char) for char in text if not char.isspace() and any(a <= ord(char) <= b for a, b in bounds)}
    made = []
    for name, face in _faces():
        if not wanted:
            break
        here = wanted & set(face.unicodes)
        if here:
            made.append(Subset(f"{name.split('.')[0].replace('[', '-').rstrip(']')}.otf", _subset(face, here)))
            wanted -= here
    return made


def _subset(face: hb.Face, characters: set[int]) -> bytes:
    chosen = hb.SubsetInput()
    chosen.unicode_set.update(characters)
    chosen.name_id_set.clear()
    chosen.pin_all_axes_to_default(face)
    if any(axis.tag == "wght" for axis in face.axis_infos):
        chosen.pin_axis_location(face, "wght", REGULAR)
    return bytes(hb.subset(face, chosen).blob.data)
