"""Documents -> the works they cite: papers, with their code, talks, data and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from markdown_it.token import Token

from pipeline.citations.work_titles import MARKS_AROUND_TITLE, clean_title, title_of_mention
from pipeline.document import Document, Link
from pipeline.markdown import heading_text, parse, visible_text
from pipeline.steps.profiles import profile_of
from pipeline.urls.identifiers import identifiers
from pipeline.urls.kinds import KIND_OF_SCHEME, kind_of, label_kind

PARTS = ("paper", "code", "talk", "dataset", "site")  # the kinds of links of a work, in order
_AUTHOR_LABELS = (
    "作者|著者|作者群|저자|글쓴이|authors?|autor(?:es|en|in|a)?|auteurs?|autori"
    "|автор(?:ы)?|yazar(?:lar)?|autorzy|tác giả"
)
_AUTHOR_LINE = re.compile(rf"\s*(?:(?:{_AUTHOR_LABELS})\s*[:：]|by\s)\s*(.+)", re.IGNORECASE | re.DOTALL)
_YEAR = re.compile(r"[(（\[]\s*((?:19|20)\d\d)\s*[年년]?\s*[)）\]]")
_ET_AL = re.compile(
    r"[\s,]*(?:等人?|et\s+al\.?|외(?:\s*\d+명)?|ほか|他|ら|u\.\s?a\.|и\s+др\.?|y\s+otros|e\s+outros|et\s+coll\.|and\s+others)\s*\Z",
    re.IGNORECASE,
)
_BETWEEN_NAMES = re.compile(r"\s*[、，,;；&]\s*(?:and\s+)?|\s+(?:and|und|et|y|e|и|ve|i|và)\s+|\s*[和与與]\s*")
_SERIES_NUMBER = re.compile(r"\[(\d{1,4}\s*/\s*\d{1,4})\]")  # 5/52: part 5 of a series of 52
_ORIGINAL_TITLE = re.compile(r"\s*[(（]([^()（）]*[A-Za-z][^()（）]*)[)）]\s*\Z")
_LEAST_TITLE_WORDS = 3  # the fewest words of a title in brackets


@dataclass(frozen=True, slots=True)
class Citation:
    """A place where a post cites a work: the heading above, the number in a series or list, the line."""

    path: PurePosixPath
    post: str  # title
    heading: str
    number: str
    line: int


@dataclass(frozen=True, slots=True)
class Work:
    """A work as the posts cite it; a field that they do not give is empty."""

    title: str
    original: str = ""  # the title in the language of the work
    authors: tuple[str, ...] = ()
    others: bool = False  # whether the post leaves out authors: et al.
    year: str = ""
    identifiers: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # (one of PARTS, canonical URL)
    cited: tuple[Citation, ...] = ()
    language: str = ""  # of the title

    @property
    def published(self) -> tuple[str, ...]:
        """The identifiers of the paper, without those of its code, talks or data."""
        papers = (name for kind, url in self.links if kind == "paper" for name in identifiers(url))
        return tuple(dict.fromkeys(papers))

    @property
    def key(self) -> str:
        """The unique key of the work: an identifier of its paper without the version, else its first URL."""
        named = next((name for name in self.published if KIND_OF_SCHEME[name.partition(":")[0]] == "paper"), "")
        return re.sub(r"v\d+\Z", "", named) if named else self.links[0][1]


@dataclass(slots=True)
class _Section:
    """The paragraphs under one heading, each with its links and the number of the list item around it."""

    heading: str
    depth: int
    paragraphs: list[tuple[Token, list[Link], str]] = field(default_factory=list)


def works_of(document: Document) -> list[Work]:
    """Return the works that a document cites, each once, in the order of their first mention."""
    if not any(link.kind == "paper" for link in document.links):
        return []
    pictures = {link.text for link in document.links if link.kind == "image"}
    mentions = [work for section in _sections(document) for work in _works_of_section(section, document, pictures)]
    return [replace(work, cited=_first_by_heading(work.cited)) for work in catalogue(mentions)]


def catalogue(mentions: Iterable[Work]) -> list[Work]:
    """Return the works, each once, in the order of their first mention, with the fields of all mentions."""
    works: dict[str, Work] = {}
    cited: dict[str, list[Citation]] = {}
    for work in mentions:
        works[work.key] = _merged(works[work.key], work) if work.key in works else work
        cited.setdefault(work.key, []).extend(work.cited)
    return [replace(work, cited=tuple(cited[key])) for key, work in works.items()]


def _sections(document: Document) -> Iterator[_Section]:
    """Yield the section of each heading, and before them the text without a heading."""
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
            section = _Section(clean_title(heading_text(tokens[index + 1].children)), int(token.tag[1:]))
        elif token.type == "list_item_open":
            items.append(token.info)
        elif token.type == "list_item_close":
            items.pop()
        elif token.type == "inline" and token.map:
            inside = [link for line in range(token.map[0], token.map[1]) for link in waiting.pop(line + 1, ())]
            section.paragraphs.append((token, inside, next((item for item in reversed(items) if item), "")))
    yield section


def _works_of_section(section: _Section, document: Document, pictures: set[str]) -> Iterator[Work]:
    """Yield a work for each link to a paper in a section; a label line describes it, else the text of the link."""
    label_lines = profile_of(document.meta).label_lines
    known: dict[str, Work] = {}
    for token, links, item in section.paragraphs:
        number = (
            match[1].replace(" ", "") if (match := _SERIES_NUMBER.search(token.content.replace("\\", ""))) else item
        )
        is_label_line = label_lines and any(label_kind(link.text) for link in links)
        described = _work_of_label_line(token, links, section) if is_label_line else None
        for link in (link for link in links if link.kind == "paper"):
            cited = Citation(document.path, document.meta.title, section.heading, number, link.line)
            if described and ("paper", link.url) in described.links:
                work = replace(described, cited=(cited,), language=document.meta.language)
            elif (known_key := _work_key(link)) in known:
                work = replace(known[known_key], cited=(cited,))
            elif not link.identifiers and kind_of(link.url) != "paper":
                continue  # only the word of a link says so: `article` is a page of a newspaper, too
            else:
                title = title_of_mention(link.text, section.heading, picture=link.text in pictures)
                work = Work(
                    title or next(iter(link.identifiers), link.url),
                    identifiers=link.identifiers,
                    links=(("paper", link.url),),
                    cited=(cited,),
                    language=document.meta.language,
                )
            known.setdefault(work.key, work)
            yield work


def _work_of_label_line(token: Token, links: list[Link], section: _Section) -> Work | None:
    """Return the work that a label line describes, titled by the heading; None if it has no paper or no heading."""
    labelled = [link for link in links if label_kind(link.text) or link.kind in PARTS[:-1]]
    paper = next((link for link in labelled if link.kind == "paper"), None)
    if not paper or not section.heading or section.depth == 1:
        return None
    authors, others, year = _label_line_authors(_before_links(token))
    title, original = _both_titles(section.heading)
    others_linked = [link for link in labelled if link is not paper and _part(link)]
    parts = dict.fromkeys([("paper", paper.url), *((_part(link), link.url) for link in others_linked)])
    names = dict.fromkeys(name for link in (paper, *others_linked) for name in link.identifiers)
    ordered = tuple(sorted(parts, key=lambda pair: PARTS.index(pair[0])))
    return Work(title, original, authors, others, year, tuple(names), ordered)


def _part(link: Link) -> str:
    """Return which of PARTS a link in a label line is; empty if none, such as another paper with its title."""
    part = label_kind(link.text) or link.kind
    return part if part in PARTS[1:] or label_kind(link.text) else ""


def _before_links(token: Token) -> str:
    """Return the text of a paragraph up to its first link."""
    children = token.children or []
    end = next((at for at, child in enumerate(children) if child.type == "link_open"), len(children))
    return visible_text(children[:end])


def _label_line_authors(text: str) -> tuple[tuple[str, ...], bool, str]:
    """Return the authors in a label line, whether it leaves some out (et al.), and the year.

    >>> _label_line_authors("作者:施密特、施耐德、亨宁(2021) |📝")
    (('施密特', '施耐德', '亨宁'), False, '2021')
    >>> _label_line_authors("By A. Vaswani, N. Shazeer et al. (2017)")
    (('A. Vaswani', 'N. Shazeer'), True, '2017')
    """
    match = _AUTHOR_LINE.match(text)
    year = _YEAR.search(match[1] if match else text)
    if not match and not year:
        return (), False, ""
    names = (match[1] if match else text)[: year.start() if year else None]
    names = re.split(r"[|｜\n]", names)[0].strip(f"{MARKS_AROUND_TITLE}†‡")
    without_others = _ET_AL.sub("", names)
    separate = (name.strip(f"{MARKS_AROUND_TITLE}†‡") for name in _BETWEEN_NAMES.split(without_others))
    authors = tuple(name for name in separate if re.search(r"\w", name))
    return authors, without_others != names, year[1] if year else ""


def _both_titles(heading: str) -> tuple[str, str]:
    """Return the title in the language of the post, and the original title if it follows in brackets.

    >>> _both_titles("注意力就是一切（Attention Is All You Need）")
    ('注意力就是一切', 'Attention Is All You Need')
    """
    match = _ORIGINAL_TITLE.search(heading)
    if match and not heading[: match.start()].isascii() and len(match[1].split()) >= _LEAST_TITLE_WORDS:
        return clean_title(heading[: match.start()]), clean_title(match[1])
    return heading, ""


def _work_key(link: Link) -> str:
    return Work("", identifiers=link.identifiers, links=(("paper", link.url),)).key


def _merged(one: Work, other: Work) -> Work:
    """Return the fields of two mentions of a work; those of the first count more, authors and title go together."""
    named = one.title not in {*one.identifiers, *(url for _, url in one.links)}
    fuller = one if one.authors or not (other.authors or not named) else other
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


def _first_by_heading(cited: tuple[Citation, ...]) -> tuple[Citation, ...]:
    """Return the first citation under each heading, with the first number among those under the heading."""
    by_heading: dict[str, Citation] = {}
    for one in cited:
        first = by_heading.setdefault(one.heading, one)
        by_heading[one.heading] = replace(first, number=first.number or one.number)
    return tuple(by_heading.values())
