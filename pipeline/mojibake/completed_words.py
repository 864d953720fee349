"""Words with a part of a letter -> the words that they were: `préfÃrent` is `préfèrent`, `Stra脽en` is `Straßen`.

A first byte of UTF-8 is left of a letter, or a double-byte codec decoded the bytes of a letter, perhaps with the next
one, to a Chinese character. No word in Latin letters has such a character, so a word list decides what the word was.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence

import numpy as np

from pipeline.changes import Change, end_of_line
from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import HTML_CODEC, multi_byte_misdecodings
from pipeline.encoding.misdecoding import encoded_character, misdecoded_bytes
from pipeline.language.fluency import line_log_likelihoods
from pipeline.language.vocabulary import WordList, known_word_nats
from pipeline.mojibake.after_damage import WESTERN_CHARACTERS, WESTERN_REST
from pipeline.mojibake.lossy.beam_search import TEMPERATURE

LEAST_LETTER_SHARE = 0.9  # probability of a letter among all, below which it is marked: `tests/cases/repair.toml`
WORD_WEIGHT = WordList.score_weight
WEIGHT_OF_LONE_WORD = 2.0  # the same of a word by itself, of whose language n-grams know nothing
FEWEST_IN_LISTED_WORD = 3  # of a word with a Chinese character at an end, which a word list must have
SPACE_CONFIDENCE = 0.95
LONGEST_CONTEXT, LONGEST_PART = 300, 40  # characters around a word that show its language; of a part of a word
LETTERS = "áâãäåæçèéêëìîïðñòóôõöøùúûüýÿàíß"
USUALLY_LOST = "àíß"  # software loses the second bytes of these: there is other evidence for them
USUALLY_LOST_NATS = 12.0  # by which they are likelier than other letters: `mÃralos` is `míralos`, not `máralos`
_COMMON_LETTERS, _WITHOUT_ASCII = frozenset("äöüßéñ"), dict.fromkeys(range(0x80))
CHINESE_CODECS = multi_byte_misdecodings()[:2]  # others decode the bytes of Latin letters to characters of one byte
LONGEST_COMPLETED_TEXT = 1_000  # characters: a longer one shows its chain, and the lossy search completes its letters
LOST_CAPITALS = "ÁÍÏÐÝÅ"  # the same of capitals, which begin words: `Ãfrica` is `África`
LOST_LETTERS_OF_4 = "čďā"  # the same of the first byte C4: `ZagrebaÄka` is `Zagrebačka`
_LETTER_OF_TWO = re.compile(f"[ÃÄÅ][{WESTERN_REST}]")
_LETTER_OF_C4_OR_C5 = re.compile(f"[ÄÅ][{WESTERN_REST}]")  # the lossy search reads a text with several of these
_IN_WORD = f"(?:[a-zß-öø-ÿ]|[ÃÄÅ][{WESTERN_REST}])"
_REMAINDER = re.compile(
    f"(?:(?<=[A-Za-zß-öø-ÿ{WESTERN_REST}])Ã(?={_IN_WORD})|(?<=[a-zß-öø-ÿ])Â(?=[ \xa0])"
    "|(?<![^\\W\\d_])Ã(?=[a-zß-öø-ÿ]{3})|(?<=[a-z])Ä(?=[a-z]))"
)
_AFTER_NUMBER = re.compile("(?<=[0-9])Â(?= [a-zµ°%€$£])")  # of U+00A0, which became a space: `100Â km`
_OTHER_DAMAGE = re.compile(  # of longer sequences, or of two decodings: words do not show what they were
    "[" + WESTERN_REST.replace("\N{NO-BREAK SPACE}", "") + r"]|(?<![^\W\d_])[âã](?![^\W\d_])"
)
_WORD_BEFORE = re.compile(f"(?:[A-Z]|[ÃÄÅ][{WESTERN_REST}])?{_IN_WORD}*\\Z")
_WORD_AFTER = re.compile(f"{_IN_WORD}*")
_NUMBER_BEFORE = re.compile(r"\d\s?\Z")
_VOWEL = re.compile("[aeiouyà-öø-ÿ]", re.IGNORECASE)
_DAMAGED_WORD = re.compile(r"\S*[ÂÃ]\S*")
_LATIN_WORD = re.compile("[A-Za-zÀ-ÖØ-öø-ÿ][a-zß-öø-ÿ]+")
_CHINESE_AT_LETTER = re.compile("[\u4e00-\u9fff](?:(?=[a-z])|(?<=[A-Za-z].))")  # each match of the next has one
_CHINESE_IN_WORD = re.compile(
    "(?<![^\x00-\x7f])(?<![A-Za-z])"
    "(?:[A-Za-z](?:[A-Za-z]*[a-z])?[\u4e00-\u9fff]{1,2}|[\u4e00-\u9fff](?=[a-z]{2}))(?:[a-z]+[\u4e00-\u9fff]{0,2})*+"
    "(?![^\x00-\x7f]|[A-Z])"
)


def completed_word_changes(text: str) -> list[Change]:
    r"""Return the changes that complete letters of words; a letter that no word proves becomes U+FFFD.

    A first byte of UTF-8 becomes all bytes of its letter, which is to be decoded with the rest of the text.

    >>> [change.after for change in completed_word_changes("informaciÃn y aÃ±o\nStra脽e")]
    ['Ã³', 'Straße']
    """
    other = len(text) > LONGEST_COMPLETED_TEXT or _OTHER_DAMAGE.search(_LETTER_OF_TWO.sub("", text))
    lossy = "Ä" in text and _LETTER_OF_C4_OR_C5.search(text)
    remainders = () if other or lossy else map(functools.partial(_remainder_change, text), _REMAINDER.finditer(text))
    spaces = () if other else map(_space_change, _AFTER_NUMBER.finditer(text))
    chinese = map(_chinese_change, _CHINESE_IN_WORD.finditer(text) if _CHINESE_AT_LETTER.search(text) else ())
    return sorted(filter(None, (*remainders, *spaces, *chinese)), key=lambda change: change.span)


def _remainder_change(text: str, match: re.Match[str]) -> Change | None:
    """Return the change of a first byte that is left of a letter; None where it is the rest of U+00A0."""
    start, end = match.span()
    first = _part_of_word(_WORD_BEFORE.search(text, max(0, start - LONGEST_PART), start))
    last = _part_of_word(_WORD_AFTER.match(text, end, end + LONGEST_PART))
    at_end = match[0] == "Â"
    letters = LOST_LETTERS_OF_4 if match[0] == "Ä" else LETTERS if first else LOST_CAPITALS
    options = [*(first + letter + last for letter in letters), *[first] * at_end]
    listed = [word for word, nats in zip(options, known_word_nats(options).tolist(), strict=True) if nats > 0]
    if not at_end and not (listed or letters == LETTERS):
        return None
    best, share = _likeliest_word(options if at_end else listed or options, len(first), *_around(text, start, end))
    if best == first and _may_be_whole(text, start, first, options):
        return None
    if not listed and best != first and best[len(first)] in USUALLY_LOST:
        return None
    if best == first or share < LEAST_LETTER_SHARE:
        return Change(
            "repair", (start, end), match[0], REPLACEMENT, "first byte of a letter; uncertain", round(share, 3)
        )
    whole = best[len(first)]
    if _LETTER_OF_TWO.search(text, text.rfind("\n", 0, start) + 1, end_of_line(text, end)):
        whole = "".join(WESTERN_CHARACTERS[byte] for byte in whole.encode())
    return Change("repair", (start, end), match[0], whole, "first byte of a letter; reconstructed", round(share, 3))


def _space_change(match: re.Match[str]) -> Change:
    """Return the change of the first byte of U+00A0 after a number: `100Â km`."""
    return Change("repair", match.span(), match[0], "", "first byte of a no-break space", SPACE_CONFIDENCE)


def _may_be_whole(text: str, start: int, word: str, options: Sequence[str]) -> bool:
    """Return whether a word before `Â` and a space may lack no letter: it is a unit, or a known word, or no word is."""
    at = start - len(word)
    if _NUMBER_BEFORE.search(text, max(0, at - 2), at):
        return True
    own, *others = known_word_nats([word, *options[:-1]]).tolist()
    return _VOWEL.search(word) is not None and (own > 0 or max(others) <= 0)


def _part_of_word(match: re.Match[str] | None) -> str:
    return _with_whole_letters(match[0]) if match else ""


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what is before the word with a first byte and after it in its line, other words with one left out."""
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    before = text[max(first, start - LONGEST_CONTEXT) : start]
    after = text[end : end + LONGEST_CONTEXT if last < 0 else min(last, end + LONGEST_CONTEXT)]
    before, after = _WORD_BEFORE.sub("", before), _WORD_AFTER.sub("", after, count=1)
    return _DAMAGED_WORD.sub("", _with_whole_letters(before)), _DAMAGED_WORD.sub("", _with_whole_letters(after))


