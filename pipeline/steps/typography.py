"""Set punctuation and spaces as the language of the text has them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS, SAME_WORDS
from pipeline.language.identification import language_of
from pipeline.markdown import InlineContent, inline_contents, matches_outside_code

Typography = Literal["off", "safe", "full"]

_HIDDEN = re.compile(
    r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|\]\([^\n]*?\)|<[^<>\n]+>|https?://[^\s<>]+|\$[^$\n]+\$|[\w.+-]+@[\w.-]+",
    re.DOTALL,
)
_NUMBER = re.compile(r"，(?<=\d，)(?=\d{3}(?!\d))")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is found and what stands there then: a text, a table of what for what, or a pair of marks around it."""

    reason: str
    pattern: re.Pattern[str]
    instead: str | Mapping[str, str] | None
    pair: tuple[str, str]

    def edits(self, content: str) -> Iterator[tuple[int, str, str]]:
        """Yield (offset, before, after) of each change that the rule makes."""
        for match in self.pattern.finditer(content):
            if self.instead is None:
                yield match.start(), match[0][0], self.pair[0]
                yield match.end() - 1, match[0][-1], self.pair[1]
            else:
                yield (
                    match.start(),
                    match[0],
                    self.instead if isinstance(self.instead, str) else self.instead[match[0].strip()],
                )


def typography(document: Document, *, level: Typography = "safe") -> Document:
    """Mend a full-width comma inside a number; with `full`, set text as its language has it; with `off`, nothing."""
    text = document.text
    if level == "off":
        return document
    changes = [
        _change(match.span(), match[0], ",", "a number has no full-width comma")
        for match in matches_outside_code(_NUMBER, text)
    ]
    if level == "full" and (rules := rules_of(document.meta.language or language_of(text))):
        changes += _full(text, rules, {change.span[0] for change in changes})
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


@cache
def rules_of(language: str) -> tuple[Rule, ...]:
    """Return the rules of a language, a BCP 47 tag; those of its script first."""
    table: dict[str, Any] = tomllib.loads(files("pipeline.steps").joinpath("punctuation.toml").read_text("utf-8"))

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"\[:(\w+):\]", lambda name: table["characters"][name[1]], pattern))

    return tuple(
        Rule(one["reason"], compiled(one["pattern"]), one.get("instead"), tuple(one.get("pair", ())))
        for name in dict.fromkeys((language, language.partition("-")[0]))
        if name != "characters"
        for one in table.get(name, ())
    )


def _full(text: str, rules: tuple[Rule, ...], taken: set[int]) -> Iterator[Change]:
    for inline in inline_contents(text):
        yield from _set(inline, rules, taken)


def _set(inline: InlineContent, rules: tuple[Rule, ...], taken: set[int]) -> Iterator[Change]:
    """Yield the changes of a paragraph, at each place that of the first rule that fits."""
    hidden = [match.span() for match in _HIDDEN.finditer(inline.content)]
    hidden += [(at, at + 1) for at in range(len(inline.content)) if taken and inline.at(at) in taken]
    content = inline.content  # as set so far, every character at its old place: marks are set by the marks around them
    done: set[int] = set()
    before = -1
    while len(done) > before:
        before = len(done)
        for rule in rules:
            for at, old, new in rule.edits(content):
                covered = set(range(at, at + max(1, len(old))))
                if done & covered or any(start <= at < end for start, end in hidden):
                    continue
                done |= covered
                place = inline.at(at)
                yield _change((place, place + len(old)), inline.content[at : at + len(old)], new, rule.reason)
                if len(new) == len(old):
                    content = content[:at] + new + content[at + len(old) :]


def _change(span: tuple[int, int], before: str, after: str, reason: str) -> Change:
    return Change("typography", span, before, after, reason, 0.9)


STEP = Step("typography", typography, (SAME_WORDS, SAME_CODE, SAME_LINKS), version=2)
