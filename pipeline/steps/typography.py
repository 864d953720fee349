"""Correct punctuation and spaces by the rules of the language of the text."""

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
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS, SAME_WORDS
from pipeline.language.identification import language_of
from pipeline.markdown import InlineContent, inline_contents, matches_outside_opaque
from pipeline.patterns import lazy_pattern

Typography = Literal["off", "safe", "full"]

_NOT_TEXT = lazy_pattern(
    r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|\]\((?:[^\n)\]]++|\](?!\())*+\)|<[^<>\n]+>|https?://[^\s<>]+|\$[^$\n]+\$|(?<![\w.+-])[\w.+-]++@[\w.-]+",
    re.DOTALL,
)
_COUNTED = (  # what is counted in thousands, after a number
    r"[元人圆圓円원块塊個个名位次件家篇条條张張台辆輛吨噸米公千万萬亿億兆％%平字]|[美欧歐日英港台澳加][元圆圓镑鎊币幣]|卢布|卢比|法郎"
    r"|ドル|ユーロ|달러|[kKMG]?[BbWwmg]\b|USD|RMB|EUR"
)
_COMMA_IN_NUMBER = lazy_pattern(r"，(?<=\d，)(?=\d{3})")  # a quick pre-filter
_NUMBER_IN_THOUSANDS = lazy_pattern(  # with full-width commas; `101，202，303号` is three numbers
    r"(?<![\d.．,，])(?:"
    rf"[1-9]\d{{0,2}}，(?:000|\d{{3}}(?=\s?(?:{_COUNTED})|[.．]\d|\s?[-–—~～至到]\s?\d{{1,3}}[,，]\d{{3}}))"
    r"|(?<=[¥￥$＄€£約约共近超达達逾])[1-9]\d{0,2}(?:，\d{3})+"
    r"|[1-9]\d{0,2}(?:，\d{3})*，000(?:，\d{3})*"
    r")(?![\d,，]|\s?[号號室房页頁路线線楼樓层層班级級])"
)


@dataclass(frozen=True, slots=True)
class TypographyRule:
    """A pattern and its replacement: a text, a table from match to text, or a pair of marks for its first and last."""

    reason: str
    pattern: re.Pattern[str]
    instead: str | Mapping[str, str] | None
    pair: tuple[str, str]

    def edits(self, content: str) -> Iterator[tuple[int, str, str]]:
        """Yield (offset, before, after) for each change of the rule."""
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
    """Correct full-width commas in numbers; with `full`, apply the punctuation and spacing rules of the language."""
    text = document.text
    if level == "off":
        return document
    changes = [
        _typography_change((at, at + 1), "，", ",", "no full-width comma inside a number")
        for match in (matches_outside_opaque(_NUMBER_IN_THOUSANDS, text) if _COMMA_IN_NUMBER.search(text) else ())
        for at in range(*match.span())
        if text[at] == "，"
    ]
    if level == "full" and (rules := rules_of(document.meta.language or language_of(text))):
        changes += _full_changes(text, rules, {change.span[0] for change in changes})
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


@cache
def rules_of(language: str) -> tuple[TypographyRule, ...]:
    """Return the rules of a BCP 47 tag such as zh-Hans, then those of its language, zh."""
    table: dict[str, Any] = tomllib.loads(files("pipeline.steps").joinpath("punctuation.toml").read_text("utf-8"))

    def compiled(pattern: str) -> re.Pattern[str]:
        return lazy_pattern(re.sub(r"\[:(\w+):\]", lambda name: table["characters"][name[1]], pattern))

    return tuple(
        TypographyRule(one["reason"], compiled(one["pattern"]), one.get("instead"), tuple(one.get("pair", ())))
        for name in dict.fromkeys((language, language.partition("-")[0]))
        if name != "characters"
        for one in table.get(name, ())
    )


def _full_changes(text: str, rules: tuple[TypographyRule, ...], taken: set[int]) -> Iterator[Change]:
    for inline in inline_contents(text):
        yield from _corrected(inline, rules, taken)


def _corrected(inline: InlineContent, rules: tuple[TypographyRule, ...], taken: set[int]) -> Iterator[Change]:
    """Yield the changes of a paragraph; where several rules match, the first one counts."""
    hidden = [match.span() for match in _NOT_TEXT.finditer(inline.content)]
    hidden += [(at, at + 1) for at in range(len(inline.content)) if taken and inline.at(at) in taken]
    content = inline.content  # corrected so far, with the old offsets: rules depend on the marks around
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
                yield _typography_change(
                    (place, place + len(old)), inline.content[at : at + len(old)], new, rule.reason
                )
                if len(new) == len(old):
                    content = content[:at] + new + content[at + len(old) :]


def _typography_change(span: tuple[int, int], before: str, after: str, reason: str) -> Change:
    return Change("typography", span, before, after, reason)


STEP = Step("typography", typography, (SAME_WORDS, OPAQUE_STAYS, SAME_LINKS), version=5)
