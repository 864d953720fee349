"""Key and language -> the phrase that a book shows, such as "Contents" or "目录" (data: phrases.toml)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pipeline.language.scripts import CHINESE_LANGUAGES


def written_language(tag: str) -> str:
    """Return the tag (BCP 47) whose phrases and typography a language has: `zh` for each of the Chinese languages.

    >>> written_language("wuu"), written_language("yue-Hant"), written_language("en")
    ('zh', 'zh-Hant', 'en')
    """
    first, hyphen, rest = tag.partition("-")
    return f"zh{hyphen}{rest}" if first.lower() in CHINESE_LANGUAGES else tag


@cache
def _phrases_by_language() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("pipeline.books").joinpath("phrases.toml").read_text("utf-8"))


def has_phrases(language: str) -> bool:
    """Return whether there are phrases in `language` (BCP 47)."""
    language = written_language(language)
    return bool({language, language.split("-", maxsplit=1)[0]} & _phrases_by_language().keys())


def phrase(name: str, language: str) -> str:
    """Return the phrase called `name` in `language` (BCP 47), or in English if there are no phrases in that language.

    >>> phrase("contents", "zh-Hans"), phrase("contents", "tlh")
    ('目录', 'Contents')
    """
    by_language, language = _phrases_by_language(), written_language(language)
    phrases = by_language.get(language) or by_language.get(language.split("-", maxsplit=1)[0]) or by_language["en"]
    return phrases[name]
