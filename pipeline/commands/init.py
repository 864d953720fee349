"""The command that proposes settings for a folder: init."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.messages import counted
from pipeline.commands.options import echo_json, json_option, say
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.read.survey import FolderSurvey

SCHEMA_FILE = ".pipeline.schema.json"
PROPOSALS = """
# Proposals: remove the `# ` at the start of a line to use it.
# title = "Collected posts"        # title of the book of all posts
# page = "reader"                  # PDFs for a 6-inch screen; the default is a5
# formats = ["kepub"]              # also make books for Kobo; needs calibre
# links = "canonical"              # URLs without tracking parameters in clean text and books
# ignore = ["notes/private/*"]     # patterns of files in `raw` that are not posts
"""
FOR_DRAFTS = '# include = ["*drafts/*"]          # make posts of the {} too\n'
FOR_LARGE = "# max_bytes = {}            # larger posts are skipped; the largest here has {:,} bytes\n"
REPAIR = """
# [steps.repair]
# min_confidence = 0.9             # reconstructed characters below this become U+FFFD; the default is 0.3
"""


@click.command("init")
@click.argument("folder", required=False, default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def init_command(folder: Path, *, as_json: bool) -> int:
    """Look at FOLDER and propose settings for it.

    It finds sites, vaults, saved pages and posts. It writes `pipeline.toml` with comments, and never over one.
    """
    from pipeline.commands.tools import settings_schema
    from pipeline.read.survey import survey_folder
    from pipeline.settings_files import SETTINGS_FILE, read_settings
    from pipeline.store.atomic import remove_partial_files, write_atomically

    file = folder / SETTINGS_FILE
    if file.exists() or file.is_symlink():
        message = f"{file} exists; nothing was changed. Edit it, or delete it and run `lacuna init` again"
        raise click.UsageError(message)
    separate = (folder / "raw").is_dir()
    survey = survey_folder(folder / "raw" if separate else folder)
    beside = separate or not survey.posts
    if beside:
        (folder / "raw").mkdir(exist_ok=True)
    text = proposed_settings(survey, "" if beside else folder.resolve().name)
    try:
        write_atomically(folder, folder / SCHEMA_FILE, settings_schema())
        write_atomically(folder, file, text.encode())
    finally:
        remove_partial_files(folder)
    settings = read_settings(file)
    if as_json:
        record = {"kinds": survey.kinds, "posts": survey.posts, "passed_over": dict(survey.passed_over)}
        paths = {"raw": settings.raw, "clean": settings.clean, "out": settings.out}
        echo_json(record | paths | {"written": [str(file), str(folder / SCHEMA_FILE)]})
        return ExitCode.DONE
    click.echo(survey_in_words(survey))
    click.echo(f"written: {file}")
    _say_next_steps(folder, survey)
    return ExitCode.DONE


def proposed_settings(survey: FolderSurvey, name: str) -> str:
    """Return the text of a settings file; `name` is that of a folder that is itself the source, else empty."""
    import json

    raw, clean, out = (".", f"../{name}-clean", f"../{name}-books") if name else ("raw", "clean", "out")
    paths = (
        ("raw", raw, "folder of your posts; Lacuna never writes there" + " but this file" * bool(name)),
        ("clean", clean, "clean Markdown and records"),
        ("out", out, "books and the report"),
    )
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value, _ in paths]
    width = max(map(len, lines)) + 2
    lines = [f"{line:<{width}}# {why}" for line, (_, _, why) in zip(lines, paths, strict=True)]
    head = f"#:schema ./{SCHEMA_FILE}\n# Settings of Lacuna for: {survey_in_words(survey)}\n\n"
    drafts = dict(survey.passed_over).get("draft", 0)
    more = FOR_DRAFTS.format(counted(drafts, "draft")) if drafts else ""
    if survey.largest > 16 * 2**20:
        more += FOR_LARGE.format(1 << survey.largest.bit_length(), survey.largest)
    return head + "\n".join(lines) + "\n" + PROPOSALS + more + REPAIR


def survey_in_words(survey: FolderSurvey) -> str:
    """Return what a folder holds in one line: `Hugo site: 12 posts; passed over: 3 drafts`."""
    from pipeline.read.kinds import passed_over_in_words

    passed = passed_over_in_words(dict(survey.passed_over))
    posts = f"over {survey.posts:,} posts" if survey.more else counted(survey.posts, "post")
    return f"{', '.join(survey.kinds)}: {posts}{f'; passed over: {passed}' if passed else ''}"


def _say_next_steps(folder: Path, survey: FolderSurvey) -> None:
    from shlex import quote

    from pipeline.read.survey import SAVED_PAGES

    where = "" if folder.resolve() == Path.cwd() else f" --directory {quote(str(folder))}"
    say("next:")
    if not survey.posts:
        say(f"  copy your posts into {folder / 'raw'}")
    say(f"  lacuna run --check{where}   lists what a run would write")
    say(f"  lacuna run{where}           cleans the posts and makes the books")
    if any(kind == SAVED_PAGES or kind.endswith(" export") for kind in survey.kinds):
        say(f"  lacuna fetch-images{where}  lists the remote images of the posts")


COMMANDS = (init_command,)
