"""Everyday mis-decodings through repair, compared with ftfy and with the text as it is.

usage: python benchmarks/codepages.py [--only PATTERN] [--documents N] [--characters N] [--show]

Each row is a recipe and the languages that use its codecs. Documents are the public texts for development in
../shared/corpus, and translated messages of the machine for languages that have none there. Printed for each recipe:
documents, the share that comes back exactly (left alone, ftfy, Lacuna), the character error rate of each (edits /
characters of the truth), documents that are worse than left alone, and characters of the truth a second of CPU time.
`--show` prints the first difference of each document that is not exact.

A recipe is a chain of steps: `utf-8>cp1256` decodes bytes of one codec as another. Undefined bytes become what
browsers make of them (`:browser`, the default: C1 controls below A0, U+FFFD above), C1 controls throughout
(`:sloppy`), U+FFFD (`:replace`), or nothing (`:ignore`).
"""

from __future__ import annotations

import argparse
import gettext
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import ftfy
from rapidfuzz.distance import Levenshtein

from pipeline import repair

SHARED = Path(__file__).parent.parent.parent / "shared"
SMALLEST = 60  # characters of a paragraph that counts
ROWS: tuple[tuple[str, str], ...] = (
    # UTF-8 decoded as the code page of a language, without loss
    ("utf-8>cp1252:sloppy", "de fr es pt en vi zh"),
    ("utf-8>cp1250:sloppy", "cs pl hu sl hr de"),
    ("utf-8>cp1251:sloppy", "ru uk bg sr be"),
    ("utf-8>cp1253:sloppy", "el"),
    ("utf-8>cp1254:sloppy", "tr"),
    ("utf-8>cp1255:sloppy", "he ru de"),
    ("utf-8>cp1256:sloppy", "ar fa ur fr"),
    ("utf-8>cp1257:sloppy", "lt lv et ru"),
    ("utf-8>cp1258:sloppy", "vi fr"),
    ("utf-8>cp874:sloppy", "th zh"),
    ("utf-8>iso8859-2:sloppy", "cs pl hu"),
    ("utf-8>iso8859-5:sloppy", "ru bg"),
    ("utf-8>iso8859-6:sloppy", "ar"),
    ("utf-8>iso8859-7:sloppy", "el de"),
    ("utf-8>iso8859-8:sloppy", "he"),
    ("utf-8>iso8859-9:sloppy", "tr de"),
    ("utf-8>iso8859-13", "lt lv"),
    ("utf-8>iso8859-15", "fr de"),
    ("utf-8>cp437", "de fr es"),
    ("utf-8>cp737", "el"),
    ("utf-8>cp775", "lt lv et"),
    ("utf-8>cp850", "de fr es pt"),
    ("utf-8>cp852", "cs pl hu"),
    ("utf-8>cp866", "ru uk"),
    ("utf-8>koi8-r", "ru"),
    ("utf-8>mac_roman", "de fr es zh"),
    ("utf-8>mac_cyrillic", "ru uk"),
    # The same as browsers do
    ("utf-8>cp1253", "el de ru"),
    ("utf-8>cp1255", "he de ru"),
    ("utf-8>cp1256", "ar fa ur"),
    ("utf-8>cp1257", "lt lv et de ru"),
    ("utf-8>cp1258", "vi fr zh"),
    ("utf-8>cp874", "th de zh"),
    ("utf-8>iso8859-7", "el de"),
    ("utf-8>iso8859-6", "ar"),
    ("utf-8>iso8859-8", "he"),
    ("utf-8>cp1252:ignore", "ru zh cs"),
    ("utf-8>cp1255:ignore", "he"),
    ("utf-8>cp874:ignore", "th"),
    ("utf-8>cp1258:ignore", "vi"),
    # UTF-8 decoded as double-byte codecs
    ("utf-8>gbk:replace", "zh de ru"),
    ("utf-8>big5hkscs:replace", "zh-hant zh ru de"),
    ("utf-8>cp950:replace", "zh-hant zh ru de"),
    ("utf-8>cp932:replace", "ja zh de ru"),
    ("utf-8>euc_jp:replace", "ja zh de ru"),
    ("utf-8>euc_kr:replace", "ko zh de ru"),
    ("utf-8>cp949:replace", "ko de ru"),
    # Code pages for each other
    ("cp1252>cp850", "de fr es pt"),
    ("cp1252>cp437", "de fr es pt"),
    ("cp1252>mac_roman", "de fr es pt"),
    ("cp1252>cp1251", "de fr es pt"),
    ("cp1252>cp1253", "de fr es"),
    ("cp1252>cp1250", "fr pt es"),
    ("cp850>cp1252", "de fr es pt"),
    ("cp437>cp1252", "de fr es"),
    ("mac_roman>cp1252", "de fr es pt"),
    ("cp1250>cp1252", "cs pl hu"),
    ("iso8859-2>cp1252", "cs pl hu"),
    ("cp852>cp1250", "cs pl hu"),
    ("cp852>cp1252", "cs pl hu"),
    ("cp1250>cp852", "cs pl hu"),
    ("iso8859-2>cp1250", "cs pl hu"),
    ("cp1250>iso8859-2:sloppy", "cs pl hu"),
    ("iso8859-2>cp852", "cs pl hu"),
    ("cp1251>mac_cyrillic", "ru uk"),
    ("mac_cyrillic>cp1251", "ru uk"),
    ("iso8859-5>cp1251", "ru uk bg"),
    ("cp1251>iso8859-5", "ru bg"),
    ("cp866>cp1251", "ru"),
    ("cp1251>cp866", "ru"),
    ("koi8-r>cp1251", "ru"),
    ("iso8859-6>cp1256", "ar"),
    ("cp1256>iso8859-6", "ar"),
    ("cp1256>cp1252", "ar fa"),
    ("cp1255>cp1252", "he"),
    ("cp737>cp1253", "el"),
    ("cp1253>cp737", "el"),
    ("cp1257>cp1252", "lt lv"),
    # Double-byte codecs for each other
    ("euc_jp>cp932:replace", "ja"),
    ("cp932>euc_jp:replace", "ja"),
    ("cp932>cp1252:replace", "ja"),
    ("gbk>cp932:replace", "zh"),
    ("cp932>gbk:replace", "ja"),
    ("big5>gbk:replace", "zh-hant"),
    ("gbk>big5:replace", "zh"),
    ("cp949>gbk:replace", "ko"),
    ("cp949>cp932:replace", "ko"),
    ("gbk>cp949:replace", "zh"),
    ("gbk>cp1250:sloppy", "zh"),
    # After-damage
    ("utf-8>cp1252:sloppy+lower", "de fr cs ru el"),
    ("utf-8>cp1252:ignore+nfkc", "de fr cs ru zh"),
    ("utf-8>cp1252:ignore+nfd", "de fr cs ru"),
    ("utf-8>cp1252:sloppy+straight", "fr de en es"),
    ("utf-8>cp1252:sloppy+smart", "fr de en ru"),
    ("utf-8>cp1252:sloppy+wrap", "de fr ru zh"),
    ("utf-8>cp1252:sloppy+zwsp", "de fr ru zh"),
    ("utf-8>cp1252:sloppy+escape", "de fr ru"),
    ("utf-8>cp1252:sloppy+utf-8>cp1252:ignore+noshy", "de fr cs ru zh"),
    ("utf-8>cp1252:sloppy+utf-8>cp1252:replace", "de fr cs zh th"),
    ("nbsp>cp1252", "de fr en pl"),
)


