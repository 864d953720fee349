"""Text <-> the bytes that a codec misread, the undefined bytes included."""

from __future__ import annotations

import functools

WIDE = ("gb18030", "cp950", "cp932", "cp949", "euc_jp")  # a character is a byte or more
HOLE, FOREIGN = 0xFF, 0xFE  # no bytes of UTF-8: one of which U+FFFD is left, what the codec cannot have read
EURO = {"gb18030": {"€": b"\x80"}}  # as Windows reads the byte in code page 936, where the standard has none


@functools.cache
def byte_of(codec: str) -> dict[str, int]:
    r"""Return the byte of each character outside ASCII that `codec`, of a byte a character, can read.

    C1 controls, which no text holds, stand for the byte of their number: so browsers read undefined bytes (WHATWG),
    and so latin-1, which is mistaken for cp1252 everywhere.

    >>> byte_of("cp1252")["€"], byte_of("cp1252")["\x81"]
    (128, 129)
    """
    defined = {bytes([byte]).decode(codec, "ignore"): byte for byte in range(0x80, 0x100)}
    return {chr(byte): byte for byte in range(0x80, 0xA0)} | {char: byte for char, byte in defined.items() if char}


@functools.lru_cache(maxsize=1 << 16)
def bytes_of(char: str, codec: str) -> bytes:
    r"""Return the bytes that `codec` reads as `char`; none where it reads no such character.

    >>> bytes_of("涓", "gb18030"), bytes_of("щ", "cp1252")
    (b'\xe4\xb8', b'')
    """
    if char < "\x80":
        return char.encode()
    if codec in WIDE:
        return EURO.get(codec, {}).get(char) or char.encode(codec, "ignore")
    byte = byte_of(codec).get(char)
    return b"" if byte is None else bytes([byte])


class _Misread(dict[int, str]):
    """By the code of a character the bytes that a codec reads as it, as latin-1 shows them; filled as it is asked."""

    def __init__(self, codec: str) -> None:
        super().__init__({0xFFFD: chr(HOLE)})
        self.codec = codec

    def __missing__(self, code: int) -> str:
        self[code] = bytes_of(chr(code), self.codec).decode("latin-1") or chr(FOREIGN)
        return self[code]


_misread = functools.cache(_Misread)


def shown(text: str, codec: str) -> bytes:
    r"""Return the bytes that `codec` read as `text`: HOLE for U+FFFD, FOREIGN for what it cannot have read.

    >>> shown("Ã©\ufffdщ", "cp1252")
    b'\xc3\xa9\xff\xfe'
    """
    return text.translate(_misread(codec)).encode("latin-1")


@functools.cache
def undefined(codec: str) -> frozenset[int]:
    """Return the bytes that `codec`, of a byte a character, cannot read."""
    return frozenset(byte for byte in range(0x80, 0x100) if not bytes([byte]).decode(codec, "ignore"))


@functools.lru_cache(maxsize=1 << 16)
def unreadable(byte: int, following: int, codec: str) -> bool:
    """Tell whether `codec`, of `WIDE`, cannot read a byte that `following` comes after: GB 18030 as GBK, its part."""
    pair = bytes([byte, following]).decode("gbk" if codec == "gb18030" else codec, "replace")
    return pair.startswith("\ufffd")
