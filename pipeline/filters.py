"""Single steps as functions: text or bytes in, a Document or what was found out."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import PurePosixPath

from pipeline.document import Document, Link, Metadata, Note, Source
from pipeline.flow import MARKDOWN, follow
from pipeline.language.archive_statistics import NO_STATISTICS, ArchiveStatistics
from pipeline.markdown.front_matter import front_matter_of
from pipeline.mojibake.lossy.recovery import MIN_CONFIDENCE
from pipeline.read.decode import decode
from pipeline.steps import describe, links
from pipeline.steps import repair as wrong_decodings
from pipeline.steps.typography import Typography

HERE = PurePosixPath("text")


def repair(
    text: str | bytes, *, min_confidence: float = MIN_CONFIDENCE, archive: ArchiveStatistics = NO_STATISTICS
) -> Document:
    """Return the document with wrong decodings undone and nothing else changed; bytes are decoded first.

    Letters that lost bytes are inferred, with the help of `archive`; those less sure than `min_confidence` are U+FFFD.

    >>> repair("cafÃ©").text
    'café'
    >>> repair("naïve café").changes
    ()

    Raises SkipDocument where bytes are no text. Surrogates in a str become the character they mean, or U+FFFD.
    """
    document = decode(Source(HERE, text)) if isinstance(text, bytes) else _well_formed(text)
    run = functools.partial(wrong_decodings.repair_mojibake, min_confidence=min_confidence, archive=archive)
    return follow(replace(wrong_decodings.STEP, run=run), document)


def _well_formed(text: str) -> Document:
    valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    note = Note("repair", "the str held surrogates: pairs were joined, single ones became U+FFFD")
    return Document(HERE, valid, notes=() if valid == text else (note,))


def normalize(text: str, *, typography: Typography = "safe") -> Document:
    r"""Return the document with its Markdown mended and in normal form; front matter stays as written.

    `typography` is off, safe or full: see the step of that name. NULs become U+FFFD, as CommonMark 0.31.2, 2.3, has it.

    >>> normalize("* a\n* b").text
    '- a\n- b\n'
    """
    text = text.replace("\0", "\ufffd")
    document = Document(HERE, text, Metadata(source_url=describe.source_named_in(text)))
    if front_matter_of(text):
        document = describe.describe(document)
    for step in MARKDOWN:
        if step.name == "typography":
            step = replace(step, run=functools.partial(step.run, level=typography))  # noqa: PLW2901 - the same, bound
        document = follow(step, document)
    return replace(document, text=document.meta.front_matter + document.text)


def extract_links(text: str, base: str = "") -> tuple[Link, ...]:
    """Return the links and images of a Markdown text; relative addresses are resolved against `base`.

    >>> [link.url for link in extract_links("[a](/b?utm_source=x)", "https://example.com/")]
    ['https://example.com/b']
    """
    return links.list_links(Document(HERE, text, Metadata(source_url=base))).links
