"""Warn about likely machine-translation errors that cannot be corrected; the text stays as it is."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pipeline.document import Document, Step
from pipeline.language.identification import language_of
from pipeline.markdown import URL, matches_outside_opaque
from pipeline.steps.profiles import DoubtfulPattern, parsed_profile, profile_of

LANGUAGES = ("zh",)  # those with a file in glossary/
MOST_QUOTED = 24  # characters of a match that the note quotes


def doubts(document: Document) -> Document:
    """Warn about likely machine-translation errors."""
    language = document.meta.language or language_of(document.text)
    site = profile_of(document.meta)
    of_site = site.doubtful if language.startswith(site.language) else ()
    for doubtful in (*of_site, *_patterns_of(language.partition("-")[0])):
        if places := [match[0].strip() for match in matches_outside_opaque(doubtful.pattern, document.text, (URL,))]:
            first = places[0] if len(places[0]) <= MOST_QUOTED else places[0][:MOST_QUOTED] + "…"
            times = f", {len(places)} times" if len(places) > 1 else ""
            message = f"possible mistranslation (unchanged): {first}{times}: {doubtful.says}"
            document = document.noted("doubts", message)
    return document


@cache
def _patterns_of(language: str) -> tuple[DoubtfulPattern, ...]:
    """Return the doubtful patterns of a language, an ISO 639 code; none where glossary/ has no file for it."""
    if language not in LANGUAGES:
        return ()
    text = files("pipeline.steps").joinpath("glossary", f"{language}.toml").read_text("utf-8")
    return parsed_profile(f"{language}.toml", text).doubtful


STEP = Step("doubts", doubts, version=3)
