"""Find planted duplicates: precision and recall; time and memory next to datasketch, gaoya, rensa and FastSketchLSH.

usage: python benchmarks/dedup.py [planted [SEED ...] | damaged | series | speed [DOCUMENTS ...]]    (default: planted)

`planted` adds copies, and texts that only look like copies, to ../shared/corpus, other ones for each seed. `damaged`
damages copies with every recipe of ../shared/eval/damage.py. `series` gives 10,000 passages of the corpus the same
beginning and end, as posts of a series have, and lists those that are merged.

`speed` finds the duplicates among DOCUMENTS posts of 4 KB (default: 10,000, then 100,000), a tenth of them copies, and
adds one more post. It then times the other packages on as many posts as the first time: the same posts, read and
normalized in the same way, signatures and look-up only, because none of them compares texts. All times are CPU seconds
of the process unless the line says otherwise. To install the packages: `pip install datasketch gaoya FastSketchLSH`;
missing ones are skipped.
"""

from __future__ import annotations

import os
import random
import re
import resource
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath

import rensa

from pipeline import Document, repair
from pipeline.document import Metadata
from pipeline.duplicates.clusters import DuplicateMap, duplicate_clusters
from pipeline.duplicates.fingerprint import Fingerprint, fingerprint
from pipeline.duplicates.index_tables import INDEX_SCHEMA
from pipeline.duplicates.lsh_index import LshIndex
from pipeline.duplicates.word_normalization import normalized_words, without_url_queries

SHARED = Path("../shared")
NUMBER = re.compile(r"(?<![\w/=&?#.:%-])[0-9]+(?![\w/])")  # not in a URL
KB4 = 4096  # bytes
COPY_EVERY = 10  # posts
SENTENCE = 12  # characters
SIZES = (10_000, 100_000)
PIECE = 750  # bytes
FIRST = "欢迎来到二月底的[“机器学习-拼贴”系列](https://twitter.com/hashtag/mlcollage)。"
LAST = "这是这个月的。让我知道你最喜欢的论文是什么。"
SHARES = (0.01, 0.02, 0.05, 0.10)
WAYS = ("scattered", "block", "mixed")
EDITED = {
    "at up to 5% of edits": [f"{way} {share:.0%}" for share in SHARES[:-1] for way in WAYS],
    "at 10%": [f"{way} {SHARES[-1]:.0%}" for way in WAYS],
}


def chunks(folder: Path, size: int = KB4) -> Iterator[str]:
    """Yield the texts of a folder in pieces of `size` bytes."""
    for path in sorted(folder.rglob("*.md")):
        data = path.read_bytes()
        for start in range(0, len(data) - size + 1, size):
            yield data[start : start + size].decode("utf-8", "ignore")


def distinct(texts: Iterable[str], seen: set[str]) -> list[str]:
    """Return the texts that share less than a tenth of their 10-grams with `seen`: the corpus has repeated texts."""
    kept = []
    for text in texts:
        runs = {text[at : at + 10] for at in range(len(text) - 9)}
        if len(runs & seen) < len(runs) / 10:
            kept.append(text)
            seen |= runs
    return kept


def scattered(text: str, share: float, dice: random.Random) -> str:
    """Return `text` with a share of its characters replaced, dropped or followed by another one, in random places."""
    chars: list[str] = list(text)
    for at in dice.sample(range(len(chars)), int(share * len(chars))):
        other = dice.choice(text)
        chars[at] = dice.choice((other, "", chars[at] + other))
    return "".join(chars)


def block(text: str, share: float, dice: random.Random, other: str) -> str:
    """Return `text` with one passage dropped, inserted from another text, or replaced by a passage from it."""
    size = int(share * len(text))
    at = dice.randrange(len(text) - size)
    passage = other[:size]
    return dice.choice(
        (text[:at] + passage + text[at + size :], text[:at] + text[at + size :], text[:at] + passage + text[at:])
    )


def mixed(text: str, share: float, dice: random.Random, other: str) -> str:
    """Return `text` with both kinds of edits: `scattered` and `block`."""
    return block(scattered(text, share / 2, dice), share / 2, dice, other)


