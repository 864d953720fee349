"""The command for hooks and CI: check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from pipeline.commands.inputs import Input, inputs, paths
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import json_option
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.faults import Fault

FAULT_KINDS = ("mojibake", "encoding", "control", "bidi")


@click.command("check")
@paths
@click.option("--ignore", multiple=True, type=click.Choice(FAULT_KINDS), help="Do not report faults of this kind.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl", "github"]),
    default="text",
    show_default=True,
    help="`github` annotates a pull request, `jsonl` is --json.",
)
@json_option
@click.option("--fix", is_flag=True, help="Write repaired text into the files, where no character is a guess.")
def check_command(paths: tuple[str, ...], ignore: tuple[str, ...], form: str, *, fix: bool, as_json: bool) -> int:
    """Find mojibake, mixed encodings, control characters and bidirectional overrides.

    PATH is a file, a folder, or `-` for standard input. Exits with 1 if something was found.
    """
    from pipeline.document import SkipDocument
    from pipeline.faults import faults_of

    form = "jsonl" if as_json else form
    files = found = 0
    code = ExitCode.DONE
    for one in inputs(paths):
        try:
            data = one.read()
            faults = [fault for fault in faults_of(data) if fault.kind not in ignore]
        except SkipDocument as reason:
            if one.found is None or _is_locked(one):  # a folder may hold anything else
                click.echo(f"skipped: {one.label}: {reason}", err=True)
                code = ExitCode.INCOMPLETE
            continue
        files += 1
        found += len(faults)
        for fault in faults:
            click.echo(_fault_line(one, fault, form))
        if fix and faults:
            _write_fixed(one, data)
    if form == "text":
        click.echo(
            f"{counted(files, 'file')}, {counted(found, 'fault')}" if found else f"{counted(files, 'file')}, no faults"
        )
    return ExitCode.FOUND if found else code


def _is_locked(one: Input) -> bool:
    """Return whether a file of a folder cannot be opened: then nobody knows whether it has faults."""
    return one.file is not None and not os.access(one.file, os.R_OK)


def _write_fixed(one: Input, data: bytes) -> None:
    """Replace a file by its repaired text, and say so; standard input has no file."""
    from pipeline.faults import fixed
    from pipeline.store.atomic import remove_partial_files, write_atomically

    if one.file is None or (repaired := fixed(data)) == data:
        return
    file = one.file.resolve()
    mode = file.stat().st_mode
    try:
        write_atomically(file.parent, file, repaired)
        file.chmod(mode)
    finally:
        remove_partial_files(file.parent)
    click.echo(f"fixed: {one.label}", err=True)


def _fault_line(one: Input, fault: Fault, form: str) -> str:
    """Return a fault in one line: `a.md:3:7: mojibake: …`, JSON, or a command of GitHub's workflows."""
    if form == "jsonl":
        import msgspec

        return msgspec.json.encode({"path": str(one.file or one.name), **fault._asdict()}).decode()
    if form == "github":
        place = f"file={_escaped_property(one.label)},line={fault.line},col={fault.column},title={fault.kind}"
        return f"::error {place}::{fault.what.replace('%', '%25')}"
    return f"{one.label}:{fault.line}:{fault.column}: {fault.kind}: {on_one_line(fault.what)}"


def _escaped_property(name: str) -> str:
    """Return a property of a workflow command, as GitHub's toolkit escapes it."""
    return name.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


COMMANDS = (check_command,)
