"""Identifiers as people write them -> in the form of their registries: `doi: 10.1000/ABC` -> `doi:10.1000/abc`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.patterns import lazy_pattern

Identifiers = Iterator[str]
_ARXIV = lazy_pattern(
    r"(?:arxiv\.|arxiv:)?(?:(?:[a-z-]+/)?(\d{4}\.\d{4,5})|([a-z-]+)(?:\.[A-Z]{2})?/(\d{7}))(v\d+)?", re.IGNORECASE
)
_DOI = lazy_pattern(r"10\.\d{4,9}(?:\.\d+){0,4}/[^\s?#]+", re.IGNORECASE)
_DOI_SUFFIX = lazy_pattern(
    r"(?:/(?:full(?:text)?|abstract|pdf|epdf|pdfdirect|html|meta|summary|references|figures)|\.full(?:\.pdf|-text)?|\.pdf"
    r"|v\d+(?:\.full(?:\.pdf|-text)?|\.abstract)?)/?\Z",
    re.IGNORECASE,
)
MOST_DOI_SUFFIXES = 3  # suffixes in a row: /full/html, v2.full.pdf
_ISBN = lazy_pattern(r"(?:isbn[: ]?)?((?:97[89][ -]?)?(?:\d[ -]?){9}[\dX])", re.IGNORECASE)


def parse_uri(scheme: str, value: str) -> Identifiers:
    """Yield the identifier in a URI of the scheme doi, arxiv, isbn, pmid or urn.

    >>> [*parse_uri("doi", " 10.1000/182"), *parse_uri("urn", "isbn:9780975229804")]
    ['doi:10.1000/182', 'isbn:9780975229804']
    """
    value = value.strip()
    match scheme.lower():
        case "urn":
            scheme, _, value = value.partition(":")
            if scheme.lower() == "isbn":
                yield from parse_isbn(value)
        case "doi" if _DOI.fullmatch(value):
            yield from parse_doi(value)
        case "arxiv":
            yield from parse_arxiv(value)
        case "isbn":
            yield from parse_isbn(value)
        case "pmid" if value.isdecimal():
            yield f"pmid:{value}"


def parse_arxiv(name: str) -> Identifiers:
    """Yield an arXiv identifier with its version (arXiv: "Understanding the arXiv identifier").

    The subject class of an old identifier and the archive of a new one are removed.

    >>> [*parse_arxiv("math.GT/0309136v2"), *parse_arxiv("arXiv:hep-th/1601.07616")]
    ['arxiv:math/0309136v2', 'arxiv:1601.07616']
    """
    if match := _ARXIV.fullmatch(name):
        new, archive, number, version = match.groups()
        yield f"arxiv:{new or f'{archive}/{number}'}{version or ''}"


def parse_doi(text: str) -> Identifiers:
    """Yield a DOI in lower case, as DOIs ignore case; before it the arXiv identifier of an arXiv DOI."""
    value = text.rstrip(".,;").lower()
    if value.startswith("10.48550/arxiv."):
        yield from parse_arxiv(text[len("10.48550/") :])
    yield f"doi:{value}"


def find_doi(text: str) -> Identifiers:
    """Yield the DOI in the path or the query of a publisher's URL, without suffixes such as `/pdf`.

    >>> list(find_doi("/parse_doi/pdf/10.1145/3292500.3330701"))
    ['doi:10.1145/3292500.3330701']
    """
    match = _DOI.search(text)
    if match and (match.start() == 0 or text[match.start() - 1] in "/:."):
        value = match[0]
        for _ in range(MOST_DOI_SUFFIXES):
            value = _DOI_SUFFIX.sub("", value)
        if value.partition("/")[2]:
            yield from parse_doi(value.rstrip("/"))


def parse_isbn(text: str) -> Identifiers:
    """Yield an ISBN as 13 digits if its check digit is correct (ISO 2108).

    >>> list(parse_isbn("0-9752298-0-X"))
    ['isbn:9780975229804']
    """
    if not (match := _ISBN.fullmatch(text)):
        return
    digits = re.sub(r"[\s-]", "", match[1]).upper()
    if re.fullmatch(r"\d{9}[\dX]", digits):
        if sum((10 - at) * (10 if digit == "X" else int(digit)) for at, digit in enumerate(digits)) % 11 == 0:
            yield f"isbn:{_with_check_digit(f'978{digits[:9]}')}"
    elif re.fullmatch(r"97[89]\d{10}", digits) and _with_check_digit(digits[:12]) == digits:
        yield f"isbn:{digits}"


def _with_check_digit(twelve: str) -> str:
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"
