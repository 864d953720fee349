"""A seed -> checks on random Markdown: a second pass changes nothing, and opaque regions stay."""

from __future__ import annotations

from functools import cache
from pathlib import PurePosixPath

from pipeline import normalize, repair
from pipeline.document import Cleaned, Document, Source, Step
from pipeline.flow import assemble
from pipeline.following import follow
from pipeline.records.clean_file import clean_file
from pipeline.run.follow import follow_all
from pipeline.settings import Settings
from pipeline.steps.html import html_to_markdown
from pipeline.steps.markdown_steps import MARKDOWN
from tests.damage import chance_of
from tests.random_markdown import OPAQUE, random_markdown

HERE = PurePosixPath("any.md")
CONTEXTS = (  # for a region within a line, and for one of several lines
    (
        "{}",
        "前文**重点:**字 {} 后_文_",
        "- a {} b\n* c",
        "> a {} b",
        "| a | b |\n|---|---|\n| {} | 1 |",
        "1. a {}\n3. b",
    ),
    ("{}", "**重点:**字\n\n{}\n\n* a", "T\n=\n\n{}\n\nU\n-", "a _b_\n{}\nc", "-   a\n\n{}\n\n1) b"),
)


def steps_are_stable(seed: int) -> None:
    """Assert that a second pass of each step changes nothing."""
    text = _text(seed)
    for step in MARKDOWN:
        once = follow(step, Document(HERE, text)).text
        assert follow(step, Document(HERE, once)).text == once, (step.name, text)


def normalize_is_stable(seed: int) -> None:
    """Assert that a second pass of the filter changes nothing."""
    once = normalize(_text(seed)).text
    assert normalize(once).text == once, _text(seed)


def flow_is_stable(seed: int) -> None:
    """Assert that the flow does not change the text of a clean file."""
    once = follow_all(Source(HERE, _text(seed).encode()), _steps())
    if isinstance(once, Cleaned):
        twice = follow_all(Source(HERE, clean_file(once.document)), _steps())
        assert isinstance(twice, Cleaned), _text(seed)
        assert twice.document.text.lstrip("\n") == once.document.text.lstrip("\n"), _text(seed)


def repair_is_stable(seed: int) -> None:
    """Assert that a second pass of repair changes nothing."""
    chance = chance_of(seed)
    text = _text(seed).encode().decode(chance.choice(["cp1252", "cp1251", "latin-1", "mac_roman"]), "replace")
    once = repair(text).text
    assert repair(once).changes == (), text


def opaque_regions_stay(seed: int) -> None:
    """Assert that an opaque region keeps its bytes in any context."""
    chance = chance_of(seed)
    region = chance.choice(OPAQUE).strip("\n")
    own_line = "\n" in region or region.startswith(("{:", "{#", "import", "export", ":::", " ^"))
    text = chance.choice(CONTEXTS[own_line]).format(region) + "\n\n" + random_markdown(chance)
    if region.strip() not in text or region.startswith("``` "):  # the space before the word is not part of the code
        return
    if html_to_markdown(Document(HERE, text)).text != text:  # Markdown has marks for this HTML
        return
    assert region.strip() in normalize(text).text, text


def _text(seed: int) -> str:
    return random_markdown(chance_of(seed)).replace("\0", "\ufffd")


@cache
def _steps() -> tuple[Step, ...]:
    return assemble(Settings())
