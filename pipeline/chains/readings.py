"""Text <-> the bytes that a single-byte codec misread, the undefined bytes included."""

from __future__ import annotations

import functools


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


@functools.cache
def undefined(codec: str) -> frozenset[int]:
    """Return the bytes that `codec` cannot read."""
    return frozenset(byte for byte in range(0x80, 0x100) if not bytes([byte]).decode(codec, "ignore"))
