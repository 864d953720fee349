"""Lines of slots -> the lines of each language: a French post may quote Russian, and each needs its own model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.language.fluency import CLEAR_LEAD, language_scores_of
from pipeline.language.ngrams import model_languages
from pipeline.mojibake.lossy.lattice import Slot

FEWEST_TO_CHOOSE = 12  # characters of a line that are outside ASCII, or may be: fewer have no lead of CLEAR_LEAD


def lines_by_language(found: Sequence[Sequence[Slot]], main: str) -> dict[str, list[int]]:
    """Return the numbers of the lines in each language; `main` is the likeliest of all lines together.

    A line is in another language if its characters alone leave no doubt. If there is another language, lines that are
    too short to know take the likeliest of these languages, or that of most lines.
    """
    names = model_languages()
    counted = [number for number, line in enumerate(found) if uncertain_or_non_ascii(line) >= FEWEST_TO_CHOOSE]
    scores = {number: language_scores_of([slot.candidates for slot in found[number]]) for number in counted}
    own = names.index(main)
    certain = {
        number: names[int(row.argmax())] if row.max() > row[own] + CLEAR_LEAD else main
        for number, row in scores.items()
    }
    tags = sorted({main, *certain.values()})
    if len(tags) == 1:
        return {main: [*range(len(found))]}
    most = max(tags, key=lambda tag: sum(one == tag for one in certain.values()))
    tags.sort(key=lambda tag: tag != most)
    places = [names.index(tag) for tag in tags]
    groups: dict[str, list[int]] = {tag: [] for tag in tags}
    for number, line in enumerate(found):
        row = scores.get(number)
        if row is None:
            row = language_scores_of([slot.candidates for slot in line])
        groups[tags[int(np.argmax(row[places]))]].append(number)
    return {tag: numbers for tag, numbers in groups.items() if numbers}


def uncertain_or_non_ascii(row: Sequence[Slot]) -> int:
    """Return the number of characters of a line that are outside ASCII, or may be."""
    return sum(len(slot.candidates) > 1 or not slot.candidates[0].isascii() for slot in row)
