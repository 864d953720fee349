"""Lines -> the decoding chain that best explains them, undone; for mojibake that lost no bytes.

Example: `Ð¿Ñ€Ð¸Ð²ÐµÑ‚` is `привет` in UTF-8, decoded as cp1252.
"""

from __future__ import annotations

import codecs
import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.encoding.codecs import (
    fallback_codecs,
    is_multi_byte,
    multi_byte_misdecodings,
    original_codecs,
    single_byte_misdecodings,
)
from pipeline.encoding.misdecoding import encoded_character
from pipeline.language.fluency import confidence_by_gain, letter_scores, line_log_likelihoods, mean_cross_entropy
from pipeline.language.ngrams import Floats
from pipeline.mojibake.intruders import has_intruders, intruder_count
from pipeline.mojibake.lossy.diagnosis import C1_CONTROLS, CHAIN_PRIOR, diagnose
from pipeline.mojibake.soundness import LineRepair, mixes_scripts, objection

MOST_DECODINGS = 3  # mis-decodings of a chain at most
FEWEST_FOR_CHAIN = 4  # characters outside ASCII that a chain is detected from
FEWEST_VALID = 2  # the same where the truth is UTF-8: its validity is evidence
FEWEST_DISTINCT = 8  # the same, distinct ones, where the truth is not UTF-8 and the mis-decoding is rare
CHAIN_SAMPLE = 2_000  # characters that the chain is chosen from
MOST_SCORED_CHAINS = 10  # chains that are scored in full: the likeliest by their characters alone
SHARED_CHAIN_GAIN = math.log(9)  # nats for a line that shares its chain with nine in ten others
UNDECIDED_NATS = 4.0  # a line that is less likely undone by so little is undone if most others are
MOST_CHAIN_CROSS_ENTROPY = 6.2  # nats per character outside ASCII: no known language has a higher cross-entropy
MOST_LIKELIER_CROSS_ENTROPY, LEAST_LIKELIER = 7.5, 3.0  # the same, where it is so many nats per character likelier
MOST_VALID_CROSS_ENTROPY = 8.0  # the same of letters alone, where all bytes are valid UTF-8; mojibake has at least 8.3


