"""`pipeline.batch` and `lacuna shard` repair the rows of text corpora."""

from __future__ import annotations

import gzip
import importlib
import itertools
import json
import pickle
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest

import pipeline
from pipeline.document import Document, Metadata
from pipeline.duplicates.clusters import duplicate_clusters
from pipeline.duplicates.fingerprint import fingerprint
from pipeline.duplicates.index_tables import INDEX_SCHEMA
from pipeline.duplicates.lsh_index import LshIndex
from pipeline.run import shard
from pipeline.run.engines import LocalProcesses
from pipeline.run.shard import ROWS_PER_BATCH, run_shard
from pipeline.run.shard_duplicates import find_shard_duplicates
from pipeline.run.shard_files import ShardPart
from pipeline.run.shards import Shard, run_shards
from pipeline.settings import Settings
from tests.conftest import CORPUS
from tests.posts import CHINESE

BROKEN = {
    "cafÃ© au lait": "café au lait",
    "Ð\x9fÑ\x80Ð¸Ð²ÐµÑ\x82, Ð¼Ð¸Ñ\x80!": "Привет, мир!",
    "ä½\xa0å¥½ï¼\x8cä¸\x96ç\x95\x8c": "你好，世界",
}
SOUND = (
    CHINESE,
    "全角ＡＢＣ，１２３！",
    "“naïve” – ﬁn, ½ kg…",
    "普通の日本語の文章です。",
    "한국어 문장입니다.",
    "`Ã©` is what `é` becomes",
)


def rows(number: int) -> list[dict[str, object]]:
    """Return rows of a corpus: sound ones, broken ones, some without text."""
    texts = itertools.cycle([*SOUND[:5], *BROKEN, None])
    return [
        {"id": f"d{at}", "text": text, "source": "test", "n": at}
        for at, text in zip(range(number), texts, strict=False)
    ]


def write_rows(file: Path, some: list[dict[str, object]]) -> Path:
    """Write rows as JSON lines, compressed as the name says."""
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some).encode()
    if file.suffix == ".gz":
        data = gzip.compress(data)
    elif file.suffix == ".zst":
        data = importlib.import_module("zstandard").compress(data)
    file.write_bytes(data)
    return file


def read(file: Path) -> list[dict[str, object]]:
    """Return the rows of a file of JSON lines."""
    data = file.read_bytes()
    if file.suffix == ".gz":
        data = gzip.decompress(data)
    elif file.suffix == ".zst":
        reader = importlib.import_module("zstandard").ZstdDecompressor()
        data = reader.stream_reader(data, read_across_frames=True).read()
    return [json.loads(line) for line in data.splitlines()]


def test_sound_rows_stay_and_broken_ones_are_repaired():
    """A batch repairs mojibake and keeps sound text of every script; each column has a value for every row."""
    made = pipeline.batch({"text": [*SOUND, *BROKEN]})
    assert made["text"] == [*SOUND, *BROKEN.values()]
    assert {name: len(values) for name, values in made.items()} == dict.fromkeys(
        ("text", "changes", "confidence", "language", "encoding", "skipped"), len(SOUND) + len(BROKEN)
    )
    assert made["changes"][: len(SOUND)] == ["[]"] * len(SOUND)
    assert all(json.loads(changes) for changes in made["changes"][len(SOUND) :])
    assert made["language"][0] == "zh-Hans"


@pytest.mark.parametrize(
    "value", [None, 3, [], "\ud800 x", "", b"", b"\x89PNG\r\n\x1a\n" + bytes(99), "a\0b", b"caf\xe9"]
)
def test_no_row_raises(value: object):
    """Whatever a row holds, a batch returns valid Unicode and a reason."""
    made = pipeline.batch({"text": [value, "cafÃ©"]})
    assert made["text"][1] == "café"
    made["text"][0].encode()
    assert isinstance(made["skipped"][0], str)


