"""Title and authors -> a cover: SVG whose letters are outlines, so that it needs no font and no image."""

from __future__ import annotations

import re
from itertools import groupby, islice

import uharfbuzz as hb

from pipeline.books.fonts import BOLD, face_of

WIDTH, HEIGHT, MARGIN = 1200, 1600, 120  # pixels; 3:4 as e-readers' screens are
TOP = 420
TITLE = (150, 120, 96, 76)  # sizes in pixels: the largest in which the title takes LINES at most
LINES = 7
AUTHORS, AUTHOR_LINES = 52, 3
LINE = WIDTH - 2 * MARGIN
MOST = 300  # characters that are looked at: seven lines hold about 180 in the smallest size, of narrow letters 300
LEADING = 1.35
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}  # ISO 639
_WIDE = "\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef"
_CLUSTER = re.compile(r"\S[\u0300-\u036f\u200d\ufe00-\ufe0f]*")  # a letter with its marks
_UNITS = re.compile(rf"[「『（《〈【“‘]*[{_WIDE}][、。，．：；！？）】」』》〉”’…ー]*|[^\s{_WIDE}]+|\s+")


def cover(title: str, authors: list[str], language: str, colour: str) -> bytes:
    """Return a cover of `colour` (CSS, #rrggbb) as SVG; what is too long for it ends in an ellipsis.

    >>> cover("A title", [], "en", "#2f4858")[:40]
    b'<svg xmlns="http://www.w3.org/2000/svg" '
    """
    size, lines = _fitted(_units(title, language), TITLE, LINES)
    below = TOP + int(len(lines) * size * LEADING)
    names = ", ".join(islice(authors, MOST))
    _, said = _fitted(_units(names, language), (AUTHORS,), AUTHOR_LINES)
    drawn = [_set(line, TOP + int(at * size * LEADING), size, language) for at, line in enumerate(lines)]
    drawn += [_set(line, below + 80 + int(at * AUTHORS * LEADING), AUTHORS, language) for at, line in enumerate(said)]
    rule = f'<rect x="{MARGIN}" y="{TOP - 260}" width="{WIDTH - 2 * MARGIN}" height="6"/>'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colour}"/>'
    head = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    body = f'{ground}<g fill="#ffffff">{rule}{"".join(drawn)}</g>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{body}</svg>\n'.encode()


def right_to_left(language: str) -> bool:
    """Tell whether `language` (BCP 47) is written from right to left."""
    return language.split("-", maxsplit=1)[0] in RIGHT_TO_LEFT


def _units(text: str, language: str) -> list[tuple[str, float]]:
    """Return the words and CJK letters of `text`, as far as a cover may show them, each with its width in ems.

    A word that is longer than a line is broken into its letters.
    """
    shown = " ".join(text[: 2 * MOST].split())
    cut = shown[: MOST - 1] + "…" if len(shown) > MOST or len(text) > 2 * MOST else shown
    units: list[tuple[str, float]] = []
    for unit in _UNITS.findall(cut):
        width = _width(unit, language)
        parts = [unit] if width * TITLE[-1] <= LINE else _CLUSTER.findall(unit)
        units += [(unit, width)] if len(parts) == 1 else [(part, _width(part, language)) for part in parts]
    return units


def _fitted(units: list[tuple[str, float]], sizes: tuple[int, ...], most: int) -> tuple[int, list[str]]:
    """Return the largest of `sizes` in which `units` take `most` lines, and the lines; in the last, cut to them."""
    for size in sizes:
        lines = _lines(units, size)
        if len(lines) <= most:
            return size, lines
    return size, [*lines[: most - 1], lines[most - 1][:-1] + "…"]


def _lines(units: list[tuple[str, float]], size: int) -> list[str]:
    """Return units broken into lines that fit."""
    lines, room = [""], LINE / size
    for unit, width in units:
        if lines[-1] and not unit.isspace() and width > room:
            lines.append("")
            room = LINE / size
        if lines[-1] or not unit.isspace():
            lines[-1] += unit
            room -= width
    return [line.rstrip() for line in lines if line.strip()]


def _width(text: str, language: str) -> float:
    """Return how wide `text` is, in ems."""
    return sum(run.width for run in _runs(text, 1, language))


def _set(line: str, baseline: int, size: int, language: str) -> str:
    """Return one line as SVG paths, at the side where the language begins."""
    runs = _runs(line, size, language)
    if rtl := right_to_left(language):
        runs.reverse()
    x = WIDTH - MARGIN - sum(run.width for run in runs) if rtl else float(MARGIN)
    drawn = []
    for run in runs:
        drawn.append(run.drawn(x, baseline))
        x += run.width
    return "".join(drawn)


class _Run:
    """Letters in one font, shaped."""

    def __init__(self, face: hb.Face, text: str, size: int, language: str) -> None:
        self.font = hb.Font(face)
        self.font.set_variations({"wght": BOLD})
        self.scale = size / face.upem
        self.buffer = hb.Buffer()
        self.buffer.add_str(text)
        self.buffer.guess_segment_properties()
        if language:
            self.buffer.language = language
        hb.shape(self.font, self.buffer)
        self.width: float = sum(place.x_advance for place in self.buffer.glyph_positions) * self.scale

    def drawn(self, x: float, baseline: float) -> str:
        """Return the run as one SVG path, from `x` on."""
        pen = _Pen(self.scale, baseline)
        for glyph, place in zip(self.buffer.glyph_infos, self.buffer.glyph_positions, strict=True):
            pen.x = x + place.x_offset * self.scale
            pen.y = baseline - place.y_offset * self.scale
            self.font.draw_glyph_with_pen(glyph.codepoint, pen)
            x += place.x_advance * self.scale
        return f'<path d="{"".join(pen.path)}"/>' if pen.path else ""


def _runs(text: str, size: int, language: str) -> list[_Run]:
    """Return `text` as runs, each in the first font that has its letters."""
    pieces = [(face_of(char, language), char) for char in text]
    grouped = groupby(pieces, key=lambda piece: piece[0])
    return [_Run(face, "".join(char for _, char in group), size, language) for face, group in grouped]


class _Pen:
    """Takes outlines in a font's units, y upwards, and keeps them as an SVG path."""

    def __init__(self, scale: float, baseline: float) -> None:
        self.scale, self.x, self.y = scale, 0.0, baseline
        self.path: list[str] = []

    def _put(self, verb: str, *points: tuple[float, float]) -> None:
        placed = [f"{self.x + x * self.scale:.1f} {self.y - y * self.scale:.1f}" for x, y in points]
        self.path.append(verb + " ".join(placed))

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the names that uharfbuzz calls
        self._put("M", point)

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the same
        self._put("L", point)

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802 - the same
        self._put("Q", *points)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802 - the same
        self._put("C", *points)

    def closePath(self) -> None:  # noqa: N802 - the same
        self._put("Z")
