"""A run over an archive: its outputs, what it leaves alone, its failures."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline import Settings, run_archive
from tests.conftest import ROOT, Lacuna, command, tree
from tests.posts import POSTS as SMALL_POSTS

POSTS = ("000_a1f47e9a580df4b9", "001_9722d69a9a88267b", "003_b6b74f1d2d75484e", "004_eaf657597849a246")
RECORDS = ("graph.graphml", "report.html", "works.bib", "works.json")


@pytest.fixture
def few(archive: Path) -> None:
    """Leave two posts in raw/: enough for tests of one run after another."""
    for path in (archive / "raw").iterdir():
        if path.stem not in POSTS[1:3]:
            path.unlink()


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def records(folder: Path) -> dict[str, dict]:
    """Return the lines of report.jsonl by path."""
    lines = (folder / "clean" / "report.jsonl").read_bytes().splitlines()
    return {record["path"]: record for record in map(json.loads, lines)}


def test_the_whole_job(made: Path):
    """The sample gives four clean files, their books, one collection, the records; the fifth post is a duplicate."""
    editions = [f"posts/{post}.{kind}" for post in POSTS for kind in ("epub", "pdf")]
    assert sorted(tree(made / "clean")) == sorted(
        [f"{post}.md" for post in POSTS]
        + ["duplicates/002_0cc31b200e29ec80.md", "links.csv", "links.jsonl", "report.jsonl"]
    )
    written = {name for name in tree(made / "out") if not name.startswith("opds/")}  # test_opds.py
    assert sorted(written) == sorted([*editions, "archive.epub", "archive.pdf", *RECORDS])
    duplicate = records(made)["002_0cc31b200e29ec80.txt"]
    assert (duplicate["outcome"], duplicate["of"]) == ("duplicate", "000_a1f47e9a580df4b9.txt")
    assert duplicate["why"] == "same words"  # its characters were reconstructed, also from the other copy


def test_front_matter_has_the_metadata(made: Path):
    """A clean file has its titles, source without tracking, language, date, encoding, checksum and repairs."""
    _, front, body = (made / "clean" / f"{POSTS[0]}.md").read_text("utf-8").split("---\n", 2)
    assert yaml.safe_load(front) == {
        "title": "2021 年 3 月要读的四篇深度学习论文",
        "subtitle": "从合成梯度到胶囊网络，网络训练守恒定律&多智能体生成模型",
        "kicker": "思想和理论",
        "source_url": "https://towardsdatascience.com/four-deep-learning-papers-to-read-in-march-2021-9d933f52aafa",
        "language": "zh-Hans",
        "date": "2021-03",
        "encoding": "utf-8",
        "sha256": "63235bd8172b6d39d732c719d16ab65174bf327aca2510604d9c77246332bc8a",
        "repaired": "nothing",
    }
    assert body.startswith("\n# 2021 年 3 月要读的四篇深度学习论文\n")


def test_every_change_explains_itself(made: Path):
    """The report has each change with its step, reason and spans, and a confidence from 0 to 1 if it has one."""
    changes = [change for record in records(made).values() for change in record["changes"]]
    assert {change["step"] for change in changes} == {
        *("repair", "artefacts", "cards", "lists", "emphasis", "headings", "figures", "typography", "normalize")
    }
    assert all(change["reason"] and change["spans"] for change in changes)
    known = [change["confidence"] for change in changes if change.get("confidence") is not None]
    assert known
    assert all(0 < confidence <= 1 for confidence in known)


def test_raw_is_never_written(made: Path):
    """A run leaves the names, bytes and times of raw/ as they were copied from the sample."""
    was, is_now = (
        {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
        for folder in (ROOT / "raw", made / "raw")
    )
    assert is_now == was


def test_a_second_run_does_nothing_but_look(cleaned: Path):
    """If nothing changed, no file is written, not even with equal bytes."""
    before = {path: path.stat().st_mtime_ns for folder in ("clean", "out") for path in (cleaned / folder).rglob("*.*")}
    ran = command("run", "-v", cwd=cleaned)
    assert last_line(ran.stdout).endswith("0 files written, 0 removed")
    assert "building" not in ran.stderr
    files = {path for path in before if not any(part.startswith(".") for part in path.relative_to(cleaned).parts)}
    assert all(path.stat().st_mtime_ns == before[path] for path in files)


def test_a_changed_file_redoes_itself_and_the_book(cleaned: Path):
    """After a change of one source, its files, the collection and the records are written; other posts stay."""
    command("run", cwd=cleaned)  # it is a copy: its files are new ones
    others = [cleaned / "out" / "posts" / f"{post}.pdf" for post in POSTS[:3]]
    before = [path.stat().st_mtime_ns for path in others]
    with (cleaned / "raw" / f"{POSTS[3]}.txt").open("a", encoding="utf-8") as file:
        file.write("\n\n一句新的话。\n")
    ran = command("run", "--verbose", cwd=cleaned)
    stages = [
        f"cleaning: {POSTS[3]}.txt",
        "re-checking: 002_0cc31b200e29ec80.txt",
        f"building: {POSTS[3]}.txt",
        "building: Collected posts",
    ]
    assert ran.stderr.splitlines() == stages
    assert last_line(ran.stdout).endswith("28 files written, 0 removed"), "the files of works and links stay"
    assert [path.stat().st_mtime_ns for path in others] == before
    assert "一句新的话。" in (cleaned / "clean" / f"{POSTS[3]}.md").read_text("utf-8")


def test_outputs_of_a_deleted_source_are_removed(cleaned: Path):
    """Outputs of a deleted source are removed; its duplicate is kept now."""
    (cleaned / "raw" / f"{POSTS[0]}.txt").unlink()
    ran = command("run", cwd=cleaned)
    assert last_line(ran.stdout).startswith("4 posts: 4 cleaned, 0 duplicates")
    names = {name for folder in ("clean", "out") for name in tree(cleaned / folder)}
    assert not [name for name in names if POSTS[0] in name]
    assert "002_0cc31b200e29ec80.md" in names


def test_a_missing_output_is_regenerated(cleaned: Path):
    """A file of clean/ or out/ that was deleted or edited is regenerated."""
    before = tree(cleaned / "clean") | tree(cleaned / "out")
    (cleaned / "out" / "archive.pdf").unlink()
    (cleaned / "clean" / f"{POSTS[1]}.md").write_text("edited", "utf-8")
    assert last_line(command("run", cwd=cleaned).stdout).endswith(
        "3 files written, 0 removed"
    )  # a book consists of both files
    edited = tree(cleaned / "clean").pop(f"{POSTS[1]}.edited.md")
    assert tree(cleaned / "clean") | tree(cleaned / "out") == before | {f"{POSTS[1]}.edited.md": edited}
    assert edited == b"edited"


def test_the_same_bytes_every_time(archive: Path, made: Path):
    """The outputs are the same bytes in another folder, at another time, with one process, in another locale."""
    environment = {"LANG": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    assert command("run", "--jobs", "1", cwd=archive, env=environment).returncode == 0
    assert tree(archive / "clean") == tree(made / "clean")
    assert tree(archive / "out") == tree(made / "out")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three small posts after one run; tests only read it."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "raw").mkdir()
    for name in ("chinese", "harbour", "tagged"):
        (folder / "raw" / f"{name}.md").write_text(SMALL_POSTS[name], "utf-8")
    assert command("run", cwd=folder).returncode == 0
    return folder


@pytest.mark.parametrize("line", ["cleaning: harbour", "building: chinese", "building: Collected posts"])
def test_a_run_continues_a_killed_one(small: Path, tmp_path: Path, line: str):
    """After a run was killed, at any stage, the next run gives the same outputs as an undisturbed one."""
    shutil.copytree(small / "raw", tmp_path / "raw")
    arguments = [sys.executable, "-m", "pipeline", "run", "-v", "--jobs", "1"]
    with subprocess.Popen(
        arguments, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        for shown in process.stderr:
            if shown.startswith(line):
                break
        process.send_signal(signal.SIGKILL)
    assert shown.startswith(line)
    assert command("run", cwd=tmp_path).returncode == 0
    assert tree(tmp_path / "clean") == tree(small / "clean")
    assert tree(tmp_path / "out") == tree(small / "out")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_has_its_exit_code(archive: Path, number: signal.Signals, code: int):
    """SIGTERM and Ctrl-C end a run with their own exit codes and no half-written files."""
    arguments = [sys.executable, "-m", "pipeline", "run", "-v", "--jobs", "1"]
    with subprocess.Popen(
        arguments, cwd=archive, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        process.stderr.readline()
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == code
    assert "Traceback" not in rest
    assert not [name for name in tree(archive) if name.endswith((".pdf", ".epub"))]


@pytest.mark.usefixtures("few")
def test_one_run_at_a_time(archive: Path):
    """A second run on the same clean/ does not start; it names the process that holds the lock."""
    arguments = [sys.executable, "-m", "pipeline", "run", "-v", "--jobs", "1", "--no-editions"]
    with subprocess.Popen(
        arguments, cwd=archive, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        process.stderr.readline()
        process.send_signal(signal.SIGSTOP)
        second = command("run", cwd=archive)
        process.send_signal(signal.SIGCONT)
        process.stderr.read()
    assert second.returncode == 75
    assert f"process {process.pid}" in second.stderr
    assert process.returncode == 0


@pytest.mark.usefixtures("few")
def test_a_check_of_a_new_archive_writes_nothing(archive: Path):
    """--check of an archive that was never cleaned exits with 1 and writes nothing."""
    assert command("run", "--check", cwd=archive).returncode == 1
    assert sorted(path.name for path in archive.iterdir()) == ["raw"]


def test_check_writes_nothing(cleaned: Path):
    """--check lists what would be written and writes nothing; where nothing would be written it exits with 0."""
    before = tree(cleaned)
    assert command("run", "--check", cwd=cleaned).returncode == 0
    (cleaned / "raw" / f"{POSTS[2]}.txt").unlink()
    ran = command("run", "--check", cwd=cleaned)
    assert ran.returncode == 1
    assert f"would remove: {cleaned}/clean/{POSTS[2]}.md" in ran.stdout
    (cleaned / "raw" / f"{POSTS[2]}.txt").write_bytes(before[f"raw/{POSTS[2]}.txt"])
    assert tree(cleaned) == before


def test_json_is_for_programs(cleaned: Path):
    """--json prints one object; its counts add up."""
    counts = json.loads(command("run", "--no-editions", "--json", cwd=cleaned).stdout)
    keys = "posts cleaned duplicates skipped rolled_back incomplete written removed open_items decisions passed_over"
    assert list(counts) == [*keys.split(), "exit_code"]
    assert counts["posts"] == counts["cleaned"] + counts["duplicates"] + counts["skipped"] == 5
    assert counts["exit_code"] == 0


def hostile(raw: Path) -> dict[str, str]:
    """Add files to raw/ that archives contain by mistake; return a part of the reason why each is skipped."""
    (raw / "empty.md").touch()
    (raw / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    with (raw / "huge.md").open("wb") as file:
        file.truncate(50 * 2**20)
    (raw / "utf16.txt").write_bytes(b"\xff\xfe\x00\xdc\x01\xdc\x02\xdc\x34\xd8")
    (raw / "blank.txt").write_bytes(b" \n\t\n")
    (raw / "folder.md").mkdir()
    (raw / "outside.md").symlink_to("/etc/hostname")
    (raw / "dangling.md").symlink_to(raw / "nothing")
    os.mkfifo(raw / "pipe.md")
    (raw / "locked.md").write_text("unreadable", "utf-8")
    (raw / "locked.md").chmod(0)
    (raw / "new\nline.md").write_text("# A name with a newline\n\nText.\n", "utf-8")
    (raw / "--output=x.md").write_text("# A name like an option\n\nOther text.\n", "utf-8")
    return {
        "empty.md": "is empty",
        "picture.md": "Portable Network Graphics",
        "huge.md": "more than max_bytes",
        "utf16.txt": "byte order mark of UTF-16",
        "blank.txt": "contains only white space",
        "folder.md": "is a folder",
        "outside.md": "symbolic link",
        "dangling.md": "broken link",
        "pipe.md": "named pipe",
        "locked.md": "Permission denied",
    }


def test_bad_input_is_skipped_and_the_rest_is_cleaned(archive: Path, made: Path):
    """Each bad source is skipped with a reason; the others are cleaned as usual; the exit code is 4."""
    expected = hostile(archive / "raw")
    if os.geteuid() == 0:  # root ignores permissions
        (archive / "raw" / "locked.md").unlink()
        del expected["locked.md"]
    before = sorted(path for path in archive.rglob("*") if "raw" in path.parts)
    ran = command("run", "--no-editions", cwd=archive)
    assert ran.returncode == 4, ran.stderr
    reported = records(archive)
    for name, reason in expected.items():
        assert reported[name]["outcome"] == "skipped", name
        assert reason in reported[name]["reason"], name
        assert reported[name]["cause"] != "bug", name
        assert f"skipped: {name}: " in ran.stdout
    assert reported["new\nline.md"]["outcome"] == reported["--output=x.md"]["outcome"] == "cleaned"
    assert sorted(path for path in archive.rglob("*") if "raw" in path.parts) == before
    assert {path.name for path in archive.iterdir()} == {"raw", "clean", "out"}
    for name, data in tree(made / "clean").items():
        assert name.endswith(".jsonl") or tree(archive / "clean")[name] == data


def test_an_unreadable_file_is_skipped(tmp_path: Path):
    """The reason for skipping a file without read permission names the permission."""
    (tmp_path / "locked.md").write_text("unreadable", "utf-8")
    (tmp_path / "locked.md").chmod(0)
    tmp_path.chmod(0o755)
    code = (
        "import os, sys, pathlib; folder = pathlib.Path('.')\n"
        "from pipeline.read.folder import read_source, scan_folder\n"
        "found = list(scan_folder(folder)); os.geteuid() or os.seteuid(65534)\n"
        "try: read_source(folder, found[0], 100)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == "SkipDocument cannot be read: Permission denied; check its permissions\n"


def test_names_are_safe_and_never_collide(tmp_path: Path):
    """Two sources that would have one name, on some file system, keep apart; README is not overwritten."""
    (tmp_path / "raw" / "2021").mkdir(parents=True)
    for name in ("a.md", "a.txt", "A.markdown", "README.md", "con.md", "2021/a.md", "a:b?.md"):
        (tmp_path / "raw" / name).write_text(hashlib.sha256(name.encode()).hexdigest() * 2, "utf-8")
    report = run_archive(
        Settings(raw=str(tmp_path / "raw"), clean=str(tmp_path / "clean"), out=str(tmp_path / "out"), editions=False)
    )
    assert report.cleaned == 7
    files = [name for name in tree(tmp_path / "clean") if name.endswith(".md")]
    assert len({name.casefold() for name in files}) == 7
    assert "2021/a.md" in files
    assert "README.md" not in files


def test_images_in_raw_are_not_posts(tmp_path: Path, lacuna: Lacuna):
    """An image in the folder of its post is neither counted nor skipped."""
    (tmp_path / "raw" / "trip").mkdir(parents=True)
    (tmp_path / "raw" / "trip" / "index.md").write_text("# A trip\n\n![sea](IMG_1.JPG)\n", "utf-8")
    (tmp_path / "raw" / "trip" / "IMG_1.JPG").write_bytes(b"\xff\xd8\xff\xe0")
    ran = lacuna("run", "--no-editions", cwd=tmp_path)
    assert ran.returncode == 0
    assert "1 post: 1 cleaned, 0 duplicates, 0 skipped" in ran.stdout


def test_settings_come_from_a_file_and_flags_override(tmp_path: Path):
    """Settings are read from pipeline.toml; flags override them."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.md").write_text("# A\n\nText.\n", "utf-8")
    (tmp_path / "pipeline.toml").write_text('clean = "text"\neditions = false\ntitle = "四篇论文"\n', "utf-8")
    command("run", cwd=tmp_path)
    assert (tmp_path / "text" / "a.md").exists()
    assert "四篇论文" in (tmp_path / "out" / "report.html").read_text("utf-8")
    command("run", "--clean", "other", cwd=tmp_path)
    assert (tmp_path / "other" / "a.md").exists()


