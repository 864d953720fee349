"""Bytes that are damaged, or in several encodings -> the document: its text, with notes and changes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.changes import Change, composed
from pipeline.document import REPLACEMENT, Document, Encoding
from pipeline.encoding.codecs import BROWSER_CODECS
from pipeline.encoding.detection import UTF_8, is_ascii_compatible
from pipeline.encoding.marked import marked_text
from pipeline.encoding.tried_codecs import is_decodable
from pipeline.encoding.wide import BYTE_ORDER_MARKS, wide_text

STEP = "decode"
LINE_CONFIDENCE = 0.99  # of the codec of a line; `benchmarks/decoding.py mixed`


def decoded_whole(document: Document, data: bytes) -> Document:
    """Return the document with the text of `data`, all of which is in one codec; wide codecs may be damaged."""
    codec = document.meta.encoding.codec
    if is_decodable(data, codec):
        return replace(document, text=data.decode(codec))
    marked = next((mark for mark, named in BYTE_ORDER_MARKS if named == codec and data.startswith(mark)), b"")
    order = {codecs.BOM_UTF16_BE: "-be", codecs.BOM_UTF32_BE: "-be", b"": ""}.get(marked, "-le")
    text = wide_text(data.removeprefix(marked), codec + order)
    return replace(document, text=text).noted(
        STEP, f"damaged {codec.upper()}: characters left as U+FFFD: {_marks(text)}"
    )


def decoded_lines(document: Document, data: bytes) -> Document:
    """Return the document with the text of `data`; lines may be in several codecs, and have bytes of no character."""
    from pipeline.encoding.by_line import decoded_by_line  # noqa: PLC0415 - loads the model; valid UTF-8 needs none

    encoding = document.meta.encoding
    if not is_ascii_compatible(encoding.codec):
        return replace(document, text=marked_text(data, encoding.codec))
    lines = decoded_by_line(data, _codec_of_browsers(data, encoding.codec))
    codec = max(lines.codecs, key=lambda codec: (lines.codecs[codec], codec == encoding.codec))
    if codec != encoding.codec:
        evidence = "damaged" if codec == UTF_8 else "statistics"
        encoding = Encoding(codec, encoding.confidence, evidence, encoding.alternatives)
    document = replace(document, meta=replace(document.meta, encoding=encoding))
    if len(lines.codecs) > 1:
        counts = ", ".join(f"{name} {count}" for name, count in lines.codecs.most_common())
        document = document.noted(STEP, f"several encodings; lines with characters outside ASCII: {counts}")
    if codec == UTF_8 or not is_decodable(lines.data, UTF_8):
        return _with_repaired_utf8(document, data if codec == UTF_8 else lines.data, lines.data)
    document = replace(document, text=lines.data.decode())
    document = document.edited(_in_whole_text(document.text, lines.restored))
    left = _marks(document.text) - data.count(REPLACEMENT.encode())
    restored = sum(REPLACEMENT not in change.after for change in document.changes)
    if restored:
        document = document.noted(STEP, f"{codec}: characters restored where a byte was lost or changed: {restored}")
    message = f"{codec}: characters that lost bytes, left as U+FFFD: {left}"
    return document.noted(STEP, message) if left > 0 else document


def _codec_of_browsers(data: bytes, codec: str) -> str:
    """Return the codec that browsers decode the data with, if the text is different."""
    wider = BROWSER_CODECS.get(codec, codec)
    return codec if marked_text(data, wider) == marked_text(data, codec) else wider


def _in_whole_text(text: str, restored: Mapping[int, Sequence[Change]]) -> Iterator[Change]:
    """Yield the changes of lines, by their numbers, as changes of the text."""
    at = 0
    for number, line in enumerate(text.split("\n") if restored else ()):
        for change in restored.get(number, ()):
            yield replace(change, span=(at + change.span[0], at + change.span[1]))
        at += len(line) + 1


def _with_repaired_utf8(document: Document, data: bytes, by_line: bytes) -> Document:
    """Return the document with the text of ill-formed UTF-8, with the characters that could be reconstructed.

    `by_line` are the same data, with lines of other encodings decoded; this is a change of each line.
    """
    from pipeline.mojibake.lossy.ill_formed_utf8 import ill_formed_changes  # noqa: PLC0415 - loads the model; valid text needs none

    text = data.decode("utf-8", "replace")
    foreign = list(_foreign_lines(data, by_line))
    inferred = ill_formed_changes(by_line)
    document = replace(document, text=text).edited(composed(text, foreign, inferred))
    left = _marks(document.text) - data.count(REPLACEMENT.encode())
    uncertain = f"; uncertain characters left as U+FFFD: {left}" if left else ""
    return document.noted(STEP, f"ill-formed UTF-8: sequences repaired: {len(document.changes)}{uncertain}")


def _foreign_lines(data: bytes, by_line: bytes) -> Iterator[Change]:
    """Yield the changes that decode the lines of other encodings, in the text that has U+FFFD for them."""
    at = 0
    for before, after in zip(data.split(b"\n"), by_line.split(b"\n"), strict=True):
        shown = before.decode("utf-8", "replace")
        if before != after:
            reason = "line in another encoding, not in UTF-8"
            yield Change(STEP, (at, at + len(shown)), shown, after.decode("utf-8", "replace"), reason, LINE_CONFIDENCE)
        at += len(shown) + 1


def _marks(text: str) -> int:
    return text.count(REPLACEMENT)
