"""Outcomes -> links.jsonl and links.csv, one row per link, and the graph of the archive in GraphML."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

import msgspec

from pipeline.citations.post_graph import ARCHIVE_INTERNAL, Graph
from pipeline.citations.post_index import PostIndex
from pipeline.document import Link, Outcome, Skipped
from pipeline.records.report_jsonl import ReportRecord

VERSION = 2  # raise it when the bytes change
LINK_COLUMNS = ("path", "file", *Link.__dataclass_fields__, "to")
GRAPHML_KEYS = {"kind": "node", "title": "node", "url": "node", "orphan": "node", "times": "edge"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes cells that start so (OWASP, CSV injection)


def link_rows(outcome: Outcome, file: str, known: PostIndex) -> Iterator[ReportRecord]:
    """Yield the links of a cleaned or duplicate document; `to` is the post of the archive that a link leads to."""
    if isinstance(outcome, Skipped):
        return
    document = outcome.document
    for link in document.links:
        target = known.post(link, document.path)
        row: ReportRecord = {"path": str(document.path), "file": file} | msgspec.to_builtins(link)
        yield row | ({"kind": ARCHIVE_INTERNAL, "to": str(target)} if target else {"to": ""})


def csv_rows(rows: Iterable[ReportRecord]) -> Iterator[bytes]:
    """Yield links.csv line by line, with the byte order mark that spreadsheets need."""
    yield b"\xef\xbb\xbf" + csv_line(LINK_COLUMNS).encode()
    for row in rows:
        yield csv_line(row[name] for name in LINK_COLUMNS).encode()


def csv_line(cells: Iterable[object]) -> str:
    r"""Return a row of CSV: lists joined by spaces, an apostrophe before cells that a spreadsheet would compute.

    >>> csv_line(["=1+1", ["a", "b"], 3])
    "'=1+1,a b,3\r\n"
    """
    line = io.StringIO()
    csv.writer(line).writerow(map(_csv_cell, cells))
    return line.getvalue()


def _csv_cell(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def graphml(archive: Graph) -> Iterator[bytes]:
    """Yield the graph as GraphML; node identifiers are `post:PATH`, `work:KEY` and `site:HOST`."""
    orphans = set(archive.orphans)
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, of in GRAPHML_KEYS.items():
        kind = {"orphan": "boolean", "times": "int"}.get(name, "string")
        yield f'<key id="{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n'.encode()
    yield b'<graph id="archive" edgedefault="directed">\n'
    for path, title, url in archive.posts:
        orphan = str(path in orphans).lower()
        yield _graphml_node(f"post:{path}", {"kind": "post", "title": title, "url": url, "orphan": orphan})
    for work in archive.works:
        yield _graphml_node(f"work:{work.key}", {"kind": "work", "title": work.title, "url": work.links[0][1]})
    for host in dict.fromkeys(edge.to for edge in archive.edges if edge.kind == "site"):
        yield _graphml_node(f"site:{host}", {"kind": "site", "title": host, "url": f"https://{host}/"})
    for edge in archive.edges:
        ends = f"source={_xml_attribute(f'post:{edge.path}')} target={_xml_attribute(f'{edge.kind}:{edge.to}')}"
        yield f'<edge {ends}><data key="times">{edge.times}</data></edge>\n'.encode()
    yield b"</graph>\n</graphml>\n"


def _graphml_node(name: str, data: dict[str, str]) -> bytes:
    values = "".join(f'<data key="{key}">{escape(_xml_text(value))}</data>' for key, value in data.items() if value)
    return f"<node id={_xml_attribute(name)}>{values}</node>\n".encode()


def _xml_attribute(text: str) -> str:
    return quoteattr(_xml_text(text))


def _xml_text(text: str) -> str:
    """Return `text` with U+FFFD for characters that XML does not allow (XML 1.0, production 2)."""
    return "".join(char if char in "\t\n\r" or " " <= char < "\ufffe" or char > "\uffff" else "\ufffd" for char in text)
