"""Compare Lacuna with datatrove's FTFYFormatter, in whose place it works: sound text changed, damaged text restored.

    python benchmarks/formatter.py [CHARACTERS [DOCUMENTS]]    (default: 3,000 characters of 8 documents of a folder)

The texts are those of ../shared/corpus (without it tests/corpus) in Chinese, Japanese, Korean, Russian, French and
Vietnamese. Prints for each language the share of sound documents that change, and the character error rate (edits /
characters) of text whose UTF-8 was decoded as cp1252: without a loss (undefined bytes as Latin-1), with its undefined
bytes dropped, and with U+FFFD for each; then megabytes a CPU second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ftfy
from formatter_config import FTFY_OF_DATATROVE
from rapidfuzz.distance import Levenshtein

import pipeline

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("zh", "zh-posts", "zh-hant", "ja", "ko", "ru", "fr", "vi")
DAMAGES: dict[str, Callable[[str], str]] = {
    "no loss": lambda text: text.encode().decode("sloppy-windows-1252"),
    "dropped": lambda text: text.encode().decode("cp1252", "ignore"),
    "U+FFFD": lambda text: text.encode().decode("cp1252", "replace"),
}
Formatter = Callable[[str], str]


def by_ftfy(text: str) -> str:
    """Return a text as FTFYFormatter writes it."""
    return ftfy.fix_text(text, FTFY_OF_DATATROVE)


def by_ftfy_alone(text: str) -> str:
    """Return a text as ftfy writes it by default."""
    return ftfy.fix_text(text)


def by_lacuna(text: str) -> str:
    """Return a text as Lacuna's formatter writes it."""
    repaired: str = pipeline.batch({"text": [text]})["text"][0]
    return repaired


FORMATTERS: dict[str, Formatter] = {"ftfy": by_ftfy_alone, "FTFYFormatter": by_ftfy, "Lacuna": by_lacuna}


def texts(language: str, length: int, number: int) -> list[str]:
    """Return the beginnings of the documents of a language."""
    shared, own = ROOT.parent / "shared" / "corpus", ROOT / "tests" / "corpus" / "texts"
    folder = (shared if shared.is_dir() else own) / language
    found = [file.read_text("utf-8")[:length] for file in sorted(folder.rglob("*.md"))[:number]]
    return [text for text in found if text.strip()]


def error_rate(given: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the edits that make the wanted texts of the given ones, divided by the characters wanted."""
    edits = sum(Levenshtein.distance(one, other) for one, other in zip(given, wanted, strict=True))
    return edits / sum(map(len, wanted))


def measure(name: str, formatter: Formatter, length: int, number: int) -> None:
    """Print the figures of one formatter."""
    sound, bytes_, seconds = "", 0, 0.0
    formatter(DAMAGES["no loss"]("Größe 你好"))  # loads the models
    for language in LANGUAGES:
        wanted = texts(language, length, number)
        formatter("\n".join(wanted)[:length])  # loads the models of the language
        start = time.process_time()
        kept = [formatter(text) for text in wanted]
        seconds += time.process_time() - start
        bytes_ += sum(len(text.encode()) for text in wanted)
        changed = sum(one != other for one, other in zip(kept, wanted, strict=True))
        sound = f"{changed} of {len(wanted)}"
        rates = []
        for damage in DAMAGES.values():
            broken = [damage(text) for text in wanted]
            after = error_rate([formatter(text) for text in broken], wanted)
            rates.append(f"{error_rate(broken, wanted):.3f} > {after:.4f}")
        print(f"| {name} | {language} | {sound} | {' | '.join(rates)} |", flush=True)
    print(f"{name}: {bytes_ / 1e6 / seconds:.1f} MB a CPU second of sound text", flush=True)


def main() -> None:
    """Measure each formatter."""
    length, number = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((1, 3000), (2, 8)))
    damages = " | ".join(f"{name}: errors before > after" for name in DAMAGES)
    print(f"| formatter | language | sound, changed | {damages} |")
    print("|---|---|---|" + "---|" * len(DAMAGES))
    for name, formatter in FORMATTERS.items():
        measure(name, formatter, length, number)


if __name__ == "__main__":
    main()
