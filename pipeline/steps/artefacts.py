"""Take out what machine translation left in the text: placeholders, mistranslated labels of links, cut names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS
from pipeline.language.identification import language_of
from pipeline.markdown import matches_outside_code

LANGUAGES = ("zh",)  # the files of glossary/
PLACEHOLDER = "a placeholder of machine translation"
LABEL = "a label that machine translation got wrong, as the text of a link"
CITATION = "emphasis that starts within a name"
_SIGN = re.compile(r"T(?<![^【)\n]T)\d+[:：】]")  # of any placeholder
_PLACEHOLDERS = re.compile(
    r"【T\d+[:：]\s*(?P<inner>[^【】\n]+)】|(?<=\))T\d+】(?=\]\()|^T\d+[:：]\s*(?=\*\*)", re.MULTILINE
)


def artefacts(document: Document, *, glossary: bool = True) -> Document:
    """Take out placeholders of machine translation, and set right its labels of links: `[纸张](…)` -> `[论文](…)`."""
    changes = list(_placeholders(document.text))
    if glossary:
        for language in LANGUAGES:
            found = [*_labels(document.text, language), *_citations(document.text, language)]
            if found and (document.meta.language or language_of(document.text)).startswith(language):
                changes += found
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _placeholders(text: str) -> Iterator[Change]:
    if _SIGN.search(text):
        for match in matches_outside_code(_PLACEHOLDERS, text):
            yield Change("artefacts", match.span(), match[0], match["inner"] or "", PLACEHOLDER, 0.95)


def _labels(text: str, language: str) -> Iterator[Change]:
    labels, pattern, _ = _glossary(language)
    for match in matches_outside_code(pattern, text):
        yield Change("artefacts", match.span(1), match[1], labels[match[1]], LABEL, 0.9)


def _citations(text: str, language: str) -> Iterator[Change]:
    for match in matches_outside_code(_glossary(language)[2], text):
        yield Change("artefacts", match.span(), match[0], f"{match[1]} *{match[2]}{match[3]}", CITATION, 0.9)


@cache
def glossary_of(language: str) -> dict[str, Any]:
    """Return the glossary of one of LANGUAGES: labels, citations, and what is doubtful."""
    return tomllib.loads(files("pipeline.steps").joinpath("glossary", f"{language}.toml").read_text("utf-8"))


@cache
def _glossary(language: str) -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """Return the labels of a language, what finds them, and what finds cut names."""
    table = glossary_of(language)
    labels = "|".join(map(re.escape, table["labels"]))
    before, behind = ("|".join(map(re.escape, table["citations"][side])) for side in ("before", "behind"))
    names = rf"({before})([^\s*|，。、:：]{{0,6}})\*((?:(?<=(?:{before})\*)\w|{behind})[^*\n|]*\*)(?!\*)"
    return table["labels"], re.compile(rf"\[(?<!!\[)({labels})\](?=\()"), re.compile(names)


STEP = Step("artefacts", artefacts, (SAME_CODE, SAME_LINKS))
