"""Write docs/images/saved-pages.png: a folder of saved pages as Chromium shows one, and the book that a run makes.

`python benchmarks/page_pictures.py`, with PYTHONPATH=. Needs playwright and Chromium. The pages are our own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
IMAGE = ROOT / "docs" / "images" / "saved-pages.png"
PAGES = (7, 8, 9)  # of the book
HEIGHT, GAP, COLOURS = 560, 16, 48  # pixels; colours of the picture
STYLE = """body{margin:0;font:15px/1.5 sans-serif}
header,footer{background:#234;color:#fff;padding:12px 24px}
nav a{color:#cde;margin-right:16px}main{display:flex}article{width:62%;padding:8px 24px}aside{background:#eee;flex:1;
padding:8px 16px}.share a{background:#47a;color:#fff;padding:4px 8px;margin-right:6px}pre{background:#f3f3f3;
padding:8px}.k{color:#a0a}.n{color:#06c}td,th{border:1px solid #999;padding:2px 8px}
.note{background:#ffc;padding:4px 8px}img{max-width:100%}"""
FRAME = """<!DOCTYPE html>
<!-- saved from url=(0030)https://example.org/{name} -->
<html lang="{language}"><head><meta charset="gb2312"><title>{title} | The River Blog</title><style>{style}</style>
<meta name="author" content="Ann Lee"><meta property="article:published_time" content="{date}"></head><body>
<header><h2>The River Blog</h2><nav><a href="/">Home</a><a href="/about">About</a><a href="/archive">Archive</a>
</nav></header>
<main><article><h1>{title}</h1><p class="share"><a href="#">Share</a><a href="#">Post</a><a href="#">Mail</a></p>
{body}</article><aside><h3>Related posts</h3><ul><li><a href="/a">Ten walks for a rainy day</a></li>
<li><a href="/b">What boots to buy</a></li></ul><h3>Newsletter</h3><p>Get one letter a week.</p></aside></main>
<footer>Copyright 2024 The River Blog. All rights reserved.</footer></body></html>"""
WALK = """<p>We walked along the river as far as the old mill. The water was high after the rain, and nobody else was on
the road that morning.<sup><a href="#fn1" id="ref1">1</a>
</sup> The wheel has not turned for forty years, but the house is
dry, and swallows live under the roof.</p>
<figure><img src="walk_files/mill.png" alt="The mill"><figcaption>The mill from the other bank</figcaption></figure>
<p>The way back is shorter, but it has no shade. We sat down for an hour before we went, and ate our bread. A man with a
dog said that the bridge below the weir is closed, so we kept to the left bank.</p>
<table><tr><th>Place</th><th>Kilometres</th><th>Minutes</th></tr><tr><td>Bridge</td><td>0.0</td><td>0</td></tr>
<tr><td>Weir</td><td>2.4</td><td>35</td></tr><tr><td>Mill</td><td>5.1</td><td>80</td></tr></table>
<p>The last kilometre goes through a wood of alders. Take a map: the path divides three times, and only one of the three
signs is still there.</p>
<div class="footnotes"><ol><li id="fn1">It rained for <em>five</em> days. <a href="#ref1">↩</a></li></ol></div>"""
SENSOR = """<p>The level of the river is measured every two seconds by a sensor of pressure. The height follows from the
pressure <span class="math">\\(p = \\rho g h\\)</span>, so a small program is enough to log it.</p>
<table class="highlighttable"><tr><td class="linenos"><pre>1
2
3
4</pre></td><td class="code"><div class="highlight language-python"><pre><span class="k">def</span> <span
class="n">height</span>(pressure, density=1000.0):
    <span class="k">return</span> pressure / (density * 9.81)

print(height(21_500))</pre></div></td></tr></table>
<p>It prints a little more than two metres, which is what the mark on the wall of the mill says too. The air presses on
the water as well, so a second sensor above the water is needed for its own pressure.</p>
<div class="admonition note"><p class="admonition-title">Note</p>
<p>Do not leave the sensor in the water in winter. The ice
moves it, and then each value is wrong.</p></div>
<p>In the first week the battery was empty after three days. Now the program sleeps between two measurements, and the
battery has lasted for two months.</p>"""
RIVER = """
<p>我们沿着河走到老磨坊，上周下雨以后水位很高，路上没有遇到什么人。水车早就不转了，木头上长满了青苔，屋檐下有几只燕子。</p>
<p>他问：<b>“明天还去吗？”</b>我说：“如果不下雨，就早上七点在桥头见。”回家的路比较近，但是没有树荫，我们休息了一个小时才动身。</p>
<blockquote><p>路分了三次，三块路牌只剩下一块。</p></blockquote>
<p>最后一公里要穿过一片桤木林。请带上地图，因为路上没有信号，也没有可以问路的人。</p>"""


def saved_pages(raw: Path) -> None:
    """Write three pages as a browser saves them: one with a folder of pictures, two in other encodings."""
    (raw / "walk_files").mkdir(parents=True)
    drawn_mill().save(raw / "walk_files" / "mill.png")
    for name, language, title, date, body, codec in (
        ("walk", "en", "A walk to the mill", "2024-03-02", WALK, "utf-8"),
        ("sensor", "en", "How high is the river?", "2024-04-11", SENSOR, "utf-8"),
        ("river", "zh", "河边散步", "2024-05-20", RIVER, "gb18030"),
    ):
        fields = {"name": name, "language": language, "title": title, "date": date, "body": body, "style": STYLE}
        (raw / f"{name}.html").write_bytes(FRAME.format(**fields).encode(codec))


def drawn_mill() -> Image.Image:
    """Return a drawing of a mill at a river."""
    image = Image.new("RGB", (640, 300), "#cfe3f2")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 210, 640, 300), "#5f8fb0")
    draw.polygon([(0, 210), (160, 120), (330, 200), (470, 140), (640, 210)], "#8fae7a")
    draw.rectangle((250, 110, 400, 215), "#e8dcc3", "#54452f")
    draw.polygon([(235, 110), (325, 55), (415, 110)], "#8a4b3a")
    draw.ellipse((385, 150, 475, 240), outline="#54452f", width=7)
    for x, y in ((430, 150), (475, 195), (430, 240), (385, 195)):
        draw.line((430, 195, x, y), "#54452f", 5)
    draw.rectangle((290, 160, 320, 215), "#54452f")
    return image


def page_in_browser(file: Path, size: tuple[int, int]) -> Image.Image:
    """Return a page as Chromium shows it."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(file.as_uri())
        page.screenshot(path=Path(folder, "page.png"))
        browser.close()
        return Image.open(Path(folder, "page.png")).convert("RGB")


def main() -> None:
    """Save pages, run, and put the page and pages of the book next to each other."""
    with tempfile.TemporaryDirectory() as folder:
        saved_pages(Path(folder, "raw"))
        command = [sys.executable, "-P", "-m", "pipeline", "run"]
        subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)  # noqa: S603
        shown = page_in_browser(Path(folder, "raw", "walk.html"), (900, 1180))
        book = pypdfium2.PdfDocument(Path(folder, "out", "archive.pdf"))
        for number, one in enumerate(book, 1):
            print(number, " ".join(one.get_textpage().get_text_range().split())[:60])
        pages = [book[at - 1].render(scale=2).to_pil().convert("RGB") for at in PAGES]
    widths = [round(one.width * HEIGHT / one.height) for one in (shown, *pages)]
    parts = [
        one.resize((width, HEIGHT), Image.Resampling.LANCZOS)
        for one, width in zip((shown, *pages), widths, strict=True)
    ]
    whole = Image.new("RGB", (sum(one.width for one in parts) + GAP * (len(parts) + 1), HEIGHT + 2 * GAP), "#9aa3ab")
    left = GAP
    for one in parts:
        whole.paste(one, (left, GAP))
        left += one.width + GAP
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGE, optimize=True)
    print(IMAGE, whole.size, IMAGE.stat().st_size)


if __name__ == "__main__":
    main()
