"""Bytes of a file -> Document: detect the encoding and decode the text."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable

import webencodings

from pipeline.document import REPLACEMENT, CodecCandidate, Document, Encoding, Metadata, SkipDocument, Source
from pipeline.encoding.codecs import escape_sequences
from pipeline.encoding.detection import NON_TEXT, is_decodable, likeliest_encoding, prose_sample

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its little-endian mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ENCODING_DECLARATION = re.compile(
    rb"""<\?xml[^>]{0,200}\sencoding\s*=\s*["']?([\w.:-]+)"""
    rb"""|<meta[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w.:-]+)"""
    rb"""|\A---[^\n]*\n(?:[^\n]*\n){0,40}?(?:charset|encoding)[ \t]*:[ \t]*["']?([\w.:-]+)""",
    re.IGNORECASE,
)
DECLARATION_BYTES = 2048  # bytes; HTML requires the first 1024, but front matter and comments may precede
FEWEST_WIDE_CHARACTERS = 8  # characters that are enough to detect UTF-16 or UTF-32 without Latin text
FEWEST_WIDE_LATIN = 2  # Latin characters: a single NUL may be an accident
FEWEST_DISTINCT_SEQUENCES = 20  # different UTF-8 sequences; fewer may be valid by chance
MOST_NATS_OF_TEXT = 10.0  # nats per character: a higher cross-entropy means that it is not text
EBCDIC_SPACE = b"\x40"
_C0 = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)  # Unicode 16, table 3-7: well-formed UTF-8 of two bytes and more


def decode(source: Source) -> Document:
    """Return the document with the decoded text of `source`. A UTF-8 byte order mark stays, as U+FEFF.

    Raises SkipDocument if no encoding fits or the bytes are not text.
    """
    encoding, text = _detected(source.data)
    meta = Metadata(sha256=hashlib.sha256(source.data).hexdigest(), encoding=encoding)
    if encoding.evidence != "damaged":
        return Document(source.path, source.data.decode(encoding.codec) if text is None else text, meta)
    from pipeline.mojibake.lossy.ill_formed_utf8 import ill_formed_changes  # noqa: PLC0415 - loads the model; valid text needs none

    document = Document(source.path, source.data.decode("utf-8", "replace"), meta).edited(
        ill_formed_changes(source.data)
    )
    left = document.text.count(REPLACEMENT) - source.data.count(REPLACEMENT.encode())
    uncertain = f"; uncertain characters left as U+FFFD: {left}" if left else ""
    return document.noted("decode", f"ill-formed UTF-8: sequences repaired: {len(document.changes)}{uncertain}")


def detect(data: bytes) -> Encoding:
    """Return the encoding of `data` by the first rule that fits; the most reliable rules come first.

    >>> detect("café".encode()).codec
    'utf-8'

    Raises SkipDocument if no encoding fits or the bytes are not text.
    """
    return _detected(data)[0]


def _detected(data: bytes) -> tuple[Encoding, str | None]:
    """Return the encoding of `data`, and its text if detection already decoded it."""
    for rule in BEFORE_UTF_8:
        if encoding := rule(data):
            return encoding, None
    try:
        return Encoding("utf-8", 1.0, "utf-8"), data.decode()  # no other encoding is valid UTF-8 by chance
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
    try:
        data.decode(codec)
    except UnicodeDecodeError as error:
        message = (
            f"starts with the byte order mark of {codec.upper()} but is not {codec.upper()}: {error.reason} at byte "
            f"{error.start}; download the original again or convert it to UTF-8"
        )
        raise SkipDocument(message) from error
    return Encoding(codec, 1.0, "bom")


