"""Undo wrong decodings: mojibake back to the text it was, with a mark where bytes were lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import ftfy

from pipeline.document import Change, Document, Step
from pipeline.markdown import Span, code_spans
from pipeline.promises import SAME_CODE
from pipeline.read.decode import MULTIBYTE

ONLY_WRONG_DECODINGS = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    decode_inconsistent_utf8=False,  # where bytes were lost it reads across the gap: letters that never were
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)
PARTS_TOO = ONLY_WRONG_DECODINGS._replace(decode_inconsistent_utf8=True)
GAP = "\ufffd"
LOSSY_CODECS = ("cp1252", "cp1254", "latin-1", "cp1251", "cp1250", "cp1253", "mac_roman", "cp437")
SURE = 0.99  # ftfy undoes a decoding only where the reverse is exact and the result looks no worse
LIKELY = 0.95  # letters whose bytes all survived, beside letters whose bytes did not
UTF8 = re.compile(
    MULTIBYTE.pattern + rb"|(?P<cut>[\xe0-\xef][\x80-\xbf](?![\x80-\xbf])|[\xf0-\xf4][\x80-\xbf]{1,2}(?![\x80-\xbf]))"
)  # a whole sequence, or one that lost some of its continuation bytes
ALL_LOST = re.compile(UTF8.pattern.removesuffix(b")") + rb"|[\xe0-\xf4])")  # or all of them
_PIECES = re.compile(r"([\x00-\x7f]+)")


def repair(document: Document) -> Document:
    """Undo wrong decodings line by line; letters whose bytes are gone become U+FFFD; code stays as it is."""
    text = document.text
    if text.isascii() or not ftfy.badness.is_bad(text):
        return document
    whole: list[Change] = []
    rest: list[Span] = []
    for start, end in _prose_lines(text):
        fixed, plan = ftfy.fix_encoding_and_explain(text[start:end], ONLY_WRONG_DECODINGS)
        if fixed == text[start:end] or ftfy.badness.is_bad(fixed):
            rest.append((start, end))
        else:
            whole += _changes(start, text[start:end], fixed, (_in_words(plan or []), SURE))
    gapped = list(_gapped(text, rest))
    parts = [] if gapped else list(_inconsistent(text, rest))
    document = document.edited(sorted(whole + gapped + parts, key=lambda change: change.span))
    marked = sum(change.after.count(GAP) - change.before.count(GAP) for change in gapped)
    if not marked:
        return document
    return document.noted("repair", f"{marked} letters lost bytes and could not be recovered; each is marked U+FFFD")


def _inconsistent(text: str, lines: list[Span]) -> Iterator[Change]:
    """Yield what undoes misread UTF-8 between letters that are none, where nothing that looks like mojibake is left."""
    for start, end in lines:
        fixed = ftfy.fix_encoding(text[start:end], PARTS_TOO)
        if fixed != text[start:end] and not ftfy.badness.is_bad(fixed):
            yield from _changes(start, text[start:end], fixed, ("parts of the line are utf-8 that was misread", LIKELY))


def _prose_lines(text: str) -> Iterator[Span]:
    """Yield the spans outside ASCII and code, a line at a time, cut at the code in it."""
    code = code_spans(text)
    at = 0
    for line in re.finditer(r"[^\n]+", text):
        if line[0].isascii():
            continue
        start, end = line.span()
        while at < len(code) and code[at][1] <= start:
            at += 1
        for code_start, code_end in code[at:]:
            if code_start >= end:
                break
            if start < code_start:
                yield start, code_start
            start = max(start, code_end)
        if start < end:
            yield start, end


def _gapped(text: str, lines: list[Span]) -> Iterator[Change]:
    """Yield what undoes UTF-8 read as a single-byte codec that dropped bytes: the codec that explains most letters.

    It is asked of the whole text: three whole letters to a gap, twenty to one that is no misread UTF-8.
    """
    reads = {c: [_misread(text[start:end], c) for start, end in lines] for c in LOSSY_CODECS}
    codec, read = max(reads.items(), key=lambda item: sum(one.whole - one.gaps - one.kept for one in item[1]))
    whole, gaps, kept = (sum(counts) for counts in zip(*(one[1:] for one in read), strict=True)) if read else (0, 0, 0)
    if whole <= max(3 * gaps, 20 * kept):
        return
    read = [_misread(text[start:end], codec, ALL_LOST) for start, end in lines]
    for (start, end), one in zip(lines, read, strict=True):
        if one.text != text[start:end]:
            reason = f"utf-8 was read as {codec}" + (" and bytes were lost" if one.gaps else "")
            yield from _changes(start, text[start:end], one.text, (reason, LIKELY))


def _in_words(plan: list[ftfy.ExplanationStep]) -> str:
    """Say ftfy's plan as a reader would: which bytes were read as what."""
    chain = [step.parameter for step in plan if step.action in {"encode", "decode"}]
    readings = [f"{truth} was read as {wrong}" for wrong, truth in zip(chain[::2], chain[1::2], strict=False)]
    return ", then ".join(readings[::-1]) or "a wrong decoding"


class _Misreading(NamedTuple):
    """A line with misread UTF-8 undone: how many letters came back whole, how many are gaps, how many were let be."""

    text: str
    whole: int
    gaps: int
    kept: int


def _misread(line: str, codec: str, sequences: re.Pattern[bytes] = UTF8) -> _Misreading:
    """Return `line` with the UTF-8 undone that `codec`, which has a byte for each character, misread.

    UTF-8 is self-synchronizing: a sequence that lost a continuation byte cannot be taken for another character, so
    what comes back whole is right. A byte that is in none of `sequences` is a character that was never misread.
    """
    data = bytearray()
    for char in line:
        try:
            data += char.encode(codec)
        except UnicodeEncodeError:
            data.append(ord(char) if "\x80" <= char <= "\x9f" else 0)  # 0 is in no sequence: the character stays
    parts, at, gaps = [], 0, 0
    for match in sequences.finditer(data):
        gaps += match.lastgroup == "cut"
        parts += [line[at : match.start()], GAP if match.lastgroup == "cut" else match[0].decode()]
        at = match.end()
    parts.append(line[at:])
    kept = sum(char > "\x7f" for part in parts[::2] for char in part)
    return _Misreading("".join(parts), len(parts) // 2 - gaps, gaps, kept)


def _changes(start: int, line: str, fixed: str, why: tuple[str, float]) -> Iterator[Change]:
    """Yield the changes from `line` to `fixed`, a run of letters each where ASCII between them stayed the same."""
    before, after = _PIECES.split(line), _PIECES.split(fixed)
    if before[1::2] != after[1::2]:
        before, after = [line], [fixed]
    at = start
    for old, new in zip(before, after, strict=True):
        if old != new:
            yield Change("repair", (at, at + len(old)), old, new, *why)
        at += len(old)


STEP = Step("repair", repair, (SAME_CODE,))
