"""Cards of the report -> subsets of the packaged fonts, so that a page shows any script on any computer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.extras import is_installed
from pipeline.records.report_card import Card

MOST_GLYPHS = 1500  # that get a glyph, the most frequent first: 1,500 Han characters are 430 kB
MOST_FONT_BYTES = 600_000  # of all fonts of a page; in base64, a third more
FIRST_EMBEDDED = 0x590  # the first character of EMBEDDED_RANGES


def embedded_fonts(cards: Sequence[Card]) -> list[bytes]:
    """Return fonts (OpenType) with the characters of the cards that a computer may have no font for.

    Without the extra `books`, there are none. Han characters get the glyphs of the language that most cards in Chinese,
    Japanese or Korean have.
    """
    if not is_installed("books"):
        return []
    from pipeline.books.fonts import CJK_LANGUAGES, EMBEDDED_RANGES, font_subsets  # noqa: PLC0415 - needs the extra `books`

    counts = Counter("".join(card.text for card in cards))
    languages = Counter(card.language for card in cards if card.language[:2] in CJK_LANGUAGES)
    language = max(languages, key=lambda tag: (languages[tag], tag), default="")
    embedded = (char for char in counts if ord(char) >= FIRST_EMBEDDED)
    chosen = sorted(embedded, key=lambda char: (-counts[char], char))[:MOST_GLYPHS]
    fonts: list[bytes] = []
    left = MOST_FONT_BYTES
    for subset in font_subsets("".join(sorted(chosen)), EMBEDDED_RANGES, language, sans=True):
        if len(subset.data) <= left:
            fonts.append(subset.data)
            left -= len(subset.data)
    return fonts
