"""A line of one code page decoded as another -> the originals whose letters are likelier: `cittÓ` may be `città`.

All pairs of code pages are compared at once, by the frequencies of their characters in each language.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.encoding.codecs import codec_named, is_multi_byte, original_codecs, stray_byte_codecs
from pipeline.encoding.detection import UTF_8
from pipeline.encoding.misdecoding import bytes_by_character, encoded_character
from pipeline.language.fluency import MIXED_SCRIPT_PENALTY, cached_unigrams, letter_scores
from pipeline.mojibake.chain_search import Chain
from pipeline.mojibake.utf8_validity import is_valid_utf8

SCRIPTS = ("Latin", "Cyrillic", "Greek")  # of the original codecs
DOS_AND_MAC = {"DOS", "Mac"}  # families: neither machine decoded the text of the other
MOST_DISTINCT = 24  # characters outside ASCII: lines with more have other evidence
LAST_CHARACTER = "\uffff"  # of the Basic Multilingual Plane
FIRST_FOREIGN, LAST_FOREIGN = 0x370, 0x1FFF  # code points of alphabets whose letters are not next to Latin ones
SIGN_IN_WORD = re.compile("(?<=[A-Za-z])[„”‚](?=á?[a-z])")  # letters of DOS that Windows-1252 has as quotes
SIGN_IN_WORD_PENALTY = 3.0  # nats: each of them is hardly ever a quote
_UTF_8_SPACE = re.compile(r"[ÂÃ](?=\s|$)")  # rather the first byte of U+00A0 or `à`
_ASCII_LETTER = re.compile("[A-Za-z]")
_TOUCHING = re.compile("[A-Za-z](?=[\u0370-\u1fff])|[\u0370-\u1fff](?=[A-Za-z])")


def likelier_originals(line: str) -> Iterator[tuple[str, Chain]]:
    """Yield the originals of a line whose letters are likelier, each with its chain."""
    pairs = [(wrong, UTF_8) for wrong in stray_byte_codecs()] if is_valid_utf8(line) else []
    found = set()
    for pair in (*pairs, *_likelier_pairs(line)):
        chain = Chain((pair,))
        text = chain.undone(line)
        if text and text not in found and text.replace("\xa0", " ").isprintable():
            found.add(text)
            yield text, chain


def _likelier_pairs(line: str) -> list[tuple[str, str]]:
    """Return the pairs of single-byte codecs of which one decodes the bytes of the other to a likelier line."""
    counts = Counter(char for char in _UTF_8_SPACE.sub("", line) if char > "\x7f")
    if not 0 < len(counts) <= MOST_DISTINCT or max(counts) > LAST_CHARACTER:
        return []
    if not any(bytes_by_character(wrong).keys() >= counts.keys() for wrong in stray_byte_codecs()):
        return []
    chars = "".join(sorted(counts))
    places, made = _originals_of(chars)
    if not len(places):
        return []
    times = np.array([counts[char] for char in chars])
    foreign = times @ ((made >= FIRST_FOREIGN) & (made <= LAST_FOREIGN)) if _ASCII_LETTER.search(line) else 0
    likelier = np.zeros(len(places), bool)
    for form in (str, _lower):  # as written, and without regard to case: capitals are rare, and first in titles
        whole = letter_scores(["".join(map(form, line))])[1][0]
        rest = whole - times @ cached_unigrams(np.array([ord(form(char)) for char in chars])).T
        rest += MIXED_SCRIPT_PENALTY * len(_TOUCHING.findall(line))
        codes = np.array([ord(form(chr(code))) for code in made.ravel()])
        scores = np.einsum("k,lkp->lp", times, cached_unigrams(codes).reshape(-1, *made.shape)) + rest[:, None]
        least = whole.max() - SIGN_IN_WORD_PENALTY * len(SIGN_IN_WORD.findall(line))
        likelier |= (scores - 2 * MIXED_SCRIPT_PENALTY * foreign).max(axis=0) > least
    return [_code_pages()[at] for at in places[likelier].tolist()]


@functools.cache
def _lower(char: str) -> str:
    """Return the small letter of a character; itself where that is no single character."""
    return char.lower() if len(char.lower()) == 1 else char


@functools.lru_cache(maxsize=1 << 8)
def _originals_of(chars: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the pairs of codecs, as indexes, that make different originals of characters, and their code points.

    The shape of the code points is (characters, pairs).
    """
    made = np.stack([_by_pair(char) for char in chars])
    possible = np.flatnonzero(made.all(axis=0))
    made, first = np.unique(made[:, possible], axis=1, return_index=True)
    order = np.argsort(first)
    return possible[first[order]], made[:, order]


@functools.lru_cache(maxsize=1 << 12)
def _by_pair(char: str) -> npt.NDArray[np.int64]:
    """Return for each pair of codecs the code point that a character is an error for; 0 where it is none."""
    wrong, truth, points = _pair_tables()
    data = b"".join(encoded_character(char, codec) or b"\0" for codec in stray_byte_codecs())
    return np.asarray(points[truth, np.frombuffer(data, np.uint8)[wrong]], np.int64)


@functools.cache
def _pair_tables() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the numbers of the two codecs of each pair, and the code point of each byte in each true one."""
    wrong, truth = ([*dict.fromkeys(names)] for names in (stray_byte_codecs(), (pair[1] for pair in _code_pages())))
    points = [[ord(bytes([byte]).decode(codec, "ignore") or "\0") for byte in range(256)] for codec in truth]
    numbers = np.array([(wrong.index(one), truth.index(other)) for one, other in _code_pages()], np.int64)
    return numbers[:, 0], numbers[:, 1], np.array(points, np.int64)


@functools.cache
def _code_pages() -> tuple[tuple[str, str], ...]:
    """Return the pairs of the wrong codec and the true one, the commonest wrong one first."""
    truths = [name for name in original_codecs() if not is_multi_byte(name) and codec_named(name).script in SCRIPTS]
    pairs = itertools.product(stray_byte_codecs(), truths)
    return tuple(
        pair for pair in pairs if len(set(pair)) > 1 and {codec_named(one).family for one in pair} != DOS_AND_MAC
    )
