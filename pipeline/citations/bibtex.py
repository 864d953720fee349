"""BibTeX in a post -> the works that its entries describe."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from pipeline.citations.reference import Reference
from pipeline.urls.canonical import canonical_url

LONGEST_BIBTEX = 100_000  # characters of a code block; the parser takes 0.3 s for each 10,000 broken entries
_ENTRY = re.compile(r"\s*@(?!string|comment|preamble)\w+\s*\{", re.IGNORECASE)
_BRACES = re.compile(r"[{}]")
_ENTRY_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")


def bibtex_references(text: str) -> Iterator[Reference]:
    """Yield the work of each BibTeX entry with a title, if the text starts with an entry; broken entries are left out.

    >>> [one.title for one in bibtex_references("@book{a, title = {The {TeX}book}, year = 1984}")]
    ['The TeXbook']
    """
    if len(text) > LONGEST_BIBTEX or not _ENTRY.match(text):
        return
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415 slow to import, and few posts hold BibTeX

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it warns of each broken entry
    for entry in parse_string(text).entries:
        fields = {field.key.lower(): str(field.value) for field in entry.fields}
        if title := _plain_text(fields.get("title", "")):
            authors, others = _entry_authors(fields.get("author", ""))
            year = _ENTRY_YEAR.search(fields.get("year") or fields.get("date", ""))
            yield Reference(title, authors, others, year[0] if year else "", links=tuple(_links(fields)))


def _plain_text(tex: str) -> str:
    r"""Return TeX as text on one line: `{\"U}ber {BERT}` -> `Über BERT`."""
    from pylatexenc.latex2text import LatexNodes2Text  # noqa: PLC0415 slow to import

    text = LatexNodes2Text(math_mode="verbatim").latex_to_text(tex) if re.search(r"[\\{$~]|--|``", tex) else tex
    return " ".join(_BRACES.sub("", text).split())


def _entry_authors(field: str) -> tuple[tuple[str, ...], bool]:
    """Return the authors, each with the given name first, and whether `others` follow."""
    from bibtexparser.middlewares.names import (  # noqa: PLC0415 slow to import
        InvalidNameError,
        parse_single_name_into_parts,
        split_multiple_persons_names,
    )

    names = split_multiple_persons_names(field) if field else []
    authors = []
    for name in names:
        try:
            parts = parse_single_name_into_parts(name)
        except InvalidNameError:
            authors.append(_plain_text(name))
            continue
        authors.append(_plain_text(" ".join((*parts.first, *parts.von, *parts.last, *parts.jr))))
    return tuple(name for name in authors if name and name != "others"), "others" in authors


def _links(fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the links to the paper: by its DOI, its arXiv identifier, its ISBN and its URL."""
    doi = fields.get("doi", "").strip()
    if doi:
        yield "paper", canonical_url(doi if doi.startswith("http") else f"https://doi.org/{doi}")
    prefix = (fields.get("archiveprefix") or fields.get("eprinttype", "")).lower()
    if (eprint := fields.get("eprint", "").strip()) and (
        prefix == "arxiv" or re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?", eprint)
    ):
        yield "paper", canonical_url(f"https://arxiv.org/abs/{eprint}")
    if isbn := fields.get("isbn", "").strip():
        yield "paper", f"urn:isbn:{isbn}"
    if (url := fields.get("url", "").strip()).startswith(("http://", "https://")):
        yield "paper", canonical_url(url)
