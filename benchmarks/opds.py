"""What the catalogue costs: `python benchmarks/opds.py BOOK.epub [NUMBER]` times it for copies of a book.

The first run reads every book; the second changes nothing; the third adds one book.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from pipeline.run.catalogue import CatalogueWriter
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.output_ledger import OutputLedger
from pipeline.store.schema import create_tables


def main(book: Path, number: int) -> None:
    """Print seconds of CPU time, files written, and their size."""
    data = book.read_bytes()
    with tempfile.TemporaryDirectory() as place:
        clean, out = Path(place, "clean"), Path(place, "out")
        db = sqlite3.connect(Path(place, "state"), isolation_level=None)
        create_tables(db)
        state, settings = ArchiveState(db, "flow"), Settings(clean=str(clean), out=str(out))
        for name, books in (("first", range(number)), ("unchanged", range(0)), ("one more", range(number, number + 1))):
            ledger = OutputLedger(state, clean, out)
            for at in books:
                ledger.put(out / f"posts/{at:06}.epub", "key", data + bytes(at % 2), f"{at}.md")
            ledger.flush()
            ledger.written.clear()
            started = time.process_time()
            CatalogueWriter(settings, state, ledger).write_all()
            print(f"{name}: {time.process_time() - started:.2f} s, {len(ledger.written)} files")
        files = [path for path in out.joinpath("opds").rglob("*") if path.is_file()]
        print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")
        db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int((sys.argv[2:] or ["2000"])[0]))
