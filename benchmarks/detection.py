"""Detect the encodings of ../shared/encodings: files as they are, with blanked declarations, and parts of their text.

usage: python benchmarks/detection.py [SEED]

Prints for each the share of files, or of parts of 10, 30 and 100 characters, that decode to the same text as with the
codec of their label, and how many do not. Files that the codec of their label cannot decode are left out.
"""

from __future__ import annotations

import codecs
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipeline.document import SkipDocument
from pipeline.read.decode import detect

FILES = Path("../shared/encodings/files")
WINDOWS = (10, 30, 100)  # characters
DECLARATION = re.compile(rb"(?i)((?:charset|encoding)\s*[=:]\s*[\"']?\s*)([\w.:-]+)")


def labelled() -> Iterator[tuple[bytes, str]]:
    """Yield the bytes of each file, and the codec of its label."""
    for file in sorted(FILES.glob("*/*")):
        try:
            codec = codecs.lookup(file.parent.name).name
            file.read_bytes().decode(codec)
        except (LookupError, UnicodeDecodeError):
            continue
        yield file.read_bytes(), codec


def right(data: bytes, codec: str) -> bool:
    """Return whether the detected codec decodes `data` to the same text as `codec`."""
    try:
        return data.decode(detect(data).codec).lstrip("\ufeff") == data.decode(codec).lstrip("\ufeff")
    except (SkipDocument, UnicodeDecodeError):
        return False


def window(text: str, size: int, codec: str, chance: random.Random) -> bytes:
    """Return `size` characters of `text` around a random one outside ASCII, in `codec`; empty if there is none."""
    places = [at for at, char in enumerate(text) if char > "\x7f" and not char.isspace() and char != "\ufeff"]
    start = max(0, chance.choice(places) - size // 2) if places else 0
    data = text[start : start + size].encode(codec, "ignore")
    return b"" if data.isascii() else data


def main(seed: int) -> None:
    """Detect, count, and print the shares."""
    chance = random.Random(seed)
    found: Counter[tuple[str, bool]] = Counter()
    for data, codec in labelled():
        found["as they are", right(data, codec)] += 1
        found["blanked", right(DECLARATION.sub(lambda match: match[1] + b"x" * len(match[2]), data), codec)] += 1
        for size in WINDOWS:
            if part := window(data.decode(codec), size, codec, chance):
                found[f"{size} characters", right(part, codec)] += 1
    for name in ("as they are", "blanked", *(f"{size} characters" for size in WINDOWS)):
        good, bad = found[name, True], found[name, False]
        print(f"{name:16} {good / (good + bad):.4f}  ({bad} of {good + bad} wrong)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
