"""Lines of lossy double mojibake -> the original: what the second decoding left uncertain is a gap of the first."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import is_multi_byte
from pipeline.encoding.misdecoding import encoded_character, misdecoded_bytes
from pipeline.language.archive_statistics import ArchiveStatistics
from pipeline.mojibake.lossy.diagnosis import Damage, damage_by_codec, diagnose
from pipeline.mojibake.lossy.lattice import lattice_slots
from pipeline.mojibake.lossy.pieces import Piece, pieces_text
from pipeline.mojibake.lossy.recovery import reconstruct

C1_IN_UTF_8 = re.compile(b"\xc2[\x80-\x9f]")  # controls in UTF-8: only mojibake has them
CONTROL_WITHOUT_BYTE = re.compile(b"\xc2(?:\xff| )?")  # a control, or U+00AD, whose second byte is missing
TRIAL_LINES = 20  # lines: if they are no double mojibake, the others are not
ChainAndPieces = tuple[str, list[tuple[int, list[Piece]]]]


@functools.lru_cache(maxsize=1)  # two strategies ask for the same lines in a row
def undo_decodings(
    lines: tuple[str, ...], damage: Damage, archive: ArchiveStatistics, *, enough: bool
) -> ChainAndPieces:
    """Return the decoding chain of `lines` in words, and the number and pieces of each line that it explains.

    `damage` is the last decoding. Where the evidence for it suffices (`enough`), another one before it is searched,
    unless the last one was as a multi-byte codec, which leaves too little.
    """
    once = reconstruct(lines, damage, archive) or ()
    twice = enough and not is_multi_byte(damage.codec) and _undo_two_decodings(lines, damage, once, archive)
    return twice or (str(damage), list(enumerate(once)))


def _undo_two_decodings(
    lines: Sequence[str], second: Damage, once: Sequence[list[Piece]], archive: ArchiveStatistics
) -> ChainAndPieces | None:
    """Return the same for double mojibake; None where the lines are likelier mis-decoded `once`."""
    if not _first_damage(lines[:TRIAL_LINES], second) or not (found := _first_damage(lines, second)):
        return None
    first, hit = found
    undone = [_LineBetweenDecodings.of(lines[number], second, first.codec) for number in hit]
    text = "\n".join(one.text for one in undone)
    marked = frozenset().union(*(one.doubtful for one in undone))
    first = replace(damage_by_codec(text.replace(REPLACEMENT, ""), first.codec), marked=marked)
    rival = [pieces_text(once[number]) for number in hit] if once else None
    read = reconstruct([one.text for one in undone], first, archive, rival) or ()
    placed = [(number, one.placed(pieces)) for number, one, pieces in zip(hit, undone, read, strict=bool(read))]
    return (f"{first}, then {second}", placed) if placed else None


def _first_damage(lines: Sequence[str], second: Damage) -> tuple[Damage, list[int]] | None:
    """Return the damage that most of `lines` had before the `second`, and the numbers of these lines."""
    found = diagnose([_LineBetweenDecodings.of(line, second).text for line in lines])
    if not found or not found[2] or is_multi_byte(found[0].codec):  # gaps may be anything in a multi-byte codec
        return None
    return found[:2] if len(found[1]) * 2 >= len(lines) else None


@dataclass(frozen=True, slots=True)
class _LineBetweenDecodings:
    """A line between its two decodings."""

    text: str
    places: tuple[tuple[int, int], ...]  # of each character: its span in the present line
    doubtful: frozenset[int]  # bytes that uncertain characters can have been

    @classmethod
    def of(cls, line: str, damage: Damage, codec: str = "") -> _LineBetweenDecodings:
        """Return `line` before `damage`; with a `codec`, uncertain characters are those that it decodes to."""
        text, places, doubtful = "", [], set()
        for slot in lattice_slots(line, damage):
            options = slot.candidates
            if codec and len(options) > 1:
                options = tuple(one for one in options if len(encoded_character(one, codec)) == 1) or options
                doubtful |= {
                    encoded_character(one, codec)[0]
                    for one in options
                    if len(options) > 1 and encoded_character(one, codec)
                }
            read = options[0] if len(options) == 1 else REPLACEMENT
            spans = [(slot.start, slot.end)]
            if C1_IN_UTF_8.fullmatch(misdecoded_bytes(read, damage.codec)):
                read = misdecoded_bytes(read, damage.codec).decode()
            elif CONTROL_WITHOUT_BYTE.fullmatch(misdecoded_bytes(line[slot.start : slot.end], damage.codec)):
                space = " " * line[slot.start : slot.end].endswith(" ")
                read = REPLACEMENT + space
                doubtful |= damage.lost
                spans = [(slot.start, slot.end - len(space)), *([(slot.end - 1, slot.end)] if space else [])]
            text += read
            places += spans if len(spans) == len(read) else spans * len(read)
        return cls(text, tuple(places), frozenset(doubtful))

    def placed(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Return `pieces` of this line as pieces of the present line."""
        return [
            replace(piece, start=self.places[piece.start][0], end=self.places[piece.end - 1][1]) for piece in pieces
        ]
