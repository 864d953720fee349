"""Copy real posts out of Git repositories: the material of links.py, dates.py and books.py.

usage: python benchmarks/real_posts.py REPOSITORIES FOLDER [NUMBER]    (default: 100 posts of each repository)

REPOSITORIES holds bare clones, `owner+name/repo`. FOLDER gets a folder for each with some of its Markdown files, drawn
by a fixed seed. Those of fewer than 200 bytes are left out.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

MOST_POSTS = 100
LEAST_BYTES = 200
LONGEST_NAME = 120  # characters


def git(repository: Path, *arguments: str) -> bytes:
    """Return what Git prints about a repository."""
    return subprocess.run(["git", "--git-dir", repository, *arguments], capture_output=True, check=True).stdout  # noqa: S603, S607 - a benchmark


def main(repositories: Path, folder: Path, most: int) -> None:
    """Copy the posts."""
    for repository in sorted(repositories.glob("*/repo")):
        listed = git(repository, "ls-tree", "-r", "-z", "--name-only", "HEAD").decode("utf-8", "replace").split("\0")
        names = [name for name in listed if name.endswith((".md", ".markdown"))]
        random.Random(5).shuffle(names)
        for name in names[:most]:
            data = git(repository, "show", f"HEAD:{name}")
            if len(data) >= LEAST_BYTES:
                place = folder / repository.parent.name / f"{name.replace('/', '__')[-LONGEST_NAME:]}"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.with_suffix(".md").write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else MOST_POSTS)  # noqa: PLR2004
