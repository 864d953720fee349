"""Compare our links with those of other Markdown parsers, and time canonical URLs next to other packages.

usage: python benchmarks/links.py found FOLDER     (default: ../shared/corpus)
       python benchmarks/links.py joined FOLDER    (default: ../shared/corpus)
       python benchmarks/links.py canonical [FILE] (one URL per line; default: `tests/cases/addresses.tsv`)

`found` parses each Markdown file below FOLDER with comrak and cmark-gfm. Recall is the share of the links that both
find that we find too; precision is the share of our links that at least one of them finds. It lists every other link
with a class. `joined` lists the URLs of these files that get the same canonical form: a person checks that they lead to
the same page. `canonical` prints CPU microseconds per URL for us, courlan, w3lib, url-normalize, url-unwrap and unalix.
To install the packages: pip install comrak cmarkgfm courlan w3lib url-normalize url-unwrap unalix
"""

from __future__ import annotations

import contextlib
import html
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from pipeline import extract_links
from pipeline.markdown.front_matter import front_matter_of
from pipeline.urls.canonical import canonical_url

SECONDS = 2
CLOSING = "]}|*_~'\").,"  # may be between a URL and the text that follows
CJK = re.compile(r"[\u2000-\u206f\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]")


class Addresses(HTMLParser):
    """The URLs of an HTML page, in order."""

    def __init__(self) -> None:
        """Start without URLs."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Keep the URL of a tag."""
        self.found += [value for name, value in attrs if name in {"href", "src"} and value and value[0] != "#"]


def of_page(page: str) -> Counter[str]:
    """Return the URLs of a page with percent escapes decoded, because each parser writes them in another way."""
    reader = Addresses()
    reader.feed(page)
    return Counter(map(plain, reader.found))


def plain(address: str) -> str:
    """Return a URL in the form in which URLs are compared."""
    address = unquote(html.unescape(address)).removeprefix("mailto:")
    return address.removeprefix("http://") if "www." in address[:11] else address


def class_of(address: str, others: Counter[str]) -> str:
    """Return why only one side finds a link."""
    if "@" in address and "/" not in address:
        return "mail address"
    if CJK.search(address):
        return "URL runs into CJK text or punctuation"
    rests = [other[len(address) :] for other in others if other.startswith(address) and other != address]
    if any(CJK.match(rest.lstrip(CLOSING)) for rest in rests):
        return "URL cut off before CJK"
    if any(other.rstrip(CLOSING) == address.rstrip(CLOSING) for other in others):
        return "closing mark at the end"
    if any(other.startswith(address) or address.startswith(other) for other in others):
        return "another end"
    return "other"


def body_of(file: Path) -> str:
    """Return the text of a Markdown file without its front matter."""
    text = file.read_text("utf-8", "replace")
    front = front_matter_of(text)
    return text[len(front.block) :] if front else text


def found(folder: Path) -> None:
    """Print recall and precision over the Markdown files of a folder, and the classes of the other links."""
    import cmarkgfm  # noqa: PLC0415 - only this benchmark needs it
    import comrak  # noqa: PLC0415
    from cmarkgfm.cmark import Options  # noqa: PLC0415

    extensions = comrak.ExtensionOptions()
    for name in ("table", "strikethrough", "autolink", "footnotes"):
        setattr(extensions, name, True)
    render = comrak.RenderOptions()
    setattr(render, "unsafe_" if hasattr(render, "unsafe_") else "unsafe", True)
    agreed = hit = ours_all = right = 0
    missed: Counter[str] = Counter()
    surplus: Counter[str] = Counter()
    shown: list[str] = []
    for file in sorted(folder.rglob("*.md")):
        text = body_of(file)
        one = of_page(comrak.render_markdown(text, extension_options=extensions, render_options=render))
        options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
        two = of_page(cmarkgfm.github_flavored_markdown_to_html(text, options))
        ours = Counter(plain(link.written) for link in extract_links(text) if link.written[0] != "#")
        both = one & two
        agreed += both.total()
        hit += (both & ours).total()
        ours_all += ours.total()
        right += (ours & (one | two)).total()
        for address in (both - ours).elements():
            missed[class_of(address, ours - both)] += 1
            shown.append(f"- {file}: {address}")
        for address in (ours - (one | two)).elements():
            surplus[class_of(address, (one | two) - ours)] += 1
            shown.append(f"+ {file}: {address}")
    print(*shown, sep="\n")
    print(f"agreed {agreed}, found {hit}: recall {hit / agreed:.4f}; missed: {dict(missed)}")
    print(f"ours {ours_all}, also found by others {right}: precision {right / ours_all:.4f}; surplus: {dict(surplus)}")


def joined(folder: Path) -> None:
    """Print the groups of different URLs that get one canonical form, and their number."""
    groups: dict[str, set[str]] = {}
    for file in sorted(folder.rglob("*.md")):
        for link in extract_links(body_of(file)):
            if link.url.startswith("http"):
                groups.setdefault(link.url, set()).add(link.written)
    made_one = {url: written for url, written in groups.items() if len(written) > 1}
    for url, written in sorted(made_one.items()):
        print(url, *sorted(written - {url}), sep="\n    ")
    print(f"{sum(map(len, groups.values()))} URLs, {len(groups)} forms: {len(made_one)} groups of different URLs")


def microseconds(work: Callable[[str], object], addresses: list[str]) -> float:
    """Return the CPU microseconds per URL."""
    spent, times = 0.0, 0
    work(addresses[0])
    while spent < SECONDS:
        start = time.process_time()
        for address in addresses:
            with contextlib.suppress(Exception):  # the limits of the other packages
                work(address)
        spent += time.process_time() - start
        times += 1
    return spent / times / len(addresses) * 1e6


def throughput(file: Path) -> None:
    """Print the CPU time per URL of each package, for the URLs of a file."""
    import courlan  # noqa: PLC0415
    import unalix  # noqa: PLC0415
    import url_normalize  # noqa: PLC0415
    import url_unwrap  # noqa: PLC0415
    import w3lib.url  # noqa: PLC0415

    lines = [line for line in file.read_text("utf-8").splitlines() if line and line[0] != "#"]
    addresses = [line.split("\t")[0] for line in lines if line.startswith("http")]
    rules = Path("pipeline/urls/clearurls/rules.json")
    providers = url_unwrap.Providers.model_validate_json(rules.read_text("utf-8"))
    peers: dict[str, Callable[[str], object]] = {
        "lacuna": canonical_url,
        "courlan": courlan.clean_url,
        "w3lib": w3lib.url.canonicalize_url,
        "url-normalize": url_normalize.url_normalize,
        "url-unwrap": lambda url: url_unwrap.unwrap(url, providers),
        "unalix": unalix.clear_url,
    }
    ours = 0.0
    for name, work in peers.items():
        spent = microseconds(work, addresses)
        ours = ours or spent
        print(f"{name:14} {spent:9.1f} microseconds per URL {spent / ours:8.1f} times ours")


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "found":
        found(Path(given[0] if given else "../shared/corpus"))
    elif what == "joined":
        joined(Path(given[0] if given else "../shared/corpus"))
    else:
        throughput(Path(given[0] if given else "tests/cases/addresses.tsv"))
