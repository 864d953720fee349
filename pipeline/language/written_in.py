"""Languages -> the scripts they are written in; Han characters -> the language whose standard alone has them."""

from __future__ import annotations

import functools

from pipeline.language.scripts import CHINESE_LANGUAGES, LANGUAGE_OF_SCRIPT, LANGUAGES_OF_SCRIPT


def scripts_of(language: str) -> set[str]:
    """Return the scripts that a language (BCP 47) is written in, as `scripts` names them.

    >>> sorted(scripts_of("ja")), scripts_of("ru"), scripts_of("fr-CA")
    (['Hani', 'Kana'], {'Cyrl'}, {'Latn'})
    """
    base, *rest = language.split("-")
    if not base:
        return set()
    named = {part for part in rest if len(part) == len("Latn")} & {"Latn", "Cyrl", "Arab", "Deva"}
    if named:
        return named
    if base_language(language) == "zh":
        return {"Hani"}
    if base == "ja":
        return {"Hani", "Kana"}
    found = {script for script, one in LANGUAGE_OF_SCRIPT.items() if one == base}
    found |= {script for script, several in LANGUAGES_OF_SCRIPT.items() if base in several}
    return found or {"Latn"}


def base_language(language: str) -> str:
    """Return the language of a tag, one tag for all kinds of Chinese and Norwegian."""
    base = language.split("-", maxsplit=1)[0].lower()
    return "zh" if base in CHINESE_LANGUAGES else {"nb": "no", "nn": "no"}.get(base, base)


def han_language(text: str) -> str:
    """Return the language that the characters of a name or phrase belong to; empty if they belong to several.

    >>> han_language("東京の本"), han_language("辻"), han_language("门"), han_language("說話"), han_language("文")
    ('ja', 'ja', 'zh-Hans', 'zh-Hant', '')
    """
    if any("\u3041" <= char <= "\u30ff" for char in text):
        return "ja"
    found = {tag for char in text if (tag := _standard_of(char))}
    return found.pop() if len(found) == 1 else ""


@functools.lru_cache(maxsize=1 << 14)
def _standard_of(char: str) -> str:
    """Return the language whose national standard alone has a character: JIS X 0208, GB 2312 or Big5."""
    codecs = {"ja": "euc_jp", "zh-Hans": "gb2312", "zh-Hant": "big5"}
    having = [tag for tag, codec in codecs.items() if _has(codec, char)]
    return having[0] if len(having) == 1 else ""


def _has(codec: str, char: str) -> bool:
    try:
        return len(char.encode(codec)) == len("\u4e00".encode("gb2312"))  # three bytes in EUC-JP: not in JIS X 0208
    except UnicodeEncodeError:
        return False
