"""The command `review`: it asks for a decision on each open item in turn, as `git add -p` does for changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.chosen_settings import settings_of
from pipeline.commands.keys import keys_at_once, read_key, read_line
from pipeline.commands.last_run import check_exists
from pipeline.commands.messages import counted, on_one_line
from pipeline.commands.options import json_option
from pipeline.commands.review_files import all_items, export_items, import_decisions, print_items
from pipeline.exits import ExitCode

if TYPE_CHECKING:
    from pipeline.decisions import Decision, OpenItem, OpenItems

KEYS_HELP = """\
y      accept: the text is right
n      reject: the text stays as it is in the source
1-9    take this alternative instead
e      edit: write the text yourself
A, D   accept or reject all with the same text before and after, here and in later posts
a, d   accept or reject this one and all others of this post
s      skip: decide later
p      this post: correct its title, author, date or language, or leave it out
u      undo the last decision
q      quit; what was decided is saved
?      show this help"""
KEYS_IN_SHORT = "y,n,1-9,e,A,D,a,d,s,p,u,q,?"
END_KEYS = {"", "q"}  # or the end of the input


@click.command("review")
@click.option("--clean", metavar="DIR", help="Folder of the clean text. Default: clean.")
@click.option("--document", metavar="PATH", default="", help="Only this post: its path below raw/.")
@click.option("--kind", type=click.Choice(["inferred", "duplicate"]), help="Only inferred text, or only duplicates.")
@click.option("--below", type=click.FloatRange(0, 1), default=1.0, help="Only items with a lower confidence.")
@click.option("--export", "export", type=click.Path(path_type=Path), help="Write the open items to a CSV file.")
@click.option(
    "--import",
    "table",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the decisions from a CSV file that --export wrote.",
)
@json_option
@click.argument("raw", required=False)
def review_command(*, export: Path | None, table: Path | None, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Decide on what was inferred in RAW (default: raw/), the least certain first.

    Decisions are saved in decisions.jsonl next to raw/. `lacuna run` obeys them. With --json, nothing is asked: the
    open items are printed.
    """
    from pipeline.decisions import OpenItems, decisions_path, read_decisions
    from pipeline.store.schema import DATABASE_FILE

    settings = settings_of(raw=given["raw"], clean=given["clean"])
    state = Path(settings.clean, DATABASE_FILE)
    check_exists(state)
    if given["raw"] and not Path(given["raw"]).is_dir():
        message = f"no folder `{given['raw']}`; name the folder of your posts"
        raise click.UsageError(message)
    file = decisions_path(Path(settings.raw))
    found = read_decisions(file)
    for problem in found.problems:
        click.echo(on_one_line(str(problem)), err=True)
    with OpenItems(state, found.decisions.values()) as items:
        filters = {"kind": given["kind"] or "", "document": given["document"], "below": given["below"]}
        if filters["document"] and items.post(filters["document"]) is None:
            message = f"--document: no post `{filters['document']}`; give its path below {settings.raw}/"
            raise click.UsageError(message)
        if export:
            return export_items(items, export, filters, as_json=as_json)
        if table:
            return import_decisions(items, table, file, as_json=as_json)
        if as_json:
            return print_items(items, filters)
        return Review(items, file, filters).run()