def corpus_texts(language: str) -> Iterator[str]:
    """Yield texts of a language: the public texts for development, or else messages of the machine."""
    for path in sorted((SHARED / "corpus" / language).glob("*.md")):
        yield path.read_text("utf-8").replace("\u00ad", "")
    messages: list[str] = []
    for path in sorted(Path(f"/usr/share/locale/{language}/LC_MESSAGES").glob("*.mo")):
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # noqa: SLF001
        messages += (one for one in catalogue.values() if isinstance(one, str) and len(one) >= SMALLEST)
        if sum(map(len, messages)) > 20_000:  # noqa: PLR2004
            yield "\n\n".join(messages)
            messages = []


def documents(language: str, count: int, characters: int) -> Iterator[str]:
    """Yield documents of so many characters: whole paragraphs, each with a character outside ASCII."""
    found = 0
    for text in corpus_texts(language):
        rows = [row for row in text.split("\n") if len(row) >= SMALLEST / 3 and not row.isascii()]
        body, size = [], 0
        for row in rows:
            body.append(row)
            size += len(row)
            if size >= characters:
                break
        if size < characters:
            continue
        yield "\n\n".join(body)[:characters].strip() + "\n"
        found += 1
        if found == count:
            return


def decoded(data: bytes, codec: str, errors: str) -> str:
    """Return bytes decoded as a codec, undefined ones as the recipe says."""
    if errors in {"replace", "ignore"}:
        return data.decode(codec, errors)
    found = []
    for byte in data:
        char = bytes([byte]).decode(codec, "ignore")
        fallback = chr(byte) if errors == "sloppy" or byte < 0xA0 else "\ufffd"  # noqa: PLR2004
        found.append(char or fallback)
    return "".join(found)


