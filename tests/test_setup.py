"""The installation: no file next to raw/ is run as code, and the locks list all that is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPT = str(Path(sys.executable).with_name("lacuna"))
PROGRAM = """
from pipeline import Settings, run_archive

if __name__ == "__main__":
    run_archive(Settings(raw="raw", clean="clean", out="out", editions=False))
"""
INSTALLED = frozenset(packages_distributions()) - {"pipeline"}


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as from a shell that does not set PYTHONSAFEPATH."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def hostile(folder: Path, names: Iterable[str]) -> Path:
    """Make an archive with files next to raw/; return the file that they write to if something imports them."""
    ran = folder / "ran"
    code = f"open({str(ran)!r}, 'a').write(__name__ + ' ')\n"
    (folder / "raw").mkdir()
    (folder / "raw" / "post.md").write_text("# A post\n\nIts text, and $x^2$.\n")
    (folder / "raw" / "selectors.py").write_text(code)
    for name in names:
        (folder / f"{name}.py").write_text(code)
        (folder / name).mkdir()
        for module in ("__init__", "__main__"):
            (folder / name / f"{module}.py").write_text(code)
    for name in ("init.lua", "pandoc.lua"):
        (folder / name).write_text(f"io.open({str(ran)!r}, 'a'):write({name!r})\n")
    step = folder / "evil-1.dist-info"
    step.mkdir()
    (step / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (step / "entry_points.txt").write_text("[pipeline.steps]\nevil = evil:STEP\n")
    return ran


@pytest.mark.parametrize("command", [(SCRIPT,), (sys.executable, "-P", "-m", "pipeline")], ids=["lacuna", "-P -m"])
def test_nothing_beside_raw_is_run(tmp_path, command):
    """No process of a run with books imports a file of the working folder, whatever its name."""
    names = {*sys.stdlib_module_names, *INSTALLED, "pipeline", "sitecustomize", "usercustomize", "evil"}
    ran = hostile(tmp_path, names)
    done = run(*command, "run", "--jobs", "2", cwd=tmp_path)
    assert not ran.exists(), ran.read_text()
    assert done.returncode == 0, done.stderr


def test_python_m_runs_no_module_that_lacuna_needs(tmp_path):
    """`python -m pipeline` imports from the working folder only modules that Python itself needs to start."""
    ran = hostile(tmp_path, {*INSTALLED, "selectors", "multiprocessing", "sqlite3", "sitecustomize"})
    done = run(sys.executable, "-m", "pipeline", "run", "--no-editions", "--jobs", "2", cwd=tmp_path)
    assert not ran.exists(), ran.read_text()
    assert done.returncode == 0, done.stderr


def test_a_plugin_beside_raw_is_not_installed(tmp_path):
    """Package metadata in the working folder does not install a step."""
    ran = hostile(tmp_path, {"evil"})
    (tmp_path / "pipeline.toml").write_text('plugins = ["evil"]\n')
    done = run(sys.executable, "-m", "pipeline", "run", "--no-editions", cwd=tmp_path)
    assert not ran.exists(), ran.read_text()
    assert done.returncode == 2
    assert "no plugin `evil` is installed" in done.stderr


def test_a_program_that_calls_run_starts_no_file_of_the_working_folder(tmp_path):
    """The processes that `pipeline.run_archive` starts import nothing from the working folder either."""
    ran = hostile(tmp_path, {*sys.stdlib_module_names, *INSTALLED})
    program = tmp_path / "elsewhere" / "program.py"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    done = run(sys.executable, str(program), cwd=tmp_path)
    assert not ran.exists(), ran.read_text()
    assert done.returncode == 0, done.stderr


def test_the_project_itself_is_on_no_path(tmp_path):
    """A development installation makes `pipeline` importable, and no other file of its folder."""
    code = "import sys, pipeline; print(*sys.path, pipeline.__file__, sep='\\n')"
    shown = run(sys.executable, "-P", "-c", code, cwd=tmp_path).stdout.splitlines()
    assert shown.pop() == str(ROOT / "pipeline" / "__init__.py")
    assert str(ROOT) not in shown


PIN = re.compile(r"([a-z0-9-]+)==[^ ]+(?: ; [^\n]+?)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
MAIN_JOB = [*PROJECT["project"]["dependencies"], *EXTRAS["books"], *EXTRAS["html"]]  # what `make run` needs
LOCKS = {
    "requirements.lock": [*PROJECT["build-system"]["requires"], *MAIN_JOB],
    "requirements-dev.lock": PROJECT["dependency-groups"]["dev"],
}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_by_its_hash(lock):
    """A lock has only pins with hashes, no URL of an index, and every package that pyproject.toml asks for."""
    text = (ROOT / lock).read_text("utf-8")
    assert PIN.sub("", text) == ""
    wanted = {re.match(r"[\w-]+", need)[0].lower().replace("_", "-") for need in LOCKS[lock]}
    assert wanted <= {match[1] for match in PIN.finditer(text)}
