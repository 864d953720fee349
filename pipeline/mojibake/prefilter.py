"""Text -> the lines that may be mojibake: a fast pre-filter, so that sound text costs next to nothing."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from ftfy.badness import is_bad

from pipeline.changes import Span, end_of_line
from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import SIMILAR_PAIRS, single_byte_misdecodings
from pipeline.encoding.misdecoding import bytes_by_character
from pipeline.language.diacritics import (
    Swaps,
    diacritic_excess_nats,
    is_latin_with_diacritic,
    swapped_diacritics_gain,
)
from pipeline.language.fluency import excess_nats
from pipeline.mojibake.after_damage import has_decomposed_mojibake
from pipeline.mojibake.bigram_filter import mojibake_windows
from pipeline.mojibake.chain_search import line_sample
from pipeline.mojibake.intruders import has_intruders
from pipeline.mojibake.lossy.diagnosis import NOT_DECAYED, decoding_evidence, has_decayed_contractions
from pipeline.mojibake.obvious import (
    FEWEST_OF_SAMPLE,
    FEWEST_SEQUENCES,
    FIRST_SAMPLE,
    FREQUENT_SAMPLE,
    LEAST_FIRST_SHARE,
    WINDOW_BIGRAMS,
)
from pipeline.mojibake.utf8_validity import FIRST_BYTE, LAST_FIRST_BYTE, is_valid_utf8, punctuation_chain

SUSPICIOUS_RATIO = 5  # if one in so many lines is suspicious, all others are examined as well
SHORT_TEXT = 200  # characters: shorter texts are examined whole
MOST_LETTER_CROSS_ENTROPY = 6.8  # nats per letter outside ASCII: no language has a higher cross-entropy
MOST_EXCESS = 15.0  # nats by which a line may exceed that: ten characters of mojibake do
CONTEXT_CHARACTERS = 24  # characters of context on each side of a suspicious place
FEWEST_QUOTES = 3  # quotes of English that lost their last bytes: a single one may be a typo
SPREAD_SAMPLE = 4_000  # characters, or twice as many, whose accented letters indicate the language
MOST_ACCENTED_CROSS_ENTROPY = 3.2  # nats per accented letter: hardly any language has a higher cross-entropy
MOST_ACCENTED_EXCESS = 5.0  # nats by which the letters of a text may exceed that
LEAST_SWAP_GAIN = 8.0  # nats by which letters must be likelier in a similar code page: benchmarks/harm.py
LAST_ASCII, LOST_CHARACTER = 0x7F, ord(REPLACEMENT)  # code points
FIRST_AFTER_LATIN = 0x250  # code point: the bigram table knows Latin letters
FEWEST_MARKS = 5  # U+FFFD inside words
MARK_IN_WORD = re.compile(f"[\u0370-\u06ff]{REPLACEMENT}|{REPLACEMENT}[\u0370-\u06ff]")  # Greek to Arabic
DECAYED_APOSTROPHE = re.compile(r"(?<=[A-Za-z])â(?=(?:s|t|re|ve|ll|m|d)\b)")
DECAYED_QUOTE = re.compile(rf"(?<![^\W\d_])â|â(?![^\W\d_])|{DECAYED_APOSTROPHE.pattern}")


def suspicious_lines(text: str) -> list[Span]:
    r"""Return the spans of the lines outside ASCII that may be mojibake; of all of them if many may be.

    They have pairs of characters that are frequent in mojibake, and no language fits the text around these.

    >>> suspicious_lines("cafÃ© âœ”\ncafé"), suspicious_lines("café")
    ([(0, 9), (10, 14)], [])
    """
    if any(suspects(text) for suspects in WHOLE_TEXT_TESTS):
        return non_ascii_lines(text)
    places = mojibake_windows(text)
    if len(text) <= SHORT_TEXT:
        return non_ascii_lines(text) if len(places) or is_bad(text) else []
    if not len(places):
        return []
    near = _contexts(text, np.sort(np.concatenate([places, places + WINDOW_BIGRAMS])))
    written = [text[start:end] for start, end in near]
    odd = excess_nats(written, MOST_LETTER_CROSS_ENTROPY, mixed=False) > MOST_EXCESS
    if odd.any():
        odd = excess_nats(written, MOST_LETTER_CROSS_ENTROPY) > MOST_EXCESS
    pieces = zip(near, written, odd, strict=True)
    found = sorted({_line_around(text, start) for (start, _), piece, strange in pieces if strange or is_bad(piece)})
    if not found:
        return []
    lines = non_ascii_lines(text)
    return lines if len(found) * SUSPICIOUS_RATIO >= len(lines) else found


def non_ascii_lines(text: str) -> list[Span]:
    r"""Return the spans of the lines that are not all ASCII.

    >>> non_ascii_lines("a\né")
    [(2, 3)]
    """
    lines = text.split("\n")
    starts = itertools.accumulate((len(line) + 1 for line in lines), initial=0)
    return [(start, start + len(line)) for start, line in zip(starts, lines, strict=False) if not line.isascii()]


def _has_only_decayed_quotes(text: str) -> bool:
    """Return whether all that English text has outside ASCII is `â`, the remainder of mis-decoded quotes and dashes."""
    found = text.count("â")
    if not found:
        return False
    quoted = found >= FEWEST_QUOTES and not NOT_DECAYED.search(text) and DECAYED_APOSTROPHE.search(text) is not None
    return (quoted and len(DECAYED_QUOTE.findall(text)) == found) or has_decayed_contractions(text)


def _fits_no_language(text: str) -> bool:
    """Return whether no single language has the letters of a text, though each pair of letters is in some language.

    A sample spread over the text is checked first; then the lines, for a file may be in several languages.
    """
    if (
        diacritic_excess_nats([text[:: len(text) // SPREAD_SAMPLE + 1]], MOST_ACCENTED_CROSS_ENTROPY)
        < MOST_ACCENTED_EXCESS
    ):
        return False
    return (
        diacritic_excess_nats(
            line_sample([text[start:end] for start, end in non_ascii_lines(text)]), MOST_ACCENTED_CROSS_ENTROPY
        )
        >= MOST_ACCENTED_EXCESS
    )


def _has_similar_letters(text: str) -> bool:
    """Return whether the letters of a text are much likelier in a similar code page: `esõ` is Hungarian `eső`."""
    sample = text[:: len(text) // SPREAD_SAMPLE + 1]
    return swapped_diacritics_gain(sample, _swaps()) > LEAST_SWAP_GAIN


def _has_marks_in_words(text: str) -> bool:
    """Return whether words in other than Latin letters have marks, as legacy text in another code page has."""
    return text.count(REPLACEMENT) >= FEWEST_MARKS and len(MARK_IN_WORD.findall(text)) >= FEWEST_MARKS


def _is_mostly_sequences(text: str) -> bool:
    """Return whether one character is first in most pairs outside ASCII, as the first bytes of an alphabet are.

    In `׳©׳׳•׳` and `เธชเธงเธฑ` every other character is the first byte of a Hebrew or Thai letter.
    """
    codes = np.frombuffer(text[:FREQUENT_SAMPLE].encode("utf-32-le"), np.uint32)
    other = codes > LAST_ASCII
    sample = np.sort(codes[other][:FIRST_SAMPLE])
    size = len(sample)
    if size < FEWEST_OF_SAMPLE or sample[-1] < FIRST_AFTER_LATIN:
        return False
    least = math.ceil(LEAST_FIRST_SHARE * size)
    if not (sample[: size - least + 1] == sample[least - 1 :]).any() or not _may_have_sequences(codes):
        return False
    chars, times = np.unique(sample, return_counts=True)
    if chars[times.argmax()] < FIRST_AFTER_LATIN:
        return False
    counts = (decoding_evidence(text[:FREQUENT_SAMPLE], codec) for codec in single_byte_misdecodings())
    return any(one.whole >= FEWEST_SEQUENCES and one.foreign * 10 <= one.whole for one in counts)


def _may_have_sequences(codes: npt.NDArray[np.uint32]) -> bool:
    """Return whether enough pairs of characters begin a sequence of UTF-8 in the bytes of the same codec."""
    first, following = _sequence_bytes()
    if (codes == LOST_CHARACTER).any():
        return True
    pairs = first.take(codes[:-1], mode="clip") & following.take(codes[1:], mode="clip")
    pairs = pairs[pairs > 0]
    codecs_ = np.arange(len(single_byte_misdecodings()), dtype=np.uint64)
    return bool(((pairs[:, None] >> codecs_) & np.uint64(1)).sum(axis=0).max(initial=0) >= FEWEST_SEQUENCES)


@functools.cache
def _sequence_bytes() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return for each code point the codecs in which its byte begins a sequence of UTF-8, and follows in one, as bits.

    The last code point stands for all above it, which no single-byte codec has.
    """
    first, following = np.zeros((2, 1 << 16), np.uint64)
    for bit, codec in enumerate(single_byte_misdecodings()):
        for char, byte in bytes_by_character(codec).items():
            if byte < FIRST_BYTE - 2:  # C0 and C1 begin none
                following[ord(char)] |= np.uint64(1 << bit)
            elif FIRST_BYTE <= byte <= LAST_FIRST_BYTE:
                first[ord(char)] |= np.uint64(1 << bit)
    return first, following


