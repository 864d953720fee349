"""Bytes of a file -> Document: detect the encoding and decode the text."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

import webencodings

from pipeline.document import REPLACEMENT, Document, Encoding, Metadata, Note, SkipDocument, Source
from pipeline.encoding.codecs import escape_sequences
from pipeline.encoding.detection import NON_TEXT, UTF_8, is_ascii_compatible, is_decodable, likeliest_encoding
from pipeline.encoding.marked import marked_text
from pipeline.encoding.seven_bit import ESCAPE, decoded_seven_bit, seven_bit_codec
from pipeline.encoding.wide import control_count, wide_codec, wide_text

STEP = "decode"
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its little-endian mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE_MARKS = tuple(mark for mark, codec in BYTE_ORDER_MARKS if codec != UTF_8)
ENCODING_DECLARATION = re.compile(
    rb"""<\?xml[^>]{0,200}\sencoding\s*=\s*["']?([\w.:-]+)"""
    rb"""|<meta[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w.:-]+)"""
    rb"""|\A---[^\n]*\n(?:[^\n]*\n){0,40}?(?:charset|encoding)[ \t]*:[ \t]*["']?([\w.:-]+)""",
    re.IGNORECASE,
)
DECLARATION_BYTES = 2048  # bytes; HTML requires the first 1024, but front matter and comments may precede
FEWEST_DISTINCT_SEQUENCES = 20  # different UTF-8 sequences; fewer may be valid by chance
EBCDIC_SPACE = b"\x40"
FEWEST_PADDING = 4  # NULs at the end; the last character of UTF-32 has up to three
END_MARK = b"\x1a"  # the mark of DOS and CP/M at the end of a text
MOST_DAMAGED = 5  # of so many characters one at most is damaged
FEW_CONTROLS, MOST_CONTROLS = 3, 50  # a text has so few control characters, or one in so many bytes
MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)  # Unicode 16, table 3-7: well-formed UTF-8 of two bytes and more


def decode(source: Source) -> Document:
    """Return the document with the decoded text of `source`. A UTF-8 byte order mark stays, as U+FEFF.

    Raises SkipDocument if no encoding fits or the bytes are not text.
    """
    data, end = _without_end_mark(source.data)
    plain, names = decoded_seven_bit(data)
    encoding, text = _detected(plain)
    if codec := seven_bit_codec(data, names):
        encoding = Encoding(codec, 0.99, "validity")
    meta = Metadata(sha256=hashlib.sha256(source.data).hexdigest(), encoding=encoding)
    document = Document(source.path, text or "", meta)
    if text is None:
        decoded = _decoded_whole if encoding.evidence in {"bom", "validity"} else _decoded_by_line
        document = decoded(document, plain)
    if names:
        document = document.noted(STEP, f"decoded: {', '.join(names)}")
    if not end:
        return document
    note = f"ends with the end mark of DOS or with NULs; bytes: {len(end)}"
    return replace(document, text=document.text + end.decode("ascii")).noted(STEP, note)


def _decoded_whole(document: Document, data: bytes) -> Document:
    """Return the document with the text of `data`, all of which is in one codec; wide codecs may be damaged."""
    codec = document.meta.encoding.codec
    if is_decodable(data, codec):
        return replace(document, text=data.decode(codec))
    marked = next((mark for mark, named in BYTE_ORDER_MARKS if named == codec and data.startswith(mark)), b"")
    order = {codecs.BOM_UTF16_BE: "-be", codecs.BOM_UTF32_BE: "-be", b"": ""}.get(marked, "-le")
    text = wide_text(data.removeprefix(marked), codec + order)
    return replace(document, text=text).noted(STEP, f"damaged {codec.upper()}: characters left as U+FFFD: {_marks(text)}")


