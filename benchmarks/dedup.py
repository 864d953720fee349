"""Duplicates with known truth: precision, recall, time and memory, beside datasketch, rensa, gaoya and FastSketchLSH.

usage: python benchmarks/dedup.py [truth] [speed [DOCUMENTS]] [add [DOCUMENTS]]   (default: truth)

`truth` plants copies and texts that only look like copies in ../shared/corpus, and damages copies in every way that
../shared/eval/damage.py knows. `speed` finds the families among DOCUMENTS of 4 KB (default: 10,000, then 100,000), a tenth
of them copies, and times the peers on the first 10,000, one process each; `add` takes one more document in. All times are
CPU seconds of the process. The peers need `pip install datasketch gaoya FastSketchLSH`; those that are missing are skipped.
"""

from __future__ import annotations

import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipeline import Document, repair
from pipeline.unique.families import Repeats, families
from pipeline.unique.fingerprint import fingerprint
from pipeline.unique.index import SCHEMA, Index

SHARED = Path("../shared")
NUMBER = re.compile(r"(?<![\w/=&?#.:%-])[0-9]+(?![\w/])")  # not in an address
KB4 = 4096  # bytes
LETTERS = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年"
SIZES = (10_000, 100_000)
PEER_SIZE = 10_000


def chunks(folder: Path, size: int = KB4) -> Iterator[str]:
    """Yield the texts of a folder in pieces of `size` bytes."""
    for path in sorted(folder.rglob("*.md")):
        data = path.read_bytes()
        for start in range(0, len(data) - size + 1, size):
            yield data[start : start + size].decode("utf-8", "ignore")


def scattered(text: str, share: float, dice: random.Random) -> str:
    """Return `text` with a share of its characters replaced, dropped or doubled by others, one by one."""
    chars: list[str] = list(text)
    for at in dice.sample(range(len(chars)), int(share * len(chars))):
        other = dice.choice(text)
        chars[at] = dice.choice((other, "", chars[at] + other))
    return "".join(chars)


def block(text: str, share: float, dice: random.Random, other: str) -> str:
    """Return `text` with one passage replaced by one of another text, dropped or inserted."""
    size = int(share * len(text))
    at = dice.randrange(len(text) - size)
    passage = other[:size]
    return dice.choice(
        (text[:at] + passage + text[at + size :], text[:at] + text[at + size :], text[:at] + passage + text[at:])
    )


def mixed(text: str, share: float, dice: random.Random, other: str) -> str:
    """Return `text` with both."""
    return block(scattered(text, share / 2, dice), share / 2, dice, other)


