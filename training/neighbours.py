"""Corpus -> pipeline/language/model/neighbours-*.npz: rescoring networks.

usage: python -m training.neighbours CORPUS training/plan.toml

It trains a network for each language of the plan with `neighbours`, the number of characters on each side. The network
predicts a character among all characters, and among those that share all of its bytes but one. Held-out sources are
not used.
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu, layer_norm

from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.language.ngram_keys import codes_of
from training.texts import BREAK, prose
from training.train import AT_ONCE

LEAST = 8  # times: a character seen less often has no embedding
HIDDEN = 512  # units of a hidden layer
BATCH = 4096
RATE = 2e-3  # learning rate of AdamW (Loshchilov and Hutter, 2019): up from 1 % in WARM steps, then down to 2 %
WARM = 100
LOST = 6  # columns: a multiple of 1, 2 and 3, so that each byte of a character is missing equally often
MEMBERS = 64  # largest number of characters that share all bytes but one
ALIKE = 16  # of them that may replace a neighbour
COMMON = 0.6  # the exponent of the counts that they are sampled by (Mikolov, 2013)
WRONG = ((0.0, 0.5), (0.03, 0.3), (0.15, 0.2))  # shares of wrong neighbours, and the probability of each share
TESTED = 4 * BATCH


class Network(nn.Module):
    """The network that pipeline/language/neural.py computes."""

    def __init__(self, counts: np.ndarray, reach: int, width: int) -> None:
        """Make a network for characters with these training `counts`."""
        super().__init__()
        self.vectors = nn.Embedding(len(counts), width)
        nn.init.normal_(self.vectors.weight, std=0.3)
        self.rarity = nn.Parameter(torch.tensor(np.log(counts + 1) - np.log(counts.max() + 1), dtype=torch.float32))
        self.first = nn.Linear(2 * reach * width, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, width)

    def forward(self, around: torch.Tensor) -> torch.Tensor:
        """Return the score of each character."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = gelu(self.first(self.vectors(around).flatten(1)), approximate="tanh")
            hidden = hidden + gelu(self.second(layer_norm(hidden, (HIDDEN,))), approximate="tanh")
            wanted = self.last(layer_norm(hidden, (HIDDEN,)))
            return wanted @ self.vectors.weight.T + self.rarity


