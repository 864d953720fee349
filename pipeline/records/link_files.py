"""Outcomes -> links.jsonl and links.csv, one row per link, and the graph of the archive in GraphML."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from xml.sax.saxutils import escape, quoteattr

import msgspec

from pipeline.citations.cited_works import Work
from pipeline.citations.post_graph import ARCHIVE_INTERNAL, Edge
from pipeline.document import Link, Outcome, Skipped
from pipeline.records.report_jsonl import ReportRecord

VERSION = 3  # raise it when the bytes change
LINK_COLUMNS = ("path", "file", *Link.__dataclass_fields__, "to")
GRAPHML_KEYS = {"kind": "node", "title": "node", "url": "node", "orphan": "node", "times": "edge"}
GRAPHML_TYPES = {"orphan": "boolean", "times": "int"}  # of keys that are not strings
_NOT_IN_XML = re.compile("[^\t\n\r -\ufffd\U00010000-\U0010ffff]")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes cells that start so (OWASP, CSV injection)


def link_rows(outcome: Outcome, file: str, targets: Iterable[PurePosixPath | None]) -> Iterator[ReportRecord]:
    """Yield the links of a cleaned or duplicate document.

    `targets` are the posts of the archive that they lead to, None for a link to no post.
    """
    if isinstance(outcome, Skipped):
        return
    document = outcome.document
    for link, target in zip(document.links, targets, strict=True):
        row: ReportRecord = {"path": str(document.path), "file": file} | msgspec.to_builtins(link)
        yield row | ({"kind": ARCHIVE_INTERNAL, "to": str(target)} if target else {"to": ""})


def csv_head() -> bytes:
    """Return the first line of links.csv, with the byte order mark that spreadsheets need."""
    return b"\xef\xbb\xbf" + csv_lines([LINK_COLUMNS]).encode()


def csv_rows(rows: Iterable[ReportRecord]) -> bytes:
    """Return the lines of links.csv."""
    return csv_lines([row[name] for name in LINK_COLUMNS] for row in rows).encode()


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    r"""Return rows of CSV: lists joined by spaces, an apostrophe before cells that a spreadsheet would compute.

    >>> csv_lines([["=1+1", ["a", "b"], 3]])
    "'=1+1,a b,3\r\n"
    """
    lines = io.StringIO()
    csv.writer(lines).writerows(map(_csv_cell, cells) for cells in rows)
    return lines.getvalue()


def _csv_cell(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def graphml_start() -> bytes:
    """Return the beginning of the graph as GraphML."""
    keys = [
        f'<key id="{name}" for="{of}" attr.name="{name}" attr.type="{GRAPHML_TYPES.get(name, "string")}"/>\n'
        for name, of in GRAPHML_KEYS.items()
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    return "".join([head, *keys, '<graph id="archive" edgedefault="directed">\n']).encode()


def graphml_post(path: str, title: str, url: str, *, orphan: bool) -> bytes:
    """Return the node of a post; `orphan` says that it has no edges to other posts. Its identifier is `post:PATH`."""
    return _graphml_node(f"post:{path}", {"kind": "post", "title": title, "url": url, "orphan": str(orphan).lower()})


def graphml_work(work: Work) -> bytes:
    """Return the node of a work; its identifier is `work:KEY`."""
    return _graphml_node(f"work:{work.key}", {"kind": "work", "title": work.title, "url": work.url})


def graphml_site(host: str) -> bytes:
    """Return the node of a site; its identifier is `site:HOST`."""
    return _graphml_node(f"site:{host}", {"kind": "site", "title": host, "url": f"https://{host}/"})


def graphml_edge(edge: Edge) -> bytes:
    """Return an edge of the graph."""
    ends = f"source={_xml_attribute(f'post:{edge.path}')} target={_xml_attribute(f'{edge.kind}:{edge.to}')}"
    return f'<edge {ends}><data key="times">{edge.times}</data></edge>\n'.encode()


GRAPHML_END = b"</graph>\n</graphml>\n"


def _graphml_node(name: str, data: dict[str, str]) -> bytes:
    values = "".join(f'<data key="{key}">{escape(_xml_text(value))}</data>' for key, value in data.items() if value)
    return f"<node id={_xml_attribute(name)}>{values}</node>\n".encode()


def _xml_attribute(text: str) -> str:
    return quoteattr(_xml_text(text))


def _xml_text(text: str) -> str:
    """Return `text` with U+FFFD for characters that XML does not allow (XML 1.0, production 2)."""
    return _NOT_IN_XML.sub("\ufffd", text)
