"""The failure of a document does not affect others: plugins that fail in every way; and steps that need the archive."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import Document, Step
from pipeline.commands.progress import CLEAR_LINE
from pipeline.flow import with_options
from pipeline.settings import SettingsError
from tests.conftest import ROOT, command

PLUGIN = '''
import os, time
from dataclasses import replace
from pipeline import Document, Step
from pipeline.invariants import SAME_WORDS

def trouble(document: Document, *, kind: str) -> Document:
    """Fail for a document that has the name of a kind of trouble, or as `kind` says for 003."""
    if kind == "by name":
        kind = document.path.stem
    elif document.path.stem != "003":
        return document
    if kind == "fails":
        raise KeyError("a mistake")
    if kind == "hangs":
        while True:
            pass
    if kind == "dies":
        os._exit(9)
    if kind == "loses words":
        return replace(document, text="other words")
    if kind == "runs deep":
        return trouble(document, kind="by name")
    if kind == "wants memory":
        return document if bytearray(8 * 2**30) else document
    return document

STEP = Step("trouble", trouble, (SAME_WORDS,))
'''


MISCHIEF_PLUGIN = '''
import os
from dataclasses import replace
from pathlib import PurePosixPath
from pipeline import Document, Step
from pipeline.document import SkipDocument
from pipeline.read.readers import Reader

class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("no words")

def speechless(document):
    raise Speechless

def silent(document):
    raise SkipDocument

def leave(document):
    os.chdir("/")
    return document

MISCHIEF = {
    "nothing": lambda document: None,
    "no text": lambda document: replace(document, text=None),
    "path": lambda document: replace(document, path=PurePosixPath("../../outside.md")),
    "title": lambda document: replace(document, meta=replace(document.meta, authors="Ann")),
    "surrogate": lambda document: replace(document, meta=replace(document.meta, title="\\ud800")),
    "note": lambda document: document.noted("mischief", "long " * 25_000_000),
    "away": leave,
    "speechless": speechless,
    "silent": silent,
}

def mischief(document: Document) -> Document:
    """Do harm to a document that is named after it."""
    return MISCHIEF.get(document.path.stem, lambda document: document)(document)

PARTS = {
    "above": {"../../outside.md": b"a"},
    "root": {"/outside.md": b"a"},
    "surrogate": {"\\ud800.md": b"a"},
    "types": {5: "a"},
    "nothing": None,
}

def read(source):
    document = Document(source.path, "Words of a part.\\n")
    return {"none": None, "pair": (document, {"a.png": "no bytes"})}.get(source.path.stem, (document, {}))

STEP = Step("mischief", mischief)
BOX = Reader("box", ("box",), bool, read, parts=lambda source: PARTS.get(source.path.stem, {"one.md": b"a"}))
SHEET = Reader("sheet", ("sheet",), bool, read)
'''


COUNTING_PLUGIN = '''
from pipeline import Document, Step

def counting(document: Document, *, archive=None) -> Document:
    """Note how many sound documents the archive has."""
    return document.noted("counting", f"{len(archive.texts)} sound") if archive else document

STEP = Step("counting", counting)
'''


def installed(site: Path, name: str, code: str, version: str = "1.0") -> Path:
    """Install a plugin with the step `name` into the folder `site`, and return that."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}.py").write_text(code, "utf-8")
    (info / "entry_points.txt").write_text(f"[pipeline.steps]\n{name} = {name}:STEP\n", "utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    return site


def search_path(site: Path) -> str:
    """Return the PYTHONPATH with a folder of plugins in it."""
    return os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])


TROUBLES = {
    "fails": "KeyError: 'a mistake'; this is our mistake",
    "runs deep": "RecursionError",
    "wants memory": "needs more than 4 GB of memory",
    "hangs": "takes more than max_seconds = 4 s of CPU time",
    "dies": "its process died",
}  # kind of trouble -> a part of the reason
Troubled = tuple[subprocess.CompletedProcess[str], dict[str, dict]]