def _decoded_by_line(document: Document, data: bytes) -> Document:
    """Return the document with the text of `data`; lines may be in several codecs, and have bytes of no character."""
    from pipeline.encoding.by_line import decoded_by_line  # noqa: PLC0415 - loads the model; valid UTF-8 needs none

    encoding = document.meta.encoding
    if not is_ascii_compatible(encoding.codec):
        return replace(document, text=marked_text(data, encoding.codec))
    lines = decoded_by_line(data, encoding.codec)
    codec = max(lines.codecs, key=lambda codec: (lines.codecs[codec], codec == encoding.codec))
    if codec != encoding.codec:
        evidence = "damaged" if codec == UTF_8 else "statistics"
        encoding = Encoding(codec, encoding.confidence, evidence, encoding.alternatives)
    text = lines.data.decode("utf-8", "replace")
    document = replace(document, text=text, meta=replace(document.meta, encoding=encoding))
    if len(lines.codecs) > 1:
        counts = ", ".join(f"{name} {count}" for name, count in lines.codecs.most_common())
        document = document.noted(STEP, f"several encodings; lines with characters outside ASCII: {counts}")
    if not is_decodable(lines.data, UTF_8):
        return _with_repaired_utf8(document, lines.data)
    left = _marks(text) - data.count(REPLACEMENT.encode())
    message = f"{codec}: bytes that belong to no character, left as U+FFFD: {left}"
    return document.noted(STEP, message) if left > 0 else document


def _with_repaired_utf8(document: Document, data: bytes) -> Document:
    """Return the document, whose text is that of ill-formed UTF-8, with the characters that could be reconstructed."""
    from pipeline.mojibake.lossy.ill_formed_utf8 import ill_formed_changes  # noqa: PLC0415 - loads the model; valid text needs none

    document = document.edited(ill_formed_changes(data))
    left = _marks(document.text) - data.count(REPLACEMENT.encode())
    uncertain = f"; uncertain characters left as U+FFFD: {left}" if left else ""
    return document.noted(STEP, f"ill-formed UTF-8: sequences repaired: {len(document.changes)}{uncertain}")


def _marks(text: str) -> int:
    return text.count(REPLACEMENT)


def _without_end_mark(data: bytes) -> tuple[bytes, bytes]:
    r"""Return `data` up to the end mark of DOS or the NULs after the text, and what follows.

    >>> _without_end_mark(b"text\n\x1a")
    (b'text\n', b'\x1a')
    """
    kept = data.rstrip(END_MARK + b"\0")
    end = data[len(kept) :]
    is_padding = END_MARK in end or len(end) >= FEWEST_PADDING
    if not is_padding or not kept or b"\0" in kept or data.startswith(WIDE_MARKS):
        return data, b""
    return kept, end


def detect(data: bytes) -> Encoding:
    """Return the encoding of `data` by the first rule that fits; the most reliable rules come first.

    >>> detect("café".encode()).codec
    'utf-8'

    Raises SkipDocument if no encoding fits or the bytes are not text.
    """
    data, _ = _without_end_mark(data)
    plain, names = decoded_seven_bit(data)
    codec = seven_bit_codec(data, names)
    return Encoding(codec, 0.99, "validity") if codec else _detected(plain)[0]


def _detected(data: bytes) -> tuple[Encoding, str | None]:
    """Return the encoding of `data`, and its text if detection already decoded it."""
    for rule in BEFORE_UTF_8:
        if encoding := rule(data):
            return encoding, None
    try:
        return Encoding(UTF_8, 1.0, "utf-8"), data.decode()  # no other encoding is valid UTF-8 by chance
    except UnicodeDecodeError:
        pass
    import ftfy.bad_codecs  # noqa: F401, PLC0415 - registers utf-8-variants (CESU-8); UTF-8 does not wait for it

    for rule in AFTER_UTF_8:
        if encoding := rule(data):
            return encoding, None
    message = "no encoding fits these bytes; if you know it, convert the file to UTF-8"
    raise SkipDocument(message)


