"""The front matter of a post -> whether it says that the post is not published."""

from __future__ import annotations

from pipeline.document import Metadata

DRAFT_VERSION = 2  # raise it when `is_draft` changes
_UNPUBLISHED = {"draft", "private", "pending", "future", "trash", "auto-draft"}  # a status of WordPress
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def is_draft(meta: Metadata) -> bool:
    """Return whether the front matter says that a document is not published: `draft: true`, `published: false`."""
    fields = {key.casefold(): str(value).strip().casefold() for key, value in meta.extra}
    hidden = _UNPUBLISHED & {fields.get("status"), fields.get("post_status")}
    return fields.get("draft") in _YES or fields.get("published") in _NO or bool(hidden)