class Material:
    """A language's texts as rows of the embedding table, with the positions of line ends."""

    def __init__(self, corpus: Path, tag: str, seed: np.random.Generator) -> None:
        """Load the prose of a language, each line once."""
        lines = list(prose(corpus / tag))
        seed.shuffle(lines)
        codes = codes_of(BREAK + BREAK.join(lines) + BREAK)
        self.known, self.counts = np.unique(codes, return_counts=True)
        often = (self.counts >= LEAST) | (self.known == 0)
        self.known, self.counts = self.known[often], self.counts[often]
        rows = np.minimum(np.searchsorted(self.known, codes), len(self.known) - 1)
        self.rows = np.where(self.known[rows] == codes, rows, 0)
        breaks = np.flatnonzero(codes == 0)
        self.line = np.searchsorted(breaks, np.arange(len(codes)))
        self.breaks = breaks
        self.places = np.flatnonzero((codes > 0x7F) & (self.rows > 0))

    def around(self, places: np.ndarray, reach: int) -> np.ndarray:
        """Return the rows of the neighbours of places; 0 beyond the line."""
        offsets = np.arange(-reach, reach + 1)
        at = places[:, None] + offsets[offsets != 0]
        start, end = self.breaks[self.line[places] - 1], self.breaks[self.line[places]]
        return np.where((at > start[:, None]) & (at < end[:, None]), self.rows.take(at, mode="clip"), 0)

    def groups(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the groups of each character, whose members share all of its bytes but one, and the members.

        Shapes: (known, LOST) and (groups, MEMBERS); smaller groups are padded with -1.
        """
        found: dict[tuple[bytes, bytes, int], list[int]] = defaultdict(list)
        keys = [_parts(chr(code).encode("utf-8", "replace")) for code in self.known.tolist()]
        for row, own in enumerate(keys):
            for key in own:
                found[key].append(row)
        members = np.full((len(found), MEMBERS), -1)
        for row, group in zip(members, found.values(), strict=True):
            row[: len(group)] = group
        numbers = {key: number for number, key in enumerate(found)}
        return np.array([[numbers[own[lost % len(own)]] for lost in range(LOST)] for own in keys]), members

    def alike(self, groups: np.ndarray, members: np.ndarray, seed: np.random.Generator) -> np.ndarray:
        """Return a sample of characters that share all bytes but one with each: shape (known, ALIKE)."""
        found = np.repeat(np.arange(len(groups))[:, None], ALIKE, axis=1)
        for row, own in enumerate(groups):
            options = members[list(dict.fromkeys(own.tolist()))].ravel()
            options = options[(options >= 0) & (options != row)]
            if len(options):
                weight = self.counts[options] ** COMMON
                found[row] = seed.choice(options, ALIKE, p=weight / weight.sum())
        return found


def _parts(data: bytes) -> list[tuple[bytes, bytes, int]]:
    """Return a character's bytes without one of them, for each byte but the first; a single byte is kept."""
    return [(data[:lost], data[lost + 1 :], len(data)) for lost in range(1, len(data))] or [(data, b"", 1)]


def learn(corpus: Path, language: dict[str, Any]) -> None:
    """Train and write the network of a language."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    seed = np.random.default_rng(0)
    tag, reach = language["tag"], language["neighbours"]
    material = Material(corpus, tag, seed)
    groups, members = material.groups()
    alike = material.alike(groups, members, seed)
    network = Network(material.counts, reach, language["width"])
    places = seed.permutation(material.places)
    places, tested = places[TESTED:], places[:TESTED]

    def loss(places: np.ndarray, around: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        right = material.rows[places]
        fits = network(torch.from_numpy(around))
        options = members[groups[right, seed.integers(0, LOST, len(right))]]
        among = fits.gather(1, torch.from_numpy(np.maximum(options, 0)))
        among[torch.from_numpy(options < 0)] = -1e4
        place = torch.from_numpy((options == right[:, None]).argmax(axis=1))
        return cross_entropy(fits, torch.from_numpy(right)), cross_entropy(among, place)

    steps = len(places) // BATCH
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / WARM, 1) * max(0.02, 1 - step / steps)
    )
    for step, batch in enumerate(_batches(places)):
        around = material.around(batch, reach)
        rate = seed.choice([rate for rate, _ in WRONG], (len(batch), 1), p=[share for _, share in WRONG])
        wrong = np.nonzero(seed.random(around.shape) < rate)
        around[wrong] = alike[around[wrong], seed.integers(0, ALIKE, len(wrong[0]))]
        optimizer.zero_grad()
        every, among = loss(batch, around)
        (every + among).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 200 == 199:
            print("  ", tag, step + 1, "of", steps, round(every.item(), 3), round(among.item(), 3), flush=True)
    with torch.no_grad():
        rows = np.split(tested, TESTED // BATCH)
        unseen = np.mean([[one.item() for one in loss(row, material.around(row, reach))] for row in rows], axis=0)
    print(tag, len(material.known), "characters; nats among all, and among those of the same bytes but one", unseen)
    _write(MODEL_FOLDER / f"neighbours-{tag}.npz", material.known, network)


def _batches(places: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(places) - BATCH + 1, BATCH):
        yield places[start : start + BATCH]


def _write(file: Path, known: np.ndarray, network: Network) -> None:
    """Write the weights as bytes, scaled by the largest of each embedding or of each unit's inputs."""
    layers = (network.first, network.second, network.last)
    weights = [network.vectors.weight.detach().numpy(), *(layer.weight.detach().numpy().T for layer in layers)]
    biases = [network.rarity.detach().numpy(), *(layer.bias.detach().numpy() for layer in layers)]
    arrays = {"known": known.astype(np.uint32)}
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        scale = np.abs(weight).max(axis=0 if number else 1, keepdims=True) / 127
        arrays |= {
            f"weights{number}": np.round(weight / scale).astype(np.int8),
            f"scale{number}": scale,
            f"bias{number}": bias,
        }
    np.savez_compressed(file, **arrays)


if __name__ == "__main__":
    plan = tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))["language"]
    with ProcessPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(learn, Path(sys.argv[1])), (one for one in plan if "neighbours" in one)))