def _byte_order_mark(data: bytes) -> Encoding | None:
    codec = next((codec for mark, codec in BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if codec is None or (codec == "utf-8" and not is_decodable(data, codec)):
        return None
    text = data.decode(codec, "replace")
    damage = _marks(text) + len(NON_TEXT.findall(text))
    if damage * MOST_DAMAGED > len(text) and damage > 1 and not wide_codec(data):
        message = (
            f"starts with the byte order mark of {codec.upper()} but is not {codec.upper()}; download the original "
            "again or convert it to UTF-8"
        )
        raise SkipDocument(message)
    return Encoding(codec, 0.99 if damage else 1.0, "bom")


def _utf16_or_utf32(data: bytes) -> Encoding | None:
    """Detect UTF-16 and UTF-32 without a byte order mark: Latin text in them is valid UTF-8 with NULs."""
    head = data[:4096]
    if not head or (control_count(head) * 100 <= len(head) and is_decodable(data, UTF_8)):
        return None
    codec = wide_codec(data)
    return Encoding(codec, 0.9, "validity") if codec else None


def _iso_2022(data: bytes) -> Encoding | None:
    for escape, codec in escape_sequences().items() if ESCAPE in data else ():
        if ESCAPE in escape and escape in data and is_decodable(data, codec):
            return Encoding(codec, 0.99, "validity")
    return None


def _utf8_variant(data: bytes) -> Encoding | None:
    return (
        Encoding("utf-8-variants", 0.99, "validity")
        if b"\xed" in data and is_decodable(data, "utf-8-variants")
        else None
    )


def _refuse_binary(data: bytes) -> None:
    """Raise SkipDocument for binary data: text has hardly any C0 controls, compressed data has 11 % of them."""
    head = data[:65536]
    if head.count(EBCDIC_SPACE) * 20 > len(head):
        return
    if (control_count(head) - FEW_CONTROLS) * MOST_CONTROLS > len(head):
        raise SkipDocument(_binary_problem(data))


def _damaged_utf8(data: bytes) -> Encoding | None:
    """Detect UTF-8 with a few bytes missing or foreign: valid sequences outnumber the other high bytes."""
    sequences = [match[0] for match in MULTIBYTE.finditer(data)]
    valid = sum(map(len, sequences))
    stray = len(data) - len(data.translate(None, bytes(range(128, 256)))) - valid
    if valid < 2 * stray:
        return None
    if len(set(sequences)) < FEWEST_DISTINCT_SEQUENCES:
        return None
    return Encoding(UTF_8, valid / (valid + stray), "damaged")


def _most_likely(data: bytes) -> Encoding | None:
    encoding = likeliest_encoding(data, _declared_codec(data))
    return replace(encoding, evidence="damaged") if encoding and encoding.codec == UTF_8 else encoding


def _declared_codec(data: bytes) -> str | None:
    match = ENCODING_DECLARATION.search(data[:DECLARATION_BYTES])
    label = next(filter(None, match.groups()), b"").decode("ascii") if match else ""
    return _codec_of_label(label)


DetectionRules = tuple[Callable[[bytes], Encoding | None], ...]
BEFORE_UTF_8: DetectionRules = (
    _byte_order_mark,
    _utf16_or_utf32,  # Latin text in UTF-16 is valid UTF-8 with NULs
    _iso_2022,  # its bytes are all ASCII
)
AFTER_UTF_8: DetectionRules = (
    _utf8_variant,
    _refuse_binary,
    _damaged_utf8,
    _most_likely,
)


def _codec_of_label(label: str) -> str | None:
    """Return the codec that browsers (WHATWG), or else Python, use for a label; None if it is no text codec."""
    known = webencodings.lookup(label)
    try:
        codec = known.codec_info if known else codecs.lookup(label)
    except LookupError:
        return None
    return codec.name if codec._is_text_encoding else None  # noqa: SLF001 - only this excludes rot13 and the like


def _binary_problem(data: bytes) -> str:
    import puremagic  # noqa: PLC0415 - only binary files need it

    try:
        kind = puremagic.magic_string(data[:4096])[0].name or "binary data"
    except (puremagic.PureError, ValueError, IndexError):
        kind = "binary data"
    return f"is not text ({kind}); move it out of raw/, or add it to `ignore` in the settings"
