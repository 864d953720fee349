"""Documents -> the works they cite: papers, with the code, talks, data and pages that a post names beside them.

A work is cited by a line of labels under its heading (`*作者:Czarnecki 等人(2017)* |📝[论文](…) |🤖[代码](…)`), or by a
link to a paper anywhere. Sources are what the post itself says; nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from markdown_it.token import Token

from pipeline.document import Document, Link
from pipeline.markdown import heading_text, parse, visible_text
from pipeline.urls.identifiers import identifiers
from pipeline.urls.kinds import KIND_OF_SCHEME, label_kind

PARTS = ("paper", "code", "talk", "dataset", "site")  # the links of a work, in the order they are told
_BY = (
    "作者|著者|作者群|저자|글쓴이|authors?|autor(?:es|en|in|a)?|auteurs?|autori"
    "|автор(?:ы)?|yazar(?:lar)?|autorzy|tác giả"
)
_AUTHOR_LINE = re.compile(rf"\s*(?:(?:{_BY})\s*[:：]|by\s)\s*(.+)", re.IGNORECASE | re.DOTALL)
_YEAR = re.compile(r"[(（\[]\s*((?:19|20)\d\d)\s*[年년]?\s*[)）\]]")
_OTHERS = re.compile(
    r"[\s,]*(?:等人?|et\s+al\.?|외(?:\s*\d+명)?|ほか|他|ら|u\.\s?a\.|и\s+др\.?|y\s+otros|e\s+outros|et\s+coll\.|and\s+others)\s*\Z",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*[、，,;；&]\s*(?:and\s+)?|\s+(?:and|und|et|y|e|и|ve|i|và)\s+|\s*[和与與]\s*")
_NUMBER = re.compile(r"\[(\d{1,4}\s*/\s*\d{1,4})\]")  # 5/52: the fifth of 52, as series number their parts
_QUOTES = "“”\"'‘’«»„‟「」『』《》〈〉*_ \t"
_ORIGINAL = re.compile(r"\s*[(（]([^()（）]*[A-Za-z][^()（）]*)[)）]\s*\Z")
_LATIN_WORDS = 3  # a title in brackets has at least so many


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a post cites a work: under which heading, with which number of a series or list, on which line."""

    path: PurePosixPath
    post: str  # its title
    heading: str
    number: str
    line: int


@dataclass(frozen=True, slots=True)
class Work:
    """A work as the posts cite it; an empty field is one they do not give."""

    title: str
    original: str = ""  # the title in the work's own language
    authors: tuple[str, ...] = ()
    others: bool = False  # whether more authors are left out: et al.
    year: str = ""
    identifiers: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # (one of PARTS, canonical address)
    cited: tuple[Citation, ...] = ()
    language: str = ""  # of the title

    @property
    def published(self) -> tuple[str, ...]:
        """The identifiers of the work itself: not those of its code, talks or data."""
        papers = (known for kind, address in self.links if kind == "paper" for known in identifiers(address))
        return tuple(dict.fromkeys(papers))

    @property
    def key(self) -> str:
        """What tells it from other works: an identifier of its own, without a version, else its first address."""
        named = next((known for known in self.published if KIND_OF_SCHEME[known.partition(":")[0]] == "paper"), "")
        return re.sub(r"v\d+\Z", "", named) if named else self.links[0][1]


@dataclass(slots=True)
class _Section:
    """What stands under one heading: paragraphs with their links and the numbers of the list items they are in."""

    heading: str
    depth: int
    paragraphs: list[tuple[Token, list[Link], str]] = field(default_factory=list)


def works_of(document: Document) -> list[Work]:
    """Return the works that a document cites, in the order of their first mention, each once."""
    if not any(link.kind == "paper" for link in document.links):
        return []
    pictures = {link.text for link in document.links if link.kind == "image"}
    mentions = [work for section in _sections(document) for work in _cited(section, document, pictures)]
    return [replace(work, cited=_first(work.cited)) for work in catalogue(mentions)]


def catalogue(mentions: Iterable[Work]) -> list[Work]:
    """Return the works in the order of their first mention, each once, with all that the mentions say."""
    found: dict[str, Work] = {}
    cited: dict[str, list[Citation]] = {}
    for work in mentions:
        found[work.key] = _joined(found[work.key], work) if work.key in found else work
        cited.setdefault(work.key, []).extend(work.cited)
    return [replace(work, cited=tuple(cited[key])) for key, work in found.items()]


def _sections(document: Document) -> Iterator[_Section]:
    """Yield what stands under each heading, what stands before the first included."""
    waiting: dict[int, list[Link]] = {}
    for link in document.links:
        if link.kind != "image" and link.url.startswith(("http://", "https://")):
            waiting.setdefault(link.line, []).append(link)
    section = _Section("", 0)
    tokens = parse(document.text)
    items: list[str] = []
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            yield section
            section = _Section(_title(heading_text(tokens[index + 1].children)), int(token.tag[1:]))
        elif token.type == "list_item_open":
            items.append(token.info)
        elif token.type == "list_item_close":
            items.pop()
        elif token.type == "inline" and token.map:
            inside = [link for line in range(token.map[0], token.map[1]) for link in waiting.pop(line + 1, ())]
            section.paragraphs.append((token, inside, next((item for item in reversed(items) if item), "")))
    yield section