@dataclass(frozen=True, slots=True)
class Chain:
    """A decoding chain: pairs of the wrong codec and the true one, the last mis-decoding first."""

    decodings: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return the chain in words: `UTF-8 decoded as cp1252, then UTF-8 decoded as latin-1`."""
        return decodings_in_words((truth, wrong) for wrong, truth in reversed(self.decodings))

    @property
    def doubt(self) -> float:
        """How much likelier the original must be than the text, in nats: `CHAIN_PRIOR` per decoding, thrice if rare."""
        rare = sum(is_multi_byte(wrong) and truth != "utf-8" for wrong, truth in self.decodings)
        return CHAIN_PRIOR * (len(self.decodings) + 2 * rare)

    @property
    def truth(self) -> str:
        """The codec of the original bytes."""
        return self.decodings[-1][1]

    @property
    def proves_itself(self) -> bool:
        """Whether the original bytes are UTF-8 in each decoding: other bytes are hardly ever valid UTF-8."""
        return all(truth == "utf-8" for _, truth in self.decodings)

    def undone(self, text: str) -> str | None:
        """Return the original of `text`; None where the chain cannot have produced it.

        >>> Chain((("cp1252", "utf-8"),)).undone("cafÃ©")
        'café'
        """
        for wrong, truth in self.decodings:
            data = bytes_before_decoding(text, wrong)
            if data is None:
                return None
            try:
                text = data.decode(truth)
            except UnicodeDecodeError:
                return None
        return text


def decodings_in_words(decodings: Iterable[tuple[str, str]]) -> str:
    """Return decodings in words, given as pairs of the true codec and the wrong one, in the order of time.

    >>> decodings_in_words([("gb18030", "cp1252"), ("utf-8", "latin-1")])
    'gb18030 decoded as cp1252, then UTF-8 decoded as latin-1'
    """
    return ", then ".join(f"{truth.replace('utf-8', 'UTF-8')} decoded as {wrong}" for truth, wrong in decodings)


def bytes_before_decoding(text: str, codec: str) -> bytes | None:
    r"""Return the bytes that `codec` decodes to `text`, undefined ones as C1 controls; None where there are none.

    >>> bytes_before_decoding("Ã©", "cp1252"), bytes_before_decoding("щ", "cp1252")
    (b'\xc3\xa9', None)
    """
    found = [encoded_character(char, codec) for char in text]
    return b"".join(found) if all(found) else None


def best_chain(lines: Sequence[str]) -> tuple[Chain, list[tuple[int, str, float]]] | None:
    """Return the likeliest chain, and the number, original and confidence of each line that it mis-decoded.

    None where the lines are likeliest as they are. `CHAIN_PRIOR` is the prior against each mis-decoding.

    >>> chain, undone = best_chain(["Ð¿Ñ€Ð¸Ð²ÐµÑ‚, Ð¼Ð¸Ñ€"])
    >>> print(chain, undone[0][1])
    UTF-8 decoded as cp1252 привет, мир
    """
    return _best_chain(tuple(lines))


@functools.lru_cache(maxsize=1)  # the same lines are asked for twice in a row
def _best_chain(lines: tuple[str, ...]) -> tuple[Chain, list[tuple[int, str, float]]] | None:
    """Return the result of `best_chain`."""
    sample = line_sample(lines)
    if not sample:
        return None
    before = line_log_likelihoods(sample)
    best: tuple[float, Chain | None] = (0.0, None)
    for chain, texts in _likely_chains(sample):
        gain = _likelihood_gain(before, line_log_likelihoods(texts)) - chain.doubt
        changed = [text for text, line in zip(texts, sample, strict=True) if text != line]
        known = chain.proves_itself and len(changed) == len(sample)
        if gain <= best[0] or not _has_evidence(sample, texts, chain):
            continue
        if not chain.proves_itself and objection(_proposed_lines(sample, texts)):
            continue
        likelier = is_multi_byte(chain.truth) and gain > LEAST_LIKELIER * _non_ascii_count(changed)
        most = MOST_LIKELIER_CROSS_ENTROPY if likelier else MOST_CHAIN_CROSS_ENTROPY
        plain = mean_cross_entropy(changed, symbols=not known) < (MOST_VALID_CROSS_ENTROPY if known else most)
        if plain or (known and gain > MOST_VALID_CROSS_ENTROPY * _non_ascii_count(changed) and not diagnose(changed)):
            best = gain, chain
    if best[1] is None:
        return None
    return best[1], list(_misdecoded_lines(lines, best[1]))


def _proposed_lines(lines: Sequence[str], originals: Sequence[str]) -> list[LineRepair]:
    """Return the lines that a chain changes, with their proposed originals."""
    return [LineRepair(*pair) for pair in zip(lines, originals, strict=True) if pair[0] != pair[1]]


def line_sample(lines: Sequence[str]) -> list[str]:
    """Return the first distinct lines, until they have `CHAIN_SAMPLE` characters."""
    found, size = [], 0
    for line in dict.fromkeys(lines):
        found.append(line[:CHAIN_SAMPLE])
        size += len(line)
        if size > CHAIN_SAMPLE:
            break
    return found


def _likely_chains(sample: list[str]) -> Iterator[tuple[Chain, list[str]]]:
    """Yield the chains whose originals look most like a language by their characters alone, with these originals."""
    found: list[tuple[Chain, list[str]]] = []
    grown: list[tuple[Chain, list[str | None]]] = [(Chain(()), list(sample))]
    seen: set[tuple[str | None, ...]] = {tuple(sample)}
    for _ in range(MOST_DECODINGS):
        grown = [step for chain, texts in grown for step in _extended_chains(chain, texts, seen)]
        for chain, texts in grown:
            found.append((chain, [line if text is None else text for text, line in zip(texts, sample, strict=True)]))
        grown = [one for one in grown if one[0].decodings[-1][1] == "utf-8"]  # longer chains of others never occur
    if found:
        rough = letter_scores(["\n".join(texts) for _, texts in found])[1].max(axis=1)
        doubt = np.array([chain.doubt for chain, _ in found])
        yield from (found[at] for at in np.argsort(doubt - rough)[:MOST_SCORED_CHAINS])


def _extended_chains(
    chain: Chain, texts: list[str | None], seen: set[tuple[str | None, ...]]
) -> Iterator[tuple[Chain, list[str | None]]]:
    """Yield the chains that are one mis-decoding longer, with the originals; `seen` grows by these."""
    for wrong in (*single_byte_misdecodings(), *multi_byte_misdecodings()):
        data = [None if text is None or text.isascii() else bytes_before_decoding(text, wrong) for text in texts]
        if not any(data):
            continue
        for truth in original_codecs():
            if truth == wrong:
                continue
            read = [None if one is None else _valid_original(one, truth) for one in data]
            if sum(text is not None for text in read) * 2 <= sum(one is not None for one in data):
                continue
            if tuple(read) not in seen:
                seen.add(tuple(read))
                yield Chain((*chain.decodings, (wrong, truth))), read


def _valid_original(data: bytes, codec: str) -> str | None:
    """Return `data` decoded, without a last character that the sample cut; None where it is invalid."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(data)
    except UnicodeDecodeError:
        return None
    return None if codec != "utf-8" and C1_CONTROLS.search(text) else text