def straightened(text: str) -> str:
    """Return a text with straight quotes."""
    return text.translate(dict.fromkeys(map(ord, "“”„"), '"') | dict.fromkeys(map(ord, "‘’‚"), "'"))


def wrapped(text: str) -> str:
    """Return a text with a line break after at most 76 bytes of each line, as mail programs break it."""
    rows = []
    for row in text.split("\n"):
        rest = row
        while len(rest.encode()) > 76:  # noqa: PLR2004
            cut = len(rest.encode()[:76].decode("utf-8", "ignore"))
            rows.append(rest[:cut])
            rest = rest[cut:]
        rows.append(rest)
    return "\n".join(rows)


STEPS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "nfd": lambda text: unicodedata.normalize("NFD", text),
    "straight": straightened,
    "smart": lambda text: text.replace('"', "”").replace("'", "’"),
    "wrap": wrapped,
    "zwsp": lambda text: text.replace("Ã", "Ã\u200b").replace("Ð", "Ð\u200b"),
    "escape": lambda text: text.replace("*", r"\*").replace("_", r"\_").replace("`", r"\`"),
    "noshy": lambda text: text.replace("\u00ad", ""),
    "nbsp>cp1252": lambda text: text.replace(". ", ".Â\u00a0").replace(", ", ",Â "),
}


KEPT_STEPS = ("lower", "smart", "escape")  # what they change in sound text stays


def damaged(text: str, recipe: str) -> str:
    """Return a text as a recipe leaves it. Characters that its codecs lack are left out of the truth before."""
    for step in recipe.split("+"):
        if step in STEPS:
            text = STEPS[step](text)
            continue
        pair, _, errors = step.partition(":")
        truth, wrong = pair.split(">")
        text = decoded(text.encode(truth), wrong, errors or "browser")
    return text


def writable(text: str, recipe: str) -> str:
    """Return a text without the characters that the first codec of a recipe lacks, typography in ASCII."""
    truth = recipe.split(">", maxsplit=1)[0]
    if truth in {"utf-8", "nbsp"}:
        return text
    plain = text.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0x201E: '"', 0x2013: "-", 0x2014: "-"})
    return plain.encode(truth, "ignore").decode(truth)


def main() -> None:
    """Print a line for each recipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--documents", type=int, default=3)
    parser.add_argument("--characters", type=int, default=800)
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    print(f"{'recipe':42} docs exact: left ftfy lacuna   CER: left    ftfy  lacuna worse chars/s")
    for recipe, languages in ROWS:
        if not re.search(args.only, recipe):
            continue
        measure(recipe, languages.split(), args.documents, args.characters, show=args.show)


def measure(recipe: str, languages: list[str], count: int, characters: int, *, show: bool) -> None:
    """Print the line of a recipe."""
    made = exact_left = exact_peer = exact = worse = length = left = peer = ours = 0
    spent = 0.0
    for language in languages:
        for document in documents(language, count, characters):
            truth = writable(document, recipe)
            broken = damaged(truth, recipe)
            last = recipe.rpartition("+")[2]
            expected = STEPS[last](truth) if last in KEPT_STEPS else truth
            start = time.process_time()
            read = repair(broken).text
            spent += time.process_time() - start
            read = read.lower() if last == "lower" else read  # bytes keep the case of letters outside ASCII
            other = ftfy.fix_encoding(broken)
            distances = [Levenshtein.distance(expected, one) for one in (broken, other, read)]
            made, length = made + 1, length + len(truth)
            left, peer, ours = (sum(pair) for pair in zip((left, peer, ours), distances, strict=True))
            exact_left, exact_peer, exact = (
                total + (one == 0) for total, one in zip((exact_left, exact_peer, exact), distances, strict=True)
            )
            worse += distances[2] > distances[0]
            if show and distances[2]:
                print(f"  {language}: {distances}")
                show_difference(expected, broken, read)
    if not made:
        return
    print(
        f"{recipe:42} {made:4} {'':6} {exact_left / made:4.2f} {exact_peer / made:4.2f} {exact / made:6.2f} {'':6}"
        f"{left / length:8.4f} {peer / length:7.4f} {ours / length:7.4f} {worse:5} {length / max(spent, 1e-9):7.0f}"
    )
    sys.stdout.flush()


def show_difference(expected: str, broken: str, read: str) -> None:
    """Print the first place where what came back differs from the truth."""
    at = next((at for at, pair in enumerate(zip(expected, read, strict=False)) if pair[0] != pair[1]), 0)
    for name, text in (("truth", expected), ("read", read)):
        print(f"    {name:6} {text[max(0, at - 30) : at + 40]!r}")
    print(f"    {'broken':6} {broken[:70]!r}")


if __name__ == "__main__":
    main()