def test_the_report_shows_titles_in_their_direction(tmp_path: Path, lacuna: Lacuna):
    """A title has its own direction and language; a web source is a link, a script is not."""
    (tmp_path / "raw").mkdir()
    post = "---\ntitle: ה-CIA ומושגים\nlanguage: he\nsource_url: {source}\n---\nטקסט {source}\n"
    for name, source in (("a", "https://e.org/a"), ("b", "javascript:alert(1)")):
        (tmp_path / "raw" / f"{name}.md").write_text(post.format(source=source), "utf-8")
    lacuna("run", "--no-editions", cwd=tmp_path)
    report = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert report.count('dir="auto" lang="he">ה-CIA ומושגים</span>') == 2
    urls = [url for url in re.findall('href="([^"]*)"', report) if ":" in url]
    assert urls == ["https://e.org/a"]
    assert '<a href="../raw/a.md">source</a>' in report


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("job = 2", "pipeline.toml:1: no setting `job`; did you mean `jobs`?"),
        ("jobs = 0", "pipeline.toml:1: expected a whole number >= 1 in `jobs`"),
        ('jobs = "two"', "pipeline.toml:1: expected a whole number, got text in quotes in `jobs`"),
        ("jobs = ", "pipeline.toml is not valid TOML: Invalid value"),
        ('page = "A5"', "pipeline.toml:1: invalid value 'A5' in `page`; valid: a4, a5, reader"),
        (
            '[[edition]]\ntitle = "x"\nsince = "1.2.2020"',
            "pipeline.toml:3: expected a date such as 2021, 2021-03 or 2021-03-09 in",
        ),
        ('[[edition]]\ntitle = "x"\nsinc = "2020"', "pipeline.toml:3: no setting `sinc`; did you mean `since`?"),
        ('[steps.typography]\nlevel = "all"', "invalid value 'all'; valid: off, safe, full"),
        ('plugins = ["nothing"]', "no plugin `nothing` is installed"),
        ("[steps.repare]\nx = 1", "no step `repare` to set options for; did you mean `repair`?"),
        ("[steps.repair]\nx = 1", "the step `repair` has no option `x`"),
    ],
)
def test_a_wrong_setting_is_one_line(archive: Path, text: str, message: str):
    """An error in the settings is one line with the key and the file, and nothing is written."""
    (archive / "pipeline.toml").write_text(text, "utf-8")
    ran = command("run", cwd=archive)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert not (archive / "out").exists()


