"""Cited works, and what registries say about them -> the works with title, authors and year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pipeline.citations.cited_works import Work


@dataclass(frozen=True, slots=True)
class Completion:
    """What a registry such as Crossref says about a work; a field that it does not give is empty."""

    key: str  # of the work
    registry: str  # its name
    title: str
    authors: tuple[str, ...] = ()
    others: bool = False  # whether authors are left out
    year: str = ""
    language: str = ""  # of the title


def completed_works(works: Iterable[Work], completions: Mapping[str, Completion]) -> list[Work]:
    """Return the works; those without a title get one from their completion. `completions` are by key of the work."""
    return [_completed(work, completions[work.key]) if _lacks(work, completions) else work for work in works]


def _lacks(work: Work, completions: Mapping[str, Completion]) -> bool:
    return not work.named and work.key in completions


def _completed(work: Work, known: Completion) -> Work:
    """Return a work without a title with the fields that its posts do not give.

    >>> work = Work("doi:10.1000/1", year="2020", links=(("paper", "https://doi.org/10.1000/1"),))
    >>> done = _completed(work, Completion("doi:10.1000/1", "Crossref", "A title", ("A. Author",), year="2021"))
    >>> done.title, done.authors, done.year, done.completed
    ('A title', ('A. Author',), '2020', (('title', 'Crossref'), ('authors', 'Crossref')))
    """
    new = {
        "title": True,
        "authors": bool(known.authors and not work.authors),
        "year": bool(known.year and not work.year),
    }
    return replace(
        work,
        title=known.title,
        authors=work.authors or known.authors,
        others=known.others if new["authors"] else work.others,
        year=work.year or known.year,
        language=known.language,
        completed=tuple((name, known.registry) for name, is_new in new.items() if is_new),
    )
