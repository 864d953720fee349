"""Wrong usage of every command: one line that says what happened, to which file, and what to do next."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.__main__ import _exit_code
from pipeline.__main__ import lacuna as group
from tests.conftest import Lacuna
from tests.review_archive import make_review_archive

NEXT_STEP = re.compile(  # words that say what to do
    r"--help` lists|[Cc]heck|run `?lacuna|name |give |Did you mean|did you mean|valid: |known: |expected |missing "
    r"|add a|save it|set LACUNA|correct it|nothing was changed. Edit|rename|raise the|write it"
)
LIMITED = ("--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
WRONG = (  # arguments -> exit code 2
    "repair nope", "repair raw nope -o new", "detect nope", "normalize nope", "check nope", "links nope", "dedup nope",
    "bind nope -o new", "bind raw", "shard nope -o new", "shard raw -o new", "shard", "explain", "explain zzz",
    "explain harbour --step zz", "explain a --clean nope", "review nope", "review --clean nope", "review --below 3",
    "review --import nope.csv", "review --import raw", "review --document nope.md", "review --kind x",
    "serve --clean nope", "serve --port 99999", "serve --port x", "send", "send archive", "watch nope",
    "watch --wait x", "works nope", "works --clean nope", "check-links --clean nope", "fetch-images --clean nope",
    "fetch-images --max-size x", "yearbook x", "yearbook 2500", "status --directory nope", "status --config nope.toml",
    "status --config raw", "init nope", "init file", "completion tcsh", "run nope", "run file", "run --page a6",
    "run --jobs 0", "run --engine zz", "run --clean raw", "run --out clean", "run --jbos 3", "schema x",
    "steps x", "man x", "zap", "check",
    "check raw --ignore zz", "normalize raw -o new --typography zz", "repair file --min-confidence 2",
)  # fmt: skip
SETTINGS = (  # wrong settings -> the place that the message names
    ('page = "a6"', "pipeline.toml:1"), ('titel = "x"', "pipeline.toml:1"), ("title =", "pipeline.toml"),
    ('formats = "epub"', "pipeline.toml:1"), ('raw = "nope"', "nope"), ("raw = 3", "pipeline.toml:1"),
    ("[[edition]]", "edition[0]"), ('[[edition]]\ntitle = "x"\nevery = "fortnight"', "pipeline.toml:3"),
    ('[[edition]]\ntitle = "x"\nsince = "soon"', "pipeline.toml:3"), ('plugins = ["zz"]', "zz"),
    ('profile = "zz"', "zz"),
    ('profile = "zz.toml"', "zz.toml"), ('engine = "zz"', "zz"), ('max_bytes = "5MB"', "pipeline.toml:1"),
    ("max_seconds = -1", "pipeline.toml:1"), ('links = "short"', "pipeline.toml:1"),
    ("[steps.repairs]\nx = 1", "repairs"),
    ('[steps.repair]\nmin_confidence = "high"', "steps.repair.min_confidence"), ('[send]\nhost = "h"', "send"),
    ("\udcff\udcfe", "pipeline.toml"),
)  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a state and a file `file`; no command that fails changes it."""
    folder = make_review_archive(tmp_path_factory.mktemp("errors") / "archive", 3)
    (folder / "file").write_text("text\n")
    (folder / "raw" / "a.md").write_text("# A\n")
    (folder / "clean" / "report.jsonl").write_text("")
    return folder