def renumbered(text: str, dice: random.Random) -> str:
    """Return `text` with half of its numbers, at least one, replaced by other numbers."""
    numbers = list(NUMBER.finditer(text))
    for match in sorted(dice.sample(numbers, max(1, len(numbers) // 2)), key=lambda m: -m.start()):
        value = str(int(match[0]) + dice.randint(1, 9))
        text = text[: match.start()] + value + text[match.end() :]
    return text


def language_tag(family: str) -> str:
    """Return the language of a family, whose name begins with a folder of the corpus."""
    return {"zh": "zh-Hans", "zh-posts": "zh-Hans", "zh-hant": "zh-Hant"}.get(*[family.partition(" ")[0]] * 2)


class Truth:
    """Documents with the family of each: documents of one family are duplicates."""

    def __init__(self) -> None:
        """Start without documents."""
        self.documents: dict[PurePosixPath, Document] = {}
        self.family: dict[PurePosixPath, str] = {}
        self.kind: dict[PurePosixPath, str] = {}

    def add(self, family: str, kind: str, text: str | Document) -> None:
        """Add a text to a family; `kind` names the edit that made it, empty for the original."""
        path = PurePosixPath(f"{len(self.documents):06}.md")
        meta = Metadata(language=language_tag(family))
        document = replace(text, path=path) if isinstance(text, Document) else Document(path, text, meta)
        self.documents[path], self.family[path], self.kind[path] = document, family, kind


def planted(dice: random.Random) -> Truth:
    """Return copies, and texts that only look like copies, made from the passages of every language."""
    truth, seen = Truth(), set[str]()
    for folder in sorted(path for path in (SHARED / "corpus").iterdir() if path.is_dir()):
        texts = distinct(chunks(folder), seen)[:60]
        dice.shuffle(texts)
        thirds = len(texts) // 4
        for at, text in enumerate(texts[:thirds]):
            family, other = f"{folder.name} {at}", texts[-1 - at]
            truth.add(family, "", text)
            for share in SHARES:
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
    """Return passages of every language with copies: each damaged by one recipe, then repaired alone."""
    sys.path.insert(0, str(SHARED / "eval"))
    import damage  # noqa: PLC0415 - outside this repository

    truth = Truth()
    for folder in sorted(path for path in (SHARED / "corpus").iterdir() if path.is_dir()):
        texts = distinct(chunks(folder), set())
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


Pairs = set[tuple[PurePosixPath, PurePosixPath]]


def found(truth: Truth, dice: random.Random) -> tuple[DuplicateMap, Pairs]:
    """Return the duplicates, and the pairs that are reported in any way; documents are added in a random order."""
    paths = list(truth.documents)
    dice.shuffle(paths)
    with opened(truth.documents.__getitem__) as index:
        index.update((), ((fingerprint(truth.documents[path]), "") for path in paths))
        query = (
            "SELECT a.path, b.path FROM pairs JOIN members AS a ON a.id IN (one, other) "
            "JOIN members AS b ON b.id IN (one, other) WHERE why <> ''"
        )
        reported = {(PurePosixPath(one), PurePosixPath(other)) for one, other in index.db.execute(query)}
        return duplicate_clusters(index), reported


@contextmanager
def opened(document_of: Callable[[PurePosixPath], Document]) -> Iterator[LshIndex]:
    """Yield an index in a file."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder, "index.sqlite"), isolation_level=None)
        db.executescript(INDEX_SCHEMA + "BEGIN;")
        yield LshIndex(db, document_of)
        db.close()


def score(name: str, truth: Truth, dice: random.Random) -> None:
    """Print the precision, and by kind of edit the share of copies that are left out and the share that is reported."""
    spent = time.process_time()
    repeats, reported = found(truth, dice)
    spent = time.process_time() - spent
    root = {path: repeats[path].of if path in repeats else path for path in truth.documents}
    wrong = [path for path, one in repeats.items() if truth.family[path] != truth.family[one.of]]
    originals = {truth.family[path]: path for path, kind in truth.kind.items() if not kind}
    right, similar, every = Counter[str](), Counter[str](), Counter[str]()
    missed = defaultdict(list)
    for path, kind in truth.kind.items():
        if kind:
            every[kind] += 1
            right[kind] += root[path] == root[originals[truth.family[path]]]
            similar[kind] += (path, originals[truth.family[path]]) in reported
            if root[path] != root[originals[truth.family[path]]]:
                missed[kind].append(truth.family[path])
    precision = 1 - len(wrong) / max(1, len(repeats))
    print(f"{name}: {len(truth.documents)} documents, {spent:.1f} s; precision {precision:.4f}")
    for path in wrong[:10]:
        described = [f"{truth.family[one]} ({truth.kind[one]})" for one in (path, repeats[path].of)]
        print(f"  wrong: {' = '.join(described)}: {repeats[path].why}, {repeats[path].similarity:.3f}")
    print(f"  recall of all: {right.total() / every.total():.4f} of {every.total()}; reported: ", end="")
    print(f"{similar.total() / every.total():.4f}")
    for most, kinds in EDITED.items():
        if tried := sum(every[kind] for kind in kinds):
            print(f"  reported {most}: {sum(similar[kind] for kind in kinds) / tried:.4f} of {tried}")
    for kind in sorted(every):
        shares = f"left out {right[kind] / every[kind]:.4f}, reported {similar[kind] / every[kind]:.4f}"
        print(f"  {kind:24} {shares} of {every[kind]:5}  {' '.join(missed[kind][:4])}")


def pieces() -> Iterator[tuple[Path, int, str]]:
    """Yield passages of real prose with file and offset; none shares half of its 10-grams with earlier ones."""
    seen = set[str]()
    for folder in sorted(path for path in (SHARED / "corpus").iterdir() if path.is_dir()):
        for path in sorted(folder.glob("*.md")):
            data = path.read_bytes()
            for start in range(0, len(data) - PIECE + 1, PIECE):
                text = data[start : start + PIECE].decode("utf-8", "ignore")
                runs = {text[at : at + 10] for at in range(len(text) - 9)}
                if len(runs & seen) < len(runs) / 2:
                    yield path.relative_to(SHARED), start, text
                    seen |= runs


def series() -> None:
    """Print the posts that are merged among different posts with the same beginning and end."""
    texts = {PurePosixPath(f"{path}:{start}"): f"{FIRST}\n\n{text}\n\n{LAST}" for path, start, text in pieces()}
    chosen = random.Random(5).sample(sorted(texts), SIZES[0])
    documents = {path: Document(path, texts[path]) for path in chosen}
    with opened(documents.__getitem__) as index:
        index.update((), ((fingerprint(one), "") for one in documents.values()))
        repeats = duplicate_clusters(index)
    print(f"series: {len(documents)} posts, {len(repeats)} merged")
    for path, one in repeats.items():
        print(f"  {path} = {one.of}: {one.why}, {one.similarity:.3f}")


class Archive:
    """Made-up posts of 4 KB in one file, from sentences of real ones; every tenth is a copy with 1 to 5 % of edits."""

    def __init__(self, file: Path, number: int) -> None:
        """Write `number` posts to `file`."""
        dice = random.Random(number)
        text = "".join(path.read_text("utf-8") for path in sorted((SHARED / "corpus" / "zh-posts").glob("*.md")))
        sentences = [line for line in re.split(r"(?<=[。！？\n])", text) if SENTENCE <= len(line) <= 20 * SENTENCE]
        self.posts, self.ends = file.open("w+b", buffering=0), [0]
        for at in range(number):
            if at % COPY_EVERY == COPY_EVERY - 1:
                post = scattered(self.text(dice.randrange(at)), dice.uniform(0.01, 0.05), dice)
            else:
                post = ""
                while len(post.encode()) < KB4:
                    post += dice.choice(sentences)
            self.ends.append(self.ends[-1] + self.posts.write(post.encode()))

    def text(self, number: int) -> str:
        """Return a post."""
        return os.pread(self.posts.fileno(), self.ends[number + 1] - self.ends[number], self.ends[number]).decode()

    def document(self, path: PurePosixPath) -> Document:
        """Return a post by its path."""
        return Document(path, self.text(int(path.stem)))

    def prints(self, numbers: Iterable[int]) -> Iterator[tuple[Fingerprint, str]]:
        """Yield the fingerprints of posts."""
        for number in numbers:
            yield fingerprint(self.document(PurePosixPath(f"{number}.md"))), ""


def speed(number: int, *, add: bool) -> None:
    """Print CPU time per document, peak memory and the number of duplicates; with `add`, the time to add one more."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder, "posts"), number + 1)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with opened(archive.document) as index:
            start = time.process_time()
            index.update((), archive.prints(range(number)))
            repeats = duplicate_clusters(index)
            spent = time.process_time() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            memory = f"{peak / 1024:.0f} MB at most ({before / 1024:.0f} before)"
            print(f"lacuna, {number} documents: {spent / number * 1e6:.0f} us each; {memory}; {len(repeats)} repeats")
            if add:
                start, clock = time.process_time(), time.perf_counter()
                index.update((), archive.prints([number]))
                duplicate_clusters(index)
                spent, clock = time.process_time() - start, time.perf_counter() - clock
                print(f"one more to {number}: {spent:.2f} s of CPU, {clock:.2f} s")


def shingled(text: str) -> set[str]:
    """Return the character 3-grams of the words of a text, in the form that the packages take."""
    text = normalized_words(without_url_queries(text)).replace(" ", "")
    return {text[at : at + 3] for at in range(len(text) - 2)}


def by_rensa(texts: Iterator[str]) -> None:
    """Make signatures and look them up with rensa."""
    lsh = rensa.RMinHashLSH(threshold=0.4, num_perm=128, num_bands=32)
    for at, text in enumerate(texts):
        sketch = rensa.RMinHash(128, 1)
        sketch.update(list(shingled(text)))
        lsh.query(sketch)
        lsh.insert(at, sketch)


def by_datasketch(texts: Iterator[str]) -> None:
    """Make signatures and look them up with datasketch."""
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - it may be missing

    lsh = MinHashLSH(num_perm=128, params=(32, 4))
    for at, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([gram.encode() for gram in shingled(text)])
        lsh.query(sketch)
        lsh.insert(str(at), sketch)


def by_gaoya(texts: Iterator[str]) -> None:
    """Make signatures and look them up with gaoya, which makes its own 3-grams."""
    from gaoya.minhash import MinHashStringIndex  # noqa: PLC0415 - it may be missing

    index = MinHashStringIndex(32, 0.4, 32, 4, None, "char", True, (3, 3))  # noqa: FBT003 - gaoya's own parameters
    for at, text in enumerate(texts):
        normal = normalized_words(without_url_queries(text)).replace(" ", "")
        index.query(normal)
        index.insert_document(at, normal)


def by_fastsketch(texts: Iterator[str]) -> None:
    """Make signatures and look them up with FastSketchLSH."""
    from FastSketchLSH import LSH, FastSimilaritySketch  # noqa: PLC0415 - it may be missing

    sketch, lsh = FastSimilaritySketch(128, 1), LSH(num_perm=128, num_bands=32)
    while some := list(islice(texts, 100)):
        signed = sketch.batch([list(shingled(text)) for text in some], num_threads=1)
        lsh.insert_and_query_duplicates(signed)


PEERS = (by_rensa, by_datasketch, by_gaoya, by_fastsketch)


def peers(number: int) -> None:
    """Print the CPU time per document of each other package, on the first posts of the same archive."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder, "posts"), number + 1)
        for peer in PEERS:
            start = time.process_time()
            try:
                peer(map(archive.text, range(number)))
            except ImportError:
                print(f"{peer.__name__}: not installed")
                continue
            print(f"{peer.__name__}: {(time.process_time() - start) / number * 1e6:.0f} us each")


def main() -> None:
    """Run the measurements that the arguments name."""
    what, *numbers = sys.argv[1:] or ["planted"]
    if what == "damaged":
        score(what, damaged(), random.Random(3))
    elif what == "series":
        series()
    elif what == "planted":
        for seed in map(int, numbers or ["1"]):
            score(f"planted, seed {seed}", planted(random.Random(seed)), random.Random(seed + 1))
    else:
        for size in map(int, numbers or SIZES):
            speed(size, add=True)
        peers(int(numbers[0]) if numbers else SIZES[0])


if __name__ == "__main__":
    main()
