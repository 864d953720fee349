"""Run sound text through `repair`, `normalize` and the whole flow, and list every change for a person to judge.

usage: python benchmarks/harm.py [--parts repair,normalize,flow] [--sources corpus,messages,...] [--most N] [--seed N]
                                 [--list FILE] [FOLDER...]

`repair` gets each line of the sources alone, and as the only line outside ASCII of an English page. Sources that are
not at hand are left out; `cldr` needs the package babel, `alphabets` a folder of CLDR's `cldr-misc-full` in $CLDR_MISC.
A change that a person found right (the source itself has mojibake) has its line in harm_right.txt. `normalize` and the
flow get whole documents: of the FOLDERs, or of those of this machine. Exit code 1 where a change of `repair` is not in
harm_right.txt, a document loses characters or a part of an opaque region, or a second pass changes it again.
"""

from __future__ import annotations

import argparse
import gettext
import importlib
import json
import os
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import harm_documents

from pipeline import repair

HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared"
PAGE = "# Notes\n\nThis is a page of plain English text.\n\n{}\n\nIt has one line like that above, and nothing else.\n"
PLACES = {"alone": "{}", "in an English page": PAGE}
DOCUMENTS = ("/usr/share/doc", "/usr/lib/python3", "/usr/share/perl")
KINDS = {".md", ".txt", ".rst", ".po", ".desktop", ".html"}
MOST_BYTES = 400_000  # of each file
CLDR_PARTS = (
    *("languages", "territories", "scripts", "variants", "months", "days", "quarters", "eras", "day_periods"),
    *("list_patterns", "unit_display_names", "date_fields", "delimiters"),
)


class Change(NamedTuple):
    """A line that a filter changed."""

    before: str
    after: str
    why: str


def repaired(text: str) -> tuple[str, str]:
    """Return a text after repair, and the reasons for the changes."""
    document = repair(text)
    return document.text, "; ".join(sorted({change.reason for change in document.changes}))


def corpus_lines() -> Iterator[str]:
    """Yield the lines of the public texts for development, in 20 languages."""
    for path in sorted((SHARED / "corpus").glob("*/*.md")):
        yield from path.read_text("utf-8").splitlines()


def unchanged_lines() -> Iterator[str]:
    """Yield the lines of field cases that must not change."""
    path = SHARED / "field-cases" / "unchanged.txt"
    yield from path.read_text("utf-8").splitlines() if path.exists() else ()


def interface_messages() -> Iterator[str]:
    """Yield the lines of the machine's translated messages, in some 170 locales."""
    for path in sorted(Path("/usr/share/locale").glob("*/LC_MESSAGES/*.mo")):
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # noqa: SLF001
        except (OSError, ValueError, LookupError):  # not every catalogue is well-formed
            continue
        for message in catalogue.values():
            yield from message.splitlines() if isinstance(message, str) else ()


def document_lines() -> Iterator[str]:
    """Yield the lines of the machine's documents that are UTF-8."""
    for folder in DOCUMENTS:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in KINDS and path.is_file() and path.stat().st_size <= MOST_BYTES:
                data = path.read_bytes()
                if not data.isascii():
                    yield from data.decode("utf-8", "ignore").splitlines()


def cldr_names() -> Iterator[str]:
    """Yield names of languages, countries, months and days in all locales of CLDR, one by one and in lists of eight."""
    try:
        data = importlib.import_module("babel.localedata")
    except ImportError:
        return
    for locale in data.locale_identifiers():
        table = data.load(locale, merge_inherited=False)
        names = sorted({name for part in CLDR_PARTS if part in table for name in _strings(table[part])})
        yield from names
        yield from (", ".join(names[at : at + 8]) for at in range(0, min(len(names), 64), 8))


