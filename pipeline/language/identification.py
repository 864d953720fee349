"""Text -> the language it is written in, as a BCP 47 tag."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from typing import NamedTuple

from pipeline.language.prose import FEWEST_LETTERS_TO_IDENTIFY, has_enough_letters, prose_of
from pipeline.language.scripts import (
    ALSO_LATIN,
    FUNCTION_WORDS,
    LANGUAGE_OF_SCRIPT,
    LANGUAGES_OF_SCRIPT,
    LETTERS_OF_SCRIPT,
    LETTERS_OF_WORD,
    NOT_LATIN,
    RARE_LANGUAGES,
)
from pipeline.language.written_in import base_language, han_language, scripts_of
from pipeline.patterns import lazy_pattern

FEWEST_LETTERS_OF_SCRIPT = 3  # letters of a script that only one language has
FEWEST_HAN = 8  # Han characters without kana: with fewer, a text may be Japanese
MOST_WORDS_OF_PARAGRAPH = 12  # a longer paragraph counts no more: one long quotation is not the language of a post
LEAST_SHARE_OF_SCRIPT = (
    0.15  # of the words in another script: then Latin words may be names and commands, `用 pip install 安装`
)
FEWEST_FUNCTION_WORDS = 0.15  # share of them in the Latin words of prose; commands and names have hardly any
MOST_SHORT = 80  # letters of a text whose language its archive helps to know: as long as py3langid errs
FEWEST_LETTERS_TO_DOUBT = 12  # letters of a text that may be in another language than its archive
LEAST_LEAD_OVER_LIKELY = (
    1.5  # twice that below FEWEST_LETTERS_TO_IDENTIFY, in nats per root of a byte: benchmarks/languages.py, `short`
)
RARE_CONFIDENCE = 3.0  # nats per root of a byte by which a rare language must lead
_LINK_TEXT = lazy_pattern(r"\[[^\[\]\n]*\](?=\()")
_HEADING_LINE = lazy_pattern(r"^#.*$", re.MULTILINE)
_ROW_OF_TABLE = lazy_pattern(r"^[ \t]*\|.*(?:\n|\Z)", re.MULTILINE)
_WORD_IN_SCRIPT = lazy_pattern(
    f"(?=[{''.join(LETTERS_OF_SCRIPT.values())}])(?:"
    + "|".join(f"(?P<{name}>[{letters}]+)" for name, letters in LETTERS_OF_SCRIPT.items())
    + ")"
)
_ASCII_WORD = lazy_pattern("[A-Za-z]+")
_CANTONESE = lazy_pattern("[嘅喺咗唔佢哋冇嚟啲咁嗰嘢冚瞓攞諗嗱喇啩噉咩]")
_DZONGKHA = lazy_pattern(  # words and endings that Tibetan, of the same script, does not have
    "ཨིན|ཚུ[་།]|འབད|(?<=་)ལུ[་།]|སྦེ[་།]|དགོཔ|ཡོདཔ|འོངམ|དགོ་མི"
)
_WU = lazy_pattern("侬|伊拉|阿拉|搿|勿要|覅|迭个|交关|辰光")
_POINTS = lazy_pattern("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")  # vowels and accents of Hebrew
_HAN_OF_MANDARIN = lazy_pattern("[的了是不我你在这這个個们們吗嗎呢吧把被]")


class Identified(NamedTuple):
    """The language of a text (BCP 47; empty if unknown), and whether the text is too short to know it alone."""

    language: str
    short: bool


def language_of(text: str) -> str:
    """Return the BCP 47 tag of the main language of `text`, with the script for Chinese; empty if unknown.

    The script that most words of the text are written in decides first, so that a quotation does not.

    >>> language_of("欢迎来到二月底的机器学习系列，在这里我提供了不同深度学习研究流的概述。")
    'zh-Hans'
    >>> language_of("He wrote to me: مرحبا، اسمي أحمد وأنا أعمل في شركة. And I answered him in English.")
    'en'
    >>> language_of("面白い本を読みました。"), language_of("abc")
    ('ja', '')
    """
    return identified(text).language


def identified(text: str, likely: str = "") -> Identified:
    """Return the language of `text`; that of a short one is rather `likely`, the language of the posts around it.

    >>> identified("Une belle soirée"), identified("Une belle soirée", "fr")
    (Identified(language='', short=True), Identified(language='fr', short=True))
    >>> identified("What a beautiful evening by the sea", "fr"), identified("東京物語", "ja").language
    (Identified(language='en', short=True), 'ja')
    """
    prose = prose_of(_ROW_OF_TABLE.sub("", text) if "|" in text else text)
    if not has_enough_letters(_HEADING_LINE.sub("", prose)):  # tables are all of the text
        prose = prose_of(text)
    words, script = _words_and_script(prose)
    if script == "Latn" and "](" in text:  # two words of three in texts of links: a list of English articles
        own, own_script = _words_and_script(prose_of(_LINK_TEXT.sub("", text)))
        letters = sum(len(word) for paragraph in own for name, word in paragraph if name != "Latn")
        mostly_links = 3 * sum(map(len, own)) < sum(map(len, words))
        if own_script != "Latn" and mostly_links and letters >= FEWEST_LETTERS_TO_IDENTIFY:
            words, script = own, own_script
    if not script:
        return Identified("", short=False)
    likely = likely if script in scripts_of(likely) else ""
    same = {name for name in LETTERS_OF_SCRIPT if _same_script(name, script)}
    written = " ".join([word for paragraph in words for name, word in paragraph if name in same])
    written = _POINTS.sub("", written) if script == "Hebr" else written  # poems have them, as the Bible
    letters = len(written) - written.count(" ")
    if script in {"Hani", "Kana"}:
        kana = sum(len(word) for paragraph in words for name, word in paragraph if name == "Kana")
        return _chinese_or_japanese(written, (kana, letters - kana), likely)
    if script == "Tibt" and _DZONGKHA.search(written):
        return Identified("dz", short=False)
    if script in LANGUAGE_OF_SCRIPT:
        known = letters >= FEWEST_LETTERS_OF_SCRIPT
        return Identified(LANGUAGE_OF_SCRIPT[script] if known else likely, short=not known)
    if letters < FEWEST_LETTERS_TO_IDENTIFY and not (likely and letters >= FEWEST_LETTERS_TO_DOUBT):
        return Identified(likely, short=True)
    return Identified(_classified(written, script, likely if letters < MOST_SHORT else ""), short=letters < MOST_SHORT)


def _words_and_script(prose: str) -> tuple[list[list[tuple[str, str]]], str]:
    """Return the words of each paragraph of prose, and the script of most of them."""
    paragraphs = [prose] if prose.isascii() else prose.split("\n")  # they matter only where there are several scripts
    words = [words_of(paragraph) for paragraph in paragraphs if paragraph.strip()]
    return words, main_script(words)


def words_of(text: str) -> list[tuple[str, str]]:
    """Return the words of a text with the name of their script."""
    if text.isascii():
        return [("Latn", word) for word in _ASCII_WORD.findall(text)]
    return [(match.lastgroup or "", match[0]) for match in _WORD_IN_SCRIPT.finditer(text)]


def _same_script(name: str, script: str) -> bool:
    return name == script or {name, script} == {"Hani", "Kana"}


def main_script(paragraphs: list[list[tuple[str, str]]]) -> str:
    """Return the script of most words, each paragraph up to its limit; empty if there are none."""
    counts: Counter[str] = Counter()
    for paragraph in paragraphs:
        here: dict[str, int] = {}
        names = [name for name, _ in paragraph]
        for written in dict.fromkeys(names):
            name, count = "Hani" if written == "Kana" else written, names.count(written)
            if letters := LETTERS_OF_WORD.get(written):
                count = sum([max(1, len(word) // letters) for one, word in paragraph if one == written])
            here[name] = here.get(name, 0) + count
        total = sum(here.values())
        for name, count in here.items():
            counts[name] += count * min(1.0, MOST_WORDS_OF_PARAGRAPH / total)  # type: ignore[assignment]
    best = max(counts, key=lambda name: (counts[name], name), default="")
    second = max((name for name in counts if name != "Latn"), key=lambda name: (counts[name], name), default="")
    if best != "Latn" or counts[second] < LEAST_SHARE_OF_SCRIPT * counts.total():
        return best
    latin = [word.lower() for paragraph in paragraphs for name, word in paragraph if name == "Latn"]
    return best if sum(word in FUNCTION_WORDS for word in latin) >= FEWEST_FUNCTION_WORDS * len(latin) else second


def _chinese_or_japanese(text: str, counts: tuple[int, int], likely: str) -> Identified:
    """Return the language of a text in Han characters and kana; `counts` says how many kana and Han characters it has.

    Japanese has kana between its Han characters; a Chinese text that quotes some has few.
    """
    kana, han = counts
    if (kana >= FEWEST_LETTERS_OF_SCRIPT and kana * 8 >= han) or (kana and han < FEWEST_HAN):
        return Identified("ja", short=False)
    if han < FEWEST_HAN and not (han > FEWEST_LETTERS_OF_SCRIPT and _HAN_OF_MANDARIN.search(text)):
        return Identified(han_language(text) or likely, short=True)
    for tag, signs in (("yue", _CANTONESE), ("wuu", _WU)):
        found = signs.findall(text)
        if len(set(found)) > 2 and len(found) * 50 >= han:  # noqa: PLR2004 - three signs of the dialect, one in 50
            return Identified(tag, short=False)
    short = han < 2 * FEWEST_HAN and not han_language(text)
    return Identified((likely if short else "") or _chinese_script(text), short)


def _classified(text: str, script: str, likely: str) -> str:
    """Return the language of a text in letters of one script, by the n-grams of py3langid.

    It is `likely`, if that is given, unless another language leads clearly.
    """
    scores = scores_in_script(text, script)
    root = len(text.encode()) ** 0.5
    best = scores[0]
    if best[0] in RARE_LANGUAGES:
        lead = RARE_CONFIDENCE * root
        best = next(
            ((tag, score) for tag, score in scores if tag not in RARE_LANGUAGES and score > best[1] - lead), best
        )
    own = dict(scores).get(base_language(likely), -math.inf)
    least = LEAST_LEAD_OVER_LIKELY * (1 + (len(text.replace(" ", "")) < FEWEST_LETTERS_TO_IDENTIFY))
    return likely if best[1] - own < least * root else best[0]


def scores_in_script(text: str, script: str) -> list[tuple[str, float]]:
    """Return py3langid's languages of a script with their scores for a text, best first."""
    from pipeline.language.langid_scores import language_scores  # noqa: PLC0415 - loads numpy: 90 ms

    allowed = LANGUAGES_OF_SCRIPT.get(script)
    return [
        (tag, score)
        for tag, score in language_scores(text)
        if (tag in allowed if allowed else tag not in NOT_LATIN or tag in ALSO_LATIN)
    ]


def _chinese_script(text: str) -> str:
    """Return `zh-Hans` or `zh-Hant`, by counting characters that only one of two national standards contains.

    GB 2312 contains the simplified forms, Big5 the traditional ones.
    """
    return "zh-Hant" if sum(map(_only_in_big5, set(text))) > 0 else "zh-Hans"


@functools.lru_cache(maxsize=1 << 15)
def _only_in_big5(char: str) -> int:
    """Return 1 for a character that Big5 contains and GB 2312 does not, -1 for the opposite, else 0."""
    return _can_encode(char, "big5") - _can_encode(char, "gb2312")


def _can_encode(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
