"""A line of a reference list -> authors, year and title of the work.

Each style is one pattern. A line that fits none is not a reference, as a wrong title is worse than none.
"""

from __future__ import annotations

import re

from pipeline.citations.author_names import INITIALS, SURNAME, author_names
from pipeline.citations.reference import Reference, without_others
from pipeline.patterns import lazy_pattern

LONGEST_LINE = 1_000  # characters of a reference; longer paragraphs are text
LONGEST_AUTHORS = 300  # characters before the title
LEAST_LETTERS = 2  # of a title
YEAR = r"(?:1[5-9]|20)\d\d"
_YEAR_PATTERN = lazy_pattern(rf"(?<![\d-]){YEAR}(?!\d|\.\d|[-–]\d{{3}})")  # not 1998-2005, arXiv:2005.14165
_YEAR_AFTER_NAMES = lazy_pattern(
    rf"(?:(?<![\s.]\w)\.[\s,，(（]*+|(?<![\s,，(（])[\s,，(（]++)?+{YEAR}[a-z]?\s*+年?[)）]?[\s.,:：，、]*+\Z"
)
REFERENCE_NUMBER = lazy_pattern(r"\s*(?:[\[［【(（]\s*[\w+-]{1,12}\s*[\]］】)）]|\d{1,3}[.)、])\s*")  # [12], (3), 4.
_SHORT_NAME = r"[^\W\d_][\w'’ -]{1,30}\s[A-Z]{1,3}"  # Lee KP
_END_OF_TITLE = lazy_pattern(r"[.?!。？！](?=\s|\Z)")
_ABBREVIATION = lazy_pattern(r"(?:\b(?:vs|St|No|Vol|Dr|Mr|Mrs|cf|ca|bzw|z\.\s?B|e\.g|i\.e|U\.S)|\b[^\W\d_])\Z")
_KIND_OF_WORK = lazy_pattern(
    r"[\[［]\s*(?:[JMCDRNSPGAZ]|DB|CP|EB|CM|DS)(?:\s*/\s*OL)?\s*[\]］]"
)  # GB/T 7714: kinds of works
_QUOTED_TITLE = lazy_pattern(
    r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]|「([^「」]+)」|『([^『』]+)』|《([^《》]+)》"
)
_APA = lazy_pattern(
    rf"(?P<authors>.(?:\S|\s++)*?)\s*+[(（]({YEAR})[a-z]?(?:,\s[^()]*)?[)）][.。:：,]?\s*(?P<title>.+)", re.DOTALL
)
_HARVARD = lazy_pattern(rf"(?P<authors>.+?)[,.，]\s*({YEAR})[a-z]?\s*[.．]\s+(?P<title>.+)", re.DOTALL)
_BOOK = lazy_pattern(  # MLA: Lee, Kim. Title. Publisher, 2019. German: Lee, Kim: Title. Place: Publisher 2019.
    rf"(?P<authors>[^\W\d_][\w'’-]+,\s[^\W\d_][^.:]{{1,60}}?(?:\s[^\W\d_]\.)?)[.:]\s(?P<title>[^.]+)\.\s.{{2,80}}\s{YEAR}\.?"
)
_GOST = lazy_pattern(  # Russian and others: Иванов И. И. Title. М.: Наука, 1999. 320 с.
    rf"(?P<authors>{SURNAME}\s{INITIALS}(?:,\s{SURNAME}\s{INITIALS})*)\s*(?P<title>[^\W\d_]\w.+)"
)
_VANCOUVER = lazy_pattern(rf"(?P<authors>{_SHORT_NAME}(?:,\s{_SHORT_NAME})*(?:,\set\sal)?)\.\s(?P<title>.+)")


