"""Bytes of a file -> its faults: mojibake, mixed encodings, control characters, characters that reorder a line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from pipeline.document import Document
from pipeline.encoding.detection import UTF_8
from pipeline.encoding.tried_codecs import is_decodable
from pipeline.filters import repair

FaultKind = Literal["mojibake", "encoding", "control", "bidi"]
MOST_SHOWN = 40  # characters of the text that a message shows
BOM = "\ufeff"
LATE_CONTROLS = "".join(map(chr, range(0x80, 0xA0)))
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f"  # all but tabs, line ends, FORM FEED and NEXT LINE
    f"{BOM}\ufdd0-\ufdef\ufffe\uffff]"
)
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # the characters of CVE-2021-42574 (trojan source)
_OVERRIDES = "\u202d\u202e"  # LEFT-TO-RIGHT OVERRIDE and RIGHT-TO-LEFT OVERRIDE
_EMBEDDINGS, _POP_EMBEDDING = "\u202a\u202b\u202d\u202e", "\u202c"
_ISOLATES, _POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"


class Fault(NamedTuple):
    """A fault of a text: line and column (both from 1, in characters), its kind, and what it is."""

    line: int
    column: int
    kind: FaultKind
    what: str


def faults_of(data: bytes) -> list[Fault]:
    r"""Return the faults of a file in order. Raises SkipDocument if it is not text.

    >>> faults_of("a\ncaf\u00c3\u00a9".encode())[0]
    Fault(line=2, column=4, kind='mojibake', what='`Ã©` is `é`: UTF-8 decoded as latin-1')
    """
    return _faults(data, repair(data))


def fixed(data: bytes) -> bytes:
    r"""Return a file as UTF-8 without mojibake and mixed encodings; `data` where characters would be a guess.

    >>> fixed("caf\u00c3\u00a9".encode()).decode()
    'café'

    A sound file in another encoding than UTF-8 stays. Raises SkipDocument if it is not text.
    """
    document = repair(data)
    fixable = {fault.kind for fault in _faults(data, document)} & {"mojibake", "encoding"}
    return document.text.encode() if fixable and not document.inferred else data


def _faults(data: bytes, document: Document) -> list[Fault]:
    text = document.text_after(("decode",))
    damaged = {_line_and_column(text, change.span[0])[0] for change in document.changes}
    found = [*_encoding_faults(data, document), *_mojibake_faults(text, document), *_bidi_faults(text)]
    return sorted([*found, *_control_faults(text, damaged)])


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    """Return line and column of an offset, from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _mojibake_faults(text: str, document: Document) -> Iterator[Fault]:
    """Yield one fault for each line with mojibake: its first place."""
    made = [(_line_and_column(text, one.span[0]), one) for one in document.changes if one.step == "repair"]
    for line, group in itertools.groupby(made, lambda pair: pair[0][0]):
        ((_, column), change), *rest = group
        what = f"`{_excerpt(change.before)}` is `{_excerpt(change.after)}`: {change.reason}"
        yield Fault(line, column, "mojibake", f"{what}; {len(rest)} more in this line" if rest else what)


def _encoding_faults(data: bytes, document: Document) -> Iterator[Fault]:
    """Yield the lines that are not in the encoding of most of the file."""
    codec = document.meta.encoding.codec
    if data.isascii() or is_decodable(data, UTF_8) or not any(note.step == "decode" for note in document.notes):
        return
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.isascii() or is_decodable(line, UTF_8) != (codec != UTF_8):
            continue
        first = next(at for at, byte in enumerate(line) if byte > 0x7F)  # noqa: PLR2004 - the last byte of ASCII
        what = (
            "not UTF-8, as the rest of the file is" if codec == UTF_8 else f"UTF-8, and the rest of the file is {codec}"
        )
        yield Fault(number, first + 1, "encoding", f"this line is {what}")


def _control_faults(text: str, damaged: Collection[int]) -> Iterator[Fault]:
    """Yield control characters, a byte order mark after the start, and noncharacters; no C1 controls of mojibake."""
    for match in _CONTROLS.finditer(text):
        fault = Fault(*_line_and_column(text, match.start()), "control", f"{_character_name(match[0])} in text")
        is_mark = match[0] == BOM and not match.start()
        if not (is_mark or (fault.line in damaged and match[0] in LATE_CONTROLS)):
            yield fault


def _bidi_faults(text: str) -> Iterator[Fault]:
    """Yield overrides, and embeddings and isolates that do not begin and end in one line.

    Sound text in Arabic or Hebrew has isolates in pairs. An override turns letters around whatever they are.
    """
    if not _REORDERING.search(text):
        return
    for number, line in enumerate(text.split("\n"), 1):
        opened: list[tuple[int, str]] = []
        for match in _REORDERING.finditer(line):
            char, at = match[0], match.start()
            if char in _OVERRIDES:
                yield Fault(number, at + 1, "bidi", f"{_character_name(char)} shows what follows in another order")
            if char in _EMBEDDINGS + _ISOLATES:
                opened.append((at, char))
            elif opened and opened[-1][1] in (_EMBEDDINGS if char == _POP_EMBEDDING else _ISOLATES):
                opened.pop()
            else:
                yield Fault(number, at + 1, "bidi", f"{_character_name(char)} ends nothing in this line")
        for at, char in opened:
            if char not in _OVERRIDES:
                yield Fault(number, at + 1, "bidi", f"{_character_name(char)} has no end in this line")


def _excerpt(text: str) -> str:
    """Return the start of a text in one line, with invisible characters escaped."""
    cut = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)


def _character_name(char: str) -> str:
    """Return code point and name of a character: `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    import unicodedata

    known = unicodedata.name(char, "")
    names = {BOM: "byte order mark", "\x7f": "DELETE"}
    return f"U+{ord(char):04X} {names.get(char) or known or 'control character'}"
