"""The decisions of an archive, arranged so that those that a document must obey are found fast."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.decisions.decision import Decision, concerns, is_about_document
from pipeline.document import Document

if TYPE_CHECKING:
    from pipeline.decisions.place_index import PlaceIndex


class DecisionSet:
    """The decisions that count, arranged by what they are about."""

    def __init__(self, decisions: Mapping[str, Decision] | None = None) -> None:
        """Arrange decisions, given by their keys."""
        self.all = decisions or {}
        latest = sorted(self.all.values(), key=lambda one: (one.time.rstrip("Z"), one.key), reverse=True)
        about_text = [one for one in latest if not is_about_document(one)]
        self._here = [one for one in about_text if one.scope == "here"]
        self.rules = {one.key: one for one in about_text if one.scope != "here"}
        self.kept = [one for one in latest if one.verdict == "keep"]
        self._documents: dict[str, list[Decision]] = defaultdict(list)
        for one in latest:
            if is_about_document(one) and one.verdict != "keep":
                for name in {one.document, one.sha256} - {""}:
                    self._documents[name].append(one)

    @cached_property
    def places(self) -> PlaceIndex:
        """The decisions about single places."""
        from pipeline.decisions.place_index import PlaceIndex  # noqa: PLC0415 - needs numpy; few runs have decisions

        return PlaceIndex(self._here)

    def named(self, path: str, sha256: str) -> list[Decision]:
        """Return the decisions that name a document by its path or by the digest of its source."""
        return [one for name in (path, sha256) for one in self._documents.get(name, ())]

    def about(self, document: Document) -> list[Decision]:
        """Return the decisions about a document, the latest of each kind; those on duplicates are not among them."""
        found = [one for one in self.named(str(document.path), document.meta.sha256) if concerns(one, document)]
        found.sort(key=lambda one: one.time.rstrip("Z"))
        return [*{one.verdict: one for one in found}.values()]
