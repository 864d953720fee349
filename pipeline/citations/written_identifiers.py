"""Identifiers that a text spells out -> URLs of the works: `arXiv:1706.03762`, `doi:10.1000/182`, `ISBN 978-...`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.urls.identifier_syntax import parse_arxiv, parse_doi, parse_isbn

_WRITTEN = re.compile(
    r"\barxiv\s?[:：]\s?(?P<arxiv>(?:[a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?)(?![\d/])"
    r"|(?<![\w/.=-])(?:doi\s?[:：]?\s?)?(?P<doi>10\.\d{4,9}(?:\.\d+){0,4}/[^\s\"'<>，。；、）】》]+)"
    r"|\bISBN(?:-1[03])?[\s:：]*(?P<isbn>(?:97[89][ -]?)?(?:\d[ -]?){9}[\dX])(?!\d)"
    r"|\bPMID[\s:：]*(?P<pmid>\d{4,9})(?!\d)"
    r"|\bPMCID[\s:：]*PMC(?P<pmcid>\d{4,9})(?!\d)",
    re.IGNORECASE,
)
_RESOLVERS: dict[str, tuple[Callable[[str], Iterator[str]], str]] = {
    "arxiv": (parse_arxiv, "https://arxiv.org/abs/"),
    "doi": (parse_doi, "https://doi.org/"),
    "isbn": (parse_isbn, "urn:isbn:"),
    "pmid": (lambda number: iter([f"pmid:{number}"]), "https://pubmed.ncbi.nlm.nih.gov/"),
    "pmcid": (lambda number: iter([f"pmcid:{number}"]), "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC"),
}
_OPENING_OF = {")": "(", "]": "[", "}": "{"}


def identifier_urls(text: str) -> list[str]:
    """Return the URLs of the works that a text names by a labelled identifier or a DOI, in order.

    >>> identifier_urls("See arXiv:1706.03762 (doi:10.1000/182).")
    ['https://arxiv.org/abs/1706.03762', 'https://doi.org/10.1000/182']
    """
    return list(dict.fromkeys(_urls(text)))


def _urls(text: str) -> Iterator[str]:
    for match in _WRITTEN.finditer(text):
        parse, resolver = _RESOLVERS[match.lastgroup or ""]
        for name in parse(_without_closing(match[match.lastgroup or ""])):
            yield resolver + name.partition(":")[2]


def _without_closing(value: str) -> str:
    """Return an identifier without the marks of the sentence around it: `10.1000/182).` -> `10.1000/182`."""
    value = value.rstrip(".,;:!?*_")
    while value[-1:] in _OPENING_OF and value.count(value[-1]) > value.count(_OPENING_OF[value[-1]]):
        value = value[:-1].rstrip(".,;:!?*_")
    return value
