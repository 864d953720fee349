"""Text -> the language it is written in, as a BCP 47 tag."""

from __future__ import annotations

import re

FEWEST_LETTERS_TO_IDENTIFY = 20  # letters; with fewer, the tag would be a guess
IDENTIFICATION_SAMPLE = 5_000  # characters to identify the language from
_NOT_PROSE = re.compile(r"```.*?```|`[^`\n]*`|<?https?://[^\s)>]+|\]\([^)]*\)|[\d\W_]+", re.DOTALL)
_KANA = re.compile("[\u3041-\u30ff]")  # Hiragana and Katakana
_HAN = re.compile("[\u3400-\u9fff]")  # CJK Unified Ideographs, with Extension A


def language_of(text: str) -> str:
    """Return the BCP 47 tag of the main language of `text`, with the script for Chinese; empty if unknown.

    >>> language_of("欢迎来到二月底的机器学习系列，在这里我提供了不同深度学习研究流的概述。")
    'zh-Hans'
    """
    words = _NOT_PROSE.sub(" ", text[: 4 * IDENTIFICATION_SAMPLE])[:IDENTIFICATION_SAMPLE]
    letters = len(words) - words.count(" ")
    if letters < FEWEST_LETTERS_TO_IDENTIFY:
        return ""
    han = len(_HAN.findall(words))
    if han * 2 > letters and len(_KANA.findall(words)) * 20 < letters:
        return _chinese_script(words)
    from py3langid import classify  # noqa: PLC0415 - loads numpy: 90 ms

    tag = str(classify(words)[0])
    return _chinese_script(words) if tag == "zh" else tag.removeprefix("zxx")  # ISO 639: no linguistic content


def _chinese_script(text: str) -> str:
    """Return `zh-Hans` or `zh-Hant`, by counting characters that only one of two national standards contains.

    GB 2312 contains the simplified forms, Big5 the traditional ones.
    """
    simplified = traditional = 0
    for char in set(_HAN.findall(text)):
        simplified += _can_encode(char, "gb2312") and not _can_encode(char, "big5")
        traditional += _can_encode(char, "big5") and not _can_encode(char, "gb2312")
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def _can_encode(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
