"""An archive with open items, as a run leaves it, for tests and benchmarks of the desk: no run is needed."""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath

from pipeline.decisions import OpenItem
from pipeline.decisions.decision import place_key
from pipeline.document import Document, Metadata
from pipeline.records.clean_file import clean_file
from pipeline.store.packing import pack
from pipeline.store.schema import create_tables
from tests.posts import CHINESE, HARBOUR

ITEMS_PER_DOCUMENT = 20
PAIRS = (  # what was there, what was inferred, the next candidate, the language, the words around it
    ("æ¢\ufffdåº¦", "梯度", "梭度", "zh-Hans", "合成", "的框架试图解锁向前和向后的传递，网络的不同部分分开训练。"),
    ("v\ufffdem", "všem", "včem", "cs", "Děkuji ", ", kdo přišli k nám na návštěvu a zůstali až do večera."),
    ("K\ufffdnnen", "Können", "Kannen", "de", "", " wir am Sonntag noch einmal über den Hafen sprechen?"),
    ("å\ufffd°", "地", "场", "zh-Hans", "渔民把网拖上沙滩，孩子们高兴", "跑过去看里面有什么，整个村子都在睡觉。"),
    ("شكر\ufffd", "شكرا", "شكرك", "ar", "نقول ", " لكل من جاء إلى الميناء هذا الصباح"),
    (
        "nai\u0308ve ï¿½t\ufffd",
        "naïve été",
        "naïve âté",
        "fr",
        "C’était un ",
        " près du vieux port, avec les pêcheurs.",
    ),
)


def open_items(count: int) -> Iterator[OpenItem]:
    """Yield `count` different open items, a score per document."""
    for at, (before, after, other, language, left, right) in zip(range(count), itertools.cycle(PAIRS), strict=False):
        source = f"{at}: {left}"
        yield OpenItem(
            place_key("repair", source[-32:], before, right[:32]),
            f"post-{at // ITEMS_PER_DOCUMENT:03}.md",
            "inferred",
            "repair",
            before,
            after,
            "UTF-8 decoded as cp1252, byte missing; reconstructed",
            round(0.4 + at % 59 / 100, 2),
            ((other, 0.21), ("", 0.03)) if at % 3 else (),
            left=source,
            right=right,
            source_left=source[-32:],
            source_right=right[:32],
            line=at % ITEMS_PER_DOCUMENT + 1,
            language=language,
            from_archive=at % 5 == 0,
        )


def make_review_archive(folder: Path, count: int, *, duplicates: bool = True) -> Path:
    """Write an archive with `count` open items and, by default, one near-duplicate; return its folder."""
    clean, out = folder / "clean", folder / "out" / "posts"
    for made in (folder / "raw", clean, out):
        made.mkdir(parents=True)
    items = list(open_items(count))
    documents = dict.fromkeys(sorted({item.document for item in items}), HARBOUR)
    documents |= {"harbour.md": HARBOUR, "海边.md": f"# 海边\n\n{CHINESE}\n"}
    (out / "harbour.epub").write_bytes(b"PK an e-book")
    with closing(sqlite3.connect(clean / ".state.sqlite")) as db:
        create_tables(db)
        for path, text in documents.items():
            _put(db, Document(PurePosixPath(path), text, Metadata(title=_title(text), date="2021-03-09")))
        if duplicates:
            copy = HARBOUR.replace("12 crabs", "13 crabs")
            _put(db, Document(PurePosixPath("harbour-2.md"), copy, Metadata(title="Harbour, a copy")), "harbour.md")
        for item in items:
            row = (item.document, item.id, item.confidence, item.line, *item.keys[1:], pack(item))
            db.execute(
                "INSERT INTO open_items (path, id, confidence, line, pair, kind, item) VALUES (?,?,?,?,?,?,?)", row
            )
        db.commit()
    for path, text in documents.items():
        document = Document(PurePosixPath(path), text, Metadata(title=_title(text), date="2021-03-09"))
        (clean / path).write_bytes(clean_file(document))
    return folder


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ")


def _put(db: sqlite3.Connection, document: Document, duplicate_of: str | None = None) -> None:
    path, packed = str(document.path), pack(document)
    similar = (duplicate_of, "near copy", 0.97) if duplicate_of else (None, None, None)
    names = "path, flow, stamp, sha256, kind, name, folded, title, url, digest, rolled_back, inferred, evidence, rank"
    stem = path.removesuffix(".md")
    digest = hashlib.sha256(path.encode()).hexdigest()
    about = (path, "", "", digest, "cleaned", stem, stem, document.meta.title)
    values = (*about, "", "", 0, 0, "", 0, len(document.text), "en", 0, "")
    marks = ", ".join("?" * (len(values) + 3))
    columns = f"{names}, length, language, short, prior, duplicate_of, why, similarity"
    db.execute(f"INSERT INTO documents ({columns}) VALUES ({marks})", (*values, *similar))  # noqa: S608
    db.execute("INSERT INTO contents VALUES (?, ?, NULL)", (path, packed))
    db.execute("INSERT INTO outputs VALUES ('.', ?, ?, '', '', '', '')", (f"{stem}.md", path))
