"""Short texts -> their log-likelihoods without their first characters, which are their context."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import LanguageModel
from pipeline.mojibake.lossy.gaps import MODEL_CONTEXT

SEGMENT_BATCH = 4_096  # segments that are scored together


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
