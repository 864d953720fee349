"""The state: deletions, edits, failures, damage. After any history, a run leaves what a fresh run would leave."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from pipeline import RunReport, Settings, run_archive
from tests.conftest import Lacuna, command, tree


def settings(folder: Path, **given: object) -> Settings:
    """Return settings for an archive in `folder`, without books by default."""
    places = {name: str(folder / name) for name in ("raw", "clean", "out")}
    return msgspec.structs.replace(Settings(editions=False, jobs=1), **places, **given)


def write(folder: Path, **posts: str) -> None:
    """Write posts into raw/; the keywords are file names without suffix."""
    (folder / "raw").mkdir(exist_ok=True)
    for name, text in posts.items():
        (folder / "raw" / f"{name}.md").write_text(text, "utf-8")


def counts(report: RunReport) -> RunReport:
    """Return a report without the files that this run wrote."""
    return replace(report, written=(), removed=(), edited=())


def is_fresh(folder: Path, report: RunReport, chosen: Settings) -> bool:
    """Return whether clean/, out/ and the counts equal those of a run into empty folders; saved edits do not count."""
    fresh = folder / "fresh"
    fresh.mkdir()
    raw = fresh / Path(chosen.raw).name  # the report links to the sources: they have the same place in both
    raw.symlink_to(chosen.raw, target_is_directory=True)
    if (folder / "decisions.jsonl").exists():
        shutil.copy(folder / "decisions.jsonl", fresh)
    again = run_archive(
        msgspec.structs.replace(chosen, raw=str(raw), clean=str(fresh / "clean"), out=str(fresh / "out"))
    )
    same = all(
        {name: data for name, data in tree(Path(kept)).items() if not name.endswith(".edited.md")} == tree(fresh / name)
        for name, kept in (("clean", chosen.clean), ("out", chosen.out))
    )
    shutil.rmtree(fresh)
    return same and counts(report) == counts(again)


def records(folder: Path) -> dict[str, dict]:
    """Return the lines of report.jsonl by path."""
    lines = (folder / "clean" / "report.jsonl").read_bytes().splitlines()
    return {record["path"]: record for record in map(json.loads, lines)}


def test_a_deletion_is_seen_after_any_number_of_runs(tmp_path: Path):
    """The clean file of a deleted post is removed, also after runs that changed nothing."""
    write(tmp_path, a="# One\n\nText.\n", b="# Two\n\nOther text.\n")
    chosen = settings(tmp_path)
    for _ in range(3):
        run_archive(chosen)
    (tmp_path / "raw" / "b.md").unlink()
    report = run_archive(chosen)
    assert report.removed == ("b.md",)
    assert is_fresh(tmp_path, report, chosen)


def test_names_stay_apart(tmp_path: Path):
    """Sources with equal clean names, or names that look like our hashes, get distinct clean files."""
    write(tmp_path, a="# One\n\nText of one.\n")
    mark = hashlib.sha256(b"a.md").hexdigest()
    for name in ("a.txt", "A.markdown", f"a-{mark[:8]}.md", f"a-{mark[:16]}.md", "a.edited.md"):
        (tmp_path / "raw" / name).write_text(f"# {name}\n\nText of {name}.\n", "utf-8")
    report = run_archive(settings(tmp_path))
    assert report.cleaned == len({file for file in tree(tmp_path / "clean") if file.endswith(".md")}) == 6
    assert report.edited == ()


def test_an_edited_file_is_saved_under_another_name(tmp_path: Path):
    """An edited text in clean/ is never overwritten or removed; a changed time stamp is not an edit."""
    write(tmp_path, a="# One\n\nText.\n", b="# Two\n\nOther text.\n")
    chosen = settings(tmp_path)
    run_archive(chosen)
    clean = tmp_path / "clean"
    written = (clean / "a.md").read_text("utf-8")
    (clean / "a.md").write_text("first edit", "utf-8")
    os.utime(clean / "b.md", (1, 1))
    report = run_archive(chosen)
    assert (report.written, report.edited) == (("a.md",), ("a.edited.md",))
    assert (clean / "a.md").read_text("utf-8") == written
    (clean / "a.md").write_text("second edit", "utf-8")
    (tmp_path / "raw" / "a.md").unlink()
    assert run_archive(chosen).edited == ("a.edited-2.md",)
    assert [(clean / name).read_text("utf-8") for name in ("a.edited.md", "a.edited-2.md")] == [
        "first edit",
        "second edit",
    ]
    assert not (clean / "a.md").exists()


def test_a_file_of_ones_own_is_kept(tmp_path: Path):
    """A file in clean/ that is older than the post of its name is saved under another name."""
    write(tmp_path, a="# One\n\nText.\n")
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "a.md").write_text("mine", "utf-8")
    assert run_archive(settings(tmp_path)).edited == ("a.edited.md",)
    assert (tmp_path / "clean" / "a.edited.md").read_text("utf-8") == "mine"


def test_a_missing_book_is_reported_until_it_is_made(tmp_path: Path, lacuna: Lacuna):
    """Every run reports a book that cannot be made, and lists the other books; `--no-editions` does not."""
    write(tmp_path, a="# One\n\nText.\n")
    (tmp_path / "pipeline.toml").write_text('[[edition]]\ntitle = "Of 1999"\nuntil = "1999"\n', "utf-8")
    for _ in range(2):
        ran = lacuna("run", cwd=tmp_path)
        assert ran.returncode == 4
        assert "book not made: Of 1999.epub: collection `Of 1999` matches no posts" in ran.stdout
        assert "books: out/archive.epub, out/archive.pdf" in ran.stdout
    assert lacuna("run", "--no-editions", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out" / "archive.epub").exists()
    (tmp_path / "pipeline.toml").write_text("editions = false\n", "utf-8")
    assert lacuna("run", cwd=tmp_path).returncode == 0
    assert not [name for name in tree(tmp_path / "out") if name.endswith((".epub", ".pdf"))]


def test_a_changed_picture_reaches_the_books(tmp_path: Path):
    """A changed image makes the book again: with an encoded name, in a hidden folder, with an unknown suffix."""
    write(tmp_path, a="# Pictures\n\n![](my%20pic.png)\n\n![](.hidden/pic.png)\n\n![](pic.BMPX)\n\n![](absent.png)\n")
    (tmp_path / "raw" / ".hidden").mkdir()
    chosen = settings(tmp_path, editions=True)
    for at, name in enumerate(("my pic.png", ".hidden/pic.png", "pic.BMPX", "absent.png")):
        Image.new("RGB", (8, 8), (at, 0, 0)).save(tmp_path / "raw" / name, "PNG")
        assert "posts/a.epub" in "".join(run_archive(chosen).written), name
        assert not run_archive(chosen).written


def test_another_out_folder_and_back(tmp_path: Path):
    """A run with another out/ leaves the first one alone; the next run that uses it removes outdated files."""
    write(tmp_path, a="# One\n\nText.\n", b="# Two\n\nOther text.\n")
    chosen = settings(tmp_path, editions=True)
    run_archive(chosen)
    (tmp_path / "raw" / "b.md").unlink()
    other = msgspec.structs.replace(chosen, out=str(tmp_path / "other"))
    assert is_fresh(tmp_path, run_archive(other), other)
    assert (tmp_path / "out" / "posts" / "b.epub").exists()
    assert is_fresh(tmp_path, run_archive(chosen), chosen)


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
def test_files_outside_are_never_removed(tmp_path: Path, *, lost: bool):
    """Rows and list lines with paths outside clean/ and out/, or with files that we did not write, remove nothing."""
    write(tmp_path, a="# One\n\nText.\n")
    chosen = settings(tmp_path)
    run_archive(chosen)
    (tmp_path / "precious.txt").write_text("precious", "utf-8")
    (tmp_path / "out" / "mine.txt").write_text("mine", "utf-8")
    digest = hashlib.sha256(b"precious").hexdigest()
    names = ("../precious.txt", str(tmp_path / "precious.txt"), "x/../../precious.txt", ".lock")
    with closing(sqlite3.connect(tmp_path / "clean" / ".state.sqlite")) as db, db:
        rows = [(root, name, "", "key", "", digest, "") for root in (".", "../out", "..") for name in names]
        db.executemany("INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute("UPDATE facts SET value = '' WHERE name = 'made'")
    (tmp_path / "clean" / ".state.sum").unlink()  # as if a run had been killed
    if lost:
        (tmp_path / "clean" / ".state.sqlite").unlink()
    for folder in ("clean", "out"):
        with (tmp_path / folder / ".outputs").open("a") as file:
            file.writelines(f"{digest} {name}\n" for name in (*names, "mine.txt"))
    assert not run_archive(chosen).removed
    assert (tmp_path / "precious.txt").exists()
    assert (tmp_path / "out" / "mine.txt").exists()


@pytest.mark.parametrize("what", ["a bit", "all of it", "a table", "a blob", "the version", "a foreign file"])
def test_a_damaged_state_is_rebuilt(tmp_path: Path, what: str):
    """A damaged state is reported in one line and rebuilt; clean files of deleted posts are removed."""
    write(tmp_path, a="# One\n\nText.\n", b="# Two\n\nOther text.\n", c="# Three\n\nMore text.\n")
    chosen = settings(tmp_path)
    run_archive(chosen)
    file = tmp_path / "clean" / ".state.sqlite"
    (tmp_path / "raw" / "b.md").unlink()
    changes = {
        "a table": "DROP TABLE outputs",
        "a blob": "UPDATE contents SET outcome = x'93010203'",
        "the version": "UPDATE facts SET value = '5' WHERE name = 'version'",
    }
    if what in changes:
        with closing(sqlite3.connect(file)) as db, db:
            db.execute(changes[what])
    elif what == "a bit":
        data = bytearray(file.read_bytes())
        data[data.index(b"a.md")] ^= 4
        file.write_bytes(data)
    elif what == "all of it":
        file.write_bytes(b"no database")
    else:
        file.unlink()
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("CREATE TABLE facts (a, b, c)")
    progress: list[tuple[str, str]] = []
    report = run_archive(chosen, tell=lambda stage, name: progress.append((stage, name)))
    assert [name.count("every post is cleaned again") for stage, name in progress if stage == "rebuild"] == [1]
    assert is_fresh(tmp_path, report, chosen)
    assert not (tmp_path / "clean" / "b.md").exists()


@pytest.mark.parametrize("what", ["lost", "cut", "changed"])
def test_a_lost_list_of_outputs_is_restored(tmp_path: Path, what: str):
    """The next run restores the list of our files, so that losing the state later does no harm."""
    write(tmp_path, a="# One\n\nText.\n", b="# Two\n\nOther text.\n")
    chosen = settings(tmp_path)
    run_archive(chosen)
    file = tmp_path / "clean" / ".outputs"
    before = file.read_bytes()
    file.write_bytes({"lost": b"", "cut": before[:80], "changed": before.replace(b"b.md", b"c.md")}[what])
    if what == "lost":
        file.unlink()
    assert not run_archive(chosen).written
    assert file.read_bytes() == before
    (tmp_path / "raw" / "b.md").unlink()
    (tmp_path / "clean" / ".state.sqlite").write_bytes(b"no database")
    report = run_archive(chosen)
    assert report.removed == ("b.md",)
    assert report.edited == ()


def test_a_lost_state_and_list_save_no_edit(tmp_path: Path):
    """Without state and list, a clean file with the right bytes is not an edit."""
    write(tmp_path, a="# One\n\nText.\n")
    chosen = settings(tmp_path)
    run_archive(chosen)
    for file in (tmp_path / "clean").glob(".*"):
        file.unlink()
    assert run_archive(chosen).edited == ()
    assert not (tmp_path / "clean" / "a.edited.md").exists()


def test_a_copied_archive_needs_no_rebuild(tmp_path: Path):
    """A copied archive has other file times; nothing is cleaned again."""
    write(tmp_path, a="# One\n\nText.\n")
    run_archive(settings(tmp_path))
    copy = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-copy"), copy_function=shutil.copyfile)
    stages: list[str] = []
    report = run_archive(settings(copy), tell=lambda stage, _: stages.append(stage))
    assert (report.written, stages) == ((), ["cleaning"])


def test_trouble_of_the_machine_is_tried_again(tmp_path: Path):
    """If temporary files cannot be written, posts are skipped in this run only, and their old files stay."""
    write(tmp_path, a="# One\n\nText.\n")
    chosen = settings(tmp_path, editions=True)
    run_archive(chosen)
    before = tree(tmp_path / "out")
    write(tmp_path, a="# One\n\nText.\n\n![a](<b.png>)\n" + "| a |\n|---|\n| b |\n" * 400)
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))\n"
        "import os; os.execv(sys.executable, [sys.executable, '-P', '-m', 'pipeline', 'run', '--jobs', '1'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode in {3, 4}
    assert "Traceback" not in ran.stderr
    assert "our mistake" not in ran.stdout
    assert before.keys() <= tree(tmp_path / "out").keys()
    healthy = run_archive(chosen)
    assert healthy.exit_code == 0
    assert is_fresh(tmp_path, healthy, chosen)


def test_temporary_files_of_a_killed_run_are_removed(cleaned: Path):
    """Workers keep temporary files in clean/, where the next run removes those of a killed run."""
    (cleaned / "clean" / ".partial" / "tmpleft").mkdir(parents=True)
    assert command("run", "--no-editions", cwd=cleaned).returncode == 0
    assert not (cleaned / "clean" / ".partial").exists()


def test_a_damaged_statistics_file_is_ignored(cleaned: Path, made: Path):
    """A flipped bit in the stored archive statistics changes no inferred character."""
    file = cleaned / "clean" / ".evidence"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 64
    file.write_bytes(data)
    broken = cleaned / "raw" / "002_0cc31b200e29ec80.txt"
    broken.write_bytes(broken.read_bytes() + b"\n")
    assert command("run", "--no-editions", cwd=cleaned).returncode == 0
    changes = [records(folder)[broken.name]["changes"] for folder in (cleaned, made)]
    repairs = [[(one["before"], one["after"]) for one in of if one["step"] == "repair"] for of in changes]
    assert repairs[0] == repairs[1]


def test_a_web_page_without_text_is_skipped(tmp_path: Path):
    """A web page that shows nothing is skipped with a message instead of becoming an empty book."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "page.HTML").write_text("<html><body><script>load()</script></body></html>", "utf-8")
    (aside,) = run_archive(settings(tmp_path)).skipped
    assert aside.reason.startswith("shows no text")
    assert aside.cause == "document"