def _strings(value: object) -> Iterator[str]:
    """Yield the strings in nested dictionaries and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)


def alphabets() -> Iterator[str]:
    """Yield the letters of each language of CLDR: with spaces, with commas, in capitals, in a table row, joined."""
    for path in sorted(Path(os.environ.get("CLDR_MISC", "/nonexistent")).glob("main/*/characters.json")):
        (table,) = json.loads(path.read_text("utf-8"))["main"].values()
        for value in table["characters"].values():
            if isinstance(value, str) and value.startswith("["):
                letters = re.sub(r"[\\{}]", "", value[1:-1]).split()
                own = [letter for letter in letters if not letter.isascii()]
                yield from (" ".join(letters), ", ".join(letters), " ".join(letters).upper(), "".join(own))
                yield from (f"| {' | '.join(own)} |", f"The letters {', '.join(own[:6])} are special.")


SOURCES: dict[str, Callable[[], Iterator[str]]] = {
    "unchanged": unchanged_lines,
    "corpus": corpus_lines,
    "messages": interface_messages,
    "documents": document_lines,
    "cldr": cldr_names,
    "alphabets": alphabets,
}


def sample(lines: Iterator[str], most: int, seed: int) -> list[str]:
    """Return at most `most` random distinct lines outside ASCII; the same seed gives the same lines."""
    found = sorted({line for line in lines if line.strip() and not line.isascii()})
    return random.Random(seed).sample(found, min(most, len(found)))


def changes_of(lines: list[str], change: Callable[[str], tuple[str, str]], page: str) -> Iterator[Change]:
    """Yield the lines that a filter changes in a page."""
    for line in lines:
        before = page.format(line) if page == "{}" else page.replace("{}", line)
        after, why = change(before)
        if after != before:
            yield Change(line, after if page == "{}" else _line_of_page(after), why)


def _line_of_page(text: str) -> str:
    """Return the one line of a page that is not English."""
    start, end = PAGE.split("{}")
    return text.removeprefix(start).removesuffix(end)


def harm_of_repair(args: argparse.Namespace, file: TextIO) -> int:
    """List the lines that `repair` changes, print a figure for each source and place, and return how many are wrong."""
    right = set((HERE / "harm_right.txt").read_text("utf-8").splitlines())
    wrong = 0
    for source in args.sources.split(","):
        lines = sample(SOURCES[source](), args.most, args.seed)
        for place, page in PLACES.items():
            found = list(changes_of(lines, repaired, page))
            bad = [change for change in found if change.before not in right]
            file.writelines(
                f"repair, {source}, {place}\n  {change.before}\n  -> {change.after}\n  {change.why}\n" for change in bad
            )
            print(f"repair, {source}, {place}: {len(bad)} of {len(lines)} wrong, {len(found) - len(bad)} right")
            wrong += len(bad)
    return wrong


def harm_of(part: str, args: argparse.Namespace, file: TextIO) -> int:
    """List what `normalize` or the flow does to documents, print the figures, and return how many are harmed."""
    documents = harm_documents.documents(args.folders or harm_documents.FOLDERS, args.most, args.seed)
    judged = []
    for name, text in documents:
        judged.append(harm_documents.judge(part, name, text))
        if found := harm_documents.listed(name, judged[-1]):
            file.write(f"{part}, {found}")
    lost, by_rule, marks = (
        sum(map(len, runs))
        for runs in zip(*[map("".join, (one.lost, one.by_rule, one.marks)) for one in judged], strict=True)
    )
    print(
        f"{part}: {len(judged)} documents, {sum(bool(one.changes) for one in judged)} with changes of words or marks; "
        f"visible characters lost: {lost}, besides {by_rule} by a rule and {marks} marks; "
        f"opaque regions changed: {sum(len(one.opaque) for one in judged)}; "
        f"second pass equal: {sum(not one.unstable for one in judged)}"
    )
    return sum(bool(one.lost or one.opaque or one.unstable) for one in judged)


def main() -> int:
    """Write the list, and print a figure for each part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--parts", default="repair,normalize,flow")
    parser.add_argument("--sources", default=",".join(SOURCES))
    parser.add_argument("--most", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--list", type=Path, default=HERE.parent / "build" / "harm.txt")
    args = parser.parse_args()
    args.list.parent.mkdir(exist_ok=True)
    harmed = 0
    with args.list.open("w", encoding="utf-8") as file:
        for part in args.parts.split(","):
            harmed += harm_of_repair(args, file) if part == "repair" else harm_of(part, args, file)
    print(f"the changes to judge: {args.list}")
    return bool(harmed)


if __name__ == "__main__":
    sys.exit(main())
