"""Compare pairs of different posts with a shared frame, and pairs of versions: which post the books leave out.

usage: python benchmarks/dedup_pairs.py [frames | versions | system]    (default: all)

`frames` puts two different words, sentences, numbers, signs or pieces of code into one frame of real prose, in the
languages of ../shared/corpus: no post may be left out. `versions` extends or corrects real prose: the later version
must be kept. `system` compares the change logs of this machine's packages, entry by entry, and their licences: the kept
file must have every word of the file that is left out.
"""

from __future__ import annotations

import gzip
import random
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

from dedup import SHARED, chunks, language_tag

from pipeline import Document
from pipeline.document import Metadata
from pipeline.duplicates.clusters import DuplicateMap, duplicate_clusters
from pipeline.duplicates.fingerprint import fingerprint
from pipeline.duplicates.index_tables import INDEX_SCHEMA
from pipeline.duplicates.lsh_index import LshIndex

FRAME = 1400  # bytes
SLOTS = {  # what differs between two posts with one frame
    "en": "Sow peas now.|Sow beans now.;John Miller was born here.|Joan Miller was born here.;"
    "Add the salt.|Add the malt.;The form is free.|The farm is free.;"
    "He was quite alone.|He was quiet alone.;Turn left.|Turn right.",
    "de": "Anna Maier ist gestorben.|Hanna Maier ist gestorben.;Der Kurs ist kein Ersatz.|Der Kurs ist ein Ersatz.;"
    "Wir säen Möhren.|Wir säen Rüben.;Geliebter Vater|Geliebte Mutter",
    "fr": "On sème les pois.|On sème les noix.;Jean est mort.|Jeanne est morte.;Le vin est bon.|Le pin est bon.",
    "es": "Sembrar el maíz.|Sembrar el anís.;Mario ha muerto.|María ha muerto.;No se puede.|Sí se puede.",
    "ru": "Сейте горох.|Сейте горчицу.;Умер Александр Иванов.|Умерла Александра Иванова.;Мука ржаная.|Мука ржавая.",
    "zh": "现在播种小麦。|现在播种大麦。;张三先生去世了。|张王先生去世了。;可以打开。|不可以打开。",
    "zh-hant": "今天種小麥。|今天種大麥。;他是男生。|她是女生。",
    "ja": "小麦粉を入れます。|大麦粉を入れます。;火曜日です。|水曜日です。",
    "ko": "지금 콩을 심으세요.|지금 파를 심으세요.;영희가 떠났다.|영호가 떠났다.",
    "ar": "ازرع القمح الآن.|ازرع الفول الآن.;توفي محمد.|توفي محمود.",
    "tr": "Şimdi nohut ekin.|Şimdi soğan ekin.",
    "pl": "Zmarł Jan Nowak.|Zmarła Janina Nowak.",
    "vi": "Hãy gieo đậu.|Hãy gieo dậu.",
    "uk": "Сійте горох.|Сійте просо.",
    "hi": "अब मटर बोएं।|अब गेहूं बोएं।",
    "th": "ตอนนี้ปลูกถั่ว|ตอนนี้ปลูกข้าว",
    "he": "זרעו אפונה עכשיו.|זרעו חיטה עכשיו.",
    "el": "Σπείρετε μπιζέλια.|Σπείρετε κουκιά.",
    "cs": "Zasejte hrách.|Zasejte mák.",
    "pt": "Semeie ervilhas.|Semeie lentilhas.",
}
SIGNS = [
    ("```python\nif a < b:\n    x += 1\n```", "```python\nif a <= b:\n    x += 1\n```"),
    ("```python\nfor a in b:\n    x += a\n    y()\n```", "```python\nfor a in b:\n    x += a\ny()\n```"),
    ("```sql\nSELECT * FROM t WHERE a = 1;\n```", "```sql\nSELECT * FROM t WHERE a <> 1;\n```"),
    ("    return a[i]\n", "    return a(i)\n"),
    ("Use `git reset --soft`.", "Use `git reset --hard`."),
    ("$$\nx = a + b\n$$", "$$\nx = a - b\n$$"),
    ("The sum is $a+b$.", "The sum is $a-b$."),
    ("It was -5 degrees.", "It was 5 degrees."),
    ("So a < b holds.", "So a > b holds."),
    ("We need 1.5 tons.", "We need 15 tons."),
    ("Numbers: 1, 2, 3.", "Numbers: 1, 2, 4."),
    ("Open 2021-03-05.", "Open 2021-05-03."),
    ("It costs 5 €.", "It costs 5 $."),
    ("I say 👍 to it.", "I say 👎 to it."),
    ("Written in C.", "Written in C++."),
    ("Call 138****5678.", "Call 139****5678."),
    ("- [ ] send it", "- [x] send it"),
    ("[Video](https://www.youtube.com/watch?v=aaaaaaaaaaa)", "[Video](https://www.youtube.com/watch?v=bbbbbbbbbbb)"),
    ("![strip](img/1.png)", "![strip](img/2.png)"),
    ("See <https://e.org/strips/peas>.", "See <https://e.org/strips/pears>."),
]


