"""Lines -> the decoding chain that best explains them, undone; for mojibake that lost no bytes.

Example: `Ð¿Ñ€Ð¸Ð²ÐµÑ‚` is `привет` in UTF-8, decoded as cp1252.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.encoding.codecs import (
    guesses,
    is_multi_byte,
    multi_byte_misdecodings,
    single_byte_misdecodings,
    truths,
)
from pipeline.encoding.misdecoding import bytes_of
from pipeline.language.fluency import fluency, letters, strangeness, surety
from pipeline.language.ngrams import Floats
from pipeline.mojibake.lossy.diagnosis import DOUBT, diagnosed

DEPTH = 3  # mis-decodings of a chain at most
FEWEST = 4  # characters outside ASCII that a chain is detected from
PROVEN = 2  # the same where the truth is UTF-8: its validity is evidence
DISTINCT = 8  # the same, distinct ones, where the truth is not UTF-8 and the mis-decoding is rare
SAMPLE = 2_000  # characters that the chain is chosen from
TRIED = 10  # chains that are scored in full: the likeliest by their characters alone
ALIKE = math.log(9)  # nats for a line that shares its chain with nine in ten others
_C1 = re.compile("[\x80-\x9f]")
PLAIN = 6.2  # nats per character outside ASCII: no known language has a higher cross-entropy
RARE = 8.0  # the same of letters alone, where all bytes are valid UTF-8; mojibake has at least 8.3


@dataclass(frozen=True, slots=True)
class Chain:
    """A decoding chain: pairs of the wrong codec and the true one, the last mis-decoding first."""

    decodings: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return the chain in words: `UTF-8 decoded as cp1252, then UTF-8 decoded as latin-1`."""
        return in_words((truth, wrong) for wrong, truth in reversed(self.decodings))

    @property
    def doubt(self) -> float:
        """How much likelier the truth must be than the text, in nats: `DOUBT` per decoding, thrice for a rare one."""
        rare = sum(is_multi_byte(wrong) and truth != "utf-8" for wrong, truth in self.decodings)
        return DOUBT * (len(self.decodings) + 2 * rare)

    @property
    def proves_itself(self) -> bool:
        """Whether the truth is UTF-8 in each decoding: other bytes are hardly ever valid UTF-8."""
        return all(truth == "utf-8" for _, truth in self.decodings)

    def undone(self, text: str) -> str | None:
        """Return the original of `text`; None where the chain cannot have produced it.

        >>> Chain((("cp1252", "utf-8"),)).undone("cafÃ©")
        'café'
        """
        for wrong, truth in self.decodings:
            data = encoded(text, wrong)
            if data is None:
                return None
            try:
                text = data.decode(truth)
            except UnicodeDecodeError:
                return None
        return text


def in_words(decodings: Iterable[tuple[str, str]]) -> str:
    """Return decodings in words, given as pairs of the true codec and the wrong one, in the order of time.

    >>> in_words([("gb18030", "cp1252"), ("utf-8", "latin-1")])
    'gb18030 decoded as cp1252, then UTF-8 decoded as latin-1'
    """
    return ", then ".join(f"{truth.replace('utf-8', 'UTF-8')} decoded as {wrong}" for truth, wrong in decodings)


def encoded(text: str, codec: str) -> bytes | None:
    r"""Return the bytes that `codec` decodes to `text`, undefined ones as C1 controls; None where there are none.

    >>> encoded("Ã©", "cp1252"), encoded("щ", "cp1252")
    (b'\xc3\xa9', None)
    """
    found = [bytes_of(char, codec) for char in text]
    return b"".join(found) if all(found) else None


def explained(lines: Sequence[str]) -> tuple[Chain, list[tuple[int, str, float]]] | None:
    """Return the likeliest chain, and the number, original and confidence of each line that it mis-decoded.

    None where the lines are likeliest as they are. `DOUBT` is the prior against each mis-decoding.

    >>> chain, undone = explained(["Ð¿Ñ€Ð¸Ð²ÐµÑ‚, Ð¼Ð¸Ñ€"])
    >>> print(chain, undone[0][1])
    UTF-8 decoded as cp1252 привет, мир
    """
    sample = sampled(lines)
    if not sample:
        return None
    before = fluency(sample)
    best: tuple[float, Chain | None] = (0.0, None)
    for chain, texts in _promising(sample):
        gain = _gain(before, fluency(texts)) - chain.doubt
        changed = [text for text, line in zip(texts, sample, strict=True) if text != line]
        known = chain.proves_itself and len(changed) == len(sample)
        if gain <= best[0] or not _many(sample, texts, chain):
            continue
        plain = strangeness(changed, symbols=not known) < (RARE if known else PLAIN)
        if plain or (known and gain > RARE * _foreign(changed) and not diagnosed(changed)):
            best = gain, chain
    if best[1] is None:
        return None
    return best[1], list(_befallen(lines, best[1]))


