"""Warn about likely machine-translation errors that cannot be corrected; the text stays as it is."""

from __future__ import annotations

from pipeline.document import Document, Step
from pipeline.language.identification import language_of
from pipeline.markdown import URL, matches_outside_opaque
from pipeline.steps.profiles import profile_of

MOST_QUOTED = 24  # characters of a match that the note quotes


def doubts(document: Document) -> Document:
    """Warn about likely machine-translation errors.

    Only the documents of a site profile that has patterns for such errors get warnings.
    """
    site = profile_of(document.meta)
    if not site.doubtful or not (document.meta.language or language_of(document.text)).startswith(site.language):
        return document
    for doubtful in site.doubtful:
        if places := [match[0].strip() for match in matches_outside_opaque(doubtful.pattern, document.text, (URL,))]:
            first = places[0] if len(places[0]) <= MOST_QUOTED else places[0][:MOST_QUOTED] + "…"
            times = f", {len(places)} times" if len(places) > 1 else ""
            message = f"possible mistranslation (unchanged): {first}{times}: {doubtful.says}"
            document = document.noted("doubts", message)
    return document


STEP = Step("doubts", doubts, version=4)
