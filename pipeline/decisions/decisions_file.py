"""decisions.jsonl <-> decisions: one per line, only ever appended, so that git merges it line by line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline.decisions.decision import Decision, problem_of

DECISIONS_NAME = "decisions.jsonl"  # next to raw/
MOST_BYTES = 256 * 2**20  # of the file: half a million decisions; it is read into memory
_CONFLICT_MARK = re.compile(rb"(<{7}|>{7}|\|{7}|={7})( |\Z)")
_LINE_DECODER = msgspec.json.Decoder(Decision)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A line of decisions.jsonl that is not obeyed: its number, from 1, and what to do."""

    line: int
    problem: str

    def __str__(self) -> str:
        """Return both for people."""
        return f"{DECISIONS_NAME}:{self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """What decisions.jsonl says: the decisions that count, by key, the latest of each, and the lines with problems."""

    decisions: Mapping[str, Decision] = field(default_factory=dict)
    problems: tuple[LineProblem, ...] = ()


NO_DECISIONS = DecisionFile()


def decisions_path(raw: Path) -> Path:
    """Return the file of decisions of the archive whose posts are in `raw`: it is next to that folder."""
    return Path(os.path.normpath(raw.absolute())).parent / DECISIONS_NAME


def read_decisions(file: Path) -> DecisionFile:
    """Return the decisions of a file; none if there is no file. Raises OSError."""
    if not file.exists():
        return NO_DECISIONS
    if file.stat().st_size > MOST_BYTES:
        problem = f"the file is larger than {MOST_BYTES >> 20} MB; no decision is obeyed; remove old lines"
        return DecisionFile(problems=(LineProblem(1, problem),))
    return parse_decisions(file.read_bytes())


def parse_decisions(data: bytes) -> DecisionFile:
    r"""Return the decisions of the lines of a file, in whichever order; bad lines are reported, the others count.

    >>> file = parse_decisions(b'{"verdict":"skip","document":"a.md"}\n<<<<<<< ours\nx\n')
    >>> [decision.document for decision in file.decisions.values()]
    ['a.md']
    >>> [(problem.line, problem.problem.partition(";")[0]) for problem in file.problems]
    [(2, 'a conflict that git left'), (3, 'not a decision: JSON is malformed: invalid character')]
    """
    latest: dict[str, tuple[str, bytes, Decision]] = {}
    problems = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        written = line.strip()
        if not written:
            continue
        decision, problem = parse_line(written)
        if problem:
            problems.append(LineProblem(number, problem))
        if decision:
            rank = (decision.time.rstrip("Z"), written, decision)
            latest[decision.key] = max(latest.get(decision.key, rank), rank, key=lambda one: one[:2])
    kept = {key: decision for key, (_, _, decision) in sorted(latest.items()) if not decision.withdrawn}
    return DecisionFile(kept, tuple(problems))


def parse_line(line: bytes) -> tuple[Decision | None, str]:
    """Return the decision of a line, or None and why it is none."""
    if _CONFLICT_MARK.match(line):
        return None, "a conflict that git left; delete this line, and keep the decisions of both sides"
    try:
        decision = _LINE_DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return None, f"not a decision: {str(error).partition(' (byte')[0]}; correct or delete the line"
    problem = problem_of(decision)
    return (None, f"{problem}; correct or delete the line") if problem else (decision, "")


def append_decisions(file: Path, decisions: Iterable[Decision]) -> list[Decision]:
    """Append decisions, each with the time if it has none, and return them as written. Raises OSError.

    A last line without a line end, as a killed program leaves it, is ended first.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    written = [one if one.time else msgspec.structs.replace(one, time=now) for one in decisions]
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in written)
    with file.open("a+b") as target:
        if target.tell():
            target.seek(-1, os.SEEK_END)
            lines = lines if target.read(1) == b"\n" else b"\n" + lines
        target.write(lines)
        target.flush()
        os.fsync(target.fileno())
    return written
