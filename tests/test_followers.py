"""Tests of the scores of followers: they are those of the language model, whatever hypotheses share."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.language.archive_statistics import statistics_of
from pipeline.language.followers import follower_scores
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import LanguageModel, language_model

TEXT = "우리는 오늘 새로운 문서를 함께 읽고, 내일은 다시 만나서 이야기하기로 했습니다. "
KOREAN = language_model("ko")


@pytest.mark.parametrize("model", [KOREAN, KOREAN.interpolated_with(statistics_of({"a": TEXT}))])
def test_followers_have_the_scores_of_the_model(model: LanguageModel):
    """Hypotheses that end in the same characters, in one row or in several, get their own scores."""
    letters = codes_of(TEXT)
    chance = np.random.default_rng(1)
    state = model.start((6, 8))
    for at in range(7):
        here = at + np.arange(6)[:, None] // 2 + chance.integers(0, 2, (6, 8)) * (at % 3 == 0)
        state, _ = model.extend(state, letters[here])
    codes = letters[chance.integers(0, len(letters), (6, 12))]
    codes[:, 10:] = 0
    known = np.arange(8)[None, :] < np.arange(3, 9)[:, None]
    _, expected = model.extend(state.at((slice(None), slice(None), None)), codes[:, None, :])
    expected = np.where(known[:, :, None] & (codes > 0)[:, None, :], expected, -np.inf)
    np.testing.assert_allclose(follower_scores(model, state, codes, known), expected, rtol=1e-5)
