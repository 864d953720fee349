"""Language -> the words in which a book speaks of itself: phrases.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _phrases() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("pipeline.books").joinpath("phrases.toml").read_text("utf-8"))


def phrase(name: str, language: str) -> str:
    """Return what `language` (BCP 47) calls `name`; in English where it is not known.

    >>> phrase("contents", "zh-Hans")
    '目录'
    """
    known = _phrases()
    found = known.get(language) or known.get(language.split("-", maxsplit=1)[0]) or known["en"]
    return found[name]
