"""Undo wrong decodings: mojibake back to the text it was, with a mark where bytes were lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import ftfy

from pipeline.document import Change, Document, Step
from pipeline.markdown import Span, code_spans
from pipeline.promises import SAME_CODE

ONLY_WRONG_DECODINGS = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    decode_inconsistent_utf8=False,  # where bytes are lost it reads across the gap, and gives letters that never were
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)
GAP = "\ufffd"
LOSSY_CODECS = ("cp1252", "cp1254", "latin-1", "cp1251", "cp1250", "cp1253", "mac_roman", "cp437")
SURE = 0.99  # ftfy undoes a decoding only where the reverse is exact and the result looks no worse
LIKELY = 0.95  # letters whose bytes all survived, beside letters whose bytes did not
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
        if fixed == text[start:end]:
            rest.append((start, end))
        else:
            whole += _changes(start, text[start:end], fixed, (_in_words(plan or []), SURE))
    gapped = list(_gapped(text, rest))
    document = document.edited(sorted(whole + gapped, key=lambda change: change.span))
    marked = sum(change.after.count(GAP) - change.before.count(GAP) for change in gapped)
    if not marked:
        return document
    return document.noted("repair", f"{marked} letters lost bytes and could not be recovered; each is marked U+FFFD")


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

    UTF-8 is self-synchronizing: a sequence that lost a continuation byte cannot be taken for another character, so
    what is not marked is right. Over the document, three whole characters to a gap are asked for: other text gives
    mostly gaps.
    """
    reads = {c: "".join(_misread(text[start:end], c) or "" for start, end in lines) for c in LOSSY_CODECS}
    codec, read = max(reads.items(), key=lambda item: _whole(item[1]) - item[1].count(GAP))
    if _whole(read) <= 3 * read.count(GAP):
        return
    for start, end in lines:
        line = text[start:end]
        read_line = _misread(line, codec)
        if read_line and 3 * _whole(read_line) > read_line.count(GAP):
            yield from _changes(start, line, read_line, (f"utf-8 was read as {codec} and bytes were lost", LIKELY))


def _whole(text: str) -> int:
    return sum(char > "\x7f" for char in text) - text.count(GAP)


def _in_words(plan: list[ftfy.ExplanationStep]) -> str:
    """Say ftfy's plan as a reader would: which bytes were read as what."""
    chain = [step.parameter for step in plan if step.action in {"encode", "decode"}]
    readings = [f"{truth} was read as {wrong}" for wrong, truth in zip(chain[::2], chain[1::2], strict=False)]
    return ", then ".join(readings[::-1]) or "a wrong decoding"


def _misread(line: str, codec: str) -> str | None:
    """Return the UTF-8 text that `codec` misread as `line`, U+FFFD where bytes are missing; None if it cannot have."""
    data = bytearray()
    for char in line:
        try:
            data += char.encode(codec)
        except UnicodeEncodeError:
            if not "\x80" <= char <= "\x9f":
                return None
            data.append(ord(char))
    return data.decode("utf-8", "replace")


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
