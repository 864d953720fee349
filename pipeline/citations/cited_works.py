"""Documents -> the works they cite: papers, with their code, talks, data and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import PurePosixPath

from pipeline.citations.bibtex import bibtex_references
from pipeline.citations.label_lines import label_line_reference
from pipeline.citations.paragraphs import Paragraph, Section, sections
from pipeline.citations.reference import PARTS, Reference
from pipeline.citations.reference_lines import parse_reference
from pipeline.citations.work_titles import (
    QUOTATION_MARKS,
    MentionPlace,
    is_reference_list,
    title_of_mention,
)
from pipeline.citations.written_identifiers import identifier_urls
from pipeline.document import Document, Link
from pipeline.steps.profiles import profile_of
from pipeline.urls.identifiers import identifiers
from pipeline.urls.kinds import KIND_OF_SCHEME, kind_of, label_kind

LONGEST_HEADING = 80  # characters of a line that can be the heading of a reference list
_BEFORE_ENTRY = " \t\n([【1234567890.、-—–*"  # what may be between the start of a line and the title of a work
_AFTER_ENTRY = frozenset(".,;:。，；：、|—–-()（）[【•·")
_SERIES_NUMBER = re.compile(r"\[(\d{1,4}\s*/\s*\d{1,4})\]")  # 5/52: part 5 of a series of 52
_MAY_CITE = re.compile(
    r"arxiv\s?[:：]|\b10\.\d{4,9}[./]|\bISBN|\bPMC?ID|^[^\w\n]*@\w+\s*\{", re.IGNORECASE | re.MULTILINE
)


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
    completed: tuple[tuple[str, str], ...] = ()  # (field that no post gives, name of the registry that gave it)

    @property
    def named(self) -> bool:
        """Whether the title is a title, not the identifier or URL in its place."""
        return self.title not in {"", *self.identifiers, *(url for _, url in self.links)}

    @property
    def published(self) -> tuple[str, ...]:
        """The identifiers of the paper, without those of its code, talks or data."""
        papers = (name for kind, url in self.links if kind == "paper" for name in identifiers(url))
        return tuple(dict.fromkeys(papers))

    @property
    def url(self) -> str:
        """The URL of the paper; empty if the posts give none."""
        return next((url for kind, url in self.links if kind == "paper" and url.startswith("http")), "")

    @property
    def key(self) -> str:
        """The unique key of the work.

        An identifier of its paper without the version, else its first URL, else a digest of its title and year.
        """
        named = next((name for name in self.published if KIND_OF_SCHEME[name.partition(":")[0]] == "paper"), "")
        if named or self.links:
            return re.sub(r"v\d+\Z", "", named) or self.links[0][1]
        words = " ".join((*re.findall(r"\w+", self.title.casefold()), self.year))
        return f"title:{blake2b(words.encode(), digest_size=8).hexdigest()}"


def works_of(document: Document) -> list[Work]:
    """Return the works that a document cites, each once, in the order of their first mention.

    A work has an identifier or is in a reference list.
    """
    if not any(link.kind == "paper" for link in document.links) and not _may_cite(document.text):
        return []
    pictures = {link.text for link in document.links if link.kind == "image"}
    mentions = [work for section in sections(document) for work in _works_of_section(section, document, pictures)]
    return [replace(work, cited=_first_by_heading(work.cited)) for work in catalogue(mentions)]


def _may_cite(text: str) -> bool:
    """Return whether a text without links to papers can cite works: by an identifier, a reference list or BibTeX."""
    short = (line.strip(" #*_\t") for line in text.splitlines() if len(line) < LONGEST_HEADING)
    return bool(_MAY_CITE.search(text)) or any(map(is_reference_list, short))


def catalogue(mentions: Iterable[Work]) -> list[Work]:
    """Return the works, each once, in the order of their first mention, with the fields of all mentions."""
    works: dict[str, Work] = {}
    cited: dict[str, list[Citation]] = {}
    for work in mentions:
        works[work.key] = _merged(works[work.key], work) if work.key in works else work
        cited.setdefault(work.key, []).extend(work.cited)
    return [replace(work, cited=tuple(cited[key])) for key, work in works.items()]


def _works_of_section(section: Section, document: Document, pictures: set[str]) -> Iterator[Work]:
    """Yield a work for each mention in a section: a link to a paper, an identifier, a reference, an entry of BibTeX."""
    known: dict[str, Work] = {}
    for paragraph in section.paragraphs:
        for work in _works_of_paragraph(paragraph, section, document, pictures):
            mention = replace(known[work.key], cited=work.cited) if work.key in known else work
            known.setdefault(work.key, mention)
            yield mention


def _works_of_paragraph(
    paragraph: Paragraph, section: Section, document: Document, pictures: set[str]
) -> Iterator[Work]:
    series = _SERIES_NUMBER.search(paragraph.token.content.replace("\\", ""))
    number = series[1].replace(" ", "") if series else paragraph.item

    def work(reference: Reference, line: int) -> Work:
        cited = Citation(document.path, document.meta.title, section.heading, number, line)
        return _work(reference, cited, document.meta.language)

    if paragraph.token.type != "inline":
        yield from (work(entry, paragraph.line) for entry in bibtex_references(paragraph.text))
        return
    papers = {link.url: link for link in paragraph.links if link.kind == "paper"}
    # only the word of a link says so: `article` is a page of a newspaper, too
    cited = {url: link.line for url, link in papers.items() if link.identifiers or kind_of(url) == "paper"}
    linked = {name for url in cited for name in identifiers(url)}
    written = [url for url in identifier_urls(paragraph.text) if linked.isdisjoint(identifiers(url))]
    cited |= dict.fromkeys(written, paragraph.line)
    described = _described(paragraph, section, document, list(cited))
    if described:
        lines = [papers[url].line for _, url in described.links if url in papers]
        yield work(described, min(lines, default=paragraph.line))
    heading = section.heading if section.depth > 1 and len(cited) == 1 else ""  # of several works it names none
    for url, line in cited.items():
        if not described or ("paper", url) not in described.links:
            link = papers.get(url)
            title = link and title_of_mention(link.text, heading, _mention_place(link, paragraph, section, pictures))
            yield work(Reference(title or next(iter(identifiers(url)), url), links=(("paper", url),)), line)


def _mention_place(link: Link, paragraph: Paragraph, section: Section, pictures: set[str]) -> MentionPlace:
    """Return where a link is in its paragraph, which decides whether its text is a title."""
    if link.text in pictures:
        return MentionPlace.PICTURE
    before, _, after = paragraph.text.partition(link.text)
    quoted = before[-1:] in QUOTATION_MARKS and after[:1] in QUOTATION_MARKS
    alone = not before.strip(_BEFORE_ENTRY) and (not after.strip() or after.lstrip()[0] in _AFTER_ENTRY)
    return MentionPlace.ENTRY if quoted or alone or is_reference_list(section.heading) else MentionPlace.SENTENCE


def _described(paragraph: Paragraph, section: Section, document: Document, cited: list[str]) -> Reference | None:
    """Return the work that a label line or a line of a reference list describes, with the papers that it names."""
    if profile_of(document.meta).label_lines and any(label_kind(link.text) for link in paragraph.links):
        named = section.heading and section.depth != 1
        return label_line_reference(paragraph.token, paragraph.links, section.heading) if named else None
    if not is_reference_list(section.heading):
        return None
    links = tuple(("paper", url) for url in cited)
    if reference := parse_reference(paragraph.text):
        return replace(reference, links=links)
    schemes = [name.partition(":")[0] for url in cited for name in identifiers(url)[:1]]
    if not schemes or len(schemes) < len(cited) or len(set(schemes)) < len(schemes):
        return None  # no work, or several
    texts = (title_of_mention(link.text, "", MentionPlace.ENTRY) for link in paragraph.links if link.url in cited)
    return Reference(next(filter(None, texts), identifiers(cited[0])[0]), links=links)


def _work(reference: Reference, cited: Citation, language: str) -> Work:
    names = dict.fromkeys(name for _, url in reference.links for name in identifiers(url))
    return Work(
        title=reference.title,
        original=reference.original,
        authors=reference.authors,
        others=reference.others,
        year=reference.year,
        identifiers=tuple(names),
        links=reference.links,
        cited=(cited,),
        language=language,
    )


def _merged(one: Work, other: Work) -> Work:
    """Return the fields of two mentions of a work; those of the first count more, authors and title go together."""
    fuller = one if one.authors or not (other.authors or not one.named) else other
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
