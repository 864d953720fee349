"""A line with `Ã` before a space -> the letters that these were: `voilÃ ` is `voilà`, but `PokÃ mon` is `Pokémon`.

The second byte of `à` is that of U+00A0, which software changes to a space. Other bytes become spaces as well, rarely.
"""

from __future__ import annotations

import math
import re

from pipeline.encoding.codecs import BYTES_AS_CHARACTERS
from pipeline.language.fluency import line_log_likelihoods
from pipeline.language.ngrams import language_model
from pipeline.mojibake.lossy.beam_search import TEMPERATURE

A_GRAVE = "à"
OTHER_LETTERS = tuple(char for char in map(chr, range(0xC0, 0x100)) if char.isalpha() and char != A_GRAVE)
OTHER_LETTER_PRIOR = 5.0  # nats by which another letter must be likelier than à, which has the byte of U+00A0
LEAST_SHARE = 0.7  # of the probability of the likeliest letter among the others
LANGUAGES_WITH_A_GRAVE = ("fr", "it", "pt", "ca")  # languages where à is a word
ENGLISH_LEAD = 5.0  # nats by which English must fit the rest of a line better, so that `Ã` is a letter by itself
_INSIDE_WORD = re.compile(r"(?<=[A-Za-z])Ã (?=[a-z])")
_ALONE = re.compile(r"(?<![^\W\d_])Ã (?!la\b|l['’]|propos\b|bient)")
_OTHER_MOJIBAKE = re.compile("[ÂÃ][\x80-\xbf]|â€|[ÄÅ][\x80-\xbf\u0152-\u2122]")
_WORD = re.compile(r"\b[a-z]{2,}")


def with_letters_before_spaces(line: str) -> str | None:
    """Return a line where `Ã` and a space inside a word is the mojibake of the likeliest letter, if that is not `à`.

    None where no letter is likely enough, or `Ã` is a letter by itself: the line stays as it is.

    >>> with_letters_before_spaces("La empresa TelefÃ nica ha anunciado sus resultados.")
    'La empresa TelefÃ³nica ha anunciado sus resultados.'
    >>> with_letters_before_spaces("voilÃ la citÃ©"), with_letters_before_spaces("The letter Ã is used in Portuguese.")
    ('voilÃ la citÃ©', None)
    """
    if _ALONE.search(line) and not _OTHER_MOJIBAKE.search(line) and _is_letter_by_itself(_ALONE.sub(" ", line)):
        return None
    at = 0
    while match := _INSIDE_WORD.search(line, at):
        letter = _likeliest_letter(line, match.start(), match.end())
        if letter is None:
            return None
        if letter != A_GRAVE:
            mojibake = letter.encode().decode(BYTES_AS_CHARACTERS)
            line = line[: match.start()] + mojibake + line[match.end() :]
        at = match.start() + 1
    return line


def _likeliest_letter(line: str, start: int, end: int) -> str | None:
    """Return the letter that `Ã` and a space in a span of a line were; None where two are as likely."""
    options = (A_GRAVE + " ", A_GRAVE, *(letter + space for letter in OTHER_LETTERS for space in ("", " ")))
    scores = [float(line_log_likelihoods([line[:start] + one + line[end:]])[0]) for one in options]
    grave, others = max(scores[:2]), scores[2:]
    if max(others) - grave < OTHER_LETTER_PRIOR:
        return A_GRAVE
    share = 1 / sum(math.exp((one - max(others)) / TEMPERATURE) for one in others)
    return options[2:][others.index(max(others))] if share >= LEAST_SHARE else None


def _is_letter_by_itself(rest: str) -> bool:
    """Return whether the rest of a line is no text of a language where `à` is a word: a list, or English."""
    if not _WORD.search(rest):
        return True
    english, *others = (float(language_model(tag).score(rest).sum()) for tag in ("en", *LANGUAGES_WITH_A_GRAVE))
    return english > max(others) + ENGLISH_LEAD