def renumbered(text: str, dice: random.Random) -> str:
    """Return `text` with every other number another one, at least one."""
    numbers = list(NUMBER.finditer(text))
    for match in sorted(dice.sample(numbers, max(1, len(numbers) // 2)), key=lambda m: -m.start()):
        value = str(int(match[0]) + dice.randint(1, 9))
        text = text[: match.start()] + value + text[match.end() :]
    return text


class Truth:
    """Documents, and which family each is of."""

    def __init__(self) -> None:
        self.documents: dict[PurePosixPath, Document] = {}
        self.family: dict[PurePosixPath, str] = {}
        self.kind: dict[PurePosixPath, str] = {}

    def add(self, family: str, kind: str, text: str | Document) -> None:
        """Take in a text of a family; `kind` says what was done to it, empty for the original."""
        path = PurePosixPath(f"{len(self.documents):06}.md")
        document = replace(text, path=path) if isinstance(text, Document) else Document(path, text)
        self.documents[path], self.family[path], self.kind[path] = document, family, kind


def planted(dice: random.Random) -> Truth:
    """Return copies and near misses made from the pieces of every language."""
    truth = Truth()
    for folder in sorted(path for path in (SHARED / "corpus").iterdir() if path.is_dir()):
        texts = list(dict.fromkeys(chunks(folder)))[:60]
        dice.shuffle(texts)
        thirds = len(texts) // 4
        for at, text in enumerate(texts[:thirds]):
            family, other = f"{folder.name} {at}", texts[-1 - at]
            truth.add(family, "", text)
            for share in (0.01, 0.02, 0.05, 0.10):
                truth.add(family, f"scattered {share:.0%}", scattered(text, share, dice))
                truth.add(family, f"block {share:.0%}", block(text, share, dice, other))
                truth.add(family, f"mixed {share:.0%}", mixed(text, share, dice, other))
            truth.add(family, "cut", text[: int(dice.uniform(0.6, 0.9) * len(text))])
        for at, text in enumerate(texts[thirds : 2 * thirds]):
            if NUMBER.search(text):
                truth.add(f"{folder.name} number {at} a", "", text)
                truth.add(f"{folder.name} number {at} b", "", renumbered(text, dice))
                truth.add(f"{folder.name} number {at} a", "number + 1%", scattered(text, 0.01, dice))
        template, *contents = texts[2 * thirds :]
        for share in (0.3, 0.5, 0.7):
            for at, text in enumerate(contents):
                size = int(share * len(template))
                filled = template[: size // 2] + text[: len(template) - size] + template[-size // 2 :]
                truth.add(f"{folder.name} template {share} {at}", "", filled)
    return truth


def damaged() -> Truth:
    """Return pieces of every language with a copy of each broken in every way, and repaired alone."""
    sys.path.insert(0, str(SHARED / "eval"))
    import damage  # noqa: PLC0415 - it is beside the project

    truth = Truth()
    for folder in sorted(path for path in (SHARED / "corpus").iterdir() if path.is_dir()):
        texts = list(dict.fromkeys(chunks(folder)))
        for at, text in enumerate(texts[:: max(1, len(texts) // 6)][:6]):
            truth.add(f"{folder.name} {at}", "", text)
            for name, recipe in damage.RECIPES.items():
                try:
                    broken = damage.damage(text, recipe)
                except UnicodeError:
                    continue
                if broken != text:
                    truth.add(f"{folder.name} {at}", f"{name}", repair(broken.encode()))
    return truth


def found(truth: Truth, dice: random.Random) -> Repeats:
    """Return who repeats whom, the documents taken in in a random order."""
    paths = list(truth.documents)
    dice.shuffle(paths)
    with opened(truth.documents.__getitem__) as index:
        index.update((), ((fingerprint(truth.documents[path]), "") for path in paths))
        return families(index)


@contextmanager
def opened(document_of: Callable[[PurePosixPath], Document]) -> Iterator[Index]:
    """Give an index in a file."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder, "index.sqlite"), isolation_level=None)
        db.executescript(SCHEMA + "BEGIN;")
        yield Index(db, document_of)
        db.close()


def score(name: str, truth: Truth, dice: random.Random) -> None:
    """Print precision, and recall by kind: a copy is found where it is of one family with its original."""
    spent = time.process_time()
    repeats = found(truth, dice)
    spent = time.process_time() - spent
    root = {path: repeats[path].of if path in repeats else path for path in truth.documents}
    wrong = [path for path, one in repeats.items() if truth.family[path] != truth.family[one.of]]
    originals = {truth.family[path]: path for path, kind in truth.kind.items() if not kind}
    right, every = Counter[str](), Counter[str]()
    missed = defaultdict(list)
    for path, kind in truth.kind.items():
        if kind:
            every[kind] += 1
            right[kind] += root[path] == root[originals[truth.family[path]]]
            if root[path] != root[originals[truth.family[path]]]:
                missed[kind].append(truth.family[path])
    print(
        f"{name}: {len(truth.documents)} documents, {spent:.1f} s; precision {1 - len(wrong) / max(1, len(repeats)):.4f}"
    )
    for path in wrong[:10]:
        of = repeats[path].of
        print(
            f"  WRONG {truth.family[path]} ({truth.kind[path]}) = {truth.family[of]} ({truth.kind[of]}): {repeats[path]}"
        )
    for kind in sorted(every):
        print(f"  {kind:24} recall {right[kind] / every[kind]:.4f} of {every[kind]:5}  {' '.join(missed[kind][:4])}")


if __name__ == "__main__":
    score("planted", planted(random.Random(1)), random.Random(2))
    score("damaged", damaged(), random.Random(3))
