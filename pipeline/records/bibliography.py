"""Cited works -> files for reference managers: CSL-JSON and BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from pipeline.citations.cited_works import Work

VERSION = 3  # raise it when the bytes change
_CSL_NAMES = {"title": "title", "authors": "author", "year": "issued"}
_TEX_ESCAPES = {char: rf"\{char}" for char in "%&#_$"} | {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_TEX_LIGATURE = re.compile(r"(?<=-)(?=-)|(?<=`)(?=`)|(?<=')(?=')|(?<=[!?])(?=`)")


def works_json(works: Iterable[Work]) -> bytes:
    """Return the works as CSL-JSON (csl-data 1.0); fields that the standard lacks are in `custom`."""
    return (
        msgspec.json.format(msgspec.json.encode([_csl_item(key, work) for key, work in _keyed_works(works)]), indent=2)
        + b"\n"
    )


def _csl_item(key: str, work: Work) -> dict[str, Any]:
    ids = _identifiers_by_scheme(work)
    fields: dict[str, Any] = {
        "id": key,
        "type": "book" if "isbn" in ids else "article",
        "title": work.title,
        "original-title": work.original,
        "author": [{"literal": name} for name in work.authors],
        "issued": {"date-parts": [[int(work.year)]]} if work.year else None,
        "language": work.language,
        "URL": work.url,
        "DOI": ids.get("doi", ""),
        "ISBN": ids.get("isbn", ""),
        "PMID": ids.get("pmid", ""),
        "PMCID": ids.get("pmcid", ""),
        "archive": "arXiv" if "arxiv" in ids else "",
        "archive_location": ids.get("arxiv", ""),
        "note": "et al." if work.others else "",
        "custom": {
            "identifiers": work.identifiers,
            "links": [{"kind": kind, "url": url} for kind, url in work.links],
            "others": work.others,
            **({"completed": {_CSL_NAMES[name]: by for name, by in work.completed}} if work.completed else {}),
            "cited_by": [
                {
                    "path": str(cited.path),
                    "title": cited.post,
                    "heading": cited.heading,
                    "number": cited.number,
                    "line": cited.line,
                }
                for cited in work.cited
            ],
        },
    }
    return {name: value for name, value in fields.items() if value}


def works_bib(works: Iterable[Work]) -> bytes:
    """Return the works as BibTeX for biblatex: UTF-8, arXiv identifiers as eprint, each name in one part."""
    return "\n".join(_bibtex_entry(key, work) for key, work in _keyed_works(works)).encode()


def _bibtex_entry(key: str, work: Work) -> str:
    ids = _identifiers_by_scheme(work)
    names = [f"{{{_tex_escaped(name)}}}" for name in work.authors] + ["others"] * (work.others and bool(work.authors))
    fields = {
        "title": f"{{{_tex_escaped(work.title)}}}",
        "origtitle": _tex_escaped(work.original),
        "author": " and ".join(names),
        "year": work.year,
        "doi": _verbatim_field(ids.get("doi", "")),
        "isbn": ids.get("isbn", ""),
        "eprint": _verbatim_field(ids.get("arxiv", "")),
        "eprinttype": "arxiv" if "arxiv" in ids else "",
        "url": _verbatim_field(work.url),
        "note": _tex_escaped(", ".join(f"{kind}: {url}" for kind, url in work.links[1:])),
    }
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value and value != "{}"]
    return f"@{'book' if 'isbn' in ids else 'misc'}{{{key},\n{''.join(lines)}}}\n"


def _keyed_works(works: Iterable[Work]) -> Iterator[tuple[str, Work]]:
    """Yield each work with its citation key; a key that is taken gets a number."""
    taken: set[str] = set()
    for work in works:
        key = own = citation_key(work)
        number = 1
        while key.lower() in taken:  # BibTeX keys are case-insensitive
            number += 1
            key = f"{own}-{number}"
        taken.add(key.lower())
        yield key, work


def citation_key(work: Work) -> str:
    """Return the citation key of a work: its own key with the characters that BibTeX accepts.

    >>> citation_key(Work("t", links=(("paper", "https://arxiv.org/abs/math/0309136v2"),)))
    'arxiv:math-0309136'
    """
    return re.sub(r"[^A-Za-z0-9.:-]+", "-", work.key.partition("://")[2] or work.key).strip("-")


def _identifiers_by_scheme(work: Work) -> dict[str, str]:
    pairs: Iterator[tuple[str, str, str]] = (known.partition(":") for known in reversed(work.published))
    return {scheme: value for scheme, _, value in pairs}


def _tex_escaped(text: str) -> str:
    r"""Return `text` escaped for TeX: no commands, no ligatures, and balanced braces, as BibTeX needs them.

    >>> print(_tex_escaped("{a} {b & 5--6%"))
    \{a\} \textbraceleft{}b \& 5-{}-6\%
    """
    escaped: list[str] = []
    opened: list[int] = []
    for char in text:
        escaped.append(_TEX_ESCAPES.get(char, char))
        if char == "{":
            opened.append(len(escaped) - 1)
        elif char == "}" and opened:
            escaped[opened.pop()], escaped[-1] = r"\{", r"\}"
    return _TEX_LIGATURE.sub("{}", "".join(escaped))


def _verbatim_field(text: str) -> str:
    """Return a URL or identifier for a verbatim field, with braces and backslashes percent-encoded."""
    return re.sub(r"[{}\\]", lambda match: f"%{ord(match[0]):02X}", text)
