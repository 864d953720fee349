"""Lines below the title -> the authors and the date that they name: `By Ann Lee, March 5, 2021`, `作者：王小明`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.patterns import SPACE_BEFORE, lazy_pattern
from pipeline.steps.dates import date_of, date_span, day_names, is_ambiguous, with_plain_digits

BYLINE_LINES = 6  # lines below the title that may hold a byline
MOST_BYLINE_CHARACTERS = 140  # a longer line is a paragraph
MOST_NAME_CHARACTERS, MOST_NAME_WORDS, MOST_AUTHORS = 40, 5, 12
_BYLINE_PARTS = lazy_pattern(
    r"\u3000+|\t+|\s{2,}|\s*[|｜·•∙／]\s*|\s+[—–/]\s+|\s(?=(?:发布|发表|發表|发佈|時間|时间|日期|作者|来源)\S{0,4}[:：])"
)
_MARKS = lazy_pattern(r"!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)]*\)|<[^<>]{1,200}>|[*_>\[\]`]|^[\s#-]+")
_DATE_LABEL = lazy_pattern(
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
_UPDATE = lazy_pattern(
    r"更新|修改|修订|最后|最後|最終|수정|updated|modified|edited|revised|aktualisiert|mis à jour|actualizado|обновлено",
    re.IGNORECASE,
)
_AUTHOR_LABEL = lazy_pattern(
    r"(?:(?:原作者|作者|撰文|撰稿|文字?|著者|筆者|执笔|執筆|글쓴이|작성자|저자|글|기자)\s*(?:[:：]|[/／丨])\s*"
    r"|(?:authors?|autore?n?|autora|auteure?|author\(s\)|автор|yazar|tác giả|forfatter|författare|auteur|szerző"
    r"|autorzy|kirjoittaja)\s*[:：]\s*"
    r"|(?P<loose>(?:written |posted |published )?by|von|par|por|di|door|av|af)\s+)",
    re.IGNORECASE,
)
_CAPITALIZED = lazy_pattern(
    r"(?:(?:[^\W\d_a-zß-öø-ÿ][\w.'’-]*|de|da|do|dos|del|della|di|van|von|der|den|la|le|el|al|bin|ibn|y|e)(?:\s+"
    r"|\Z)){1,5}"
)
_CJK_NAME = lazy_pattern(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af·・\w.\s-]{1,30}")
_BESIDE_DATE = {  # words next to a date that say no more than it does
    *(
        "den",
        "le",
        "el",
        "il",
        "on",
        "am",
        "em",
        "op",
        "de",
        "del",
        "d",
        "m",
        "г",
        "at",
        "um",
        "kl",
        "uhr",
        "pm",
        "ngày",
    ),
    *("vào", "o", "w", "v", "dne", "dňa", "р", "일", "gada", "utc", "gmt", "cst", "p", "a", "ที่", "в", "у", "roku"),
}
_AFTER_NAME = lazy_pattern(r"(?:\s*[,，、(（]|\s+(?:on|am|le|el|em|il|op|den|[-—–])|\s*(?:发布|发表|發表)\S?)*\s*\Z")
_WORDS = lazy_pattern(r"[^\W\d_]+[^\s\d.,:()（）،]*")
_BY_AFTER = lazy_pattern(r"\s(?:by|von|par|por|di|door|av|af)\s(?=[^\W\d_a-z])")
_NAME_BEFORE = lazy_pattern(r"[\u3400-\u9fff]{2,4}\s+|(?:[^\W\d_a-z][\w.'’-]*\s){1,2}[^\W\d_a-z][\w.'’-]*,\s+")
_AUTHOR_BAR = lazy_pattern(r"^(作者|文|撰文)\s*[|｜]\s*")
_NAME_SEPARATOR = lazy_pattern(
    rf"{SPACE_BEFORE}[、;；&]\s*|(?<!\s)\s++(?:and|und|et|y|e|i|och|og|en|и|with)\s+|[，,]\s*(?=\S+\s\S|[\u3400-\u9fff])",
    re.IGNORECASE,
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
        plain = with_plain_digits(_AUTHOR_BAR.sub(r"\1：", _MARKS.sub("", line).strip()))
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
    """Return the words of a part of a byline that are its date; empty if none are: `Posted on 2021-03-05`."""
    start, end = date_span(part)
    if not end or _UPDATE.search(part):
        return ""
    before = part[:start]
    label = _DATE_LABEL.match(part)
    if label and (label.end() >= start or _say_nothing(part[label.end() : start])):
        return part[start:end]
    if _AUTHOR_LABEL.match(part):
        return part[start:end] if _authors_in(part) else ""
    by = _BY_AFTER.search(part, end)
    after = part[end : by.start() if by else len(part)]
    named = _NAME_BEFORE.fullmatch(before)
    return part[start:end] if (named or _say_nothing(before)) and _say_nothing(after) else ""


def _say_nothing(words: str) -> bool:
    """Return whether words next to a date are days of the week, hours and the like: `Friday, ` and ` 10:20`."""
    return all(word.lower() in _BESIDE_DATE or word.lower() in day_names() for word in _WORDS.findall(words))


def _authors_in(part: str) -> tuple[str, ...]:
    """Return the names behind a label of authors: `作者：王小明` -> `("王小明",)`."""
    start, end = date_span(part)
    label = _AUTHOR_LABEL.match(part)
    if not label and end and (by := _BY_AFTER.search(part, end)):
        label, start = _AUTHOR_LABEL.match(part, by.start() + 1), len(part)
    if not label:
        return ()
    names = part[label.end() : start if end and start >= label.end() else len(part)]
    found = tuple(_names(_without_days(re.split(r"[(（;；]", names)[0])))
    if not found or len(found) > MOST_AUTHORS:
        return ()
    valid = _CAPITALIZED if label["loose"] else _CJK_NAME
    return found if all(valid.fullmatch(name) and not re.search(r"\d|等人|\bet al", name) for name in found) else ()


def _without_days(names: str) -> str:
    """Return names without the words that lead to a date: `Ann Lee, on Friday, ` -> `Ann Lee`."""
    words = names.split()
    while words and (words[-1].strip(".,").lower() in _BESIDE_DATE | day_names() and len(words) > 1):
        words.pop()
    return _AFTER_NAME.sub("", " ".join(words))


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
