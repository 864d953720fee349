"""Misread UTF-8 that lost bytes -> for each character, what it can have been."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.chains.readings import byte_of, undefined

HOLE = 0xFF  # no byte of UTF-8
SEQUENCE = re.compile(b"[\xc2-\xdf][\x80-\xbf\xff]?|[\xe0-\xef][\x80-\xbf\xff]{0,2}|[\xf0-\xf4][\x80-\xbf\xff]{0,3}")
WESTERN = ("cp1252", "cp1254")  # which of them it was shows only where a few rare letters stand
NBSP, SOFT_HYPHEN = 0xA0, 0xAD
C1 = frozenset(range(0x80, 0xA0))
ENOUGH = 20  # characters: if none of so many shows a byte, it is gone
MANY = 4096  # candidates; more say that nothing is known


@dataclass(frozen=True, slots=True)
class Damage:
    """A wrong reading of UTF-8: the codec, the bytes it left no trace of, whether U+FFFD or a space stands for some."""

    codec: str
    lost: frozenset[int]
    replaced: bool = False
    spaced: bool = False

    def __str__(self) -> str:
        """Say it as a reader would."""
        return f"utf-8 was read as {self.codec}"


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of the text, from `start` to `end`, and the strings that it can have been; one if nothing was lost."""

    start: int
    end: int
    candidates: tuple[str, ...]


def slots(text: str, damage: Damage) -> list[Slot]:
    """Return the characters that `text` was before `damage`: what a byte that fits nothing shows was never misread."""
    codec = byte_of(damage.codec)
    found, at = [], 0
    data = [ord(char) if char < "\x80" else codec.get(char, -1) for char in text]
    while at < len(text):
        lead = data[at]
        length = _length(lead)
        if not length:
            found.append(Slot(at, at + 1, (text[at],)))
            at += 1
            continue
        end = at + 1
        while end < len(text) and end - at < length and _continues(text[end], data, end, damage):
            end += 1
        if damage.spaced:
            end = _spaces(text, data, at, end, length)
        rest = tuple(_seen(text[i], data[i], damage) for i in range(at + 1, end))
        options = candidates(lead, rest, damage.lost)
        if damage.spaced and end < len(text) and text[end] == " " and len(rest) < length - 1:
            taken = candidates(lead, (*rest, NBSP), damage.lost)
            options = tuple(option + " " for option in options) + taken
            end += 1
        if not rest and (len(options) > 1 or not options):
            options = (*options, text[at:end])
        found.append(Slot(at, end, options or (text[at:end],)))
        at = end
    return found


def _length(lead: int) -> int:
    return 2 if 0xC2 <= lead <= 0xDF else 3 if 0xE0 <= lead <= 0xEF else 4 if 0xF0 <= lead <= 0xF4 else 0


def _continues(char: str, data: list[int], at: int, damage: Damage) -> bool:
    return 0x80 <= data[at] <= 0xBF or (damage.replaced and char == "\ufffd")


def _spaces(text: str, data: list[int], at: int, end: int, length: int) -> int:
    """Return `end` moved over spaces that must have been NBSP bytes: a continuation byte follows them."""
    while end - at < length - 1 and end + 1 < len(text) and text[end] == " " and 0x80 <= data[end + 1] <= 0xBF:
        end += 2
    return end


def _seen(char: str, byte: int, damage: Damage) -> int:
    if damage.spaced and char == " ":
        return NBSP
    return -1 if char == "\ufffd" else byte


@functools.lru_cache(maxsize=1 << 16)
def candidates(lead: int, rest: tuple[int, ...], lost: frozenset[int]) -> tuple[str, ...]:
    """Return the characters whose UTF-8 starts with `lead` and keeps `rest` in this order when `lost` bytes go.

    -1 in `rest` is a byte of `lost` that left a mark.
    """
    missing = _length(lead) - 1 - len(rest)
    options = sorted(lost)
    found = []
    for places in itertools.combinations(range(len(rest) + missing), missing):
        kept = iter(rest)
        row = [options if place in places else _one(next(kept), options) for place in range(len(rest) + missing)]
        for tail in itertools.product(*row):
            char = _char(lead, tail)
            if char and char not in found:
                found.append(char)
            if len(found) > MANY:
                return ()
    return tuple(found)


def _one(byte: int, options: list[int]) -> list[int]:
    return options if byte < 0 else [byte]


@functools.lru_cache(maxsize=1 << 18)
def _char(lead: int, tail: tuple[int, ...]) -> str:
    try:
        char = bytes([lead, *tail]).decode()
    except UnicodeDecodeError:
        return ""
    return char if unicodedata.category(char) not in {"Cn", "Co", "Cs", "Cc"} else ""


class Signs(NamedTuple):
    """How many characters of a text say that a codec misread it, and how many do not."""

    whole: int  # UTF-8 sequences, whole or with some bytes left
    bare: int  # what may have been the first byte of one, or a letter
    foreign: int  # what the codec cannot read, or is in no sequence


def signs(text: str, codec: str) -> Signs:
    """Return what says for and against it that `text` is UTF-8 which `codec` misread."""
    data = _shown(text, codec)
    found = [(match[0], _length(match[0][0])) for match in SEQUENCE.finditer(data)]
    bare = sum(len(sequence) == 1 for sequence, _ in found)
    taken = sum(map(len, (sequence for sequence, _ in found)))
    return Signs(len(found) - bare, bare, sum(char >= "\x80" for char in text) - taken)


def damage_of(text: str, codec: str) -> Damage:
    """Return what reading UTF-8 as `codec` can have taken from `text`: the bytes that are nowhere to be seen."""
    data = _shown(text, codec)
    shown = set(data)
    codecs = WESTERN if codec in WESTERN else (codec,)
    gone = frozenset(byte for one in codecs for byte in undefined(one) if byte < 0xC0 and byte not in shown)
    if not shown & C1 and len(SEQUENCE.findall(data)) >= ENOUGH:
        gone = C1
    replaced = "\ufffd" in text
    if SOFT_HYPHEN not in shown and not replaced:
        gone |= {SOFT_HYPHEN}
    return Damage(codec, gone, replaced, NBSP not in shown)


def _shown(text: str, codec: str) -> bytes:
    """Return the bytes that `codec` shows as `text`: 0 for what it cannot show, HOLE for U+FFFD."""
    table = byte_of(codec)
    return bytes(ord(c) if c < "\x80" else table.get(c, HOLE if c == "\ufffd" else 0) for c in text)
