"""Bytes of a UTF-8 sequence, some of them missing -> the characters that it can have been."""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Iterable

from pipeline.encoding.misdecoding import LOST_BYTE
from pipeline.language.fluency import is_frequent
from pipeline.mojibake.lossy.diagnosis import CONTINUATION_BYTES, Damage

LEAD_BYTES = {2: range(0xC2, 0xE0), 3: range(0xE0, 0xF0), 4: range(0xF0, 0xF5)}  # by length of the sequence
SEQUENCE_LENGTHS = {lead: length for length, leads in LEAD_BYTES.items() for lead in leads}
TOO_MANY_CANDIDATES = 4096  # candidates; more are as good as none


def candidates_at_end(lead: int, rest: tuple[int, ...], damage: Damage) -> tuple[str, ...]:
    """Return the candidates for a sequence without its last byte, where bytes are missing only at the ends of texts.

    `.strip()` takes white space: a frequent character with such a byte is what was there. Otherwise, any byte can be
    missing: a column of a database holds so many bytes. The text as it is is a candidate.
    """
    ended = functools.partial(utf8_candidates, lead, (*rest, LOST_BYTE), frozenset())
    frequent = tuple(filter(is_frequent, ended(damage.stripped)))
    as_it_is = bytes([lead, *rest]).decode(damage.codec, "ignore")
    return tuple(dict.fromkeys((*(frequent or ended(CONTINUATION_BYTES)), as_it_is)))


@functools.lru_cache(maxsize=1 << 16)
def utf8_candidates(
    lead: int, rest: tuple[int, ...], lost: frozenset[int], marked: frozenset[int] = frozenset()
) -> tuple[str, ...]:
    """Return the characters whose UTF-8 starts with `lead` and leaves `rest` when `lost` bytes are removed.

    `LOST_BYTE` in `rest` is a byte of `marked`.

    >>> utf8_candidates(0xE8, (0xAD,), frozenset({0x81, 0x8D}))
    ('聭', '荭', '譁', '譍')
    """
    missing = SEQUENCE_LENGTHS.get(lead, 0) - 1 - len(rest)
    if missing < 0:
        return ()
    options = sorted(lost)
    found = []
    for places in itertools.combinations(range(len(rest) + missing), missing):
        kept = iter(rest)
        row = [
            options if place in places else _possible_bytes(next(kept), marked) for place in range(len(rest) + missing)
        ]
        for tail in itertools.product(*row):
            char = _assigned_character(lead, tail)
            if char and char not in found:
                found.append(char)
            if len(found) > TOO_MANY_CANDIDATES:
                return ()
    return tuple(found)


def _possible_bytes(byte: int, marked: frozenset[int]) -> Iterable[int]:
    """Return the bytes that a byte of the damaged text can be."""
    return sorted(marked) if byte == LOST_BYTE else (byte,)


@functools.lru_cache(maxsize=1 << 18)
def _assigned_character(lead: int, tail: tuple[int, ...]) -> str:
    """Return the character of a UTF-8 sequence; empty where it is ill-formed, unassigned or a control."""
    try:
        char = bytes([lead, *tail]).decode()
    except UnicodeDecodeError:
        return ""
    return char if unicodedata.category(char) not in {"Cn", "Co", "Cs", "Cc"} else ""
