"""The SQLite file of the state: its tables, and how it is opened, checked and sealed."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import shutil
import sqlite3
import sys
import tempfile
import zlib
from contextlib import closing
from pathlib import Path

from pipeline.decisions.item_tables import ITEM_SCHEMA
from pipeline.duplicates import index_tables
from pipeline.read.folder import source_stamp
from pipeline.store.atomic import errors_naming, remove_partial_files, write_atomically
from pipeline.store.tables import STATE_SCHEMA, TRIGGERS

VERSION = "14"
OPEN = b"open\n"  # in place of the seal while a run writes; a killed run leaves it
SUMMED_BYTES, PAGES_PER_READ = 512, 2048  # for the checksum: the least page of SQLite, a megabyte
CRC_BITS = 0xFFFFFFFF
CACHE_KILOBYTES = 64_000  # of the database in memory: keys of the index of duplicates go to random pages
WALK_KILOBYTES = 8_000  # where each row is read once
DATABASE_FILE = ".state.sqlite"  # in clean/


def keep_few_pages(db: sqlite3.Connection) -> None:
    """Free most of the pages in memory, before the rows are read one after another.

    The C library of Linux keeps the freed memory for itself, 75 MB after 10,000 new documents.
    """
    db.execute(f"PRAGMA cache_size = -{WALK_KILOBYTES}")
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


class DamagedState(Exception):  # noqa: N818 - a condition, not a fault
    """The state cannot be used; the message says why. A run can rebuild it from raw/."""


_WRITING_ACTIONS = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_DROP_TABLE}


def open_database(file: Path, *, rebuild: bool = False) -> sqlite3.Connection:
    """Return the database at `file`; with `rebuild`, delete the old one first.

    Raises DamagedState if the seal is missing or does not match, if a file that a run left open fails the full check,
    or if the file is of another version.
    """
    if rebuild:
        delete_database(file)
    found, opened = file.exists(), _is_open(file)
    if found and not opened and not _matches_seal(file):
        message = "changed since the last run"
        raise DamagedState(message)
    db = sqlite3.connect(file, isolation_level=None)
    db.execute(f"PRAGMA cache_size = -{CACHE_KILOBYTES}")
    try:
        if found:
            _check_database(db, whole=opened)
        else:
            create_tables(db)
    except BaseException:
        db.close()
        raise
    _open_seal_before_writing(db, file)
    return db


def _open_seal_before_writing(db: sqlite3.Connection, file: Path) -> None:
    """Replace the seal by OPEN before the first statement that writes: a run that changes nothing keeps it."""
    opened = False

    def authorize(action: int, table: str | None, _column: object, database: str | None, _trigger: object) -> int:
        nonlocal opened
        if opened or action not in _WRITING_ACTIONS or database == "temp" or str(table).startswith("sqlite_temp"):
            return sqlite3.SQLITE_OK
        try:
            write_atomically(file.parent, _seal_file(file), OPEN)
        except OSError:
            return sqlite3.SQLITE_DENY  # the statement fails with SQLITE_AUTH
        opened = True
        return sqlite3.SQLITE_OK

    db.set_authorizer(authorize)


def open_copy_in_memory(file: Path, *, rebuild: bool = False) -> sqlite3.Connection:
    """Return a copy of `file` in memory; a new database if there is none, or with `rebuild`. Raises Damaged."""
    if not rebuild and file.exists() and not _is_open(file) and not _matches_seal(file):
        message = "changed since the last run"
        raise DamagedState(message)
    memory = sqlite3.connect(":memory:", isolation_level=None)
    try:
        if rebuild or not file.exists():
            create_tables(memory)
        else:
            _copy_to_memory(file, memory)
    except BaseException:
        memory.close()
        raise
    return memory


def _copy_to_memory(file: Path, memory: sqlite3.Connection) -> None:
    """Copy the database at `file`. Raises Damaged."""
    with tempfile.TemporaryDirectory() as folder:  # SQLite writes next to the file where a run was killed
        for each in (file, _journal_file(file)):
            if each.exists():
                shutil.copy(each, folder)
        with closing(sqlite3.connect(Path(folder, file.name))) as db:
            _check_database(db, whole=True)
            db.backup(memory)


def seal_database(file: Path) -> None:
    """Store the stamp and the checksum of a closed database, so that the next run notices damage."""
    if _seal_file(file).exists() and not _is_open(file):
        return  # nothing was written
    with errors_naming(file):
        seal = f"{source_stamp(file.stat())}\n{_checksum(file)}\n"
        write_atomically(file.parent, _seal_file(file), seal.encode())
        remove_partial_files(file.parent)


def delete_database(file: Path) -> None:
    """Delete a database, its journal and its seal."""
    for each in (file, _journal_file(file), _seal_file(file)):
        each.unlink(missing_ok=True)


def create_tables(db: sqlite3.Connection) -> None:
    """Create the tables in an empty database."""
    from pipeline.duplicates.fingerprint import VERSION as FINGERPRINT_VERSION

    db.executescript(f"BEGIN; {STATE_SCHEMA}{index_tables.INDEX_SCHEMA}{ITEM_SCHEMA}{TRIGGERS} COMMIT;")
    for fact in (("version", VERSION), ("fingerprints", FINGERPRINT_VERSION), ("works", "")):
        db.execute("INSERT INTO facts VALUES (?, ?)", fact)


def _seal_file(file: Path) -> Path:
    return file.with_suffix(".sum")


def _journal_file(file: Path) -> Path:
    return file.with_name(f"{file.name}-journal")


def _is_open(file: Path) -> bool:
    """Return whether a run has written to a database and was killed, or still writes: SQLite's journal protects it."""
    return _seal_file(file).exists() and _seal_file(file).read_bytes() == OPEN


