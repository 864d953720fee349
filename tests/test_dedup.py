"""Duplicates: copies are found in any order and despite damage; different texts are never merged."""

from __future__ import annotations

import importlib
import json
import random
import sqlite3
import tomllib
import weakref
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import Document, Settings, repair, run_archive
from pipeline.document import DocumentLine, Metadata, SharedPassage
from pipeline.duplicates import crowded_keys
from pipeline.duplicates.clusters import DuplicateOf, duplicate_clusters
from pipeline.duplicates.fingerprint import fingerprint
from pipeline.duplicates.index_tables import INDEX_SCHEMA
from pipeline.duplicates.lsh_index import LshIndex
from pipeline.duplicates.shared_passages import find_shared_passages as shared_passages
from pipeline.duplicates.similar_documents import SIMILAR_QUERY, find_similar_documents
from pipeline.duplicates.word_normalization import normalized_words
from tests.conftest import ROOT, Lacuna

CASES = tomllib.loads((ROOT / "tests" / "cases" / "duplicates.toml").read_text("utf-8"))
PASSAGE = CASES["passage"].strip()
POST = next((ROOT / "raw").glob("000*")).read_text("utf-8")
RECIPES = {"gbk": "replace", "cp1252": "ignore", "cp1254": "ignore", "latin-1": "ignore", "cp1251": "ignore"}


class Archive:
    """Documents and their index of duplicates."""

    def __init__(self) -> None:
        """Start empty."""
        self.documents: dict[PurePosixPath, Document] = {}
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.executescript(INDEX_SCHEMA)
        weakref.finalize(self, db.close)
        self.index = LshIndex(db, self.documents.__getitem__)

    def update(self, new: Iterable[Document], gone: Iterable[PurePosixPath] = ()) -> dict[str, str]:
        """Remove `gone`, add `new`, and return the duplicates: path -> path of the kept copy."""
        gone = list(gone)
        added = {document.path: document for document in new}
        for path in gone:
            del self.documents[path]
        self.documents.update(added)
        self.index.update(gone, ((fingerprint(document), "") for document in added.values()))
        return {str(path): str(one.of) for path, one in duplicate_clusters(self.index).items()}


def duplicates(*texts: str | Document) -> dict[str, DuplicateOf]:
    """Return the duplicates among the texts, which are named by their numbers."""
    archive = Archive()
    archive.update(named(str(number), text) for number, text in enumerate(texts))
    return {str(path): one for path, one in duplicate_clusters(archive.index).items()}


def named(name: str, text: str | Document, url: str = "", date: str = "") -> Document:
    document = text if isinstance(text, Document) else Document(PurePosixPath("x"), text)
    meta = Metadata(source_url=url, date=date, language="en")
    return Document(PurePosixPath(name), document.text, meta, (), document.changes)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["label"]) for case in CASES["case"]])
def test_two_texts(case):
    """Copies are merged, and texts that differ in a word or a sign are not, in either order; they are similar."""
    one, other = (case[side].replace("{}", PASSAGE) for side in ("one", "other"))
    assert bool(duplicates(one, other)) == case["same"]
    assert bool(duplicates(other, one)) == case["same"]
    archive = Archive()
    archive.update([named("0", one), named("1", other)])
    found = [similar.why for similar in find_similar_documents(archive.index.db, PurePosixPath("0"), lambda _: True)]
    assert found == case.get("similar", found)


def test_the_best_copy_is_kept():
    """Undamaged is better than repaired, whole than truncated, https than http; the reason is recorded."""
    broken = repair(POST.encode().decode("cp1254", "ignore"))
    assert duplicates(broken, POST)["0"].of == PurePosixPath("1")
    truncated = duplicates(POST[:2500], POST)["0"]
    assert (truncated.of, truncated.why) == (PurePosixPath("1"), "truncated")
    assert 0.5 < truncated.similarity < 0.9
    archive = Archive()
    assert archive.update([named("0", POST, "http://e.org/a"), named("1", POST, "https://www.e.org/a/")]) == {"0": "1"}


def test_a_shared_url_allows_more_edits():
    """With a fifth rewritten, only pages of one URL are duplicates; a URL of many texts is a front page."""
    other = (
        f"{PASSAGE[:380]} What is left of it belongs to the gulls, who keep no books and write down no weather at all."
    )
    assert not duplicates(PASSAGE, other)
    archive = Archive()
    posts = [named("a", PASSAGE, "https://e.org/a"), named("b", other, "http://www.e.org/a#x")]
    assert archive.update(posts) == {"b": "a"}, "the two are versions, and the first is longer"
    assert archive.update(named(f"{at}", noise(at), "https://e.org/a") for at in range(9)) == {}


