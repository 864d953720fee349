r"""Bytes -> whether they are Latin text in UTF-8 with a few letters of one byte each: `J\xfcrgen M\xc3\xbcller`."""

from __future__ import annotations

import re

HIGH_RUN = re.compile(rb"[\x80-\xff]+")
LATIN_IN_UTF_8 = re.compile(rb"(?:[\xc2-\xc5][\x80-\xbf]|\xe2\x80[\x90-\xbf]|\xe2\x82\xac)+")  # and its punctuation
SIGN_BYTES = re.compile(rb"[\xa0-\xbf]{1,2}")  # of signs that stand alone, as in `5 \xa3`
MOST_STRAYS = 2  # bytes in a row that are not UTF-8
FEWEST_STRAYS_OF_LINE = 3  # runs of bytes that show the codec of a line
STRAYS_PER_LETTER = 2  # bytes that are not UTF-8 for each letter that is; of more, that may be valid by chance


def is_latin_utf8_with_strays(data: bytes) -> bool:
    r"""Return whether data are Latin text in UTF-8 with a few Latin letters of a single-byte codec.

    A letter of one byte is a letter between letters. A double-byte codec decodes it with the next one: `J黵gen`.

    >>> [is_latin_utf8_with_strays(data) for data in (b"M\xc3\xbcller, J\xfcrgen", "中J眉rgen".encode("gbk"))]
    [True, False]
    """
    letters = strays = 0
    for run in HIGH_RUN.finditer(data):
        if LATIN_IN_UTF_8.fullmatch(run[0]):
            letters += len(run[0].decode())
        elif weight := _stray_weight(
            data[max(0, run.start() - 1) : run.start()], run[0], data[run.end() : run.end() + 1]
        ):
            strays += weight
        else:
            return False
    return letters > 0 and strays <= STRAYS_PER_LETTER * letters


def _stray_weight(before: bytes, run: bytes, after: bytes) -> int:
    """Return how much a run of bytes speaks against UTF-8; 0 where it is not Latin letters, nor signs.

    It is one letter of a single-byte codec, or two next to others. `before` and `after` are the bytes next to the run.
    """
    touching = before.isalpha() + after.isalpha()
    if not touching and SIGN_BYTES.fullmatch(run):
        return 1
    if len(run) > MOST_STRAYS or not (touching or len(run) == 1):
        return 0
    return len(run) + (touching < len(run))


def is_all_in_other_codec(line: bytes) -> bool:
    r"""Return whether a line has no Latin letter in UTF-8, and enough bytes that are none to know its codec.

    >>> is_all_in_other_codec(b"M\xfcller, J\xfcrgen, K\xf6ln"), is_all_in_other_codec(b"J\xfcrgen")
    (True, False)
    """
    runs = HIGH_RUN.findall(line)
    return len(runs) >= FEWEST_STRAYS_OF_LINE and not any(map(LATIN_IN_UTF_8.fullmatch, runs))


def has_latin_words_of_utf8(data: bytes) -> bool:
    r"""Return whether lines of a file have Latin words in UTF-8, which would be Chinese inside of words: `J眉rgen`.

    >>> has_latin_words_of_utf8("Jürgen, Köln".encode() + b"\n\xf8"), has_latin_words_of_utf8("中J眉rgen".encode("gbk"))
    (True, False)
    """
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    return 3 * sum(map(is_latin_utf8_with_strays, lines)) >= len(lines)
