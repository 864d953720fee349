"""The decisions of an archive, arranged so that those that a document must obey are found fast."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.decisions.decision import Decision, concerns, is_about_document
from pipeline.decisions.places import GRAM, filter_has, gram_keys
from pipeline.document import Document

PROBED_GRAMS = 16  # n-grams of each place that are looked up: if half of all are found by chance, 16 are in 1 of 65,536


class PlaceIndex:
    """Decisions about places, and a few n-grams of each: most places are not in most texts."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        """Index `decisions`, all with the scope `here`."""
        self.decisions = tuple(decisions)

    @cached_property
    def _grams(self) -> npt.NDArray[np.uint64]:
        rows = np.zeros((len(self.decisions), PROBED_GRAMS), np.uint64)
        for row, one in zip(rows, self.decisions, strict=True):
            keys = gram_keys(one.left + one.before + one.right)
            if len(keys):
                row[:] = keys[np.linspace(0, len(keys) - 1, PROBED_GRAMS).astype(int)]
        return rows

    @cached_property
    def _short(self) -> npt.NDArray[np.bool_]:
        return np.array([len(one.left + one.before + one.right) < GRAM for one in self.decisions], bool)

    def candidates(self, filters: bytes) -> Iterator[Decision]:
        """Yield the decisions whose place may be in a text with this filter; the others are certainly not."""
        if self.decisions:
            likely = filter_has(filters, self._grams).all(axis=1) | self._short
            for at in np.flatnonzero(likely).tolist():
                yield self.decisions[at]


class DecisionSet:
    """The decisions that count, arranged by what they are about."""

    def __init__(self, decisions: Mapping[str, Decision] | None = None) -> None:
        """Arrange decisions, given by their keys."""
        self.all = decisions or {}
        latest = sorted(self.all.values(), key=lambda one: (one.time.rstrip("Z"), one.key), reverse=True)
        about_text = [one for one in latest if not is_about_document(one)]
        self.places = PlaceIndex(one for one in about_text if one.scope == "here")
        self.rules = {one.key: one for one in about_text if one.scope != "here"}
        self.kept = [one for one in latest if one.verdict == "keep"]
        self._documents: dict[str, list[Decision]] = defaultdict(list)
        for one in latest:
            if is_about_document(one) and one.verdict != "keep":
                for name in {one.document, one.sha256} - {""}:
                    self._documents[name].append(one)

    def named(self, path: str, sha256: str) -> list[Decision]:
        """Return the decisions that name a document by its path or by the digest of its source."""
        return [one for name in (path, sha256) for one in self._documents.get(name, ())]

    def about(self, document: Document) -> list[Decision]:
        """Return the decisions about a document, the latest of each kind; those on duplicates are not among them."""
        found = [one for one in self.named(str(document.path), document.meta.sha256) if concerns(one, document)]
        found.sort(key=lambda one: one.time.rstrip("Z"))
        return [*{one.verdict: one for one in found}.values()]