def parse_reference(line: str) -> Reference | None:
    """Return the work that a line of a reference list describes; None if the line has none of the known styles.

    The styles: GB/T 7714, APA, Harvard, Chicago, MLA, IEEE, Vancouver, and the Chinese and Japanese ones with the title
    in quotation marks.

    >>> found = parse_reference("[3] A. Vaswani et al., “Attention is all you need,” in Proc. NIPS, 2017, pp. 1-5.")
    >>> found.authors, found.others, found.year, found.title
    (('A. Vaswani',), True, '2017', 'Attention is all you need')
    >>> parse_reference("王小明. 机器学习导论[M]. 北京: 清华大学出版社, 2019.").title
    '机器学习导论'
    >>> parse_reference("The best introduction to the field.") is None
    True
    """
    line = " ".join(line.split())
    if len(line) > LONGEST_LINE or not _YEAR_PATTERN.search(line):
        return None
    line = REFERENCE_NUMBER.sub("", line, count=1) if REFERENCE_NUMBER.match(line) else line
    for style in (_with_kind, _with_quoted_title, _with_date_first, _without_quotation_marks):
        if found := style(line):
            return found
    return None


def _with_kind(line: str) -> Reference | None:
    """GB/T 7714: `Author. Title[J]. Journal, 2019, 3(2): 1-5.`."""
    mark = _KIND_OF_WORK.search(line)
    if not mark:
        return None
    end = _end_of_names(line[: mark.start()])
    if not end:
        return None
    return _reference(line[: end - 1], line[end : mark.start()], line[:end] + line[mark.end() :])


def _end_of_names(text: str) -> int:
    """Return where the title starts, after the full stop that ends the names: not after an initial before another."""
    for stop in re.finditer(r"[.．。]\s*", text):
        if not re.match(r"[A-Z][.,]|&|et al|等", text[stop.end() :]):
            return stop.end()
    return 0


def _with_quoted_title(line: str) -> Reference | None:
    """MLA, Chicago and IEEE: `Names, “Title,” Journal 3 (2019)`; `著者『題名』出版社、2019年`."""
    quoted = _QUOTED_TITLE.search(line)
    if not quoted or not quoted.start():
        return None
    title = next(filter(None, quoted.groups()))
    return _reference(line[: quoted.start()], title, line[: quoted.start()] + line[quoted.end() :])


def _with_date_first(line: str) -> Reference | None:
    """APA, Harvard, Chicago: `Lee, K. (2019). Title. Journal`; `Lee, K., 2019. Title. Journal`."""
    match = _APA.match(line) or _HARVARD.match(line)
    if not match:
        return None
    title = _first_sentence(match["title"])
    return _reference(match["authors"], title, match[2]) if title else None


def _without_quotation_marks(line: str) -> Reference | None:
    """Books in MLA and German style, Vancouver and GOST: `Lee K, Kim J. Title. Journal. 2019;3:1-5.`."""
    if match := _BOOK.fullmatch(line):
        return _reference(match["authors"], match["title"], line[match.end("title") :])
    if match := _VANCOUVER.fullmatch(line) or _GOST.fullmatch(line):
        title = _first_sentence(match["title"])
        return _reference(match["authors"], title, match["title"][len(title) :]) if title else None
    return None


def _first_sentence(text: str) -> str:
    """Return the text up to the full stop that ends it; empty if nothing follows or ends there."""
    for stop in _END_OF_TITLE.finditer(text):
        if not _ABBREVIATION.search(text[: stop.start()]):
            return text[: stop.end()] if stop[0] in "?!？！" else text[: stop.start()]
    return ""


def _reference(names: str, title: str, rest: str) -> Reference | None:
    """Return the reference of its parts; None if the names cannot be names, or the title no title."""
    year = _YEAR_PATTERN.search(rest)
    title = title.strip(' .,，。:：“”"«»「」『』《》')
    names = _YEAR_AFTER_NAMES.sub("", names).strip(" ,，。:：;、")
    names = names if re.search(r"(?:\b[^\W\d_]|al)\.\Z", names) else names.rstrip(".")
    if not year or len(title) < LEAST_LETTERS or not re.search(r"[^\W\d]", title):
        return None
    named, others = without_others(names)
    authors = author_names(named) if len(named) <= LONGEST_AUTHORS else ()
    return Reference(title, authors, others, year[0]) if authors else None