class Review:
    """One session: it asks about one item after the other, and appends each decision to the file at once."""

    def __init__(self, items: OpenItems, file: Path, filters: Mapping[str, Any]) -> None:
        """Ask about `items` that pass the filters of `OpenItems.page`; decisions go to `file`."""
        self.items, self.file, self.filters = items, file, filters
        self.done: list[
            tuple[OpenItem | None, list[Decision]]
        ] = []  # what takes back what was decided, the last one last
        self.again: list[OpenItem] = []  # items to ask about next: after an undo

    def run(self) -> int:
        """Ask until a person quits or nothing is open."""
        queue, asked = all_items(self.items, self.filters), False
        with keys_at_once():
            while item := self.again.pop() if self.again else next(queue, None):
                asked = True
                if not self.ask(item):
                    break
            if not asked and self.filters["document"]:  # nothing is open in it
                self.about_post(self.filters["document"])
        decided = sum(len(decisions) for _, decisions in self.done)
        left = self.items.count(**self.filters)
        hint = "; run `lacuna run` to obey your decisions" if decided else ""
        click.echo(f"{counted(decided, 'decision')} saved, {left} left{hint}")
        return ExitCode.DONE

    def ask(self, item: OpenItem) -> bool:
        """Show an item, and obey keys until it is decided or skipped; return False to quit."""
        from pipeline.commands.review_screen import shown_item

        shown_item(item, self.items, self.items.count(**self.filters))
        while True:
            click.echo(f"Decide [{KEYS_IN_SHORT}] ", nl=False)
            key = read_key()
            click.echo(key if key.isprintable() else "")
            if key in END_KEYS:
                return False
            if key == "s":
                return True
            if key == "u":
                self.undo(item)
                return True
            if key == "p":
                self.about_post(item.document)
                self.again += [item] if self.items.is_open(item) else []
                return True
            decisions = self.decisions_by_key(key, item)
            if decisions:
                self.save(item, decisions)
                return True
            if decisions is None:
                click.echo(KEYS_HELP)

    def decisions_by_key(self, key: str, item: OpenItem) -> Sequence[Decision] | None:
        """Return the decisions that a key means; empty if a person entered none, None if it means nothing."""
        from pipeline.decisions import decision_on

        inferred = item.kind == "inferred"
        if key in {"y", "n"}:
            return [decision_on(item, "accept" if key == "y" else "reject")]
        if key in {"A", "D"} and inferred:
            return [decision_on(item, "accept" if key == "A" else "reject", scope="pair")]
        if key in {"a", "d"}:
            filters = {**self.filters, "document": item.document}
            rest = [item, *(one for one in all_items(self.items, filters) if one.id != item.id)]
            return [decision_on(one, "accept" if key == "a" else "reject") for one in rest]
        if key in "123456789" and inferred and int(key) <= len(item.alternatives):
            return [decision_on(item, "replace", item.alternatives[int(key) - 1][0])]
        if key == "e" and inferred:
            return self.edited(item)
        return None

    def edited(self, item: OpenItem) -> Sequence[Decision]:
        """Ask for the text; an empty line changes nothing."""
        from pipeline.decisions import decision_on
        from pipeline.decisions.decision import problem_of

        text = read_line("Text (empty: no change): ")
        if not text:
            return ()
        decision = decision_on(item, "replace", text)
        problem = problem_of(decision)
        if problem:
            click.echo(problem)
        return () if problem else [decision]

    def save(self, item: OpenItem, decisions: Sequence[Decision]) -> None:
        """Append decisions to the file, and remove their items from the list."""
        import msgspec

        self.write(decisions)
        self.done.append((item, [msgspec.structs.replace(one, withdrawn=True) for one in decisions]))

    def write(self, decisions: Sequence[Decision]) -> None:
        """Append decisions to the file, and update the list of open items."""
        from pipeline.decisions import append_decisions

        self.items.learn(append_decisions(self.file, decisions))

    def about_post(self, document: str) -> None:
        """Ask which value of a post to correct, or whether to skip the post."""
        from pipeline.commands.review_post import ask_about_post
        from pipeline.decisions.post_values import decisions_about

        post = self.items.post(document)
        decisions = ask_about_post(post) if post else []
        if post and decisions:
            self.write(decisions)
            after = self.items.post(document) or post
            self.done.append((None, decisions_about(after, post.values, skipped=post.skipped)))

    def undo(self, item: OpenItem) -> None:
        """Withdraw the last decisions, and ask about their item again, then about `item`."""
        self.again.append(item)
        if not self.done:
            click.echo("nothing to undo")
            return
        last, decisions = self.done.pop()
        self.write(decisions)
        self.again += [last] if last else []


COMMANDS = (review_command,)
