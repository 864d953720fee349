"""Pieces of a line -> the same pieces, with gaps chosen by context: brackets pair, emoji are joined."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from pipeline.mojibake.lossy.pieces import Piece, text_of
from pipeline.mojibake.lossy.rescoring import LEAST, weighed

PAIRS = {"「": "」", "『": "』", "【": "】", "《": "》", "〈": "〉"}
CLOSED = {closing: opening for opening, closing in PAIRS.items()}
QUOTES = "“”„"  # the language decides which of them opens
BRACKET = re.compile(f"[{''.join(PAIRS)}{''.join(PAIRS.values())}{QUOTES}]")
UNPAIRED = 5.3  # nats: one bracket in two hundred is unpaired in its line, in the texts of the model
JOINER = "\u200d"  # zero width joiner
PICTURES = re.compile("[\ufe0f\u2600-\u27bf\U0001f300-\U0001faff]\n[\u2600-\u27bf\U0001f300-\U0001faff]")
JOINED = 0.95  # confidence: no other character with its bytes occurs between two emoji
OFTEN = 3  # lines: more unpaired closing brackets than opening ones are no typo
SLIGHT = 0.001  # probability below which the brackets that a gap can be are ignored
MOST = 60  # gaps and brackets of a line: more are no sentence


def paired(row: Sequence[Piece], max_confidence: float, often: Collection[str]) -> Sequence[Piece]:
    """Return the pieces of a line, with the gaps that can be brackets chosen so that brackets pair.

    Each unpaired bracket costs `UNPAIRED`, twice that if it is unpaired `often` in the text. The gap that gains most is
    changed first.
    """
    options = {at: ((piece.text, piece.confidence), *piece.others) for at, piece in enumerate(row) if piece.others}
    least = 0.0 if any(sign in piece.text for piece in row for sign in often) else SLIGHT
    gaps = {
        at: found for at, found in options.items() if any(BRACKET.search(one) and rate >= least for one, rate in found)
    }
    signs = {at: piece.text for at, piece in enumerate(row) if at in gaps or BRACKET.search(piece.text)}
    if not gaps or len(signs) > MOST:
        return row
    while True:
        likely = {at: _likely(found, at, signs, often) for at, found in gaps.items()}
        at = max(gaps, key=lambda at: max(likely[at].values()) - likely[at][signs[at]])
        best = max(likely[at], key=lambda one: likely[at][one])
        if likely[at][best] <= likely[at][signs[at]]:
            return [
                _weighed(piece, likely[at], max_confidence) if at in gaps else piece for at, piece in enumerate(row)
            ]
        signs[at] = best


def _likely(
    found: Sequence[tuple[str, float]], at: int, signs: dict[int, str], often: Collection[str]
) -> dict[str, float]:
    """Return the log-likelihood, in nats, of each option of a gap, given the other brackets of the line."""
    alone = {one: unpaired("".join((signs | {at: one}).values())) for one, _ in found}
    cost = {one: sum(UNPAIRED * (2 if sign in often else 1) * alone[one][sign] for sign in alone[one]) for one in alone}
    return {one: math.log(max(share, LEAST)) - cost[one] for one, share in found}


def _weighed(piece: Piece, likely: dict[str, float], max_confidence: float) -> Piece:
    """Return the piece with the likeliest of its options as its text."""
    most = max(likely.values())
    total = sum(math.exp(one - most) for one in likely.values())
    shares = (math.exp(rate - most) / total for rate in likely.values())
    (text, confidence), *others = weighed(likely, shares, max_confidence)
    return replace(piece, text=text, confidence=confidence, others=tuple(others))


def unpaired(text: str) -> Counter[str]:
    """Return the unpaired brackets of a text.

    >>> unpaired("「」"), unpaired("「『」"), unpaired("」「"), unpaired("””")
    (Counter(), Counter({'『': 1}), Counter({'」': 1, '「': 1}), Counter())
    """
    signs = BRACKET.findall(text)
    alone = Counter(QUOTES[:1] * (sum(sign in QUOTES for sign in signs) % 2))
    opened: Counter[str] = Counter()
    for sign in signs:
        if sign in PAIRS:
            opened[sign] += 1
        elif sign in CLOSED and opened[CLOSED[sign]]:
            opened[CLOSED[sign]] -= 1
        elif sign in CLOSED:
            alone[sign] += 1
    return alone + opened


def often_alone(rows: Sequence[Sequence[Piece]]) -> set[str]:
    """Return the closing brackets that are unpaired in `OFTEN` lines more than their opening brackets."""
    alone: Counter[str] = Counter()
    for row in rows:
        alone.update(unpaired(text_of(row)).keys())
    return {sign for sign, opening in CLOSED.items() if alone[sign] - alone[opening] >= OFTEN}


def joined(row: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces of a line; a gap between two emoji that can be a joiner is one."""
    text = text_of(row)
    at = 0
    for piece in row:
        after = at + len(piece.text)
        if JOINER in dict(piece.others) and PICTURES.search(text[:at][-1:] + "\n" + text[after : after + 1]):
            others = ((piece.text, 0.0), *(other for other in piece.others if other[0] != JOINER))
            yield replace(piece, text=JOINER, confidence=JOINED, others=others)
        else:
            yield piece
        at = after