def _cited(section: _Section, document: Document, pictures: set[str]) -> Iterator[Work]:
    """Yield the works of a section: those that a line of labels describes, then any other paper that is linked."""
    known: dict[str, Work] = {}
    for token, links, item in section.paragraphs:
        number = match[1].replace(" ", "") if (match := _NUMBER.search(token.content.replace("\\", ""))) else item
        labelled = [link for link in links if label_kind(link.text) or link.kind == "paper"]
        described = _described(token, labelled, section) if any(label_kind(link.text) for link in labelled) else None
        for link in (link for link in links if link.kind == "paper"):
            cited = Citation(document.path, document.meta.title, section.heading, number, link.line)
            if described and ("paper", link.url) in described.links:
                work = replace(described, cited=(cited,), language=document.meta.language)
            elif (known_key := _key(link)) in known:
                work = replace(known[known_key], cited=(cited,))
            else:
                named = not (_is_address(link.text) or label_kind(link.text) or link.text in pictures)
                title = _title(link.text) if named else ""
                work = Work(
                    title or section.heading or link.url,
                    identifiers=link.identifiers,
                    links=(("paper", link.url),),
                    cited=(cited,),
                    language=document.meta.language,
                )
            known.setdefault(work.key, work)
            yield work


def _described(token: Token, links: list[Link], section: _Section) -> Work | None:
    """Return the work that a line of labels describes; None where no paper is among its links, or no heading above."""
    paper = next((link for link in links if link.kind == "paper"), None)
    if not paper or not section.heading or section.depth == 1:
        return None
    authors, others, year = _authors(_before_links(token))
    title, original = _both_titles(section.heading)
    beside = [link for link in links if link is not paper and _part(link)]
    parts = dict.fromkeys([("paper", paper.url), *((_part(link), link.url) for link in beside)])
    known = dict.fromkeys(known for link in (paper, *beside) for known in link.identifiers)
    ordered = tuple(sorted(parts, key=lambda pair: PARTS.index(pair[0])))
    return Work(title, original, authors, others, year, tuple(known), ordered)


def _part(link: Link) -> str:
    """Return which part of a work a link beside its paper is; empty if none, as of a paper that has another name."""
    part = label_kind(link.text) or link.kind
    return part if part in PARTS[1:] or label_kind(link.text) else ""


def _before_links(token: Token) -> str:
    """Return the text of a paragraph up to its first link."""
    children = token.children or []
    end = next((at for at, child in enumerate(children) if child.type == "link_open"), len(children))
    return visible_text(children[:end])


def _authors(text: str) -> tuple[tuple[str, ...], bool, str]:
    """Return the authors that a line names, whether it leaves some out, and the year.

    >>> _authors("作者:施密特、施耐德、亨宁(2021) |📝")
    (('施密特', '施耐德', '亨宁'), False, '2021')
    >>> _authors("By A. Vaswani, N. Shazeer et al. (2017)")
    (('A. Vaswani', 'N. Shazeer'), True, '2017')
    """
    match = _AUTHOR_LINE.match(text)
    year = _YEAR.search(match[1] if match else text)
    if not match and not year:
        return (), False, ""
    names = (match[1] if match else text)[: year.start() if year else None]
    names = re.split(r"[|｜\n]", names)[0].strip(f"{_QUOTES}†‡")
    most = _OTHERS.sub("", names)
    parted = (name.strip(f"{_QUOTES}†‡") for name in _AND.split(most))
    return tuple(name for name in parted if re.search(r"\w", name)), most != names, year[1] if year else ""


def _both_titles(heading: str) -> tuple[str, str]:
    """Return the title in the post's language, and the original where brackets at its end give it.

    >>> _both_titles("注意力就是一切（Attention Is All You Need）")
    ('注意力就是一切', 'Attention Is All You Need')
    """
    match = _ORIGINAL.search(heading)
    if match and not heading[: match.start()].isascii() and len(match[1].split()) >= _LATIN_WORDS:
        return _title(heading[: match.start()]), _title(match[1])
    return heading, ""


def _title(text: str) -> str:
    return " ".join(text.split()).strip(_QUOTES)


def _is_address(text: str) -> bool:
    return bool(re.match(r"https?://|www\.|\s*\Z", text))


def _key(link: Link) -> str:
    return Work("", identifiers=link.identifiers, links=(("paper", link.url),)).key


def _joined(one: Work, other: Work) -> Work:
    """Return what two mentions say of a work, the first first."""
    fuller = one if one.authors or not other.authors else other
    return replace(
        one,
        title=fuller.title,
        original=one.original or other.original,
        authors=fuller.authors,
        others=fuller.others,
        year=one.year or other.year,
        identifiers=tuple(dict.fromkeys(one.identifiers + other.identifiers)),
        links=tuple(sorted(dict.fromkeys(one.links + other.links), key=lambda pair: PARTS.index(pair[0]))),
    )


def _first(cited: tuple[Citation, ...]) -> tuple[Citation, ...]:
    """Return one citation for each heading: the first, with the number that any of them has."""
    found: dict[str, Citation] = {}
    for one in cited:
        first = found.setdefault(one.heading, one)
        found[one.heading] = replace(first, number=first.number or one.number)
    return tuple(found.values())
