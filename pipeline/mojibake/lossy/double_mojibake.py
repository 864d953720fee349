"""Lines of lossy double mojibake -> the original: what the second decoding left uncertain is a gap of the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.document import GAP
from pipeline.encoding.misdecoding import bytes_of, shown
from pipeline.language.archive_statistics import Archive
from pipeline.mojibake.lossy.diagnosis import Damage, damage_of, diagnosed
from pipeline.mojibake.lossy.lattice import slots
from pipeline.mojibake.lossy.pieces import Piece, text_of
from pipeline.mojibake.lossy.recovery import recovered

C1 = re.compile(b"\xc2[\x80-\x9f]")  # controls in UTF-8: only mojibake has them
TELLING = 20  # lines: if they are no double mojibake, the others are not
Told = tuple[str, list[tuple[int, list[Piece]]]]


def unwound(lines: Sequence[str], damage: Damage, archive: Archive, *, enough: bool) -> Told:
    """Return the decoding chain of `lines` in words, and the number and pieces of each line that it explains.

    `damage` is the last decoding. Where the evidence for it suffices (`enough`), another one before it is searched.
    """
    once = recovered(lines, damage, archive) or ()
    return (enough and _twice(lines, damage, once, archive)) or (str(damage), list(enumerate(once)))


def _twice(lines: Sequence[str], second: Damage, once: Sequence[list[Piece]], archive: Archive) -> Told | None:
    """Return the same for double mojibake; None where the lines are likelier mis-decoded `once`."""
    if not _first(lines[:TELLING], second) or not (found := _first(lines, second)):
        return None
    first, hit = found
    undone = [_Between.of(lines[number], second, first.codec) for number in hit]
    text = "\n".join(one.text for one in undone)
    marked = frozenset().union(*(one.doubtful for one in undone))
    first = replace(damage_of(text.replace(GAP, ""), first.codec), marked=marked)
    rival = [text_of(once[number]) for number in hit] if once else None
    read = recovered([one.text for one in undone], first, archive, rival) or ()
    placed = [(number, one.placed(pieces)) for number, one, pieces in zip(hit, undone, read, strict=bool(read))]
    return (f"{first}, then {second}", placed) if placed else None


def _first(lines: Sequence[str], second: Damage) -> tuple[Damage, list[int]] | None:
    """Return the damage that most of `lines` had before the `second`, and the numbers of these lines."""
    found = diagnosed([_Between.of(line, second).text for line in lines])
    return found[:2] if found and found[2] and len(found[1]) * 2 >= len(lines) else None


@dataclass(frozen=True, slots=True)
class _Between:
    """A line between its two decodings."""

    text: str
    places: tuple[tuple[int, int], ...]  # of each character: its span in the present line
    doubtful: frozenset[int]  # bytes that uncertain characters can have been

    @classmethod
    def of(cls, line: str, damage: Damage, codec: str = "") -> _Between:
        """Return `line` before `damage`; with a `codec`, uncertain characters are those that it decodes to."""
        text, places, doubtful = "", [], set()
        for slot in slots(line, damage):
            options = slot.candidates
            if codec and len(options) > 1:
                options = tuple(one for one in options if len(bytes_of(one, codec)) == 1) or options
                doubtful |= {bytes_of(one, codec)[0] for one in options if len(options) > 1 and bytes_of(one, codec)}
            read = options[0] if len(options) == 1 else GAP
            if C1.fullmatch(shown(read, damage.codec)):
                read = shown(read, damage.codec).decode()
            text += read
            places += [(slot.start, slot.end)] * len(read)
        return cls(text, tuple(places), frozenset(doubtful))

    def placed(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Return `pieces` of this line as pieces of the present line."""
        return [
            replace(piece, start=self.places[piece.start][0], end=self.places[piece.end - 1][1]) for piece in pieces
        ]
