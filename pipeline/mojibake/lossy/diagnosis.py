"""Lines of mis-decoded UTF-8 -> the damage: the codec, and what became of the bytes that it cannot decode."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.document import GAP
from pipeline.encoding.codecs import is_multi_byte, multi_byte_losses, single_byte_losses, undefined, western
from pipeline.encoding.misdecoding import shown

SEQUENCE = re.compile(
    b"[\xc2-\xdf][\x80-\xbf\xff]?|[\xe0-\xef][\x80-\xbf\xff]{0,2}|[\xf0-\xf4][\x80-\xbf\xff]{0,3}|\xff[\x80-\xbf]{1,2}"
)
CUT = re.compile(b"\xc3(?![ \x80-\xbf\xff])|[\xc4\xc5](?![\x80-\xbf\xff])|\xe2(?![\x80-\xbf\xff]{2})")
OTHERS = re.compile("[^\x00-\x7fâ¦]")  # not a remainder of quotes, dashes and an ellipsis
CONTRACTION = (
    r"(?i)\b(?:(?:ca|wo|ai|do|does|did|is|are|was|were|has|have|had|would|could|should|must|need)n{0}t"
    r"|(?:I|you|he|she|it|we|they|who|what|that|there|here|where|how|let){0}(?:s|m|d|ve|re|ll))\b"
)  # of English
INCOMPLETE = re.compile(
    b"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})(?![\x80-\xbf\xff ])([?]?)"
)  # sequences that lack a byte, and the question mark after it
SPACED = re.compile(b"(?:[\xc3-\xdf]|[\xe1-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}) ")  # U+00A0 as a space
DOUBT = 30.0  # nats per mis-decoding by which a chain must be likelier than the unchanged text
NBSP, SOFT_HYPHEN = 0xA0, 0xAD
CONTINUATION = frozenset(range(0x80, 0xC0))
C1 = frozenset(range(0x80, 0xA0))
HIGH = bytes(range(0x80, 0x100))
IDEOGRAPHS = "\u2e80"  # the first: multi-byte codecs decode UTF-8 to hardly anything else
FEWEST = 3  # characters of evidence for a damage; fewer occur by chance
ALIKE = 4  # ratio of certainly to possibly damaged lines from which the latter count as damaged
ENOUGH = 5  # characters of evidence from which missing bytes are reconstructed
TWICE = 2  # sequences that end in a question mark; a single one may be the author's
TELLING = 20  # characters: a byte that occurs in none of so many got lost


@dataclass(frozen=True, slots=True)
class Damage:
    """A lossy decoding of UTF-8."""

    codec: str
    lost: frozenset[int]  # bytes that may be missing without a trace
    marked: frozenset[int] = frozenset()  # bytes that became U+FFFD or a question mark
    spaced: bool = False  # U+00A0 became a space
    questioned: bool = False  # ? replaces undecodable bytes; in a multi-byte codec, with the ASCII character after them
    throughout: bool = False  # everything was mis-decoded: remainders of characters are no letters of their own

    def __str__(self) -> str:
        """Return the damage in words: `UTF-8 decoded as cp1252`."""
        return f"UTF-8 decoded as {self.codec}"


def diagnosed(lines: Sequence[str]) -> tuple[Damage, list[int], bool] | None:
    """Return the damage that explains most characters, the numbers of the damaged lines, and whether evidence suffices.

    None where no damage explains the lines. Missing bytes are reconstructed only where the evidence suffices.

    >>> damage, lines, suffices = diagnosed(["Ð¿Ñ€Ð¸Ð²ÐµÑ‚, Ð¼Ð¸Ñ€"])
    >>> print(damage, lines, suffices)
    UTF-8 decoded as cp1252 [0] True
    """
    best: tuple[int, str, list[int]] = (0, "", [])
    letters = [char for line in lines for char in line if not char.isascii() and char != GAP]
    ideographs = sum(char >= IDEOGRAPHS for char in letters)
    whole = "\n".join(lines)
    multi_byte = multi_byte_losses() if ideographs * 2 >= len(letters) else ()
    for codec in (*single_byte_losses(), *multi_byte):
        if signs(whole, codec).whole <= best[0]:
            continue
        counts = [signs(line, codec) for line in lines]
        hit = [number for number, one in enumerate(counts) if one.whole > one.foreign]
        weight = sum(counts[number].whole - counts[number].foreign for number in hit)
        if weight > best[0]:
            bare = [number for number, one in enumerate(counts) if one.bare > one.foreign and not one.whole]
            best = weight, codec, sorted([*hit, *bare] if len(bare) * ALIKE <= len(hit) else hit)
    weight, codec, hit = best
    if weight < FEWEST:
        weight, codec, hit = 0, western()[0], [number for number, line in enumerate(lines) if _cut(line)]
    damage = damage_of("\n".join(lines[number] for number in hit), codec)
    if codec in western():
        cut = [_cut(line) for line in lines]
        weight += sum(cut)
        if contracted(whole):
            damage, weight = replace(damage, throughout=True), weight + ENOUGH
        alike = [number for number, one in enumerate(cut) if one and number not in hit]
        hit = sorted([*hit, *alike]) if len(alike) <= ALIKE * len(hit) else hit
    return (damage, hit, weight >= ENOUGH) if weight >= FEWEST else None


def spaced(line: str) -> Damage | None:
    """Return the damage of a mis-decoded line whose only loss is that U+00A0 became a space; None if it has none.

    >>> print(spaced("voilÃ la citÃ©"))
    UTF-8 decoded as cp1252
    """
    counts = {codec: signs(line, codec) for codec in single_byte_losses()}
    codec = max(counts, key=lambda codec: counts[codec].whole - counts[codec].foreign)
    if counts[codec].whole <= counts[codec].foreign or not SPACED.search(shown(line, codec)):
        return None
    return Damage(codec, frozenset(), spaced=True)


def contracted(text: str) -> bool:
    """Return whether English contractions have the remainder of a curly apostrophe, and none has a straight one.

    The text has nothing else outside ASCII.

    >>> contracted("I donât know"), contracted("It's how donât is read"), contracted("I donât know, señor")
    (True, False, False)
    """
    if OTHERS.search(text):
        return False
    return bool(re.search(CONTRACTION.format("â"), text)) and not re.search(CONTRACTION.format("'"), text)


def _cut(line: str) -> int:
    """Return the number of truncated letters and quotes of a Western line; 0 where it has sound ones as well."""
    data, counts = shown(line, western()[0]), signs(line, western()[0])
    found = len(CUT.findall(data))
    return found if not counts.foreign and counts.bare <= found + data.count(b"\xc3 ") else 0


class Signs(NamedTuple):
    """The evidence for and against a mis-decoding, in characters."""

    whole: int  # UTF-8 sequences of two bytes or more, complete or not
    bare: int  # first bytes of a sequence alone: a remainder, or a letter
    foreign: int  # bytes outside sequences, and characters that the codec cannot decode to


def signs(text: str, codec: str) -> Signs:
    """Return the evidence for and against the hypothesis that `text` is UTF-8 decoded as `codec`.

    >>> signs("cafÃ©", "cp1252")
    Signs(whole=1, bare=0, foreign=0)
    """
    data = shown(text, codec)
    found = [len(match[0]) for match in SEQUENCE.finditer(data)]
    bare = found.count(1)
    return Signs(len(found) - bare, bare, len(data) - len(data.translate(None, HIGH)) - sum(found))


def damage_of(text: str, codec: str) -> Damage:
    """Return the damage that decoding as `codec` did to `text`: bytes that occur nowhere may be missing."""
    replaced = GAP in text
    if is_multi_byte(codec):
        return Damage(codec, frozenset(), CONTINUATION if replaced else frozenset(), questioned=not replaced)
    data = shown(text, codec)
    seen = set(data)
    ends = INCOMPLETE.findall(data)
    questioned = not replaced and len(ends) >= TWICE and all(ends)
    codecs = western() if codec in western() else (codec,)
    gone = frozenset(byte for one in codecs for byte in undefined(one) if byte < 0xC0 and byte not in seen)
    if not seen & C1 and (len(SEQUENCE.findall(data)) >= TELLING or (codec in western() and CUT.search(data))):
        gone = C1
    if SOFT_HYPHEN not in seen and not replaced:
        gone |= {SOFT_HYPHEN}
    return Damage(codec, gone, gone if replaced or questioned else frozenset(), NBSP not in seen, questioned)
