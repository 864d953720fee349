"""Source -> Document: choose the encoding of the bytes and read them as text."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable

import ftfy.bad_codecs  # noqa: F401 - registers the codec utf-8-variants (CESU-8 and Java's modified UTF-8)
import webencodings

from pipeline.document import GAP, CodecCandidate, Document, Encoding, Meta, SkipDocument, Source
from pipeline.encoding.codecs import escape_sequences
from pipeline.encoding.detection import NO_TEXT, decodes, ranked, sampled

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose little-endian mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}\sencoding\s*=\s*["']?([\w.:-]+)"""
    rb"""|<meta[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w.:-]+)"""
    rb"""|\A---[^\n]*\n(?:[^\n]*\n){0,40}?(?:charset|encoding)[ \t]*:[ \t]*["']?([\w.:-]+)""",
    re.IGNORECASE,
)
DECLARED_WITHIN = 2048  # bytes; HTML asks for the first 1024, front matter and comments may stand before
FEWEST = 8  # characters of UTF-16 or UTF-32 other than Latin that it is told from
FEWEST_LATIN = 2  # Latin ones: one NUL may be a slip
DISTINCT = 20  # sequences of UTF-8; fewer may be so by chance
STRANGE = 10.0  # nats a character: what is stranger reads like no language
EBCDIC_SPACE = b"\x40"
_C0 = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)  # Unicode 16, table 3-7: well-formed UTF-8 of two bytes and more


def decode(source: Source) -> Document:
    """Return the document that the bytes of `source` spell. A UTF-8 byte order mark stays, as U+FEFF.

    Raises SkipDocument where no encoding fits or the bytes are no text.
    """
    encoding, text = _read(source.data)
    meta = Meta(sha256=hashlib.sha256(source.data).hexdigest(), encoding=encoding)
    if encoding.evidence != "damaged":
        return Document(source.path, source.data.decode(encoding.codec) if text is None else text, meta)
    from pipeline.mojibake.lossy.ill_formed_utf8 import mended  # noqa: PLC0415 - loads the model, which sound text need not wait for

    document = Document(source.path, source.data.decode("utf-8", "replace"), meta).edited(mended(source.data))
    left = document.text.count(GAP) - source.data.count(GAP.encode())
    told = f"; {left} could not be told and are marked U+FFFD" if left else ""
    return document.noted("decode", f"some bytes are not UTF-8: {len(document.changes)} places were mended{told}")


def detect(data: bytes) -> Encoding:
    """Return how to read `data`: the first rule that fits, surest first.

    >>> detect("café".encode()).codec
    'utf-8'

    Raises SkipDocument where no encoding fits or the bytes are no text.
    """
    return _read(data)[0]


def _read(data: bytes) -> tuple[Encoding, str | None]:
    """Return how to read `data`, and its text where that is known already."""
    for rule in BEFORE_UTF_8:
        if encoding := rule(data):
            return encoding, None
    try:
        return Encoding("utf-8", 1.0, "utf-8"), data.decode()  # valid by chance does not occur
    except UnicodeDecodeError:
        pass
    for rule in AFTER_UTF_8:
        if encoding := rule(data):
            return encoding, None
    message = "no encoding fits these bytes; if you know it, convert the file to UTF-8"
    raise SkipDocument(message)


