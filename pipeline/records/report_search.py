"""Posts -> a page that searches titles and paths without a server: its script reads a small file per page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pipeline.document import Outcome, Skipped
from pipeline.records.report_html import template_pieces

VERSION = 1  # raise it when the bytes change
_SCRIPT = """
"use strict";
const posts = [];
let left = 0;
function lacunaPosts(file, entries) {
  for (const [title, path, place] of entries) {
    posts.push([title, path, file + "#" + place, (title + " " + path).toLowerCase()]);
  }
}
function show() {
  const words = document.getElementById("words").value.toLowerCase().split(/\\s+/).filter(Boolean);
  const list = document.getElementById("found");
  const found = words.length ? posts.filter(post => words.every(word => post[3].includes(word))) : [];
  list.replaceChildren(...found.slice(0, 200).map(([title, path, target]) => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = target;
    link.textContent = title || path;
    item.append(link, " " + path);
    return item;
  }));
  const count = left ? "reading the posts" : words.length ? found.length + " found" : posts.length + " posts";
  document.getElementById("count").textContent = count;
}
const files = JSON.parse(document.getElementById("files").textContent);
left = files.length;
for (const file of files) {
  const script = document.createElement("script");
  script.src = file;
  script.onload = script.onerror = () => { left -= 1; if (!left) show(); };
  document.head.append(script);
}
document.getElementById("words").addEventListener("input", show);
if (location.hash) document.getElementById("words").value = decodeURIComponent(location.hash.slice(1));
"""


def search_page(title: str, pages: Sequence[str]) -> Iterator[bytes]:
    """Yield the page; `pages` are the files of the report's pages, next to it."""
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    files = msgspec.json.encode([f"{page.removesuffix('.html')}.js" for page in pages]).decode()
    return template_pieces("search.html", title=title, part="search", script=_SCRIPT, digest=digest, files=files)


def page_entries(file: str, outcomes: Iterable[Outcome]) -> Iterator[bytes]:
    """Yield a script with title, path and place of each post of the page `file`."""
    entries = [
        ("" if isinstance(outcome, Skipped) else outcome.document.meta.title, str(outcome.path), f"p{at}")
        for at, outcome in enumerate(outcomes, 1)
    ]
    yield b"lacunaPosts(" + msgspec.json.encode(file) + b", " + msgspec.json.encode(entries) + b");\n"
