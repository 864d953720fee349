"""A few characters of a damaged double-byte file -> the texts that their bytes may have been, with log-likelihoods.

Each byte may have lost its partner, have changed, or be too many. Most such damages make unlikely text of all that
follows: only the others are scored with each character that may have been there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pipeline.document import REPLACEMENT
from pipeline.encoding.alignment import ASCII_FLOOR, SPACE_FLOOR, SPACES
from pipeline.encoding.half_characters import byte_places, letters_of_half
from pipeline.encoding.marked import marked_text
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import ORDER, Floats, LanguageModel

BYTE_VALUES = math.log(256)  # nats for the value of a wrong byte
MARK_PRICE = 11.0  # nats for a mark that stays, as `alignment.SKIP_PRICE`
CONTEXT = ORDER - 1  # characters
ContextAndText = tuple[str, str]


class Spot(NamedTuple):
    """Characters of which the first ones may be damaged: their context, text and bytes, and what damage costs there."""

    context: str
    literal: str
    data: bytes
    suspects: int  # the number of characters that may be damaged
    nats: float


class Case(NamedTuple):
    """A text that a spot may have been, the character in it that is a guess, and its log-likelihood in nats."""

    before: str
    guess: str
    rest: str
    score: float

    @property
    def text(self) -> str:
        """The text of the whole spot."""
        return self.before + self.guess + self.rest

    @property
    def group(self) -> tuple[str, bool, str]:
        """What the case says about the bytes, whatever the character is."""
        return self.before, bool(self.guess), self.rest


class _Damage(NamedTuple):
    """A damaged byte: the text before it, the characters that it may have been of, the text after it, and its nats."""

    before: str
    guesses: Sequence[str]
    rest: str
    nats: float


@dataclass(frozen=True, slots=True)
class TextScores:
    """The log-likelihoods of texts after their contexts, in nats; each is computed once, many together."""

    model: LanguageModel
    known: dict[ContextAndText, float] = field(default_factory=dict)

    def learn(self, pairs: Iterable[ContextAndText]) -> None:
        """Compute the scores of those pairs of a context and a text that are unknown."""
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self.known]
        if new:
            parts = [(context.rjust(CONTEXT, "\n"), text.replace(REPLACEMENT, "")) for context, text in new]
            scores = character_scores("".join(f"{context}{text}\n" for context, text in parts), self.model)
            sums = np.cumsum(np.append(0.0, scores), dtype=np.float64)
            ends = np.cumsum([len(context) + len(text) + 1 for context, text in parts]) - 1
            found = sums[ends] - sums[ends - [len(text) for _, text in parts]]
            self.known.update(zip(new, found.tolist(), strict=True))

    def cases(self, spots: Sequence[Spot], codec: str) -> list[list[Case]]:
        """Return the cases of each spot; the first is its text as it is.

        Damage after which the rest of the text is less likely than all of the text as it is makes no case.
        """
        every = [list(_damages(spot, codec, self.model)) for spot in spots]
        rows = list(zip(spots, every, strict=True))
        self.learn((spot.context, spot.literal) for spot in spots)
        self.learn(pair for spot, damages in rows for one in damages for pair in _sure_parts(spot, one))
        likely = [[one for one in damages if self._may_win(spot, one)] for spot, damages in rows]
        texts = [[(one, list(_damage_texts(one))) for one in damages] for damages in likely]
        self.learn(
            (spot.context, text) for spot, row in zip(spots, texts, strict=True) for _, found in row for text in found
        )
        return [self._cases_of(spot, damages) for spot, damages in zip(spots, likely, strict=True)]

    def _may_win(self, spot: Spot, damage: _Damage) -> bool:
        """Return whether a damage may be likelier than the text as it is if its guess fits perfectly."""
        sure = sum(self.known[pair] for pair in _sure_parts(spot, damage))
        return sure - _price_of_damage(spot, damage) >= self._literal(spot).score

    def _literal(self, spot: Spot) -> Case:
        """Return the case that the text of a spot is as it is."""
        return Case("", "", spot.literal, self.known[spot.context, spot.literal] - _price_of_marks(spot, spot.literal))

    def _cases_of(self, spot: Spot, damages: Iterable[_Damage]) -> list[Case]:
        """Return the cases of a spot for its likely damages."""
        found = {spot.literal: self._literal(spot)}
        for one in damages:
            price = _price_of_damage(spot, one)
            for guess in one.guesses:
                case = Case(
                    one.before, guess, one.rest, self.known[spot.context, one.before + guess + one.rest] - price
                )
                if case.text not in found or (found[case.text].score < case.score and case.text != spot.literal):
                    found[case.text] = case
        return list(found.values())


def _price_of_damage(spot: Spot, damage: _Damage) -> float:
    """Return the nats of a damage, and of the marks in the text."""
    return spot.nats + damage.nats + _price_of_marks(spot, damage.rest)


def _price_of_marks(spot: Spot, text: str) -> float:
    return text.count(REPLACEMENT) * (spot.nats + MARK_PRICE)


def _sure_parts(spot: Spot, damage: _Damage) -> list[ContextAndText]:
    """Return the parts of the text that are the same whatever the guess is: all but what follows it at once."""
    return [(spot.context, damage.before), (damage.rest[:1].replace(REPLACEMENT, ""), damage.rest[1:])]


def _damage_texts(damage: _Damage) -> Iterator[str]:
    for guess in damage.guesses:
        yield damage.before + guess + damage.rest


def _damages(spot: Spot, codec: str, model: LanguageModel) -> Iterator[_Damage]:
    """Yield the damages that the bytes of a spot may have."""
    places = byte_places(spot.literal, codec)
    for at in range(spot.suspects):
        here, before = places[at], spot.literal[:at]
        if REPLACEMENT in before:
            break
        lead, trail = (bytes([byte]) for byte in (spot.data + b"\n\n")[here : here + 2])
        firsts, seconds = letters_of_half(lead, b"", codec, model), letters_of_half(b"", lead, codec, model)
        changed = (*firsts, *letters_of_half(b"", trail, codec, model))
        rest, later = (marked_text(spot.data[here + size :], codec) for size in (1, 2))
        yield _Damage(before, (*firsts, *seconds), rest, 0.0)
        yield _Damage(before, changed, later, BYTE_VALUES)
        if not lead.isascii():
            yield _Damage(before, ("",), rest, BYTE_VALUES)


def character_scores(text: str, model: LanguageModel) -> Floats:
    """Return the log-likelihood of each character of a text; one in a run of ASCII, markup say, costs little."""
    codes = codes_of(text)
    chance = np.array(model.score(text))
    ascii_ = np.concatenate([[False], codes < 0x80, [False]])
    in_run = ascii_[1:-1] & (ascii_[:-2] | ascii_[2:])
    chance = np.where(in_run, np.maximum(chance, ASCII_FLOOR), chance)
    return np.asarray(np.where(np.isin(codes, SPACES), np.maximum(chance, SPACE_FLOOR), chance), np.float32)
