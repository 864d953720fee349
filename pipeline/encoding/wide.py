"""UTF-16 and UTF-32 without a byte order mark, or damaged -> the codec, and the text.

Damage is half a character at the end, a carriage return before each byte 0A (a transfer as text), or lost bytes.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections import Counter
from collections.abc import Iterator

from pipeline.document import REPLACEMENT
from pipeline.encoding.tried_codecs import NON_TEXT, is_decodable

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its little-endian mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FEWEST_WIDE_CHARACTERS = 8  # characters that are enough to detect UTF-16 or UTF-32 without Latin text
FEWEST_OF_BLOCK = 4  # letters of one block of 256 code points that are enough
FEWEST_WIDE_LATIN = 2  # Latin characters: a single NUL may be an accident
MOST_NATS_OF_TEXT = 10.0  # nats per character: a higher cross-entropy means that it is not text
MOST_NATS_OF_PROSE = 7.5  # nats per character: prose has at most 5.8, mojibake at least 8.3
HEADS = (4096, 256)  # bytes that are looked at: bytes may be lost later
C0_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
FIRST_OF_HAN = "\u3100"  # spaces and punctuation are before it: no text is without
WIDE_CODECS = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
CARRIED_RETURN, LINE_FEED = b"\r\n", b"\n"
SPLIT_LINE_ENDS = "\u0a0d\u0a00"  # unassigned: what a line end is after a byte 0D was put before its 0A
STRANGE_STRETCH = 12  # characters, so many of which in a row are strange after a lost byte
BACK = 24  # characters before such a stretch that are divided again
MOST_LOSSES = 40  # places where bytes were lost; a file with more is marked there


def wide_codec(data: bytes) -> str:
    """Return the codec if `data` are UTF-16 or UTF-32; an empty string if not."""
    for variant in _variants(data):
        for size in HEADS:
            head = variant[:size]
            for codec in WIDE_CODECS if len(data) >= 4 else ():
                if _is_wide(head[: len(head) - len(head) % _unit(codec)], codec):
                    return codec
    return ""


def wide_text(data: bytes, codec: str) -> str:
    r"""Return the text of UTF-16 or UTF-32 that may be damaged; U+FFFD marks each place of damage.

    >>> wide_text("ab\r\n".encode("utf-16-le").replace(b"\n", b"\r\n") + b"c", "utf-16-le")
    'ab\r\n\ufffd'
    """
    for variant in _variants(data):
        rest = len(variant) % _unit(codec)
        whole = variant[: len(variant) - rest]
        if is_decodable(whole, codec) and not _has_no_text(whole.decode(codec)):
            return whole.decode(codec) + REPLACEMENT * bool(variant[len(whole) :].strip(b"\n\x1a\0"))
    return _realigned(data, codec) if _unit(codec) == 2 else data.decode(codec, "replace")


def _has_no_text(text: str) -> bool:
    """Return whether a text has characters that none has: noncharacters, U+0A0D or U+0A00 of split line ends."""
    return bool(NON_TEXT.search(text.replace("\0", ""))) or any(char in text for char in SPLIT_LINE_ENDS)


def control_count(data: bytes) -> int:
    """Return how many bytes are C0 controls that text does not have: half of the bytes of Latin UTF-16 are."""
    return len(data) - len(data.translate(None, C0_CONTROLS))


def _unit(codec: str) -> int:
    return 4 if codec.startswith("utf-32") else 2


def _variants(data: bytes) -> Iterator[bytes]:
    yield data
    if CARRIED_RETURN in data:
        yield data.replace(CARRIED_RETURN, LINE_FEED)


def _is_wide(head: bytes, codec: str) -> bool:
    """Return whether the first bytes of a file read as text in a wide codec.

    Latin text is recognized by NULs, which are at least half of its bytes; other text by its cross-entropy, or because
    its letters are of one block of Unicode. Valid UTF-32 and valid surrogate pairs need no other evidence.
    """
    if not is_decodable(head, codec):
        return False
    text = head.decode(codec)
    if control_count(head) * 100 <= len(head):
        return not NON_TEXT.search(text) and (_is_of_one_block(text) or _reads_well(text, MOST_NATS_OF_PROSE))
    latin = sum("\0" < char < "\u0100" for char in text)
    proven = sum(codec.startswith("utf-32") or char > "\uffff" for char in text)
    if NON_TEXT.search(text):
        return False
    is_latin = latin >= FEWEST_WIDE_LATIN and latin * 2 > len(text)
    return is_latin or proven >= FEWEST_WIDE_LATIN or _is_of_one_block(text) or _reads_well(text, MOST_NATS_OF_TEXT)


def _is_of_one_block(text: str) -> bool:
    """Return whether most characters outside ASCII are letters of one block, as those of an alphabet are."""
    others = [char for char in text if char > "\x7f"]
    blocks = Counter(ord(char) >> 8 for char in others).most_common(1)
    letters = sum(unicodedata.category(char)[0] in "LM" for char in others)
    return (
        bool(blocks)
        and blocks[0][0] < 0x30  # Han and Hangul have a hundred blocks
        and blocks[0][1] >= max(FEWEST_OF_BLOCK, 0.8 * len(others))
        and letters >= 0.8 * len(others)
        and len(set(others)) >= FEWEST_OF_BLOCK  # two line feeds are one letter
    )


def _reads_well(text: str, most: float) -> bool:
    from pipeline.language.fluency import mean_cross_entropy  # noqa: PLC0415 - loads the model, which UTF-8 does not need

    return (
        len(text) >= FEWEST_WIDE_CHARACTERS
        and any(char > "\x7f" for char in text)
        and any(char < FIRST_OF_HAN for char in text)
        and mean_cross_entropy([text], symbols=True) < most
    )


def _realigned(data: bytes, codec: str) -> str:
    """Return the text of UTF-16 that lost bytes: at each loss, the bytes are divided into characters again."""
    import numpy as np  # noqa: PLC0415 - takes 90 ms, which UTF-8 does not need

    from pipeline.encoding.alignment import TAIL, WINDOW, aligned_texts  # noqa: PLC0415 - loads the model
    from pipeline.encoding.line_scores import likeliest_model  # noqa: PLC0415 - the same

    model = likeliest_model(data[: HEADS[1] * 4].decode(codec, "replace"))
    done, at = "", 0
    for _ in range(MOST_LOSSES):
        text = data[at:].decode(codec, "replace")
        strange = np.where([bool(NON_TEXT.match(char)) or char == REPLACEMENT for char in text], 12, -model.score(text))
        stretches = np.convolve(np.minimum(strange, 12), np.ones(STRANGE_STRETCH), "valid") / STRANGE_STRETCH
        first = int(np.argmax(stretches > MOST_NATS_OF_TEXT)) if len(stretches) else 0
        if not len(stretches) or stretches[first] <= MOST_NATS_OF_TEXT:
            return done + text
        kept = text[: max(0, first - BACK)]
        at += len(kept.encode(codec))
        window = data[at : at + WINDOW]
        part = aligned_texts([window], codec, model)[0]
        whole = part if len(window) < WINDOW else part[: -TAIL // 2]
        size = sum(1 if char == REPLACEMENT else len(char.encode(codec)) for char in whole)
        done, at = done + kept + whole, at + size
    return done + data[at:].decode(codec, "replace")
