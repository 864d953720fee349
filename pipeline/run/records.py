"""The state -> the records of the archive: reports, links, cited works, the graph. What did not change is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from pipeline.citations.cited_works import Work, catalogue
from pipeline.citations.completion import completed_works
from pipeline.citations.post_graph import edges_of
from pipeline.citations.post_index import PostIndex
from pipeline.document import Cleaned, Outcome, Skipped
from pipeline.read.picture_paths import PictureFinder
from pipeline.read.pictures import missing_images
from pipeline.records import bibliography, link_files, report_jsonl
from pipeline.run.splice import Splice
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.completion_cache import read_completions
from pipeline.store.line_table import LineTable
from pipeline.store.output_ledger import CHECKED_LINKS, OutputLedger
from pipeline.store.packing import digest_of_values, unpack

WORKS_FACT = "works"  # the digest of the completions in the files of works; a trigger empties it when works change
WORKS_SIZE_FACT = "size of works in the graph"


class RecordWriter:
    """Writes the records. `key` is the digest of all that decides their form."""

    def __init__(
        self, settings: Settings, database: ArchiveState, ledger: OutputLedger, key: str, *, books: bool
    ) -> None:
        """Write below settings.clean and settings.out; `books` says whether the books count."""
        self.settings, self.database, self.ledger, self.key, self.books = settings, database, ledger, key, books
        self.clean, self.out = Path(settings.clean), Path(settings.out)
        self.lines = LineTable(database.db)
        self.known, self.finder = PostIndex(database.links.home), PictureFinder(Path(settings.raw))
        self.completions = read_completions(self.clean)
        self.nodes: set[str] = set()  # documents whose nodes in the graph may have changed

    def write(self, stale: Sequence[str]) -> None:
        """Write every record that is missing or outdated; `stale` are the documents that changed, in order."""
        completions = digest_of_values(self.completions)
        works_changed = self.database.fact(WORKS_FACT) != completions
        self.write_lines(stale)
        self.write_works(changed=works_changed)
        self.write_graph(stale, works_changed=works_changed)
        self.lines.forget_gone(stale)
        self.database.learn(WORKS_FACT, completions)

    def write_lines(self, stale: Sequence[str]) -> None:
        """Write report.jsonl, links.jsonl and links.csv in one walk over the documents that changed."""
        files = {
            "report": self.clean / "report.jsonl",
            "links": self.clean / "links.jsonl",
            "cells": self.clean / "links.csv",
        }
        heads = {"report": b"", "links": b"", "cells": link_files.csv_head()}
        fresh = {column: self.ledger.fresh(file, self.key) for column, file in files.items()}
        whole = not all(fresh.values())
        if not stale:
            columns = [
                one for one in files if not (fresh[one] or self.ledger.fresh(files[one], self.key + CHECKED_LINKS))
            ]
        else:
            columns = [*files]
        if not columns:
            return
        sizes: list[tuple[object, ...]] = []
        with ExitStack() as stack:
            splices = [self._splice(stack, files[column], whole=whole) for column in columns]
            for splice, column in zip(splices, columns, strict=True):
                splice.put(heads[column], len(heads[column]))
            before = ""
            for path in self.lines.paths() if whole else stale:
                if not whole:
                    for splice, size in zip(splices, self.lines.between(columns, before, path), strict=True):
                        splice.keep(size)
                replaced = self.lines.of(columns, path)
                rendered = self._rendered(path)
                for splice, column, size in zip(splices, columns, replaced, strict=True):
                    splice.put(rendered[column], size)
                sizes.append((path, *(len(rendered[column]) for column in columns)))
                before = path
            if not whole:
                for splice, size in zip(splices, self.lines.after(columns, before), strict=True):
                    splice.keep(size)
        self.lines.put(columns, sizes)

    def _splice(self, stack: ExitStack, file: Path, *, whole: bool) -> Splice:
        """Return the splice of a record, which is closed with `stack`; nothing of the old file is kept if `whole`."""
        old = None if whole else stack.enter_context(file.open("rb"))
        return Splice(lambda: stack.enter_context(self.ledger.replacing(file, self.key)), old)

    def _rendered(self, path: str) -> dict[str, bytes]:
        """Return the lines about one document, and store its edges in the graph; nothing if it is gone."""
        found = self.reported(path)
        if found is None:
            self.nodes |= self.database.links.put_edges(path, [])
            return {"report": b"", "links": b"", "cells": b""}
        outcome, file = found
        targets = self.known.posts(outcome.document) if not isinstance(outcome, Skipped) else []
        edges = edges_of(outcome.document, self._works(path), targets) if isinstance(outcome, Cleaned) else ()
        self.nodes |= self.database.links.put_edges(path, [*edges])
        links = [*link_files.link_rows(outcome, file, targets)]
        return {
            "report": report_jsonl.report_line(outcome, file),
            "links": b"".join(map(report_jsonl.json_line, links)),
            "cells": link_files.csv_rows(links),
        }

    def reported(self, path: str) -> tuple[Outcome, str] | None:
        """Return the outcome of a source and its file below clean/, or nothing; None for a draft and if it is gone.

        A kept document has its shared passages, and notes on missing images and on what its books omit.
        """
        found = self.database.named_outcome(path)
        if found is None:
            return None
        outcome, name, _ = found
        if isinstance(outcome, Skipped):
            return outcome, ""
        if not isinstance(outcome, Cleaned):
            return outcome, f"{name}.md"
        document = outcome.document
        if gone := missing_images(self.finder, document):
            document = document.noted("images", f"{len(gone)} missing image{'s' * (len(gone) > 1)}: {', '.join(gone)}")
        for warning in self.database.chapters.warnings(outcome.path) if self.books else ():
            document = document.noted("books", warning)
        duplicates = self.database.duplicates
        return Cleaned(document, duplicates.passages(outcome.path), duplicates.similar(outcome.path)), f"{name}.md"

    def _works(self, path: str) -> list[Work]:
        packed = self.database.works_of(path)
        return unpack(packed, list[Work]) if packed else []

    @cached_property
    def works(self) -> list[Work]:
        """The works that the kept documents cite, in the order of their first mention."""
        return completed_works(cited_works(self.database), self.completions)

    def write_works(self, *, changed: bool) -> None:
        """Write the files of works."""
        files: dict[Path, Callable[[Iterable[Work]], bytes]] = {
            self.out / "works.json": bibliography.works_json,
            self.out / "works.bib": bibliography.works_bib,
        }
        for path, rendered in files.items():
            if not self.ledger.fresh(path, self.key) or changed:
                self.ledger.put(path, self.key, rendered(self.works))

    def write_graph(self, stale: Sequence[str], *, works_changed: bool) -> None:
        """Write graph.graphml: the posts, the works and sites, then the edges."""
        file = self.out / "graph.graphml"
        fresh = self.ledger.fresh(file, self.key)
        if fresh and not (stale or works_changed):
            return
        start, end = link_files.graphml_start(), link_files.GRAPHML_END
        changed = sorted(self.nodes.union(stale)) if fresh else None
        works_size = int(self.database.fact(WORKS_SIZE_FACT) or 0)
        totals = [self.lines.total(column) for column in ("node", "edges")]
        sites_size = file.stat().st_size - len(start) - sum(totals) - works_size - len(end) if fresh else 0
        with ExitStack() as stack:
            splice = self._splice(stack, file, whole=not fresh)
            splice.put(start, len(start))
            self._splice_column(splice, "node", changed, self._node)
            if fresh and not works_changed:
                splice.keep(works_size)
            else:
                works = b"".join(map(link_files.graphml_work, self.works))
                self.database.learn(WORKS_SIZE_FACT, str(len(works)))
                splice.put(works, works_size)
            splice.put(b"".join(map(link_files.graphml_site, self.database.links.sites())), sites_size)
            self._splice_column(splice, "edges", changed, self._edges)
            splice.put(end, len(end))

    def _splice_column(
        self, splice: Splice, column: str, changed: Sequence[str] | None, rendered: Callable[[str], bytes]
    ) -> None:
        """Write the part of the graph about each document; None means that all changed."""
        before, sizes = "", []
        for path in self.lines.paths() if changed is None else changed:
            if changed is not None:
                splice.keep(self.lines.between([column], before, path)[0])
            data = rendered(path)
            splice.put(data, self.lines.of([column], path)[0])
            sizes.append((path, len(data)))
            before = path
        if changed is not None:
            splice.keep(self.lines.after([column], before)[0])
        self.lines.put([column], sizes)

    def _node(self, path: str) -> bytes:
        node = self.database.links.node(path)
        return link_files.graphml_post(path, node[0], node[1], orphan=node[2]) if node else b""

    def _edges(self, path: str) -> bytes:
        return b"".join(map(link_files.graphml_edge, self.database.links.edges(path)))

    def linked_posts(self, path: str) -> list[str]:
        """Return the posts that a post links to."""
        return [edge.to for edge in self.database.links.edges(path) if edge.kind == "post"]

    def paths(self) -> Iterator[str]:
        """Yield the paths of all sources that are reported, in order."""
        return self.database.reported_paths()


def cited_works(database: ArchiveState) -> list[Work]:
    """Return the works that the kept documents cite, in the order of their first mention."""
    return catalogue(work for packed in database.works() for work in unpack(packed, list[Work]))