def failure(folder: Path, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the line with which a command fails with exit code 2; it runs in this process, in `folder`."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["lacuna", *words.split()])
    code, printed = _exit_code(), capsys.readouterr()
    assert (code, printed.err.startswith("lacuna: "), printed.err.count("\n")) == (2, True, 1), (words, printed)
    return printed.err


def test_wrong_usage_says_what_to_do(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Each wrong argument of each command: one line with its name and the next step, exit 2; nothing is written."""
    before = {path for path in archive.rglob("*") if path.name != ".lock"}
    assert {words.split()[0] for words in WRONG} - {"zap"} == {*group.commands}
    for words in WRONG:
        line = failure(archive, words, capsys, monkeypatch)
        assert NEXT_STEP.search(line), f"{words}: {line}"
        named = any(word in line for word in words.split()[1:] or words.split())
        assert named or "Missing" in line or words == "send archive", f"{words}: {line}"
    assert {path for path in archive.rglob("*") if path.name != ".lock"} == before


def test_an_unknown_engine_leaves_no_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A first run that fails at its settings leaves no empty state, which `review` would take for a finished run."""
    (tmp_path / "raw").mkdir()
    failure(tmp_path, "run --engine zz", capsys, monkeypatch)
    assert "run `lacuna run` first" in failure(tmp_path, "review", capsys, monkeypatch)


def test_wrong_settings_say_what_to_do(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A wrong value, key or table names its place and what is valid, in words that are not Python's."""
    for text, place in SETTINGS:
        (archive / "pipeline.toml").write_text(text + "\n", "utf-8", "surrogateescape")
        line = failure(archive, "run", capsys, monkeypatch)
        assert (place in line, bool(NEXT_STEP.search(line))) == (True, True), f"{text}: {line}"
        assert not re.search(r"`(str|int|float|array|object|bool)\b|regex|None", line), line
    (archive / "pipeline.toml").unlink()


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv of util-linux is missing")
@pytest.mark.parametrize(
    ("locked", "words", "said"),
    [(".", "run --out new", "new: Permission denied; check"), (".", "init", "Permission denied; check"),
     (".", "repair raw -o new", "new: Permission denied; check"), ("raw", "status", "raw: Permission denied; check"),
     ("raw/a.md", "check raw", "skipped: raw/a.md: cannot be read: Permission denied; check"),
     ("out", "run --no-editions", "out: Permission denied; check"),
     ("clean", "run --no-editions", "clean: Permission denied; check")]
)  # fmt: skip
def test_missing_permissions_are_named(archive: Path, tmp_path: Path, locked: str, words: str, said: str):
    """A folder that cannot be written or read ends the command in one line that names it; no file is half-written."""
    folder = shutil.copytree(archive, tmp_path / "archive")
    place = folder / locked
    place.chmod(0o555 if place.is_dir() and locked != "raw" else 0)
    try:
        ran = subprocess.run(
            ["setpriv", *LIMITED, sys.executable, "-P", "-m", "pipeline", *words.split()],  # noqa: S607
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        place.chmod(0o755)
    assert (ran.returncode, said in ran.stderr) == (4 if locked == "raw/a.md" else 3, True), ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(folder.rglob("*tmp*"))


def test_a_folder_in_the_place_of_a_file_is_named(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A folder called decisions.jsonl is not an empty list of decisions."""
    (archive / "decisions.jsonl").mkdir()
    monkeypatch.chdir(archive)
    for words in ("run", "review"):
        monkeypatch.setattr(sys, "argv", ["lacuna", words])
        assert _exit_code() == 3
        assert "decisions.jsonl: Is a directory; move the folder away" in capsys.readouterr().err
    (archive / "decisions.jsonl").rmdir()


def test_odd_files_have_a_reason_and_a_next_step(tmp_path: Path, lacuna: Lacuna):
    """Folders without posts, broken links, archives, and settings as Notepad saves them."""
    raw = tmp_path / "raw"
    raw.mkdir()
    assert "no files in raw; name files, or another folder" in lacuna("repair", "raw", "-o", "new", cwd=tmp_path).stderr
    (raw / "a.xyz").write_text("x")
    (tmp_path / "pipeline.toml").write_bytes(b"\xef\xbb\xbfeditions = false\r\n")
    ran = lacuna("run", cwd=tmp_path)
    assert "no file in raw/ is a post; `include` in the settings takes more" in ran.stdout
    assert ran.returncode == 0
    (raw / "gone.md").symlink_to("nowhere")
    (raw / "out.md").symlink_to("/etc/passwd")
    shown = lacuna("run", cwd=tmp_path).stdout
    assert "gone.md: is a broken link: No such file or directory; correct it or delete it" in shown
    assert "out.md: is a symbolic link out of the folder, which is not followed; copy what it leads to" in shown
    asked = lacuna("repair", "-", cwd=tmp_path, data=gzip.compress(b"text"))
    assert asked.stderr == "skipped: stdin: is a packed archive, not text; unpack it, and use the files in it\n"
    (tmp_path / "posts").symlink_to("nowhere")
    for command in ("run", "watch"):
        assert (
            "`posts` is a broken link; name the folder of your posts" in lacuna(command, "posts", cwd=tmp_path).stderr
        )
