"""Lines of a single-byte codec that was decoded as another one, with U+FFFD for undefined bytes -> their originals.

Greek in cp737 decoded as cp1253 has U+FFFD for bytes AA, D2 and FF: each mark is one of the letters of these bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import is_multi_byte, original_codecs, single_byte_misdecodings, undefined_bytes
from pipeline.encoding.line_scores import likeliest_model, text_scores
from pipeline.encoding.marked import marked_text
from pipeline.encoding.misdecoding import LOST_BYTE, impossible_count, misdecoded_bytes
from pipeline.language.fluency import letter_scores, mean_cross_entropy
from pipeline.mojibake.chain_search import decodings_in_words, line_sample
from pipeline.mojibake.lossy.beam_search import NARROW, choose_candidates
from pipeline.mojibake.lossy.diagnosis import CHAIN_PRIOR
from pipeline.mojibake.lossy.double_byte import Originals
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.lossy.pieces import line_pieces, pieces_text

MOST_PAIRS = 4  # pairs of codecs that are compared in full: the likeliest by their characters
FEWEST_FOREIGN = 20  # characters outside ASCII that prove a pair
MOST_NATS_OF_ORIGINAL = 7.5  # per character outside ASCII: prose has at most 5.8, mojibake at least 8.3


def undo_single_bytes(lines: Sequence[str]) -> Originals | None:
    """Return the decoding in words, and the number and pieces of each line; None where no pair explains it."""
    if not any(REPLACEMENT in line for line in lines):
        return None
    if sum(char > "\x7f" for line in lines for char in line if char != REPLACEMENT) < FEWEST_FOREIGN:
        return None
    sample = line_sample(lines)
    marked = [line.replace(REPLACEMENT, "") for line in sample]
    before = float(text_scores(marked, likeliest_model("\n".join(marked))).sum())
    best: tuple[float, tuple[str, str] | None] = (2 * CHAIN_PRIOR, None)
    for truth, wrong in _likely_pairs(sample):
        known = [marked_text(misdecoded_bytes(line, wrong), truth) for line in marked]
        gain = float(text_scores(known, likeliest_model("\n".join(known))).sum()) - before
        if gain > best[0] and mean_cross_entropy(known, symbols=True) < MOST_NATS_OF_ORIGINAL:
            best = gain, (truth, wrong)
    if best[1] is None:
        return None
    rows = [list(_slots_of_line(line, *best[1])) for line in lines]
    model = likeliest_model("".join(slot.candidates[0] for row in rows for slot in row if len(slot.candidates) == 1))
    chosen = choose_candidates(rows, model, NARROW)
    pieces = [list(line_pieces(*row)) for row in zip(rows, chosen, strict=True)]
    hit = [number for number, row in enumerate(pieces) if pieces_text(row) != lines[number]]
    return decodings_in_words([best[1]]), [(number, pieces[number]) for number in hit]


def _likely_pairs(sample: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of the original codec and the wrong one in which the known characters are likeliest."""
    pairs, texts = [], []
    for wrong in filter(undefined_bytes, single_byte_misdecodings()):
        if impossible_count("".join(sample), wrong):
            continue
        data = misdecoded_bytes("\n".join(sample), wrong)
        for truth in original_codecs():
            if truth != wrong and not is_multi_byte(truth):
                pairs.append((truth, wrong))
                texts.append(marked_text(data.replace(bytes([LOST_BYTE]), b""), truth))
    if not pairs:
        return []
    rough = letter_scores(texts)[1].max(axis=1)
    return [pairs[at] for at in np.argsort(-rough, kind="stable")[:MOST_PAIRS]]


def _slots_of_line(line: str, truth: str, wrong: str) -> Iterator[Slot]:
    """Yield the slots of a line: a mark is one of the characters of the bytes that the wrong codec has none for."""
    lost = tuple(dict.fromkeys(marked_text(bytes([byte]), truth) for byte in sorted(undefined_bytes(wrong))))
    letters = *(char for char in lost if char != REPLACEMENT and char.isprintable()), REPLACEMENT
    for at, byte in enumerate(misdecoded_bytes(line, wrong)):
        is_mark = line[at] == REPLACEMENT
        yield Slot(at, at + 1, letters if is_mark else (marked_text(bytes([byte]), truth),))
