"""Undo wrong decodings: mojibake back to the text it was, letters that lost bytes inferred or marked."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Iterator

from ftfy.badness import is_bad

from pipeline.changes import Change, Span, apply, composed
from pipeline.document import GAP, Document, Step
from pipeline.encoding.detection import ranked
from pipeline.invariants import CODE_STAYS
from pipeline.language.archive_statistics import NOTHING, Archive
from pipeline.markdown import code_around, code_spans
from pipeline.mojibake.chain_search import explained
from pipeline.mojibake.ftfy_repair import LIKELY, fixed, fixed_in_parts
from pipeline.mojibake.lossy.diagnosis import diagnosed, spaced
from pipeline.mojibake.lossy.double_mojibake import unwound
from pipeline.mojibake.lossy.pieces import Piece
from pipeline.mojibake.lossy.recovery import MIN_CONFIDENCE, recovered
from pipeline.mojibake.prefilter import foreign, suspicious
from pipeline.mojibake.utf8_validity import proven, signs

BYTES_LOST = " and bytes of this letter were lost"
MOST_PASSES = 3  # triple mojibake is the worst that is known
MUCH = 60  # characters outside ASCII: so many tell by themselves what they went through, ftfy knows best what fewer did
MOSTLY, PARTLY = 0.5, 0.2  # shares of prose that prove a file misread; where bytes were lost, fences may be as well
BACKTICKS = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
C1 = re.compile("[\x80-\x84\x86-\x9f]")  # but for U+0085, a line's end
UTF_8 = re.compile(b"[\xc2-\xf4][\x80-\xbf]")
_PIECES = re.compile(r"([\x00-\x7f]+)")


def repair(document: Document, *, min_confidence: float = MIN_CONFIDENCE, archive: Archive = NOTHING) -> Document:
    """Undo wrong decodings line by line; letters that lost bytes are inferred, or marked U+FFFD; code stays."""
    text = document.text
    changes = _repairs(text, min_confidence, archive)
    for _ in range(MOST_PASSES if changes else 0):  # double mojibake may show only now
        if any(change.alternatives for change in changes):
            break
        more = _repairs(apply(text, changes), min_confidence, archive)
        if not more or any(change.alternatives for change in more):
            break
        changes = composed(text, changes, more)
    document = document.edited(changes)
    lost = sum(bool(change.alternatives) for change in document.changes)
    if not lost:
        return document
    marked = sum(GAP in change.after for change in document.changes if change.alternatives)
    told = f"; {marked} of them could not be told and are marked U+FFFD" if marked else ""
    return document.noted("repair", f"{lost} letters had lost bytes and were inferred from what is left{told}")


def _repairs(text: str, min_confidence: float, archive: Archive) -> list[Change]:
    """Return what one look at a text finds to undo, in order."""
    if text.isascii():
        return []
    near = suspicious(text)
    if not near:
        return []
    every = foreign(text)
    undo = functools.partial(_undone, text, min_confidence=min_confidence, archive=archive)
    if len(near) < len(every):
        for code in (functools.partial(_inline_code, text, near), functools.partial(code_around, text, near)):
            if not undo(list(_cut(near, code())), much=_many(text, near)):
                return []
    much = _many(text, every)
    changes = undo(every if much and _misread_whole(text, every) else list(_cut(every, code_spans(text))), much=much)
    made = (change for change in changes if change.before != change.after)
    return sorted(made, key=lambda change: change.span)


def _many(text: str, lines: list[Span]) -> bool:
    return sum(char > "\x7f" for start, end in lines for char in text[start:end]) >= MUCH


def _undone(text: str, lines: list[Span], *, much: bool, min_confidence: float, archive: Archive) -> list[Change]:
    """Return what undoes the wrong decodings in `lines`; `much` of them tells by itself what befell it.

    So do fewer whose every byte does, where ftfy does not mend each line.
    """
    changes: list[Change] = []
    gapped = functools.partial(_gapped, min_confidence=min_confidence, archive=archive)
    by_spaces = functools.partial(_by_spaces, min_confidence=min_confidence, archive=archive)
    surely = functools.partial(gapped, surely=True)
    exact: tuple[Undo, ...]
    known = proven("\n".join(text[start:end] for start, end in lines))
    if known and (much or len(list(_by_ftfy(text, lines))) < len(lines)):
        exact = (_by_chain, surely, _by_bytes, _by_ftfy)
    elif much:
        exact = (surely, _by_chain, _by_bytes, _by_ftfy)
    else:
        exact = (surely, _by_bytes, by_spaces, _by_ftfy, _by_chain)
    for undo in (_by_signs, *exact, gapped):
        found = list(undo(text, lines))
        done = {start for start, _ in found}
        changes += (change for _, row in found for change in row)
        lines = [line for line in lines if line[0] not in done]
    if not any(change.alternatives for change in changes):
        changes += _inconsistent(text, lines)
    return changes


Found = Iterator[tuple[int, list[Change]]]
Undo = Callable[[str, list[Span]], Found]


def _by_signs(text: str, lines: list[Span]) -> Found:
    """Yield what undoes quotes and dashes misread where nothing else is outside ASCII."""
    written = [text[start:end] for start, end in lines]
    if chain := signs("\n".join(written)):
        for (start, _), line in zip(lines, written, strict=True):
            yield start, list(_changes(start, line, chain.undone(line) or line, (str(chain), LIKELY)))


def _by_bytes(text: str, lines: list[Span]) -> Found:
    """Yield what undoes bytes that were never decoded: C1 controls, which no text has, show them as latin-1 does."""
    for start, end in lines:
        line = text[start:end]
        try:
            data = line.encode("latin-1") if C1.search(line) else b""
        except UnicodeEncodeError:
            continue
        if data and not UTF_8.search(data) and (encoding := ranked(data, None)):
            read = data.decode(encoding.codec)
            if encoding.confidence >= LIKELY and not is_bad(read):
                why = (f"{encoding.codec} was read as latin-1", encoding.confidence)
                yield start, list(_changes(start, line, read, why))


def _by_spaces(text: str, lines: list[Span], *, min_confidence: float, archive: Archive) -> Found:
    """Yield what undoes UTF-8 misread line by line whose U+00A0 became spaces: so a letter may end in one, or not."""
    for start, end in lines:
        line = text[start:end]
        damage = spaced(line)
        found = recovered([line], damage, archive) if damage else None
        for pieces in found or ():
            yield start, [_inferred(start, line, piece, str(damage), min_confidence) for piece in pieces]


def _by_ftfy(text: str, lines: list[Span]) -> Found:
    """Yield what undoes UTF-8 misread line by line without loss: where a line starts, and its changes."""
    for start, end in lines:
        line = text[start:end]
        if is_bad(line) and (found := fixed(line)):
            yield start, list(_changes(start, line, *found))


def _by_chain(text: str, lines: list[Span]) -> Found:
    """Yield what undoes the chain of wrong readings that the lines went through without loss."""
    written = [text[start:end] for start, end in lines]
    found = explained(written)
    if found:
        chain, befallen = found
        for number, undone, confidence in befallen:
            yield lines[number][0], list(_changes(lines[number][0], written[number], undone, (str(chain), confidence)))


def _inconsistent(text: str, lines: list[Span]) -> Iterator[Change]:
    """Yield what undoes misread UTF-8 between letters that are none, where nothing that looks like mojibake is left."""
    for start, end in lines:
        if found := fixed_in_parts(text[start:end]):
            yield from _changes(start, text[start:end], *found)


def _misread_whole(text: str, lines: list[Span]) -> bool:
    """Tell whether all of a text was misread, the code in it as well: hardly a line outside ASCII speaks against it."""
    written = [text[start:end] for start, end in lines]
    found = explained(written)
    if found:
        chain, befallen = found
        undone = [chain.undone(line) for line in written]
        if None not in undone and len(befallen) * 10 >= sum(map(operator.ne, undone, written)) * 9:
            share = _prose_share("\n".join(line or "" for line in undone))
            return share >= (PARTLY if proven("\n".join(written)) else MOSTLY)
    damage = _diagnosed(tuple(written))
    return damage is not None and len(damage[1]) * 10 >= len(lines) * 9 and _prose_share(text) >= PARTLY


_diagnosed = functools.lru_cache(maxsize=1)(diagnosed)  # of a text misread as a whole it is asked twice


def _prose_share(text: str) -> float:
    """Return the share of what is outside ASCII in a text that is outside code: the rest may be an example."""
    inside = sum(not char.isascii() for start, end in code_spans(text) for char in text[start:end])
    return 1 - inside / sum(not char.isascii() for char in text)


def _cut(lines: list[Span], code: list[Span]) -> Iterator[Span]:
    """Yield what of the lines is outside the code in them; both are in order."""
    at = 0
    for first, end in lines:
        start = first
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


def _inline_code(text: str, lines: list[Span]) -> list[Span]:
    """Return the code between backticks in `lines`: what can be told of code without parsing the whole text."""
    return [match.span() for start, end in lines for match in BACKTICKS.finditer(text, start, end)]


def _gapped(text: str, lines: list[Span], *, min_confidence: float, archive: Archive, surely: bool = False) -> Found:
    """Yield what undoes UTF-8 read as a single-byte codec that dropped bytes, each letter that lost some by itself.

    Before the guesses of ftfy, which reads across gaps, it is tried where much speaks for it: `surely`.
    """
    written = [text[start:end] for start, end in lines]
    found = _diagnosed(tuple(written))
    if not found or (surely and not found[2]):
        return
    damage, hit, enough = found
    least = min_confidence if enough else math.inf
    befell, told = unwound([written[number] for number in hit], damage, archive, enough=enough)
    for at, pieces in told:
        start = lines[hit[at]][0]
        yield start, [_inferred(start, written[hit[at]], piece, befell, least) for piece in pieces]


def _inferred(start: int, line: str, piece: Piece, befell: str, min_confidence: float) -> Change:
    """Return the change that a piece is: a gap less sure than `min_confidence` is marked with what it may be."""
    told, others, before = piece.text, piece.others, line[piece.start : piece.end]
    if others and piece.confidence < min_confidence:
        options = ((piece.text, piece.confidence), *others)
        told, others = (before, ()) if before in dict(options) else (GAP + " " * piece.text.endswith(" "), options)
    reason = f"{befell}{BYTES_LOST if others else ''}{f'; from twin {piece.twin}' if piece.twin else ''}"
    span = (start + piece.start, start + piece.end)
    return Change("repair", span, before, told, reason, piece.confidence, others)


def _changes(start: int, line: str, mended: str, why: tuple[str, float]) -> Iterator[Change]:
    """Yield the changes from `line` to `mended`, a run of letters each where ASCII between them stayed the same."""
    before, after = _PIECES.split(line), _PIECES.split(mended)
    if before[1::2] != after[1::2]:
        before, after = [line], [mended]
    at = start
    for old, new in zip(before, after, strict=True):
        if old != new:
            yield Change("repair", (at, at + len(old)), old, new, *why)
        at += len(old)


STEP = Step("repair", repair, (CODE_STAYS,), version=11)
