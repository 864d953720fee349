"""The files of `pipeline/language/model/` -> its MANIFEST.toml: version, origin, size and SHA-256 of each file.

`python -m training.manifest` rewrites the sizes and hashes after a training. `--new CORPUS` does so for a new model: it
raises `version`, and records the current commit and the digest of the corpus. CHANGELOG.md must then name `model N`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

MODEL = Path(__file__).parent.parent / "pipeline" / "language" / "model"
MANIFEST = "MANIFEST.toml"
HEADER = """\
# The language model: what was trained, from which commit, and each file with its size and SHA-256.
# Written by `python -m training.manifest`; checked by tests/test_model.py. `training_commit` is the last commit that
# changed a file's content. A model trained with `--new` also has the digest of its corpus.
"""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def corpus_digest(corpus: Path) -> str:
    """Return one SHA-256 of all texts below `corpus`: of the lines `HASH  LANGUAGE/NAME`, sorted by name."""
    files = sorted(path for path in corpus.rglob("*") if path.is_file())
    lines = (f"{digest(path)}  {path.relative_to(corpus).as_posix()}\n" for path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def manifest(facts: dict[str, object], files: Iterable[Path]) -> str:
    """Return the text of MANIFEST.toml: `facts` first, then a table for each of `files`.

    >>> print(manifest({"version": 2}, []).removeprefix(HEADER).strip())
    version = 2
    """
    rows = [f"{key} = {json.dumps(value)}\n" for key, value in facts.items()]
    tables = [
        f"\n[files.{json.dumps(path.name)}]\nsize = {path.stat().st_size}\nsha256 = {json.dumps(digest(path))}\n"
        for path in sorted(files)
    ]
    return HEADER + "\n" + "".join(rows + tables)


def main(corpus: Path | None) -> None:
    """Rewrite the manifest; with `corpus`, as that of a new model that was trained on it from the current commit."""
    facts = {
        key: value for key, value in tomllib.loads((MODEL / MANIFEST).read_text("utf-8")).items() if key != "files"
    }
    if corpus:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S607
        facts = {
            "version": facts["version"] + 1,
            "training_commit": commit.stdout.strip(),
            "corpus_sha256": corpus_digest(corpus),
        }
    files = (path for path in MODEL.iterdir() if path.name != MANIFEST)
    (MODEL / MANIFEST).write_text(manifest(facts, files), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[2]) if sys.argv[1:2] == ["--new"] else None)