def noise(number: int) -> str:
    """Return random letters, the same for each number."""
    return "".join(random.Random(number).choices("abcdefghij ", k=800))  # noqa: S311 - no secret


@pytest.mark.parametrize("codec", RECIPES)
def test_a_damaged_copy_is_a_duplicate(codec: str):
    """A mis-decoded post, repaired or not, duplicates the sound one, never another post of the series."""
    posts = [path.read_text("utf-8")[:1500] for path in sorted((ROOT / "raw").glob("00[0134]*.txt"))]
    broken = posts[2].encode().decode(codec, RECIPES[codec])
    for copy in (repair(broken), Document(PurePosixPath("x"), broken)):
        assert {name: one.of.name for name, one in duplicates(*posts, copy).items()} == {"4": "2"}


def test_damaged_copies_of_other_versions_stay_apart():
    """A different number keeps a damaged copy apart from another version, even in unreadable text."""
    other = POST.replace("2021", "2022")
    broken = POST.encode().decode("gbk", "replace")
    found = duplicates(POST, other, Document(PurePosixPath("x"), broken))
    assert {name: one.of.name for name, one in found.items()} == {"2": "0"}


def test_a_sign_decoded_in_two_wrong_ways_hides_neither_copy():
    """Two copies that differ only in a damaged sign next to a number are both duplicates of the sound text."""
    post = f"{PASSAGE} Its lamp is 24 \N{MULTIPLICATION SIGN}24 inches."
    copies = (post.encode(written).decode(read) for written, read in (("gbk", "cp1252"), ("utf-8", "cp1251")))
    found = duplicates(post, *(Document(PurePosixPath("x"), copy) for copy in copies))
    assert {name: one.of.name for name, one in found.items()} == {"1": "0", "2": "0"}


ASKED = f"{PASSAGE[:300]} [box](https://e.org/b?a={'1.' * 60}) {PASSAGE[300:]}"
BASES = [ASKED, PASSAGE, PASSAGE.replace("forty", "fifty"), POST[1000:1800], PASSAGE[:300], noise(1), noise(1)[:600]]
BASES.append(POST[1000:1800].encode().decode("cp1252", "ignore"))


