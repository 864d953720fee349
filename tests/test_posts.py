"""Which files are posts: names and folders decide, `include` and `ignore` override them, other files are counted."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from pipeline import run_archive
from pipeline.read.folder import scan_folder
from pipeline.read.kinds import PASSED_OVER, passed_over_in_words
from pipeline.read.posts import PostRules
from pipeline.read.repositories import GENERATORS
from pipeline.read.survey import GENERATOR_WORDS
from tests.conftest import ROOT, Lacuna
from tests.test_state import is_fresh, records, settings

FOLDERS = tomllib.loads((ROOT / "tests" / "cases" / "posts.toml").read_text("utf-8"))["folder"]
NOT_LISTED = {"in", "hidden"}  # hidden, or in a folder that is skipped as a whole


def listing(case: dict) -> list[tuple[str, str]]:
    """Return path and kind from each line of a case."""
    return [(path, kind) for kind, _, path in (line.partition(" ") for line in case["files"].strip().splitlines())]


def build(raw: Path, case: dict, *, backwards: bool = False) -> None:
    """Create the files of a case."""
    for path, kind in sorted(listing(case), reverse=backwards):
        if kind != "folder":
            (raw / path).parent.mkdir(parents=True, exist_ok=True)
            (raw / path).write_text(f"Words of {path}.\n", "utf-8")


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("case", FOLDERS, ids=lambda case: case["label"])
def test_names_decide_what_is_a_post(tmp_path: Path, case: dict, *, backwards: bool):
    """Each file of a folder counts as the kind in the case, in whatever order the disk lists the files."""
    build(tmp_path, case, backwards=backwards)
    rules = PostRules(tuple(case.get("include", ())), tuple(case.get("ignore", ())))
    found = {str(one.path): str(one.passed_over) or "post" for one in scan_folder(tmp_path, rules)}
    assert found == {path: kind for path, kind in listing(case) if kind not in NOT_LISTED}


def test_generators_have_words():
    """`init` has a name for every generator that it may find."""
    assert {one.name for one in GENERATORS} <= set(GENERATOR_WORDS)


def test_kinds_have_words():
    """The summary has words for every kind that a case has."""
    assert {kind for case in FOLDERS for _, kind in listing(case)} - NOT_LISTED - {"post"} <= PASSED_OVER.keys()
    assert passed_over_in_words({"image": 12, "code": 5, "data": 3}) == "12 images, 5 code files, 3 data files"


def hugo(folder: Path) -> None:
    """Create a Hugo repository without its configuration."""
    words = ("harbour", "gull", "lamp", "rope", "tide", "sail", "mast")
    fronts = {
        "content/late.md": "draft: true",
        "content/unseen.md": "published: false",
        "content/on.md": "draft: false",
    }
    paths = ("content/a.md", "content/b.md", "notes/c.md", "README.md", *fronts)
    for word, path in zip(words, paths, strict=True):
        (folder / "raw" / path).parent.mkdir(parents=True, exist_ok=True)
        front = f"---\n{fronts[path]}\n---\n\n" if path in fronts else ""
        text = f"# The {word}\n\nThe {word} is old, and the {word} that was here before was older.\n"
        (folder / "raw" / path).write_text(front + text, "utf-8")
    (folder / "raw" / "build.py").write_text("print(1)\n", "utf-8")
    (folder / "raw" / "notes" / "d.tex").write_text("* Heading\n\nText of a TeX file.\n", "utf-8")


def posts(folder: Path) -> str:
    """Return the cleaned posts of the last run."""
    return " ".join(sorted(path for path, one in records(folder).items() if one["outcome"] == "cleaned"))


def test_any_history_of_what_is_a_post_equals_a_fresh_run(tmp_path: Path):
    """After a generator's file comes and goes, and settings change, a run gives the outputs of a fresh run."""
    hugo(tmp_path)
    config, chosen = tmp_path / "raw" / "hugo.toml", settings(tmp_path)

    def run(**given: object) -> str:
        now = msgspec.structs.replace(chosen, **given)
        report = run_archive(now)
        assert is_fresh(tmp_path, report, now)
        assert not run_archive(now).written
        return f"{posts(tmp_path)}; {passed_over_in_words(dict(report.passed_over))}"

    plain = "README.md content/a.md content/b.md content/late.md content/on.md content/unseen.md notes/c.md; "
    plain += "1 code file, 1 document of an unsupported kind"
    assert run() == plain
    config.write_text("title = 'Sea'\n", "utf-8")
    site = "1 code file, 1 data file, 1 document of an unsupported kind, 2 drafts, 1 repository file"
    assert run() == f"content/a.md content/b.md content/on.md; {site}, 1 document in other folders"
    assert not (tmp_path / "clean" / "notes").exists()
    included = run(include=("notes/*", "content/late.md"))
    assert included == (
        "content/a.md content/b.md content/late.md content/on.md notes/c.md notes/d.tex; "
        "1 code file, 1 data file, 1 draft, 1 repository file"
    )
    ignored = run(include=("notes/*", "content/late.md"), ignore=("*/a.md", "*.tex"))
    assert ignored == (
        "content/b.md content/late.md content/on.md notes/c.md; "
        "1 code file, 1 data file, 1 draft, 1 repository file, 2 ignored files"
    )
    late = tmp_path / "raw" / "content" / "late.md"
    late.write_text(late.read_text("utf-8").replace("true", "false"), "utf-8")
    assert run().startswith("content/a.md content/b.md content/late.md content/on.md; ")
    late.write_text(late.read_text("utf-8").replace("draft: false", "status: Draft"), "utf-8")
    config.unlink()
    assert run() == plain


def test_the_summary_counts_what_is_passed_over(tmp_path: Path, lacuna: Lacuna):
    """The summary, a check and the page have one line for files that are not posts, `--json` one object."""
    hugo(tmp_path)
    (tmp_path / "raw" / "drafts").mkdir()
    (tmp_path / "raw" / "drafts" / "idea.md").write_text("A new idea.\n", "utf-8")
    line = "passed over: 1 code file, 1 document of an unsupported kind, 1 draft\n"
    for flags in ((), ("--check",), ()):
        ran = lacuna("run", "--no-editions", *flags, cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert line in ran.stdout
        assert "build.py" not in ran.stdout + ran.stderr
    counts = json.loads(lacuna("run", "--no-editions", "--json", cwd=tmp_path).stdout)
    assert counts["passed_over"] == {"code": 1, "unsupported": 1, "draft": 1}
    assert counts["posts"] == 7
    assert line.strip() in (tmp_path / "out" / "report.html").read_text("utf-8")
    (tmp_path / "raw" / "more.py").write_text("print(2)\n", "utf-8")
    changed = lacuna("run", "--no-editions", "--check", cwd=tmp_path)
    assert changed.returncode == 1
    assert "passed over: 2 code files" in changed.stdout


def test_bind_takes_a_draft(tmp_path: Path, lacuna: Lacuna):
    """`bind` makes a book of a draft that the user names."""
    hugo(tmp_path)
    ran = lacuna("bind", "raw/content/late.md", "-o", "books", "--epub", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert list((tmp_path / "books").rglob("late.epub"))


def test_a_large_tree_is_not_kept_in_memory(tmp_path: Path):
    """Files that are not posts are counted one by one, so that a large tree needs little memory."""
    for number in range(300):
        (tmp_path / f"{number}.png").touch()
    scan = scan_folder(tmp_path, PostRules())
    assert Counter(str(one.passed_over) for one in scan) == {"image": 300}
