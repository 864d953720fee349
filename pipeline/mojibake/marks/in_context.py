"""Fillings of the marked words of a text -> their probabilities in context, by the n-grams around each word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.changes import Span
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import LanguageModel
from pipeline.mojibake.lossy.gaps import MODEL_CONTEXT
from pipeline.mojibake.marks.words import Filling

CONTEXT_ROUNDS = 2  # marked words are the context of others
SEGMENT_BATCH = 4_096  # segments that are scored together
MARK_TEMPERATURE = 2.0  # softens the scores, which are overconfident on text unlike the model's


class WordInText(NamedTuple):
    """A marked word at a span of the text, and its fillings with what a word list adds to their scores."""

    span: Span
    fillings: Sequence[Filling]
    extra: Sequence[float]  # by filling, nats


def filling_probabilities(
    text: str, words: Sequence[WordInText], model: LanguageModel
) -> list[npt.NDArray[np.float64]]:
    """Return the probabilities of the fillings of each word, given the text around it with the likeliest fillings."""
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
            total = (score + np.array(words[number].extra)) / MARK_TEMPERATURE
            weights = np.exp(total - total.max())
            shares[number] = weights / weights.sum()
            chosen[number] = words[number].fillings[int(weights.argmax())].text
    return shares


def segment_scores(segments: Sequence[str], model: LanguageModel) -> npt.NDArray[np.float64]:
    """Return the log-likelihood of each segment without its first `MODEL_CONTEXT` characters, in nats."""
    order = sorted(range(len(segments)), key=lambda number: -len(segments[number]))
    scores = np.zeros(len(segments))
    for at in range(0, len(order), SEGMENT_BATCH):
        numbers = order[at : at + SEGMENT_BATCH]
        lengths = np.array([len(segments[number]) for number in numbers])
        width = int(lengths[0])
        codes = codes_of("".join(segments[number].ljust(width) for number in numbers)).reshape(len(numbers), width)
        state = model.start((len(numbers),))
        total = np.zeros(len(numbers))
        for column in range(codes.shape[1]):
            active = int((lengths > column).sum())
            state, chance = model.extend(state.at(slice(0, active)), codes[:active, column])
            if column >= MODEL_CONTEXT:
                total[:active] += chance
        scores[numbers] = total
    return scores


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
