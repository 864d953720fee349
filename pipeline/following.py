"""A document and steps -> the document after them; a step that violates an invariant is rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.document import Document, Note, Step
from pipeline.invariants import EXPLAINED
from pipeline.plugin_results import checked_document
from pipeline.steps.markdown_steps import MARKDOWN

MOST_MARKDOWN_PASSES = 4  # of the steps that write Markdown; texts need one, random ones two


def follow_each(steps: Sequence[Step], document: Document) -> Iterator[tuple[str, Document]]:
    """Yield the name of each step and the document before it, and at last the document after all.

    The steps that write Markdown are followed until they change nothing, so that a second run changes nothing.
    """
    names = {step.name for step in MARKDOWN}
    markdown = [step for step in steps if step.name in names]
    before = document
    for step in steps:
        if markdown and step is markdown[0]:
            before = document
        yield step.name, document
        document = follow(step, document)
        if markdown and step is markdown[-1] and document.changes != before.changes:
            document = _settled(markdown, before, document)
    yield steps[-1].name if steps else "", document


def _settled(markdown: Sequence[Step], before: Document, document: Document) -> Document:
    """Return the document after more passes of `markdown`, until one changes nothing; `before` if none does."""
    for _ in range(MOST_MARKDOWN_PASSES):
        again = document
        for step in markdown:
            again = follow(step, again)
        if again.text == document.text:
            return document
        document = again
    return before.noted(markdown[-1].name, "not formatted: each pass would change the text again")


def follow(step: Step, document: Document) -> Document:
    """Return the document after `step`; as it was, with a note, if the step violates an invariant.

    Raises SkipDocument if the step returns something else.
    """
    returned = step.run(document)
    if returned is document:
        return document
    after = checked_document(f"the step `{step.name}`", document.path, returned)
    if after.text == document.text and after.changes == document.changes:
        return after
    violated = next(
        (invariant.name for invariant in (EXPLAINED, *step.invariants) if not invariant.holds(document, after)), ""
    )
    if not violated:
        return after
    note = Note(step.name, f"step rolled back: invariant {violated} would not hold", violated)
    return replace(document, notes=(*document.notes, note))
