"""Lines -> the chain of wrong readings that best explains them, undone: every byte is there, only read wrongly."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.encoding.misdecoding import WIDE, bytes_of
from pipeline.language.fluency import fluency, letters, strangeness, surety
from pipeline.language.ngrams import Floats
from pipeline.mojibake.lossy.diagnosis import DOUBT, diagnosed

SINGLE = (
    "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "mac_roman", "cp437", "cp850", "cp866", "koi8-r",
    "iso8859-2", "iso8859-5", "iso8859-15", "latin-1",
)  # fmt: skip
TRUTHS = (
    "utf-8", *WIDE, "cp1251", "koi8-u", "koi8-r", "cp866", "mac_cyrillic", "iso8859-5", "cp1250", "iso8859-2", "cp1253",
    "iso8859-7", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "cp1252", "mac_roman", "cp437", "cp850",
)  # fmt: skip
DEPTH = 3
WESTERN = ("cp1252", "latin-1")  # what almost all software takes bytes for that it knows nothing of
FEWEST = 4  # characters outside ASCII that a chain is told from
PROVEN = 2  # the same, where the truth is UTF-8, which proves itself
DISTINCT = 8  # of them, where the truth is no UTF-8, which proves itself, and the wrong reading is a rare one
SAMPLE = 2_000  # characters that a chain is chosen by
TRIED = 10  # chains that are scored in full, the likeliest by their letters
ALIKE = math.log(9)  # nats for a line of which nine in ten others are likelier undone
_C1 = re.compile("[\x80-\x9f]")
PLAIN = 6.2  # nats a character outside ASCII: what is stranger is no language we know
RARE = 8.0  # the same of letters alone, where each byte says that it is UTF-8: they are few; mojibake has at least 8.3


@dataclass(frozen=True, slots=True)
class Chain:
    """Wrong readings, the last first: what the text was read as, and what its bytes were."""

    readings: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Say it as a reader would."""
        return ", then ".join(f"{truth} was read as {wrong}" for wrong, truth in reversed(self.readings))

    @property
    def doubt(self) -> float:
        """How much likelier than the text as it stands the truth must be: `DOUBT` a reading, twice for a rare one."""
        rare = sum(wrong in WIDE and truth != "utf-8" for wrong, truth in self.readings)
        return DOUBT * (len(self.readings) + 2 * rare)

    @property
    def proves_itself(self) -> bool:
        """Whether the truth was UTF-8 each time: other bytes are not UTF-8, but by a rare chance."""
        return all(truth == "utf-8" for _, truth in self.readings)

    def undone(self, text: str) -> str | None:
        """Return what `text` was before the wrong readings; None where it cannot have gone through them."""
        for wrong, truth in self.readings:
            data = encoded(text, wrong)
            if data is None:
                return None
            try:
                text = data.decode(truth)
            except UnicodeDecodeError:
                return None
        return text


def encoded(text: str, codec: str) -> bytes | None:
    """Return the bytes that `codec` read as `text`, undefined ones as C1 controls; None where it reads no such text."""
    found = [bytes_of(char, codec) for char in text]
    return b"".join(found) if all(found) else None


def explained(lines: Sequence[str]) -> tuple[Chain, list[tuple[int, str, float]]] | None:
    """Return the chain that makes `lines` likeliest, and the number, truth and confidence of each line it befell.

    None where the lines are likeliest as they stand: every wrong reading is a rare thing, `DOUBT` says how rare.
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
    """Return the first lines, each once, that tell as much as all: `SAMPLE` characters."""
    found, size = [], 0
    for line in dict.fromkeys(lines):
        found.append(line[:SAMPLE])
        size += len(line)
        if size > SAMPLE:
            break
    return found


def _promising(sample: list[str]) -> Iterator[tuple[Chain, list[str]]]:
    """Yield the chains that fit, by the letters they give: the ten that look most like a language."""
    found: list[tuple[Chain, list[str]]] = []
    grown: list[tuple[Chain, list[str | None]]] = [(Chain(()), list(sample))]
    seen: set[tuple[str | None, ...]] = {tuple(sample)}
    for _ in range(DEPTH):
        grown = [step for chain, texts in grown for step in _longer(chain, texts, seen)]
        for chain, texts in grown:
            found.append((chain, [line if text is None else text for text, line in zip(texts, sample, strict=True)]))
        grown = [one for one in grown if one[0].readings[-1][1] == "utf-8"]  # what else is read thrice is unheard of
    if found:
        rough = letters(["\n".join(texts) for _, texts in found])[1].max(axis=1)
        doubt = np.array([chain.doubt for chain, _ in found])
        yield from (found[at] for at in np.argsort(doubt - rough)[:TRIED])


def _longer(
    chain: Chain, texts: list[str | None], seen: set[tuple[str | None, ...]]
) -> Iterator[tuple[Chain, list[str | None]]]:
    for wrong in (*SINGLE, *WIDE):
        data = [None if text is None or text.isascii() else encoded(text, wrong) for text in texts]
        if not any(data):
            continue
        for truth in TRUTHS:
            if truth == wrong:
                continue
            read = [None if one is None else _decoded(one, truth) for one in data]
            if sum(text is not None for text in read) * 2 <= sum(one is not None for one in data):
                continue
            if tuple(read) not in seen:
                seen.add(tuple(read))
                yield Chain((*chain.readings, (wrong, truth))), read


def _decoded(data: bytes, codec: str) -> str | None:
    """Return what `data` is in a codec, without a last letter that a sample cut; None where it is none of it."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(data)
    except UnicodeDecodeError:
        return None
    return None if codec != "utf-8" and _C1.search(text) else text


def _many(sample: list[str], texts: list[str], chain: Chain) -> bool:
    rare = any(wrong not in WESTERN and truth != "utf-8" for wrong, truth in chain.readings)
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
    """Yield each line that is likelier undone, or shares the fate of the others: number, text, and how sure that is."""
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
