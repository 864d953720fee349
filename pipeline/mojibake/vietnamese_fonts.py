"""Vietnamese text in the bytes of old fonts, shown as Western text -> Vietnamese: `ViÖt Nam` is `Việt Nam`.

TCVN3 (ABC fonts, TCVN 5712:1999 part 3) has one byte for each letter; its fonts for capitals have the same bytes. VNI
has a letter and a byte for its marks. Text counts as such only where nearly all of its words become Vietnamese
syllables, and the text is much likelier.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from pipeline.changes import Change, Span
from pipeline.language.fluency import line_log_likelihoods
from pipeline.mojibake.line_changes import line_changes
from pipeline.mojibake.lossy.diagnosis import CHAIN_PRIOR

FONT_CONFIDENCE = 0.99  # of a text that meets all conditions: no other text of tests/corpus meets any
FEWEST_SYLLABLES = 4  # different words with Vietnamese letters
LEAST_SYLLABLES = 0.9  # share of such words that are syllables
MOST_SAMPLED = 20_000  # characters of a text that are compared
FONT_SIGNS = {
    "TCVN3": tuple("\u00a8\u00a9\u00aa\u00ab\u00ac\u00ae\u00b5\u00b6\u00b7\u00b8\u00b9"),  # ă â ê ô ơ đ à ả ã á ạ
    "VNI": ("öô", "aâ", "oâ", "eâ", "aä", "eä", "oä", "aø", "oø", "uø", "aù", "aû", "eå", "eá", "oá", "aá"),
}  # most of these pairs occur in no other language
VNI_ONLY = ("ñ", "ö", "aâ", "oâ", "eâ"), ("ø", "õ", "û", "ù", "ï")  # nearly each line has one of both groups
FEWEST_SIGNS = 2  # different signs
NO_SPACE = re.compile(r"\S+")
WORD_OF_LETTERS = re.compile(r"[^\W\d_]+")
SYLLABLE = re.compile(
    "(?:ngh?|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdđghklmnprstvx])?[aăâeêioôơuưy]{1,3}(?:ch|nh|ng|[cmnpt])?", re.IGNORECASE
)
TONE_MARKS = ("\u0301", "\u0300", "\u0309", "\u0303", "\u0323")  # acute, grave, hook above, tilde, dot below
TCVN3 = dict(
    zip(
        range(0xA1, 0xFF),
        "ĂÂÊÔƠƯĐăâêôơưđ\u00af\u00b0\u00b1\u00b2\u00b3\u00b4àảãáạ\u00baằẳẵắ\u00bf\u00c0\u00c1\u00c2\u00c3\u00c4\u00c5ặầẩẫấậè"
        "\u00cdẻẽéẹềểễếệìỉ\u00d9\u00da\u00dbĩíịò\u00e0ỏõóọồổỗốộờởỡớợù\u00f0ủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)
VNI_LETTERS = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
VNI_MARKS = dict(
    zip("ùøûõï", TONE_MARKS, strict=True),
    **dict(zip("âáàåãä", (f"\u0302{tone}" for tone in ("", *TONE_MARKS)), strict=True)),
    **dict(zip("êéèúüë", (f"\u0306{tone}" for tone in ("", *TONE_MARKS)), strict=True)),
)
VNI_PAIR = re.compile(f"([aeouyôö])([{''.join(VNI_MARKS)}])|([{''.join(VNI_LETTERS)}])", re.IGNORECASE)


def font_changes(text: str, lines: Sequence[Span]) -> list[Change]:
    """Return the changes that decode the lines of a text in an old Vietnamese font."""
    written = [text[start:end] for start, end in lines]
    sample = "\n".join(written)[:MOST_SAMPLED]
    for name, decoded in (("TCVN3", from_tcvn3), ("VNI", from_vni)):
        if has_font_signs(text, name) and _is_vietnamese(sample, decoded(sample)):
            return list(_font_line_changes(lines, written, [decoded(line) for line in written], name))
    return []


def has_font_signs(text: str, name: str) -> bool:
    """Return whether a text may be in a font: a fast test."""
    if name == "VNI" and not all(any(sign in text for sign in signs) for signs in VNI_ONLY):
        return False
    return sum(sign in text for sign in FONT_SIGNS[name]) >= FEWEST_SIGNS


def _font_line_changes(
    lines: Sequence[Span], before: Sequence[str], after: Sequence[str], name: str
) -> Iterator[Change]:
    """Yield the changes of the lines whose words become syllables."""
    for (start, _), line, found in zip(lines, before, after, strict=True):
        if found != line and _syllables(found)[1] >= LEAST_SYLLABLES:
            yield from line_changes(start, line, found, (f"Vietnamese in a font for {name}", FONT_CONFIDENCE))


def from_tcvn3(text: str) -> str:
    """Return text in TCVN3 as Unicode; in a word of capitals, its letters are capitals.

    >>> from_tcvn3("h¹nh phóc"), from_tcvn3("VIÖT NAM")
    ('hạnh phúc', 'VIỆT NAM')
    """
    lines = (
        line.translate(TCVN3).upper() if _is_in_capitals(line) else _word_by_word(line) for line in text.split("\n")
    )
    return "\n".join(lines)


def _word_by_word(line: str) -> str:
    """Return a line in TCVN3 as Unicode, its words of capitals in capitals."""

    def decoded(word: re.Match[str]) -> str:
        return word[0].translate(TCVN3).upper() if _is_in_capitals(word[0]) else word[0].translate(TCVN3)

    return NO_SPACE.sub(decoded, line)


def _is_in_capitals(text: str) -> bool:
    """Return whether the ASCII letters of a text are capitals, at least two of them."""
    letters = [char for char in text if char.isascii() and char.isalpha()]
    return len(letters) > 1 and all(map(str.isupper, letters))


def from_vni(text: str) -> str:
    """Return text in VNI as Unicode.

    >>> from_vni("Vieät Nam, ñoäc laäp")
    'Việt Nam, độc lập'
    """
    return unicodedata.normalize("NFC", VNI_PAIR.sub(_vni_letter, text))


def _vni_letter(match: re.Match[str]) -> str:
    """Return the letter of a base and its marks, or a separate letter."""
    base, mark, alone = match.groups()
    char = alone or base
    letter = VNI_LETTERS.get(char.lower(), char.lower()) + VNI_MARKS.get((mark or "").lower(), "")
    return letter.upper() if char.isupper() else letter


def _is_vietnamese(before: str, after: str) -> bool:
    """Return whether the words of a text become Vietnamese syllables, and the text much likelier."""
    count, share = _syllables(after)
    if count < FEWEST_SYLLABLES or share < LEAST_SYLLABLES:
        return False
    now, then = (float(line_log_likelihoods([part.lower()]).sum()) for part in (after, before))
    return now - then > CHAIN_PRIOR


def _syllables(text: str) -> tuple[int, float]:
    """Return the number of different words with letters outside ASCII, and the share that are Vietnamese syllables."""
    words = {word for word in WORD_OF_LETTERS.findall(text) if not word.isascii()}
    return len(words), sum(map(_is_syllable, words)) / max(1, len(words))


def _is_syllable(word: str) -> bool:
    """Return whether a word has the form of a Vietnamese syllable: one tone at most, and letters in their order."""
    parts = unicodedata.normalize("NFD", word)
    bare = unicodedata.normalize("NFC", "".join(char for char in parts if char not in TONE_MARKS))
    return sum(map(parts.count, TONE_MARKS)) <= 1 and SYLLABLE.fullmatch(bare) is not None
