"""Title in Chinese or Japanese -> its phrases: a line may end after a phrase, never inside a word.

BudouX, a small classifier, proposes the places. In Chinese, the language model must agree: the characters before one
do not make the character after it much more likely.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from pipeline.books.pandoc_ast import Node, ast_plain_text
from pipeline.books.phrases import written_language

if TYPE_CHECKING:
    from budoux.parser import Parser

MOST_TITLE = 200  # characters; a longer heading is running text
# Nats by which the context may raise a character at the start of a line. Of the breaks in 1,376 headings of shared/
# (`# `), these are inside a word of jieba's list: anywhere 55 %; of BudouX 20 %; of BudouX below 1 nat 2.7 %.
MOST_GAIN = 1.0
SHORT_RUN = 4  # characters between punctuation: a name, a date
_HAN_OR_KANA = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SPACE_AT_HAN_OR_KANA = re.compile(f"(?<={_HAN_OR_KANA.pattern}) ++|(?<! ) ++(?={_HAN_OR_KANA.pattern})")
_NEVER_FIRST = frozenset("的了们吗呢吧")  # characters that belong to the word before them
_ENDS_OF_CLAUSES = frozenset("，：；、！？。,:;!?")
_PARSERS = {"zh": "simplified_chinese", "zh-Hant": "traditional_chinese", "ja": "japanese"}
_MODELS = {"zh": "zh-Hans", "zh-Hant": "zh-Hant"}


def title_phrases(title: str, language: str) -> list[str]:
    """Return the phrases of a title in `language` (BCP 47); the whole title if it is in another script.

    >>> title_phrases("机器学习的一些思考与实践", "zh-Hans")
    ['机器', '学习的', '一些', '思考', '与', '实践']
    >>> title_phrases("Rust 语言的所有权机制", "en")
    ['Rust 语言的所有权机制']
    """
    key = _phrase_key(language)
    if key not in _PARSERS or not len(_HAN_OR_KANA.findall(title)) > SHORT_RUN or len(title) > MOST_TITLE:
        return [title]
    dense = _SPACE_AT_HAN_OR_KANA.sub("", title)
    places = _with_whole_ends(sorted(_places(dense, key)), dense)
    phrases = [dense[start:end] for start, end in zip([0, *places], [*places, len(dense)], strict=True)]
    return [*_spaced_phrases(phrases, title)]


def with_phrases(inlines: list[Node], language: str, joined: Callable[[list[str]], list[Node]]) -> list[Node]:
    """Return the inline nodes of a heading, runs of plain text as `joined` returns their phrases."""
    made: list[Node] = []
    for plain, nodes in groupby(inlines, lambda node: node["t"] in {"Str", "Space"}):
        run = [*nodes]
        phrases = title_phrases(ast_plain_text(run), language) if plain else []
        made += joined(phrases) if len(phrases) > 1 else run
    return made


def _phrase_key(language: str) -> str:
    tag = written_language(language).lower()
    if tag.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
        return "zh-Hant"
    return tag.split("-")[0]


def _places(text: str, key: str) -> Iterator[int]:
    """Yield the places of a title without spaces where a line may end."""
    proposed = {*accumulate(map(len, _parser(_PARSERS[key]).parse(text)))}
    proposed |= {at for at, char in enumerate(text, 1) if char in _ENDS_OF_CLAUSES or char == " "}
    runs = (found.span() for found in re.finditer(r"\w+", text))
    short = {at for start, end in runs if end - start <= SHORT_RUN for at in range(start + 1, end)}
    gains = _gains(text, _MODELS[key]) if key in _MODELS else [0.0] * len(text)
    for at in proposed - short - {0, len(text)}:
        before, after = text[at - 1], text[at]
        if not _is_kept_together(before, after) and (gains[at] < MOST_GAIN or not _HAN_OR_KANA.match(before + after)):
            yield at


def _is_kept_together(before: str, after: str) -> bool:
    """Return whether no line ends between two characters: letters of one word, a bracket and what is in it."""
    latin = before.isalnum() and after.isalnum() and not _HAN_OR_KANA.match(before) and not _HAN_OR_KANA.match(after)
    closing = after == " " or after in _NEVER_FIRST or unicodedata.category(after) in {"Pe", "Pf", "Po", "Lm", "Mn"}
    return latin or closing or unicodedata.category(before) in {"Ps", "Pi"}


def _with_whole_ends(places: list[int], text: str) -> list[int]:
    """Return the places without those that leave one character alone at the start or end of the title."""
    return [at for at in places if min(_length(text[:at]), _length(text[at:])) > 1]


def _length(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _spaced_phrases(phrases: list[str], title: str) -> Iterator[str]:
    """Yield phrases with the spaces of the title: those between two phrases end the first."""
    at = 0
    for phrase in phrases:
        end = at
        for char in phrase:
            end = title.index(char, end) + 1
        while end < len(title) and title[end] == " ":
            end += 1
        yield title[at:end]
        at = end


@cache
def _parser(name: str) -> Parser:
    import budoux  # noqa: PLC0415 - a run without new books does not need it

    made: Parser = getattr(budoux, f"load_default_{name}_parser")()
    return made


def _gains(text: str, tag: str) -> list[float]:
    """Return by how many nats the characters before it make each character more likely."""
    import numpy as np  # noqa: PLC0415 - a run without new books does not need it

    from pipeline.language.fluency import cached_unigrams  # noqa: PLC0415
    from pipeline.language.ngram_keys import codes_of  # noqa: PLC0415
    from pipeline.language.ngrams import language_model, model_languages  # noqa: PLC0415
    from pipeline.language.rival_scores import scores_by_language  # noqa: PLC0415

    alone = cached_unigrams(np.minimum(codes_of(text), 0xFFFF).astype(np.int64))[model_languages().index(tag)]
    return [float(gain) for gain in scores_by_language([language_model(tag)], text)[0] - alone]
