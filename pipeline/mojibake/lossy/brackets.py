"""Pieces of a line -> the same pieces, with gaps chosen by context: brackets pair, emoji are joined."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from pipeline.mojibake.lossy.pieces import Piece, pieces_text
from pipeline.mojibake.lossy.rescoring import LEAST_PROBABILITY, by_probability

CLOSING_BRACKETS = {"「": "」", "『": "』", "【": "】", "《": "》", "〈": "〉"}
OPENING_BRACKETS = {closing: opening for opening, closing in CLOSING_BRACKETS.items()}
SYMMETRIC_QUOTES = "“”„"  # the language decides which of them opens
ANY_BRACKET = re.compile(f"[{''.join(CLOSING_BRACKETS)}{''.join(CLOSING_BRACKETS.values())}{SYMMETRIC_QUOTES}]")
UNPAIRED_COST = 5.3  # nats: one bracket in two hundred is unpaired in its line, in the texts of the model
ZERO_WIDTH_JOINER = "\u200d"  # zero width joiner
BETWEEN_EMOJI = re.compile("[\ufe0f\u2600-\u27bf\U0001f300-\U0001faff]\n[\u2600-\u27bf\U0001f300-\U0001faff]")
JOINER_CONFIDENCE = 0.95  # confidence: no other character with its bytes occurs between two emoji
OFTEN_UNPAIRED = 3  # lines: more unpaired closing brackets than opening ones are no typo
LEAST_BRACKET_PROBABILITY = 0.001  # probability below which the brackets that a gap can be are ignored
MOST_BRACKETS = 60  # gaps and brackets of a line: more are no sentence


def with_paired_brackets(row: Sequence[Piece], max_confidence: float, often: Collection[str]) -> Sequence[Piece]:
    """Return the pieces of a line, with the gaps that can be brackets chosen so that brackets pair.

    Each unpaired bracket costs `UNPAIRED_COST`, twice that if it is unpaired `often`. The gap that gains most is
    changed first.
    """
    options = {at: ((piece.text, piece.confidence), *piece.others) for at, piece in enumerate(row) if piece.others}
    least = 0.0 if any(sign in piece.text for piece in row for sign in often) else LEAST_BRACKET_PROBABILITY
    gaps = {
        at: found
        for at, found in options.items()
        if any(ANY_BRACKET.search(one) and rate >= least for one, rate in found)
    }
    signs = {at: piece.text for at, piece in enumerate(row) if at in gaps or ANY_BRACKET.search(piece.text)}
    if not gaps or len(signs) > MOST_BRACKETS:
        return row
    while True:
        likely = {at: _bracket_likelihoods(found, at, signs, often) for at, found in gaps.items()}
        at = max(gaps, key=lambda at: max(likely[at].values()) - likely[at][signs[at]])
        best = max(likely[at], key=lambda one: likely[at][one])
        if likely[at][best] <= likely[at][signs[at]]:
            return [
                _rescored_piece(piece, likely[at], max_confidence) if at in gaps else piece
                for at, piece in enumerate(row)
            ]
        signs[at] = best


def _bracket_likelihoods(
    found: Sequence[tuple[str, float]], at: int, signs: dict[int, str], often: Collection[str]
) -> dict[str, float]:
    """Return the log-likelihood, in nats, of each option of a gap, given the other brackets of the line."""
    alone = {one: unpaired_brackets("".join((signs | {at: one}).values())) for one, _ in found}
    cost = {
        one: sum(UNPAIRED_COST * (2 if sign in often else 1) * alone[one][sign] for sign in alone[one]) for one in alone
    }
    return {one: math.log(max(share, LEAST_PROBABILITY)) - cost[one] for one, share in found}


def _rescored_piece(piece: Piece, likely: dict[str, float], max_confidence: float) -> Piece:
    """Return the piece with the likeliest of its options as its text."""
    most = max(likely.values())
    total = sum(math.exp(one - most) for one in likely.values())
    shares = (math.exp(rate - most) / total for rate in likely.values())
    (text, confidence), *others = by_probability(likely, shares, max_confidence)
    return replace(piece, text=text, confidence=confidence, others=tuple(others))


def unpaired_brackets(text: str) -> Counter[str]:
    """Return the unpaired brackets of a text.

    >>> unpaired_brackets("「」"), unpaired_brackets("「『」"), unpaired_brackets("」「"), unpaired_brackets("””")
    (Counter(), Counter({'『': 1}), Counter({'」': 1, '「': 1}), Counter())
    """
    signs = ANY_BRACKET.findall(text)
    alone = Counter(SYMMETRIC_QUOTES[:1] * (sum(sign in SYMMETRIC_QUOTES for sign in signs) % 2))
    opened: Counter[str] = Counter()
    for sign in signs:
        if sign in CLOSING_BRACKETS:
            opened[sign] += 1
        elif sign in OPENING_BRACKETS and opened[OPENING_BRACKETS[sign]]:
            opened[OPENING_BRACKETS[sign]] -= 1
        elif sign in OPENING_BRACKETS:
            alone[sign] += 1
    return alone + opened


def often_unpaired_brackets(rows: Sequence[Sequence[Piece]]) -> set[str]:
    """Return the closing brackets that are unpaired in `OFTEN_UNPAIRED` lines more than their opening brackets."""
    alone: Counter[str] = Counter()
    for row in rows:
        alone.update(unpaired_brackets(pieces_text(row)).keys())
    return {sign for sign, opening in OPENING_BRACKETS.items() if alone[sign] - alone[opening] >= OFTEN_UNPAIRED}


def with_joined_emoji(row: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces of a line; a gap between two emoji that can be a joiner is one."""
    text = pieces_text(row)
    at = 0
    for piece in row:
        after = at + len(piece.text)
        if ZERO_WIDTH_JOINER in dict(piece.others) and BETWEEN_EMOJI.search(
            text[:at][-1:] + "\n" + text[after : after + 1]
        ):
            others = ((piece.text, 0.0), *(other for other in piece.others if other[0] != ZERO_WIDTH_JOINER))
            yield replace(piece, text=ZERO_WIDTH_JOINER, confidence=JOINER_CONFIDENCE, others=others)
        else:
            yield piece
        at = after
