"""Bytes -> the codecs that may have made them, which detection compares."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Collection

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import CODECS, codec_subsets, detectable_codecs
from pipeline.encoding.marked import marked_text

MULTI_BYTE = frozenset(row.name for row in CODECS if row.is_multi_byte)
RARE = 10.0  # nats: hardly any file is in a codec of this rarity
MOST_COUNTED_BYTES = 200_000  # bytes in which bad ones are counted
BYTES_PER_OWN_CHARACTER = 10_000  # Cantonese has one that Big5 lacks in 10 bytes, formal Chinese in some thousands
BYTES_PER_RARE_CHARACTER = 500  # the same of codecs that hardly any file is in: damage makes one in some thousands
NON_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff]")


def codecs_to_try(data: bytes, known: Collection[str], declared: str | None) -> list[str]:
    """Return the codecs to try: of a codec and its subsets, the smallest one that decodes all of `data`.

    If none does, the data are damaged, or in several codecs: then the largest is tried. A rare codec is tried only
    where the data need its characters.
    """
    subsets = codec_subsets()
    known = [codec for codec in known if codec == declared or _is_needed(data, codec)]
    valid = {codec for codec in known if not bad_bytes(data, codec)}
    smaller = {codec for codec in valid if any(subset in valid for subset in subsets.get(codec, ()))}
    larger = {subset for codec in known if _is_common(codec) for subset in subsets.get(codec, ())}
    return [codec for codec in known if codec == declared or codec not in (smaller if codec in valid else larger)]


def _is_needed(data: bytes, codec: str) -> bool:
    """Return whether data have characters of a codec that a commoner one of its subsets lacks, as text in it has.

    A few different ones in much text are what damage makes of the subset, which decodes other bytes differently.
    """
    rarities = detectable_codecs()
    commoner = [one for one in codec_subsets().get(codec, ()) if rarities[one] < rarities.get(codec, 0.0)]
    if not commoner or codec not in MULTI_BYTE:
        return True
    counted = data[:MOST_COUNTED_BYTES]
    characters = Counter(marked_text(counted, codec)).items()
    own = [times for char, times in characters if not is_decodable(char.encode(codec, "ignore"), commoner[-1])]
    bytes_each = BYTES_PER_OWN_CHARACTER if _is_common(codec) else BYTES_PER_RARE_CHARACTER
    return sum(own) * bytes_each >= len(counted) or any(times > 1 for times in own)


def _is_common(codec: str) -> bool:
    return detectable_codecs().get(codec, 0.0) < RARE


def bad_bytes(data: bytes, codec: str) -> int:
    """Return how many bytes of `data` are not text in a codec; of more than one in a multi-byte codec, about."""
    if codec in MULTI_BYTE or codec not in detectable_codecs():
        return 0 if is_decodable(data, codec) else marked_text(data[:MOST_COUNTED_BYTES], codec).count(REPLACEMENT)
    return len(data) - len(data.translate(None, _bytes_of_no_text(codec)))


@functools.cache
def _bytes_of_no_text(codec: str) -> bytes:
    """Return the bytes from 0x80 on that a single-byte codec decodes to no character, or to a control."""
    characters = ((byte, marked_text(bytes([byte]), codec)) for byte in range(0x80, 0x100))
    return bytes(byte for byte, char in characters if char == REPLACEMENT or NON_TEXT.match(char))


def is_decodable(data: bytes, codec: str) -> bool:
    """Return whether `codec` decodes all of `data`."""
    try:
        data.decode(codec)
    except UnicodeError:
        return False
    return True
