"""Text -> its log-likelihoods in the most likely of the languages that have an n-gram model."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import Floats, language_model, model_languages, unigram_log_probabilities
from pipeline.language.rival_scores import scores_by_language

NON_LETTER_RANGES = (
    (0x00, 0x80),  # ASCII; it must be the first
    (0x80, 0xC0),  # C1 controls, Latin-1 punctuation
    (0x2000, 0x2C00),  # General Punctuation to Miscellaneous Symbols and Arrows
    (0x3000, 0x3040),  # CJK Symbols and Punctuation
    (0xFE00, 0xFE70),  # Variation Selectors to Small Form Variants
    (0xFF00, 0xFF10),  # FULLWIDTH EXCLAMATION MARK to FULLWIDTH SOLIDUS
    (0x10000, 0x110000),  # all planes but the first
)  # code points, the end exclusive: ASCII, punctuation and symbols
CLEAR_LEAD = 100.0  # nats: by so much the characters alone identify the language
RIVAL_LANGUAGES = 4  # languages to score a text in
ASCII_CLASSES = 27  # a to z in lower case, and one class for all other characters
FEW_CODES = 4096  # code points that are faster sorted than counted
FREQUENT_CHARACTER = -9.5  # log-probability, in nats: the 2,500 most frequent characters of Chinese have as much
MIXED_SCRIPT_PENALTY = 5.0  # nats for each Latin letter next to one of Greek, Cyrillic and the like


_ASCII_CLASS = np.zeros(129, np.int64)  # the last one is that of all characters outside ASCII
_ASCII_CLASS[ord("a") : ord("z") + 1] = _ASCII_CLASS[ord("A") : ord("Z") + 1] = np.arange(1, ASCII_CLASSES)


def line_log_likelihoods(lines: Sequence[str | None]) -> Floats:
    """Return the log-likelihood of each line, in nats, in the most likely language of all lines together.

    Text may be mixed with English: posts are full of URLs, names and markup.
    """
    text = "\n".join(line or "" for line in lines)
    if not text.strip():
        return np.zeros(len(lines), np.float32)
    sums = np.concatenate([[0.0], np.cumsum(np.append(character_log_likelihoods(text), 0.0))])
    lengths = np.array([len(line or "") + 1 for line in lines])
    ends = np.cumsum(lengths)
    return np.asarray(sums[ends] - sums[ends - lengths], np.float32)


def character_log_likelihoods(text: str, *, mixed: bool = True) -> Floats:
    """Return the log-likelihood of each character of `text` in its most likely language, or in English.

    The probability is the mean of both languages. Unless the text is `mixed`, that of English is taken as 1: the
    result is then an upper bound.
    """
    names, (scores,) = letter_scores([text])
    rivals = [names[at] for at in np.argsort(-scores)[:RIVAL_LANGUAGES] if scores[at] > scores.max() - CLEAR_LEAD]
    tags = ["en", *rivals] if mixed else rivals
    known = np.exp(scores_by_language([language_model(tag) for tag in tags], text))
    english, chances = (known[0], known[1:]) if mixed else (np.float32(0), known)
    return max(np.asarray(np.log((chances + english) / 2), np.float32), key=lambda score: float(score.sum()))


def mean_cross_entropy(lines: Sequence[str], *, symbols: bool) -> float:
    """Return the cross-entropy of the characters outside ASCII in `lines`, in nats per character; 0 if there are none.

    Unseen prose has at most 5.8, mojibake at least 8.3. `symbols` says whether punctuation and symbols count as well.
    """
    text = "\n".join(lines)
    counted = _is_counted(text, symbols=symbols)
    return -float(character_log_likelihoods(text)[counted].mean()) if counted.any() else 0.0


def excess_nats(lines: Sequence[str], allowed: float, *, mixed: bool = True) -> Floats:
    """Return the excess nats of each line: the sum of cross-entropy - `allowed` over its letters outside ASCII.

    Unless the lines are `mixed` with English, it is a lower bound.
    """
    text = "\n".join([*lines, ""])
    excess = np.where(_is_counted(text, symbols=False), -character_log_likelihoods(text, mixed=mixed) - allowed, 0)
    starts = np.cumsum([0, *(len(line) + 1 for line in lines[:-1])])
    return np.asarray(np.add.reduceat(excess, starts), np.float32)


def _is_counted(text: str, *, symbols: bool) -> npt.NDArray[np.bool_]:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    unlike = NON_LETTER_RANGES[:1] if symbols else NON_LETTER_RANGES
    return np.asarray(~np.any([(codes >= first) & (codes < end) for first, end in unlike], axis=0), np.bool_)


def letter_scores(texts: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """Return the languages, and a quick score of each text in each language.

    Scores are in nats, shape (texts, languages). They add up unigrams of characters outside ASCII and bigrams of ASCII
    letters (mixed with English), less `MIXED_SCRIPT_PENALTY` for each neighbouring pair of a Latin and another letter.
    """
    rows = []
    for text in texts:
        seen = np.minimum(np.frombuffer(text.encode("utf-32-le"), np.uint32), 0xFFFF)
        ascii_ = seen < 128  # noqa: PLR2004
        codes, counts = _distinct_codes(seen[~ascii_].astype(np.int64))
        places = _ASCII_CLASS.take(seen, mode="clip")
        pairs = (ASCII_CLASSES * np.concatenate([[0], places[:-1]]) + places)[ascii_]
        latin, other = places > 0, (seen >= 0x370) & (seen < 0x2000)  # noqa: PLR2004
        touching = int((latin[1:] & other[:-1]).sum() + (other[1:] & latin[:-1]).sum())
        by_pairs = _ascii_bigrams() @ np.bincount(pairs, minlength=ASCII_CLASSES**2).astype(np.float64)
        rows.append(cached_unigrams(codes) @ counts + by_pairs - MIXED_SCRIPT_PENALTY * touching)
    return model_languages(), np.stack(rows)


def _distinct_codes(codes: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the distinct code points in order, and how often each occurs."""
    if not 0 < len(codes) <= FEW_CODES:
        counts = np.bincount(codes)
        found = np.flatnonzero(counts)
        return found, counts[found]
    ordered = np.sort(codes)
    starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, [len(ordered)]])
    return ordered[starts[:-1]], starts[1:] - starts[:-1]