@pytest.mark.usefixtures("few")
def test_an_unwritable_out_is_an_error_of_the_environment(archive: Path):
    """If out/ cannot be created, one line says so and the exit code is 3."""
    (archive / "out").write_text("a file is in the way", "utf-8")
    ran = command("run", cwd=archive)
    assert ran.returncode == 3
    assert "out" in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


def test_watch_runs_again_when_raw_changes(cleaned: Path):
    """`watch` cleans a post that is added while it runs."""
    arguments = [sys.executable, "-m", "pipeline", "watch", "--no-editions", "--wait", "50"]
    with subprocess.Popen(
        arguments, cwd=cleaned, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert next(line for line in process.stdout if line.startswith("5 posts"))
        assert process.stdout.readline().startswith("watching")
        (cleaned / "raw" / "new.md").write_text("# 新的文章\n\n这是刚刚存档的一篇文章。\n", "utf-8")
        assert next(line for line in process.stdout if line.startswith("6 posts: 5 cleaned, 1 duplicate"))
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait() == 130
    assert (cleaned / "clean" / "new.md").exists()


@pytest.mark.parametrize("text", ["'plain text'", "b'plain text'"])
def test_repair_of_ascii_imports_little(text: str):
    """`repair` of ASCII text, str or bytes, imports no other step, no parser, no model and no ftfy."""
    code = f"import sys; from pipeline import repair; repair({text}); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not loaded & {"ftfy", "markdown_it", "msgspec", "numpy", "rapidfuzz", "yaml", "importlib.metadata"}
    assert not [name for name in loaded if name.startswith(("pipeline.steps", "pipeline.flow", "pipeline.language"))]


def test_an_empty_archive_is_no_error(tmp_path: Path, lacuna: Lacuna):
    """A run over an empty archive succeeds."""
    (tmp_path / "raw").mkdir()
    ran = lacuna("run", cwd=tmp_path)
    assert ran.returncode == 0
    assert last_line(ran.stdout).startswith("0 posts: 0 cleaned, 0 duplicates, 0 skipped")
