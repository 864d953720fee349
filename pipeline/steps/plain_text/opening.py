"""First lines of a plain text -> its title, authors and date: `《雨夜》作者：某人`, `Title: …`, `Subject: …`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.patterns import SPACE_BEFORE, lazy_pattern
from pipeline.steps.dates import date_of
from pipeline.steps.plain_text.layout import SENTENCE_END
from pipeline.steps.plain_text.lines import TextLine

OPENING_LINES = 30  # lines from the top that may name the title and the author
MOST_OPENING_COLUMNS = 120  # columns of such a line; a longer one is a paragraph
_TITLE_NAMES = (
    "title|book title|书名|書名|小说名|小說名|作品名称?|标 *题|標 *題|題 *名|タイトル|件名|主题|主題|主旨|제목|책제목"
    "|titel|titre|título|titulo|titolo|tytuł|название|заглавие|назва|subject|betreff|objet|asunto|assunto|oggetto|onderwerp|temat"
    "|тема|ämne"
)
_AUTHOR_NAMES = (
    "authors?|by|作者|著者|作家|저자|지은이|작가|글쓴이|글|autore?n?|autora|auteure?|author\\(s\\)|autorka|автор|yazar|kirjoittaja"
    "|författare|forfatter|schrijver|szerző|from|von|发件人|寄件者|发信人|差出人|보낸사람|от кого|от"
)
_DATE_NAMES = (
    "date|release date|posting date|日期|时间|時間|发表时间|發表時間|日時|날짜|datum|fecha|data|дата|sent|gesendet"
)
_LABELLED = lazy_pattern(
    rf"(?:(?P<title>{_TITLE_NAMES})|(?P<author>{_AUTHOR_NAMES})|(?P<date>{_DATE_NAMES}))\s*[:：]\s*(?P<value>\S.*)",
    re.IGNORECASE,
)
_BOARD_LINE = lazy_pattern(r"(?:(?P<author>作者)|(?P<title>標題|标题)|(?P<date>時間|时间))\s+(?P<value>\S.*)")  # of PTT
_BRACKETED = lazy_pattern(
    r"[《〈『「【](?P<title>[^》〉』」】/／]{1,60})(?:[/／]\s*+作者\s*+(?:[:：]\s*+)?(?P<inside>[^》』】]{1,40}))?[》〉』」】]"
    r"\s*+(?:[（(【\[][^）)】\]]{0,30}[）)】\]]\s*+)?(?:全集|全本|完本|完结|精校版|校对版|全文|[Tt][Xx][Tt])?\s*+"
    r"(?:(?:作者|著者|文|by|BY|By)?\s*+(?:[:：/／]\s*+)?(?P<author>[^\s，。！？,.!?]{1,30}))?"
)
_WRITTEN_BY = lazy_pattern(
    r"(?:by|BY|By|von|par|por|di|door|av)\s+(?P<author>[^\W\d_][^.!?,;:]{1,60})"
    r"|(?:文|作|著)\s*[/／]\s*(?P<cjk>\S{1,20})|(?P<suffix>\S{1,12})\s+著"
)
_EBOOK_OF = lazy_pattern(
    r"(?:The )?Project Gutenberg(?:'s|’s)? (?:EBook|eBook|Etext) of (?P<title>.+?)(?:, by (?P<author>.+))?\Z"
)
_MARKED_WHOLE = lazy_pattern(r"\A([*_]{1,9})(.+)\1\Z")  # marks around a title; those of a word in it stay
_ADDRESS = lazy_pattern(rf"{SPACE_BEFORE}<[^<>@]*+@[^<>]*+>|{SPACE_BEFORE}\S{{1,254}}@\S+\s*")
_IN_PARENTHESES = lazy_pattern(r"(?<!\S)(?=\S++\s++\()\S+@\S+\s+\(([^()]+)\)\s*\Z")
_BOARD_SUFFIX = lazy_pattern(r"(?:(?<![\s,，])[\s,，]++)?+(?:看板|站內|站内|信区)\s*[:：]?.*\Z")


@dataclass(frozen=True, slots=True)
class Opening:
    """What the first lines say; empty where they do not."""

    title: str = ""
    authors: tuple[str, ...] = ()
    date: str = ""  # ISO 8601


def opening_of(lines: Sequence[TextLine]) -> Opening:
    """Return what the first lines of a text, those above its first chapter, say of it."""
    words = [line.words for line in lines if line.words and not line.depth and line.width <= MOST_OPENING_COLUMNS]
    found: dict[str, str] = {}
    for at, line in enumerate(words[:OPENING_LINES]):
        for name, value in _named(line, first=at == 0):
            found.setdefault(name, _MARKED_WHOLE.sub(r"\2", value.strip(" \t\u3000")))
        if at and "author" not in found and "title" not in found and (match := _WRITTEN_BY.fullmatch(line)):
            before = words[at - 1]
            if at < 4 and not SENTENCE_END.search(before):  # noqa: PLR2004 - a title and a subtitle
                found |= {"title": words[0], "author": next(filter(None, match.groups()))}
    author = _person(found.get("author", ""))
    names = tuple(name.strip() for name in author.split("、") if name.strip())
    return Opening(found.get("title", ""), names, date_of(found.get("date", "")))


def _named(line: str, *, first: bool) -> Iterator[tuple[str, str]]:
    """Yield what a line says, as pairs of `title`, `author` or `date` and a value."""
    if match := _LABELLED.fullmatch(line) or _BOARD_LINE.fullmatch(line) or _EBOOK_OF.fullmatch(line):
        groups = match.groupdict()
        value = groups.pop("value", "")
        yield from ((name, value or part) for name, part in groups.items() if part)
    elif match := _BRACKETED.fullmatch(line):
        author = match["inside"] or match["author"] or ""
        if first or author:
            yield "title", match["title"]
        if author:
            yield "author", author


def _person(text: str) -> str:
    """Return the name of a person without a mail address or a board: `Ann <ann@e.org>` -> `Ann`."""
    text = _BOARD_SUFFIX.sub("", text)
    if match := _IN_PARENTHESES.search(text):
        return match[1].strip()
    name = _ADDRESS.sub(" ", text).strip(" \t\"'")
    return name or text.strip()
