"""Build the wheel, install it into empty environments, and try it in an empty folder: sizes, and times to first repair.

    python benchmarks/install.py [WHEEL] [--extras]

For the core of Lacuna and for ftfy: megabytes that pip downloads and installs (all of site-packages without pip), the
seconds of the installation, the CPU seconds of the first repair (which writes Python's bytecode caches) and of the
next. `--extras` installs each extra too. Versions are those of requirements.lock. Fails if a repair is wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
BROKEN, RIGHT = (
    "It was rÃ©sumÃ© day, and nobodyâ€™s lunch was free.\n",
    "It was résumé day, and nobody’s lunch was free.",
)
FTFY = "import sys, ftfy; print(ftfy.fix_encoding(sys.stdin.read()), end='')"
MEGABYTE = 1_000_000


def run(*command: str | Path, data: str = "", cwd: Path | None = None) -> str:
    """Return what a command prints; it sees no other installation."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [str(part) for part in command],
        input=data,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
    )
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return done.stdout


def megabytes(folder: Path, *, bytecode: bool) -> float:
    """Return the size of the files below a folder."""
    files = (file for file in folder.rglob("*") if file.is_file() and (bytecode or file.suffix != ".pyc"))
    return sum(file.stat().st_size for file in files) / MEGABYTE


def constraints(folder: Path) -> Path:
    """Return a file with the versions of the lock, without hashes: the wheel has none there."""
    file = folder / "constraints.txt"
    locked = (ROOT / "requirements.lock").read_text("utf-8")
    file.write_text("\n".join(re.findall(r"^[a-z0-9-]+==[^\\\n]+", locked, re.MULTILINE)), "utf-8")
    return file


def installed(folder: Path, needs: str) -> Path:
    """Return the programs of a new environment with `needs` installed; print what that took."""
    name = re.sub(r".*/(\w+)-[^\[]*whl", r"\1", needs)
    environment, wheels = folder / name, folder / f"{name} wheels"
    run(sys.executable, "-m", "venv", environment)
    (site,) = environment.glob("lib/*/site-packages")
    before = megabytes(site, bytecode=False)
    pip = (environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "download", "--only-binary", ":all:", "-c", constraints(folder), "-d", wheels, needs)
    start = time.perf_counter()
    run(*pip, "install", "--no-compile", "--no-index", "--find-links", wheels, needs)
    spent = time.perf_counter() - start
    size = megabytes(site, bytecode=False) - before
    print(
        f"{name}: {megabytes(wheels, bytecode=False):.0f} MB of wheels, {size:.0f} MB installed in {spent:.1f} s",
        flush=True,
    )
    return environment / "bin"


def try_repair(name: str, command: list[str | Path], folder: Path) -> None:
    """Run the first repair and some more in an empty folder, and print their CPU seconds."""
    times = []
    for _ in range(5):
        start = sum(os.times()[2:4])
        if (shown := run(*command, data=BROKEN, cwd=folder).strip()) != RIGHT:
            sys.exit(f"{name}: {shown!r} is wrong")
        times.append(sum(os.times()[2:4]) - start)
    print(f"{name}: first repair {times[0]:.2f} s, later {min(times[1:]):.2f} s of CPU", flush=True)


def main() -> None:
    """Try the wheel."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = folder / "empty"
        empty.mkdir()
        given = [word for word in sys.argv[1:] if not word.startswith("--")]
        if not given:
            run(
                sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT
            )
        wheel = Path(given[0]) if given else next(folder.glob("*.whl"))
        print(f"{wheel.name}: {wheel.stat().st_size / MEGABYTE:.1f} MB")
        programs = installed(folder, str(wheel))
        try_repair("lacuna", [programs / "lacuna", "repair", "-"], empty)
        print(run(programs / "lacuna", "--version", cwd=empty).strip())
        try_repair("ftfy", [installed(folder, "ftfy") / "python", "-c", FTFY], empty)
        for extra in extras if "--extras" in sys.argv else ():
            installed(folder, f"{wheel}[{extra}]")


if __name__ == "__main__":
    main()
