"""Write the pictures of `lacuna serve` in docs/images/: real posts are damaged, repaired by a run, shown in Chromium.

`python benchmarks/desk_pictures.py`, with PYTHONPATH=. Needs playwright and Chromium.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
CUT = 1_800  # characters of each damaged post
WIDE, PHONE = (1100, 760), (390, 760)
LETTERS = {
    "dopis.md": "# Dopis\n\nDěkuji všem, kdo přišli na návštěvu. Bylo to krásné odpoledne a čekali jsme jen na vás.\n",
    "hafen.md": "# Hafen\n\nKönnen wir am Sonntag über den Hafen sprechen? Das wäre schön.\n",
}


def damaged_archive(folder: Path) -> None:
    """Write posts as people have them: mojibake with lost bytes, lost characters, a sound one."""
    raw = folder / "raw"
    raw.mkdir()
    kept, other, *_ = sorted(ROOT.joinpath("raw").glob("*.txt"))
    raw.joinpath("papers.md").write_bytes(other.read_text("utf-8")[:CUT].encode().decode("cp1252", "ignore").encode())
    shutil.copy(kept, raw)
    for name, text in LETTERS.items():
        raw.joinpath(name).write_bytes(text.encode("cp1250").decode("utf-8", "replace").encode())


def main() -> None:
    """Run, serve, and take the pictures."""
    command = [sys.executable, "-P", "-m", "pipeline"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        damaged_archive(Path(folder))
        subprocess.run([*command, "run", "--no-editions"], cwd=folder, env=environment, check=True)  # noqa: S603
        serving = [*command, "serve"]
        with subprocess.Popen(serving, cwd=folder, env=environment, stdout=-1, text=True) as server:  # noqa: S603
            try:
                url = server.stdout.readline().removeprefix("open ").strip() if server.stdout else ""
                path = shutil.which("chromium") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
                take_pictures(browser, url)
            finally:
                server.terminate()


def take_pictures(browser: Browser, url: str) -> None:
    """Take a picture of each page of the how-to guide."""
    wide, phone = opened(browser, url, WIDE, "light"), opened(browser, url, PHONE, "dark")
    site = url.partition("/?")[0]
    picture(wide, "desk", f"{site}/review", lambda page: page.wait_for_selector(".choices"))
    picture(phone, "desk-phone", f"{site}/review", lambda page: page.wait_for_selector(".choices"))


def opened(browser: Browser, url: str, size: tuple[int, int], scheme: str) -> Page:
    """Return a window of a size, in which the server's URL was opened."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()
    page.goto(url)
    return page


def picture(page: Page, name: str, url: str, act: Callable[[Page], object]) -> None:
    """Write a picture of what is at `url`, after `act`."""
    page.goto(url)
    act(page)
    page.screenshot(path=IMAGES / f"{name}.png")
    print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