@pytest.fixture(scope="module")
def archive_in_trouble(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Troubled]:
    """Run the beginnings of the sample posts, one a duplicate, with a plugin that fails for others in every way."""
    folder = tmp_path_factory.mktemp("trouble")
    (folder / "raw").mkdir()
    texts = {file.name[:3]: file.read_text("utf-8")[:1_500] for file in (ROOT / "raw").glob("*.txt")}
    texts |= {"002": texts["000"]} | {kind: f"# A post that {kind}\n\nIts text is about {kind}.\n" for kind in TROUBLES}
    for name, text in texts.items():
        (folder / "raw" / f"{name}.md").write_text(text, "utf-8")
    site = installed(folder / "site", "trouble", PLUGIN)

    def run(kind: str, *flags: str) -> Troubled:
        settings = f'plugins = ["trouble"]\nmax_seconds = 4\neditions = false\n[steps.trouble]\nkind = "{kind}"\n'
        (folder / "pipeline.toml").write_text(settings, "utf-8")
        ran = command("run", *flags, cwd=folder, env={"PYTHONPATH": search_path(site)})
        lines = (folder / "clean" / "report.jsonl").read_bytes().splitlines()
        return ran, {record["path"].removesuffix(".md"): record for record in map(json.loads, lines)}

    return run


def test_a_step_that_fails_skips_one_document(archive_in_trouble: Callable[..., Troubled]):
    """Each document is skipped with its reason, the others end as usual, with exit code 4; a fixed step runs again."""
    ran, reported = archive_in_trouble("by name")
    assert ran.returncode == 4
    skipped = {name: record["reason"] for name, record in reported.items() if record["outcome"] == "skipped"}
    assert skipped.keys() == TROUBLES.keys()
    assert [kind for kind, reason in TROUBLES.items() if reason not in skipped[kind]] == []
    others = {name: record["outcome"] for name, record in reported.items() if name not in TROUBLES}
    assert others == {**dict.fromkeys(("000", "001", "003", "004"), "cleaned"), "002": "duplicate"}
    assert (reported["fails"]["cause"], reported["fails"]["step"]) == ("bug", "trouble")
    assert "Traceback" in reported["fails"]["trace"]
    ran, reported = archive_in_trouble("is gone")
    assert ran.returncode == 0
    assert not [name for name, record in reported.items() if record["outcome"] == "skipped"]


def test_whatever_a_plugin_returns_the_others_are_cleaned(tmp_path: Path):
    """What a step or a reader must not return skips one document, with a reason that names it, on every run."""
    site = installed(tmp_path / "site", "mischief", MISCHIEF_PLUGIN)
    points = "[pipeline.readers]\nbox = mischief:BOX\nsheet = mischief:SHEET\n"
    with (site / "mischief-1.0.dist-info" / "entry_points.txt").open("a") as file:
        file.write(points)
    step, box, sheet = "the step `mischief` ", "the reader `box` ", "the reader `sheet` "
    wanted = {
        "nothing.md": f"{step}returned NoneType, not a document", "no text.md": f"{step}returned Document, not",
        "path.md": f"{step}changed the path to '../../outside.md'; report it to its author",
        "title.md": "Expected `array`, got `str` - at `$.meta.authors`", "surrogate.md": "surrogates not allowed",
        "note.md": "its report entry of links, changes and notes", "speechless.md": "Speechless: ; this is our mistake",
        "silent.md": "was skipped without a reason",
        "above.box": f"{box}named a part '../../outside.md'", "root.box": f"{box}named a part '/outside.md'",
        "surrogate.box": f"{box}named a part '\\ud800.md'", "types.box": f"{box}returned no table of bytes by name",
        "nothing.box": f"{box}returned no table of bytes by name", "none.sheet": f"{sheet}returned NoneType, not a",
        "pair.sheet": f"{sheet}returned no table of bytes by name",
    }  # fmt: skip
    good = {"away.md", "z.md", "good.box.parts/one.md", "good.sheet"}
    (tmp_path / "raw").mkdir()
    for name in {*wanted, *good} - {"good.box.parts/one.md"} | {"good.box"}:
        (tmp_path / "raw" / name).write_text(f"# {name}\n\nThe words of {name} about a harbour.\n", "utf-8")
    plugins = 'plugins = ["mischief", "box", "sheet"]\neditions = false\njobs = 1\n'
    (tmp_path / "pipeline.toml").write_text(plugins, "utf-8")
    for _ in range(2):
        ran = command("run", cwd=tmp_path, env={"PYTHONPATH": search_path(site)})
        assert (ran.returncode, "Traceback" in ran.stderr) == (4, False), ran.stderr
        records = map(json.loads, (tmp_path / "clean" / "report.jsonl").read_bytes().splitlines())
        found = {record["path"]: record.get("reason", "") for record in records}
        assert found.keys() == {*wanted, *good}
        assert {name: reason for name, reason in wanted.items() if reason not in found[name]} == {}, found
        assert not any(found[name] for name in good)
    assert not (tmp_path / "outside.md").exists()


