"""The one table of codecs: which Python codecs Lacuna tries, where, in which order, and how rare each is.

To add a codec, add a row to `CODECS`: see docs/how-to/add-a-codec.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Codec:
    """A Python codec and its uses.

    A use is a rank: the place in the order in which codecs are tried, from 1; 0 means that it is not used.
    """

    name: str  # as Python's `codecs.lookup` knows it
    width: int  # bytes of its longest character
    family: str
    script: str  # Unicode's name of the script, or "any"
    rarity: float | None  # nats: the negative logarithm of its prior among files; None: no file is detected as it
    wrong: int = 0  # software decodes other bytes as it
    truth: int = 0  # the original bytes of mis-decoded text may be in it
    copy: int = 0  # a mis-decoded duplicate of a post may have been decoded as it
    guess: int = 0  # software that knows no encoding assumes it
    like: str = ""  # the codec that it differs from in a few rare letters only
    subsets: str = ""  # the codecs that most files with its label are in: tried before it
    escapes: tuple[bytes, ...] = ()  # escape sequences that only it has (ISO 2022, HZ)

    @property
    def is_multi_byte(self) -> bool:
        """Whether it has characters of several bytes."""
        return self.width > 1


# Rarities reflect what archives contain; the encodings of the web (WHATWG) come first. The other codecs of Python are
# synonyms of rows, or nobody writes files in them.
# fmt: off
CODECS: tuple[Codec, ...] = (
    #     name          width family     script   rarity uses
    Codec("cp1252",         1, "Windows", "Latin",     0, wrong=1, truth=13, copy=1, guess=1),
    Codec("cp1251",         1, "Windows", "Cyrillic",  0, wrong=2, truth=9, copy=10),
    Codec("cp1250",         1, "Windows", "Latin",     0, wrong=3, truth=14, copy=14),
    Codec("cp1253",         1, "Windows", "Greek",     0, wrong=4, truth=16, copy=15),
    Codec("cp1254",         1, "Windows", "Latin",     0, wrong=5, truth=18, copy=9, like="cp1252"),
    Codec("gb2312",         2, "GB",      "Han",       0),
    Codec("gb18030",        4, "GB",      "Han",       0, wrong=37, truth=2, copy=3, subsets="gb2312"),
    Codec("big5",           2, "Big5",    "Han",       0, copy=5),
    Codec("cp950",          2, "Big5",    "Han",       0, wrong=38, truth=3, subsets="big5"),
    Codec("shift_jis",      2, "JIS",     "Kana",      0),
    Codec("cp932",          2, "JIS",     "Kana",      0, wrong=39, truth=4, copy=6, subsets="shift_jis"),
    Codec("euc_jp",         3, "JIS",     "Kana",      0, wrong=42, truth=6, copy=8),
    Codec("euc_kr",         2, "KS",      "Hangul",    0, wrong=40),
    Codec("cp949",          2, "KS",      "Hangul",    0, wrong=41, truth=5, copy=7, subsets="euc_kr"),
    Codec("iso8859-1",      1, "ISO",     "Latin",     1),
    Codec("iso8859-2",      1, "ISO",     "Latin",     1, wrong=16, truth=15),
    Codec("iso8859-5",      1, "ISO",     "Cyrillic",  1, wrong=17, truth=12),
    Codec("iso8859-7",      1, "ISO",     "Greek",     1, wrong=18, truth=17),
    Codec("iso8859-9",      1, "ISO",     "Latin",     1, wrong=23),
    Codec("iso8859-15",     1, "ISO",     "Latin",     1, wrong=19),
    Codec("cp1255",         1, "Windows", "Hebrew",    2, wrong=12, truth=19),
    Codec("cp1256",         1, "Windows", "Arabic",    2, wrong=11, truth=20),
    Codec("cp1257",         1, "Windows", "Latin",     2, wrong=15, truth=21),
    Codec("cp1258",         1, "Windows", "Latin",     2, wrong=14, truth=22),
    Codec("cp874",          1, "Windows", "Thai",      2, wrong=13, truth=23, subsets="tis_620"),
    Codec("tis_620",        1, "TIS",     "Thai",      2),
    Codec("koi8-r",         1, "KOI8",    "Cyrillic",  2, wrong=10, truth=8, copy=17),
    Codec("koi8-u",         1, "KOI8",    "Cyrillic",  2, wrong=31, truth=7),
    Codec("big5hkscs",      2, "Big5",    "Han",       2, wrong=43, subsets="big5 cp950"),
    Codec("cp866",          1, "DOS",     "Cyrillic",  4, wrong=9, truth=10, copy=16),
    Codec("mac_roman",      1, "Mac",     "Latin",     4, wrong=6, truth=24, copy=11),
    Codec("mac_cyrillic",   1, "Mac",     "Cyrillic",  4, wrong=22, truth=11),
    Codec("iso8859-6",      1, "ISO",     "Arabic",    4, wrong=24, truth=28),
    Codec("iso8859-8",      1, "ISO",     "Hebrew",    4, wrong=25, truth=29),
    Codec("cp850",          1, "DOS",     "Latin",     5, wrong=8, truth=26, copy=13),
    Codec("cp437",          1, "DOS",     "Latin",     5, wrong=7, truth=25, copy=12),
    Codec("cp852",          1, "DOS",     "Latin",     5, wrong=21, truth=27),
    Codec("iso8859-3",      1, "ISO",     "Latin",     6),
    Codec("iso8859-4",      1, "ISO",     "Latin",     6, wrong=30),
    Codec("iso8859-10",     1, "ISO",     "Latin",     8),
    Codec("iso8859-11",     1, "ISO",     "Thai",      6, subsets="tis_620"),
    Codec("iso8859-13",     1, "ISO",     "Latin",     6, wrong=29),
    Codec("iso8859-14",     1, "ISO",     "Latin",     6),
    Codec("iso8859-16",     1, "ISO",     "Latin",     6),
    Codec("mac_latin2",     1, "Mac",     "Latin",     6, wrong=35, truth=33),
    Codec("mac_greek",      1, "Mac",     "Greek",     6, wrong=34, truth=34),
    Codec("mac_turkish",    1, "Mac",     "Latin",     6, wrong=36),
    Codec("mac_iceland",    1, "Mac",     "Latin",     6),
    Codec("cp855",          1, "DOS",     "Cyrillic",  6, wrong=32),
    Codec("cp857",          1, "DOS",     "Latin",     6, wrong=28),
    Codec("cp737",          1, "DOS",     "Greek",     6, wrong=26, truth=30),
    Codec("cp775",          1, "DOS",     "Latin",     6, wrong=27, truth=31),
    Codec("cp720",          1, "DOS",     "Arabic",    7),
    Codec("cp858",          1, "DOS",     "Latin",     7),
    Codec("cp860",          1, "DOS",     "Latin",     7),
    Codec("cp861",          1, "DOS",     "Latin",     7),
    Codec("cp862",          1, "DOS",     "Hebrew",    7, wrong=33, truth=32),
    Codec("cp863",          1, "DOS",     "Latin",     7),
    Codec("cp864",          1, "DOS",     "Arabic",    7),
    Codec("cp865",          1, "DOS",     "Latin",     7),
    Codec("cp869",          1, "DOS",     "Greek",     7),
    Codec("cp1006",         1, "IBM",     "Arabic",    7),
    Codec("cp037",          1, "EBCDIC",  "Latin",     8),
    Codec("cp273",          1, "EBCDIC",  "Latin",     8),
    Codec("cp424",          1, "EBCDIC",  "Hebrew",    8),
    Codec("cp500",          1, "EBCDIC",  "Latin",     8),
    Codec("cp875",          1, "EBCDIC",  "Greek",     8),
    Codec("cp1026",         1, "EBCDIC",  "Latin",     8),
    Codec("cp1140",         1, "EBCDIC",  "Latin",     8),
    Codec("cp1125",         1, "DOS",     "Cyrillic", 11),
    Codec("kz1048",         1, "Windows", "Cyrillic", 11),
    Codec("ptcp154",        1, "Windows", "Cyrillic", 11),
    Codec("johab",          2, "KS",      "Hangul",   11),
    Codec("hp_roman8",      1, "HP",      "Latin",    11),
    Codec("euc_jis_2004",   3, "JIS",     "Kana",     11, subsets="euc_jp"),
    Codec("shift_jis_2004", 2, "JIS",     "Kana",     11, subsets="shift_jis cp932"),
    # Detection by rarity never answers with these.
    Codec("utf-8",          4, "Unicode", "any",      None, truth=1),
    Codec("gbk",            2, "GB",      "Han",      None, copy=4),
    Codec("latin-1",        1, "ISO",     "Latin",    None, wrong=20, copy=2, guess=2),
    Codec("hz",             2, "GB",      "Han",      None, escapes=(b"~{",)),
    Codec("iso2022_jp_ext", 2, "JIS",     "Kana",     None, escapes=(b"\x1b$B", b"\x1b$@")),
    Codec("iso2022_kr",     2, "KS",      "Hangul",   None, escapes=(b"\x1b$)C",)),
)
# fmt: on

LAST_COMMON_RANK = 16  # mis-decodings up to this rank are reported from everywhere, the others from few places
SIMILAR_PAIRS = (
    *(("cp1250", "cp1252"), ("cp1250", "iso8859-2"), ("iso8859-2", "cp1250")),
    *(("cp1254", "cp1252"), ("cp1257", "cp1252"), ("iso8859-4", "cp1252")),
)  # codecs whose texts look nearly right in the other one
BYTES_AS_CHARACTERS = "latin-1"  # decodes each byte to the code point of the same number
HTML_CODEC = "cp1252"  # the codec of numeric character references from 128 to 159 (WHATWG)
SHIFT_JIS_CODEC = "cp932"  # Shift JIS as Windows and browsers have it
BYTE_PAIRS = {"gb18030": "gbk"}  # the codec of the two-byte part of a codec that has more
BROWSER_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": SHIFT_JIS_CODEC, "euc_kr": "cp949"}
"""Codec -> the larger one of browsers (WHATWG): gb2312 would decode `——` and `·` as U+2015 and U+30FB."""
EXTRA_BYTES = {"gb18030": {"€": b"\x80"}}  # Windows decodes the byte in code page 936; the standard has none
ALPHABETS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "iso8859-3": (("ĉĝĥĵŝŭ", "", 0.0), ("ċġħż", "àèìòùé", 0.0)),  # Esperanto; Maltese
    "iso8859-14": (("ŵŷẁẃẅỳ", "âêîôûáéíóúýàèìòùäëïöü", 0.0),),  # Welsh
    "cp1252": (("ëç", "", 0.04),),  # Albanian: one letter in thirteen is ë
}  # by codec and language: the letters that models lack, the others outside ASCII, the least share of the former


def codec_named(name: str) -> Codec:
    """Return the row of a codec. Raises KeyError where the table has none.

    >>> codec_named("cp1251").script
    'Cyrillic'
    """
    row = next((row for row in CODECS if row.name == name), None)
    if row is None:
        raise KeyError(name)
    return row


def detectable_codecs() -> dict[str, float]:
    """Return the codecs that a file may be detected as, with the rarity of each, in nats."""
    return {row.name: row.rarity for row in CODECS if row.rarity is not None}


def codec_subsets() -> dict[str, tuple[str, ...]]:
    """Return the codecs whose subsets are tried before them, with these subsets."""
    return {row.name: tuple(row.subsets.split()) for row in CODECS if row.subsets}


def escape_sequences() -> dict[bytes, str]:
    """Return the escape sequences that indicate a codec, with the codec."""
    return {escape: row.name for row in CODECS for escape in row.escapes}


@functools.cache
def single_byte_misdecodings() -> tuple[str, ...]:
    """Return the single-byte codecs that software mis-decodes other bytes as."""
    return _codecs_by_rank(lambda row: row.wrong, multi_byte=False)


@functools.cache
def multi_byte_misdecodings() -> tuple[str, ...]:
    """Return the multi-byte codecs that software mis-decodes other bytes as."""
    return _codecs_by_rank(lambda row: row.wrong, multi_byte=True)


@functools.cache
def original_codecs() -> tuple[str, ...]:
    """Return the codecs that the original bytes of mis-decoded text may be in."""
    return _codecs_by_rank(lambda row: row.truth)


@functools.cache
def western_codecs() -> tuple[str, ...]:
    """Return the Western code page and the codecs that are hard to distinguish from it in damaged text."""
    return (HTML_CODEC, *(row.name for row in CODECS if row.like == HTML_CODEC))


@functools.cache
def stray_byte_codecs() -> tuple[str, ...]:
    """Return the single-byte codecs whose bytes occur in files of UTF-8: the commonest ones."""
    return _codecs_by_rank(lambda row: row.wrong * (row.wrong <= LAST_COMMON_RANK), multi_byte=False)


@functools.cache
def fallback_codecs() -> tuple[str, ...]:
    """Return the codecs that software assumes where it knows no encoding."""
    return _codecs_by_rank(lambda row: row.guess)


def duplicate_misdecodings() -> tuple[tuple[str, str], ...]:
    """Return how a duplicate may be mis-decoded: the codec of its bytes, and the codec that they were decoded as."""
    utf_8 = (("utf-8", wrong) for wrong in _codecs_by_rank(lambda row: row.copy))
    written = (name for name in _codecs_by_rank(lambda row: row.copy, multi_byte=True) if name not in BYTE_PAIRS)
    return (*utf_8, *((truth, wrong) for truth in written for wrong in fallback_codecs()))


@functools.cache
def is_multi_byte(name: str) -> bool:
    """Return whether a codec has characters of several bytes. Raises KeyError where the table has no such codec."""
    return codec_named(name).is_multi_byte


@functools.cache
def undefined_bytes(name: str) -> frozenset[int]:
    """Return the bytes from 0x80 on that a single-byte codec cannot decode.

    >>> sorted(map(hex, undefined_bytes("cp1252")))
    ['0x81', '0x8d', '0x8f', '0x90', '0x9d']
    """
    return frozenset(byte for byte in range(0x80, 0x100) if not bytes([byte]).decode(name, "ignore"))


def _codecs_by_rank(rank: Callable[[Codec], int], *, multi_byte: bool | None = None) -> tuple[str, ...]:
    """Return the codecs with a rank, in its order; only those of several bytes a character, or of one, if asked."""
    rows = (row for row in CODECS if rank(row) and multi_byte in {None, row.is_multi_byte})
    return tuple(row.name for row in sorted(rows, key=rank))
