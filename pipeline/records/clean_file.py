"""Document -> its file in clean/: YAML front matter and Markdown."""

from __future__ import annotations

from pipeline.document import REPLACEMENT, Document, Encoding, FrontValue
from pipeline.markdown.yaml_writer import yaml_front_matter
from pipeline.urls.canonical import canonical_url

VERSION = 3  # raise it when the bytes change


def clean_file(document: Document) -> bytes:
    """Return the bytes of a document's clean file: YAML front matter, then the text, in UTF-8."""
    meta = document.meta
    fields: dict[str, FrontValue] = {
        "title": meta.title,
        "subtitle": meta.subtitle,
        "kicker": meta.kicker,
        "authors": list(meta.authors),
        "source_url": canonical_url(meta.source_url),
        "language": meta.language,
        "date": meta.date,
        "encoding": encoding_in_words(meta.encoding),
        "sha256": meta.sha256,
        "repaired": repairs_in_words(document),
    }
    given = {key: value for key, value in fields.items() if value}
    extra = {f"original_{key}" if key in given else key: value for key, value in meta.extra}
    return (yaml_front_matter(given | extra) + document.text.lstrip("\n")).encode()


def encoding_in_words(encoding: Encoding) -> str:
    """Return an encoding for people: `gb18030 (statistics, 0.93)`, or only the codec where it is certain."""
    certain = encoding.confidence == 1 and encoding.evidence in {"utf-8", "bom"}
    return encoding.codec if certain else f"{encoding.codec} ({encoding.evidence}, {encoding.confidence:.2f})"


def repairs_in_words(document: Document) -> str:
    """Return in one line how many characters were repaired, from which damage, and how many are lost.

    >>> from pathlib import PurePosixPath
    >>> repairs_in_words(Document(PurePosixPath("a.md"), "a"))
    'nothing'
    >>> repairs_in_words(Document(PurePosixPath("a.md"), "caf\N{REPLACEMENT CHARACTER}"))
    '1 character lost (U+FFFD)'
    """
    repairs = [change for change in document.changes if change.step == "repair"]
    gaps = document.text.count(REPLACEMENT)
    restored = sum(len(change.after) - change.after.count(REPLACEMENT) for change in repairs)
    reasons = ", ".join(sorted({change.reason for change in repairs}))
    parts = [f"{_counted_characters(restored)}: {reasons}"] if reasons else []
    parts += [f"{_counted_characters(gaps)} lost (U+FFFD)"] if gaps else []
    return "; ".join(parts) or "nothing"


def _counted_characters(count: int) -> str:
    return f"{count} character{'' if count == 1 else 's'}"
