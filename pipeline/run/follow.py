"""A source, the steps and the decisions of a person -> the outcome. Every failure of a document becomes its outcome."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from pipeline.decisions.decision_set import DecisionSet
from pipeline.decisions.obey import LeftOut, as_decoded, obeying, refuse_left_out
from pipeline.document import Cleaned, Document, ListPage, Metadata, SkipDocument, Skipped, Source, Step
from pipeline.following import follow_each
from pipeline.read.drafts import is_draft
from pipeline.read.kinds import FileKind
from pipeline.read.readers import Reader, read_document
from pipeline.run.limits import bug_reason

MOST_REPORTED = 100_000_000  # characters; a text of max_bytes that consists of links has fewer
NOTHING_DECIDED = DecisionSet()


def follow_all(
    source: Source,
    steps: Sequence[Step],
    readers: Sequence[Reader] = (),
    *,
    drafts: bool = True,
    decisions: DecisionSet = NOTHING_DECIDED,
) -> Cleaned | Skipped:
    """Return the document after every step, or where and why it was skipped. Only this function catches every error.

    `readers` are those of plugins. Without `drafts`, a document whose front matter says that it is a draft is skipped
    at the step DRAFT. The document obeys `decisions`; one that they skip is skipped at LEFT_OUT.

    Raises OSError and MemoryError, which the system causes.
    """
    at, known = "decode", None
    try:
        if decisions.all:
            refuse_left_out(_unread(source), decisions)
        document = as_decoded(read_document(source, readers), decisions)
        for at, document in follow_each(obeying(steps, decisions), document):  # noqa: B007, B020 - `at` is used where a step fails
            if not drafts and document.meta is not known and is_draft(known := document.meta):
                return Skipped(source.path, FileKind.DRAFT, "is a draft")
        _refuse_blank(document)
        _refuse_large_report(document)
    except LeftOut as decided:
        return Skipped(source.path, FileKind.LEFT_OUT, str(decided))
    except ListPage as reason:
        return Skipped(source.path, FileKind.LISTING, str(reason))
    except SkipDocument as unfit:
        return Skipped(source.path, at, str(unfit) or "was skipped without a reason")
    except (OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - the failure of a document stops no other
        return Skipped(source.path, at, bug_reason(error), "bug", traceback.format_exc())
    return Cleaned(document)


def _unread(source: Source) -> Document:
    """Return what is known of a source before it is read."""
    return Document(source.path, "", Metadata(source.sha256))


def _refuse_blank(document: Document) -> None:
    if not document.text.strip():
        what = "front matter and no text" if document.meta.front_matter else "only white space and control characters"
        message = f"contains {what}; archive it again, delete it, or add it to `ignore` in the settings"
        raise SkipDocument(message)


def _refuse_large_report(document: Document) -> None:
    """Refuse a document whose links, changes and notes repeat so much text that its report would be huge."""
    links = sum(
        len(link.written) + len(link.url) + len(link.text) + len(link.title) + len(link.heading)
        for link in document.links
    )
    changes = sum(len(change.before) + len(change.after) for change in document.changes)
    notes = sum(len(note.message) for note in document.notes)
    if links + changes + notes > MOST_REPORTED:
        size, most = (links + changes + notes) // 10**6, MOST_REPORTED // 10**6
        message = (
            f"its report entry of links, changes and notes would take {size} MB (limit {most}); split the document"
        )
        raise SkipDocument(message)