def _likeliest_word(options: Sequence[str], at: int, before: str, after: str) -> tuple[str, float]:
    """Return the likeliest of words between `before` and `after`, with its probability among them.

    N-grams score the whole line, and word lists the word. `at` is the index of the letter in which the options differ.
    """
    weight = WORD_WEIGHT if any(map(str.isalpha, before + after)) else WEIGHT_OF_LONE_WORD
    scores = line_log_likelihoods([before + word + after for word in options]) + weight * known_word_nats(options)
    scores += [USUALLY_LOST_NATS * (word[at : at + 1] in USUALLY_LOST and len(word) > at) for word in options]
    shares = np.exp((scores - scores.max()) / TEMPERATURE)
    best = int(shares.argmax())
    return options[best], float(shares[best] / shares.sum())


def _chinese_change(match: re.Match[str]) -> Change | None:
    """Return the change of a word with Chinese characters for letters; None where it may be sound.

    A letter of UTF-8 inside a word is certain. Anywhere else, a word list must have the word.
    """
    inside = match[0][0].isascii() and match[0][-1].isascii()
    for codec, truth in itertools.product(CHINESE_CODECS, ("utf-8", HTML_CODEC)):
        data = b"".join(encoded_character(char, codec) or b"\xff" for char in match[0])
        word = data.decode(truth, "replace")
        if not _LATIN_WORD.fullmatch(word):
            continue
        known = len(word) >= FEWEST_IN_LISTED_WORD and known_word_nats([word])[0] > 0
        if known or (inside and (truth == "utf-8" or _COMMON_LETTERS.issuperset(word.translate(_WITHOUT_ASCII)))):
            reason = f"{truth.replace('utf-8', 'UTF-8')} decoded as {codec}"
            return Change("repair", match.span(), match[0], word, reason, 0.95)
    return None


def has_parts_of_letters(text: str) -> bool:
    """Return whether words of a text have parts of letters that can be completed.

    >>> has_parts_of_letters("Die Stra脽en"), has_parts_of_letters("Ãfrica"), has_parts_of_letters("用Python写的")
    (True, True, False)
    """
    parts = [_CHINESE_AT_LETTER]
    if len(text) <= LONGEST_COMPLETED_TEXT and any(first in text for first in "ÂÃÄ"):
        parts += [_REMAINDER, _AFTER_NUMBER]
    return any(part.search(text) for part in parts) and bool(completed_word_changes(text))


def _with_whole_letters(text: str) -> str:
    """Return a text with its whole letters of two bytes decoded."""
    return _LETTER_OF_TWO.sub(lambda pair: _letter(pair[0]), text)


@functools.lru_cache(maxsize=1 << 10)
def _letter(pair: str) -> str:
    return misdecoded_bytes(pair, HTML_CODEC).decode()
