"""Single steps as functions: text or bytes -> a Document, or the links of a text.

Sound text imports no parser and no steps: `repair` of an ASCII text starts in a tenth of a second.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.document import Document, Link, Metadata, Note, Source, Step

if TYPE_CHECKING:
    from pipeline.language.archive_statistics import ArchiveStatistics
    from pipeline.steps.typography import Typography

HERE = PurePosixPath("text")


def repair(
    text: str | bytes, *, min_confidence: float | None = None, archive: ArchiveStatistics | None = None
) -> Document:
    """Return the document with mojibake undone and nothing else changed; bytes are decoded first.

    Characters with missing bytes are reconstructed, with the help of the statistics of `archive`. They become U+FFFD if
    their confidence is below `min_confidence` (None: the default of the step, 0.3).

    >>> repair("cafÃ©").text
    'café'
    >>> repair("naïve café").changes
    ()

    Raises SkipDocument if bytes are not text. In a str, surrogate pairs are joined; single surrogates become U+FFFD.
    """
    document = _document_of_bytes(text) if isinstance(text, bytes) else _document_of_str(text)
    if not _suspicious(document.text):
        return document
    from pipeline.flow import with_archive, with_options
    from pipeline.following import follow
    from pipeline.steps import repair as mojibake

    step = with_options(mojibake.STEP, {} if min_confidence is None else {"min_confidence": min_confidence})
    (step,) = with_archive([step], archive) if archive else (step,)
    return follow(step, document)


def _document_of_bytes(data: bytes) -> Document:
    from pipeline.read.decode import decode

    return decode(Source(HERE, data))


def _suspicious(text: str) -> bool:
    """Return whether the pre-filter of the step `repair` finds a line that may be mojibake, or a lost character."""
    if text.isascii():
        from pipeline.mojibake.marks.question_marks import has_inner_question

        return has_inner_question(text)
    if "numpy" not in sys.modules:  # with numpy, the whole pre-filter is faster
        from pipeline.mojibake.obvious import is_obviously_sound

        if is_obviously_sound(text):
            return False
    from pipeline.mojibake.completed_words import has_parts_of_letters
    from pipeline.mojibake.copyright_signs import copyright_changes
    from pipeline.mojibake.marks.spellings import may_have_marks
    from pipeline.mojibake.prefilter import suspicious_lines
    from pipeline.mojibake.proven_words import has_proven_lines

    marked = may_have_marks(text) or bool(suspicious_lines(text))
    return marked or has_proven_lines(text) or has_parts_of_letters(text) or bool(copyright_changes(text))


def _document_of_str(text: str) -> Document:
    valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    note = Note("repair", "the str contained surrogates: pairs were joined, single ones became U+FFFD")
    return Document(HERE, valid, notes=() if valid == text else (note,))


def normalize(text: str, *, typography: Typography = "safe") -> Document:
    r"""Return the document with its Markdown fixed and formatted; front matter stays as written.

    `typography` is off, safe or full, as for the step of that name. NULs become U+FFFD (CommonMark 0.31.2, 2.3).

    >>> normalize("* a\n* b").text
    '- a\n- b\n'
    """
    import re

    from pipeline.following import follow_each
    from pipeline.markdown.front_matter import front_matter_of
    from pipeline.steps import describe
    from pipeline.steps.markdown_steps import MARKDOWN

    text = text.replace("\0", "\ufffd")
    document = Document(HERE, text, Metadata(source_url=describe.source_named_in(text)))
    if front_matter_of(text):
        document = describe.describe(document)
    if "\r" in document.text:
        document = replace(document, text=re.sub("\r\n?", "\n", document.text))
    steps = MARKDOWN if typography == "safe" else _markdown_steps_with(typography)
    *_, (_, document) = follow_each(steps, document)
    return replace(document, text=document.meta.front_matter + document.text)


def _markdown_steps_with(level: Typography) -> list[Step]:
    """Return the steps of MARKDOWN with the level of the step `typography` set."""
    from pipeline.flow import with_options
    from pipeline.steps.markdown_steps import MARKDOWN

    return [with_options(step, {"level": level}) if step.name == "typography" else step for step in MARKDOWN]


def extract_links(text: str, base: str = "") -> tuple[Link, ...]:
    """Return the links and images of a Markdown text; relative URLs are resolved against `base`.

    >>> [link.url for link in extract_links("[a](/b?utm_source=x)", "https://example.com/")]
    ['https://example.com/b']
    """
    from pipeline.steps import links

    return links.list_links(Document(HERE, text, Metadata(source_url=base))).links
