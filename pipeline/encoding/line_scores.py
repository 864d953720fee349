"""Lines -> how likely each is in one codec: the language model scores its text, and each bad byte has a cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.document import REPLACEMENT
from pipeline.encoding.alphabets import in_known_letters, in_known_signs
from pipeline.encoding.detection import UTF_8
from pipeline.encoding.marked import marked_text
from pipeline.language.fluency import RIVAL_LANGUAGES, letter_scores
from pipeline.language.ngrams import Floats, LanguageModel, language_model

SKIPPED_BYTE_PRICE = 14.0  # nats for a byte of a line that belongs to no character; `benchmarks/decoding.py mixed`
LANGUAGE_SAMPLE_LENGTH = 3_000  # characters that the language is chosen by
VALID_UTF_8 = np.float32(15.0)  # nats: another encoding is hardly ever valid UTF-8 by chance
STRANGE = 6.5  # nats per character outside ASCII: unseen prose has at most 5.8, mojibake at least 8.3
RUN = 4  # characters: so many strange ones in a row are a trace of bytes that were paired wrongly
STRANGE_RUN = 8.5  # nats per character of such a run
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LineScores:
    """Lines in one codec: their texts, log-likelihoods in nats, which do not look like text, and where some do not.

    `breaks` has, by the number of a line, the indexes of its marks and of its strange runs.
    """

    codec: str
    model: LanguageModel
    texts: Sequence[str]
    scores: Floats
    strange: npt.NDArray[np.bool_]
    breaks: Mapping[int, list[int]]


def line_scores(lines: Sequence[bytes], codec: str, typical: Sequence[bytes]) -> LineScores:
    """Return the scores of lines in a codec; the language is the likeliest of the lines that are `typical` for it."""
    texts = [marked_text(line, codec) for line in lines]
    known = _in_known_characters("\n".join(texts), codec).split("\n")
    sample = _in_known_characters("\n".join(marked_text(line, codec) for line in typical), codec)
    model = likeliest_model(sample[:LANGUAGE_SAMPLE_LENGTH])
    chance, codes, starts = _character_scores(known, model)
    marks = np.array([text.count(REPLACEMENT) for text in texts])
    outside = codes > 0x7F
    cost = np.add.reduceat(np.where(outside, -chance, 0), starts) + SKIPPED_BYTE_PRICE * marks
    count = np.add.reduceat(outside.astype(int), starts) + marks
    worst = np.convolve(np.where(outside, np.minimum(-chance, 12), 0), np.ones(RUN), "same") / RUN
    strange = (marks > 0) | (cost > STRANGE * np.maximum(count, 1))
    scores = _line_sums(chance, starts, marks) + VALID_UTF_8 * ((marks == 0) & (codec == UTF_8))
    breaks = _breaks(texts, starts, np.flatnonzero(worst > STRANGE_RUN))
    return LineScores(codec, model, texts, np.asarray(scores, np.float32), strange, breaks)


def _breaks(texts: Sequence[str], starts: Indices, strange: Indices) -> dict[int, list[int]]:
    """Return the indexes of marks and of `strange` characters by line; `strange` are indexes of all lines' characters.

    Lines without any have no entry. Marks are no characters of `strange`.
    """
    rows = np.searchsorted(starts, strange, "right") - 1
    found: dict[int, list[int]] = {}
    for row, at in zip(rows.tolist(), (strange - starts[rows]).tolist(), strict=True):
        found.setdefault(row, []).append(at)
    for row, text in enumerate(texts):
        if REPLACEMENT in text:
            plain = [at for at, char in enumerate(text) if char != REPLACEMENT]
            marks = [at for at, char in enumerate(text) if char == REPLACEMENT]
            found[row] = sorted([*marks, *(plain[at] for at in found.get(row, ()) if at < len(plain))])
    return found


def _in_known_characters(text: str, codec: str) -> str:
    """Return a text of the same length in letters and signs that the language model knows."""
    return in_known_signs(in_known_letters(text, codec)[0])


def text_scores(texts: Sequence[str], model: LanguageModel) -> Floats:
    """Return the log-likelihood of each text, in nats; U+FFFD in it is a bad byte."""
    chance, _, starts = _character_scores(texts, model)
    return _line_sums(chance, starts, np.array([text.count(REPLACEMENT) for text in texts]))


def _line_sums(chance: Floats, starts: Indices, marks: Indices) -> Floats:
    """Return the log-likelihood of each line, in nats, from those of its characters and the number of its bad bytes."""
    return np.asarray(np.add.reduceat(chance, starts) - SKIPPED_BYTE_PRICE * marks, np.float32)


def _character_scores(texts: Sequence[str], model: LanguageModel) -> tuple[Floats, npt.NDArray[np.uint32], Indices]:
    """Return the log-likelihoods of the characters of all texts, their code points, and where each text starts.

    Text may be mixed with English. U+FFFD does not count; a line feed ends each text.
    """
    plain = [text.replace(REPLACEMENT, "") for text in texts]
    whole = "\n".join([*plain, ""])
    english = language_model("en").probabilities(whole)[0]
    chance = np.asarray(np.log((model.probabilities(whole)[0] + english) / 2), np.float32)
    starts = np.cumsum([0, *(len(text) + 1 for text in plain[:-1])])
    return chance, np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), np.uint32), starts


def likeliest_model(text: str) -> LanguageModel:
    """Return the model of the language in which `text` is likeliest."""
    names, (scores,) = letter_scores([text.replace(REPLACEMENT, "")])
    rivals = [names[at] for at in np.argsort(-scores)[:RIVAL_LANGUAGES]]
    return max(map(language_model, rivals), key=lambda model: float(model.score(text).sum()))