def cached_unigrams(codes: npt.NDArray[np.integer]) -> Floats:
    """Return the log-probability of each of `codes` (of the Basic Multilingual Plane) in each language."""
    known = _unigram_cache()
    if len(new := codes[np.isnan(known[0, codes])]):
        known[:, new] = unigram_log_probabilities(new.astype(np.uint64))
    return known[:, codes]


@functools.lru_cache(maxsize=1 << 12)
def is_frequent(char: str) -> bool:
    """Return whether a character is frequent in some language.

    >>> is_frequent("素"), is_frequent("泠")
    (True, False)
    """
    return float(cached_unigrams(np.minimum(codes_of(char), 0xFFFF).astype(np.int64)).max()) >= FREQUENT_CHARACTER


@functools.cache
def _unigram_cache() -> Floats:
    """Return the cache of `cached_unigrams`: NaN where nothing was looked up, a constant for ASCII."""
    known = np.full((len(model_languages()), 0x10000), np.nan, np.float32)
    known[:, :128] = -3.0
    return known


@functools.cache
def _ascii_bigrams() -> npt.NDArray[np.float64]:
    """Return log-probabilities of ASCII bigrams, mixed with English: shape (languages, `ASCII_CLASSES` ** 2)."""
    alphabet = np.array([ord(" "), *range(ord("a"), ord("z") + 1)], np.uint64)
    scores = []
    for tag in model_languages():
        model = language_model(tag)
        state, _ = model.extend(model.start((ASCII_CLASSES, 1)), alphabet[:, None], orders=1)
        scores.append(model.extend(state, alphabet[None, :], orders=2)[1].ravel())
    chances = np.exp(np.stack(scores))
    chances[:, 0] = np.exp(-3.0)
    mixed = (chances + chances[model_languages().index("en")]) / 2
    return np.asarray(np.log(mixed), np.float64)


def likeliest_languages(characters: Sequence[tuple[str, ...]], *, within: float) -> list[str]:
    """Return the most likely languages of a text whose characters have several candidates each.

    The most likely comes first; languages more than `within` nats below it are left out.
    """
    names, scores = model_languages(), language_scores_of(characters)
    best = scores.max()
    return [names[at] for at in np.argsort(-scores) if scores[at] >= best - within]


def language_scores_of(characters: Sequence[tuple[str, ...]]) -> npt.NDArray[np.float64]:
    """Return the quick score of such a text in each language, in nats, in the order of `model_languages`."""
    _, (scores,) = letter_scores(["".join(options[0] if len(options) == 1 else "\n" for options in characters)])
    for options, times in Counter(options for options in characters if len(options) > 1).items():
        scores += times * _scores_of_options(options)
    return np.asarray(scores, np.float64)


@functools.lru_cache(maxsize=1 << 14)
def _scores_of_options(options: tuple[str, ...]) -> Floats:
    """Return the log-probability in each language that a character is one of `options`."""
    codes = np.minimum(codes_of("".join(option[:1] for option in options)), 0xFFFF)
    return np.asarray(np.log(np.exp(cached_unigrams(codes)).sum(axis=1)), np.float32)


def confidence_by_gain(gain: float) -> float:
    """Return the confidence in the better of two candidates that is more likely by `gain` nats (not negative).

    >>> confidence_by_gain(0.0), round(confidence_by_gain(5.0), 3)
    (0.5, 0.997)
    """
    return 1 - 0.5 * math.exp(-min(gain, 30.0))