def test_a_batch_is_picklable():
    """Engines send the function to other processes."""
    assert pickle.loads(pickle.dumps(pipeline.batch)) is pipeline.batch  # noqa: S301 - our own function


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_a_shard_has_documents_attributes_and_rejects(tmp_path: Path, name: str):
    """Every row is in documents/ or, with a reason, in rejects/; attributes have the identifiers of the documents."""
    given = rows(600)
    file = tmp_path / name
    if name.endswith(".parquet"):
        arrow = pytest.importorskip("pyarrow")
        importlib.import_module("pyarrow.parquet").write_table(arrow.Table.from_pylist(given), file)
    else:
        if name.endswith(".zst"):
            pytest.importorskip("zstandard")
        write_rows(file, given)
    counts = run_shard(file, tmp_path / "out", ShardPart(), LocalProcesses(2))
    out = ShardPart().name_of(file)
    documents, attributes, rejects = (read(tmp_path / "out" / kind / out) for kind in shard.KINDS)
    assert len(documents) + len(rejects) == len(given) == counts.rows
    assert counts.rejected == len(rejects) == sum(row["text"] is None for row in given)
    wanted = [row | {"text": BROKEN.get(row["text"], row["text"])} for row in given if row["text"] is not None]
    assert documents == wanted
    assert [row["id"] for row in attributes] == [row["id"] for row in documents]
    assert all(row["lacuna_reason"] for row in rejects)
    spans = [row["attributes"]["lacuna__changes"] for row in attributes]
    assert [bool(changes) for changes in spans] == [row["text"] in BROKEN for row in given if row["text"] is not None]


def test_parts_are_disjoint_and_complete(tmp_path: Path):
    """Each row belongs to one part."""
    file = write_rows(tmp_path / "a.jsonl", rows(100))
    found = []
    for number in (1, 2, 3):
        run_shard(file, tmp_path / "out", ShardPart(number, 3), LocalProcesses(1))
        for kind in ("documents", "rejects"):
            found += read(tmp_path / "out" / kind / f"a.{number}-of-3.jsonl")
    assert sorted(row["n"] for row in found) == list(range(100))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_killed_shard_goes_on(tmp_path: Path, name: str):
    """After kills at several moments, a shard has the bytes of one that was not disturbed; what is done stays done."""
    file = write_rows(tmp_path / name, rows(7 * ROWS_PER_BATCH))
    run_shard(file, tmp_path / "calm", ShardPart(), LocalProcesses(2))
    command = [sys.executable, "-P", "-m", "pipeline", "shard", str(file), "-o", str(tmp_path / "out"), "--jobs", "2"]
    journal = tmp_path / "out" / ".partial" / name / "journal"
    for batches in (1, 4):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") >= batches):
            time.sleep(0.01)
        process.kill()
        process.wait()
        if journal.exists():
            with (journal.parent / "documents").open("ab") as torn, journal.open("ab") as cut:
                torn.write(b"torn")
                cut.write(b'{"cou')
    run_shard(file, tmp_path / "out", ShardPart(), LocalProcesses(2))
    for kind in shard.KINDS:
        assert (tmp_path / "out" / kind / name).read_bytes() == (tmp_path / "calm" / kind / name).read_bytes()
    assert run_shard(file, tmp_path / "out", ShardPart(), LocalProcesses(2)).rows == 7 * ROWS_PER_BATCH


def test_duplicates_over_shards_are_those_of_one_archive(tmp_path: Path):
    """Copies, versions and repeated texts in several shards: the same clusters as in one index of all rows."""
    posts = [file.read_text("utf-8") for file in sorted((CORPUS / "texts").rglob("*.md"))]
    some = [text[at : at + 400] for text in posts for at in range(0, len(text) - 400, 400)][:60]
    texts = some + some[::3] + [f"{text}\n\nOne more sentence." for text in some[1::3]]
    texts += [text.replace("e", "3", 1) for text in some[:10]] + ["short"] * 3
    write_rows(tmp_path / "a.jsonl.gz", [{"id": at, "text": text} for at, text in enumerate(texts)])
    shards = [Shard(tmp_path / "a.jsonl.gz", tmp_path / "out", ShardPart(number, 3)) for number in (1, 2, 3)]
    names = [one.part.name_of(one.file) for one, _ in run_shards(shards, Settings(engine="in-process"))]
    number = find_shard_duplicates(tmp_path / "out", names, Settings(engine="in-process"))
    found = read(tmp_path / "out" / "duplicates.jsonl")
    assert number == len(found) > 15

    documents = {}
    for name in names:
        kinds = [read(tmp_path / "out" / kind / name) for kind in ("documents", "attributes")]
        for at, (row, more) in enumerate(zip(*kinds, strict=True), 1):
            meta = Metadata(language=more["attributes"].get("lacuna__language", [["", "", ""]])[0][2])
            documents[PurePosixPath(f"{name}:{at:012}")] = Document(
                PurePosixPath(f"{name}:{at:012}"), row["text"], meta
            )
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(INDEX_SCHEMA)
        index = LshIndex(db, documents.__getitem__)
        index.update((), ((fingerprint(document), "") for document in documents.values()))
        wanted = {str(path): (str(one.of), one.why, one.similarity) for path, one in duplicate_clusters(index).items()}

    def place(one: dict[str, object]) -> str:
        return f"{one['file']}:{one['row']:012}"

    assert {place(one): (place(one["of"]), one["why"], one["similarity"]) for one in found} == wanted