def _utf16_or_utf32(data: bytes) -> Encoding | None:
    """Detect UTF-16 and UTF-32 without a byte order mark.

    Latin text is recognized by NULs, which are at least half of its bytes; other text by its cross-entropy. Valid
    UTF-32 and valid surrogate pairs need no other evidence.
    """
    head = data[:4096]
    controls = len(head) - len(head.translate(None, _C0))
    if not head or controls * 100 <= len(head):
        return None
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = head.decode(codec, "replace")
        latin = sum("\0" < char < "\u0100" for char in text)
        proven = sum(codec.startswith("utf-32") or char > "\uffff" for char in text)
        sure = (latin >= FEWEST_WIDE_LATIN and latin * 2 > len(text)) or proven >= FEWEST_WIDE_LATIN
        if is_decodable(data, codec) and ((sure and not NON_TEXT.search(text)) or _reads_well(text)):
            return Encoding(codec, 0.9, "validity")
    return None


def _reads_well(text: str) -> bool:
    from pipeline.language.fluency import mean_cross_entropy  # noqa: PLC0415 - loads the model, which UTF-8 does not need

    return (
        len(text) >= FEWEST_WIDE_CHARACTERS
        and not NON_TEXT.search(text)
        and mean_cross_entropy([text], symbols=True) < MOST_NATS_OF_TEXT
    )


def _iso_2022(data: bytes) -> Encoding | None:
    for escape, codec in escape_sequences().items() if b"\x1b" in data else ():
        if escape in data and is_decodable(data, codec):
            return Encoding(codec, 0.99, "validity")
    return None


def _utf8_variant(data: bytes) -> Encoding | None:
    return (
        Encoding("utf-8-variants", 0.99, "validity")
        if b"\xed" in data and is_decodable(data, "utf-8-variants")
        else None
    )


def _refuse_binary(data: bytes) -> None:
    """Raise SkipDocument for binary data: legacy encodings use no C0 controls, compressed data has 11 % of them."""
    head = data[:65536]
    if head.count(EBCDIC_SPACE) * 20 > len(head):
        return
    if (len(head) - len(head.translate(None, _C0))) * 100 > len(head):
        raise SkipDocument(_binary_problem(data))


def _damaged_utf8(data: bytes) -> Encoding | None:
    """Detect UTF-8 with a few bytes missing or foreign: valid sequences outnumber the other high bytes."""
    sequences = [match[0] for match in MULTIBYTE.finditer(data)]
    valid = sum(map(len, sequences))
    stray = len(data) - len(data.translate(None, bytes(range(128, 256)))) - valid
    if valid < 2 * stray:
        return None
    if (
        len(set(sequences)) < FEWEST_DISTINCT_SEQUENCES
        and (other := _most_likely(data))
        and not _reads_better(data, other.codec)
    ):
        return other
    return Encoding("utf-8", valid / (valid + stray), "damaged")


def _reads_better(data: bytes, codec: str) -> bool:
    """Return whether `data` is more likely as UTF-8 with gaps than as `codec`."""
    from pipeline.language.fluency import line_log_likelihoods  # noqa: PLC0415 - loads the model, which UTF-8 does not need

    sample = prose_sample(data)
    return bool(
        line_log_likelihoods([sample.decode("utf-8", "replace")])
        > line_log_likelihoods([sample.decode(codec, "replace")])
    )


def _most_likely(data: bytes) -> Encoding | None:
    return likeliest_encoding(data, _declared_codec(data))


def _declared_codec(data: bytes) -> str | None:
    match = ENCODING_DECLARATION.search(data[:DECLARATION_BYTES])
    label = next(filter(None, match.groups()), b"").decode("ascii") if match else ""
    return _codec_of_label(label)


def _statistics(data: bytes) -> Encoding | None:
    """Detect the encoding with charset-normalizer, which knows codecs that our table does not have."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - takes 30 ms, which UTF-8 does not need

    matches = list(from_bytes(data))
    if not matches:
        return None
    candidates = [CodecCandidate(match.encoding, round(1 - match.percent_chaos / 100, 3)) for match in matches]
    return Encoding(candidates[0].codec, candidates[0].confidence, "statistics", tuple(candidates[1:4]))


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
    _statistics,
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