def _has_evidence(sample: list[str], texts: list[str], chain: Chain) -> bool:
    """Return whether enough characters outside ASCII speak for a chain."""
    rare = any(wrong not in fallback_codecs() and truth != "utf-8" for wrong, truth in chain.decodings)
    changed = "".join(line for text, line in zip(texts, sample, strict=True) if text != line)
    foreign = [char for char in changed if char >= "\x80"]
    if chain.proves_itself:
        return len(foreign) >= FEWEST_VALID
    if rare and has_intruders("\n".join(sample)) and not intruder_count("\n".join(texts)):
        return len(foreign) >= FEWEST_FOR_CHAIN
    return len(set(foreign)) >= (FEWEST_DISTINCT if rare else FEWEST_FOR_CHAIN)


def _non_ascii_count(lines: Sequence[str]) -> int:
    return sum(not char.isascii() for line in lines for char in line)


def _likelihood_gain(before: Floats, after: Floats) -> float:
    return float(np.maximum(after - before, 0).sum())


def _misdecoded_lines(lines: Sequence[str], chain: Chain) -> Iterator[tuple[int, str, float]]:
    """Yield the number, original and confidence of each line that is likelier undone, or is like nearly all others."""
    undone = [chain.undone(line) for line in lines]
    numbers = [number for number, line in enumerate(lines) if undone[number] not in {None, line}]
    texts = [undone[number] or "" for number in numbers]
    gains = line_log_likelihoods(texts) - line_log_likelihoods([lines[number] for number in numbers])
    if chain.proves_itself:
        gains = np.maximum(gains, CHAIN_PRIOR)
    elif (gains > 0).sum() * 10 >= len(gains) * 9:
        gains = np.maximum(gains, SHARED_CHAIN_GAIN)
    elif (gains > 0).sum() * 3 >= len(gains) * 2:
        gains = np.where((gains <= 0) & (gains > -UNDECIDED_NATS), SHARED_CHAIN_GAIN, gains)
    for number, text, gain in zip(numbers, texts, gains.tolist(), strict=True):
        if gain > 0 and (chain.proves_itself or not mixes_scripts(LineRepair(lines[number], text))):
            yield number, text, confidence_by_gain(gain)
