"""Bytes of a file -> Document: detect the encoding and decode the text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from pipeline.document import REPLACEMENT, Document, Encoding, Metadata, SkipDocument, Source
from pipeline.encoding.codecs import escape_sequences, is_multi_byte
from pipeline.encoding.colour_codes import with_whole_characters
from pipeline.encoding.detection import EBCDIC_SPACE, UTF_8, likeliest_encoding
from pipeline.encoding.labels import codec_of_label
from pipeline.encoding.latin_utf8 import has_latin_words_of_utf8, is_latin_utf8_with_strays
from pipeline.encoding.seven_bit import ESCAPE, decoded_seven_bit, seven_bit_codec
from pipeline.encoding.tried_codecs import NON_TEXT, is_decodable
from pipeline.encoding.wide import BYTE_ORDER_MARKS, control_count, wide_codec
from pipeline.read.damaged import STEP, decoded_lines, decoded_whole

DECODE_VERSION = 8  # raise it when the text of some bytes changes
CONTROL_SAMPLE = 4096  # bytes in which control characters are counted: those of UTF-16 are half of Latin text
ENCODING_MARKS = tuple(mark for mark, _ in BYTE_ORDER_MARKS)
DETECTED_UTF_8 = Encoding(UTF_8, 1.0, "utf-8")
WIDE_MARKS = tuple(mark for mark, codec in BYTE_ORDER_MARKS if codec != UTF_8)
ENCODING_DECLARATION = re.compile(
    rb"""<\?xml[^>]{0,200}\sencoding\s*=\s*["']?([\w.:-]+)"""
    rb"""|<meta[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w.:-]+)"""
    rb"""|\A---[^\n]*\n(?:[^\n]*\n){0,40}?(?:charset|encoding)[ \t]*:[ \t]*["']?([\w.:-]+)""",
    re.IGNORECASE,
)
DECLARATION_BYTES = 2048  # bytes; HTML requires the first 1024, but front matter and comments may precede
FEWEST_DISTINCT_SEQUENCES = 20  # different UTF-8 sequences; fewer may be valid by chance
FEWEST_PADDING = 4  # NULs at the end; the last character of UTF-32 has up to three
END_MARK = b"\x1a"  # the mark of DOS and CP/M at the end of a text
MOST_DAMAGED = 5  # of so many characters one at most is damaged
FEW_CONTROLS, MOST_CONTROLS = 3, 50  # a text has so few control characters, or one in so many bytes
BINARY_SIGNATURES = (  # of short files, which have few control characters; no text starts with these
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF", b"%PDF-"),
    *(b"PK\x03\x04", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    *(b"\x7fELF", b"SQLite format 3\0"),
)
MOST_NUMBERS = 0.6  # share of control characters; UTF-16 of Latin text has 0.5
MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)  # Unicode 16, table 3-7: well-formed UTF-8 of two bytes and more


def decode(source: Source) -> Document:
    """Return the document with the decoded text of `source`. A UTF-8 byte order mark stays, as U+FEFF.

    Raises SkipDocument if no encoding fits or the bytes are not text.
    """
    data, end = _without_end_mark(source.data)
    data = with_whole_characters(data)
    plain, names = decoded_seven_bit(data)
    encoding, text = _detected(plain)
    if codec := seven_bit_codec(data, names):
        encoding = Encoding(codec, 0.99, "validity")
    meta = Metadata(sha256=hashlib.sha256(source.data).hexdigest(), encoding=encoding)
    document = Document(source.path, text or "", meta)
    if text is None:
        decoded = decoded_whole if encoding.evidence in {"bom", "validity"} else decoded_lines
        document = decoded(document, plain)
    if names:
        document = document.noted(STEP, f"decoded: {', '.join(names)}")
    if not end:
        return document
    note = f"ends with the end mark of DOS or with NULs; bytes: {len(end)}"
    return replace(document, text=document.text + end.decode("ascii")).noted(STEP, note)


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
    if (text := _plain_utf8(data)) is not None:
        return DETECTED_UTF_8, text
    for rule in BEFORE_UTF_8:
        if encoding := rule(data):
            return encoding, None
    if (text := _utf8_text(data)) is not None:
        return DETECTED_UTF_8, text  # no other encoding is valid UTF-8 by chance
    import ftfy.bad_codecs  # noqa: F401, PLC0415 - registers utf-8-variants (CESU-8); UTF-8 does not wait for it

    for rule in AFTER_UTF_8:
        if encoding := rule(data):
            return encoding, None
    message = "no encoding fits these bytes; if you know it, convert the file to UTF-8"
    raise SkipDocument(message)


