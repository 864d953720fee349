"""Lines of a multi-byte codec that lost bytes -> text: each byte is part of a character, or skipped at a cost.

After a lost byte a decoder pairs the wrong bytes up to the end of the run. The search below compares all ways to divide
the bytes into characters, and the language model scores what comes out (a beam search over n-gram contexts).
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.document import REPLACEMENT
from pipeline.encoding.codecs import EXTRA_BYTES
from pipeline.language.ngrams import ContextState, Floats, LanguageModel

SKIP_PRICE = 11.0  # nats for a byte that belongs to no character; `benchmarks/decoding.py damaged`
BEAM = 8  # hypotheses for each place: two divisions of the bytes, and where the last byte was skipped
WINDOW = 480  # bytes that are divided at once
LINE_BATCH = 256  # lines that are divided together: those of about one length
TAIL = 32  # bytes at the end of a window that the next one divides again
LEAST_GAIN = 6.0  # nats by which a division must be likelier than what the decoder makes of a line
ASCII_FLOOR = np.float32(-6.0)  # nats: markup and URLs, which no model knows, cost no more for each character
SPACE_FLOOR = np.float32(-6.0)  # nats: the same for `SPACES`
NOTHING = np.float32(-1e9)
SPACES = np.array([0x3000, 0x2014, 0x2026], np.uint64)  # IDEOGRAPHIC SPACE, EM DASH, HORIZONTAL ELLIPSIS: in runs


class _Step(NamedTuple):
    """How the best hypotheses at a place came there: the length of each in bytes, 0 for a skipped byte, and its parent.

    The parent is the number of the hypothesis before it. The shape of both is (lines, BEAM).
    """

    lengths: npt.NDArray[np.int8]
    parents: npt.NDArray[np.int8]


def aligned_texts(lines: Sequence[bytes], codec: str, model: LanguageModel) -> list[str]:
    r"""Return the text of each line, with U+FFFD for each byte that belongs to no character.

    `b"\xd6\xce\xc4\xb2\xe2\xca\xd4"`, gb18030 that lost its second byte, is `\ufffd文测试`, not `治牟馐\ufffd`.
    """
    texts = [""] * len(lines)
    places = [0] * len(lines)
    while active := [number for number, line in enumerate(lines) if places[number] < len(line)]:
        active = sorted(active, key=lambda number: min(WINDOW, len(lines[number]) - places[number]))[-LINE_BATCH:]
        windows = [lines[number][places[number] : places[number] + WINDOW] for number in active]
        for number, window, parts in zip(active, windows, _divided(windows, codec, model), strict=True):
            is_last = places[number] + len(window) == len(lines[number])
            kept = list(parts) if is_last else list(_without_tail(parts, len(window) - TAIL))
            texts[number] += "".join(text for text, _ in kept)
            places[number] += sum(length for _, length in kept)
    return texts


def _without_tail(parts: Sequence[tuple[str, int]], limit: int) -> Iterator[tuple[str, int]]:
    """Yield the first parts, up to `limit` bytes."""
    at = 0
    for text, length in parts:
        if at and at + length > limit:
            return
        at += length
        yield text, length


def _divided(lines: Sequence[bytes], codec: str, model: LanguageModel) -> list[list[tuple[str, int]]]:
    """Return the likeliest division of each line: each part's text and its number of bytes."""
    codes = _codes_by_length(lines, codec)
    size = max(map(len, lines))
    high = np.array([[byte > 0x7F for byte in line.ljust(size, b"\xff")] for line in lines])
    scores = np.full((len(lines), BEAM), NOTHING, np.float32)
    scores[:, 0] = 0
    state, _ = model.extend(model.start(scores.shape), np.full((len(lines), 1), ord(" "), np.uint64))
    steps: list[_Step] = []
    arriving: list[list[tuple[Floats, ContextState, int]]] = [[] for _ in range(size + 5)]
    for at in range(size):
        skipped = np.where(high[:, at, None], scores - np.float32(SKIP_PRICE), NOTHING)
        arriving[at + 1].append((skipped, state, 0))
        for length, table in codes.items():
            if (here := table[:, at]).any():
                arriving[at + length].append((*_extended(scores, state, here, model), length))
        scores, state, step = _best_arrivals(arriving[at + 1])
        steps.append(step)
        arriving[at + 1] = []
    return [list(_traced(line, row, steps, codec)) for row, line in enumerate(lines)]


def _extended(
    scores: Floats, state: ContextState, codes: npt.NDArray[np.uint64], model: LanguageModel
) -> tuple[Floats, ContextState]:
    """Return the scores and states of hypotheses after one more character each; 0 for none."""
    alive = (scores > NOTHING / 2) & (codes > 0)[:, None]
    row, column = np.nonzero(alive)
    after, chance = model.extend(state.at((row, column)), codes[row])
    floor = np.where(codes < 0x80, ASCII_FLOOR, NOTHING)
    floor[np.isin(codes, SPACES)] = SPACE_FLOOR
    longer, extended = np.full(scores.shape, NOTHING, np.float32), model.start(scores.shape)
    longer[alive] = scores[alive] + np.maximum(chance, floor[row])
    extended.put((row, column), after)
    return longer, extended


def _codes_by_length(lines: Sequence[bytes], codec: str) -> dict[int, npt.NDArray[np.uint64]]:
    """Return for each length of a character the code points that begin at each place; 0 for none."""
    size = max(map(len, lines))
    found: dict[int, npt.NDArray[np.uint64]] = {}
    for length in (1, 2, 3, 4):
        table = np.zeros((len(lines), size), np.uint64)
        for row, line in enumerate(lines):
            for at in range(len(line) - length + 1):
                if char := _character(line[at : at + length], codec):
                    table[row, at] = ord(char)
        if table.any():
            found[length] = table
    return found


@functools.lru_cache(maxsize=1 << 18)
def _character(data: bytes, codec: str) -> str:
    """Return the one character that `data` is in a codec; none if it is not one. Controls in ASCII are."""
    if len(data) == 1 and data.isascii():
        return data.decode("ascii")
    text = data.decode(codec, "ignore")
    if len(text) != 1 or text.encode(codec, "ignore") != data:
        return next((char for char, byte in EXTRA_BYTES.get(codec, {}).items() if byte == data), "")
    return text if unicodedata.category(text)[0] != "C" or text in "\t\r\n\xad" else ""


def _best_arrivals(arriving: Sequence[tuple[Floats, ContextState, int]]) -> tuple[Floats, ContextState, _Step]:
    """Return the scores and states of the best hypotheses of those that arrive at a place, and how they came there."""
    scores = np.concatenate([scores for scores, _, _ in arriving], axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :BEAM]
    rows = np.arange(len(scores))[:, None]
    columns = (np.concatenate(column, axis=1) for column in zip(*(state for _, state, _ in arriving), strict=True))
    lengths = np.array([length for _, _, length in arriving], np.int8)[order // BEAM]
    step = _Step(lengths, (order % BEAM).astype(np.int8))
    return scores[rows, order], ContextState(*columns).at((rows, order)), step


def _traced(line: bytes, row: int, steps: Sequence[_Step], codec: str) -> list[tuple[str, int]]:
    """Return the parts of a line, from its best hypothesis back to its start."""
    parts: list[tuple[str, int]] = []
    at, rank = len(line), 0
    while at:
        step = steps[at - 1]
        length, rank = int(step.lengths[row, rank]), int(step.parents[row, rank])
        text = _character(line[at - length : at], codec) if length else REPLACEMENT
        parts.append((text, length or 1))
        at -= length or 1
    return parts[::-1]
