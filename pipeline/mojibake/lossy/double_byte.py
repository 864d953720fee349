"""Lines of a double-byte codec that was decoded as another one, or out of step by a byte -> their originals.

`琎ぱ边�W` is `昨天晚上` in Big5, decoded as GBK: GBK has no character for some pairs, and the bytes after these are
paired wrongly. Each byte is part of a character or skipped, as the language model prefers.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.document import REPLACEMENT
from pipeline.encoding.alignment import aligned_texts
from pipeline.encoding.codecs import is_multi_byte, multi_byte_misdecodings, original_codecs
from pipeline.encoding.line_scores import SKIPPED_BYTE_PRICE, STRANGE, likeliest_model, text_scores
from pipeline.encoding.marked import marked_text
from pipeline.encoding.misdecoding import LOST_BYTE, impossible_count, is_undecodable_pair, misdecoded_bytes
from pipeline.language.fluency import mean_cross_entropy
from pipeline.language.ngrams import LanguageModel
from pipeline.mojibake.chain_search import decodings_in_words, line_sample
from pipeline.mojibake.lossy.beam_search import BROAD, choose_candidates
from pipeline.mojibake.lossy.diagnosis import CHAIN_PRIOR, FIRST_IDEOGRAPH
from pipeline.mojibake.lossy.lattice import MisdecodedBytes, Slot
from pipeline.mojibake.lossy.pieces import Piece, line_pieces
from pipeline.mojibake.lossy.recovery import MOST_LOSSY_CROSS_ENTROPY

DOUBLE_BYTE_SAMPLE = 150  # characters that the pair of codecs is chosen by
RARE_PAIR_PRIOR = 3 * CHAIN_PRIOR  # nats, as `Chain.doubt` has it for a multi-byte codec
MOST_IMPOSSIBLE = 0.05  # share of the characters that the wrong codec never yields: from another source
LEADS, TRAILS = range(0x81, 0xFF), range(0x40, 0xFF)
Originals = tuple[str, list[tuple[int, list[Piece]]]]


class _CodecPair(NamedTuple):
    """A codec, the one that its bytes were decoded as, and the model of the language."""

    truth: str
    wrong: str
    model: LanguageModel


def undo_double_bytes(lines: Sequence[str]) -> Originals | None:
    """Return the decoding in words, and the number and pieces of each line that it explains; None where none does."""
    letters = [char for line in lines for char in line if not char.isascii() and char != REPLACEMENT]
    if sum(char >= FIRST_IDEOGRAPH for char in letters) * 2 < max(1, len(letters)):
        return None
    pair = _likeliest_pair(lines) if any(REPLACEMENT in line for line in lines) else None
    if pair is None:
        return None
    data = [misdecoded_bytes(line, pair.wrong) for line in lines]
    texts = aligned_texts(data, pair.truth, pair.model)
    gains = text_scores(texts, pair.model) - text_scores(lines, likeliest_model("\n".join(lines)))
    least = CHAIN_PRIOR if pair.truth == pair.wrong else 0.0
    hit = [
        number
        for number, gain in enumerate(gains.tolist())
        if gain > least and texts[number] != lines[number] and not impossible_count(lines[number], pair.wrong)
    ]
    rows = [list(_slots(lines[number], data[number], texts[number], pair)) for number in hit]
    chosen = choose_candidates(rows, pair.model, BROAD)
    pieces = [list(line_pieces(*row)) for row in zip(rows, chosen, strict=True)]
    if pair.truth == pair.wrong:
        return f"{pair.truth} out of step by a byte", list(zip(hit, pieces, strict=True))
    return decodings_in_words([(pair.truth, pair.wrong)]), list(zip(hit, pieces, strict=True))


def _likeliest_pair(lines: Sequence[str]) -> _CodecPair | None:
    """Return the pair of codecs whose originals of a sample are likeliest; None where the sample is likelier."""
    sample = [line[:DOUBLE_BYTE_SAMPLE] for line in line_sample(lines)]
    sample = sample[: int(np.searchsorted(np.cumsum([len(line) for line in sample]), DOUBLE_BYTE_SAMPLE)) + 1]
    before = float(text_scores(sample, likeliest_model("\n".join(sample))).sum())
    best: tuple[float, _CodecPair | None] = (0.0, None)
    is_text = _reads_like_text("\n".join(sample))
    for wrong in multi_byte_misdecodings():
        if impossible_count("".join(sample), wrong) > MOST_IMPOSSIBLE * sum(map(len, sample)):
            continue
        data = tuple(misdecoded_bytes(line, wrong) for line in sample)
        for truth in filter(is_multi_byte, original_codecs()):
            if truth == original_codecs()[0] or (is_text and truth != wrong):
                continue
            score, fits, model = _score_as(data, truth)
            gain = score - before - (CHAIN_PRIOR if truth == wrong else RARE_PAIR_PRIOR)
            if gain > best[0] and fits:
                best = gain, _CodecPair(truth, wrong, model)
    return best[1]


def _reads_like_text(text: str) -> bool:
    """Return whether a text with marks is likely as it is: at most out of step by a byte in places."""
    plain, marks = text.replace(REPLACEMENT, ""), text.count(REPLACEMENT)
    count = sum(not char.isascii() for char in plain)
    nats = count * mean_cross_entropy([plain], symbols=True) + marks * SKIPPED_BYTE_PRICE
    return nats <= STRANGE * (count + marks)


@functools.lru_cache(maxsize=64)  # several codecs have the same bytes for a sample
def _score_as(data: tuple[bytes, ...], truth: str) -> tuple[float, bool, LanguageModel]:
    """Return how likely the text is that bytes are in a codec, in nats, whether it fits a language, and the model."""
    model = likeliest_model("\n".join(marked_text(line, truth) for line in data))
    texts = aligned_texts(data, truth, model)
    known = [text.replace(REPLACEMENT, "") for text in texts]
    return (
        float(text_scores(texts, model).sum()),
        mean_cross_entropy(known, symbols=True) < MOST_LOSSY_CROSS_ENTROPY,
        model,
    )


def _slots(line: str, data: bytes, text: str, pair: _CodecPair) -> Iterator[Slot]:
    """Yield the slots of a line, whose `data` were divided into the characters of `text`."""
    owners = MisdecodedBytes.of(line, pair.wrong)
    at = place = 0
    while place < len(text):
        size = 1 if text[place] == REPLACEMENT else len(text[place].encode(pair.truth))
        options: tuple[str, ...] = (text[place],)
        taken = 1
        if text[place] == REPLACEMENT and at + 1 < len(data):
            found = _characters_of(data[at : at + 2], (data + b"\n")[min(at + 2, len(data))], pair)
            if found and text[place + 1 : place + 2] in {REPLACEMENT, chr(data[at + 1])}:
                options, size, taken = (*found, text[place : place + 2]), 2, 2
        yield Slot(owners.place(at), owners.place(at + size), options)
        at += size
        place += taken


def _characters_of(data: bytes, following: int, pair: _CodecPair) -> tuple[str, ...]:
    """Return the characters of two bytes of which one became U+FFFD, as it cannot precede the byte after it."""
    if data.count(LOST_BYTE) != 1:
        return ()
    if data[0] == LOST_BYTE:
        pairs = [bytes([lead, data[1]]) for lead in LEADS if is_undecodable_pair(lead, data[1], pair.wrong)]
    else:
        pairs = [bytes([data[0], trail]) for trail in TRAILS if is_undecodable_pair(trail, following, pair.wrong)]
    texts = (one.decode(pair.truth, "ignore") for one in pairs)
    return tuple(dict.fromkeys(text for text in texts if len(text) == 1 and unicodedata.category(text)[0] != "C"))
