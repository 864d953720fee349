"""Text of a link to a paper and the heading above -> the title of the work; what is not a title gives none."""

from __future__ import annotations

import re
import tomllib
from enum import Enum
from functools import cache
from importlib.resources import files
from itertools import chain

from pipeline.patterns import SPACE_BEFORE, lazy_pattern
from pipeline.urls.kinds import label_kind

QUOTATION_MARKS = frozenset('“”"‘’«»„‟「」『』《》〈〉')
_AROUND_NAMES = " \t:："  # of a heading
_AROUND_LINES = f"{_AROUND_NAMES}#*_"  # of Markdown
MARKS_AROUND_TITLE = "“”\"'‘’«»„‟「」『』《》〈〉*_ \t"
_BETWEEN_HEADINGS = lazy_pattern(
    rf"{SPACE_BEFORE}[/&、]\s*|(?<=\S)[与和及與](?=\S)|(?<!\s)\s++(?:and|und|et|y|e|и|och|ve)\s+"
)
_NUMBER_BEFORE_HEADING = lazy_pattern(r"(?:\d+[.、]?|[一二三四五六七八九十]+、)\s*")
_WORDS_OF_LINK = lazy_pattern(  # words of a link that lead to a work and do not name it
    r"[\W\d_]*|\[?\d+\]?|(?:click )?here|this(?: paper| article| post| work)?|link|source|original|more|read more"
    r"|full text|pdf|doi|[A-Z][\w'’-]+(?: et al\.?)?,? \(?(?:19|20)\d\d\)?"
    r"|文摘|原文|论文|.{0,12}(?:一项|这项|的)(?:新)?研究(?:人员)?"
    r"|arxiv(?:[:：]?\s*\S+)?|(?:doi|isbn|pmid|pmcid)[:：]?\s*\S+|这里|此处|这篇(?:论文|文章)?|该(?:论文|文)|点击.{0,6}|查看.{0,6}|下载.{0,4}|こちら|여기"
    r"|hier|ici|aquí|aqui|qui|здесь|тут"
    r"|(?:(?:the|full|original|published|journal|conference|research|preprint|paper|article|arxiv|doi|pdf|open|access)[\s-]+)*"
    r"(?:paper|article|preprint|text|link|url|page|pdf|version|abstract|download|manuscript)s?(?: (?:here|on arxiv))?"
    r"|(?:原文|论文|論文|文章|文献|文獻|全文|官方|PDF|arXiv|DOI)*\s*"
    r"(?:链接|連結|鏈接|地址|网址|網址|全文|下载|下載|版本|版|PDF|リンク|本文|はこちら)"
    r"|논문(?: ?(?:링크|원문|PDF|보기))?|volltext|(?:zum )?(?:artikel|paper)|texte intégral|(?:lien vers )?l['’]article"
    r"|(?:texto|artículo|artigo) completo|(?:enlace|link) (?:al|do) (?:artículo|artigo|paper)|полный текст|статья"
    r"|(?:ссылка на )?статью",
    re.IGNORECASE,
)
_AUTHOR_NAME = r"(?:[A-Z]\.[ -]?)*[^\W\d_a-z][\w'’-]+"  # of an author: J. Bengio
_CITED_BY_NAME = lazy_pattern(  # `Kim(2014)`, `Lee and Ray, 2015b`, `Cox et al.`, `McNees–Zwikel`, `2013a`
    rf"(?:{_AUTHOR_NAME}(?:(?:,? (?:and|und|et|y|e) |,? ?& ?|, ?|–){_AUTHOR_NAME}){{0,5}}(?:,? et al\.?)?"
    r",? ?[(\[]?(?:19|20)\d\d[a-z]?[)\]]?)"
    rf"|{_AUTHOR_NAME}(?:(?:, ?|–){_AUTHOR_NAME}){{0,5}},? et al\.?|{_AUTHOR_NAME}(?:–{_AUTHOR_NAME}){{1,5}}"
    r"|(?:19|20)\d\d[a-z]|\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+/\d{7}(?:v\d+)?"
)
_CJK_LETTER = lazy_pattern(r"[\u3040-\u30ff\u3400-\u9fff]")
LEAST_WORDS_OF_TITLE = 5  # of a title in a sentence, unless it is in title case
LEAST_LETTERS_OF_WORD = 4  # words that title case capitalizes
_URL_OR_NOTHING = lazy_pattern(r"https?://|www\.|\s*\Z")


