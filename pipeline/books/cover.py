"""Title and authors -> a book cover as SVG. Its text is drawn as glyph outlines, so it needs no font.

Text is split into fonts, shaped by HarfBuzz, broken into lines, and drawn as SVG paths.
"""

from __future__ import annotations

import re
from itertools import groupby, islice
from typing import TYPE_CHECKING

from pipeline.books.fonts import BOLD_WEIGHT, sans_face_of

if TYPE_CHECKING:
    import uharfbuzz as hb

COVER_WIDTH, COVER_HEIGHT, COVER_MARGIN = 1200, 1600, 120  # pixels; 3:4, like the screens of e-readers
TITLE_TOP = 420  # of the title's first baseline, in pixels
TITLE_SIZES = (150, 120, 96, 76)  # font sizes of the title in pixels, tried in this order
MOST_TITLE_LINES = 7  # of the title, at most
AUTHOR_SIZE, MOST_AUTHOR_LINES = 52, 3  # font size in pixels; lines at most
LINE_WIDTH = COVER_WIDTH - 2 * COVER_MARGIN  # pixels
MOST_COVER_CHARACTERS = (
    300  # characters of a text that are used; seven lines of the smallest size hold about 180, at most 300 narrow ones
)
LEADING = 1.35  # distance of baselines, in font sizes
RIGHT_TO_LEFT_LANGUAGES = {"ar", "fa", "he", "ur"}  # ISO 639
_CJK_OR_WIDE = "\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef"
_CLUSTER = re.compile(r"\S[\u0300-\u036f\u200d\ufe00-\ufe0f]*")  # a base character with its combining marks
_LINE_BREAK_UNITS = re.compile(
    rf"[「『（《〈【“‘]*[{_CJK_OR_WIDE}][、。，．：；！？）】」』》〉”’…ー]*|[^\s{_CJK_OR_WIDE}]+|\s+"
)


def cover(title: str, authors: list[str], language: str, colour: str) -> bytes:
    """Return the SVG of a cover in `colour` (CSS, #rrggbb). Text that does not fit ends in an ellipsis.

    >>> cover("A title", [], "en", "#2f4858")[:40]
    b'<svg xmlns="http://www.w3.org/2000/svg" '
    """
    size, lines = _largest_fitting(_line_break_units(title, language), TITLE_SIZES, MOST_TITLE_LINES)
    below = TITLE_TOP + int(len(lines) * size * LEADING)
    names = ", ".join(islice(authors, MOST_COVER_CHARACTERS))
    _, author_lines = _largest_fitting(_line_break_units(names, language), (AUTHOR_SIZE,), MOST_AUTHOR_LINES)
    drawn = [
        _line_as_paths(line, TITLE_TOP + int(at * size * LEADING), size, language) for at, line in enumerate(lines)
    ]
    drawn += [
        _line_as_paths(line, below + 80 + int(at * AUTHOR_SIZE * LEADING), AUTHOR_SIZE, language)
        for at, line in enumerate(author_lines)
    ]
    rule = f'<rect x="{COVER_MARGIN}" y="{TITLE_TOP - 260}" width="{COVER_WIDTH - 2 * COVER_MARGIN}" height="6"/>'
    ground = f'<rect width="{COVER_WIDTH}" height="{COVER_HEIGHT}" fill="{colour}"/>'
    head = f'width="{COVER_WIDTH}" height="{COVER_HEIGHT}" viewBox="0 0 {COVER_WIDTH} {COVER_HEIGHT}"'
    body = f'{ground}<g fill="#ffffff">{rule}{"".join(drawn)}</g>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{body}</svg>\n'.encode()


def is_right_to_left(language: str) -> bool:
    """Return whether `language` (BCP 47) is written from right to left.

    >>> is_right_to_left("ar-EG"), is_right_to_left("en")
    (True, False)
    """
    return language.split("-", maxsplit=1)[0] in RIGHT_TO_LEFT_LANGUAGES


def _line_break_units(text: str, language: str) -> list[tuple[str, float]]:
    """Return the units of `text` between which a line may break, each with its width in ems.

    A unit is a word, a space, or a CJK character with its punctuation. A word wider than a line is split into
    characters. The text is cut to `MOST_COVER_CHARACTERS` characters first.
    """
    start = " ".join(text[: 2 * MOST_COVER_CHARACTERS].split())
    cut = (
        start[: MOST_COVER_CHARACTERS - 1] + "…"
        if len(start) > MOST_COVER_CHARACTERS or len(text) > 2 * MOST_COVER_CHARACTERS
        else start
    )
    units: list[tuple[str, float]] = []
    for unit in _LINE_BREAK_UNITS.findall(cut):
        width = _width_in_ems(unit, language)
        parts = [unit] if width * TITLE_SIZES[-1] <= LINE_WIDTH else _CLUSTER.findall(unit)
        units += [(unit, width)] if len(parts) == 1 else [(part, _width_in_ems(part, language)) for part in parts]
    return units