def _matches_seal(file: Path) -> bool:
    """Return whether a file is as `seal_database` left it; its bytes are only hashed if its stamp changed."""
    if not _seal_file(file).exists():
        return False
    known = _seal_file(file).read_bytes().decode("ascii", "replace").splitlines()
    if known[:1] == [source_stamp(file.stat())]:
        return True
    return known[1:2] == [_checksum(file)]


def _checksum(file: Path) -> str:
    """Return the CRC-32 of the sums of a file's pages: it shows damage, and takes less time than to read the file.

    A page is added up as 64-bit integers. The checksum begins with the size of the file, a multiple of a page's.
    """
    import numpy as np  # a run without changes needs no checksum

    value, some = file.stat().st_size, np.empty((PAGES_PER_READ, SUMMED_BYTES // 8), "<u8")
    with file.open("rb", buffering=0) as data:
        while size := data.readinto(some.data):
            value = zlib.crc32(some[: size // SUMMED_BYTES].sum(axis=1).tobytes(), value & CRC_BITS)
    return f"{value:x}"


def _check_database(db: sqlite3.Connection, *, whole: bool) -> None:
    """Raise Damaged where a database is of another version or, with `whole`, fails the full check."""
    version = db.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()
    if version != (VERSION,):
        message = "written by another version of Lacuna"
        raise DamagedState(message)
    if not whole:
        return
    if db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        message = "damaged, according to SQLite's integrity check"
        raise DamagedState(message)
    for digest, outcome in db.execute("SELECT digest, outcome FROM documents LEFT JOIN contents USING (path)"):
        if outcome is None or hashlib.sha256(outcome).hexdigest() != digest:
            message = "contains a damaged document"
            raise DamagedState(message)


_DISK_ERRORS = {
    sqlite3.SQLITE_AUTH: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_BUSY: errno.EAGAIN,
    sqlite3.SQLITE_LOCKED: errno.EAGAIN,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}  # primary result codes (sqlite.org/rescode.html) for trouble with the disk, not the content -> those of the system


def sqlite_error_meaning(error: sqlite3.Error, file: Path) -> OSError | DamagedState:
    """Return the exception for an SQLite error: OSError for trouble with the disk, Damaged for a damaged file."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _DISK_ERRORS:
        return OSError(_DISK_ERRORS[code], str(error), str(file))
    return DamagedState(f"SQLite error: {error}")
