"""What words end in: pipeline/language/model/endings-*.npz, a log-linear model a language, of those that decline.

usage: python -m training.endings CORPUS training/plan.toml

For each language of the plan that says so. A letter is to be told from those that share its first byte in UTF-8, and
whose second is one that Latin-1 has no sign for. What is held out is not learnt from.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from pipeline.language.endings import BITS, GRAIN, WINDOW, WORD, at, hashed
from pipeline.language.model_files import MODEL
from pipeline.language.ngram_keys import codes_of
from training.train import AT_ONCE, prose

LOST = range(0x80, 0xA0)
LEAST = 20  # times: a letter that ends words less often is not told
SEEN = 4  # times: a sign seen less often says nothing
ROUNDS = 2
BATCH = 512
RATE = 0.08  # of AdaGrad (Duchi, 2011)
SPARSE = 0.012  # how much a weight must bring at each step, or it goes to 0: an L1 penalty
PRUNED = 20  # steps from one such look to the next
SLIGHT = 1e-3  # a slope that is left out
LEFT_OUT = 0.3  # share of the signs that are not looked at, others each time (Srivastava, 2014)
TESTED = 20_000


def ends(corpus: Path, tag: str) -> Iterator[tuple[np.ndarray, str]]:
    """Yield of each word of a language's prose that ends in a letter which can be lost its signs, and the letter."""
    for text in prose(corpus / tag):
        for word in WORD.finditer(text):
            end = word.end()
            letter = text[end - 1].lower()
            data = letter.encode()
            if letter.isalpha() and len(data) == 2 and data[1] in LOST:
                yield hashed(text[max(0, end - 1 - WINDOW) : end - 1], text[end : end + WINDOW]), letter


def material(corpus: Path, tag: str) -> tuple[np.ndarray, torch.Tensor, torch.Tensor, str]:
    """Return the signs of each end of a word, which of them say something, the number of its letter, and the letters.

    The shapes are (words, most signs of any), the same, and (words,).
    """
    signs_of, letter_of = zip(*ends(corpus, tag), strict=True)
    letters = "".join(sorted(letter for letter, count in Counter[str](letter_of).items() if count >= LEAST))
    signs = np.zeros((len(signs_of), max(map(len, signs_of))), np.uint64)
    for row, own in zip(signs, signs_of, strict=True):
        row[: len(own)] = own
    signs = signs[[letter in letters for letter in letter_of]]
    _, inverse, counts = np.unique(signs, return_inverse=True, return_counts=True)
    used = torch.from_numpy((counts[inverse].reshape(signs.shape) >= SEEN) & (signs > 0))
    return signs, used, torch.tensor([letters.index(letter) for letter in letter_of if letter in letters]), letters


def learn(corpus: Path, tag: str) -> None:
    """Write what a language's words end in."""
    torch.set_num_threads(1)
    seed = torch.Generator().manual_seed(0)
    signs, used, right, letters = material(corpus, tag)
    codes, leads = codes_of(letters), torch.tensor([letter.encode()[0] for letter in letters])
    apart = torch.where(leads[:, None] == leads, 0.0, -np.inf)
    weights, squares = torch.zeros(1 << BITS), torch.full((1 << BITS,), 0.1)

    def scores(rows: torch.Tensor, looked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        places = torch.from_numpy(at(signs[rows.numpy()], codes).astype(np.int64))
        return (weights[places] * looked[:, :, None]).sum(1) + apart[right[rows]], places

    order = torch.randperm(len(right), generator=seed)
    tested, order = order[:TESTED], order[TESTED:]
    for _ in range(ROUNDS):
        for step, rows in enumerate(order[torch.randperm(len(order), generator=seed)].split(BATCH)):
            looked = used[rows] & (torch.rand(used[rows].shape, generator=seed) > LEFT_OUT)
            fits, places = scores(rows, looked)
            slope = torch.softmax(fits, 1)
            slope[torch.arange(len(rows)), right[rows]] -= 1
            slope = slope[:, None, :] * looked[:, :, None]
            some = slope.abs() > SLIGHT
            slope, places = slope[some], places[some]
            squares.index_add_(0, places, slope**2)
            weights.index_add_(0, places, -RATE * slope / squares[places].sqrt())
            if step % PRUNED == 0:
                shrunk = weights.abs() - SPARSE * RATE * PRUNED / squares.sqrt()
                weights = weights.sign() * shrunk.clamp(min=0)
    told = np.clip(np.round(weights.numpy() * (1 - LEFT_OUT) / GRAIN), -127, 127).astype(np.int8)
    weights = torch.from_numpy(told * np.float32(GRAIN))
    unseen = torch.cat([scores(rows, used[rows])[0] for rows in tested.split(BATCH)])
    loss, wrong = cross_entropy(unseen, right[tested]), (unseen.argmax(1) != right[tested]).float().mean()
    print(tag, letters, len(right), "words; of those unseen wrong", wrong.item(), "nats", loss.item())
    np.savez_compressed(MODEL / f"endings-{tag}.npz", letters=letters, weights=told)


if __name__ == "__main__":
    plan = tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))["language"]
    with ProcessPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(learn, Path(sys.argv[1])), (one["tag"] for one in plan if one.get("endings"))))
