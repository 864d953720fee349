"""Mis-decoded UTF-8 with missing bytes -> the lattice: for each character, the candidates for its original."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.document import GAP
from pipeline.encoding.codecs import is_multi_byte
from pipeline.encoding.misdecoding import HOLE, shown, unreadable
from pipeline.mojibake.lossy.diagnosis import CONTINUATION, NBSP, Damage

SPACE, QUESTION_MARK = 0x20, 0x3F
STANDS_FOR = {SPACE: NBSP, QUESTION_MARK: HOLE}
LEADS = {2: range(0xC2, 0xE0), 3: range(0xE0, 0xF0), 4: range(0xF0, 0xF5)}  # by length of the sequence
LENGTHS = {lead: length for length, leads in LEADS.items() for lead in leads}
SWALLOWED = (" ", "-", ",", ".", ":", ";", "!", "?", "/", "=", "#", "&", "%", "+")
PAIRED = (("(", ")"), (")", "("), (">", "<"))
BLOCK = re.compile(r"(?<=\?)(?:$|[-*+>] |#{1,6} |```|\d+[.)] |\||[a-z_-]+: )")  # starts of lines
MANY = 4096  # candidates; more are as good as none


class Slot(NamedTuple):
    """A span of the text, from `start` to `end`, and the strings that it can have been; one if nothing is missing.

    The span is empty where one character of the text has bytes of two originals.
    """

    start: int
    end: int
    candidates: tuple[str, ...]


class Shown(NamedTuple):
    """The bytes that a codec decoded to a text, and for each byte the index of its character."""

    data: bytes
    owners: Sequence[int]

    @classmethod
    def of(cls, text: str, codec: str) -> Shown:
        """Return the bytes that `codec` decoded to `text`."""
        data = shown(text, codec)
        if not is_multi_byte(codec):
            return cls(data, range(len(text) + 1))
        owners = [at for at, char in enumerate(text) for _ in shown(char, codec)]
        return cls(data, [*owners, len(text)])

    def inside(self, at: int) -> bool:
        """Return whether a byte is not the first of its character."""
        return at > 0 and self.owners[at] == self.owners[at - 1]

    def place(self, at: int) -> int:
        """Return the index of the first character that begins at a byte or after it."""
        return self.owners[at] + self.inside(at)


def slots(text: str, damage: Damage) -> list[Slot]:
    """Return the slots of the original of `text`. A character that fits no UTF-8 was never mis-decoded, and stays.

    >>> [slot.candidates for slot in slots("Ã©Ð", Damage("cp1252", frozenset({0x90})))]  # the second is Cyrillic
    [('é',), ('А',)]
    """
    whole = Shown.of(text, damage.codec)
    read = _wide if is_multi_byte(damage.codec) else _single
    found: list[Slot] = []
    at = 0
    while at < len(whole.data):
        if read is _single and whole.data[at] < 0x80:
            found.append(Slot(at, at + 1, (text[at],)))
            at += 1
            continue
        end, options = read(whole.data, at, damage)
        while not options and whole.inside(end):
            end += 1
        start, stop = whole.place(at), whole.place(end)
        found.append(Slot(start, stop, options or (text[start:stop] or GAP,)))
        if read is _wide and damage.questioned and end - at > 1 and whole.data[end - 1] == QUESTION_MARK:
            found.append(Slot(stop, stop, _swallowed(text, stop)))
        at = end
    return found


def _single(data: bytes, at: int, damage: Damage) -> tuple[int, tuple[str, ...]]:
    """Return the end and the candidates of the sequence at `at`, for a single-byte codec."""
    lead = data[at]
    if lead == HOLE:
        return _led(data, at, damage)
    length = LENGTHS.get(lead, 0)
    if not length:
        return at + 1, ()
    end = at + 1
    while end < len(data) and end - at < length and _continues(data[end], damage):
        end += 1
    if damage.questioned and end - at < length and data[end : end + 1] == b"?":
        end += 1
    if damage.spaced:
        end = _spaces(data, at, end, length)
    rest = tuple(STANDS_FOR.get(byte, byte) for byte in data[at + 1 : end])
    options = candidates(lead, rest, damage.lost, damage.marked)
    if damage.spaced and data[end : end + 1] == b" " and len(rest) < length - 1:
        taken = candidates(lead, (*rest, NBSP), damage.lost, damage.marked)
        kept = (*options, *taken) if data[end + 1 : end + 2] != b" " else options
        return end + 1, tuple(dict.fromkeys((*(option + " " for option in kept), *taken)))
    if not rest and len(options) != 1 and not damage.throughout:
        letter = bytes([lead]).decode(damage.codec, "ignore")
        options = (*options, letter) if letter else options
    return end, options


def _led(data: bytes, at: int, damage: Damage) -> tuple[int, tuple[str, ...]]:
    """Return the same where a mark replaces the first byte."""
    end = at + 1
    while end < len(data) and data[end] in CONTINUATION:
        end += 1
    for stop in range(min(end, at + max(LEADS)), at, -1):
        rest = tuple(data[at + 1 : stop])
        options = [char for lead in sorted(damage.marked) for char in candidates(lead, rest, damage.lost)]
        if options:
            return stop, tuple(options)
    return at + 1, ()


def _wide(data: bytes, at: int, damage: Damage) -> tuple[int, tuple[str, ...]]:
    """Return the same for a multi-byte codec: a mark may replace any byte."""
    lead = data[at]
    length = LENGTHS.get(lead, 0)
    following = next((i for i, byte in enumerate(data[at + 1 : at + 4]) if not _continues(byte, damage)), 3)
    following = min(following, len(data) - at - 1)
    if lead == HOLE and following:
        length = min(following + 1, 4 if HOLE not in data[at + 1 : at + 4] else 3)
    if damage.questioned and following == length - 2 and data[at + following + 1 : at + length] == b"?":
        following += 1
    if not length or following < length - 1:
        return at + 1, (chr(lead),) if lead < 0x80 else ()
    return at + length, _unread(bytes(data[at : at + length]), data[at + length : at + length + 1], damage.codec)


@functools.lru_cache(maxsize=1 << 14)
def _unread(data: bytes, after: bytes, codec: str) -> tuple[str, ...]:
    """Return the candidates for `data`: `codec` cannot decode the bytes that `HOLE` replaces."""
    rest = tuple(HOLE if byte == QUESTION_MARK else byte for byte in data[1:])
    leads = LEADS[len(data)] if data[0] == HOLE else data[:1]
    options = [char for lead in leads for char in candidates(lead, rest, CONTINUATION, CONTINUATION)]
    pairs = list(zip(data, data[1:] + after, strict=False))
    lost = [at for at, (byte, following) in enumerate(pairs) if byte == HOLE and following != HOLE]
    fit = [char for char in options if all(unreadable(char.encode()[at], pairs[at][1], codec) for at in lost)]
    return tuple(fit or options)


def _swallowed(line: str, at: int) -> tuple[str, ...]:
    """Return the candidates for the ASCII character that a question mark before `at` replaced too.

    They are a line break before the start of a block, or an unpaired mark of the line.
    """
    breaks = [match.start() for match in BLOCK.finditer(line)]
    if at in breaks:
        return ("\n",)
    own = line[max([0, *(one for one in breaks if one < at)]) : min([len(line), *(one for one in breaks if one > at)])]
    odd = [sign for sign in '"*`' if own.count(sign) % 2]
    lacking = [sign for other, sign in PAIRED if own.count(other) > own.count(sign)]
    return (*odd, *lacking) or SWALLOWED


def _continues(byte: int, damage: Damage) -> bool:
    """Return whether a byte is a continuation byte, or replaces one."""
    return byte in CONTINUATION or (byte == HOLE and not CONTINUATION.isdisjoint(damage.marked))


def _spaces(data: bytes, at: int, end: int, length: int) -> int:
    """Return `end` after the spaces that must be NBSP bytes: a continuation byte follows them."""
    while end - at < length - 1 and end + 1 < len(data) and data[end] == SPACE and 0x80 <= data[end + 1] <= 0xBF:
        end += 2
    return end


@functools.lru_cache(maxsize=1 << 16)
def candidates(
    lead: int, rest: tuple[int, ...], lost: frozenset[int], marked: frozenset[int] = frozenset()
) -> tuple[str, ...]:
    """Return the characters whose UTF-8 starts with `lead` and leaves `rest` when `lost` bytes are removed.

    `HOLE` in `rest` is a byte of `marked`.

    >>> candidates(0xE8, (0xAD,), frozenset({0x81, 0x8D}))
    ('聭', '荭', '譁', '譍')
    """
    missing = LENGTHS.get(lead, 0) - 1 - len(rest)
    if missing < 0:
        return ()
    options = sorted(lost)
    found = []
    for places in itertools.combinations(range(len(rest) + missing), missing):
        kept = iter(rest)
        row = [options if place in places else _one(next(kept), marked) for place in range(len(rest) + missing)]
        for tail in itertools.product(*row):
            char = _char(lead, tail)
            if char and char not in found:
                found.append(char)
            if len(found) > MANY:
                return ()
    return tuple(found)


def _one(byte: int, marked: frozenset[int]) -> Iterable[int]:
    """Return the bytes that a byte of the damaged text can be."""
    return sorted(marked) if byte == HOLE else (byte,)


@functools.lru_cache(maxsize=1 << 18)
def _char(lead: int, tail: tuple[int, ...]) -> str:
    """Return the character of a UTF-8 sequence; empty where it is ill-formed, unassigned or a control."""
    try:
        char = bytes([lead, *tail]).decode()
    except UnicodeDecodeError:
        return ""
    return char if unicodedata.category(char) not in {"Cn", "Co", "Cs", "Cc"} else ""
