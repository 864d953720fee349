"""Lines of misread UTF-8 -> the damage that made them: the codec, and what became of the bytes that it cannot read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.document import GAP
from pipeline.encoding.misdecoding import WIDE, shown, undefined

SINGLE = ("cp1252", "cp1254", "cp1251", "cp1250", "cp1253", "mac_roman", "cp437", "cp850", "cp866", "koi8-r")
WESTERN = ("cp1252", "cp1254")  # which of them it was shows only where a few rare letters stand
SEQUENCE = re.compile(
    b"[\xc2-\xdf][\x80-\xbf\xff]?|[\xe0-\xef][\x80-\xbf\xff]{0,2}|[\xf0-\xf4][\x80-\xbf\xff]{0,3}|\xff[\x80-\xbf]{1,2}"
)
CUT = re.compile(b"\xc3(?![ \x80-\xbf\xff])|[\xc4\xc5](?![\x80-\xbf\xff])|\xe2(?![\x80-\xbf\xff]{2})")
OTHERS = re.compile("[^\x00-\x7fâ¦]")  # but what is left of quotes, dashes and an ellipsis
CONTRACTION = (
    r"(?i)\b(?:(?:ca|wo|ai|do|does|did|is|are|was|were|has|have|had|would|could|should|must|need)n{0}t"
    r"|(?:I|you|he|she|it|we|they|who|what|that|there|here|where|how|let){0}(?:s|m|d|ve|re|ll))\b"
)  # of English
INCOMPLETE = re.compile(
    b"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})(?![\x80-\xbf\xff ])([?]?)"
)  # sequences that lack a byte, and the question mark after it
SPACED = re.compile(b"(?:[\xc3-\xdf]|[\xe1-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}) ")  # U+00A0 as a space
DOUBT = 30.0  # nats that a chain must be likelier by than the text as it stands, for each wrong reading in it
NBSP, SOFT_HYPHEN = 0xA0, 0xAD
CONTINUATION = frozenset(range(0x80, 0xC0))
C1 = frozenset(range(0x80, 0xA0))
HIGH = bytes(range(0x80, 0x100))
IDEOGRAPHS = "\u2e80"  # where they begin: codecs of two bytes read hardly anything else
FEWEST = 3  # characters that must speak for a damage; fewer happen by chance
ALIKE = 4  # times as many lines must surely be damaged as may be, for those to be taken for damaged too
ENOUGH = 5  # characters that must speak for it before what is lost is inferred
TWICE = 2  # sequences that end in a question mark; after one it may be the author's
TELLING = 20  # characters: if none of so many shows a byte, it is gone


@dataclass(frozen=True, slots=True)
class Damage:
    """A wrong reading of UTF-8: the codec, the bytes it left no trace of, and what stands for some of them.

    That is U+FFFD or a question mark (for the bytes `marked`), a space for U+00A0 (`spaced`). Of a codec of two bytes
    a question mark is a byte and the ASCII character after it, as Windows writes what it cannot read (`questioned`).
    Where all was misread (`throughout`), what may be left of a character is no letter of its own.
    """

    codec: str
    lost: frozenset[int]
    marked: frozenset[int] = frozenset()
    spaced: bool = False
    questioned: bool = False
    throughout: bool = False

    def __str__(self) -> str:
        """Say it as a reader would."""
        return f"utf-8 was read as {self.codec}"


def diagnosed(lines: Sequence[str]) -> tuple[Damage, list[int], bool] | None:
    """Return the damage that explains most characters and the numbers of the lines it befell; None if none does.

    The last says whether so many characters speak for it that what is lost can be inferred.
    """
    best: tuple[int, str, list[int]] = (0, "", [])
    letters = [char for line in lines for char in line if not char.isascii() and char != GAP]
    ideographs = sum(char >= IDEOGRAPHS for char in letters)
    whole = "\n".join(lines)
    for codec in (*SINGLE, *WIDE) if ideographs * 2 >= len(letters) else SINGLE:
        if signs(whole, codec).whole <= best[0]:
            continue
        told = [signs(line, codec) for line in lines]
        hit = [number for number, one in enumerate(told) if one.whole > one.foreign]
        weight = sum(told[number].whole - told[number].foreign for number in hit)
        if weight > best[0]:
            bare = [number for number, one in enumerate(told) if one.bare > one.foreign and not one.whole]
            best = weight, codec, sorted([*hit, *bare] if len(bare) * ALIKE <= len(hit) else hit)
    weight, codec, hit = best
    if weight < FEWEST:
        weight, codec, hit = 0, WESTERN[0], [number for number, line in enumerate(lines) if _cut(line)]
    damage = damage_of("\n".join(lines[number] for number in hit), codec)
    if codec in WESTERN:
        cut = [_cut(line) for line in lines]
        weight += sum(cut)
        if contracted(whole):
            damage, weight = replace(damage, throughout=True), weight + ENOUGH
        alike = [number for number, one in enumerate(cut) if one and number not in hit]
        hit = sorted([*hit, *alike]) if len(alike) <= ALIKE * len(hit) else hit
    return (damage, hit, weight >= ENOUGH) if weight >= FEWEST else None


def spaced(line: str) -> Damage | None:
    """Return the damage of a line of misread UTF-8 that lost nothing but U+00A0, which is a space; None if none is."""
    told = {codec: signs(line, codec) for codec in SINGLE}
    codec = max(SINGLE, key=lambda codec: told[codec].whole - told[codec].foreign)
    if told[codec].whole <= told[codec].foreign or not SPACED.search(shown(line, codec)):
        return None
    return Damage(codec, frozenset(), spaced=True)


def contracted(text: str) -> bool:
    """Tell whether an English contraction has what is left of its apostrophe, and none one as keyboards have it.

    Nothing is outside ASCII then that is not left of such signs.

    >>> contracted("I donât know"), contracted("It's how donât is read"), contracted("I donât know, señor")
    (True, False, False)
    """
    if OTHERS.search(text):
        return False
    return bool(re.search(CONTRACTION.format("â"), text)) and not re.search(CONTRACTION.format("'"), text)


def _cut(line: str) -> int:
    """Return how many letters and quotes of a Western line lack bytes; 0 where others stand there."""
    data, told = shown(line, WESTERN[0]), signs(line, WESTERN[0])
    found = len(CUT.findall(data))
    return found if not told.foreign and told.bare <= found + data.count(b"\xc3 ") else 0


class Signs(NamedTuple):
    """How many characters of a text say that a codec misread it, and how many do not."""

    whole: int  # UTF-8 sequences, whole or with some bytes left
    bare: int  # what may have been the first byte of one, or a letter
    foreign: int  # bytes that are in no sequence, characters that the codec cannot have read


def signs(text: str, codec: str) -> Signs:
    """Return what says for and against it that `text` is UTF-8 which `codec` misread."""
    data = shown(text, codec)
    found = [len(match[0]) for match in SEQUENCE.finditer(data)]
    bare = found.count(1)
    return Signs(len(found) - bare, bare, len(data) - len(data.translate(None, HIGH)) - sum(found))


def damage_of(text: str, codec: str) -> Damage:
    """Return what reading UTF-8 as `codec` can have taken from `text`: the bytes that are nowhere to be seen."""
    replaced = GAP in text
    if codec in WIDE:
        return Damage(codec, frozenset(), CONTINUATION if replaced else frozenset(), questioned=not replaced)
    data = shown(text, codec)
    seen = set(data)
    ends = INCOMPLETE.findall(data)
    questioned = not replaced and len(ends) >= TWICE and all(ends)
    codecs = WESTERN if codec in WESTERN else (codec,)
    gone = frozenset(byte for one in codecs for byte in undefined(one) if byte < 0xC0 and byte not in seen)
    if not seen & C1 and (len(SEQUENCE.findall(data)) >= TELLING or (codec in WESTERN and CUT.search(data))):
        gone = C1
    if SOFT_HYPHEN not in seen and not replaced:
        gone |= {SOFT_HYPHEN}
    return Damage(codec, gone, gone if replaced or questioned else frozenset(), NBSP not in seen, questioned)