def documents_of(language: str, *texts: str) -> dict[PurePosixPath, Document]:
    """Return the texts as documents named by their numbers."""
    paths = [PurePosixPath(f"{at}.md") for at in range(len(texts))]
    return {path: Document(path, text, Metadata(language=language)) for path, text in zip(paths, texts, strict=True)}


def left_out(documents: dict[PurePosixPath, Document]) -> DuplicateMap:
    """Return the documents that are left out of the books."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(INDEX_SCHEMA)
        index = LshIndex(db, documents.__getitem__)
        index.update((), ((fingerprint(one), "") for one in documents.values()))
        return duplicate_clusters(index)


def frames(dice: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield the name of a pair and its two posts: the same frame, different contents."""
    for folder in sorted(path for path in (SHARED / "corpus").iterdir() if path.is_dir()):
        texts = list(chunks(folder, FRAME))
        pairs = [tuple(pair.split("|")) for pair in SLOTS.get(folder.name, "").split(";") if pair]
        for kind, slots in (("words", pairs), ("signs", dice.sample(SIGNS, 8))):
            for one, other in slots:
                lines = dice.choice(texts).split("\n")
                head, tail = "\n".join(lines[: len(lines) // 2]), "\n".join(lines[len(lines) // 2 :])
                if "```" in head or "<!--" in head:
                    continue
                yield f"{folder.name} {kind} {one!r}", f"{head}\n\n{one}\n\n{tail}", f"{head}\n\n{other}\n\n{tail}"
        for _ in range(8):  # one word of the text is replaced by another
            text = dice.choice(texts)
            words = list(re.finditer(r"(?<![#=&/%-])\b[^\W\d_]{4,}\b", text))  # not of a tracking parameter
            if folder.name[:2] in {"zh", "ja", "th"}:
                words = list(re.finditer(r"[\u0e00-\u0eff\u3040-\u30ff\u4e00-\u9fff]", text))
            if len(words) < 2:  # noqa: PLR2004
                continue
            one, other = dice.sample(words, 2)
            if one[0].casefold() != other[0].casefold():
                changed = text[: one.start()] + other[0] + text[one.end() :]
                yield f"{folder.name} word {one[0]} {other[0]}", text, changed


def measure_frames() -> None:
    """Print how many posts with a shared frame are left out."""
    lost, every = [], 0
    for seed in range(5):
        for name, one, other in frames(random.Random(seed)):
            every += 1
            if found := left_out(documents_of(language_tag(name), one, other)):
                lost.append((name, next(iter(found.values())).why))
    print(f"frames: {every} pairs, {len(lost)} posts left out")
    for name, why in lost[:20]:
        print(f"  {name}: {why}")


def versions(dice: random.Random) -> Iterator[tuple[str, Document, Document]]:
    """Yield the kind of edit, a post, and its later version."""
    names = [PurePosixPath("a.md"), PurePosixPath("b.md")]
    for folder in sorted(path for path in (SHARED / "corpus").iterdir() if path.is_dir()):
        texts = [text for text in chunks(folder, 3000) if "```" not in text and text.count("\n\n") > 4]  # noqa: PLR2004
        for _ in range(6):
            text, other = dice.choice(texts), dice.choice(texts)
            more = other[: dice.randrange(60, 500)].replace("\n", " ")
            parts = text.split("\n\n")
            at = dice.randrange(1, len(parts))
            inside = "\n\n".join([*parts[:at], more, *parts[at:]])
            dated = [Metadata(date="2021-03-01"), Metadata(date="2021-03-01", extra=(("updated", "2021-09-02"),))]
            url = [Metadata(source_url="https://e.org/p/1", date=date) for date in ("2021-03-01", "2022-03-01")]
            edited = text.replace(parts[at], parts[at][: len(parts[at]) // 2])
            kinds = {
                "extended at the end": (text, f"{text}\n\n**Update:** {more}", [Metadata(), Metadata()]),
                "extended at the start": (text, f"**Update:** {more}\n\n{text}", [Metadata(), Metadata()]),
                "extended inside": (text, inside, [Metadata(), Metadata()]),
                "extended, dated": (text, inside, dated),
                "edited, one URL": (text, edited, url),
                "corrected, one URL": (text, text.replace(parts[at][:3], "7,5"), url),
            }
            for kind, (old, new, metas) in kinds.items():
                dice.shuffle(names)
                if old != new:
                    yield kind, Document(names[0], old, metas[0]), Document(names[1], new, metas[1])


def measure_versions() -> None:
    """Print how often the later version is kept, and how often the earlier one is left out of the books."""
    kept, out, every = Counter[str](), Counter[str](), Counter[str]()
    for seed in range(3):
        for kind, old, new in versions(random.Random(seed)):
            found = left_out({old.path: old, new.path: new})
            every[kind] += 1
            kept[kind] += new.path not in found
            out[kind] += old.path in found
            if new.path in found:
                print(kind, found)
    print(f"versions: {every.total()} pairs, later version kept in {kept.total() / every.total():.1%}")
    for kind, number in every.items():
        print(
            f"  {kind:24} later kept {kept[kind] / number:.1%}, earlier left out {out[kind] / number:.1%} of {number}"
        )


def package_texts() -> Iterator[tuple[str, str]]:
    """Yield the licences of packages, and the entries of their change logs."""
    seen = set[str]()
    for path in sorted(Path("/usr/share/doc").glob("*/c[oh]*")):
        if path.name.startswith(("changelog", "copyright")) and path.is_file():
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            text = data.decode("utf-8", "replace")
            parts = [text] if path.name == "copyright" else re.split(r"\n(?=\S+ \(.*\) .*; urgency)", text)[:6]
            for at, part in enumerate(parts):
                if part not in seen and len(part) < 60_000:  # noqa: PLR2004
                    seen.add(part)
                    yield f"{path.parent.name}/{path.name}/{at}.md", part
    for path in sorted(Path("/root/.pyenv/versions").glob("*/lib/python*/idlelib/NEWS*.txt")):
        yield f"{path.parts[4]}/NEWS.md", path.read_text("utf-8", "replace")


def measure_system() -> None:
    """Print the change logs and licences that are left out, and their words that the kept file lacks."""
    documents = {PurePosixPath(name): Document(PurePosixPath(name), text) for name, text in package_texts()}
    found = left_out(documents)
    why = Counter(one.why for one in found.values())
    print(f"system: {len(documents)} texts, {len(found)} left out: {dict(why)}")
    wrong = 0
    for path, one in found.items():
        words, kept = (
            Counter(re.findall(r"\w+|[<>=+%$€-]", documents[name].text.casefold())) for name in (path, one.of)
        )
        if missing := words - kept:
            wrong += 1
            if wrong <= 25:  # noqa: PLR2004
                print(f"  {path} left out for {one.of} ({one.why}): {dict(missing.most_common(8))}")
    print(f"  {wrong} of them have words that the kept file lacks")


def main() -> None:
    """Run the measurements that the arguments name."""
    measures = {"frames": measure_frames, "versions": measure_versions, "system": measure_system}
    for name in sys.argv[1:] or measures:
        measures[name]()


if __name__ == "__main__":
    main()
