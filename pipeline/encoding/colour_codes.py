r"""Text of a BBS with colour codes inside its double-byte characters -> the codes after these characters.

Boards in Big5 and GBK colour each half of a character: the bytes of `你` in Big5 with a code between are
`\xa7\x1b[1;31mA`. No decoder reads that.
"""

from __future__ import annotations

import re

from pipeline.encoding.codecs import is_multi_byte
from pipeline.encoding.detection import UTF_8, likeliest_encoding

COLOUR_CODE = re.compile(rb"\x1b\[[0-9;]*m")
PART = re.compile(rb"(?:\x1b\[[0-9;]*m)+|[\x81-\xfe]|[^\x81-\xfe\x1b]+|\x1b", re.DOTALL)
SPLIT_CHARACTER = re.compile(rb"[\x81-\xfe]\x1b\[[0-9;]*m[\x40-\x7e\x80-\xfe]")


def with_whole_characters(data: bytes) -> bytes:
    r"""Return `data` in which colour codes follow the characters that they were inside of.

    >>> with_whole_characters("今天天氣很好".encode("big5") + b"\xa7\x1b[31mA")[-7:]
    b'\xa7A\x1b[31m'
    """
    if b"\x1b" not in data or not SPLIT_CHARACTER.search(data):
        return data
    encoding = likeliest_encoding(COLOUR_CODE.sub(b"", data), None)
    if encoding is None or encoding.codec == UTF_8 or not is_multi_byte(encoding.codec):
        return data
    return b"\n".join(map(_moved, data.split(b"\n")))


def _moved(line: bytes) -> bytes:
    """Return a line in which colour codes between the two bytes of a character follow it."""
    out, lead, held = bytearray(), False, b""
    for part in PART.findall(line):
        if lead and part.startswith(b"\x1b["):
            held += part
            continue
        out += part[:1] + held + part[1:] if lead else part
        lead, held = not lead and len(part) == 1 and part > b"\x80", b""
    return bytes(out) + held