def test_rows_that_share_no_key_are_no_duplicates(tmp_path: Path):
    """Few rows leave most ranges of keys empty, and perhaps all groups; then the list is empty."""
    write_rows(tmp_path / "a.jsonl", [{"id": 1, "text": "one"}, {"id": 2, "text": None}])
    for _ in run_shards([Shard(tmp_path / "a.jsonl", tmp_path / "out", ShardPart())], Settings(engine="in-process")):
        pass
    assert find_shard_duplicates(tmp_path / "out", ["a.jsonl"], Settings(engine="in-process")) == 0
    assert (tmp_path / "out" / "duplicates.jsonl").read_bytes() == b""


def test_a_damaged_line_is_reported(tmp_path: Path):
    """A line that is not a JSON object ends the command with the file and the line."""
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n{"text": \n', "utf-8")
    command = [sys.executable, "-P", "-m", "pipeline", "shard", "a.jsonl", "-o", "out"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "a.jsonl: line 2 is not a JSON object" in ran.stderr


def test_recipes(tmp_path: Path):
    """The recipes of docs/how-to/clean-a-corpus.md give the same texts as `pipeline.batch`."""
    texts = [*SOUND, *BROKEN]
    wanted = pipeline.batch({"text": texts})["text"]
    tried = []
    for name, recipe in RECIPES.items():
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        assert recipe(texts, tmp_path) == wanted, name
        tried.append(name)
    if not tried:
        pytest.skip(f"none of {', '.join(RECIPES)} is installed")


def with_datasets(texts: list[str], folder: Path) -> list[str]:
    """Repair texts with Hugging Face datasets."""
    datasets = importlib.import_module("datasets")
    datasets.config.HF_DATASETS_CACHE = folder
    return datasets.Dataset.from_dict({"text": texts}).map(pipeline.batch, batched=True)["text"][:]


def with_dask(texts: list[str], _folder: Path) -> list[str]:
    """Repair texts with dask.bag."""
    bag = importlib.import_module("dask.bag").from_sequence([{"text": text} for text in texts], npartitions=2)
    return bag.map_partitions(repaired_rows).pluck("text").compute(scheduler="sync")


def repaired_rows(some: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return rows with the columns of a batch."""
    some = list(some)
    made = pipeline.batch({"text": [row["text"] for row in some]})
    return [row | {name: made[name][at] for name in made} for at, row in enumerate(some)]


def with_polars(texts: list[str], _folder: Path) -> list[str]:
    """Repair texts with polars."""
    polars = importlib.import_module("polars")
    frame = polars.DataFrame({"text": texts})
    return (
        frame.with_columns(polars.DataFrame(pipeline.batch({"text": frame["text"].to_list()})))
        .get_column("text")
        .to_list()
    )


def with_datatrove(texts: list[str], _folder: Path) -> list[str]:
    """Repair texts with a formatter of datatrove."""
    base = importlib.import_module("datatrove.pipeline.formatters.base").BaseFormatter
    document = importlib.import_module("datatrove.data").Document

    class LacunaFormatter(base):
        name = "Lacuna"

        def format(self, text: str) -> str:
            return pipeline.batch({"text": [text]})["text"][0]

    given = (document(text=text, id=str(at)) for at, text in enumerate(texts))
    return [one.text for one in LacunaFormatter().run(given)]


RECIPES = {"datatrove": with_datatrove, "datasets": with_datasets, "dask.bag": with_dask, "polars": with_polars}
