"""Measure the report of 10,000 invented posts: python benchmarks/report.py; with a report.html: its pictures for docs/.

After `make run`, `python benchmarks/report.py out/report.html` writes docs/images/report.png and report-phone.png. With
`--tutorial`, and the report of the archive of docs/tutorial.md, it writes tutorial-report.png. It needs Chromium.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path, PurePosixPath

from pipeline.changes import Change
from pipeline.document import Cleaned, Document, Metadata
from pipeline.records.report_card import BookLink, card_of
from pipeline.records.report_html import ReportIndex, ReportPage, posts_page, report_page
from pipeline.run.report_fonts import embedded_fonts
from pipeline.run.report_pages import pages_of
from pipeline.run_report import RunReport

POSTS = 10_000
CHANGES = (0, 0, 3, 40, 400)  # of a post, one of these
SCRIPTS = ((0x4E00, 0x9000), (0x3041, 0x3096), (0xAC00, 0xD000), (0x61, 0x7B), (0x430, 0x450), (0x620, 0x64A))
SHOWN = "repaired"  # the filter in the pictures
SIZES = {"report.png": (1280, 860, "light"), "report-phone.png": (390, 860, "dark")}
TUTORIAL = {"tutorial-report.png": (1000, 640, "light")}


def invented(path: str, chance: random.Random) -> Cleaned:
    """Return a post with random text and repairs."""
    low, high = chance.choice(SCRIPTS)
    text = "".join(chr(chance.randrange(low, high)) for _ in range(2000))
    count = chance.choice(CHANGES)
    spans = sorted(chance.sample(range(2000), count))
    changes = [Change("repair", (at, at + 1), text[at], text[-at], "byte missing; reconstructed", 0.9) for at in spans]
    document = Document(PurePosixPath(path), text, Metadata(title=text[:30], language="zh"))
    return Cleaned(document.edited(changes).noted("images", "1 missing image: a.png"))


def measure() -> None:
    """Print the largest page and the CPU time."""
    chance = random.Random(1)
    paths = sorted(f"posts/{number:05}-{chance.getrandbits(64):x}.md" for number in range(POSTS))
    sizes, pages, started = [], [], time.process_time()
    for members in pages_of(paths):
        files = [BookLink("clean file", f"../../clean/{members[0]}"), BookLink("EPUB", f"../posts/{members[0]}")]
        cards = [card_of(invented(path, chance), members[:5], files, f"../../raw/{path}") for path in members]
        page = ReportPage(f"{members[0][6:11]}.html", members[0], members[-1], len(members))
        sizes.append(sum(map(len, posts_page("Invented", page, cards, embedded_fonts))))
        pages.append(page)
    counts = RunReport(POSTS, 0, (), 0, (), 0, (), (), ())
    sizes.append(sum(map(len, report_page("Invented", counts, (), ReportIndex(pages=pages), embedded_fonts))))
    seconds = time.process_time() - started
    print(f"{POSTS:,} posts: {len(sizes)} pages, the largest {max(sizes):,} bytes; {seconds:.1f} s CPU")


def take_pictures(report: Path, folder: Path, sizes: dict[str, tuple[int, int, str]]) -> None:
    """Write pictures of a report with its repaired posts open, the least confident first."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - measuring needs no browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, (width, height, scheme) in sizes.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(report.resolve().as_uri())
            page.click(f"[data-kind={SHOWN}]")
            page.select_option("#order", "low")
            page.locator(".card:visible summary").first.click()
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            page.screenshot(path=folder / name)
        browser.close()


if __name__ == "__main__":
    if sys.argv[1:]:
        images = Path(__file__).parents[1] / "docs" / "images"
        take_pictures(Path(sys.argv[1]), images, TUTORIAL if "--tutorial" in sys.argv else SIZES)
    else:
        measure()
