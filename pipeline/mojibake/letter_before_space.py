"""Text in which ftfy took spaces for U+00A0, a byte of `à` -> the likeliest letters: `Pokà mon` is `Pokémon`."""

from __future__ import annotations

import math
import re

from pipeline.language.fluency import line_log_likelihoods
from pipeline.language.ngrams import language_model
from pipeline.mojibake.lossy.beam_search import TEMPERATURE

A_GRAVE = "à"
OTHER_LETTERS = tuple(char for char in map(chr, range(0xC0, 0x100)) if char.isalpha() and char != A_GRAVE)
OTHER_LETTER_PRIOR = 5.0  # nats by which another letter must be likelier than à, which has the byte of U+00A0
LEAST_SHARE = 0.7  # of the probability of the likeliest letter among the others
LANGUAGES_WITH_A_GRAVE = ("fr", "it", "pt", "ca")  # languages where à is a word
ENGLISH_LEAD = 5.0  # nats by which English must fit the rest of a line better, so that `Ã` is a letter by itself
_INSIDE_WORD = re.compile(f"(?<=[A-Za-z]){A_GRAVE} ?(?=[a-z])")
_ALONE = re.compile(r"(?<![^\W\d_])Ã (?!la\b|l['’]|propos\b|bient)")
_LETTER_IN_LIST = re.compile(r"(?<!\w)[ÂÃ] ")
_PORTUGUESE_CAPITALS = re.compile(r"(?<!\w)[A-ZÇ]+Ã[OE]S?(?!\w)")  # SÃO, MÃE: mojibake has no letter behind Ã
_SINGLE_LETTER = re.compile(r"(?<!\w)[^\W\d_\x00-\x7fÂÃ](?!\w)(?![\x80-\xbf\u0152-\u2122])")
_OTHER_MOJIBAKE = re.compile("[ÂÃ][\x80-\xbf]|â€|[ÄÅ][\x80-\xbf\u0152-\u2122]")
_WORD = re.compile(r"\b[a-z]{2,}")


def with_likeliest_letters(text: str) -> str | None:
    """Return a text where `à` and a space inside a word are the likeliest letter; None where none is likely enough.

    >>> with_likeliest_letters("La empresa Telefà nica ha anunciado sus resultados.")
    'La empresa Telefónica ha anunciado sus resultados.'
    >>> with_likeliest_letters("voilà la cité")
    'voilà la cité'
    """
    at = 0
    while match := _INSIDE_WORD.search(text, at):
        letter = _likeliest_letter(text, match.start(), match.end())
        if letter is None:
            return None
        text = text[: match.start()] + letter + text[match.end() :]
        at = match.start() + 1
    return text


def _likeliest_letter(text: str, start: int, end: int) -> str | None:
    """Return what a span with `à` was, perhaps with a space; None where two letters are about as likely."""
    options = (A_GRAVE + " ", A_GRAVE, *(letter + space for letter in OTHER_LETTERS for space in ("", " ")))
    before, after = (_INSIDE_WORD.sub("\n", part) for part in (text[:start], text[end:]))  # others are not evidence
    scores = [float(line_log_likelihoods([before + one + after])[0]) for one in options]
    grave, others = max(scores[:2]), scores[2:]
    if max(others) - grave < OTHER_LETTER_PRIOR:
        return text[start:end]
    share = 1 / sum(math.exp((one - max(others)) / TEMPERATURE) for one in others)
    return options[2:][others.index(max(others))] if share >= LEAST_SHARE else None


def has_letter_by_itself(line: str) -> bool:
    """Return whether `Ã` or `Â` in a line is not mojibake of `à` or U+00A0: the line lists letters, or is English.

    >>> has_letter_by_itself("The letter Ã is used in Portuguese."), has_letter_by_itself("Je vais Ã Paris")
    (True, False)
    """
    if (_LETTER_IN_LIST.search(line) and _SINGLE_LETTER.search(line)) or _PORTUGUESE_CAPITALS.search(line):
        return True
    if not _ALONE.search(line) or _OTHER_MOJIBAKE.search(line):
        return False
    rest = _ALONE.sub(" ", line)
    if not _WORD.search(rest):
        return True
    english, *others = (float(language_model(tag).score(rest).sum()) for tag in ("en", *LANGUAGES_WITH_A_GRAVE))
    return english > max(others) + ENGLISH_LEAD
