"""Text in a language without a model -> letters that the models know, with the price of each: `ŝanĝo` -> `sango`.

Romanian had cedillas in its code pages and has commas today. Esperanto, Maltese, Welsh and Albanian have letters that
are rare or missing in the languages of the model. With the
letters below them, their text is as likely as text of unknown languages is.
"""

from __future__ import annotations

from pipeline.encoding.codecs import ALPHABETS

BASE_LETTERS = dict(zip("ĉĝĥĵŝŭċġħżŵŷẁẃẅỳëç", "cghjsucghzwywwwyec", strict=True))
CEDILLA = "ţ"  # only Romanian has it; before Unicode, its code pages had no letters with a comma below
COMMA_LETTERS = str.maketrans("şţŞŢ", "șțȘȚ")  # the model knows Romanian as it is written today
LETTER_PRICE = (
    1.2  # nats for each such letter, which is one in three of its base letters; `benchmarks/decoding.py pairs`
)
FEWEST_LETTERS = 2  # where a share is required


def in_known_letters(text: str, codec: str) -> tuple[str, float]:
    """Return text in which the letters of a language that the codec is used for are those below them, and its price.

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
