"""Mis-decoded UTF-8 with missing bytes -> the lattice: for each character, the candidates for its original."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import is_multi_byte, undefined_bytes, western_codecs
from pipeline.encoding.misdecoding import LOST_BYTE, is_undecodable_pair, misdecoded_bytes
from pipeline.mojibake.lossy.candidates import LEAD_BYTES, SEQUENCE_LENGTHS, candidates_at_end, utf8_candidates
from pipeline.mojibake.lossy.diagnosis import CONTINUATION_BYTES, END_OF_PART, NBSP, Damage

SPACE_BYTE, QUESTION_MARK_BYTE = 0x20, 0x3F
REPLACED_BYTES = {SPACE_BYTE: NBSP, QUESTION_MARK_BYTE: LOST_BYTE}
SWALLOWED_CHARACTERS = (" ", "-", ",", ".", ":", ";", "!", "?", "/", "=", "#", "&", "%", "+")
SWALLOWED_PAIRS = (("(", ")"), (")", "("), (">", "<"))
BLOCK_START = re.compile(r"(?<=\?)(?:$|[-*+>] |#{1,6} |```|\d+[.)] |\||[a-z_-]+: )")  # starts of lines
CHANGED_LATER = {
    b'\xe2\x80"': ("—", "–"),  # the mojibake of a dash ends in a curly quote, which somebody made straight
    b"\xe2\x80TM": ("’", "”TM"),  # the mojibake of an apostrophe ends in ™, which NFKC makes TM
}  # what Western mojibake became that was edited later


class Slot(NamedTuple):
    """A span of the text, from `start` to `end`, and the strings that it can have been; one if nothing is missing.

    The span is empty where one character of the text has bytes of two originals.
    """

    start: int
    end: int
    candidates: tuple[str, ...]


class MisdecodedBytes(NamedTuple):
    """The bytes that a codec decoded to a text, and for each byte the index of its character."""

    data: bytes
    owners: Sequence[int]

    @classmethod
    def of(cls, text: str, codec: str) -> MisdecodedBytes:
        """Return the bytes that `codec` decoded to `text`."""
        data = misdecoded_bytes(text, codec)
        if not is_multi_byte(codec):
            return cls(data, range(len(text) + 1))
        owners = [at for at, char in enumerate(text) for _ in misdecoded_bytes(char, codec)]
        return cls(data, [*owners, len(text)])

    def inside(self, at: int) -> bool:
        """Return whether a byte is not the first of its character."""
        return at > 0 and self.owners[at] == self.owners[at - 1]

    def place(self, at: int) -> int:
        """Return the index of the first character that begins at a byte or after it."""
        return self.owners[at] + self.inside(at)


def lattice_slots(text: str, damage: Damage) -> list[Slot]:
    """Return the slots of the original of `text`. A character that fits no UTF-8 was never mis-decoded, and stays.

    >>> [slot.candidates for slot in lattice_slots("Ã©Ð", Damage("cp1252", frozenset({0x90})))]  # Cyrillic
    [('é',), ('А',)]
    """
    whole = MisdecodedBytes.of(text, damage.codec)
    many = is_multi_byte(damage.codec)
    read = functools.partial(_multi_byte_slot, usual=_usual_length(whole.data)) if many else _single_byte_slot
    found: list[Slot] = []
    at = 0
    while at < len(whole.data):
        if not many and whole.data[at] < 0x80:
            found.append(Slot(at, at + 1, (text[at],)))
            at += 1
            continue
        end, options = read(whole.data, at, damage)
        while not options and whole.inside(end):
            end += 1
        start, stop = whole.place(at), whole.place(end)
        found.append(Slot(start, stop, options or (text[start:stop] or REPLACEMENT,)))
        if many and damage.questioned and end - at > 1 and whole.data[end - 1] == QUESTION_MARK_BYTE:
            found.append(Slot(stop, stop, _swallowed_candidates(text, stop)))
        at = end
    return found


def _single_byte_slot(data: bytes, at: int, damage: Damage) -> tuple[int, tuple[str, ...]]:
    """Return the end and the candidates of the sequence at `at`, for a single-byte codec."""
    lead = data[at]
    if lead == LOST_BYTE:
        return _slot_without_lead(data, at, damage)
    length = SEQUENCE_LENGTHS.get(lead, 0)
    if not length:
        return at + 1, ()
    end = at + 1
    while end < len(data) and end - at < length and _is_continuation(data[end], damage):
        end += 1
    if damage.questioned and end - at < length and data[end : end + 1] == b"?":
        end += 1
    if damage.spaced:
        end = _end_after_spaces(data, at, end, length)
    rest, marked = _rest_of_sequence(data[at + 1 : end], length, damage)
    options = utf8_candidates(lead, rest, damage.lost, marked)
    if damage.codec in western_codecs() and data.startswith(tuple(CHANGED_LATER), at):
        return next((at + len(old), found) for old, found in CHANGED_LATER.items() if data.startswith(old, at))
    if len(rest) == length - 2 and damage.cut and END_OF_PART.match(data, end):
        return end, candidates_at_end(lead, rest, damage)
    if damage.spaced and data[end : end + 1] == b" " and len(rest) < length - 1:
        return end + 1, _candidates_before_space(data, (at, end), damage, (rest, options))
    if not rest and len(options) != 1 and not damage.throughout:
        letter = bytes([lead]).decode(damage.codec, "ignore")
        options = (*options, letter) if letter else options
    return end, options


def _rest_of_sequence(data: bytes, length: int, damage: Damage) -> tuple[tuple[int, ...], frozenset[int]]:
    """Return the bytes after the first one, spaces as U+00A0, and those that a mark can be.

    Few emoji have the byte of U+00A0: in sequences of four bytes, a space may be an undefined byte as well.
    """
    rest = tuple(REPLACED_BYTES.get(byte, byte) for byte in data)
    if length < max(LEAD_BYTES) or SPACE_BYTE not in data:
        return rest, damage.marked
    marked = {NBSP, *undefined_bytes(damage.codec)} & CONTINUATION_BYTES
    return tuple(LOST_BYTE if byte == NBSP else byte for byte in rest), damage.marked | marked


def _candidates_before_space(
    data: bytes, span: tuple[int, int], damage: Damage, read: tuple[tuple[int, ...], tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the candidates for an incomplete sequence before a space, which may be its last byte, or a letter's."""
    (at, end), (rest, options) = span, read
    taken = utf8_candidates(data[at], (*rest, NBSP), damage.lost, damage.marked)
    kept = (*options, *taken) if data[end + 1 : end + 2] != b" " else options
    return tuple(dict.fromkeys((*(option + " " for option in kept), *taken)))


