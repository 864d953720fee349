"""Commands for single texts: repair, detect, normalize."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.diffs import unified
from pipeline.commands.inputs import Input, as_json, into, one_to_stdout, paths, process_each, put, swept_output
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import echo_json
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.document import Document
    from pipeline.language.archive_statistics import ArchiveStatistics
    from pipeline.steps.typography import Typography

SHOWN = 0.005  # confidence: that of an alternative that is worth showing


@click.command("repair")
@paths
@into
@click.option("--explain", is_flag=True, help="Show each change on standard error.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    help="Write U+FFFD for reconstructed characters of lower confidence.  [default: 0.3]",
)
@as_json
def repair_command(
    paths: tuple[str, ...], output: Path | None, min_confidence: float | None, *, explain: bool, as_json: bool
) -> int:
    """Fix encoding errors only; the result is UTF-8.

    PATH is a file, a folder, or `-` for standard input. Characters with missing bytes are reconstructed from the
    language and from the other given files.
    """
    from pipeline import filters

    written: set[Path] = set()
    sound: dict[str, str] = {}
    damaged: list[tuple[Input, bytes]] = []
    if not (output or as_json):
        one_to_stdout(paths)

    def work(one: Input) -> None:
        data = one.read()
        document = filters.repair(data, min_confidence=min_confidence)
        if document.inferred:
            damaged.append((one, data))
            return
        if not sound or _more_may_help(sound):
            sound[str(one.name)] = document.text
        write_result(one, document)

    def write_result(one: Input, document: Document) -> None:
        if output or not as_json:
            put(one, document.text.encode(), output, written)
        if as_json:
            _print_json(one, document, text=output is None)
        if explain:
            _print_changes(one, document)

    with swept_output(output):
        code = process_each(paths, work, output)
        archive = _statistics_of(sound) if damaged else None
        for one, data in damaged:
            write_result(one, filters.repair(data, min_confidence=min_confidence, archive=archive))
    return code


def _statistics_of(texts: dict[str, str]) -> ArchiveStatistics:
    from pipeline.language.archive_statistics import statistics_of

    return statistics_of(texts)


def _more_may_help(texts: dict[str, str]) -> bool:
    """Return whether `texts` have less than the characters that statistics of an archive are made of."""
    from pipeline.language.archive_statistics import MOST_ARCHIVE_CHARACTERS

    return sum(map(len, texts.values())) < MOST_ARCHIVE_CHARACTERS


@click.command("detect")
@paths
@as_json
def detect_command(paths: tuple[str, ...], *, as_json: bool) -> int:
    """Detect encodings and damage, with confidence."""
    from pipeline import filters

    def work(one: Input) -> None:
        document = filters.repair(one.read())
        encoding, damage = document.meta.encoding, _damage_of(document)
        if as_json:
            import msgspec

            record = {"path": str(one.file or one.name)} | msgspec.to_builtins(encoding) | {"damage": damage}
            click.echo(msgspec.json.encode(record))
            return
        others = ", ".join(
            f"{other.codec} {other.confidence:.2f}" for other in encoding.alternatives if other.confidence >= SHOWN
        )
        line = f"{one.label}: {encoding.codec} {encoding.confidence:.2f} ({encoding.evidence})"
        click.echo("; ".join([line + (f"; alternatives: {others}" if others else ""), *map(_damage_in_words, damage)]))

    return process_each(paths, work)


def _damage_of(document: Document) -> list[dict[str, str | int]]:
    """Return the kinds of damage of a text: for each what happened, and how many characters it has, or had lost bytes.

    The notes of decoding come first: they say which lines are in another encoding, and what could not be decoded.
    """
    found: dict[str, dict[str, str | int]] = {}
    for note in (note for note in document.notes if note.step == "decode"):
        found[note.message] = {"kind": note.message, "characters": 0, "missing_bytes": 0}
    for change in document.changes:
        kind, *rest = change.reason.split(", byte missing")
        row = found.setdefault(kind, {"kind": kind, "characters": 0, "missing_bytes": 0})
        row["characters"] = int(row["characters"]) + len(change.after)
        row["missing_bytes"] = int(row["missing_bytes"]) + (len(change.after) if rest else 0)
    return list(found.values())


def _damage_in_words(row: dict[str, str | int]) -> str:
    """Return a kind of damage on one line: `text is UTF-8 decoded as cp1254: 9 characters, 4 with missing bytes`."""
    if not row["characters"]:
        return str(row["kind"])
    lost = f", {row['missing_bytes']} with missing bytes" if row["missing_bytes"] else ""
    return f"text is {row['kind']}: {counted(int(row['characters']), 'character')}{lost}"


@click.command("normalize")
@paths
@into
@click.option(
    "--check", is_flag=True, help="Write nothing; list the files that would change, and exit with 1 if any would."
)
@click.option("--diff", is_flag=True, help="Write nothing; show the changes as a unified diff.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if --check found something.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="How --check lists the files: as text, or as annotations of GitHub Actions.",
)
@as_json
@click.option(
    "--typography",
    type=click.Choice(["off", "safe", "full"]),
    default="safe",
    show_default=True,
    help="CJK punctuation and spacing.",
)
def normalize_command(  # noqa: PLR0913 - one argument for each option
    paths: tuple[str, ...],
    output: Path | None,
    *,
    check: bool,
    diff: bool,
    exit_zero: bool,
    form: str,
    as_json: bool,
    typography: Typography,
) -> int:
    """Fix and format Markdown.

    Fixes are for Markdown that does not show what its author meant, such as `**` that CommonMark ignores.
    """
    from pipeline import filters
    from pipeline.document import Source
    from pipeline.read.decode import decode

    written: set[Path] = set()
    changed: list[tuple[str, int]] = []
    if not (output or check or diff or as_json):
        one_to_stdout(paths)

    def work(one: Input) -> None:
        before = decode(Source(one.name, one.read())).text
        document = filters.normalize(before, typography=typography)
        for note in document.notes:
            click.echo(f"{on_one_line(str(one.name))}: {note.message}", err=True)
        name = one.label
        if document.text != before:
            changed.append((name, _first_different_line(before, document.text)))
        if as_json:
            text = {} if output or check or diff else {"text": document.text}
            echo_json({"path": str(one.file or one.name), "changed": document.text != before} | text)
        if diff and not as_json:
            click.echo(unified(before, document.text, (name, f"{name} (formatted)")), nl=False)
        elif output or not (check or diff or as_json):
            put(one, document.text.encode(), output, written)

    with swept_output(output):
        code = process_each(paths, work, output)
    for name, line in changed if check and not as_json else ():
        click.echo(f"would change: {name}" if form == "text" else _annotation(name, line))
    return code or (ExitCode.FOUND if check and changed and not exit_zero else ExitCode.DONE)


def _first_different_line(before: str, after: str) -> int:
    r"""Return the first line that differs, from 1.

    >>> _first_different_line("a\nb", "a\nc")
    2
    """
    pairs = zip(before.split("\n"), after.split("\n"), strict=False)
    return next((at for at, (old, new) in enumerate(pairs, 1) if old != new), 1)


def _annotation(name: str, line: int) -> str:
    """Return an annotation of GitHub Actions for a file that is not formatted.

    >>> _annotation("a,b.md", 3)
    '::error file=a%2Cb.md,line=3::not formatted; run `lacuna normalize`'
    """
    escaped = name.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::error file={escaped},line={line}::not formatted; run `lacuna normalize`"


def _print_changes(one: Input, document: Document) -> None:
    from pipeline.records.report_jsonl import changes_in_words

    click.echo(f"{one.label}:\n{changes_in_words(document)}", err=True)


def _print_json(one: Input, document: Document, *, text: bool) -> None:
    import msgspec

    from pipeline.records.report_jsonl import change_records

    record = {
        "path": str(one.file or one.name),
        "encoding": document.meta.encoding,
        "changes": change_records(document),
    }
    record |= {"notes": document.notes} | ({"text": document.text} if text else {})
    click.echo(msgspec.json.encode(record))


COMMANDS = (repair_command, detect_command, normalize_command)