def test_a_typo_in_one_copy_hides_no_other():
    """A copy full of typos, one in a number, is a duplicate of its original and not of one with another number."""
    begin, wrong = f"In 1921, {PASSAGE}", f"In 1912, {PASSAGE}"
    pairs = ("evening eveinng", "winter witner", "hardly hradly", "lighthouse lihgthouse", "weather waether")
    typos = begin.replace("1921", "191")
    for pair in (
        *pairs,
        "pages pgaes",
        "things tihngs",
        "corners croners",
        "oldest odlest",
        "clerk celrk",
        "cellar celalr",
    ):
        typos = typos.replace(*pair.split(), 1)
    found = duplicates(typos, begin, wrong)
    assert {name: (one.of.name, one.why) for name, one in found.items()} == {"0": ("1", "near-duplicate")}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_results_depend_on_the_documents_alone(data):
    """The same documents give the same duplicates in any order, in any batches, and after removals."""
    edits = st.tuples(st.integers(0, 250), st.sampled_from(["", "x", "7", " not ", "*"]))
    made = data.draw(st.lists(st.tuples(st.sampled_from(BASES), st.lists(edits, max_size=4)), min_size=2, max_size=7))
    documents = []
    for number, (text, changes) in enumerate(made):
        for at, edit in changes:
            text = text[:at] + edit + text[at + 1 :]  # noqa: PLW2901 - edited
        documents.append(named(f"{number}", text, data.draw(st.sampled_from(["", "https://e.org/a"]))))
    at_once = Archive().update(documents)
    archive, one_by_one = Archive(), {}
    for document in data.draw(st.permutations(documents)):
        one_by_one = archive.update([document])
    assert one_by_one == at_once
    gone = data.draw(st.sets(st.sampled_from(documents)))
    archive.update((), [document.path for document in gone])
    assert archive.update(gone) == at_once


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_results_do_not_depend_on_when_a_key_became_crowded(data):
    """With keys that two texts make crowded, the same documents give the same duplicates after any history."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowded_keys, "MOST_TEXTS_PER_KEY", data.draw(st.sampled_from([1, 2])))
        test_results_depend_on_the_documents_alone.hypothesis.inner_test(data)


def test_posts_from_a_template_are_not_all_compared(monkeypatch: pytest.MonkeyPatch):
    """The comparisons of posts that share nearly all words grow with their number, and a copy is still found."""
    monkeypatch.setattr(crowded_keys, "MOST_TEXTS_PER_KEY", 2)
    counts = []
    for size in (30, 90):
        pages = [f"{PASSAGE}\n\nReport {at}: {at * 7919} visitors and {at * 104729} boats." for at in range(size)]
        archive = Archive()
        assert archive.update(named(str(at), text) for at, text in enumerate([*pages, f"{pages[-1]}\n"])) == {
            f"{size}": f"{size - 1}"
        }
        counts.append(archive.index.db.execute("SELECT count(*) FROM pairs").fetchone()[0])
    assert counts[1] < 4.5 * counts[0]  # 9 times as many, if all were compared with all
    archive.update((), [PurePosixPath(str(at)) for at in range(88)])
    assert not archive.index.db.execute("SELECT count(*) FROM crowded").fetchone()[0]


def test_very_long_texts_are_compared_by_all_their_words():
    """Texts of over a million characters are duplicates only with the same words: comparing takes minutes."""
    long = " ".join(f"word{number}" for number in range(120_000))
    assert duplicates(long, long.replace(" ", "\n"), f"{long} more").keys() == {"1"}


def test_real_posts_stay_apart(shared: Path):
    """None of 287 real posts, many of one series, is a duplicate; nor of 100 with the same start and end."""
    posts = [path.read_text("utf-8") for path in sorted((shared / "corpus" / "zh-posts").glob("*.md"))]
    assert not duplicates(*posts)
    paragraphs = POST.split("\n\n")
    first, last = "\n\n".join(paragraphs[:7]), "\n\n".join(paragraphs[-8:])
    series = [f"{first}\n\n{post[200:2200]}\n\n{last}" for post in posts[:100]]
    assert not duplicates(*series)


def test_the_nearest_posts_of_a_series_stay_apart(shared: Path):
    """The 100 most similar pairs of 9,000 posts with the same start and end, reviewed by hand, are not duplicates."""
    lines = (ROOT / "tests" / "cases" / "series.tsv").read_text("utf-8").splitlines()[1:]
    places = {tuple(place) for line in lines for place in (line.split("\t")[:2], line.split("\t")[2:])}
    paragraphs = POST.split("\n\n")
    first, last = paragraphs[5].partition("，")[0], paragraphs[-1][:22]
    posts = []
    for file, offset in sorted(places):
        piece = (shared / "corpus" / file).read_bytes()[int(offset) : int(offset) + 900].decode("utf-8", "ignore")
        posts.append(f"{first}\n\n{piece}\n\n{last}")
    assert len(lines) == 100
    assert not duplicates(*posts)


def test_every_recipe(shared: Path, monkeypatch: pytest.MonkeyPatch):
    """A copy damaged by any recipe is a duplicate of its original."""
    monkeypatch.syspath_prepend(shared / "eval")
    damage = importlib.import_module("damage")
    text = next((shared / "corpus" / "zh").glob("*.md")).read_text("utf-8")[:1200]
    for name, recipe in damage.RECIPES.items():
        try:
            broken = damage.damage(text, recipe)
        except UnicodeError:
            continue
        assert "1" in duplicates(text, repair(broken)), name


def test_a_run_adds_what_is_new(tmp_path: Path):
    """Later copies are found, and forgotten when they are deleted; the report has their similarity."""
    chosen = Settings(*(str(tmp_path / name) for name in ("raw", "clean", "out")), editions=False)
    (tmp_path / "raw").mkdir()
    post = next((ROOT / "raw").glob("001*")).read_text("utf-8")
    for name in ("001.txt", "copy.txt"):
        (tmp_path / "raw" / name).write_text(post, "utf-8")
    assert run_archive(chosen).duplicates == 1
    (tmp_path / "raw" / "005.txt").write_text(post.replace("拼贴", "拼帖"), "utf-8")
    assert run_archive(chosen).duplicates == 2
    lines = (tmp_path / "clean" / "report.jsonl").read_bytes().splitlines()
    record = {record["path"]: record for record in map(json.loads, lines)}["005.txt"]
    assert (record["of"], record["why"]) == ("001.txt", "same source URL, near-duplicate")
    assert record["file"] == "duplicates/005.md"
    assert (tmp_path / "clean" / "duplicates" / "005.md").is_file()
    assert 0.99 < record["similarity"] < 1
    (tmp_path / "raw" / "005.txt").unlink()
    assert run_archive(chosen).duplicates == 1


def test_explain_shows_the_difference(tmp_path: Path, lacuna: Lacuna):
    """`dedup --explain` shows how a duplicate differs from the kept copy."""
    (tmp_path / "a.md").write_text(f"{PASSAGE}\n", "utf-8")
    (tmp_path / "b.md").write_text(f"{PASSAGE} It is open.\n", "utf-8")
    lines = lacuna("dedup", "--explain", "a.md", "b.md", cwd=tmp_path).stdout.splitlines()
    assert "version" in lines[0]
    assert "97." in lines[0]
    assert lines[1:3] == ["--- b.md", "+++ a.md"]
    assert [line[0] for line in lines[4:-1] if line[0] in "+-"] == ["-", "+"]
    (record,) = lacuna("dedup", "--explain", "--json", "a.md", "b.md", cwd=tmp_path).stdout.splitlines()
    assert json.loads(record).keys() == {"path", "of", "why", "similarity"}


VERSIONS = {
    "the longer": ("", "", "", "", "b"),
    "the longer, of one day": ("", "", "2021-03-05", "2021-03-05", "b"),
    "the later of one URL": ("https://e.org/a", "http://e.org/a/", "2022-01-01", "2021-03-05", "a"),
    "both, if the shorter is later": ("", "", "2022-01-01", "2021-03-05", ""),
    "both of a front page": ("https://e.org/", "https://e.org/", "2022-01-01", "2021-03-05", ""),
}


@pytest.mark.parametrize("case", VERSIONS.values(), ids=VERSIONS)
def test_the_later_version_is_kept(case: tuple[str, str, str, str, str]):
    """Of two versions the later is kept, whatever their names: by date, then by length."""
    url, other_url, date, other_date, kept = case
    more = f"{PASSAGE}\n\n**Update:** the boxes were moved to the school."
    posts = [named("a", PASSAGE, url, date), named("b", more, other_url, other_date)]
    assert Archive().update(posts) == ({"b" if kept == "a" else "a": kept} if kept else {})
    swapped = [replace(posts[0], path=PurePosixPath("z")), posts[1]]
    assert set(Archive().update(swapped)) == ({"b" if kept == "a" else "z"} if kept else set())


def clean_files(archive: Path) -> list[str]:
    """Return the Markdown files of `clean/`."""
    return sorted(path.relative_to(archive / "clean").as_posix() for path in (archive / "clean").rglob("*.md"))


def test_front_matter_decides_too(tmp_path: Path):
    """`updated` in the front matter makes a version the later one; another title makes another post."""
    raw = tmp_path / "raw"
    raw.mkdir()
    head = "---\ntitle: Boxes\nsource: https://e.org/boxes\ndate: 2021-03-05\n"
    (raw / "a.md").write_text(f"{head}updated: 2023-01-02\n---\n\n{PASSAGE.replace('forty', 'fifty')}\n", "utf-8")
    (raw / "b.md").write_text(f"{head}---\n\n{PASSAGE}\n\nThey are forty.\n", "utf-8")
    (raw / "c.md").write_text(f"---\ntitle: Crates\n---\n\n{PASSAGE}\n", "utf-8")
    chosen = Settings(*(str(tmp_path / name) for name in ("raw", "clean", "out")), editions=False)
    assert run_archive(chosen).duplicates == 1
    assert clean_files(tmp_path) == ["a.md", "c.md", "duplicates/b.md"]
    (raw / "a.md").unlink()
    run_archive(chosen)
    assert clean_files(tmp_path) == ["b.md", "c.md"]


def test_an_edit_of_a_duplicate_is_not_lost(tmp_path: Path):
    """A clean file in `duplicates/` that somebody edited is kept as NAME.edited.md; names there never clash."""
    raw, clean = tmp_path / "raw", tmp_path / "clean"
    (raw / "duplicates").mkdir(parents=True)
    for name in ("a.md", "b.md", "B.txt"):
        (raw / name).write_text(f"{PASSAGE}\n", "utf-8")
    (raw / "duplicates" / "b.md").write_text(f"# Another\n\n{noise(3)}\n", "utf-8")
    chosen = Settings(*(str(tmp_path / name) for name in ("raw", "clean", "out")), editions=False)
    assert run_archive(chosen).duplicates == 2
    files = clean_files(tmp_path)
    assert len(files) == len({file.casefold() for file in files}) == 4
    next(clean.glob("duplicates/*.md")).write_text("mine\n", "utf-8")
    for name in ("a.md", "b.md", "B.txt"):
        (raw / name).write_text(f"{noise(ord(name[0]))}\n", "utf-8")
    assert len(run_archive(chosen).edited) == 1
    assert [path.read_text("utf-8") for path in clean.rglob("*.edited.md")] == ["mine\n"]


def test_a_damaged_copy_of_another_post_in_the_frame_is_kept():
    """A mis-decoded post is not a duplicate of a sound one in the same frame that differs in one word."""
    posts = [f"{POST[:1500]}\n\n现在播种{grain}。\n\n{POST[1500:3000]}" for grain in ("小麦", "大麦")]
    for codec, errors in RECIPES.items():
        broken = posts[0].encode().decode(codec, errors)
        for copy in (repair(broken), Document(PurePosixPath("x"), broken)):
            assert not duplicates(posts[1], copy), codec
            assert {name: one.of.name for name, one in duplicates(*posts, copy).items()} == {"2": "0"}, codec


OWN = "The gulls keep no books. They have sat on the roof of the town hall since before there was one."


def quoting(name: str, *others: str) -> Document:
    """Return a post that quotes paragraphs, and has text that no other post has."""
    quoted = ("> " + other.replace(", ", ",\n> ") for other in others)
    return named(name, "\n\n".join([f"# Post {name}", *quoted, f"{OWN} {noise(ord(name))[:400]}"]))


def passages(archive: Archive, name: str) -> list[SharedPassage]:
    """Return the paragraphs that a document shares with others that are not duplicates."""
    clusters = duplicate_clusters(archive.index)
    return list(shared_passages(archive.index.db, PurePosixPath(name), lambda path: path not in clusters))


def test_a_quoted_paragraph_is_reported_and_not_merged():
    """A post that quotes another is not a duplicate; both places of the paragraph are recorded until one is deleted."""
    archive = Archive()
    assert not archive.update([named("a", f"# A\n\n{PASSAGE}\n\n{noise(1)}"), quoting("b", PASSAGE), quoting("c")])
    letters = len(normalized_words(PASSAGE).replace(" ", ""))
    assert passages(archive, "a") == [SharedPassage(3, letters, (DocumentLine(PurePosixPath("b"), 3),))]
    assert passages(archive, "b") == [SharedPassage(3, letters, (DocumentLine(PurePosixPath("a"), 3),))]
    assert not passages(archive, "c")
    archive.update([named("A", f"# A\n\n{PASSAGE}\n\n{noise(1)}")])
    assert [place.path.name for place in passages(archive, "b")[0].places] == ["A"], "a copy has what it copies"
    archive.update((), [PurePosixPath("A"), PurePosixPath("a")])
    assert not passages(archive, "b")


def test_a_paragraph_of_many_posts_lists_a_few():
    """For a paragraph of many posts the first few places are listed, in any order of arrival."""
    archive = Archive()
    archive.update([quoting(name, PASSAGE) for name in "zyxwvutsrq"])
    (passage,) = passages(archive, "z")
    assert [place.path.name for place in passage.places] == ["q", "r", "s", "t", "u"]
    assert passage.more


def test_passages_are_in_the_reports(tmp_path: Path, lacuna: Lacuna):
    """`report.jsonl`, `report.html`, `explain` and `dedup --explain` list shared paragraphs and their places."""
    chosen = Settings(*(str(tmp_path / name) for name in ("raw", "clean", "out")), editions=False)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.md").write_text(f"# Boxes\n\n{PASSAGE}\n", "utf-8")
    (tmp_path / "raw" / "b.md").write_text(f"# Gulls\n\n{OWN}\n\n> {PASSAGE}\n\n{noise(1)}\n", "utf-8")
    run_archive(chosen)
    records = [json.loads(line) for line in (tmp_path / "clean" / "report.jsonl").read_bytes().splitlines()]
    (passage,) = next(record for record in records if record["path"] == "a.md")["passages"]
    assert passage["places"] == [{"path": "b.md", "line": 5}]
    sentence = f"line 3: a paragraph of {passage['letters']} characters is also in b.md:5"
    assert sentence in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert sentence in lacuna("explain", "a.md", cwd=tmp_path).stdout
    assert f"a.md, {sentence}" in lacuna("dedup", "--explain", "a.md", "b.md", cwd=tmp_path / "raw").stdout
    line = lacuna("dedup", "--explain", "--json", "a.md", "b.md", cwd=tmp_path / "raw").stdout.splitlines()[0]
    assert json.loads(line) == {"path": "a.md"} | passage


def test_the_similar_documents_of_one_are_found_by_an_index():
    """A document's list of similar ones costs the same in an archive of any size."""
    db = sqlite3.connect(":memory:")
    db.executescript(INDEX_SCHEMA)
    plan = [step for *_, step in db.execute(f"EXPLAIN QUERY PLAN {SIMILAR_QUERY}", ("a.md",))]
    db.close()
    assert not [step for step in plan if step.startswith("SCAN")]
