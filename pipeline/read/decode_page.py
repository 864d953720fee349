"""Bytes of a web page -> Document. A program wrote the whole page, so it is in one encoding if its bytes allow it.

The lines of a page are short and have many tags. Alone, they do not show their encoding as those of a text do.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from pipeline.document import Document, Encoding, Metadata, SkipDocument, Source
from pipeline.encoding.codecs import BROWSER_CODECS
from pipeline.encoding.detection import UTF_8
from pipeline.encoding.tried_codecs import is_decodable
from pipeline.read.decode import MULTIBYTE, decode, detect

_OTHER_EVIDENCE = ("bom", "validity", "utf-8", "damaged")  # of encodings that texts and pages are decoded from alike
FEWEST_UTF_8_SEQUENCES = 4  # of UTF-8 in a line


def decode_page(source: Source) -> Document:
    """Return the document with the decoded text of a web page, without a byte order mark.

    All of it is in the detected encoding if that fits every byte and no line is UTF-8. Else it is decoded like a text.

    Raises SkipDocument if no encoding fits or the bytes are not text.
    """
    data = source.data
    found = None if is_decodable(data, UTF_8) else _fitting(data)
    if found is None or b"\0" in data or any(_is_utf8(line) for line in data.split(b"\n")):
        document = decode(source)
        return replace(document, text=document.text.removeprefix("\ufeff"))
    meta = Metadata(sha256=hashlib.sha256(data).hexdigest(), encoding=found)
    return Document(source.path, data.decode(found.codec).replace("\r\n", "\n"), meta)


def _fitting(data: bytes) -> Encoding | None:
    """Return the detected encoding if every byte of a page is valid in it; the codec is that of browsers."""
    try:
        encoding = detect(data)
    except SkipDocument:
        return None
    codec = BROWSER_CODECS.get(encoding.codec, encoding.codec)
    return (
        replace(encoding, codec=codec)
        if encoding.evidence not in _OTHER_EVIDENCE and is_decodable(data, codec)
        else None
    )


def _is_utf8(line: bytes) -> bool:
    """Return whether a line is UTF-8 and hardly so by chance, as `联通` in GBK is."""
    return not line.isascii() and is_decodable(line, UTF_8) and len(MULTIBYTE.findall(line)) >= FEWEST_UTF_8_SEQUENCES
