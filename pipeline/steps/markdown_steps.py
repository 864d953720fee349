"""MARKDOWN, the tuple of the steps that write Markdown, in order; the filter `normalize` runs these."""

from __future__ import annotations

from pipeline.document import Step
from pipeline.steps import (
    artefacts,
    cards,
    emphasis,
    figures,
    headings,
    html,
    indents,
    lists,
    literals,
    normalize,
    numbers,
    quotations,
    tables,
    typography,
    wraps,
)

MARKDOWN: tuple[Step, ...] = (  # Markdown -> formatted Markdown of the same meaning
    artefacts.STEP,  # placeholders first: they separate what belongs together
    indents.STEP,  # before the rules of blocks and HTML: what looks like code is HTML
    cards.STEP,  # before the block rules: a card looks like headings
    html.STEP,  # before the block rules: what becomes Markdown passes them too
    quotations.STEP,  # before lists: what is not part of a quotation may be one
    lists.STEP,
    numbers.STEP,  # of lists as they will be nested
    tables.STEP,
    wraps.STEP,  # after lists: their lines are items
    literals.STEP,  # before emphasis: what it escapes is not a mark
    emphasis.STEP,  # in the paragraphs that exist now
    headings.STEP,  # after emphasis: where marks pair
    figures.STEP,  # the final captions
    typography.STEP,
    normalize.STEP,  # last: nothing that follows may change the meaning
)