def _slot_without_lead(data: bytes, at: int, damage: Damage) -> tuple[int, tuple[str, ...]]:
    """Return the same where a mark replaces the first byte."""
    end = at + 1
    while end < len(data) and data[end] in CONTINUATION_BYTES:
        end += 1
    for stop in range(min(end, at + max(LEAD_BYTES)), at, -1):
        rest = tuple(data[at + 1 : stop])
        options = [char for lead in sorted(damage.marked) for char in utf8_candidates(lead, rest, damage.lost)]
        if options:
            return stop, tuple(options)
    return at + 1, ()


def _usual_length(data: bytes) -> int:
    """Return the length of most sequences whose first byte is known: two for Cyrillic, three for Chinese."""
    two, three = (sum(map(data.count, LEAD_BYTES[length])) for length in (2, 3))
    return 2 if two > three else 3


def _multi_byte_slot(data: bytes, at: int, damage: Damage, usual: int) -> tuple[int, tuple[str, ...]]:
    """Return the same for a multi-byte codec: marks replace any bytes; a run of marks has the `usual` length."""
    lead = data[at]
    length = SEQUENCE_LENGTHS.get(lead, 0)
    following = next((i for i, byte in enumerate(data[at + 1 : at + 4]) if not _is_continuation(byte, damage)), 3)
    following = min(following, len(data) - at - 1)
    if lead == LOST_BYTE and following:
        length = min(following + 1, 4 if LOST_BYTE not in data[at + 1 : at + 4] else usual)
    if damage.questioned and following == length - 2 and data[at + following + 1 : at + length] == b"?":
        following += 1
    if not length or following < length - 1:
        return at + 1, (chr(lead),) if lead < 0x80 else ()
    return at + length, _multi_byte_candidates(
        bytes(data[at : at + length]), data[at + length : at + length + 1], damage.codec
    )


@functools.lru_cache(maxsize=1 << 14)
def _multi_byte_candidates(data: bytes, after: bytes, codec: str) -> tuple[str, ...]:
    """Return the candidates for `data`: `codec` cannot decode the bytes that `LOST_BYTE` replaces."""
    rest = tuple(LOST_BYTE if byte == QUESTION_MARK_BYTE else byte for byte in data[1:])
    leads = LEAD_BYTES[len(data)] if data[0] == LOST_BYTE else data[:1]
    options = [char for lead in leads for char in utf8_candidates(lead, rest, CONTINUATION_BYTES, CONTINUATION_BYTES)]
    pairs = list(zip(data, data[1:] + after, strict=False))
    lost = [at for at, (byte, following) in enumerate(pairs) if byte == LOST_BYTE and following != LOST_BYTE]
    fit = [char for char in options if all(is_undecodable_pair(char.encode()[at], pairs[at][1], codec) for at in lost)]
    return tuple(fit or options)


def _swallowed_candidates(line: str, at: int) -> tuple[str, ...]:
    """Return the candidates for the ASCII character that a question mark before `at` replaced too.

    They are a line break before the start of a block, or an unpaired mark of the line.
    """
    breaks = [match.start() for match in BLOCK_START.finditer(line)]
    if at in breaks:
        return ("\n",)
    own = line[max([0, *(one for one in breaks if one < at)]) : min([len(line), *(one for one in breaks if one > at)])]
    odd = [sign for sign in '"*`' if own.count(sign) % 2]
    lacking = [sign for other, sign in SWALLOWED_PAIRS if own.count(other) > own.count(sign)]
    return (*odd, *lacking) or SWALLOWED_CHARACTERS


def _is_continuation(byte: int, damage: Damage) -> bool:
    """Return whether a byte is a continuation byte, or replaces one."""
    return byte in CONTINUATION_BYTES or (byte == LOST_BYTE and not CONTINUATION_BYTES.isdisjoint(damage.marked))


def _end_after_spaces(data: bytes, at: int, end: int, length: int) -> int:
    """Return `end` after the spaces that must be NBSP bytes: a continuation byte follows them."""
    while end - at < length - 1 and end + 1 < len(data) and data[end] == SPACE_BYTE and 0x80 <= data[end + 1] <= 0xBF:
        end += 2
    return end
