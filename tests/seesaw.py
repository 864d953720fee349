"""An archive with two versions of raw/: each test of a fault switches from one to the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from tests.disturbed import Ended, fresh, healthy, outputs
from tests.posts import POSTS, png

SETTINGS = 'editions = {editions}\nignore = ["*.png"]\n\n[[edition]]\ntitle = "The sea"\ntag = "sea"\n'
COMMON = {"sub/b.md": "tagged", "zh.md": "chinese", "damaged.md": "damaged", "near.md": "near the harbour"}
SIDES: tuple[dict[str, str | bytes], ...] = (
    {name: POSTS[post] for name, post in {**COMMON, "a.md": "plain", "h.md": "harbour", "empty.md": "empty"}.items()}
    | {"pic.md": POSTS["with a picture"], "my pic.png": png((255, 0, 0))},
    {name: POSTS[post] for name, post in {**COMMON, "c.md": "html", "empty.md": "binary"}.items()}
    | {"a.md": "# One\n\nHello   world, again.\n", "pic.md": POSTS["with a picture"], "my pic.png": png((0, 0, 255))},
)


def whole(name: str, data: bytes) -> bool:
    """Return whether a file about several posts is complete, though the run failed for some of them."""
    if name.startswith(("clean/links", "clean/report")) and name.endswith(".jsonl"):
        return all(map(json.loads, data.splitlines())) and (not data or data.endswith(b"\n"))
    if name == "clean/links.csv":
        return data.endswith(b"\r\n")
    if name.startswith("out/posts/"):
        return False
    if name.startswith("out/opds/"):
        return data.rstrip().endswith((b"</feed>", b"}", b"\xff\xd9"))
    if name.endswith(".epub"):
        return ZipFile(BytesIO(data)).testzip() is None
    ends = {".pdf": b"%%EOF", ".html": b"</html>", ".graphml": b"</graphml>", ".json": b"]", ".bib": b""}
    return data.rstrip().endswith(ends.get(Path(name).suffix, b"never"))


class Seesaw:
    """An archive that was cleaned without a fault; `flip` changes posts and images, `settle` runs again."""

    def __init__(self, folder: Path, *, editions: bool = False) -> None:
        """Make the archive in `folder` and clean it."""
        self.folder, self.side, self.settled = folder, 1, False
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pipeline.toml").write_text(SETTINGS.format(editions=str(editions).lower()), "utf-8")
        (folder / "precious.txt").write_text("precious", "utf-8")
        self.flip()
        self.settle()

    def flip(self) -> None:
        """Switch raw/ to its other version."""
        self.side, self.settled = 1 - self.side, False
        wanted, raw = SIDES[self.side], self.folder / "raw"
        for path in [path for path in raw.rglob("*") if path.is_file()]:
            if path.relative_to(raw).as_posix() not in wanted:
                path.unlink()
        for name, post in wanted.items():
            data = post if isinstance(post, bytes) else post.encode()
            path = raw / name
            if not path.exists() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def settle(self) -> Ended:
        """Run without a fault, and assert that clean/ and out/ are those of a fresh run."""
        ended = healthy(self.folder)
        self.settled = True
        assert (self.folder / "precious.txt").read_text("utf-8") == "precious"
        return ended

    @contextmanager
    def disturbed(self) -> Iterator[None]:
        """Flip; let the block run with a fault; assert that every file is old or new; settle."""
        self.recover()
        _, old = fresh(self.folder)
        self.flip()
        _, new = fresh(self.folder)
        yield
        for name, data in outputs(self.folder).items():
            assert data in {old.get(name), new.get(name)} or whole(name, data), f"torn: {name}"
        self.settle()

    def recover(self) -> None:
        """Start again if the previous test failed."""
        if not self.settled:
            self.forget()
            self.settle()

    def forget(self) -> None:
        """Remove all outputs: the next run is a first run."""
        for name in ("clean", "out"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
