"""Mojibake that somebody changed afterwards -> the changes that undo that, so that its bytes are whole again.

Software normalizes text that is mojibake already (`ÅTM` was `Å™`), lowercases it, wraps it, or puts invisible
characters into it. Each rewriting below undoes one of these, and only where the characters around it are mis-decoded
UTF-8.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.changes import Change
from pipeline.encoding.codecs import HTML_CODEC
from pipeline.encoding.misdecoding import bytes_by_character, misdecoded_bytes
from pipeline.language.fluency import is_frequent
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import unigram_log_probabilities

FEWEST_REWRITTEN = 2  # places of a text: a single one may be the author's
LOWERED_SHARE = 0.8  # least share of the sequences of lowercased text: benchmarks/codepages.py, `lower`
REASON = "mojibake changed afterwards"
WESTERN_CHARACTERS = {byte: char for char, byte in bytes_by_character(HTML_CODEC).items()}


def _class(first: int, last: int) -> str:
    """Return the characters that Western software decodes a range of bytes as, for a regular expression."""
    return "".join(re.escape(WESTERN_CHARACTERS.get(byte, chr(byte))) for byte in range(first, last + 1))


WESTERN_REST = _class(0x80, 0xBF)
_TWO, _THREE, _FOUR = _class(0xC2, 0xDF), _class(0xE0, 0xEF), _class(0xF0, 0xF4)
_BEGUN = (  # a part of a sequence
    f"(?:[{_TWO}{_THREE}{_FOUR}]|[{_THREE}{_FOUR}][{WESTERN_REST}]|[{_FOUR}][{WESTERN_REST}]{{2}})"
)
# What NFKC makes of the characters of cp1252, by what it leaves
_COMPATIBLE = {
    unicodedata.normalize("NFKC", char): char
    for byte, char in WESTERN_CHARACTERS.items()
    if 0x80 <= byte < 0xC0 and unicodedata.normalize("NFKC", char) != char and byte != 0xA0
}
_COMPATIBLE_BYTE = re.compile("|".join(map(re.escape, sorted(_COMPATIBLE, key=len, reverse=True))))
_BYTE = f"(?:{_COMPATIBLE_BYTE.pattern}|[{WESTERN_REST}])"
_COMPATIBLE_SEQUENCE = re.compile(f"[{_TWO}]{_BYTE}|[{_THREE}]{_BYTE}{{1,2}}|[{_FOUR}]{_BYTE}{{1,3}}")
_NORMALIZED_APOSTROPHE = "â€TM"  # of `’`: no other text has it
_CERTAINLY_COMPATIBLE = re.compile(
    f"[{_TWO}{_THREE}](?:TM| [\u0300-\u036f]|[13]\u2044[24]|\u03bc|(?<=[a-z]Ã)[123](?!\\d))"
)
_DECOMPOSED = re.compile("[A-Za-z][\u0300-\u036f]+")
_DECOMPOSED_LEAD = re.compile(f"[AaIiEeOoNnUuYyCc][\u0300-\u0327][{WESTERN_REST}]")
_LEAD_MARKS = "\u0302\u0303\u0308\u030a"  # circumflex, tilde, diaeresis and ring, of `Â`, `Ã`, `Ä` and `Å`
_INVISIBLE_RUN = re.compile(f"({_BEGUN})[\u200b\u2060\ufeff]+(?=[{WESTERN_REST}])")
_WHOLE_RUN = re.compile(f"[{_TWO}][{WESTERN_REST}]|[{_THREE}][{WESTERN_REST}]{{2}}|[{_FOUR}][{WESTERN_REST}]{{3}}")
_BROKEN_RUN = re.compile(
    f"(?=[{_TWO}{_THREE}{_FOUR}])"  # three times as fast
    f"(?:([{_TWO}])\n([{WESTERN_REST}])|([{_THREE}][{WESTERN_REST}]?|[{_FOUR}][{WESTERN_REST}]{{0,2}})\n([{WESTERN_REST}]+))"
)
_SMALL_LEAD = _class(0xE2, 0xFE).replace("÷", "")  # what the first bytes of two-byte sequences become
_SEQUENCE_OR_LOWERED = re.compile(
    f"(?=[{_THREE}{_FOUR}{_SMALL_LEAD}])"  # twice as fast
    f"(?:[{_THREE}][{WESTERN_REST}]{{2}}|[{_FOUR}][{WESTERN_REST}]{{3}}|(?P<lowered>[{_SMALL_LEAD}][{WESTERN_REST}ÿ])(?![{WESTERN_REST}])"
    f"|[{_SMALL_LEAD}])"
)
_MAY_BE_REWRITTEN = re.compile("[\xc0-\xff\u0300-\u036f]")  # first bytes of sequences, and diacritics
_LOWERED_LINE = re.compile("^.*[^\x00-\x7f].*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A change that mojibake went through afterwards."""

    name: str
    example: tuple[str, str]  # before and after it is undone
    undo: Callable[[str], Iterator[tuple[int, int, str]]]  # start, end and new text of each place


