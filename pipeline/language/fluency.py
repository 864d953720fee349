"""Text -> how well it reads in the languages that we know, whichever it is in."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import Floats, LanguageModel, language_model, languages, unigrams

NO_LETTERS = (
    *((0x00, 0x80), (0x80, 0xC0), (0x2000, 0x2C00), (0x3000, 0x3040)),
    *((0xFE00, 0xFE70), (0xFF00, 0xFF10), (0x10000, 0x110000)),
)  # ASCII first, then what is punctuation and symbols
MARKED = (0xC0, 0x250)  # Latin letters with marks; two signs stand among them
CLEAR = 100.0  # nats: the letters alone tell the language
RIVALS = 4  # languages that a text is scored in
ALPHABET = 27  # ASCII letters, which the model knows as small ones, and one for what is none
TOUCHING = 5.0  # nats: letters of Greek, Cyrillic and the like stand hardly ever next to Latin ones


_PLACES = np.zeros(128, np.int64)
_PLACES[ord("a") : ord("z") + 1] = np.arange(1, ALPHABET)


def fluency(lines: Sequence[str | None]) -> Floats:
    """Return how likely each line is in the language that all of them are likeliest in: natural logarithms.

    English may stand between: what archives hold is full of addresses, names and markup.
    """
    text = "\n".join(line or "" for line in lines)
    if not text.strip():
        return np.zeros(len(lines), np.float32)
    sums = np.concatenate([[0.0], np.cumsum(np.append(scored(text), 0.0))])
    lengths = np.array([len(line or "") + 1 for line in lines])
    ends = np.cumsum(lengths)
    return np.asarray(sums[ends] - sums[ends - lengths], np.float32)


def scored(text: str, *, mixed: bool = True) -> Floats:
    """Return how likely each character of `text` is in the language that all of it is likeliest in, or in English.

    Unless it is `mixed` it holds no English, which is as likely as not: so a character is at least so likely.
    """
    names, (scores,) = letters([text])
    rivals = [names[at] for at in np.argsort(-scores)[:RIVALS] if scores[at] > scores.max() - CLEAR]
    english = np.exp(language_model("en").score(text)) if mixed else np.float32(0)
    return max((_mixed(language_model(tag), english, text) for tag in rivals), key=lambda score: float(score.sum()))


def strangeness(lines: Sequence[str], *, symbols: bool) -> float:
    """Return how unlikely the characters outside ASCII in `lines` are, in nats each; 0 if there are none.

    Prose that the model has not seen has at most 5.8, mojibake at least 8.3; symbols, of which prose has few, count or
    do not.
    """
    text = "\n".join(lines)
    counted = _counted(text, symbols=symbols)
    return -float(scored(text)[counted].mean()) if counted.any() else 0.0


def oddness(lines: Sequence[str], allowed: float, *, mixed: bool = True) -> Floats:
    """Return by how many nats the letters outside ASCII of each of `lines` are less likely than `allowed` nats each.

    Unless they are `mixed` with English it is at most so many.
    """
    text = "\n".join([*lines, ""])
    excess = np.where(_counted(text, symbols=False), -scored(text, mixed=mixed) - allowed, 0)
    starts = np.cumsum([0, *(len(line) + 1 for line in lines[:-1])])
    return np.asarray(np.add.reduceat(excess, starts), np.float32)


def _counted(text: str, *, symbols: bool) -> npt.NDArray[np.bool_]:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    unlike = NO_LETTERS[:1] if symbols else NO_LETTERS
    return np.asarray(~np.any([(codes >= first) & (codes < end) for first, end in unlike], axis=0), np.bool_)


def _mixed(model: LanguageModel, english: Floats | np.float32, text: str) -> Floats:
    return np.asarray(np.log((np.exp(model.score(text)) + english) / 2), np.float32)


def letters(texts: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """Return the languages, and how likely the letters of each text are in each of them, whatever their order.

    Natural logarithms, shape (texts, languages). ASCII letters are told from the one before, which may be English;
    a letter of Greek, Cyrillic and the like hardly ever touches one.
    """
    rows = []
    for text in texts:
        seen = np.minimum(codes_of(text), 0xFFFF)
        ascii_ = seen < 128  # noqa: PLR2004
        counts = np.bincount(seen[~ascii_].astype(np.int64))
        codes = np.flatnonzero(counts)
        places = np.where(ascii_, _PLACES[np.where(ascii_, seen, 0)], 0)
        pairs = (ALPHABET * np.concatenate([[0], places[:-1]]) + places)[ascii_]
        latin, other = places > 0, (seen >= 0x370) & (seen < 0x2000)  # noqa: PLR2004
        touching = int((latin[1:] & other[:-1]).sum() + (other[1:] & latin[:-1]).sum())
        by_pairs = _bigrams() @ np.bincount(pairs, minlength=ALPHABET**2)
        rows.append(_unigrams(codes) @ counts[codes] + by_pairs - TOUCHING * touching)
    return languages(), np.stack(rows)


def _unigrams(codes: npt.NDArray[np.integer]) -> Floats:
    """Return how likely each of `codes`, of the Basic Multilingual Plane, is in each language."""
    known = _known()
    if len(new := codes[np.isnan(known[0, codes])]):
        known[:, new] = unigrams(new.astype(np.uint64))
    return known[:, codes]


@functools.cache
def _known() -> Floats:
    """Return what has been looked up so far; ASCII is as likely everywhere."""
    known = np.full((len(languages()), 0x10000), np.nan, np.float32)
    known[:, :128] = -3.0
    return known


@functools.cache
def _bigrams() -> Floats:
    """Return how likely each ASCII letter, or what is none, is after each in each language, or in English."""
    alphabet = np.array([ord(" "), *range(ord("a"), ord("z") + 1)], np.uint64)
    told = []
    for tag in languages():
        model = language_model(tag)
        state, _ = model.extend(model.start((ALPHABET, 1)), alphabet[:, None], orders=1)
        told.append(model.extend(state, alphabet[None, :], orders=2)[1].ravel())
    chances = np.exp(np.stack(told))
    chances[:, 0] = np.exp(-3.0)
    return np.asarray(np.log((chances + chances[languages().index("en")]) / 2), np.float32)


def mismatch(lines: Sequence[str], allowed: float) -> float:
    """Return by how many nats the Latin letters with marks of `lines` are less likely than `allowed` nats each.

    A letter is as likely as among all such letters of the language that those of its line are likeliest in, whatever
    their order. Of 1,000 characters Czech read as Windows-1252 has 3.3 and more, prose hardly ever.
    """
    first, end = MARKED
    codes = (np.frombuffer(line.encode("utf-32-le"), np.uint32) for line in lines)
    found = (line[(line >= first) & (line < end)] - first for line in codes)
    return sum(
        float(-(_marked() @ np.bincount(marked, minlength=end - first)).max()) - allowed * len(marked)
        for marked in found
    )


@functools.cache
def _marked() -> npt.NDArray[np.float64]:
    """Return how likely each Latin letter with a mark is in each language where one stands."""
    alone = _unigrams(np.arange(*MARKED)).astype(np.float64)
    return np.asarray(alone - np.log(np.exp(alone).sum(axis=1, keepdims=True)), np.float64)


def likeliest(characters: Sequence[tuple[str, ...]], *, within: float) -> list[str]:
    """Return the languages whose letters make a text likeliest, each of whose characters is one of several strings.

    The likeliest comes first; none is told that is less likely by more than `within` nats.
    """
    names, (scores,) = letters(["".join(options[0] if len(options) == 1 else "\n" for options in characters)])
    for options, times in Counter(options for options in characters if len(options) > 1).items():
        codes = np.minimum(codes_of("".join(option[:1] for option in options)), 0xFFFF)
        scores += times * np.log(np.exp(_unigrams(codes)).sum(axis=1))
    best = scores.max()
    return [names[at] for at in np.argsort(-scores) if scores[at] >= best - within]


def surety(gain: float) -> float:
    """Return how sure a reading is that is likelier than the other by `gain` nats, which is not negative.

    >>> surety(0.0), round(surety(5.0), 3)
    (0.5, 0.997)
    """
    return 1 - 0.5 * math.exp(-min(gain, 30.0))