def _largest_fitting(units: list[tuple[str, float]], sizes: tuple[int, ...], most: int) -> tuple[int, list[str]]:
    """Return a font size and the lines of `units` in that size.

    It is the first of `sizes` (pixels, descending) in which `units` take at most `most` lines. If none is small enough,
    the lines in the last size are cut to `most`, with an ellipsis.
    """
    for size in sizes:
        lines = _wrapped_lines(units, size)
        if len(lines) <= most:
            return size, lines
    return size, [*lines[: most - 1], lines[most - 1][:-1] + "…"]


def _wrapped_lines(units: list[tuple[str, float]], size: int) -> list[str]:
    """Return units joined to lines that are at most `LINE_WIDTH` pixels wide in font size `size` (pixels)."""
    lines, room = [""], LINE_WIDTH / size
    for unit, width in units:
        if lines[-1] and not unit.isspace() and width > room:
            lines.append("")
            room = LINE_WIDTH / size
        if lines[-1] or not unit.isspace():
            lines[-1] += unit
            room -= width
    return [line.rstrip() for line in lines if line.strip()]


def _width_in_ems(text: str, language: str) -> float:
    """Return the width of `text` on one line, in ems."""
    return sum(run.width for run in _shaped_by_font(text, 1, language))


def _line_as_paths(line: str, baseline: int, size: int, language: str) -> str:
    """Return one line as SVG paths, aligned to the side where `language` starts its lines.

    `baseline` and `size` are in pixels.
    """
    runs = _shaped_by_font(line, size, language)
    if rtl := is_right_to_left(language):
        runs.reverse()
    x = COVER_WIDTH - COVER_MARGIN - sum(run.width for run in runs) if rtl else float(COVER_MARGIN)
    drawn = []
    for run in runs:
        drawn.append(run.drawn(x, baseline))
        x += run.width
    return "".join(drawn)


class _ShapedText:
    """A text in one font, shaped by HarfBuzz; `width` is in the unit of `size`."""

    def __init__(self, face: hb.Face, text: str, size: int, language: str) -> None:
        import uharfbuzz as hb  # noqa: PLC0415 - a run without new books does not need it

        self.font = hb.Font(face)
        self.font.set_variations({"wght": BOLD_WEIGHT})
        self.scale = size / face.upem
        self.buffer = hb.Buffer()
        self.buffer.add_str(text)
        self.buffer.guess_segment_properties()
        if language:
            self.buffer.language = language
        hb.shape(self.font, self.buffer)
        self.width: float = sum(position.x_advance for position in self.buffer.glyph_positions) * self.scale

    def drawn(self, x: float, baseline: float) -> str:
        """Return the run as one SVG path that starts at `x`; empty for spaces."""
        pen = _SvgPathPen(self.scale, baseline)
        for glyph, position in zip(self.buffer.glyph_infos, self.buffer.glyph_positions, strict=True):
            pen.x = x + position.x_offset * self.scale
            pen.y = baseline - position.y_offset * self.scale
            self.font.draw_glyph_with_pen(glyph.codepoint, pen)
            x += position.x_advance * self.scale
        return f'<path d="{"".join(pen.path)}"/>' if pen.path else ""


def _shaped_by_font(text: str, size: int, language: str) -> list[_ShapedText]:
    """Return `text` as runs, each in the first font that has its characters."""
    characters = [(sans_face_of(char, language), char) for char in text]
    grouped = groupby(characters, key=lambda pair: pair[0])
    return [_ShapedText(face, "".join(char for _, char in group), size, language) for face, group in grouped]


class _SvgPathPen:
    """Converts outlines from font units (y upwards) to the data of an SVG path (pixels, y downwards)."""

    def __init__(self, scale: float, baseline: float) -> None:
        self.scale, self.x, self.y = scale, 0.0, baseline
        self.path: list[str] = []

    def _put(self, verb: str, *points: tuple[float, float]) -> None:
        scaled = [f"{self.x + x * self.scale:.1f} {self.y - y * self.scale:.1f}" for x, y in points]
        self.path.append(verb + " ".join(scaled))

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - a name that uharfbuzz calls
        self._put("M", point)

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the same
        self._put("L", point)

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802 - the same
        self._put("Q", *points)

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802 - the same
        self._put("C", *points)

    def closePath(self) -> None:  # noqa: N802 - the same
        self._put("Z")