def _plain_utf8(data: bytes) -> str | None:
    """Return the text of UTF-8 that no rule before UTF-8 applies to; None for all other data."""
    head = data[:CONTROL_SAMPLE]
    if ESCAPE in data or data.startswith(ENCODING_MARKS) or control_count(head) * 100 > len(head):
        return None
    return _utf8_text(data)


def _utf8_text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _byte_order_mark(data: bytes) -> Encoding | None:
    codec = next((codec for mark, codec in BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if codec is None or (codec == "utf-8" and not is_decodable(data, codec)):
        return None
    text = data.decode(codec, "replace")
    damage = text.count(REPLACEMENT) + len(NON_TEXT.findall(text))
    if damage * MOST_DAMAGED > len(text) and damage > 1 and not wide_codec(data):
        message = (
            f"starts with the byte order mark of {codec.upper()} but is not {codec.upper()}; download the original "
            "again or convert it to UTF-8"
        )
        raise SkipDocument(message)
    return Encoding(codec, 0.99 if damage else 1.0, "bom")


def _utf16_or_utf32(data: bytes) -> Encoding | None:
    """Detect UTF-16 and UTF-32 without a byte order mark: Latin text in them is valid UTF-8 with NULs."""
    head = data[:CONTROL_SAMPLE]
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
    ebcdic = head.count(EBCDIC_SPACE) * 20 > len(head)
    many = (control_count(head) - FEW_CONTROLS) * MOST_CONTROLS > len(head)
    if head.startswith(BINARY_SIGNATURES) or (many and not ebcdic):
        raise SkipDocument(_binary_problem(data))


def _refuse_numbers(data: bytes) -> None:
    """Raise SkipDocument for binary data that is valid UTF-8 by chance: small numbers are control characters."""
    head = data[:65536]
    if control_count(head) > FEW_CONTROLS + MOST_NUMBERS * len(head):
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
    if encoding and encoding.codec != UTF_8:
        has_latin_utf8 = has_latin_words_of_utf8 if is_multi_byte(encoding.codec) else is_latin_utf8_with_strays
        encoding = replace(encoding, codec=UTF_8, confidence=0.5) if has_latin_utf8(data) else encoding
    return replace(encoding, evidence="damaged") if encoding and encoding.codec == UTF_8 else encoding


def _declared_codec(data: bytes) -> str | None:
    match = ENCODING_DECLARATION.search(data[:DECLARATION_BYTES])
    label = next(filter(None, match.groups()), b"").decode("ascii") if match else ""
    return codec_of_label(label)


DetectionRules = tuple[Callable[[bytes], Encoding | None], ...]
BEFORE_UTF_8: DetectionRules = (
    _byte_order_mark,
    _utf16_or_utf32,  # Latin text in UTF-16 is valid UTF-8 with NULs
    _iso_2022,  # its bytes are all ASCII
    _refuse_numbers,
)
AFTER_UTF_8: DetectionRules = (
    _utf8_variant,
    _refuse_binary,
    _damaged_utf8,
    _most_likely,
)


_PACKED_STARTS = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ", b"Rar!", b"\x28\xb5\x2f\xfd")


def _binary_problem(data: bytes) -> str:
    import puremagic  # noqa: PLC0415 - only binary files need it

    if data.startswith(_PACKED_STARTS) and b"[Content_Types]" not in data[:100]:  # that is of an office document
        return "is a packed archive, not text; unpack it, and use the files in it"
    try:
        kind = puremagic.magic_string(data[:4096])[0].name or "binary data"
    except (puremagic.PureError, ValueError, IndexError):
        kind = "binary data"
    return f"is not text ({kind}); leave it out, or add it to `ignore` in the settings"