def _compose(text: str) -> Iterator[tuple[int, int, str]]:
    """Compose letters and diacritics, in text with mojibake that NFD decomposed."""
    if len(_DECOMPOSED_LEAD.findall(text)) >= FEWEST_REWRITTEN:
        for match in _DECOMPOSED.finditer(text):
            yield *match.span(), unicodedata.normalize("NFC", match[0])


def _restore_compatible(text: str) -> Iterator[tuple[int, int, str]]:
    """Restore the characters that NFKC replaced by compatible ones."""
    if _NORMALIZED_APOSTROPHE in text or len(_CERTAINLY_COMPATIBLE.findall(text)) >= FEWEST_REWRITTEN:
        for sequence in _COMPATIBLE_SEQUENCE.finditer(text):
            for match in _COMPATIBLE_BYTE.finditer(text, sequence.start() + 1, sequence.end()):
                yield *match.span(), _COMPATIBLE[match[0]]


def _drop_invisible(text: str) -> Iterator[tuple[int, int, str]]:
    """Drop invisible characters inside a sequence."""
    for match in _INVISIBLE_RUN.finditer(text):
        yield match.end(1), match.end(), ""


def _move_breaks(text: str) -> Iterator[tuple[int, int, str]]:
    """Move line breaks inside a sequence to its start, in text that has at least as many whole ones."""
    broken = list(_BROKEN_RUN.finditer(text))
    if len(broken) > len(_WHOLE_RUN.findall(text)):
        return  # sound lines that end in `Å` or begin with `µ`
    for match in broken:
        before, after = (match[1] or match[3]), (match[2] or match[4])
        yield *match.span(), f"\n{before}{after}"


def _restore_capitals(text: str) -> Iterator[tuple[int, int, str]]:
    """Restore the capitals that first bytes of two-byte sequences became, in text that was lowercased."""
    if not _are_lowered(list(_SEQUENCE_OR_LOWERED.finditer(text))):
        return
    for line in _LOWERED_LINE.finditer(text):
        sequences = list(_SEQUENCE_OR_LOWERED.finditer(text, *line.span()))
        if line[0] == line[0].lower() and _are_lowered(sequences):
            yield from ((*match.span(), _likeliest_capital(match[0])) for match in sequences if match["lowered"])


def _are_lowered(sequences: Sequence[re.Match[str]]) -> bool:
    """Return whether most sequences are a frequent character of two bytes, if the first was lowercased."""
    pairs = [_likeliest_capital(match[0]) for match in sequences if match["lowered"]]
    originals = (misdecoded_bytes(pair, HTML_CODEC).decode("utf-8", "replace") for pair in pairs)
    return sum(map(is_frequent, originals)) >= LOWERED_SHARE * max(1, len(sequences))


@functools.cache
def _likeliest_capital(pair: str) -> str:
    """Return the first two characters of mojibake before it was lowercased: the second may be a capital as well."""
    lead, rest = pair[0].upper(), dict.fromkeys((pair[1], pair[1].upper()))
    options = {}
    for second in rest:
        data = misdecoded_bytes(lead + second, HTML_CODEC)
        options[lead + second] = data.decode("utf-8", "ignore")
    known = {mojibake: char for mojibake, char in options.items() if len(char) == 1}
    if not known:
        return lead + pair[1]
    return max(known, key=lambda one: float(np.exp(unigram_log_probabilities(codes_of(known[one]))).sum()))


REWRITINGS: tuple[Rewriting, ...] = (
    Rewriting("decomposed (NFD)", ("A\u0303©", "Ã©"), _compose),
    Rewriting("normalized (NFKC)", ("ÅTM", "Å™"), _restore_compatible),
    Rewriting("invisible characters inside", ("Ã\u200b©", "Ã©"), _drop_invisible),
    Rewriting("wrapped", ("Ã\n©", "\nÃ©"), _move_breaks),
    Rewriting("lowercased", ("ã©", "Ã©"), _restore_capitals),
)


def has_decomposed_mojibake(text: str) -> bool:
    r"""Return whether a text has first bytes of mojibake with their diacritics apart, as NFD leaves them.

    >>> has_decomposed_mojibake("caf\u0041\u0303\u00a9 cr\u0041\u0303\u00a8me"), has_decomposed_mojibake("cafe\u0301")
    (True, False)
    """
    return any(mark in text for mark in _LEAD_MARKS) and len(_DECOMPOSED_LEAD.findall(text)) >= FEWEST_REWRITTEN


def after_damage_changes(text: str) -> list[Change]:
    r"""Return the changes that undo the first rewriting that a text went through; none where there is none.

    >>> [(change.before, change.after) for change in after_damage_changes("cafÃ\u200b© crÃ\u200b¨me")]
    [('\u200b', ''), ('\u200b', '')]
    """
    if not _MAY_BE_REWRITTEN.search(text):
        return []
    for rewriting in REWRITINGS:
        places = [place for place in rewriting.undo(text) if text[place[0] : place[1]] != place[2]]
        if len(places) >= FEWEST_REWRITTEN or any(
            _NORMALIZED_APOSTROPHE[2:] == text[start:end] for start, end, _ in places
        ):
            reason = f"{REASON}: {rewriting.name}"
            return [Change("repair", (start, end), text[start:end], new, reason, 1.0) for start, end, new in places]
    return []
