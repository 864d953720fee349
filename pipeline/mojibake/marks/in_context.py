"""Fillings of the marked words of a text -> their probabilities in context, by the n-grams around each word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.changes import Span
from pipeline.language.ngrams import LanguageModel
from pipeline.mojibake.lossy.gaps import MODEL_CONTEXT
from pipeline.mojibake.marks.segments import segment_scores
from pipeline.mojibake.marks.words import Filling

CONTEXT_ROUNDS = 2  # marked words are the context of others


class WordInText(NamedTuple):
    """A marked word at a span of the text, its fillings, and what other evidence than n-grams says of each."""

    span: Span
    fillings: Sequence[Filling]
    extra: Sequence[float]  # by filling, nats


def filling_probabilities(
    text: str, words: Sequence[WordInText], model: LanguageModel, ngram_weight: float
) -> list[npt.NDArray[np.float64]]:
    """Return the probabilities of the fillings of each word, given the text around it with the likeliest fillings.

    `ngram_weight` is the exponent of the probabilities of n-grams.
    """
    chosen = [word.fillings[0].text for word in words]
    shares: list[npt.NDArray[np.float64]] = [np.ones(1) for _ in words]
    doubtful = [number for number, word in enumerate(words) if len(word.fillings) > 1]
    seen: dict[int, tuple[str, str]] = {}  # the context that each word was scored in
    for _ in range(CONTEXT_ROUNDS):
        around = dict(zip(doubtful, _contexts_of(text, words, chosen, doubtful), strict=True))
        changed = [number for number in doubtful if seen.get(number) != around[number]]
        seen |= around
        segments = [
            around[number][0] + one.text + around[number][1] for number in changed for one in words[number].fillings
        ]
        scores = np.split(
            segment_scores(segments, model), np.cumsum([len(words[number].fillings) for number in changed])
        )
        for number, score in zip(changed, scores, strict=False):
            total = ngram_weight * score + np.array(words[number].extra)
            weights = np.exp(total - total.max())
            shares[number] = weights / weights.sum()
            chosen[number] = words[number].fillings[int(weights.argmax())].text
    return shares


def _contexts_of(
    text: str, words: Sequence[WordInText], chosen: Sequence[str], numbers: Iterable[int]
) -> Iterator[tuple[str, str]]:
    """Yield the text before and after some of the words, with the chosen words in it, up to the ends of their lines."""
    parts, starts, at, size = [], [], 0, 0
    for word, own in zip(words, chosen, strict=True):
        start, end = word.span
        parts += [text[at:start], own]
        size += start - at
        starts.append(size)
        size += len(own)
        at = end
    filled = "".join([*parts, text[at:]])
    for number in numbers:
        start, end = starts[number], starts[number] + len(chosen[number])
        before = filled[max(0, start - MODEL_CONTEXT) : start].rpartition("\n")[2].rjust(MODEL_CONTEXT)
        yield before, filled[end : end + MODEL_CONTEXT].partition("\n")[0] + "\n"
