"""Text -> how many of its words have a character inside that no such word has: `B³cher`, `thйвtre`, `rИpИter`.

Western text whose few letters outside ASCII were decoded as another code page shows only by these.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
import numpy.typing as npt

from pipeline.mojibake.obvious import FEWEST_INTRUDERS
from pipeline.mojibake.soundness import script_of

CHARACTERS_PER_INTRUDER = 2_000  # of a text: more characters for each intruder are a sound text with some formulas
MOST_READ, PARTS_READ = 8_000, 4  # characters of a long text that are read, and in how many parts
LAST_INTRUDER = 0x2600  # code points from here on are never inside words by decoding as a single-byte codec
LOWER, UPPER, CAPITAL, FOREIGN, SYMBOL, CYRILLIC_LOWER, CYRILLIC_UPPER = range(1, 8)
CLASSES = 8
SYMBOL_CATEGORIES = frozenset({"Sm", "So", "No", "Sc", "Sk", "Po", "Lm"})
IN_WORDS = frozenset("'’‘·ʼʻʹ´`ªº")  # signs that sound words have inside: apostrophes, the Catalan dot, ordinals


def has_intruders(text: str) -> bool:
    """Return whether so many words have a character that does not belong in them that the text may be mis-decoded.

    Of a long text, a few parts are read.

    >>> has_intruders("B³cher, V÷gel, gro▀e Bõume, K³he"), has_intruders("Bücher, Vögel, 5 m³")
    (True, False)
    """
    if len(text) > MOST_READ:
        step = len(text) // PARTS_READ
        text = "\n".join(text[at : at + MOST_READ // PARTS_READ] for at in range(0, step * PARTS_READ, step))
    return intruder_count(text) >= max(FEWEST_INTRUDERS, len(text) / CHARACTERS_PER_INTRUDER)


def intruder_count(text: str) -> int:
    """Return the number of characters that do not belong in the words that they are in.

    >>> intruder_count("thйвtre"), intruder_count("théâtre")
    (2, 0)
    """
    codes = np.frombuffer(f" {text} ".encode("utf-32-le"), np.uint32)
    classes = _classes().take(codes, mode="clip")
    own = classes[1:-1]
    if np.count_nonzero(own >= CAPITAL) < FEWEST_INTRUDERS - 1:
        return 0
    triples = (classes[:-2] * CLASSES + own) * CLASSES + classes[2:]
    return int(np.count_nonzero(_is_intruder().take(triples)))


@functools.cache
def _is_intruder() -> npt.NDArray[np.bool_]:
    """Return for the classes of three characters in a row whether the one in the middle does not belong there."""
    before, own, after = np.indices((CLASSES, CLASSES, CLASSES))
    enclosed = ((before == LOWER) | (before == UPPER)) & (after == LOWER) & ((own == CAPITAL) | (own == SYMBOL))
    other_script = (own == FOREIGN) | (own == CYRILLIC_LOWER) | (own == CYRILLIC_UPPER)
    mixed = other_script & ((before == LOWER) | (after == LOWER))
    cyrillic = (before == CYRILLIC_LOWER) & ((own == CYRILLIC_UPPER) | ((own == SYMBOL) & (after != own)))
    return np.asarray((enclosed | mixed | cyrillic).ravel(), np.bool_)


@functools.cache
def _classes() -> npt.NDArray[np.uint16]:
    """Return the class of each code point below `LAST_INTRUDER`; 0 for those that are neither."""
    return np.array([_class_of(chr(code)) for code in range(LAST_INTRUDER)] + [0], np.uint16)


def _class_of(char: str) -> int:
    """Return the class of a character."""
    if char.isascii():
        return LOWER if char.islower() else UPPER if char.isupper() else 0
    category, script = unicodedata.category(char), script_of(char)
    if script == "LATIN" and category[0] == "L":
        return LOWER if char.islower() else CAPITAL
    if script == "CYRILLIC" and category[0] == "L":
        return CYRILLIC_LOWER if char.islower() else CYRILLIC_UPPER
    if script in {"GREEK", "ARABIC", "HEBREW"} and category[0] == "L":
        return FOREIGN
    return SYMBOL if category in SYMBOL_CATEGORIES and char not in IN_WORDS else 0
