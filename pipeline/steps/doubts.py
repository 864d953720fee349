"""Note what reads like a mistake of translation that nobody can set right; the text stays as it is."""

from __future__ import annotations

import re
from functools import cache

from pipeline.document import Document, Step
from pipeline.language.identification import language_of
from pipeline.markdown import matches_outside_code
from pipeline.steps.artefacts import LANGUAGES, glossary_of

SHOWN = 24  # characters of what was found


def doubts(document: Document) -> Document:
    """Note what reads like a mistake of translation, and how often it does; the text stays as it is."""
    language = (document.meta.language or language_of(document.text)).partition("-")[0]
    for says, pattern in _patterns(language) if language in LANGUAGES else ():
        if places := [match[0].strip() for match in matches_outside_code(pattern, document.text)]:
            first = places[0] if len(places[0]) <= SHOWN else places[0][:SHOWN] + "…"
            times = f", {len(places)} times" if len(places) > 1 else ""
            document = document.noted("doubts", f"doubtful translation, kept: {first}{times}: {says}")
    return document


@cache
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return what is doubtful in a language: in words, and as a pattern."""
    listed = glossary_of(language)["doubtful"]
    return tuple((one["says"], re.compile(one["pattern"], re.MULTILINE)) for one in listed)


STEP = Step("doubts", doubts)
