"""Text or a query -> the words that the search index compares, with bigrams for scripts without spaces.

SQLite's tokenizer `unicode61` divides text at spaces, and a Chinese sentence has none; its tokenizer `trigram` finds no
word of two characters.
"""

from __future__ import annotations

import re
import unicodedata

VERSION = 1  # raise it when the terms of a text change
_UNSPACED_SCRIPTS = (  # scripts that write words without spaces: CJK, Thai, Lao, Myanmar, Khmer
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U000323af"
)
_UNSPACED_RUN = re.compile(f"[{_UNSPACED_SCRIPTS}]+")
_TARGET = re.compile(r"(\]\()[^()\s]*(?=[)\s])|<?\bhttps?://[^\s<>)]*>?")
_FREQUENT_MARKS = re.compile(
    r"^[ \t]*(?:[#>*+|-]+[ \t]+)+|!?\[(?=[^\]]{0,999}+\]\()|\]\(\)|[*_~`|]+|^[-:| ]+$", re.MULTILINE
)
_QUERY_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')
_HAS_WORD = re.compile(r"\w")


def index_terms(text: str) -> str:
    """Return `text` as the index stores it: each run of unspaced characters becomes its overlapping bigrams.

    The last character of a run is a term too, so that the beginning of a term finds every single character.

    >>> index_terms("学习 LLM的训练")
    '学习 习  LLM 的训 训练 练 '
    """
    return _UNSPACED_RUN.sub(_bigrams, unicodedata.normalize("NFKC", text))


def _bigrams(run: re.Match[str]) -> str:
    text = run[0]
    return " " * (run.start() > 0) + " ".join(text[at : at + 2] for at in range(len(text))) + " "


def without_targets(markdown: str) -> str:
    """Return Markdown without the URLs in it: a search for `org` does not find every link.

    >>> without_targets("see [the web](https://e.org/x) <https://e.org>")
    'see [the web]() '
    """
    return _TARGET.sub(lambda match: match[1] or "", markdown)


def plain_words(markdown: str) -> str:
    """Return Markdown without its most frequent marks, to show a piece of it.

    >>> plain_words("## A [walk](https://e.org) by **the** sea")
    'A walk by the sea'
    """
    return _FREQUENT_MARKS.sub("", without_targets(markdown))


def query_parts(query: str) -> list[str]:
    """Return the words and quoted phrases of a query.

    >>> query_parts('sea "an old shoe" 梯度')
    ['sea', 'an old shoe', '梯度']
    """
    parts = (quoted or word for quoted, word in _QUERY_PART.findall(query))
    return [part for part in parts if _HAS_WORD.search(part)]


def match_expression(query: str) -> str:
    """Return the expression of FTS5 for a query; "" if it has no word. The last term of a part may go on.

    >>> match_expression("sea 梯度")
    '"sea"* AND "梯度"*'
    >>> match_expression("合成梯度")
    '"合成 成梯 梯度"*'
    """
    return " AND ".join(f'"{_phrase(part)}"*' for part in query_parts(query))


def _phrase(part: str) -> str:
    terms = _UNSPACED_RUN.sub(_whole_bigrams, unicodedata.normalize("NFKC", part)).split()
    return " ".join(terms).replace('"', "")


def _whole_bigrams(run: re.Match[str]) -> str:
    """Return the bigrams of a run in a query; the single character at its end only if text follows or it is alone."""
    text = run[0]
    ends_query = run.end() == len(run.string)
    return " " + " ".join(text[at : at + 2] for at in range(max(1, len(text) - ends_query))) + " "
