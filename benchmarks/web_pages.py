"""How well web pages are read: text, structure and speed, on public sets that you have fetched.

    python benchmarks/web_pages.py --sets FOLDER [--pages 181]

FOLDER holds checkouts named `article-extraction-benchmark`, `trafilatura`, `readability` and `defuddle`. Sets that are
not there are left out. Nothing of them is part of this repository.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from lxml import html as lxml_html
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from pipeline.document import Encoding, SkipDocument
from pipeline.read.decode import detect
from pipeline.read.html import SavedPage, page_markdown

SEED = 20261129
LONGEST_CAPTION = 400  # characters
BLOCKS = ("p", "div", "li", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "br", "dd", "dt")
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(footnote_plugin)
STRUCTURE = {
    "img": "img", "heading": "h1,h2,h3,h4,h5,h6", "code lines": "pre", "cells": "td,th", "items": "li",
    "strong": "strong,b", "em": "em,i", "quotes": "blockquote",
}  # fmt: skip


def text_of_html(markup: str) -> str:
    """Return the text of HTML, each block on a separate line."""
    if not markup.strip():
        return ""
    root = lxml_html.document_fromstring(f"<div>{markup}</div>")
    for element in root.iter(*BLOCKS):
        element.tail = "\n" + (element.tail or "")
        element.text = "\n" + (element.text or "")
    return re.sub(r"\s*\n\s*", "\n", root.text_content()).strip()


def markdown_of(data: bytes) -> str:
    """Return the Markdown of a page; empty if it cannot be read."""
    try:
        encoding: Encoding = detect(data)
        return page_markdown(SavedPage(data.decode(encoding.codec, "replace"), "page.html")).text
    except SkipDocument:
        return ""


def rendered(markdown: str) -> str:
    """Return Markdown as HTML, as markdown-it-py shows it."""
    return str(PARSER.render(markdown))


def article_extraction(folder: Path, most: int) -> str:
    """Return F1, precision and recall by the set's own evaluate.py."""
    spec = importlib.util.spec_from_file_location("evaluate", folder / "evaluate.py")
    if not (spec and spec.loader):
        return "no evaluate.py"
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    truth = dict(list(json.loads((folder / "ground-truth.json").read_text("utf-8")).items())[:most])
    counts = []
    for name, one in truth.items():
        text = text_of_html(rendered(markdown_of(gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()))))
        counts.append(judge.string_shingle_matching(true=one["articleBody"], pred=text))
    got = judge.metrics_from_tp_fp_fns(counts)
    return f"{len(counts)} pages: F1 {got['f1']:.3f}, precision {got['precision']:.3f}, recall {got['recall']:.3f}"


def plain(text: str) -> str:
    """Return a text for comparison: NFC, without soft hyphens, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text.replace("\u00ad", "")).split())


def without_captions(markup: str) -> str:
    """Return HTML without the paragraphs that directly follow a picture: its caption, which Lacuna keeps with it."""
    root = lxml_html.document_fromstring(f"<div>{markup}</div>")
    for image in list(root.iter("img")):
        block = next((one for one in image.iterancestors() if one.tag == "p"), image)
        following = block.getnext()
        short = following is not None and len(following.text_content()) < LONGEST_CAPTION
        if following is not None and following.tag == "p" and short and not block.text_content().strip():
            following.getparent().remove(following)
    return str(lxml_html.tostring(root, encoding="unicode"))


def held_out(folder: Path, most: int) -> str:
    """Return the scores on pages drawn at random from trafilatura's set: decisive passages in, boilerplate out."""
    folder = folder / "tests"
    known = json.loads((folder / "evaldata.json").read_text("utf-8"))
    chosen = random.Random(SEED).sample(sorted(known), min(most, len(known)))
    right = wrong = lost = captions = 0
    for url in chosen:
        item = known[url]
        file = next((path for part in ("cache", "eval") if (path := folder / part / item["file"]).exists()), None)
        if file is None:
            continue
        markup = rendered(markdown_of(file.read_bytes()))
        text = plain(text_of_html(markup))
        kept = sum(plain(passage) in text for passage in item["with"])
        right, lost = right + kept, lost + len(item["with"]) - kept
        unwanted = [passage for passage in map(plain, item["without"]) if passage in text]
        wrong += len(unwanted)
        if unwanted:
            rest = plain(text_of_html(without_captions(markup)))
            captions += sum(passage not in rest for passage in unwanted)
    scores = f"{len(chosen)} pages: {f1_of(right, wrong, lost)}; {captions} of {wrong} unwanted passages are captions"
    return f"{scores}, and without them {f1_of(right, wrong - captions, lost)}"


def f1_of(right: int, wrong: int, lost: int) -> str:
    """Return F1, precision and recall as a text."""
    precision, recall = right / (right + wrong), right / (right + lost)
    return f"F1 {2 * precision * recall / (precision + recall):.3f}, precision {precision:.3f}, recall {recall:.3f}"


def counts_of(markup: str) -> dict[str, Counter[str]]:
    """Return the texts of each kind of structure in HTML."""
    root = lxml_html.document_fromstring(f"<div>{markup}</div>")
    found: dict[str, Counter[str]] = {name: Counter() for name in STRUCTURE}
    marks = [one for one in root.iter("sup") if one.find(".//a") is not None]  # of notes, which have other numbers
    for one in [*marks, *(link for link in root.iter("a") if "#cite_ref" in (link.get("href") or ""))]:
        one.drop_tree()
    for name, tags in STRUCTURE.items():
        for element in root.iter(*tags.split(",")):
            if name == "img":
                if file := image_name(element.get("src") or "", element.get("alt") or ""):
                    found[name][file] += 1
                continue
            texts = element.text_content().split("\n") if name == "code lines" else [element.text_content()]
            for text in texts:
                shown = re.sub(r"\[\s*edit\s*\]", "", text)  # a link of MediaWiki, which the expected pages keep
                if letters := "".join(filter(str.isalnum, shown))[:60]:
                    found[name][letters] += 1
    return found


