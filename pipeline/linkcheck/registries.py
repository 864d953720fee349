"""Identifiers of works -> the URLs that registries answer, and their answers -> title, authors and year."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec
from lxml import etree

from pipeline.citations.cited_works import Work
from pipeline.citations.completion import Completion
from pipeline.steps.titles import plain_line

MOST_AUTHORS_KEPT = 50  # of a work; physics has papers with 5,000
ARXIV_DOI = "10.48550/arxiv."  # arXiv's DOIs are registered at DataCite, not at Crossref
OPENALEX_FIELDS = "title,authorships,publication_year,language"
_VERSION = re.compile(r"v\d+\Z")
_ATOM = {"atom": "http://www.w3.org/2005/Atom"}
AnswerT = TypeVar("AnswerT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry of works: its name, the start of its URLs, the seconds between two requests."""

    name: str
    base: str
    pause: float = 1.0


@dataclass(frozen=True, slots=True)
class Registries:
    """The registries that `lacuna works --online` sends queries to."""

    crossref: Registry = field(default=Registry("Crossref", "https://api.crossref.org"))
    arxiv: Registry = field(default=Registry("arXiv", "https://export.arxiv.org", 3.0))  # its terms: one in 3 seconds
    openalex: Registry = field(default=Registry("OpenAlex", "https://api.openalex.org"))

    @property
    def all(self) -> tuple[Registry, ...]:
        """The three registries as a tuple."""
        return self.crossref, self.arxiv, self.openalex


@dataclass(frozen=True, slots=True)
class Answer:
    """What a registry says about a work; a field that it does not give is empty."""

    title: str = ""
    authors: tuple[str, ...] = ()
    year: str = ""
    language: str = ""

    def completion(self, key: str, registry: str) -> Completion:
        """Return this answer of a registry as the completion of the work with a key."""
        others = len(self.authors) > MOST_AUTHORS_KEPT
        return Completion(key, registry, self.title, self.authors[:MOST_AUTHORS_KEPT], others, self.year, self.language)


@dataclass(frozen=True, slots=True)
class Query:
    """A question to a registry: its URL, and how to read the answer. An answer without title says nothing."""

    registry: Registry
    url: str
    read: Callable[[bytes], Answer]


def queries(work: Work, registries: Registries) -> Iterator[Query]:
    """Yield the questions about a work, by its identifiers: DOIs and arXiv identifiers first, OpenAlex last.

    >>> work = Work("", links=(("paper", "https://arxiv.org/abs/1706.03762v5"),))
    >>> [query.url for query in queries(work, Registries())][0]
    'https://export.arxiv.org/api/query?id_list=1706.03762v5'
    """
    names = [name.partition(":")[::2] for name in work.published]
    for scheme, value in names:
        if scheme == "doi" and not value.startswith(ARXIV_DOI):
            url = f"{registries.crossref.base}/works/{quote(value, safe='')}"
            yield Query(registries.crossref, url, read_crossref)
        elif scheme == "arxiv":
            url = f"{registries.arxiv.base}/api/query?{urlencode({'id_list': value}, safe='/')}"
            yield Query(registries.arxiv, url, read_arxiv)
    arxiv_dois = [("doi", ARXIV_DOI + _VERSION.sub("", value)) for scheme, value in names if scheme == "arxiv"]
    for scheme, value in dict.fromkeys([*names, *arxiv_dois]):
        if scheme in {"doi", "pmid", "pmcid"}:
            name = f"{scheme}:{quote(value, safe='/')}"
            url = f"{registries.openalex.base}/works/{name}?select={OPENALEX_FIELDS}"
            yield Query(registries.openalex, url, read_openalex)


class _CrossrefAuthor(msgspec.Struct):
    given: str | None = None
    family: str | None = None
    name: str | None = None  # of an institution


class _CrossrefDate(msgspec.Struct):
    parts: list[list[int | None]] = msgspec.field(name="date-parts", default_factory=list)


