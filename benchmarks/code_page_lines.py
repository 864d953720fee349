"""Single lines of one code page decoded as another, through repair: how many come back, stay, or become something else.

usage: python benchmarks/code_page_lines.py [LINES [SEED]]

The lines are translated messages of the machine, of 8 to 59 characters: LINES of each language and pair of code pages.
"""

from __future__ import annotations

import gettext
import random
import sys
from collections import Counter
from pathlib import Path

from codepages import damaged

from pipeline import repair

LANGUAGES = (
    *(("de", "cp1252"), ("fr", "cp1252"), ("es", "cp1252"), ("pt_BR", "cp1252"), ("it", "cp1252"), ("sv", "cp1252")),
    *(("nb", "cp1252"), ("fi", "cp1252"), ("cs", "cp1250"), ("pl", "cp1250"), ("hu", "cp1250"), ("sl", "cp1250")),
    *(("tr", "cp1254"), ("lt", "cp1257"), ("ru", "cp1251"), ("el", "cp1253")),
)
RECIPES = {
    "cp1252": "cp1252>{cp850,cp437,mac_roman,cp1250,cp1251,cp1253} {cp850,cp437,mac_roman}>cp1252",
    "cp1250": "cp1250>{cp1252,cp852,iso8859-2,mac_roman,cp1251} {cp852,iso8859-2}>cp1250",
    "cp1254": "cp1254>cp1252",
    "cp1257": "cp1257>cp1252",
    "cp1251": "cp1251>{cp1252,koi8-r,cp866} {koi8-r,cp866,mac_cyrillic,iso8859-5}>cp1251",
    "cp1253": "cp1253>{cp1252,cp1251} cp737>cp1253",
}


def messages(language: str) -> list[str]:
    """Return the distinct lines of the translated messages of a language."""
    found = set()
    for path in sorted(Path("/usr/share/locale").glob(f"{language}/LC_MESSAGES/*.mo")):
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # noqa: SLF001
        except (OSError, ValueError, LookupError):  # not every catalogue is well-formed
            continue
        for message in (one for one in catalogue.values() if isinstance(one, str)):
            found.update(line.strip() for line in message.splitlines() if "%" not in line and not line.isascii())
    return sorted(line for line in found if 8 <= len(line) < 60)  # noqa: PLR2004


def recipes(code_page: str) -> list[str]:
    """Return the recipes of a code page, with UTF-8 decoded as it: `cp1252>cp850`."""
    found = [f"utf-8>{code_page}:sloppy", "utf-8>cp437"]
    for group in RECIPES[code_page].split():
        truths, wrongs = (side.strip("{}").split(",") for side in group.split(">"))
        found += (f"{truth}>{wrong}:sloppy" for truth in truths for wrong in wrongs)
    return found


def main(count: int, seed: int) -> None:
    """Print the figures."""
    chance = random.Random(seed)
    found: Counter[tuple[str, str]] = Counter()
    for language, code_page in LANGUAGES:
        lines = messages(language)
        for recipe in recipes(code_page):
            truth = recipe.split(">")[0]
            for line in chance.sample(lines, count):
                if line.encode(truth, "ignore").decode(truth) != line or (broken := damaged(line, recipe)) == line:
                    continue
                read = repair(broken).text
                result = "right" if read == line else "left" if read == broken else "wrong"
                found["UTF-8" if truth == "utf-8" else "code pages", result] += 1
                if result == "wrong":
                    print(f"{recipe}: {line} | {broken} | {read}")
    for kind in ("UTF-8", "code pages"):
        print(kind, ", ".join(f"{result} {found[kind, result]}" for result in ("right", "left", "wrong")))


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], *("5", "1")[len(sys.argv) - 1 :])))