def image_name(source: str, alt: str) -> str:
    """Return what an image is compared by; nothing for a formula, which becomes TeX, and for one without a file."""
    if source.startswith(("data:", "page.html.files/")):
        return "inside the page"
    return "" if "displaystyle" in alt or "/math/render/" in source else source.rpartition("/")[2]


def structure(folder: Path, most: int) -> str:
    """Return how much of each kind of structure of the expected pages is kept: the mean over the pages.

    The share of lost cells, items and lines whose text is there, as another structure, is given too.
    """
    shares: dict[str, list[float]] = {name: [] for name in STRUCTURE}
    lost, as_text = Counter[str](), Counter[str]()
    for page in sorted((folder / "test" / "test-pages").iterdir())[:most]:
        expected = counts_of((page / "expected.html").read_text("utf-8"))
        markup = rendered(markdown_of((page / "source.html").read_bytes())) or "<p></p>"
        made, letters = counts_of(markup), "".join(filter(str.isalnum, text_of_html(markup)))
        for name in STRUCTURE:
            if expected[name]:
                shares[name].append((expected[name] & made[name]).total() / expected[name].total())
            for text, count in (expected[name] - made[name]).items():
                lost[name] += count
                as_text[name] += count * (text[:40] in letters)
    return ", ".join(
        f"{name} {mean(found):.2f} ({lost[name]} lost, of {as_text[name]} the text is there)"
        for name, found in shares.items()
        if found
    )


def fixtures(folder: Path, _most: int) -> str:
    """Return how much of defuddle's expected Markdown is there: words, notes and blocks of code of its fixtures."""
    scores: list[float] = []
    notes = code = wanted_notes = wanted_code = 0
    for file in sorted((folder / "tests" / "fixtures").glob("*.html")):
        expected = (folder / "tests" / "expected" / f"{file.stem}.md").read_text("utf-8").partition("\n```\n")[2]
        made = markdown_of(file.read_bytes())
        want, have = Counter(re.findall(r"\w+", expected)), Counter(re.findall(r"\w+", made))
        scores.append((want & have).total() / max(1, want.total()))
        if count := len(set(re.findall(r"^\[\^[^\]]+\]:", expected, re.MULTILINE))):
            wanted_notes += 1
            notes += len(set(re.findall(r"^\[\^[^\]]+\]:", made, re.MULTILINE))) == count
        if blocks := code_blocks(expected):
            wanted_code += 1
            code += blocks == code_blocks(made)
    return (
        f"{len(scores)} fixtures: words {mean(scores):.3f}, pages with all notes {notes} of {wanted_notes}, "
        f"with the same code {code} of {wanted_code}"
    )


def code_blocks(markdown: str) -> list[str]:
    """Return the content of the blocks of code."""
    return [token.content.strip() for token in PARSER.parse(markdown) if token.type == "fence"]


def speed(folder: Path, _most: int) -> str:
    """Return pages a CPU second, user and system, of new processes that read the same 100 files and write Markdown.

    Three processes, three times, the least of each: this reader with metadata, trafilatura's command line with them and
    without. Its command line uses several processes; all are counted.
    """
    with tempfile.TemporaryDirectory() as temporary:
        pages = Path(temporary, "pages")
        pages.mkdir()
        for path in sorted((folder / "html").glob("*.gz"))[:100]:
            (pages / f"{path.stem[:40]}.html").write_bytes(gzip.decompress(path.read_bytes()))
        command = (sys.executable, "-m", "trafilatura.cli", "--input-dir", str(pages), "--markdown")
        commands = {
            "Lacuna's reader": (sys.executable, "-c", READ_ALL, str(pages)),
            "trafilatura --with-metadata": (*command, "--with-metadata"),
            "trafilatura": command,
        }
        least = dict.fromkeys(commands, float("inf"))
        for attempt in range(3):
            for name, arguments in commands.items():
                output = Path(temporary, f"{attempt}{name}")
                output.mkdir()
                least[name] = min(least[name], cpu_seconds((*arguments, "--output-dir", str(output))))
    return ", ".join(f"{name} {100 / seconds:.1f} pages a CPU second" for name, seconds in least.items())


def cpu_seconds(command: tuple[str, ...]) -> float:
    """Return the CPU time of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": os.getcwd()})  # noqa: PTH109, S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


READ_ALL = """
import sys
from pathlib import Path, PurePosixPath
from pipeline.document import SkipDocument, Source
from pipeline.read.html import read_html
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        document, _ = read_html(Source(PurePosixPath(path.name), path.read_bytes()))
    except SkipDocument:
        continue
    Path(sys.argv[3], path.stem + ".md").write_text(document.text)
"""


def results(sets: Path, most: int) -> Iterator[tuple[str, str]]:
    """Yield the name of each set that is there, and what is measured on it."""
    table: dict[str, tuple[Any, str]] = {
        "article-extraction-benchmark": (article_extraction, "article-extraction-benchmark"),
        "trafilatura, drawn at random": (held_out, "trafilatura"),
        "mozilla/readability, structure": (structure, "readability"),
        "defuddle": (fixtures, "defuddle"),
        "speed": (speed, "article-extraction-benchmark"),
    }
    for name, (measure, folder) in table.items():
        if (sets / folder).is_dir():
            yield name, measure(sets / folder, most)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=220)
    given = parser.parse_args()
    for set_name, line in results(given.sets, given.pages):
        print(f"{set_name}: {line}", flush=True)
