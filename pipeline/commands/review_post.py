"""A post -> the decisions that correct its title, author, date or language, or skip it, as a person enters them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands.keys import read_key, read_line
from pipeline.decisions.post_values import Correction
from pipeline.records.visible import single_line

if TYPE_CHECKING:
    from pipeline.decisions import Decision
    from pipeline.decisions.post_values import PostValues

KEYS_OF_VALUES: dict[str, Correction] = {"t": "title", "a": "author", "d": "date", "l": "language"}
SKIP_KEY = "x"
FORMS = {"author": "several with ; between them", "date": "as 2021-03-09", "language": "as zh-Hans"}


def ask_about_post(post: PostValues) -> list[Decision]:
    """Show the values of a post, ask for a correction and return its decisions; none if nothing changes."""
    from pipeline.decisions.decision import problem_of
    from pipeline.decisions.post_values import decisions_about

    for line in post_lines(post):
        click.echo(line)
    click.echo(f"Change [{','.join(KEYS_OF_VALUES)},{SKIP_KEY}; any other key: nothing] ", nl=False)
    key = read_key()
    click.echo(key if key.isprintable() else "")
    if key == SKIP_KEY:
        return decisions_about(post, post.values, skipped=not post.skipped)
    name = KEYS_OF_VALUES.get(key)
    if name is None:
        return []
    value = read_line(f"New {name}{f', {FORMS[name]}' if name in FORMS else ''} (empty: no change): ")
    decisions = decisions_about(post, {**post.values, name: value}, skipped=post.skipped) if value.strip() else []
    problem = next(filter(None, map(problem_of, decisions)), "")
    if problem:
        click.echo(problem)
    return [] if problem else decisions


def post_lines(post: PostValues) -> list[str]:
    """Return the lines that show a post: its values by their keys, what Lacuna found where a person decided."""
    lines = [single_line(post.document)]
    for key, name in KEYS_OF_VALUES.items():
        value, found = post.values[name], post.found[name]
        decided = f"  (found: {single_line(found) or 'nothing'})" if value != found else ""
        lines.append(f"  {key}  {name:<8}  {single_line(value)}{decided}".rstrip())
    skip = "take back: you decided to skip it" if post.skipped else "skip it: no clean file and no books"
    return [*lines, f"  {SKIP_KEY}  {skip}"]