def _marked(data: bytes) -> Encoding | None:
    codec = next((codec for mark, codec in BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if codec is None or (codec == "utf-8" and not decodes(data, codec)):
        return None
    try:
        data.decode(codec)
    except UnicodeDecodeError as error:
        message = (
            f"starts with the byte order mark of {codec.upper()} but is not {codec.upper()}: {error.reason} at byte "
            f"{error.start}; archive the original again or convert it to UTF-8"
        )
        raise SkipDocument(message) from error
    return Encoding(codec, 1.0, "bom")


def _wide(data: bytes) -> Encoding | None:
    """Find UTF-16 and UTF-32 without a mark: half or more of Latin text is NUL, other text reads like a language.

    UTF-32 and pairs of surrogates prove themselves.
    """
    head = data[:4096]
    controls = len(head) - len(head.translate(None, _C0))
    if not head or controls * 100 <= len(head):
        return None
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = head.decode(codec, "replace")
        latin = sum("\0" < char < "\u0100" for char in text)
        proven = sum(codec.startswith("utf-32") or char > "\uffff" for char in text)
        sure = (latin >= FEWEST_LATIN and latin * 2 > len(text)) or proven >= FEWEST_LATIN
        if decodes(data, codec) and ((sure and not NO_TEXT.search(text)) or _reads_well(text)):
            return Encoding(codec, 0.9, "validity")
    return None


def _reads_well(text: str) -> bool:
    from pipeline.language.fluency import strangeness  # noqa: PLC0415 - loads the model, which UTF-8 need not wait for

    return len(text) >= FEWEST and not NO_TEXT.search(text) and strangeness([text], symbols=True) < STRANGE


def _iso_2022(data: bytes) -> Encoding | None:
    for escape, codec in escape_sequences().items() if b"\x1b" in data else ():
        if escape in data and decodes(data, codec):
            return Encoding(codec, 0.99, "validity")
    return None


def _utf8_variant(data: bytes) -> Encoding | None:
    return Encoding("utf-8-variants", 0.99, "validity") if b"\xed" in data and decodes(data, "utf-8-variants") else None


def _not_binary(data: bytes) -> None:
    """Refuse what is no text: no legacy encoding uses C0 controls, and compressed data is 11 % of them."""
    head = data[:65536]
    if head.count(EBCDIC_SPACE) * 20 > len(head):
        return
    if (len(head) - len(head.translate(None, _C0))) * 100 > len(head):
        raise SkipDocument(_binary(data))


def _damaged_utf8(data: bytes) -> Encoding | None:
    """Find UTF-8 with a few bytes lost or foreign: valid sequences outnumber the other high bytes."""
    found = [match[0] for match in MULTIBYTE.finditer(data)]
    valid = sum(map(len, found))
    stray = len(data) - len(data.translate(None, bytes(range(128, 256)))) - valid
    if valid < 2 * stray:
        return None
    if len(set(found)) < DISTINCT and (other := _likeliest(data)) and not _reads_better(data, other.codec):
        return other
    return Encoding("utf-8", valid / (valid + stray), "damaged")


def _reads_better(data: bytes, codec: str) -> bool:
    """Tell whether `data` reads better as UTF-8 with gaps than as `codec`."""
    from pipeline.language.fluency import fluency  # noqa: PLC0415 - loads the model, which UTF-8 need not wait for

    sample = sampled(data)
    return bool(fluency([sample.decode("utf-8", "replace")]) > fluency([sample.decode(codec, "replace")]))


def _likeliest(data: bytes) -> Encoding | None:
    return ranked(data, _declaration(data))


def _declaration(data: bytes) -> str | None:
    match = DECLARED.search(data[:DECLARED_WITHIN])
    label = next(filter(None, match.groups()), b"").decode("ascii") if match else ""
    return _codec(label)


def _statistics(data: bytes) -> Encoding | None:
    """Ask charset-normalizer, which knows codecs that are in no list of ours."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 30 ms that UTF-8 need not wait for

    matches = list(from_bytes(data))
    if not matches:
        return None
    readings = [CodecCandidate(match.encoding, round(1 - match.percent_chaos / 100, 3)) for match in matches]
    return Encoding(readings[0].codec, readings[0].confidence, "statistics", tuple(readings[1:4]))


Rules = tuple[Callable[[bytes], Encoding | None], ...]
BEFORE_UTF_8: Rules = (
    _marked,
    _wide,  # Latin text in UTF-16 is UTF-8 too, NULs and all
    _iso_2022,  # its bytes are all ASCII
)
AFTER_UTF_8: Rules = (
    _utf8_variant,
    _not_binary,
    _damaged_utf8,
    _likeliest,
    _statistics,
)


def _codec(label: str) -> str | None:
    """Return the codec a label names, as browsers (WHATWG) or else Python read it; None if it names no text codec."""
    known = webencodings.lookup(label)
    try:
        found = known.codec_info if known else codecs.lookup(label)
    except LookupError:
        return None
    return found.name if found._is_text_encoding else None  # noqa: SLF001 - the only way to tell rot13 from a charset


def _binary(data: bytes) -> str:
    import puremagic  # noqa: PLC0415 - only binary files pay for it

    try:
        kind = puremagic.magic_string(data[:4096])[0].name or "binary data"
    except (puremagic.PureError, ValueError, IndexError):
        kind = "binary data"
    return f"is no text but {kind}; move it out of raw/, or name it under `ignore` in the settings"
