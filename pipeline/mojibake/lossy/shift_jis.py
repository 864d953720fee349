"""Lines of Shift JIS decoded as cp1252, with U+FFFD for undefined bytes -> their originals: `‚±‚ñ�A` is `こん、`.

Each undefined byte of cp1252 begins a character of Shift JIS where it is not its second byte. So the bytes divide in
one way only, and each mark is one of five bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import HTML_CODEC, SHIFT_JIS_CODEC, undefined_bytes
from pipeline.encoding.misdecoding import LOST_BYTE, impossible_count, misdecoded_bytes
from pipeline.language.fluency import mean_cross_entropy
from pipeline.language.ngrams import language_model
from pipeline.mojibake.chain_search import decodings_in_words
from pipeline.mojibake.lossy.beam_search import NARROW, choose_candidates
from pipeline.mojibake.lossy.double_byte import Originals
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.lossy.pieces import line_pieces, pieces_text
from pipeline.mojibake.lossy.single_byte import MOST_NATS_OF_ORIGINAL

KANA_LEADS = "‚ƒ"  # what cp1252 has for the first bytes of Hiragana and Katakana
LEAST_KANA_SHARE = 0.2  # of the characters outside ASCII; of Japanese prose every third one is such a first byte
FEWEST_KANA = 4
FIRST_BYTES = frozenset({*range(0x81, 0xA0), *range(0xE0, 0xFD), LOST_BYTE})


def undo_shift_jis(lines: Sequence[str]) -> Originals | None:
    """Return the decoding in words, and the number and pieces of each line; None where it does not explain them."""
    hit = [number for number, line in enumerate(lines) if not impossible_count(line, HTML_CODEC)]
    outside = [char for number in hit for char in lines[number] if not char.isascii()]
    kana = sum(char in KANA_LEADS for char in outside)
    if REPLACEMENT not in outside or kana < max(FEWEST_KANA, LEAST_KANA_SHARE * len(outside)):
        return None
    rows = [list(_slots_of(misdecoded_bytes(lines[number], HTML_CODEC))) for number in hit]
    pieces = [
        list(line_pieces(*row)) for row in zip(rows, choose_candidates(rows, language_model("ja"), NARROW), strict=True)
    ]
    texts = [pieces_text(row) for row in pieces]
    if mean_cross_entropy(texts, symbols=True) > MOST_NATS_OF_ORIGINAL:
        return None
    changed = [(number, row) for number, row, text in zip(hit, pieces, texts, strict=True) if text != lines[number]]
    return decodings_in_words([(SHIFT_JIS_CODEC, HTML_CODEC)]), changed


def _slots_of(data: bytes) -> Iterator[Slot]:
    """Yield the slots of the bytes of a line: a character of one byte or two, with its candidates."""
    at = 0
    while at < len(data):
        for size in (2, 1) if data[at] in FIRST_BYTES else (1,):
            found = tuple(_characters(data[at : at + size]))
            if found:
                break
        yield Slot(at, at + size, found or (REPLACEMENT,))
        at += size


def _characters(data: bytes) -> Iterator[str]:
    """Yield the characters that bytes can have been, each mark any undefined byte."""
    options = [sorted(undefined_bytes(HTML_CODEC)) if byte == LOST_BYTE else [byte] for byte in data]
    for one in itertools.product(*options):
        text = bytes(one).decode(SHIFT_JIS_CODEC, "ignore")
        if len(text) == 1 and text.isprintable():
            yield text
