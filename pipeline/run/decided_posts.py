"""decisions.jsonl and the state -> the posts that new, changed and withdrawn decisions concern, to be cleaned again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.decisions.decision import Decision, is_about_document
from pipeline.decisions.decision_set import DecisionSet
from pipeline.decisions.decisions_file import DecisionFile, decisions_path, parse_decisions, read_decisions
from pipeline.settings import Settings
from pipeline.store.archive_state import ArchiveState
from pipeline.store.atomic import write_atomically

PROBLEMS_FACT = "problems of decisions"  # the fact of the database with the lines that are not obeyed


class ReadDecisions(NamedTuple):
    """The decisions that a run obeys, as arranged, and the bytes that say so; empty if there is none."""

    arranged: DecisionSet
    data: bytes

    @property
    def digest(self) -> str:
        """The digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def copied_to(self, folder: Path) -> Path | None:
        """Write a copy for the workers, which see no line that is appended later; None if there is no decision."""
        if not self.data:
            return None
        copy = folder / "decisions.jsonl"
        write_atomically(folder, copy, self.data)
        return copy


def learn_decisions(settings: Settings, database: ArchiveState) -> ReadDecisions:
    """Read the decisions, and make the posts outdated that a change of them concerns."""
    file = decisions_path(Path(settings.raw))
    found, data = _read(file)
    changed = database.decisions.learn(found.decisions)
    if changed:
        database.clean_again(_concerned(changed, database))
    database.learn(PROBLEMS_FACT, json.dumps([str(problem) for problem in found.problems]))
    database.commit()
    return ReadDecisions(DecisionSet(found.decisions), data if found.decisions else b"")


def _read(file: Path) -> tuple[DecisionFile, bytes]:
    found = read_decisions(file)
    if not found.decisions:
        return found, b""
    data = file.read_bytes()
    return parse_decisions(data), data


def _concerned(changed: Sequence[Decision], database: ArchiveState) -> set[str]:
    """Return the paths of the posts that decisions may concern."""
    tables = database.decisions
    about_text = [one for one in changed if not is_about_document(one)]
    paths = tables.with_keys({one.key for one in changed if one.verdict != "keep"})
    here = [one for one in about_text if one.scope == "here"]
    if here:
        from pipeline.decisions.place_index import PlaceIndex  # noqa: PLC0415 - needs numpy; few runs have decisions

        index = PlaceIndex(here)
        paths |= {path for path, bits in tables.filters() if next(index.candidates(bits), None)}
    named = tables.named([one for one in changed if is_about_document(one) and one.verdict != "keep"])
    return paths.union(*named.values())


def learn_kept(decisions: DecisionSet, database: ArchiveState) -> None:
    """Store which documents are kept of their duplicates; if that changes, mark them."""
    named = database.decisions.named(decisions.kept)
    found = {one.key: (named[one.key][0], place) for place, one in enumerate(decisions.kept) if one.key in named}
    if changed := database.decisions.keep(found):
        database.stale.add(sorted(changed))


def outdated_in_words(database: ArchiveState) -> tuple[str, ...]:
    """Return the decisions that no longer apply, a sentence each."""
    return tuple(map(_in_words, database.decisions.outdated()))


def _in_words(decision: Decision) -> str:
    """Return what was decided, in one line.

    >>> _in_words(Decision("accept", document="a.md", before="Ã©", inferred="é"))
    "a.md: accept 'Ã©' -> 'é'"
    """
    if is_about_document(decision):
        return f"{decision.document or decision.sha256}: {decision.verdict} {decision.after}".rstrip()
    arrow = f" -> {decision.result!r}" if decision.verdict != "reject" else ""
    return f"{decision.document or 'a post'}: {decision.verdict} {decision.before!r}{arrow}"
