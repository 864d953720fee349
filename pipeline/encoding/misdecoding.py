"""Mis-decoded text -> the bytes that a codec decoded to it, undefined bytes included: `Ã©` in cp1252 is C3 A9."""

from __future__ import annotations

import functools

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import BYTE_PAIRS, BYTES_AS_CHARACTERS, EXTRA_BYTES, is_multi_byte

# UTF-8 has neither byte; other codecs have both. `LOST_BYTE` became U+FFFD, `IMPOSSIBLE_BYTE` is a character that the
# codec never yields.
LOST_BYTE, IMPOSSIBLE_BYTE = 0xFF, 0xFE


@functools.cache
def bytes_by_character(codec: str) -> dict[str, int]:
    r"""Return the byte of each character outside ASCII that a single-byte codec decodes to.

    C1 controls, which no text contains, are the bytes of the same number. Browsers decode undefined bytes so (WHATWG),
    and so does latin-1, which software confuses with cp1252 everywhere. Other software decodes all undefined bytes so.

    >>> bytes_by_character("cp1252")["€"], bytes_by_character("cp1252")["\x81"]
    (128, 129)
    """
    single = {byte: bytes([byte]).decode(codec, "ignore") for byte in range(0x80, 0x100)}
    defined = {char: byte for byte, char in single.items() if char}
    undefined = [byte for byte in range(0x80, 0x100) if byte < 0xA0 or not single[byte]]
    return {chr(byte): byte for byte in undefined} | defined


@functools.cache
def white_space_bytes(codec: str) -> frozenset[int]:
    """Return the bytes inside UTF-8 sequences that a single-byte codec, or latin-1 instead, decodes to white space.

    >>> sorted(map(hex, white_space_bytes("cp1252"))), white_space_bytes("cp437")
    (['0x85', '0xa0'], frozenset({133}))
    """
    chars = bytes_by_character(codec)
    return frozenset(byte for char, byte in chars.items() if char.isspace() and 0x80 <= byte < 0xC0)


@functools.lru_cache(maxsize=1 << 16)
def encoded_character(char: str, codec: str) -> bytes:
    r"""Return the bytes that `codec` decodes to `char`; none if it never decodes to it.

    >>> encoded_character("涓", "gb18030"), encoded_character("щ", "cp1252")
    (b'\xe4\xb8', b'')
    """
    if char < "\x80":
        return char.encode()
    if is_multi_byte(codec):
        return EXTRA_BYTES.get(codec, {}).get(char) or char.encode(codec, "ignore")
    byte = bytes_by_character(codec).get(char)
    return b"" if byte is None else bytes([byte])


class _ByteTable(dict[int, str]):
    """By code point, the bytes that a codec decodes to it, as characters of `BYTES_AS_CHARACTERS`; filled on demand."""

    def __init__(self, codec: str) -> None:
        super().__init__({ord(REPLACEMENT): chr(LOST_BYTE)})
        self.codec = codec

    def __missing__(self, code: int) -> str:
        self[code] = encoded_character(chr(code), self.codec).decode(BYTES_AS_CHARACTERS) or chr(IMPOSSIBLE_BYTE)
        return self[code]


_byte_table = functools.cache(_ByteTable)


def misdecoded_bytes(text: str, codec: str) -> bytes:
    r"""Return the bytes that `codec` decoded to `text`: `LOST_BYTE` for U+FFFD, `IMPOSSIBLE_BYTE` for others.

    >>> misdecoded_bytes("Ã©\ufffdщ", "cp1252")
    b'\xc3\xa9\xff\xfe'
    """
    return text.translate(_byte_table(codec)).encode(BYTES_AS_CHARACTERS)


def impossible_count(text: str, codec: str) -> int:
    r"""Return how many characters of a text a codec never decodes to; U+FFFD is none of them.

    >>> impossible_count("Ã©\ufffdщ", "cp1252"), impossible_count("þÿ", "cp1252")
    (1, 0)
    """
    return sum(char != REPLACEMENT and not encoded_character(char, codec) for char in text)


@functools.lru_cache(maxsize=1 << 16)
def is_undecodable_pair(byte: int, following: int, codec: str) -> bool:
    """Return whether a multi-byte codec cannot decode `byte` before `following`. GB 18030 counts as GBK, its part.

    >>> is_undecodable_pair(0x82, 0x20, "cp932"), is_undecodable_pair(0x82, 0xA0, "cp932")
    (True, False)
    """
    pair = bytes([byte, following]).decode(BYTE_PAIRS.get(codec, codec), "replace")
    return pair.startswith("\ufffd")