def sampled(lines: Sequence[str]) -> list[str]:
    """Return the first distinct lines, until they have `SAMPLE` characters."""
    found, size = [], 0
    for line in dict.fromkeys(lines):
        found.append(line[:SAMPLE])
        size += len(line)
        if size > SAMPLE:
            break
    return found


def _promising(sample: list[str]) -> Iterator[tuple[Chain, list[str]]]:
    """Yield the chains whose originals look most like a language by their characters alone, with these originals."""
    found: list[tuple[Chain, list[str]]] = []
    grown: list[tuple[Chain, list[str | None]]] = [(Chain(()), list(sample))]
    seen: set[tuple[str | None, ...]] = {tuple(sample)}
    for _ in range(DEPTH):
        grown = [step for chain, texts in grown for step in _longer(chain, texts, seen)]
        for chain, texts in grown:
            found.append((chain, [line if text is None else text for text, line in zip(texts, sample, strict=True)]))
        grown = [one for one in grown if one[0].decodings[-1][1] == "utf-8"]  # longer chains of others never occur
    if found:
        rough = letters(["\n".join(texts) for _, texts in found])[1].max(axis=1)
        doubt = np.array([chain.doubt for chain, _ in found])
        yield from (found[at] for at in np.argsort(doubt - rough)[:TRIED])


def _longer(
    chain: Chain, texts: list[str | None], seen: set[tuple[str | None, ...]]
) -> Iterator[tuple[Chain, list[str | None]]]:
    """Yield the chains that are one mis-decoding longer, with the originals; `seen` grows by these."""
    for wrong in (*single_byte_misdecodings(), *multi_byte_misdecodings()):
        data = [None if text is None or text.isascii() else encoded(text, wrong) for text in texts]
        if not any(data):
            continue
        for truth in truths():
            if truth == wrong:
                continue
            read = [None if one is None else _decoded(one, truth) for one in data]
            if sum(text is not None for text in read) * 2 <= sum(one is not None for one in data):
                continue
            if tuple(read) not in seen:
                seen.add(tuple(read))
                yield Chain((*chain.decodings, (wrong, truth))), read


def _decoded(data: bytes, codec: str) -> str | None:
    """Return `data` decoded, without a last character that the sample cut; None where it is invalid."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(data)
    except UnicodeDecodeError:
        return None
    return None if codec != "utf-8" and _C1.search(text) else text


def _many(sample: list[str], texts: list[str], chain: Chain) -> bool:
    """Return whether enough characters outside ASCII speak for a chain."""
    rare = any(wrong not in guesses() and truth != "utf-8" for wrong, truth in chain.decodings)
    changed = "".join(line for text, line in zip(texts, sample, strict=True) if text != line)
    foreign = [char for char in changed if char >= "\x80"]
    if chain.proves_itself:
        return len(foreign) >= PROVEN
    return len(set(foreign)) >= (DISTINCT if rare else FEWEST)


def _foreign(lines: Sequence[str]) -> int:
    return sum(not char.isascii() for line in lines for char in line)


def _gain(before: Floats, after: Floats) -> float:
    return float(np.maximum(after - before, 0).sum())


def _befallen(lines: Sequence[str], chain: Chain) -> Iterator[tuple[int, str, float]]:
    """Yield the number, original and confidence of each line that is likelier undone, or is like nearly all others."""
    undone = [chain.undone(line) for line in lines]
    numbers = [number for number, line in enumerate(lines) if undone[number] not in {None, line}]
    texts = [undone[number] or "" for number in numbers]
    gains = fluency(texts) - fluency([lines[number] for number in numbers])
    if chain.proves_itself:
        gains = np.maximum(gains, DOUBT)
    elif (gains > 0).sum() * 10 >= len(gains) * 9:
        gains = np.maximum(gains, ALIKE)
    for number, text, gain in zip(numbers, texts, gains.tolist(), strict=True):
        if gain > 0:
            yield number, text, surety(gain)
