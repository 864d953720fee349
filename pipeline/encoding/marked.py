r"""Bytes that a codec cannot decode -> U+FFFD for each: `Gr\x81n` in cp1252 is `Gr\ufffdn`."""

from __future__ import annotations

import codecs

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import EXTRA_BYTES

HANDLER = "lacuna-mark"  # the name of the error handler below
_EXTRA_CHARACTERS = {codec: {byte: char for char, byte in extra.items()} for codec, extra in EXTRA_BYTES.items()}


def marked_text(data: bytes, codec: str) -> str:
    r"""Return `data` decoded; each byte that `codec` cannot decode becomes U+FFFD, and decoding goes on after it.

    >>> marked_text(b"Gr\x81n", "cp1252"), marked_text(b"\x80\xb5\xd7", "gb18030")
    ('Gr\ufffdn', '€底')
    """
    return data.decode(codec, HANDLER)


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Return the character for the first byte that cannot be decoded, and where to go on."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    return _EXTRA_CHARACTERS.get(error.encoding, {}).get(byte, REPLACEMENT), error.start + 1


codecs.register_error(HANDLER, _mark)
