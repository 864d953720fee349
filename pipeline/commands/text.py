"""Commands that read or mend text: repair, detect, normalize."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.archive import shown
from pipeline.commands.inputs import Input, as_json, each, finish, into, one_to_stdout, paths, put

if TYPE_CHECKING:
    from pipeline.document import Document
    from pipeline.steps.typography import Typography


@click.command()
@paths
@into
@click.option("--explain", is_flag=True, help="Tell each change, on standard error.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    help="Leave a letter that lost bytes as U+FFFD where it is less sure than this.  [default: 0.3]",
)
@as_json
def repair(
    paths: tuple[str, ...], output: Path | None, min_confidence: float | None, *, explain: bool, as_json: bool
) -> int:
    """Undo wrong decodings, and nothing else; the result is UTF-8.

    PATH is a file, a folder, or `-` for standard input. Letters that lost bytes are inferred: from the language, and
    from the other files that are named.
    """
    from pipeline import filters
    from pipeline.language.archive_statistics import MOST_ARCHIVE_CHARACTERS, statistics_of
    from pipeline.mojibake.lossy.recovery import MIN_CONFIDENCE
    from pipeline.records.report_jsonl import changes_in_words

    written: set[Path] = set()
    sound: dict[str, str] = {}
    damaged: list[tuple[Input, bytes]] = []
    least = MIN_CONFIDENCE if min_confidence is None else min_confidence
    if not (output or as_json):
        one_to_stdout(paths)

    def work(one: Input) -> None:
        data = one.read()
        document = filters.repair(data, min_confidence=least)
        if document.inferred:
            damaged.append((one, data))
            return
        if sum(map(len, sound.values())) < MOST_ARCHIVE_CHARACTERS:
            sound[str(one.name)] = document.text
        tell(one, document)

    def tell(one: Input, document: Document) -> None:
        if output or not as_json:
            put(one, document.text.encode(), output, written)
        if as_json:
            _tell_json(one, document, text=output is None)
        if explain:
            click.echo(f"{one.label}:\n{changes_in_words(document)}", err=True)

    code = each(paths, work, output)
    archive = statistics_of(sound if damaged else {})
    for one, data in damaged:
        tell(one, filters.repair(data, min_confidence=least, archive=archive))
    return finish(code, output)


@click.command()
@paths
@as_json
def detect(paths: tuple[str, ...], *, as_json: bool) -> int:
    """Tell the encoding of files, how sure that is, what else fits."""
    import msgspec

    from pipeline.read.decode import detect as encoding_of

    def work(one: Input) -> None:
        encoding = encoding_of(one.read())
        if as_json:
            told = {"path": str(one.file or one.name)} | msgspec.to_builtins(encoding)
            click.echo(msgspec.json.encode(told))
            return
        others = ", ".join(f"{other.codec} {other.confidence:.2f}" for other in encoding.alternatives)
        line = f"{one.label}: {encoding.codec} {encoding.confidence:.2f} ({encoding.evidence})"
        click.echo(line + (f"; else {others}" if others else ""))

    return each(paths, work)


@click.command()
@paths
@into
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change, and exit 1 if any would.")
@click.option("--diff", is_flag=True, help="Write nothing; show the changes as a unified diff.")
@click.option(
    "--typography",
    type=click.Choice(["off", "safe", "full"]),
    default="safe",
    show_default=True,
    help="How far punctuation and spaces of Chinese text are set as its typography has them.",
)
def normalize(paths: tuple[str, ...], output: Path | None, *, check: bool, diff: bool, typography: Typography) -> int:
    """Mend Markdown, and write it in normal form.

    It is mended where it says something else than its author meant.
    """
    from pipeline import filters
    from pipeline.document import Source
    from pipeline.read.decode import decode

    written: set[Path] = set()
    changed: list[str] = []
    if not (output or check or diff):
        one_to_stdout(paths)

    def work(one: Input) -> None:
        before = decode(Source(one.name, one.read())).text
        document = filters.normalize(before, typography=typography)
        for note in document.notes:
            click.echo(f"{shown(str(one.name))}: {note.message}", err=True)
        name = one.label
        if document.text != before:
            changed.append(name)
        if diff:
            click.echo(unified(before, document.text, (name, f"{name} (normal form)")), nl=False)
        elif not check:
            put(one, document.text.encode(), output, written)

    code = finish(each(paths, work, output), output)
    for name in changed if check else ():
        click.echo(f"would change: {name}")
    return code or int(check and bool(changed))


def unified(before: str, after: str, names: tuple[str, str]) -> str:
    """Return how two texts differ, as a unified diff; on a terminal, what changed within a line stands out."""
    from difflib import unified_diff

    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), *names, n=1)
    ended = [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join([*ended[:2], *_coloured(ended[2:])])


def _coloured(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a diff in colours; lines that took the place of as many are compared with them."""
    removed: list[str] = []
    for sign, group in itertools.groupby([*lines, ""], lambda line: line[:1]):
        rows = list(group)
        if sign == "-":
            removed = rows
            continue
        added = rows if sign == "+" else []
        pairs = list(zip(removed, added, strict=True)) if len(removed) == len(added) else []
        yield from (_styled(old, new, "red") for old, new in pairs or ((line, line) for line in removed))
        yield from (_styled(new, old, "green") for old, new in pairs or ((line, line) for line in added))
        yield from () if added else rows
        removed = []


def _styled(line: str, other: str, colour: str) -> str:
    """Return a line in a colour, what `other` lacks of it reversed."""
    from rapidfuzz.distance import Levenshtein

    blocks = Levenshtein.opcodes(line, other) if line != other else ()
    parts = [
        click.style(part, colour, reverse=(block.tag != "equal" and block.src_start > 0) or None)
        for block in blocks
        if (part := line[block.src_start : block.src_end])
    ]
    return "".join(parts) or click.style(line, colour)


def _tell_json(one: Input, document: Document, *, text: bool) -> None:
    import msgspec

    from pipeline.records.report_jsonl import change_records

    told = {"path": str(one.file or one.name), "encoding": document.meta.encoding, "changes": change_records(document)}
    told |= {"notes": document.notes} | ({"text": document.text} if text else {})
    click.echo(msgspec.json.encode(told))


COMMANDS = (repair, detect, normalize)
