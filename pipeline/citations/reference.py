"""What one mention says of a work: title, authors, year, links."""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTS = ("paper", "code", "talk", "dataset", "site")  # the kinds of links of a work, in order

_OTHERS = re.compile(  # marks that authors are left out
    r"(?:(?<![\s,，、])[\s,，、]++)?+(?:[和与與]?等人?|et\s+al\.?|외(?:\s*\d+명)?|ほか|他|ら|u\.\s?a\.|и\s+др\.?|y\s+otros|e\s+outros|et\s+coll\.|and\s+others)\s*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A work as a line, a heading or a BibTeX entry describes it; a field that it does not give is empty."""

    title: str
    authors: tuple[str, ...] = ()
    others: bool = False  # whether authors are left out: et al.
    year: str = ""
    original: str = ""  # the title in the language of the work
    links: tuple[tuple[str, str], ...] = ()  # (one of PARTS, canonical URL)


def without_others(names: str) -> tuple[str, bool]:
    """Return the names of authors without the mark that some are left out, and whether there was one.

    >>> without_others("A. Vaswani et al."), without_others("李飞飞等")
    (('A. Vaswani', True), ('李飞飞', True))
    """
    named = _OTHERS.sub("", names)
    return named, named != names
