"""Text with one mark for each lost character: how many characters come back, and how many come back wrong.

usage: python benchmarks/marks.py FOLDER [LANGUAGES [MARKS]]   (MARKS: fffd, question, cp1252, cp1250, twice, bytes)

FOLDER holds LANGUAGE.txt, or LANGUAGE/*.md. The first 40,000 characters of each language lose every character outside
ASCII: to U+FFFD, to `?`, to U+FFFD decoded as cp1252 (three characters), as cp1250 or twice as cp1252. `bytes` is the
text in the Windows code page of the language, decoded as UTF-8.

Prints the share of lost characters that are right, wrong and still marked; the first two of letters alone; the question
marks of the text that were changed; CPU seconds a megabyte; and how many of the changes that claim .99, .95, .9 or more
are right.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline import Change, repair
from pipeline.document import REPLACEMENT

LANGUAGES = "fr,de,pt,pl,tr,hu,sv,cs,es"
MARKS = "fffd,question"
CHARACTERS = 40_000
CODE_PAGES = {"tr": "cp1254", "pl": "cp1250", "cs": "cp1250", "hu": "cp1250"}  # cp1252 is that of the others
CLAIMS = (0.99, 0.95, 0.9)


def marks(kind: str) -> str:
    """Return the mark that replaces a lost character."""
    mark = "?" if kind == "question" else REPLACEMENT
    if kind in {"cp1252", "cp1250", "twice"}:
        mark = mark.encode().decode("cp1250" if kind == "cp1250" else "cp1252")
    return mark.encode().decode("cp1252") if kind == "twice" else mark


def damaged(truth: str, kind: str, language: str) -> tuple[str, str]:
    """Return the damaged text, and the truth that it has the marks of: a character of it for each."""
    if kind != "bytes":
        mark = marks(kind)
        return truth, "".join(char if char.isascii() else mark for char in truth)
    codec = CODE_PAGES.get(language, "cp1252")
    kept = truth.encode(codec, "ignore").decode(codec)
    return kept, kept.encode(codec).decode("utf-8", "replace")


def text_of(folder: Path, language: str) -> str:
    """Return the beginning of the text of a language."""
    file = folder / f"{language}.txt"
    files = [file] if file.exists() else sorted((folder / language).glob("*.md"))
    return "\n".join(path.read_text("utf-8") for path in files)[:CHARACTERS]


def parts(truth: str, codec: str) -> Iterator[str]:
    """Yield the parts of a text that have one mark each, or are ASCII: two or three characters may have one mark."""
    at = 0
    while at < len(truth):
        size = 1
        for longer in (3, 2) if codec and not truth[at].isascii() else ():
            some = truth[at : at + longer]
            if size == 1 and len(some) == longer and len(some.encode(codec).decode("utf-8", "replace")) == 1:
                size = longer
        yield truth[at : at + size]
        at += size


def outcome(truth: Sequence[str], mark: str, changes: Sequence[Change]) -> list[tuple[str, str, float]]:
    """Return the true character, the new one and the confidence of each mark that was replaced."""
    owners, at = {}, 0
    for index, part in enumerate(truth):
        owners[at] = index
        at += 1 if part.isascii() else len(mark)
    found = []
    for change in changes:
        if change.span[0] in owners and change.after != change.before:
            first, last = owners[change.span[0]], owners.get(change.span[1], len(truth))
            after = [change.after] if last - first == 1 else change.after
            found += [
                (truth[first + offset], char, change.confidence or 0.0)
                for offset, char in enumerate(after)
                if char != REPLACEMENT
            ]
    return found


def row(truth: str, kind: str, language: str) -> str:
    """Return a line of the table."""
    truth, broken = damaged(truth, kind, language)
    start = time.process_time()
    changes = repair(broken).changes
    seconds = time.process_time() - start
    codec = CODE_PAGES.get(language, "cp1252") if kind == "bytes" else ""
    cut = list(parts(truth, codec))
    made = outcome(cut, marks(kind), changes)
    lost = sum(not part.isascii() for part in cut)
    letters = sum(part.isalpha() and not part.isascii() for part in cut)
    right = [(part, confidence, part == after) for part, after, confidence in made]
    good = sum(ok for _, _, ok in right)
    good_letters = sum(ok for char, _, ok in right if char.isalpha() and not char.isascii())
    bad_letters = sum(not ok for char, _, ok in right if char.isalpha() and not char.isascii())
    asked = sum(char == "?" for char, _, _ in right)
    claims = []
    for least in CLAIMS:
        chosen = [ok for _, confidence, ok in right if confidence >= least]
        claims.append(f"{sum(chosen) / len(chosen):.3f}" if chosen else "-")
    found, wrong = 100 * good / lost, 100 * (len(right) - good) / lost
    return (
        f"{language:4} {kind:9} {lost:6} {found:6.1f} {wrong:6.2f} {100 - found - wrong:6.1f}"
        f" {100 * good_letters / letters:8.1f} {100 * bad_letters / letters:6.2f} {asked:4} of {truth.count('?'):4}"
        f" {1e6 * seconds / len(broken.encode()):6.1f} {' '.join(claims)}"
    )


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    languages, kinds = (sys.argv[2:] + [LANGUAGES, MARKS][len(sys.argv) - 2 :])[:2]
    print(
        f"{'':4} {'mark':9} {'lost':>6} {'right':>6} {'wrong':>6} {'marked':>6} {'letters':>8} {'wrong':>6}"
        f" {'real ?':>12} {'s/MB':>6} right of .99 .95 .9"
    )
    repair("Ich m\ufffdchte")  # loads the model
    for kind in kinds.split(","):
        for language in languages.split(","):
            if truth := text_of(folder, language):
                print(row(truth, kind, language), flush=True)


if __name__ == "__main__":
    main()
