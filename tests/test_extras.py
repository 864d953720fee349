"""The core without extras: what it does, what it says about what is missing, and how large it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pipeline.extras import MODULES, is_installed
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OTHER_MODULES = {"cjk", "all"}  # extras whose absence no part reports: fonts that others replace, and all others
LARGEST_CORE = 142_000_000  # bytes, without bytecode: numpy 57, model 34, rapidfuzz 12, lxml 12, fonts 1, the rest 26
NAME = re.compile(r"[A-Za-z0-9._-]+")
BOOKS = "lacuna: books need packages that are not installed; pip install 'lacuna-pipeline[books]'\n"


def normal(name: str) -> str:
    """Return the normalized name of a requirement."""
    return re.sub(r"[-_.]+", "-", NAME.match(name)[0]).lower()


def closure(names: list[str]) -> dict[str, list[Path]]:
    """Return the files of packages and of all that they require, by name."""
    found: dict[str, list[Path]] = {}
    todo = [normal(name) for name in names]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        package = distribution(name)
        found[name] = [Path(file.locate()) for file in package.files or () if ".." not in file.parts]
        needs = map(Requirement, package.requires or ())
        todo += [normal(need.name) for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    return found


def size(files: dict[str, list[Path]]) -> int:
    """Return the bytes of files, without what is compiled at the first use."""
    return sum(file.stat().st_size for each in files.values() for file in each if "__pycache__" not in file.parts)


@pytest.fixture(scope="module")
def core(tmp_path_factory) -> Path:
    """Return the Python of an environment with the packages of the core, and no others."""
    folder = tmp_path_factory.mktemp("core")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/*/site-packages")
    for files in closure(PROJECT["dependencies"]).values():
        home = next(file for file in files if file.name == "METADATA").parent.parent
        for top in {file.relative_to(home).parts[0] for file in files}:
            if top != "__pycache__" and not (site / top).exists():
                (site / top).symlink_to(home / top)
    (site / "lacuna.pth").write_text(f"{ROOT}\n")
    return folder / "bin" / "python"


def lacuna(core: Path, *arguments: str, cwd: Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command of the core."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(core), "-P", "-m", "pipeline", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, input=data, capture_output=True, check=False)


@pytest.fixture(scope="module")
def archive(core, tmp_path_factory) -> Iterator[tuple[Path, subprocess.CompletedProcess[bytes]]]:
    """Return an archive that the core has run over, and that run."""
    folder = tmp_path_factory.mktemp("archive")
    (folder / "raw").mkdir()
    (folder / "raw" / "a.md").write_text("# T\n\nIt was rÃ©sumÃ© day, nobodyâ€™s lunch.\n\n* a\n* b\n", "utf-8")
    (folder / "raw" / "page.html").write_text("<!DOCTYPE html><p>A page.</p>")
    (folder / "raw" / "letter.rtf").write_text(r"{\rtf1 A letter.}")
    return folder, lacuna(core, "run", "--jobs", "1", cwd=folder)


@pytest.mark.parametrize("extra", sorted(EXTRAS.keys() - OTHER_MODULES))
def test_an_extra_lists_the_modules_of_its_packages(extra):
    """What `pipeline.extras` looks for is what pyproject.toml installs, package by package."""
    distributions = packages_distributions()
    packages = {normal(name) for module in MODULES[extra] for name in distributions[module]}
    assert packages == {normal(line) for line in EXTRAS[extra]}
    assert is_installed(extra)


def test_all_installs_every_extra():
    """`[all]` names each other extra."""
    (line,) = EXTRAS["all"]
    assert set(re.search(r"\[(.*)\]", line)[1].split(",")) == EXTRAS.keys() - {"all"}


def test_the_core_is_small():
    """The installed core has no pandoc and no Typst, and few fonts. docs/benchmarks.md explains its size."""
    packages = closure(PROJECT["dependencies"])
    assert not packages.keys() & {normal(line) for lines in EXTRAS.values() for line in lines}
    ours = [file for file in (ROOT / "pipeline").rglob("*") if file.is_file()]
    assert size({**packages, "ours": ours}) < LARGEST_CORE


def test_the_core_repairs_and_formats(core, tmp_path):
    """`repair`, `normalize` and `dedup` need no extra."""
    assert lacuna(core, "repair", "-", cwd=tmp_path, data="cafÃ©\n".encode()).stdout.decode() == "café\n"
    (tmp_path / "a.md").write_text("* <b>a</b> [b](https://example.com/?utm_source=x)\n")
    assert lacuna(core, "normalize", "a.md", cwd=tmp_path).stdout.startswith(b"- **a** [b]")
    assert lacuna(core, "dedup", "a.md", cwd=tmp_path).returncode == 0


def test_a_run_of_the_core_cleans_and_says_what_is_missing(archive):
    """Without extras, a run writes clean/ and the records; each missing part is one line that names its extra."""
    folder, run = archive
    assert run.returncode == 4, run.stderr
    shown, errors = run.stdout.decode(), run.stderr.decode()
    assert "page.html: web pages need packages that are not installed; pip install 'lacuna-pipeline[html]'" in shown
    assert "letter.rtf: documents of other formats need packages" in shown
    assert errors.splitlines()[-1] == BOOKS.replace("lacuna: ", "lacuna: no books made: ").rstrip()
    assert "It was résumé day, nobody’s lunch." in (folder / "clean" / "a.md").read_text("utf-8")
    assert (folder / "clean" / "report.jsonl").exists()
    assert (folder / "out" / "report.html").exists()
    assert not (folder / "out" / "posts").exists()


@pytest.mark.parametrize("command", [("bind", "raw/a.md", "-o", "books"), ("yearbook", "2021"), ("fetch-images",)])
def test_a_command_that_needs_an_extra_names_it(core, archive, command):
    """Commands for books end with one line and the exit code of the environment."""
    done = lacuna(core, *command, cwd=archive[0])
    assert done.returncode == 3
    assert done.stderr.decode().replace("images for books", "books") == BOOKS


def test_settings_that_ask_for_books_are_an_error(core, archive):
    """`editions = true` without the extra ends the run; nothing is cleaned."""
    file = archive[0] / "pipeline.toml"
    file.write_text("editions = true\n")
    try:
        done = lacuna(core, "run", cwd=archive[0])
    finally:
        file.unlink()
    assert (done.returncode, done.stderr.decode(), done.stdout) == (3, BOOKS, b"")


def test_parquet_names_its_extra(core, tmp_path):
    """`shard` on a file of another library says what to install."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    done = lacuna(core, "shard", "a.parquet", "-o", "out", cwd=tmp_path)
    assert "pip install 'lacuna-pipeline[data]'" in done.stderr.decode()


def test_a_run_without_changes_imports_no_step(core, archive):
    """What is the same as last time needs no parser, no model and no writer: such a run takes a fifth of a second."""
    folder, _ = archive
    code = "import sys; from pipeline import Settings, run_archive; run_archive(Settings()); print(*sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(core), "-P", "-c", code]
    ran = [subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True) for _ in range(2)]
    loaded = set(ran[1].stdout.decode().split())
    assert not loaded & {"numpy", "PIL", "lxml", "yaml", "jinja2", "ftfy", "markdown_it", "pipeline.flow", "rapidfuzz"}
