"""Hostile content of raw/, and mistakes of users, cannot stop a run, read or write other folders, or cost too much."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import pytest
import yaml
from PIL import Image

from pipeline.books.book import Book, BookStyle, Chapter, identifier
from pipeline.books.cover import cover_jpeg
from pipeline.books.images import pictures as images
from pipeline.document import SkipDocument
from pipeline.read.folder import DEEPEST_FOLDER, read_source, scan_folder
from pipeline.store.file_names import safe_name
from tests.conftest import Lacuna, tree

OUTSIDE = "what nobody may see"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """An empty raw/ in a new folder."""
    folder = tmp_path / "archive" / "raw"
    folder.mkdir(parents=True)
    return folder


def records(raw: Path) -> dict[str, dict]:
    """Return the lines of report.jsonl by path."""
    lines = (raw.parent / "clean" / "report.jsonl").read_bytes().splitlines()
    return {record["path"]: record for record in map(json.loads, lines)}


def good(raw: Path) -> None:
    """Add a sound post."""
    (raw / "good.md").write_text("# Good\n\nGulls over a quiet harbour in the late afternoon.\n", "utf-8")


# Trees


def nested(folder: Path, name: str, depth: int, file: str) -> None:
    """Make `depth` nested folders of one name, deeper than the longest allowed path, and a file in the last."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY, dir_fd=handle), "w") as written:
        written.write(f"# {name[:9]} at {depth}\n\nSome words of its own, {depth} folders down.\n")
    os.close(handle)


def test_any_tree_is_scanned(raw: Path, lacuna: Lacuna):
    """Deep folders, long names, names that are not UTF-8, links and loops: each is read, or skipped with one line."""
    good(raw)
    nested(raw, "a", 400, "x.md")
    nested(raw, "b", DEEPEST_FOLDER, "x.md")
    nested(raw, "c" * 255, 20, "x.md")
    for name in (b"folder\xff/x.md", b"file\xff.md", b"picture\xff.png"):
        path = raw / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("# Not to be lost\n", "utf-8")
    (raw / "file\\xff.md").write_text("# A name that looks like another's\n\nIt is a file of its own.\n", "utf-8")
    for name, target in {
        "inside.md": "good.md",
        "absolute.md": str(raw / "good.md"),
        "outside.md": "../../elsewhere.md",
        "around.md": "b/../../raw/good.md",
        "loop.md": "loop.md",
        "to-folder.md": "b",
    }.items():
        (raw / name).symlink_to(target)
    before = sorted(raw.iterdir())
    ran = lacuna("run", "--no-editions", cwd=raw.parent)
    assert ran.returncode == 4, ran.stderr
    found = {path: record.get("reason", record["outcome"]) for path, record in records(raw).items()}
    assert (
        found.pop("/".join(["a"] * (DEEPEST_FOLDER + 1))) == "is a folder inside 64 others, and is not read; move it up"
    )
    assert found.pop("/".join(["b"] * DEEPEST_FOLDER) + "/x.md") == "cleaned"
    assert found.pop("/".join(["c" * 255] * 20) + "/x.md") == "cleaned"
    assert found.pop("folder\\xff").startswith("is a folder with a name that is not valid UTF-8")
    assert found.pop("file\\xff.md") == "cleaned"
    assert found.pop("file\\xff.md\\").startswith("has a name that is not valid UTF-8")
    copies = sorted(found.pop(name) for name in ("absolute.md", "good.md", "inside.md"))
    assert copies == ["cleaned", "duplicate", "duplicate"]
    for name in ("outside.md", "around.md"):
        assert found.pop(name).startswith("is a symbolic link out of the folder")
    assert found.pop("loop.md").startswith("is a broken link: Too many levels of symbolic links")
    assert found.pop("to-folder.md").startswith("is a link to a folder")
    assert not found
    assert sorted(raw.iterdir()) == before


