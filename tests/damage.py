"""Damage to the files that a run keeps for the next one: the state, a ledger, the archive's statistics, a lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

PAGE = 4096  # bytes of an SQLite page
STATE, SEAL, EVIDENCE, LEDGER, LOCK = ".state.sqlite", ".state.sum", ".evidence", ".outputs", ".lock"


def chance_of(seed: str | int) -> Random:
    """Return a random generator with a fixed seed."""
    return Random(seed)  # noqa: S311 - no cryptography


def flip(clean: Path, chance: Random, name: str = STATE) -> None:
    """Flip one bit."""
    data = bytearray((clean / name).read_bytes())
    at = chance.randrange(len(data))
    data[at] ^= 1 << chance.randrange(8)
    (clean / name).write_bytes(data)


def zero_page(clean: Path, chance: Random) -> None:
    """Fill one page with zeros."""
    data = bytearray((clean / STATE).read_bytes())
    at = PAGE * chance.randrange(len(data) // PAGE)
    data[at : at + PAGE] = bytes(PAGE)
    (clean / STATE).write_bytes(data)


def truncate(clean: Path, chance: Random, name: str = STATE) -> None:
    """Truncate the file at a random place."""
    data = (clean / name).read_bytes()
    (clean / name).write_bytes(data[: chance.randrange(len(data))])


def garbage(clean: Path, chance: Random, name: str = STATE) -> None:
    """Replace the file with random bytes."""
    (clean / name).write_bytes(chance.randbytes(10_000))


def delete(clean: Path, _chance: Random, name: str = STATE) -> None:
    """Delete the file."""
    (clean / name).unlink(missing_ok=True)


def folder(clean: Path, _chance: Random, name: str = STATE) -> None:
    """Replace the file with a folder."""
    (clean / name).unlink(missing_ok=True)
    (clean / name).mkdir()


def foreign(clean: Path, _chance: Random) -> None:
    """Replace the state with another program's database."""
    (clean / STATE).unlink()
    with closing(sqlite3.connect(clean / STATE)) as db:
        db.execute("CREATE TABLE facts (name, value)")
        db.execute("CREATE TABLE bookmarks (url)")
        db.commit()


def older(clean: Path, _chance: Random) -> None:
    """Change the state to an older version."""
    _change(clean, "UPDATE facts SET value = '1' WHERE name = 'version'")


def dropped(clean: Path, chance: Random) -> None:
    """Drop one of the state's tables."""
    _change(clean, f'DROP TABLE "{chance.choice(_tables(clean))}"')


def emptied(clean: Path, chance: Random) -> None:
    """Delete all rows of one table."""
    _change(clean, f'DELETE FROM "{chance.choice(_tables(clean))}"')  # noqa: S608 - our own database


def other_value(clean: Path, chance: Random) -> None:
    """Write a value of another type, or other MessagePack, into one field of every row of a table."""
    table = chance.choice(_tables(clean))
    with closing(sqlite3.connect(clean / STATE)) as db:
        column = chance.choice([row[1] for row in db.execute(f'PRAGMA table_info("{table}")')])
    value = chance.choice(("x'93010203'", "x'c1'", "'../../precious.txt'", "7", "''", "'\\ud83d'"))
    _change(clean, f'UPDATE OR IGNORE "{table}" SET "{column}" = {value}')  # noqa: S608 - our own database


def planted(clean: Path, chance: Random) -> None:
    """Add rows to the list of outputs that name files outside the archive."""
    with closing(sqlite3.connect(clean / STATE)) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(outputs)")]
    named = "name" if "name" in columns else "path"
    kept = ", ".join(f'"{column}"' for column in columns if column != named)
    for path in ("../precious.txt", "../../precious.txt", str(clean.parent / "precious.txt"), "x/../../precious.txt"):
        insert = f'INSERT OR REPLACE INTO outputs ("{named}", {kept}) SELECT ?, {kept} FROM outputs LIMIT 1'  # noqa: S608
        _change(clean, insert, path)
    problem = chance.choice(("", "could not be made"))
    _change(clean, f"UPDATE outputs SET problem = ? WHERE \"{named}\" LIKE '%precious%'", problem)  # noqa: S608


DAMAGES: dict[str, Callable[[Path, Random], None]] = {
    "a bit is flipped": flip,
    "a page is zero": zero_page,
    "it is cut off": truncate,
    "it is garbage": garbage,
    "it is deleted": delete,
    "it is another program's": foreign,
    "it is of an older version": older,
    "a table is dropped": dropped,
    "a table is empty": emptied,
    "a field is of another type": other_value,
    "rows are planted": planted,
    **{
        f"{damage.__name__} {name}": lambda clean, chance, damage=damage, name=name: damage(clean, chance, name)
        for name in (SEAL, EVIDENCE, LEDGER)
        for damage in (flip, truncate, garbage, delete)
    },
    "garbage .lock": lambda clean, chance: garbage(clean, chance, LOCK),
}


EDITS_BY_SQL = ("a table is dropped", "a table is empty", "a field is of another type", "rows are planted")


def unseal(clean: Path, kind: str) -> None:
    """Leave no digest of the state: as a killed run does, or, where another program edited the rows, no file at all."""
    if kind in EDITS_BY_SQL:
        (clean / SEAL).unlink(missing_ok=True)
    else:
        (clean / SEAL).write_bytes(b"open\n")


def _tables(clean: Path) -> list[str]:
    with closing(sqlite3.connect(clean / STATE)) as db:
        return [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def _change(clean: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(clean / STATE)) as db:
        db.execute(statement, values)
        db.commit()
