"""Text of a link to a paper and the heading above -> the title of the work; what is no title gives none."""

from __future__ import annotations

import re

from pipeline.urls.kinds import label_kind

MARKS_AROUND_TITLE = "“”\"'‘’«»„‟「」『』《》〈〉*_ \t"
_LIST_HEADING = re.compile(  # headings of lists: they name no work
    r"(?:\d+[.、]?\s*|[一二三四五六七八九十]+、\s*)?(?:"
    r"references?(?: (?:and|&) (?:links|notes|further reading))?|bibliography|works cited|citations?|sources?"
    r"|credits?|links?|notes"
    r"|further reading|read more|learn more|see also|related(?: works?| links| reading)?|resources|acknowledge?ments"
    r"|参考(?:文献|资料|链接|阅读|来源|书目)?|參考(?:文獻|資料|連結)?|引用(?:文献)?|来源|來源|出处|出處|原文(?:链接|地址)?|链接|連結|延伸阅读|扩展阅读|相关(?:链接|阅读|资料|论文)"
    r"|致谢|附录|参照|関連(?:記事|リンク)?|出典|참고(?: ?문헌| ?자료)?|출처"
    r"|literatur(?:verzeichnis)?|quellen|références|bibliographie|referencias|bibliografía|referências|riferimenti"
    r"|bibliografia"
    r"|литература|источники|ссылки|список литературы|kaynak(?:lar|ça)|źródła|tài liệu tham khảo"
    r")\s*[:：]?",
    re.IGNORECASE,
)
_WORDS_OF_LINK = re.compile(  # words of a link that lead to a work and do not name it
    r"[\W\d_]*|\[?\d+\]?|(?:click )?here|this(?: paper| article| post| work)?|link|source|original|more|read more"
    r"|full text|pdf|doi"
    r"|arxiv(?:[:\s]\S+)?|doi[:\s]\S+|isbn[:\s]\S+|这里|此处|这篇(?:论文|文章)?|该(?:论文|文)|点击.{0,6}|查看.{0,6}|下载.{0,4}|こちら|여기"
    r"|hier|ici|aquí|aqui|qui|здесь|тут",
    re.IGNORECASE,
)
_URL_OR_NOTHING = re.compile(r"https?://|www\.|\s*\Z")


def clean_title(text: str) -> str:
    """Return a title on one line without the quotation marks around it: `“A walk”` -> `A walk`."""
    return " ".join(text.split()).strip(MARKS_AROUND_TITLE)


def title_of_mention(text: str, heading: str, *, picture: bool) -> str:
    """Return the title of a work that a link with this text, below this heading, leads to; empty if neither is one.

    >>> title_of_mention("Deep learning", "References", picture=False), title_of_mention("[13]", "来源", picture=False)
    ('Deep learning', '')
    """
    title = clean_title(text)
    if not (_URL_OR_NOTHING.match(text) or label_kind(text) or picture or _is_no_title(title)):
        return title
    return "" if _is_no_title(heading) else heading


def _is_no_title(text: str) -> bool:
    return bool(_WORDS_OF_LINK.fullmatch(text) or _LIST_HEADING.fullmatch(text))
