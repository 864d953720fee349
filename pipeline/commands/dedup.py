"""The command that lists duplicates: dedup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.diffs import unified
from pipeline.commands.inputs import Input, as_json, paths, process_each
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import echo_json, say

if TYPE_CHECKING:
    import sqlite3

    from pipeline.document import Document
    from pipeline.duplicates.clusters import DuplicateMap

Found = tuple[dict[str, Any], str]  # what is found: a record, and the lines about it


@click.command("dedup")
@paths
@click.option("--explain", is_flag=True, help="Show each duplicate as a diff, and the paragraphs that files share.")
@as_json
def dedup_command(paths: tuple[str, ...], *, explain: bool, as_json: bool) -> int:
    """List duplicate files, with the rule that found them."""
    import sqlite3

    from pipeline.duplicates.clusters import duplicate_clusters
    from pipeline.duplicates.fingerprint import fingerprint
    from pipeline.duplicates.index_tables import INDEX_SCHEMA
    from pipeline.duplicates.lsh_index import LshIndex
    from pipeline.run.worker import cleaned_document

    documents: dict[PurePosixPath, Document] = {}

    def work(one: Input) -> None:
        path = PurePosixPath(one.file or one.name)
        documents[path] = cleaned_document(path, one.read(), settings_of())

    code = process_each(paths, work)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(INDEX_SCHEMA)
        index = LshIndex(db, documents.__getitem__)
        index.update((), ((fingerprint(document), "") for document in documents.values()))
        duplicates = duplicate_clusters(index)
        kept = documents.keys() - duplicates
        found = [_duplicates(duplicates, documents, explain=explain), _similar(db, kept)]
        for record, lines in chain(*found, _passages(db, kept) if explain else ()):
            if as_json:
                echo_json(record)
            else:
                click.echo(lines, nl=False)
    if not as_json:
        number = counted(len(duplicates), "duplicate") if duplicates else "no duplicates"
        say(f"{counted(len(documents), 'file')}, {number}")
    return code


def _duplicates(
    duplicates: DuplicateMap, documents: Mapping[PurePosixPath, Document], *, explain: bool
) -> Iterator[Found]:
    """Yield each duplicate; with `explain`, a diff follows its line."""
    from pipeline.records.report_jsonl import duplicate_in_words

    for path, one in sorted(duplicates.items()):
        names = on_one_line(str(one.of)), on_one_line(str(path))
        record = {"path": str(path), "of": str(one.of), "why": one.why, "similarity": round(one.similarity, 4)}
        diff = unified(documents[one.of].text, documents[path].text, names) if explain else ""
        yield record, f"{names[1]} is {duplicate_in_words(names[0], one.why, one.similarity)}\n{diff}"


def _similar(db: sqlite3.Connection, kept: AbstractSet[PurePosixPath]) -> Iterator[Found]:
    """Yield each kept file with each other one that is similar; of the two, only the first has a line."""
    import msgspec

    from pipeline.duplicates.similar_documents import find_similar_documents
    from pipeline.records.report_jsonl import similar_in_words

    for path in sorted(kept):
        for near in find_similar_documents(db, path, kept.__contains__):
            words = similar_in_words(str(near.path), near.why, near.similarity)
            line = on_one_line(f"{path} is similar to {words}") + "\n" if path < near.path else ""
            yield {"path": str(path), "similar": msgspec.to_builtins(near, enc_hook=str)}, line


def _passages(db: sqlite3.Connection, kept: AbstractSet[PurePosixPath]) -> Iterator[Found]:
    """Yield the paragraphs that kept files share."""
    import msgspec

    from pipeline.duplicates.shared_passages import find_shared_passages
    from pipeline.records.report_jsonl import passage_in_words

    for path in sorted(kept):
        for passage in find_shared_passages(db, path, kept.__contains__):
            line = on_one_line(f"{path}, {passage_in_words(passage)}")
            yield {"path": str(path), **msgspec.to_builtins(passage, enc_hook=str)}, f"{line}\n"


COMMANDS = (dedup_command,)