def test_a_violated_invariant_rolls_the_step_back(archive_in_trouble: Callable[..., Troubled]):
    """The result of the step is discarded for that document, with a note; only with --strict the exit code is 4."""
    ran, reported = archive_in_trouble("loses words")
    assert ran.returncode == 0
    assert reported["003"]["outcome"] == "cleaned"
    assert [note["invariant"] for note in reported["003"]["notes"] if note["invariant"]] == ["explained"]
    strict, _ = archive_in_trouble("loses words", "--strict")
    assert strict.returncode == 4


@pytest.mark.skipif(not hasattr(os, "forkpty"), reason="needs a separate terminal")
def test_on_a_terminal_progress_is_one_line(tmp_path: Path):
    """On a terminal a run shows a line that moves and ends with the usual last line."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.md").write_text("# A\n\nText.\n", "utf-8")
    shown = bytearray()

    def keep(terminal: int) -> bytes:
        data = os.read(terminal, 1024)
        shown.extend(data)
        return data

    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        status = pty.spawn([sys.executable, "-m", "pipeline", "run", "--no-editions"], keep, lambda _: b"")
    finally:
        os.chdir(here)
    assert os.waitstatus_to_exitcode(status) == 0
    text = shown.decode("utf-8", "replace")
    assert f"{CLEAR_LINE}scanning the archive{CLEAR_LINE}" in text
    assert "1 post: 1 cleaned, 0 duplicates, 0 skipped" in text
    assert "Traceback" not in text


def test_a_plugin_gets_the_archive(archive: Path):
    """A step with a keyword argument `archive` gets the statistics of the archive when documents are re-checked."""
    for name in ("001_9722d69a9a88267b.txt", "004_eaf657597849a246.txt"):
        (archive / "raw" / name).unlink()
    site = installed(archive / "site", "counting", COUNTING_PLUGIN)
    (archive / "pipeline.toml").write_text('plugins = ["counting"]\n', "utf-8")
    ran = command("run", "--no-editions", cwd=archive, env={"PYTHONPATH": search_path(site)})
    assert ran.returncode == 0, ran.stderr
    lines = map(json.loads, (archive / "clean" / "report.jsonl").read_bytes().splitlines())
    notes = {
        line["path"][:3]: [note["message"] for note in line["notes"] if note["step"] == "counting"] for line in lines
    }
    assert notes == {"000": [], "002": ["2 sound"], "003": []}


def test_the_archive_is_no_option():
    """The settings cannot set the argument `archive` of a step."""

    def any_step(document: Document, *, archive: object = None) -> Document:
        return document.noted("any", str(archive))

    step = Step("any", any_step)
    with pytest.raises(SettingsError, match="has no option `archive`"):
        with_options(step, {"archive": 1})


def test_the_version_of_a_plugin_is_in_the_cache_key(tmp_path: Path):
    """A new version of a plugin's package changes the signature, which also has the versions of dependencies."""
    code = "from pipeline import Settings, cache_key; print(cache_key.cache_key(Settings(plugins=('counting',))))"
    keys = set()
    for version in ("1.0", "1.1"):
        site = installed(tmp_path / version, "counting", COUNTING_PLUGIN, version)
        environment = {**os.environ, "PYTHONPATH": search_path(site)}
        ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert f'["counting","{version}"]' in ran.stdout
        assert '"pyyaml":"' in ran.stdout
        keys.add(ran.stdout)
    assert len(keys) == 2
