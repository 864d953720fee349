"""Compare two versions of the pipeline: list the files that come out differently.

    python benchmarks/compare.py OLD NEW ARCHIVE [FOLDER ...]

OLD and NEW are checkouts. Both run over ARCHIVE/raw (clean files and books), and `repair` and `normalize` over the
files of each FOLDER. Prints every file whose bytes differ. Front matter is compared too, also its fields that only say
how the file was made. Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FILTERS = """
import hashlib, pathlib, sys
from pipeline import normalize, repair
for name in sys.stdin.read().splitlines():
    try:
        repaired = repair(pathlib.Path(name).read_bytes()).text
        texts = [repaired, normalize(repaired).text]
    except Exception as error:
        texts = [str(error)]
    print(hashlib.sha256(repr(texts).encode("utf-8", "surrogatepass")).hexdigest(), name)
"""


def outputs(version: Path, archive: Path) -> dict[str, str]:
    """Return the digest of each file that a version makes from an archive: clean Markdown, EPUB and PDF."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(archive / "raw", Path(name, "raw"))
        python(version, "-m", "pipeline", "run", cwd=Path(name))
        return {
            file.relative_to(name).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for folder in ("clean", "out")
            for file in sorted(Path(name, folder).rglob("*"))
            if file.suffix in {".md", ".epub", ".pdf", ".bib", ".csv"}
        }


def filtered(version: Path, folders: list[Path]) -> dict[str, str]:
    """Return the digest of the results of a version's filters for each file of some folders."""
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    said = python(version, "-c", FILTERS, text="\n".join(map(str, files)), cwd=version)
    return {line.split(" ", 1)[1]: line.split(" ", 1)[0] for line in said.splitlines()}


def python(version: Path, *arguments: str, cwd: Path, text: str = "") -> str:
    """Return what Python prints when it runs with a version of the package."""
    environment = os.environ | {"PYTHONPATH": str(version)}
    return subprocess.run(  # noqa: S603 - both checkouts are our own
        [sys.executable, *arguments], cwd=cwd, input=text, env=environment, capture_output=True, text=True, check=True
    ).stdout


def main() -> None:
    """Compare, and print the files that differ; exit with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("archive", type=Path)
    parser.add_argument("folder", type=Path, nargs="*")
    given = parser.parse_args()
    folders = [folder.resolve() for folder in given.folder]
    old, new = (
        outputs(version.resolve(), given.archive.resolve()) | filtered(version.resolve(), folders)
        for version in (given.old, given.new)
    )
    differing = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    for name in differing:
        print("only in one" if name not in old or name not in new else "differs", name)
    print(f"{len({*old, *new})} compared, {len(differing)} differ")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
