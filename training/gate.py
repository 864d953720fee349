"""Corpus -> pipeline/language/model/gate.npz: how much more likely each pair of characters is in mojibake.

usage: python -m training.gate CORPUS
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.encoding.codecs import multi_byte_misdecodings, single_byte_misdecodings
from pipeline.encoding.misdecoding import bytes_by_character
from pipeline.language.model_meta import MODEL_FOLDER
from pipeline.mojibake.bigram_filter import RATIO_SCALE

SAMPLE = 400_000  # characters per language
FAINT = 3e-7  # the frequency below which a pair is not evidence: one in three million
OWN = (
    (0xA0, 0x180),  # Latin-1 Supplement, Latin Extended-A
    (0x370, 0x480),  # Greek, Cyrillic without historic letters
    (0x2010, 0x2040),  # dashes, quotation marks and more of General Punctuation
    (0x20AC, 0x20AD),  # EURO SIGN
    (0x2122, 0x2123),  # TRADE MARK SIGN
)  # code points that each have their own class
SCRIPTS = (
    *(0x590, 0x600, 0x700, 0x900, 0xE00, 0x1E00, 0x1F00, 0x2000, 0x2190, 0x2500, 0x2600, 0x3000, 0x3040, 0x30A0),
    *(0x3100, 0x3400, 0x4E00, 0xA000, 0xAC00, 0xD7B0, 0xE000, 0xF900, 0xFE00, 0xFF00, 0xFF60, 0xFFE0),
)  # first code points of scripts and blocks, which rare characters are grouped by
NATIVE = {
    "zh-Hans": ("gb18030",), "zh-Hant": ("big5",), "ja": ("cp932", "euc_jp"), "ko": ("cp949",),
    "ru": ("cp1251", "koi8-r", "cp866"), "uk": ("cp1251", "koi8-u", "cp866"), "bg": ("cp1251",),
    "el": ("cp1253",), "tr": ("cp1254",),
    "pl": ("cp1250",), "cs": ("cp1250",), "hu": ("cp1250",), "he": ("cp1255",), "ar": ("cp1256",), "th": ("cp874",),
}  # fmt: skip


def sampled(folder: Path) -> str:
    """Return a sample of a language's text, from all of its sources alike."""
    files = sorted(folder.glob("*.txt"))
    share = SAMPLE // max(len(files), 1)
    return "\n".join(file.read_text("utf-8", "replace")[:share] for file in files)


def damaged(text: str, language: str) -> Iterator[str]:
    """Yield the mis-decodings of `text` that are usual for files in `language`."""
    for truth in ("utf-8", *NATIVE.get(language, ())):
        data = text.encode(truth, "ignore")
        for wrong in single_byte_misdecodings():
            if wrong != truth:
                table = {byte: char for char, byte in bytes_by_character(wrong).items()}
                yield "".join(chr(byte) if byte < 0x80 else table.get(byte, "") for byte in data)
                yield data.decode(wrong, "ignore")
        for wrong in multi_byte_misdecodings():
            if wrong != truth:
                yield data.decode(wrong, "replace")


def kinds_of(texts: list[str]) -> np.ndarray:
    """Return the class of each character: common ones have their own, others share one by script and frequency."""
    counts = np.zeros(0x10000)
    for text in texts:
        codes = np.minimum(np.frombuffer(text.encode("utf-32-le"), np.uint32), 0xFFFF)
        counts = np.maximum(counts, np.bincount(codes, minlength=0x10000) / len(codes))
    kinds = np.zeros(0x10000, np.uint16)
    for code in range(128):
        char = chr(code)
        kinds[code] = (
            0 if char.isspace() else 1 if char.islower() else 2 if char.isupper() else 3 if char.isdigit() else 4
        )
    kinds[0x80:0xA0] = 5
    own = np.concatenate([np.arange(first, end) for first, end in OWN])
    kinds[own] = np.arange(6, 6 + len(own))
    rest = np.flatnonzero(kinds[128:] == 0) + 128
    rarity = np.digitize(-np.log10(np.maximum(counts[rest], 1e-9)), (3.0, 3.6, 4.2, 5.0, 6.0))
    script = np.searchsorted(SCRIPTS, rest, side="right")
    kinds[rest] = 6 + len(own) + np.unique(script * 8 + rarity, return_inverse=True)[1]
    return kinds


def share(text: str, kinds: np.ndarray) -> np.ndarray:
    """Return the frequency of each pair of classes in `text`, for pairs with a character outside ASCII."""
    codes = np.minimum(np.frombuffer(text.encode("utf-32-le"), np.uint32), 0xFFFF)
    seen = kinds[codes].astype(np.int64)
    outside = (codes[:-1] >= 0x80) | (codes[1:] >= 0x80)
    size = int(kinds.max()) + 1
    return np.bincount((seen[:-1] * size + seen[1:])[outside], minlength=size * size) / max(len(codes), 1)


def main(corpus: Path) -> None:
    """Write the table, made from the texts in `corpus`, which has a folder per language."""
    texts = {folder.name: sampled(folder) for folder in sorted(corpus.iterdir())}
    texts = {language: text for language, text in texts.items() if len(text) > 10_000}
    kinds = kinds_of(list(texts.values()))
    size = int(kinds.max()) + 1
    clean, broken = np.zeros(size * size), np.zeros(size * size)
    for language, text in texts.items():
        clean = np.maximum(clean, share(text, kinds))
        for one in damaged(text[:60_000], language):
            broken = np.maximum(broken, share(one, kinds))
    ratio = np.log((broken + FAINT) / (clean + FAINT))
    strangeness = np.clip(np.round(ratio * RATIO_SCALE), -127, 127).astype(np.int8).reshape(size, size)
    strangeness[:5, :5] = 0
    np.savez_compressed(MODEL_FOLDER / "gate.npz", kinds=kinds, strangeness=strangeness)
    print(size, "classes", (MODEL_FOLDER / "gate.npz").stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