@functools.cache
def _swaps() -> Swaps:
    """Return the letters that similar code pages have for each other, by code points."""
    found = []
    for truth, wrong in SIMILAR_PAIRS:
        swap = []
        for char, byte in bytes_by_character(wrong).items():
            letter = bytes([byte]).decode(truth, "ignore")
            if letter not in {"", char} and all(is_latin_with_diacritic(one) for one in (char, letter)):
                swap.append((ord(char), ord(letter)))
        found.append(tuple(swap))
    return tuple(found)


# Each says of a text that all its lines outside ASCII may be mojibake. The order is that of their cost.
WHOLE_TEXT_TESTS: tuple[Callable[[str], object], ...] = (
    _has_only_decayed_quotes,
    is_valid_utf8,
    _has_marks_in_words,
    punctuation_chain,
    has_decomposed_mojibake,
    has_intruders,
    _has_similar_letters,
    _is_mostly_sequences,
    _fits_no_language,
)


def _contexts(text: str, places: npt.NDArray[np.int64]) -> list[Span]:
    """Return the spans around `places`, in order, each within its line."""
    found: list[Span] = []
    ends = np.flatnonzero(np.diff(places, append=len(text) + 3 * CONTEXT_CHARACTERS) > 2 * CONTEXT_CHARACTERS)
    for first, last in zip(places[[0, *ends[:-1] + 1]].tolist(), places[ends].tolist(), strict=True):
        start = max(_line_around(text, first)[0], first - CONTEXT_CHARACTERS)
        for piece in text[start : min(_line_around(text, last)[1], last + CONTEXT_CHARACTERS)].split("\n"):
            if piece:
                found.append((start, start + len(piece)))
            start += len(piece) + 1
    return found


def _line_around(text: str, place: int) -> Span:
    """Return the span of the line that has a place."""
    return text.rfind("\n", 0, place) + 1, end_of_line(text, place)