class _CrossrefWork(msgspec.Struct):
    title: list[str] = []
    subtitle: list[str] = []
    author: list[_CrossrefAuthor] = []
    issued: _CrossrefDate | None = None
    language: str | None = None


class _CrossrefAnswer(msgspec.Struct):
    message: _CrossrefWork


def read_crossref(body: bytes) -> Answer:
    """Return the fields in a response of Crossref's `/works/DOI`; empty ones if it is not such a response.

    >>> read_crossref(b'{"message": {"title": ["A <i>b</i>"], "author": [{"given": "C.", "family": "D"}]}}')
    Answer(title='A b', authors=('C. D',), year='', language='')
    """
    found = _json_answer(body, _CrossrefAnswer)
    if not found:
        return Answer()
    work = found.message
    title, *_ = map(plain_line, (*work.title, ""))
    subtitle, *_ = map(plain_line, (*work.subtitle, ""))
    whole = f"{title}: {subtitle}" if title and subtitle and subtitle.casefold() not in title.casefold() else title
    names = [" ".join(filter(None, (one.given, one.family))) or one.name or "" for one in work.author]
    years = [part[0] for part in (work.issued.parts if work.issued else []) if part]
    return Answer(
        plain_line(whole),
        _named_authors(names),
        _year_in_digits(years[0] if years else None),
        _known_language(work.language),
    )


class _OpenAlexAuthor(msgspec.Struct):
    display_name: str | None = None


class _OpenAlexAuthorship(msgspec.Struct):
    author: _OpenAlexAuthor
    raw_author_name: str | None = None  # as the work prints it


class _OpenAlexAnswer(msgspec.Struct):
    title: str | None = None
    authorships: list[_OpenAlexAuthorship] = []
    publication_year: int | None = None
    language: str | None = None


def read_openalex(body: bytes) -> Answer:
    """Return the fields in a response of OpenAlex's `/works/ID`; empty ones if it is not such a response.

    >>> read_openalex(b'{"title": "A", "authorships": [{"author": {"display_name": "C. D"}}], "language": "en"}')
    Answer(title='A', authors=('C. D',), year='', language='en')
    """
    work = _json_answer(body, _OpenAlexAnswer)
    if not work:
        return Answer()
    names = [one.author.display_name or one.raw_author_name or "" for one in work.authorships]
    return Answer(
        plain_line(work.title or ""),
        _named_authors(names),
        _year_in_digits(work.publication_year),
        _known_language(work.language),
    )


def read_arxiv(body: bytes) -> Answer:
    r"""Return what an answer of arXiv's API, an Atom feed of one entry, says; nothing for an error.

    >>> entry = b"<id>http://arxiv.org/abs/1v1</id><title>A\n  b</title><published>2017-06-12</published>"
    >>> read_arxiv(b'<feed xmlns="http://www.w3.org/2005/Atom"><entry>' + entry + b"</entry></feed>")
    Answer(title='A b', authors=(), year='2017', language='')
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        feed = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return Answer()

    def text(path: str) -> str:
        return str(feed.findtext(f"atom:entry/atom:{path}", "", _ATOM))

    if "/abs/" not in text("id"):
        return Answer()  # an unknown identifier gives an entry about the error, or none
    names = [name.text or "" for name in feed.iterfind("atom:entry/atom:author/atom:name", _ATOM)]
    published = text("published")[:4]
    return Answer(plain_line(text("title")), _named_authors(names), published if published.isdecimal() else "")


def _json_answer(body: bytes, kind: type[AnswerT]) -> AnswerT | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _named_authors(names: list[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(plain_line, names)))


def _year_in_digits(year: int | None) -> str:
    return f"{year:04}" if year and 0 < year < 10000 else ""  # noqa: PLR2004 - four digits


def _known_language(language: str | None) -> str:
    """Return a language of two or three letters; empty for anything else."""
    return language if language and re.fullmatch(r"[a-z]{2,3}", language) else ""
