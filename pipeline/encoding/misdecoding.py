"""Mis-decoded text -> the bytes that a codec decoded to it, undefined bytes included: `Ã©` in cp1252 is C3 A9."""

from __future__ import annotations

import functools

from pipeline.encoding.codecs import BYTE_PAIRS, EXTRA_BYTES, IDENTITY, is_multi_byte

# UTF-8 has neither byte: `HOLE` is one that became U+FFFD, `FOREIGN` a character that the codec cannot decode to.
HOLE, FOREIGN = 0xFF, 0xFE


@functools.cache
def byte_of(codec: str) -> dict[str, int]:
    r"""Return the byte of each character outside ASCII that a single-byte codec decodes to.

    C1 controls, which no text contains, are the bytes of the same number. Browsers decode undefined bytes so (WHATWG),
    and so does latin-1, which software confuses with cp1252 everywhere.

    >>> byte_of("cp1252")["€"], byte_of("cp1252")["\x81"]
    (128, 129)
    """
    defined = {bytes([byte]).decode(codec, "ignore"): byte for byte in range(0x80, 0x100)}
    return {chr(byte): byte for byte in range(0x80, 0xA0)} | {char: byte for char, byte in defined.items() if char}


@functools.lru_cache(maxsize=1 << 16)
def bytes_of(char: str, codec: str) -> bytes:
    r"""Return the bytes that `codec` decodes to `char`; none if it never decodes to it.

    >>> bytes_of("涓", "gb18030"), bytes_of("щ", "cp1252")
    (b'\xe4\xb8', b'')
    """
    if char < "\x80":
        return char.encode()
    if is_multi_byte(codec):
        return EXTRA_BYTES.get(codec, {}).get(char) or char.encode(codec, "ignore")
    byte = byte_of(codec).get(char)
    return b"" if byte is None else bytes([byte])


class _Misread(dict[int, str]):
    """By code point, the bytes that a codec decodes to it, as characters of `IDENTITY`; filled on demand."""

    def __init__(self, codec: str) -> None:
        super().__init__({0xFFFD: chr(HOLE)})
        self.codec = codec

    def __missing__(self, code: int) -> str:
        self[code] = bytes_of(chr(code), self.codec).decode(IDENTITY) or chr(FOREIGN)
        return self[code]


_misread = functools.cache(_Misread)


def shown(text: str, codec: str) -> bytes:
    r"""Return the bytes that `codec` decoded to `text`: `HOLE` for U+FFFD, `FOREIGN` for what it cannot decode to.

    >>> shown("Ã©\ufffdщ", "cp1252")
    b'\xc3\xa9\xff\xfe'
    """
    return text.translate(_misread(codec)).encode(IDENTITY)


@functools.lru_cache(maxsize=1 << 16)
def unreadable(byte: int, following: int, codec: str) -> bool:
    """Return whether a multi-byte codec cannot decode `byte` before `following`. GB 18030 counts as GBK, its part.

    >>> unreadable(0x82, 0x20, "cp932"), unreadable(0x82, 0xA0, "cp932")
    (True, False)
    """
    pair = bytes([byte, following]).decode(BYTE_PAIRS.get(codec, codec), "replace")
    return pair.startswith("\ufffd")