class MentionPlace(Enum):
    """Where the link to a work is in the text."""

    ENTRY = "entry"  # it begins its line, is in quotation marks or in a list of works
    SENTENCE = "sentence"
    PICTURE = "picture"  # its text describes a picture


def is_reference_list(heading: str) -> bool:
    """Return whether a heading names a list of works: `References`, `参考文献`, `Literatur`."""
    return may_be_reference_list(heading) and _names_only(heading, _list_headings()["works"])


def may_be_reference_list(line: str) -> bool:
    """Return whether a line of Markdown may name a list of works; False is certain, and most lines get it."""
    return line.strip(_AROUND_LINES)[-2:].lower() in _tails()


@cache
def _tails() -> frozenset[str]:
    """Return the last two letters of each heading of a list of works: few lines of a text end with them."""
    return frozenset(name[-2:] for name in _list_headings()["works"])


def _names_only(heading: str, known: frozenset[str]) -> bool:
    """Return whether a heading consists of known ones: `1. References and notes`."""
    text = heading.strip(_AROUND_NAMES).lower()
    if not text.endswith(_endings(known)):
        return False
    number = _NUMBER_BEFORE_HEADING.match(text)
    return known.issuperset(_BETWEEN_HEADINGS.split(text[number.end() :] if number else text))


@cache
def _endings(known: frozenset[str]) -> tuple[str, ...]:
    return (*known,)


@cache
def _list_headings() -> dict[str, frozenset[str]]:
    """Return the headings of lists of works, and those of all lists."""
    tables = tomllib.loads((files("pipeline.citations") / "list_headings.toml").read_text("utf-8"))
    works, other = (frozenset(chain.from_iterable(tables[name].values())) for name in ("works", "other"))
    return {"works": works, "all": works | other}


def clean_title(text: str) -> str:
    """Return a title on one line without the quotation marks around it: `“A walk”` -> `A walk`."""
    return " ".join(text.split()).strip(MARKS_AROUND_TITLE)


def title_of_mention(text: str, heading: str, place: MentionPlace) -> str:
    """Return the title of a work that a link with this text, below this heading, leads to; empty if neither is one.

    In a sentence a text counts as a title only if it is written as one. The heading names the work that a label on its
    own line, such as `paper`, leads to.

    >>> [title_of_mention(text, "References", MentionPlace.ENTRY) for text in ("Deep learning", "[13]")]
    ['Deep learning', '']
    >>> [title_of_mention(text, "", MentionPlace.SENTENCE) for text in ("recent work", "一项研究")]
    ['', '']
    """
    title = clean_title(text)
    if label_kind(text) or place is MentionPlace.PICTURE or _WORDS_OF_LINK.fullmatch(title):
        return "" if _is_no_title(heading) or place is MentionPlace.SENTENCE else heading
    if _URL_OR_NOTHING.match(text) or _is_no_title(title):
        return ""
    if place is MentionPlace.SENTENCE or (title[0].islower() and len(title.split()) < LEAST_WORDS_OF_TITLE):
        return title if _is_written_as_title(title) else ""
    return title


def _is_written_as_title(text: str) -> bool:
    """Return whether the words of a link in a sentence are a title: in title case, or a sentence's length.

    >>> [_is_written_as_title(text) for text in ("Deep Work", "full quote", "Session types", "有人")]
    [True, False, False, False]
    """
    if _CJK_LETTER.search(text):
        return False  # without capitals it looks like any part of a sentence
    words = text.split()
    long_words = [word for word in words if len(word) >= LEAST_LETTERS_OF_WORD]
    capitals = all(not word[0].islower() for word in long_words)
    return not text[0].islower() and (capitals or len(words) >= LEAST_WORDS_OF_TITLE)


def _is_no_title(text: str) -> bool:
    return bool(_WORDS_OF_LINK.fullmatch(text) or _CITED_BY_NAME.fullmatch(text)) or _names_only(
        text, _list_headings()["all"]
    )
