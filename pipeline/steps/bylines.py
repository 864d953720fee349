"""Lines below the title -> the authors and the date that they name: `By Ann Lee, March 5, 2021`, `作者：王小明`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.steps.dates import date_of, is_ambiguous

BYLINE_LINES = 6  # lines below the title that may hold a byline
MOST_BYLINE_CHARACTERS = 140  # a longer line is a paragraph
MOST_NAME_CHARACTERS, MOST_NAME_WORDS, MOST_AUTHORS = 40, 5, 12
_BYLINE_PARTS = re.compile(
    r"\u3000+|\t+|\s{2,}|\s*[|｜·•∙／]\s*|\s+[—–/]\s+|\s(?=(?:发布|发表|發表|发佈|時間|时间|日期|作者|来源)\S{0,4}[:：])"
)
_MARKS = re.compile(r"!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)]*\)|<[^<>]{1,200}>|[*_>\[\]`]|^[\s#-]+")
_DATE_LABEL = re.compile(
    r"(?:发布|發布|发表|發表|发佈|創建|创建|撰写|写|投稿|公開|作成|작성|게시|등록|입력)?"
    r"(?:(?:日期|时间|時間|日時|日|일시|일자|일)\s*[:：]\s*|[于於]\s*[:：]?\s*|(?<=[发發布])\s*[:：]\s*)"
    r"|(?:date(?: published)?|published(?: on)?|posted(?: on)?|written on|created(?: on)?|datum|fecha|data"
    r"|дата(?: публикации)?"
    r"|опубликовано|publié le|veröffentlicht(?: am)?|erstellt am|publicado (?:el|em)|pubblicato il|gepubliceerd op"
    r"|geplaatst op"
    r"|opublikowano|publicerad|udgivet|publisert|julkaistu|zveřejněno|megjelent|yayınlanma tarihi"
    r"|đăng ngày)\s*[:：]?\s+",
    re.IGNORECASE,
)
_UPDATE = re.compile(
    r"更新|修改|修订|最后|最後|最終|수정|updated|modified|edited|revised|aktualisiert|mis à jour|actualizado|обновлено",
    re.IGNORECASE,
)
_AUTHOR_LABEL = re.compile(
    r"(?:(?:原作者|作者|撰文|撰稿|文字?|著者|筆者|执笔|執筆|글쓴이|작성자|저자|글|기자)\s*(?:[:：]|[/／丨])\s*"
    r"|(?:authors?|autore?n?|autora|auteure?|author\(s\)|автор|yazar|tác giả|forfatter|författare|auteur|szerző"
    r"|autorzy|kirjoittaja)\s*[:：]\s*"
    r"|(?P<loose>(?:written |posted |published )?by|von|par|por|di|door|av|af)\s+)",
    re.IGNORECASE,
)
_NAME_END = re.compile(
    r"\s*(?:,\s+|[，,]|\s(?:on|am|le|el|em|il|op|den)\s|\s[-—–]\s"
    r"|\s)?\s*(?=(?:[A-Z][a-z]+day,?\s+)?(?:\d{1,4}[\s./年-]|[A-Z][^\W\d_]{2,9}\.?\s\d))"
    r"|\s(?:on|am|le|el|em|il|op|den)\s(?=\S+ \d)|\s*[(（;；]|\s(?:发布|发表|發表|時間|时间|日期)"
)
_CAPITALIZED = re.compile(
    r"(?:(?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*|de|da|do|dos|del|della|di|van|von|der|den|la|le|el|al|bin|ibn|y|e)(?:\s+"
    r"|\Z)){1,5}"
)
_CJK_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af·・\w.\s-]{1,30}")
_TIME = re.compile(
    r"[,，]?\s*(?:at\s|um\s|à\s|a las\s|kl\.?\s)?\d{1,2}[:h.]\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?|uhr)?\s*\Z", re.IGNORECASE
)
_LEADING_WEEKDAY = re.compile(r"\A(?:[^\W\d_]{2,12}\.?,\s+|(?:le|el|on|am|den|il)\s+|星期.\s*|周.\s*)", re.IGNORECASE)
_ONLY_DATE = re.compile(
    r"(?:\d{4}\s?[-/.年년]\s?\d{1,2}\s?[-/.月월]\s?\d{1,2}\s?[日일.]?|\d{1,2}\.\s?\d{1,2}\.\s?\d{4}"
    r"|\d{1,2}[/-]\d{1,2}[/-]\d{4}|\d{8}"
    r"|(?:\d{1,2}(?:st|nd|rd|th|er|[º.])?[\s-](?:of\s|de\s|d['’])?)?[^\W\d_]{3,12}\.?[\s-](?:\d{1,2}(?:st|nd|rd"
    r"|th)?,?\s)?(?:de\s|del\s)?\d{4}(?:\s?г\.?)?"
    r"|\d{4}\.? [^\W\d_]{3,12} \d{1,2}\.?)(?:\s*(?:\(?(?:[^\W\d_]{2,9}|星期.|周.|[日月火水木金土])\)?))?",
    re.IGNORECASE,
)
_BY_AFTER = re.compile(r"\s(?:by|von|par|por|di|door|av|af)\s(?=[^\W\d_a-z])")
_NAME_BEFORE = re.compile(r"[\u3400-\u9fff]{2,4}\s+|(?:[^\W\d_a-z][\w.'’-]*\s){1,2}[^\W\d_a-z][\w.'’-]*,\s+")
_AUTHOR_BAR = re.compile(r"^(作者|文|撰文)\s*[|｜]\s*")
_NAME_SEPARATOR = re.compile(
    r"\s*[、;；&]\s*|\s+(?:and|und|et|y|e|i|och|og|en|и|with)\s+|[，,]\s*(?=\S+\s\S|[\u3400-\u9fff])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Byline:
    """What the lines below a title say; empty where they do not. `ambiguous`: a date with two readings."""

    authors: tuple[str, ...] = ()
    date: str = ""
    ambiguous: str = ""


def byline_of(lines: list[str]) -> Byline:
    """Return the authors and the date that the first lines below a title name.

    >>> byline_of(["作者：王小明　发布日期：2021年3月5日"])
    Byline(authors=('王小明',), date='2021-03-05', ambiguous='')
    >>> byline_of(["By Ann Lee and Bob Ray, March 5, 2021"])
    Byline(authors=('Ann Lee', 'Bob Ray'), date='2021-03-05', ambiguous='')
    >>> byline_of(["On March 5, 2021 the river rose by two metres."])
    Byline(authors=(), date='', ambiguous='')
    """
    authors: tuple[str, ...] = ()
    date = ambiguous = ""
    for line in [line for line in lines if line.strip()][:BYLINE_LINES]:
        plain = _AUTHOR_BAR.sub(r"\1：", _MARKS.sub("", line).strip())
        if line.startswith("#") or len(plain) > MOST_BYLINE_CHARACTERS or "://" in plain:
            break
        for part in _BYLINE_PARTS.split(plain):
            authors = authors or _authors_in(part)
            written = _date_part(part)
            date = date or date_of(written)
            ambiguous = ambiguous or (written if is_ambiguous(written) else "")
        if re.search(r"[。！？!?]$|\w[.]$", plain) and not authors and not date:
            break  # a sentence
    return Byline(authors, date, "" if date else ambiguous)


def _date_part(part: str) -> str:
    """Return the words of a part of a byline that are its date; empty if none are."""
    if _UPDATE.search(part):
        return ""
    if label := _DATE_LABEL.match(part):
        rest = _LEADING_WEEKDAY.sub("", part[label.end() :])
        if match := _ONLY_DATE.match(rest):
            return match[0]
    if (author := _AUTHOR_LABEL.match(part)) and (end := _NAME_END.search(part, author.end())):
        rest = _LEADING_WEEKDAY.sub("", part[end.end() :].lstrip(" (（"))
        match = _ONLY_DATE.match(rest)
        return match[0] if match and (_authors_in(part) or not author["loose"]) else ""
    bare = _LEADING_WEEKDAY.sub("", _TIME.sub("", part))
    if _ONLY_DATE.fullmatch(bare):
        return bare
    if (name := _NAME_BEFORE.match(bare)) and _ONLY_DATE.fullmatch(bare, name.end()):
        return bare[name.end() :]
    by = _BY_AFTER.search(part)
    return _date_part(part[: by.start()]) if by and by.start() else ""


def _authors_in(part: str) -> tuple[str, ...]:
    """Return the names behind a label of authors: `作者：王小明` -> `("王小明",)`."""
    label = _AUTHOR_LABEL.match(part)
    if not label and (by := _BY_AFTER.search(part)) and _date_part(part[: by.start()]):
        label = _AUTHOR_LABEL.match(part := part[by.start() + 1 :])
    if not label:
        return ()
    rest = part[label.end() :]
    end = _NAME_END.search(rest)
    names = tuple(_names(rest[: end.start()] if end else rest))
    if not names or len(names) > MOST_AUTHORS:
        return ()
    valid = _CAPITALIZED if label["loose"] else _CJK_NAME
    return names if all(valid.fullmatch(name) and not re.search(r"\d|等人|\bet al", name) for name in names) else ()


def _names(text: str) -> Iterator[str]:
    for name in _NAME_SEPARATOR.split(text):
        plain = name.strip(" \t,.，。@:：")
        if plain and len(plain) <= MOST_NAME_CHARACTERS and len(plain.split()) <= MOST_NAME_WORDS:
            yield plain


def lines_below_title(text: str, *, titled: bool) -> list[str]:
    r"""Return the lines below the first heading; the first lines if the front matter has the title (`titled`).

    >>> lines_below_title("# Whales\n\nBy Ann\n", titled=False)
    ['', 'By Ann', '']
    """
    lines = text.split("\n", 4 * BYLINE_LINES)[: 4 * BYLINE_LINES]
    for at, line in enumerate(lines):
        if re.match(r"#{1,2}\s+\S", line):
            return lines[at + 1 :]
        if line.strip():
            underlined = re.fullmatch(r"=+|-{3,}", lines[at + 1].strip()) if at + 1 < len(lines) else None
            return lines[at + 2 :] if underlined else lines[at:] if titled else []
    return []
