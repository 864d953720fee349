"""Lines of mis-decoded UTF-8 -> the damage: the codec, and what became of the bytes that it cannot decode."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import (
    is_multi_byte,
    multi_byte_misdecodings,
    single_byte_misdecodings,
    undefined_bytes,
    western_codecs,
)
from pipeline.encoding.misdecoding import misdecoded_bytes, white_space_bytes
from pipeline.language.fluency import letter_scores

_SEQUENCE = (
    b"[\xc2-\xdf][\x80-\xbf\xff]?|[\xe0-\xef][\x80-\xbf\xff]{0,2}|[\xf0-\xf4][\x80-\xbf\xff]{0,3}|\xff[\x80-\xbf]{1,2}"
)
UTF_8_SEQUENCE = re.compile(_SEQUENCE)
UNPLACED_MARK = re.compile(_SEQUENCE + b"|(\xff)")  # a mark outside sequences
TRUNCATED_WESTERN = re.compile(b"\xc3(?![ \x80-\xbf\xff])|[\xc4\xc5](?![\x80-\xbf\xff])|\xe2(?![\x80-\xbf\xff]{2})")
NOT_DECAYED = re.compile("[^\x00-\x7fâ¦]")  # not a remainder of quotes, dashes and an ellipsis
ENGLISH_CONTRACTION = (
    r"(?i)\b(?:(?:ca|wo|ai|do|does|did|is|are|was|were|has|have|had|would|could|should|must|need)n{0}t"
    r"|(?:I|you|he|she|it|we|they|who|what|that|there|here|where|how|let){0}(?:s|m|d|ve|re|ll))\b"
)  # of English
INCOMPLETE_SEQUENCE = re.compile(
    b"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})(?![\x80-\xbf\xff ])([?]?)"
)  # sequences that lack a byte, and the question mark after it
END_OF_PART = re.compile(rb"$|[\n\t|\"'<]")  # after a line, a cell, a title
TRUNCATED_BEFORE_SPACE = re.compile(
    b"(?:[\xc3-\xdf]|[\xe1-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}) "
)  # U+00A0 as a space
CHAIN_PRIOR = 30.0  # nats per mis-decoding by which a chain must be likelier than the unchanged text
RIVAL_SAMPLE = 2_000  # characters by which codecs with the same evidence are compared
NBSP, SOFT_HYPHEN = 0xA0, 0xAD
CONTINUATION_BYTES = frozenset(range(0x80, 0xC0))
C1_BYTES = frozenset(range(0x80, 0xA0))
C1_CONTROLS = re.compile("[\x80-\x9f]")
HIGH_BYTES = bytes(range(0x80, 0x100))
FIRST_IDEOGRAPH = "\u2e80"  # the first: multi-byte codecs decode UTF-8 to hardly anything else
FEWEST_FOR_DAMAGE = 3  # characters of evidence for a damage; fewer occur by chance
DAMAGED_LINE_RATIO = 4  # ratio of certainly to possibly damaged lines from which the latter count as damaged
FEWEST_TO_RECONSTRUCT = 5  # characters of evidence from which missing bytes are reconstructed
FEWEST_QUESTIONED = 2  # sequences that end in a question mark; a single one may be the author's
MOST_FIRST_BYTES = 16  # different first bytes of UTF-8 in a text of one script: Chinese has ten
ALONE_RATIO = (
    8  # ratio of first bytes alone to longer sequences; of damaged Arabic it is 2 to 6 (benchmarks/codepages.py)
)
FEWEST_FOR_LOST_BYTES = 20  # characters: a byte that occurs in none of so many got lost


@dataclass(frozen=True, slots=True)
class Damage:
    """A lossy decoding of UTF-8."""

    codec: str
    lost: frozenset[int]  # bytes that may be missing without a trace
    marked: frozenset[int] = frozenset()  # bytes that became U+FFFD or a question mark
    spaced: bool = False  # U+00A0 became a space
    questioned: bool = False  # ? replaces undecodable bytes; in a multi-byte codec, with the ASCII character after them
    throughout: bool = False  # everything was mis-decoded: a remainder of a character is not a letter
    stripped: frozenset[int] = frozenset()  # white space: `.strip()` takes it from the end of a text, line or cell
    cut: bool = False  # bytes are missing at such ends only

    def __str__(self) -> str:
        """Return the damage in words: `UTF-8 decoded as cp1252`."""
        return f"UTF-8 decoded as {self.codec}"


def diagnose(lines: Sequence[str]) -> tuple[Damage, list[int], bool] | None:
    """Return the damage that explains most characters, the numbers of the damaged lines, and whether evidence suffices.

    None where no damage explains the lines. Missing bytes are reconstructed only where the evidence suffices.

    >>> damage, lines, suffices = diagnose(["Ð¿Ñ€Ð¸Ð²ÐµÑ‚, Ð¼Ð¸Ñ€"])
    >>> print(damage, lines, suffices)
    UTF-8 decoded as cp1252 [0] True
    """
    best = _DamagedLines(0, "", [])
    letters = [char for line in lines for char in line if not char.isascii() and char != REPLACEMENT]
    ideographs = sum(char >= FIRST_IDEOGRAPH for char in letters)
    whole = "\n".join(lines)
    multi_byte = multi_byte_misdecodings() if ideographs * 2 >= len(letters) else ()
    for codec in (*single_byte_misdecodings(), *multi_byte):
        if decoding_evidence(whole, codec).whole > best.weight:
            best = max(best, _damaged_lines(lines, codec), key=lambda one: one.weight)
    if best.codec and (likelier := _likelier_codec(lines, best)) != best.codec:
        best = _damaged_lines(lines, likelier)
    weight, codec, hit = best
    if weight < FEWEST_FOR_DAMAGE:
        weight, codec, hit = (
            0,
            western_codecs()[0],
            [number for number, line in enumerate(lines) if _truncated_count(line)],
        )
    damage = damage_by_codec("\n".join(lines[number] for number in hit), codec)
    if codec in western_codecs():
        cut = [_truncated_count(line) for line in lines]
        weight += sum(cut)
        if has_decayed_contractions(whole):
            damage, weight = replace(damage, throughout=True), weight + FEWEST_TO_RECONSTRUCT
        alike = [number for number, one in enumerate(cut) if one and number not in hit]
        hit = sorted([*hit, *alike]) if len(alike) <= DAMAGED_LINE_RATIO * len(hit) else hit
    return (damage, hit, weight >= FEWEST_TO_RECONSTRUCT) if weight >= FEWEST_FOR_DAMAGE else None


class _DamagedLines(NamedTuple):
    """The lines that were decoded as a codec, by their numbers, and the characters that say so."""

    weight: int
    codec: str
    lines: list[int]


def _damaged_lines(lines: Sequence[str], codec: str) -> _DamagedLines:
    """Return the lines with more evidence for a decoding than against it."""
    counts = [decoding_evidence(line, codec) for line in lines]
    hit = [number for number, one in enumerate(counts) if one.whole > one.foreign]
    if are_own_letters(misdecoded_bytes("\n".join(lines[number] for number in hit), codec)):
        return _DamagedLines(0, codec, [])
    weight = sum(counts[number].whole - counts[number].foreign for number in hit)
    bare = [number for number, one in enumerate(counts) if one.bare > one.foreign and not one.whole]
    return _DamagedLines(weight, codec, sorted([*hit, *bare] if len(bare) * DAMAGED_LINE_RATIO <= len(hit) else hit))


def are_own_letters(data: bytes) -> bool:
    """Return whether bytes are letters of their codec, not UTF-8: many different ones begin a sequence and end it too.

    Letters of Arabic, Hebrew and Greek have the values of first bytes of UTF-8, and their signs those of the others:
    sound text would be sequences that lack bytes. But UTF-8 of one script has few first bytes.

    >>> are_own_letters("تخيّل هذا: مشروع مبني على أساس قوي، لمكتبة مستخدمة على نطاق واسع".encode("iso8859-6"))
    True
    """
    found = UTF_8_SEQUENCE.findall(data)
    alone = [one for one in found if len(one) == 1]
    return len(set(alone)) > MOST_FIRST_BYTES and len(alone) > ALONE_RATIO * (len(found) - len(alone))


def _likelier_codec(lines: Sequence[str], best: _DamagedLines) -> str:
    """Return the likeliest of the single-byte codecs with the same evidence: their texts differ."""
    sample = "\n".join(lines[number] for number in best.lines)[:RIVAL_SAMPLE]
    if is_multi_byte(best.codec) or not sample:
        return best.codec
    least = decoding_evidence(sample, best.codec)
    text = misdecoded_bytes(sample, best.codec).decode("utf-8", "replace")
    texts: dict[str, str] = {}
    codecs = [best.codec, *single_byte_misdecodings()]
    if REPLACEMENT in sample and C1_CONTROLS.search(sample):  # as browsers do: the marks are bytes from A0 on
        codecs.sort(key=lambda codec: all(byte in C1_BYTES for byte in undefined_bytes(codec)))
    for codec in codecs:
        counts = decoding_evidence(sample, codec)
        if counts.whole >= least.whole and counts.foreign <= least.foreign:
            rival = misdecoded_bytes(sample, codec).decode("utf-8", "replace")
            if rival.count(REPLACEMENT) <= text.count(REPLACEMENT):
                texts.setdefault(rival, codec)
    scores = letter_scores([one.replace(REPLACEMENT, "") for one in texts])[1].max(axis=1)
    own = list(texts).index(text)
    likeliest = int(scores.argmax()) if scores.max() > scores[own] + CHAIN_PRIOR else own
    return list(texts.values())[likeliest]


def diagnose_spaces(line: str) -> Damage | None:
    """Return the damage of a mis-decoded line whose only loss is that U+00A0 became a space; None if it has none.

    >>> print(diagnose_spaces("voilÃ la citÃ©"))
    UTF-8 decoded as cp1252
    """
    counts = {codec: decoding_evidence(line, codec) for codec in single_byte_misdecodings()}
    codec = max(counts, key=lambda codec: counts[codec].whole - counts[codec].foreign)
    if counts[codec].whole <= counts[codec].foreign or not TRUNCATED_BEFORE_SPACE.search(misdecoded_bytes(line, codec)):
        return None
    return Damage(codec, frozenset(), spaced=True)


def has_decayed_contractions(text: str) -> bool:
    """Return whether English contractions have the remainder of a curly apostrophe, and none has a straight one.

    The text has nothing else outside ASCII.

    >>> [has_decayed_contractions(text) for text in ("I donât know", "It's how donât is read", "I donât know, señor")]
    [True, False, False]
    """
    if NOT_DECAYED.search(text):
        return False
    return bool(re.search(ENGLISH_CONTRACTION.format("â"), text)) and not re.search(
        ENGLISH_CONTRACTION.format("'"), text
    )


def _truncated_count(line: str) -> int:
    """Return the number of truncated letters and quotes of a Western line; 0 where it has sound ones as well."""
    data, counts = misdecoded_bytes(line, western_codecs()[0]), decoding_evidence(line, western_codecs()[0])
    found = len(TRUNCATED_WESTERN.findall(data))
    return found if not counts.foreign and counts.bare <= found + data.count(b"\xc3 ") else 0


class DecodingEvidence(NamedTuple):
    """The evidence for and against a mis-decoding, in characters."""

    whole: int  # UTF-8 sequences of two bytes or more, complete or not
    bare: int  # first bytes of a sequence alone: a remainder, or a letter
    foreign: int  # bytes outside sequences, and characters that the codec cannot decode to


def decoding_evidence(text: str, codec: str) -> DecodingEvidence:
    """Return the evidence for and against the hypothesis that `text` is UTF-8 decoded as `codec`.

    >>> decoding_evidence("cafÃ©", "cp1252")
    DecodingEvidence(whole=1, bare=0, foreign=0)
    """
    data = misdecoded_bytes(text, codec)
    found = list(map(len, UTF_8_SEQUENCE.findall(data)))
    bare = found.count(1)
    foreign = len(data) - len(data.translate(None, HIGH_BYTES)) - sum(found)
    if is_multi_byte(codec):  # which marks a codec leaves of a sequence depends on its neighbours
        foreign -= sum(map(bool, UNPLACED_MARK.findall(data)))
    return DecodingEvidence(len(found) - bare, bare, foreign)


def damage_by_codec(text: str, codec: str) -> Damage:
    """Return the damage that decoding as `codec` did to `text`: bytes that occur nowhere may be missing."""
    replaced = REPLACEMENT in text
    if is_multi_byte(codec):
        return Damage(codec, frozenset(), CONTINUATION_BYTES if replaced else frozenset(), questioned=not replaced)
    data = misdecoded_bytes(text, codec)
    seen = set(data)
    ends = INCOMPLETE_SEQUENCE.findall(data)
    questioned = not replaced and len(ends) >= FEWEST_QUESTIONED and all(ends)
    codecs = western_codecs() if codec in western_codecs() else (codec,)
    undefined = frozenset(byte for one in codecs for byte in undefined_bytes(one) if byte not in seen)
    gone = undefined & CONTINUATION_BYTES
    if not seen & C1_BYTES and (
        len(UTF_8_SEQUENCE.findall(data)) >= FEWEST_FOR_LOST_BYTES
        or (codec in western_codecs() and TRUNCATED_WESTERN.search(data))
    ):
        gone = C1_BYTES
    if SOFT_HYPHEN not in seen and not replaced:
        gone |= {SOFT_HYPHEN}
    marked = gone | undefined if replaced or questioned else frozenset()
    cut = not questioned and all(END_OF_PART.match(data, match.end()) for match in INCOMPLETE_SEQUENCE.finditer(data))
    return Damage(codec, gone, marked, NBSP not in seen, questioned, stripped=white_space_bytes(codec), cut=cut)
