"""Public documents -> what `normalize` and the whole flow lost of them, as comrak, an independent parser, shows them.

For each document: the characters that the source shows and the result does not, the opaque regions that changed, and
whether a second pass changes more. harm.py lists them and prints the figures.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import comrak
from rapidfuzz.distance import Indel

from pipeline import normalize
from pipeline.changes import Change, differing
from pipeline.document import Cleaned, Document, Source, Step
from pipeline.flow import assemble
from pipeline.markdown import CODE, block_groups
from pipeline.records.clean_file import clean_file
from pipeline.run.follow import follow_all
from pipeline.settings import Settings

SHARED = Path(__file__).parent.parent.parent / "shared"
FOLDERS = (
    *(Path(__file__).parent.parent / "tests" / "corpus", SHARED / "corpus", SHARED / "seeds"),
    *(Path("/usr/share/doc"), Path("/usr/lib"), Path(sys.prefix) / "lib", Path("/root/.cargo/registry")),
)
KINDS = {".md", ".markdown", ".txt"}
RULES = {"artefacts", "cards", "tables", "typography"}  # steps that remove visible characters, and say so
MOST_WORDS_BETWEEN = 2  # of two differences that are one: words joined and split
MOST_BYTES = 200_000  # of a file
MARKS = set("*_~#>|-=+`\\:")  # a page shows these where they are not marks; a repaired one shows fewer
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_LIST_NUMBER = re.compile(rb"[ \t]*(\d{1,9})")


class Judged(NamedTuple):
    """What a part of the pipeline did to a document."""

    changes: tuple[Change, ...]  # of all steps but `normalize`, which changes marks and white space only
    lost: tuple[str, ...]  # runs of characters that the source shows, and the result does not
    by_rule: tuple[str, ...]  # the same, where a step names them in its changes: a placeholder, a comma in a number
    marks: tuple[str, ...]  # the same, where they are marks: emphasis that the source shows as asterisks
    opaque: tuple[str, ...]  # opaque regions that are not in the result
    unstable: bool  # whether a second pass changes the text again


class _Page(HTMLParser):
    """A page -> the characters that it shows, with the numbers of its lists: those that `source` has, where given.

    Items with the number of the one above, or 1, are counted by Markdown, as their author knows: they have none.
    """

    def __init__(self, source: str = "") -> None:
        super().__init__(convert_charrefs=True)
        self.lines = source.encode().split(b"\n") if source else []
        self.shown: list[str] = []
        self.numbers: list[tuple[int, int] | None] = []  # of each open list: the last number written, and the next one
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"ol", "ul"}:
            start = given.get("start", "1")
            self.numbers.append((-1, int(start)) if tag == "ol" and start.isdigit() else None)
        elif tag == "li" and self.numbers and (counted := self.numbers[-1]):
            last, number = counted
            written = self._written(given.get("data-sourcepos", ""), number)
            self.numbers[-1] = written, number + 1
            self.shown.append(f" {'' if written in {last, 1} else written} ")
        elif tag == "img":
            self.shown.append(given.get("alt", ""))
        elif tag in {"script", "style"}:
            self.hidden += 1

    def _written(self, place: str, number: int) -> int:
        """Return the number of an item as the source has it: of `9.` at `12:1-12:9`, 9."""
        if not self.lines or not place:
            return number
        line, column = map(int, place.partition("-")[0].split(":"))
        match = _LIST_NUMBER.match(self.lines[line - 1], column - 1)
        return int(match[1]) if match else number

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ol", "ul"} and self.numbers:
            self.numbers.pop()
        elif tag in {"script", "style"}:
            self.hidden = max(0, self.hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.shown.append(data)


def shown(text: str, source: str = "") -> list[str]:
    """Return the words that a page of the Markdown shows; numbers of lists as `source` has them, where it is given."""
    extensions, render = comrak.ExtensionOptions(), comrak.RenderOptions()
    extensions.table = extensions.strikethrough = extensions.footnotes = True
    render.unsafe_ = render.sourcepos = True
    page = _Page(source)
    page.feed(comrak.render_markdown(text, extension_options=extensions, render_options=render))
    page.close()
    return _words("".join(page.shown))


def _words(text: str) -> list[str]:
    """Return the words of a text, without control characters, which nobody sees."""
    return _CONTROLS.sub("", text.replace("\f", "\n").replace("\v", "\n")).split()


def lost_runs(before: list[str], after: list[str]) -> Iterator[str]:
    """Yield the runs of characters that the first words have and the second ones do not, in order."""
    for first, last, new_first, new_last in _joined(differing(Indel.opcodes(before, after))):
        old, new = "".join(before[first:last]), "".join(after[new_first:new_last])
        yield from (
            old[one.src_start : one.src_end] for one in Indel.opcodes(old, new) if one.tag in {"delete", "replace"}
        )


def _joined(spans: Iterable[list[int]]) -> list[list[int]]:
    """Return spans of words that differ; two with at most two equal words between them as one."""
    joined: list[list[int]] = []
    for span in spans:
        if joined and span[0] - joined[-1][1] <= MOST_WORDS_BETWEEN:
            joined[-1] = [joined[-1][0], span[1], joined[-1][2], span[3]]
        else:
            joined.append(span)
    return joined


def after_normalize(_path: PurePosixPath, text: str) -> tuple[Document, str, str]:
    """Return a document after `normalize`, its text without front matter, and that text after a second pass."""
    made = normalize(text)
    front = made.meta.front_matter
    return made, made.text.removeprefix(front), normalize(made.text).text.removeprefix(front)


def after_flow(path: PurePosixPath, text: str) -> tuple[Document, str, str]:
    """Return a document after the whole flow, its text, and the text of its clean file after another run."""
    once = follow_all(Source(path, text.encode()), _steps())
    if not isinstance(once, Cleaned):
        if once.cause == "bug":
            raise RuntimeError(once.trace)
        return Document(path, text), text, text
    twice = follow_all(Source(path.with_suffix(".md"), clean_file(once.document)), _steps())
    again = twice.document.text if isinstance(twice, Cleaned) else ""
    return once.document, once.document.text.lstrip("\n"), again.lstrip("\n")


@cache
def _steps() -> tuple[Step, ...]:
    return assemble(Settings())


PARTS: dict[str, Callable[[PurePosixPath, str], tuple[Document, str, str]]] = {
    "normalize": after_normalize,
    "flow": after_flow,
}


def judge(part: str, name: str, text: str) -> Judged:
    """Return what a part of the pipeline changed and lost in a document."""
    text = re.sub("\r\n?", "\n", text.replace("\0", "\ufffd"))
    document, after, again = PARTS[part](PurePosixPath(Path(name).name), text)
    before = text.removeprefix(document.meta.front_matter)
    plain = any(change.step == "plain" for change in document.changes)
    source, result = _words(before) if plain else shown(before, before), shown(after)
    gone = list(lost_runs(source, result)) if "".join(source) != "".join(result) else []
    changes = tuple(change for change in document.changes if change.step not in {"describe", "normalize"})
    named = "\n".join(change.before for change in changes if change.step in RULES)
    letters = "".join(named.split())
    words = [run for run in gone if set(run) - MARKS]
    regions = [] if plain else [region for region in _changed_regions(before, after) if region not in named]
    return Judged(
        changes,
        tuple(run for run in words if run not in letters),
        tuple(run for run in words if run in letters),
        tuple(run for run in gone if not set(run) - MARKS),
        tuple(regions),
        again != after,
    )


def _changed_regions(before: str, after: str) -> Iterator[str]:
    """Yield the opaque regions that are not in the text after, in order; of code, each line of its content counts."""
    before, after, at = _CONTROLS.sub("", before), _CONTROLS.sub("", after), 0
    for start, end, kind in (region for group in block_groups(before) for region in group.opaque):
        region = before[start:end]
        for line in _content_lines(region) if kind == CODE else [region]:
            found = after.find(line, at)
            if found < 0:
                yield line
            at = max(at, found + len(line))


def _content_lines(code: str) -> list[str]:
    """Return the lines of code without fences and without indentation, which may change in a list."""
    lines = [line.strip(" \t>") for line in code.strip().split("\n")]
    return [line for line in lines if line and line.strip("`~") == line]


def documents(folders: Iterable[Path], most: int, seed: int) -> list[tuple[str, str]]:
    """Return the names and texts of at most so many documents that are UTF-8, the same for the same seed."""
    found = {
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix.lower() in KINDS and path.is_file() and 0 < path.stat().st_size <= MOST_BYTES
    }
    texts: dict[str, str] = {}
    for path in random.Random(seed).sample(sorted(found), len(found)):
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        if "\x1b" not in text:  # a shift code of ISO-2022
            texts.setdefault(text, str(path))
        if len(texts) == most:
            break
    return [(name, text) for text, name in texts.items()]


def listed(name: str, judged: Judged) -> str:
    """Return what a person has to judge of a document, as lines of a text."""
    kinds = (("lost", judged.lost), ("opaque", judged.opaque), ("by a rule", judged.by_rule), ("marks", judged.marks))
    lines = [f"  {kind}: {one!r}" for kind, runs in kinds for one in runs]
    lines += ["  a second pass changes the text again"] * judged.unstable
    lines += [f"  {one.step}, {one.reason}: {one.before!r} -> {one.after!r}" for one in judged.changes]
    return "\n".join([name, *lines, ""]) if lines else ""
