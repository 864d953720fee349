"""A line of labels under a heading -> the work that it describes: `*作者:Czarnecki 等人(2017)* |📝[论文](...)`."""

from __future__ import annotations

import re

from markdown_it.token import Token

from pipeline.citations.reference import PARTS, Reference, without_others
from pipeline.citations.work_titles import MARKS_AROUND_TITLE, clean_title
from pipeline.document import Link
from pipeline.markdown import visible_text
from pipeline.patterns import SPACE_BEFORE
from pipeline.urls.kinds import label_kind

_AUTHOR_LABELS = (
    "作者|著者|作者群|저자|글쓴이|authors?|autor(?:es|en|in|a)?|auteurs?|autori"
    "|автор(?:ы)?|yazar(?:lar)?|autorzy|tác giả"
)
_AUTHOR_LINE = re.compile(rf"\s*(?:(?:{_AUTHOR_LABELS})\s*[:：]|by\s)\s*(.+)", re.IGNORECASE | re.DOTALL)
_YEAR_IN_BRACKETS = re.compile(r"[(（\[]\s*+((?:19|20)\d\d)\s*+(?:[年년]\s*+)?[)）\]]")
_BETWEEN_NAMES = re.compile(
    rf"{SPACE_BEFORE}[、，,;；&]\s*(?:and\s+)?|(?<!\s)\s++(?:and|und|et|y|e|и|ve|i|và)\s+|{SPACE_BEFORE}[和与與]\s*"
)
_ORIGINAL_TITLE = re.compile(rf"{SPACE_BEFORE}[(（]([^()（）A-Za-z]*+[A-Za-z][^()（）]*+)[)）]\s*\Z")
_LEAST_TITLE_WORDS = 3  # the fewest words of a title in brackets


def label_line_reference(tokens: list[Token], links: list[Link], heading: str) -> Reference | None:
    """Return the work that the tokens of a label line describe, titled by the heading; None if it has no paper.

    The links of the paragraph are in `links`. The authors and the year are before the first of them.
    """
    labelled = [link for link in links if label_kind(link.text) or link.kind in PARTS[:-1]]
    paper = next((link for link in labelled if link.kind == "paper"), None)
    if not paper:
        return None
    authors, others, year = _label_line_authors(_before_links(tokens))
    title, original = _both_titles(heading)
    others_linked = [link for link in labelled if link is not paper and _part(link)]
    parts = dict.fromkeys([("paper", paper.url), *((_part(link), link.url) for link in others_linked)])
    ordered = tuple(sorted(parts, key=lambda pair: PARTS.index(pair[0])))
    return Reference(title, authors, others, year, original, ordered)


def _part(link: Link) -> str:
    """Return which of PARTS a link in a label line is; empty if none, such as another paper with its title."""
    part = label_kind(link.text) or link.kind
    return part if part in PARTS[1:] or label_kind(link.text) else ""


def _before_links(tokens: list[Token]) -> str:
    """Return the text of a paragraph up to its first link."""
    end = next((at for at, token in enumerate(tokens) if token.type == "link_open"), len(tokens))
    return visible_text(tokens[:end])


def _label_line_authors(text: str) -> tuple[tuple[str, ...], bool, str]:
    """Return the authors in a label line, whether it leaves some out (et al.), and the year.

    >>> _label_line_authors("作者:施密特、施耐德、亨宁(2021) |📝")
    (('施密特', '施耐德', '亨宁'), False, '2021')
    >>> _label_line_authors("By A. Vaswani, N. Shazeer et al. (2017)")
    (('A. Vaswani', 'N. Shazeer'), True, '2017')
    """
    match = _AUTHOR_LINE.match(text)
    year = _YEAR_IN_BRACKETS.search(match[1] if match else text)
    if not match and not year:
        return (), False, ""
    names = (match[1] if match else text)[: year.start() if year else None]
    names = re.split(r"[|｜\n]", names)[0].strip(f"{MARKS_AROUND_TITLE}†‡")
    named, others = without_others(names)
    separate = (name.strip(f"{MARKS_AROUND_TITLE}†‡") for name in _BETWEEN_NAMES.split(named))
    authors = tuple(name for name in separate if re.search(r"\w", name))
    return authors, others, year[1] if year else ""


def _both_titles(heading: str) -> tuple[str, str]:
    """Return the title in the language of the post, and the original title if it follows in brackets.

    >>> _both_titles("注意力就是一切（Attention Is All You Need）")
    ('注意力就是一切', 'Attention Is All You Need')
    """
    match = _ORIGINAL_TITLE.search(heading)
    if match and not heading[: match.start()].isascii() and len(match[1].split()) >= _LEAST_TITLE_WORDS:
        return clean_title(heading[: match.start()]), clean_title(match[1])
    return heading, ""