@contextmanager
def meanwhile(code: str, folder: Path) -> Iterator[None]:
    """Run `code` in `folder` repeatedly, in a separate process, while the block runs."""
    lines = textwrap.indent(textwrap.dedent(code), "    ")
    loop = f"import os, shutil\nprint(flush=True)\nwhile True:\n{lines}"
    with subprocess.Popen([sys.executable, "-c", loop], cwd=folder, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            yield
            assert process.poll() is None
        finally:
            process.kill()


def test_what_comes_and_goes_while_it_is_scanned_stops_nothing(raw: Path):
    """Files and folders that vanish during a scan raise no error."""
    good(raw)
    passing = """
        os.mkdir("passing")
        [os.mknod(f"passing/{number}.md") for number in range(20)]
        shutil.rmtree("passing")
    """
    with meanwhile(passing, raw):
        for _ in range(1000):
            found = list(scan_folder(raw))
            assert found[0].path == PurePosixPath("good.md")
            for one in found:
                assert not one.problem
                with suppress(SkipDocument):
                    read_source(raw, one, 100)


def picture(path: Path, colour: str) -> None:
    """Write an image of one colour."""
    Image.new("RGB", (8, 8), colour).save(path)


def test_no_race_leads_out_of_raw(raw: Path):
    """A file, its folder and an image become links to outside files, again and again: no outside file is ever read."""
    outside = raw.parent / "outside"
    outside.mkdir()
    (outside / "x.md").write_text(OUTSIDE, "utf-8")
    picture(outside / "x.png", "red")
    inside = raw / "folder"
    inside.mkdir()
    (inside / "x.md").write_text("harmless words", "utf-8")
    picture(inside / "x.png", "blue")
    blue, red = (
        images.verified_picture(folder, folder / "x.png", images.DEFAULT_PICTURE_OPTIONS)
        for folder in (inside, outside)
    )
    swap = """
        for name in ("x.md", "x.png", "."):
            path = os.path.normpath(f"raw/folder/{name}")
            os.rename(path, "kept")
            os.symlink(os.path.abspath(f"outside/{name}"), path)
            os.unlink(path)
            os.rename("kept", path)
    """
    texts, pictures = set(), set()
    with meanwhile(swap, raw.parent):
        for _ in range(2000):
            for one in scan_folder(raw):
                if one.path.name == "x.md":
                    with suppress(SkipDocument):
                        texts.add(read_source(raw, one, 1000).data)
            pictures.add(images.verified_picture(raw, inside / "x.png", images.DEFAULT_PICTURE_OPTIONS))
    assert texts == {b"harmless words"}
    assert blue in pictures
    assert red not in pictures


def test_a_run_beside_a_race_writes_nothing_of_what_is_outside(raw: Path, lacuna: Lacuna):
    """While posts are swapped for links to an outside file, a run never writes that file's text to clean/ or out/."""
    good(raw)
    (raw.parent / "other.md").write_text(f"# Private\n\n{OUTSIDE}\n", "utf-8")
    for number in range(20):
        (raw / f"{number}.md").write_text("# Public\n\nHarmless words.\n", "utf-8")
    swap = """
        for name in map("{}.md".format, range(20)):
            os.rename(f"raw/{name}", "kept")
            os.symlink("../other.md", f"raw/{name}")
            os.unlink(f"raw/{name}")
            os.rename("kept", f"raw/{name}")
    """
    with meanwhile(swap, raw.parent):
        assert lacuna("run", "--no-editions", cwd=raw.parent).returncode in {0, 4}
    made = b"".join([*tree(raw.parent / "clean").values(), *tree(raw.parent / "out").values()])
    assert b"Gulls" in made
    assert OUTSIDE.encode() not in made


def test_a_file_that_changed_is_not_read(raw: Path):
    """Only the file that was scanned is read: if it was changed, replaced or deleted since, it is skipped for now."""
    changes: list[Callable[[Path], object]] = [
        lambda path: path.write_text("other", "utf-8"),
        lambda path: path.write_text("longer than before", "utf-8"),
        Path.unlink,
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ]
    for change in changes:
        path = raw / "a.md"
        path.write_text("first", "utf-8")
        (found,) = scan_folder(raw)
        change(path)
        with pytest.raises(SkipDocument, match="changed while it was read; run again"):
            read_source(raw, found, 100)
        subprocess.run(["rm", "-rf", path], check=True)  # noqa: S607 - a file or a folder


def test_outside_images_are_missing(raw: Path, lacuna: Lacuna):
    """An image that a post names outside raw/ is reported as missing, whether it exists or not."""
    (raw / "posts").mkdir()
    picture(raw / "here.png", "blue")
    picture(raw.parent / "there.png", "red")
    (raw / "away").symlink_to(raw.parent)
    absolute = raw.parent / "there.png"
    names = ["../here.png", "../../there.png", "../../not-there.png", str(absolute), f"{absolute}0"]
    names += ["../away/there.png", "a%00b.png", "x" * 300 + ".png", "../" * 500 + "etc/passwd", "%ff.png"]
    (raw / "posts" / "a.md").write_text("# A\n\nWords.\n\n" + "".join(f"![]({name})\n\n" for name in names), "utf-8")
    assert lacuna("run", "--no-editions", cwd=raw.parent).returncode == 4  # for the link
    (note,) = [note["message"] for note in records(raw)["posts/a.md"]["notes"] if note["step"] == "images"]
    assert note.startswith(f"{len(names) - 1} missing images: ../../there.png, ../../not-there.png, ")
    assert "here.png, ../here" not in note


# Names


def test_names_clash_with_nothing(raw: Path, lacuna: Lacuna):
    """Folders named like outputs, folders that differ in case or Unicode form, long paths: every post has its file."""
    names = [
        *("x.txt", "x.md/y.md", "x.MD/z.md", "x.epub/y.md", "x.pdf/y.md", "report.jsonl/y.md", "links.csv/y.md"),
        *("A/x.md", "a/x.md", "caf\u00e9/x.md", "cafe\u0301/x.md", "con/x.md", "aux.md/x.md", "README.md/x.md"),
        *("b /x.md", "b./x.md", "b/x.md", "-b/x.md", "/".join(["long" * 60] * 12) + "/x.md"),
    ]
    for number, name in enumerate(names):
        path = raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        word = ("harbour", "gull", "lamp", "rope", "tide", "sail", "mast")[number % 7]
        path.write_text(f"# Post {number}\n\nThe {word} of the day, number {number}.\n", "utf-8")
    ran = lacuna("run", "--no-editions", cwd=raw.parent)
    assert "Traceback" not in ran.stderr
    found = records(raw)
    files = [found[name]["file"] for name in names]
    assert len({file.casefold() for file in files}) == len(names)
    assert all((raw.parent / "clean" / file).is_file() for file in files)
    assert all(len(file.encode()) < 700 for file in files)
    folders = {part for file in files for part in file.split("/")[:-1]}
    assert not [name for name in folders if name.casefold().endswith((".md", ".epub", ".pdf", ".jsonl", ".csv"))]


def test_a_posts_name_stays_what_it_was():
    """A safe name is kept, though unsafe names are changed."""
    assert safe_name(PurePosixPath("2021/a post.md")) == "2021/a post"
    assert safe_name(PurePosixPath("v1.2/notes.md")) == "v1.2/notes"


# Front matter

FIELDS = {
    "emoji": r'title: "\ud83d\ude00 smile"',
    "lone": r'title: "\ud800 alone"',
    "deep": r'tags: ["\ud800", {"\udfff": ["\x1b[31m", {"a\x00b": "\ufffe"}]}]',
    "key": r'"k\ud800\x07": 1',
    "controls": r'title: "x\x1by\x00\x85z\u009f\ufffe\uffff"',
    "authors": r'authors: ["a\x1b", "\ud83d\ude00"]',
    "bidi": r'title: "\u202egpj.exe"',
    "alias": "a: &a [*a]",
    "bomb": "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]",
    "nested": "a: " + "[" * 40 + "]" * 40,
    "nested-maps": "a: " + "{a: " * 300 + "1" + "}" * 300,
    "int": "a: !!int " + "9" * 5000,
    "hex": "a: !!int 0x" + "f" * 16_000,
    "plain-int": "a: " + "9" * 5000,
    "nan": "a: .nan\nb: !!float .inf\nc: !!float 1e999",
    "date": "date: !!timestamp 2001-99-99\nb: 2001-12-14t21:59:43.10-05:00",
    "set": "a: !!set {z, y, x}",
    "binary": "a: !!binary aGVsbG8=",
    "python": "a: !!python/object/apply:os.system [exit]",
    "keys": "1: a\nnull: b\n? [x, y]\n: c",
    "merge": "<<: {a: 1}\n=: 2",
    "entities": "title: Tu C&oacute;digo de Conducta",
    "long": "title: " + "word " * 3000,
    "tag": "%TAG ! tag:x,2000:\n---\na: !foo bar",
}


def test_front_matter_is_cleaned_like_the_text(raw: Path, lacuna: Lacuna):
    """Whatever YAML contains, the run goes on, and every field in the outputs is text that their formats allow."""
    good(raw)
    for name, fields in FIELDS.items():
        (raw / f"{name}.md").write_text(f"---\n{fields}\n---\n\n# {name}\n\nWords about {name} alone.\n", "utf-8")
    (raw / "\x1b[31m\u202e.md").write_text("Words under a name that no terminal should show.\n", "utf-8")
    ran = lacuna("run", "--no-editions", cwd=raw.parent)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = records(raw)
    assert {record["outcome"] for record in found.values()} == {"cleaned"}
    assert found["emoji.md"]["title"] == "\U0001f600 smile"
    assert found["lone.md"]["title"] == "\ufffd alone"
    assert found["controls.md"]["title"] == "xy z"
    assert found["authors.md"]["authors"] == ["a", "\U0001f600"]
    assert found["bidi.md"]["title"] == "gpj.exe"
    assert found["entities.md"]["title"] == "Tu C\u00f3digo de Conducta"
    assert found["\x1b[31m\u202e.md"]["title"] == "untitled"
    for path, data in tree(raw.parent / "clean").items():
        if path.endswith(".md"):
            _, front, _ = data.decode().split("---\n", 2)
            fields = yaml.safe_load(front)
            assert len(data) < 40_000
            assert not re.search("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", str(fields))
    assert yaml.safe_load((raw.parent / "clean" / "set.md").read_text("utf-8").split("---")[1])["a"] == ["z", "y", "x"]
    long = yaml.safe_load((raw.parent / "clean" / "long.md").read_text("utf-8").split("---")[1])
    assert len(long["title"]) == 500
    assert long["original_title"].startswith("word word")
    ET.parse(raw.parent / "out" / "graph.graphml")  # noqa: S314 - our own file


# Texts that take long

HOSTILE = {
    "virama": "\u0915\u094d" * 3000,
    "sara-am": "\u0e01" + "\u0e33" * 5000,
    "marks": "a" + "\u0301" * 10_000,
    "enclosed": "a" + "\u0488" * 5000,
    "joined": "\U0001f469\u200d" * 2000,
    "quotes": "'\"" * 10_000,
    "columns": "|" + "x|" * 2000 + "\n|" + "-|" * 2000 + "\n" + "|\n" * 2000,
}


def test_hostile_text_of_20_kb_becomes_a_book(raw: Path, lacuna: Lacuna):
    """Texts on which Typst once failed, or pandoc took minutes, become books; clean/ keeps all characters."""
    for name, text in HOSTILE.items():
        (raw / f"{name}.md").write_text(f"# About {name}\n\n{text}\n", "utf-8")
    ran = lacuna("run", cwd=raw.parent)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {path.name for path in (raw.parent / "out" / "posts").glob("*.pdf")} == {f"{name}.pdf" for name in HOSTILE}
    for name in ("virama", "sara-am", "marks", "quotes"):
        assert HOSTILE[name] in (raw.parent / "clean" / f"{name}.md").read_text("utf-8").replace("\\", "")
    with zipfile.ZipFile(raw.parent / "out" / "posts" / "columns.epub") as book:
        assert book.read("EPUB/text/ch001.xhtml").decode().count("x | x") >= 1000


def test_texts_beyond_the_limits_of_pandoc_are_skipped(raw: Path, lacuna: Lacuna):
    """A text that takes pandoc too long is skipped with that reason; the others become books, even one without text."""
    good(raw)
    links, targets = (" ".join(form.format(at) for at in range(8000)) for form in ("[a{}]", "\n[a{0}]: /{0}"))
    (raw / "links.md").write_text(f"# Links\n\n{links}\n\n{targets}\n", "utf-8")
    (raw / "empty.md").write_text("# Empty\n\n<div></div>\n", "utf-8")
    ran = lacuna("run", cwd=raw.parent)
    assert ran.returncode == 4
    assert "skipped: links.md: is more than pandoc can" in ran.stdout
    assert (raw.parent / "out" / "posts" / "good.pdf").exists()
    assert (raw.parent / "out" / "archive.pdf").exists()  # the post without text is no obstacle


def test_a_cover_looks_at_the_beginning_of_a_title(tmp_path: Path):
    """A cover uses only the beginning of a title and of a name: 60 kB give the same cover as the first words."""

    def drawn(title: str, author: str = "A") -> bytes:
        chapter = Chapter("T", (author, "B"), "en", "", "", "nothing", [])
        return cover_jpeg(Book(title, "en", identifier("t"), (chapter,), BookStyle(cover="#253d64")), tmp_path)

    for word in ("word ", "x", "e\u0301", "\u6df1", "\u0628\u0628 "):
        assert drawn(word * 20_000) == drawn(word * 1000)
    assert drawn("T", "An Author " * 10_000) == drawn("T", "An Author " * 500)


# Mistakes of users


def test_a_command_never_reads_what_it_wrote(raw: Path, lacuna: Lacuna):
    """An output folder inside the input folder is not read as input, also in a second run."""
    good(raw)
    for _ in range(2):
        for command in ("repair", "normalize"):
            assert lacuna(command, ".", "-o", "made", cwd=raw).returncode == 0
        assert lacuna("repair", str(raw), "-o", str(raw / "made" / "more"), cwd=raw.parent).returncode == 0
    assert set(tree(raw)) == {"good.md", "made/good.md", "made/more/good.md", "made/more/made/good.md"}


@pytest.mark.parametrize(
    ("environment", "lines"),
    [
        (
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            ("run --no-editions", "explain \u4e2d", "repair raw -o made", "bind raw -o made --epub", "no-\u4e2d"),
        ),
        (
            {"PYTHONIOENCODING": "latin-1"},
            ("run --no-editions", "explain \u4e2d", "links raw --format csv", "detect raw"),
        ),
    ],
)
def test_any_locale_names_any_file(raw: Path, lacuna: Lacuna, environment: dict[str, str], lines: tuple[str, ...]):
    """File names that the locale cannot encode give the usual files, and no command ends with a traceback."""
    (raw / "\u4e2d\u6587\u00e9.md").write_text("# \u4e2d\u6587\n\n[\u94fe\u63a5](http://e.org/)\n", "utf-8")
    for line in lines:
        ran = lacuna(*line.split(), cwd=raw.parent, env=environment)
        assert "Traceback" not in ran.stderr, line
        assert ran.returncode == (2 if line.startswith("no-") else 0), ran.stderr
    assert (raw.parent / "clean" / "\u4e2d\u6587\u00e9.md").exists()
    assert (raw.parent / "made" / "\u4e2d\u6587\u00e9.epub").exists() == ("repair raw -o made" in lines)


def test_an_output_folder_is_looked_at_before_any_work(raw: Path, lacuna: Lacuna):
    """If --out is a file, the run ends before it reads a post."""
    good(raw)
    (raw.parent / "file").write_text("in the way", "utf-8")
    ran = lacuna("run", "--out", "file", cwd=raw.parent)
    assert ran.returncode == 3
    (line,) = ran.stderr.splitlines()
    assert line.startswith("lacuna: file: is not a folder; name a folder")


def test_a_yearbook_is_checked_before_it_is_written(raw: Path, lacuna: Lacuna):
    """The settings file does not change without raw/, without posts of the year, or if it cannot be written."""
    (raw / "a.md").write_text("---\ndate: 2021-05-01\n---\n\n# A\n\nWords.\n", "utf-8")
    settings = raw.parent / "pipeline.toml"
    settings.write_text("editions = false\n", "utf-8")
    ran = lacuna("yearbook", "1999", cwd=raw.parent)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (
        2,
        "lacuna: no post is dated 1999; nothing was added to the settings",
    )
    partial = raw.parent / ".partial"
    partial.write_text("where the new settings would grow", "utf-8")
    ran = lacuna("yearbook", "2021", cwd=raw.parent)
    assert (ran.returncode, "Traceback" in ran.stderr) == (3, False)
    assert settings.read_text("utf-8") == "editions = false\n"
    partial.unlink()
    assert lacuna("yearbook", "2021", cwd=raw.parent).returncode == 0
    assert "2021" in settings.read_text("utf-8")
    empty = raw.parent.parent / "empty"
    empty.mkdir()
    ran = lacuna("yearbook", "2021", cwd=empty)
    assert ran.returncode == 2
    assert not [*empty.iterdir()]


@contextmanager
def watching(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `lacuna watch`, and end it with Ctrl-C."""
    arguments = [sys.executable, "-m", "pipeline", "watch", "--no-editions", "--wait", "50"]
    with subprocess.Popen(
        arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()
    assert process.returncode == 130


def until(lines: Iterator[str], word: str) -> str:
    """Return the next line with `word` in it."""
    return next(line for line in lines if word in line)


def test_watch_waits_for_a_folder_that_is_gone(raw: Path):
    """`watch` goes on after raw/ is moved away, comes back with a new post, is emptied, and is full again."""
    good(raw)
    away = raw.parent / "away"
    with watching(raw.parent) as process:
        assert "1 post:" in until(process.stdout, "cleaned")
        raw.rename(away)
        assert "raw: No such file or directory" in until(process.stderr, "waiting")
        (away / "new.md").write_text("# New\n\nA lighthouse blinks twice each minute.\n", "utf-8")
        away.rename(raw)
        assert until(process.stdout, "cleaned").startswith("2 posts:")
        raw.rename(away)
        raw.mkdir()
        assert "raw is empty" in until(process.stderr, "empty")
        assert len([*(raw.parent / "clean").glob("*.md")]) == 2
        raw.rmdir()
        away.rename(raw)
        assert until(process.stdout, "cleaned").startswith("2 posts:")


def test_watch_waits_for_a_lock_and_for_a_disk(raw: Path):
    """If another run holds the lock, or out/ cannot be written, `watch` prints one line, and runs again when it can."""
    good(raw)
    folders = importlib.import_module("pipeline.run.folders")
    out = raw.parent / "out"
    with watching(raw.parent) as process:
        assert until(process.stdout, "cleaned").startswith("1 post:")
        with folders.locked(raw.parent / "clean", check=False):
            (raw / "new.md").write_text("# New\n\nA lighthouse blinks twice each minute.\n", "utf-8")
            assert "clean: another run uses it" in until(process.stderr, "waiting")
        assert until(process.stdout, "cleaned").startswith("2 posts:")
        shutil.rmtree(out)
        out.write_text("in the way", "utf-8")
        (raw / "new.md").unlink()
        assert "out: is not a folder; waiting" in until(process.stderr, "waiting")
        out.unlink()
        assert until(process.stdout, "cleaned").startswith("1 post:")
