"""A batch of texts, as columns -> repaired texts and what happened to each, as columns: for tools of text corpora."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pipeline.document import Document, SkipDocument
from pipeline.filters import repair
from pipeline.records.report_jsonl import change_records
from pipeline.run.limits import bug_reason

BATCH_COLUMNS = ("text", "changes", "confidence", "language", "encoding", "skipped")
NO_TEXT = "has no text: the value is neither str nor bytes"


def batch(rows: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return repaired texts and what happened to each; `rows` are columns, of which `text` holds str or bytes.

    Characters are repaired, Markdown stays. The result has the columns BATCH_COLUMNS: the text; its changes as JSON;
    the lowest confidence of a change (1.0 without changes); the language (BCP 47); the encoding that bytes were decoded
    from; the reason why a row was skipped, else an empty string. A skipped row keeps its text, bytes become an empty
    string. No row raises an exception, and no file is written.

    >>> made = batch({"text": ["cafÃ©", "naïve café", None]})
    >>> made["text"], made["skipped"][2]
    (['café', 'naïve café', ''], 'has no text: the value is neither str nor bytes')
    """
    made = [_row_of(text) for text in rows["text"]]
    return {name: [row[at] for row in made] for at, name in enumerate(BATCH_COLUMNS)}


def _row_of(text: object) -> tuple[str, str, float, str, str, str]:
    """Return the values of one row, in the order of BATCH_COLUMNS."""
    if not isinstance(text, str | bytes):
        return _skipped_row("", NO_TEXT)
    kept = text if isinstance(text, str) else ""
    try:
        document = repair(text)
        return _values(document, is_bytes=isinstance(text, bytes))
    except SkipDocument as unfit:
        return _skipped_row(kept, str(unfit))
    except Exception as error:  # noqa: BLE001 - a row stops no other
        return _skipped_row(kept, bug_reason(error))


def _values(document: Document, *, is_bytes: bool) -> tuple[str, str, float, str, str, str]:
    from pipeline.language.identification import language_of  # noqa: PLC0415 - it loads a model

    confidences = [change.confidence for change in document.changes if change.confidence is not None]
    changes = msgspec.json.encode(change_records(document)).decode() if document.changes else "[]"
    encoding = document.meta.encoding.codec if is_bytes else ""
    return document.text, changes, min(confidences, default=1.0), language_of(document.text), encoding, ""


def _skipped_row(text: str, reason: str) -> tuple[str, str, float, str, str, str]:
    valid = text.encode("utf-8", "replace").decode()  # columns of other tools hold no lone surrogates
    return valid, "[]", 0.0, "", "", reason
