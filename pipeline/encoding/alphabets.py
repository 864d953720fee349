"""Letters and signs that the language model does not know -> those that it knows: `ŝanĝo` -> `sango`, `£` -> `$`.

Romanian had cedillas in its code pages and has commas today. Esperanto, Maltese, Welsh and Albanian have letters that
are rare or missing in the languages of the model. With the
letters below them, their text is as likely as text of unknown languages is.
"""

from __future__ import annotations

import re

from pipeline.encoding.codecs import ALPHABETS

BASE_LETTERS = dict(zip("ĉĝĥĵŝŭċġħżŵŷẁẃẅỳëç", "cghjsucghzwywwwyec", strict=True))
CEDILLA = "ţ"  # only Romanian has it; before Unicode, its code pages had no letters with a comma below
COMMA_LETTERS = str.maketrans("şţŞŢ", "șțȘȚ")  # the model knows Romanian as it is written today
LETTER_PRICE = (
    1.2  # nats for each such letter, which is one in three of its base letters; `benchmarks/decoding.py pairs`
)
FEWEST_LETTERS = 2  # where a share is required
SIGNS = {  # the language model knows signs as typewriters write them; each is one character
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{ACUTE ACCENT}": "'",
    "\N{POUND SIGN}": "$",
    "\N{NO-BREAK SPACE}": " ",
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{COPYRIGHT SIGN}": "c",
    "\N{REGISTERED SIGN}": "c",
    "\N{SECTION SIGN}": "*",
    "\N{DEGREE SIGN}": "*",
    "\N{MIDDLE DOT}": "-",
    "\N{MACRON}": "-",
    "\N{NOT SIGN}": "-",
    "\N{BROKEN BAR}": "|",
    "\N{CEDILLA}": ",",
    "\N{HORIZONTAL ELLIPSIS}": ".",
    "\N{VULGAR FRACTION ONE HALF}": "2",
}
_SIGN = re.compile(  # not next to letters outside ASCII, where it is mostly a part of a mis-decoded character
    rf"(?<![^\W\x00-\x7f])(?:[{''.join(SIGNS)}](?<![¯¬])|[¯¬](?![A-Za-z]))(?![^\W\x00-\x7f])|’"
)
_DRAWN_LINE = re.compile(
    "([\u2500-\u259f])\\1{2,}"
)  # lines and blocks of DOS; one alone is mostly a mis-decoded letter
NEIGHBOURS = re.compile(r"[^\W\d_\x00-\u024f\u1e00-\u1eff]{2}")  # letters that are not Latin
_SIGN_AT_WORD = re.compile("[‹¬±÷∂∆∏∑√∞∫≈≠≤≥◊\u2500-\u259f](?=[A-Za-z])|(?<=[A-Za-z])[‹¬±÷∂∆∏∑√∞∫≈≠≤≥◊\u2500-\u259f]")
LONE_LETTER = re.compile(  # but a Han character, kana or Hangul between spaces, which is a word: `Author: 王`
    r"(?!(?<!\S)[\u3040-\ud7af\uf900-\ufaff](?!\S))[^\W\d_\x00-\u024f\u1e00-\u1eff]"
)


def in_known_letters(text: str, codec: str) -> tuple[str, float]:
    """Return text with the letters of the codec's language as letters that the model has, and the cost in nats.

    >>> in_known_letters("ŝanĝo", "iso8859-3"), in_known_letters("ŝåĝø", "iso8859-3")
    (('sango', 2.4), ('ŝåĝø', 0.0))
    >>> in_known_letters("şi viaţa", "cp1250")
    ('și viața', 0.0)
    """
    if CEDILLA in text:
        return text.translate(COMMA_LETTERS), 0.0
    if codec not in ALPHABETS:
        return text, 0.0
    outside = {char.lower() for char in text if char > "\x7f" and char.isalpha()}
    for own, others, share in ALPHABETS[codec]:
        count = sum(char in own for char in text.lower())
        if count and outside <= {*own, *others} and (not share or FEWEST_LETTERS <= count >= share * len(text)):
            table = {ord(form(char)): form(BASE_LETTERS[char]) for char in own for form in (str.lower, str.upper)}
            return text.translate(table), LETTER_PRICE * count
    return text, 0.0


def in_known_signs(text: str) -> str:
    """Return a text of the same length with the signs that the language model knows.

    >>> in_known_signs("That´s £5"), in_known_signs("──────"), in_known_signs("é´")
    ("That's $5", '------', 'é´')
    """
    return _DRAWN_LINE.sub(lambda run: "-" * len(run[0]), _SIGN.sub(lambda sign: SIGNS[sign[0]], text))


def has_lone_characters(text: str) -> bool:
    """Return whether a text has letters of other scripts than Latin, but no two of them neighbours, or signs at words.

    Words have more than one letter. Such characters come of Latin text that is decoded with a wrong codec.

    >>> [has_lone_characters(text) for text in ("That愀 all", "Ausgabe 1п/97", "÷sterreich", "всё", "é", "By: 王")]
    [True, True, True, False, False, False]
    """
    lone = LONE_LETTER.search(text) is not None and NEIGHBOURS.search(text) is None
    return lone or _SIGN_AT_WORD.search(text) is not None
