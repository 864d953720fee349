"""Set punctuation and spaces as the language of the text has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from pipeline.document import Change, Document, Step
from pipeline.evidence.language import language_of
from pipeline.markdown import Inline, inlines, prose
from pipeline.promises import SAME_CODE, SAME_LINKS, SAME_WORDS

Typography = Literal["off", "safe", "full"]

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_CJK = f"{_HAN}\u3041-\u30ff、。，；：？！（）《》「」“”"
_FULL = {",": "，", ";": "；", ":": "：", "!": "！", "?": "？"}
_HIDDEN = re.compile(
    r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|\]\([^\n]*?\)|<[^<>\n]+>|https?://[^\s<>]+|\$[^$\n]+\$|[\w.+-]+@[\w.-]+",
    re.DOTALL,
)
_NUMBER = re.compile(r"，(?<=\d，)(?=\d{3}(?!\d))")

Rule = tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]]
RULES: tuple[Rule, ...] = (  # after clreq (W3C, Requirements for Chinese Text Layout), sections 3.1 and 3.2
    (
        "punctuation of Chinese text is full-width",
        re.compile(rf"(?<=[{_CJK}*”])[,;:!?](?=[{_CJK}*“\s]|$)|(?<=[)\w])[,;:](?=[{_HAN}])"),
        lambda match: _FULL[match[0]],
    ),
    (
        "brackets in Chinese text are full-width",
        re.compile(rf"(?<=[{_CJK}])\((?=[^()\n]*\))|(?<=[{_CJK}])\((?=[^()\n]*[{_HAN}])"),
        lambda _: "（",
    ),
    ("an ellipsis takes the room of two letters", re.compile(rf"(?<=[{_HAN}])…(?!…)"), lambda _: "……"),
    ("no space before punctuation", re.compile(rf"(?<=[{_CJK}]) +(?=[，。；：？！])"), lambda _: ""),
    ("a space around &", re.compile(rf"(?<=[{_HAN}])&(?=[{_HAN}])"), lambda _: " & "),
    ("a space on both sides of a separator", re.compile(r"(?<=[^\s|])\|(?=[\U0001F300-\U0001FAFF])"), lambda _: " | "),
    (
        "a space between Chinese and Latin letters",
        re.compile(rf"(?<=[{_HAN}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{_HAN}])"),
        lambda _: " ",
    ),
)


def typography(document: Document, *, level: Typography = "safe") -> Document:
    """Mend a full-width comma inside a number; with `full`, set Chinese text as clreq has it; with `off`, nothing."""
    text = document.text
    if level == "off":
        return document
    changes = [
        _change(match.span(), match[0], ",", "a number has no full-width comma") for match in prose(_NUMBER, text)
    ]
    if level == "full" and (document.meta.language or language_of(text)).startswith("zh"):
        changes += _full(text, {change.span[0] for change in changes})
    return document.edited(sorted(changes, key=lambda change: change.span)) if changes else document


def _full(text: str, taken: set[int]) -> Iterator[Change]:
    for inline in inlines(text):
        hidden = [match.span() for match in _HIDDEN.finditer(inline.content)]
        done: set[int] = set()
        for at, before, after, reason in sorted([*_ruled(inline), *_closing(inline)]):
            place = inline.at(at)
            if at in done or place in taken or any(start <= at < end for start, end in hidden):
                continue
            done.add(at)
            yield _change((place, place + len(before)), before, after, reason)


def _ruled(inline: Inline) -> Iterator[tuple[int, str, str, str]]:
    for reason, pattern, after in RULES:
        for match in pattern.finditer(inline.content):
            yield match.start(), match[0], after(match), reason


def _closing(inline: Inline) -> Iterator[tuple[int, str, str, str]]:
    """Yield the closing brackets of those that become full-width."""
    reason, pattern, _ = RULES[1]
    for match in pattern.finditer(inline.content):
        at = inline.content.find(")", match.end())
        yield at, ")", "）", reason


def _change(span: tuple[int, int], before: str, after: str, reason: str) -> Change:
    return Change("typography", span, before, after, reason, 0.9)


STEP = Step("typography", typography, (SAME_WORDS, SAME_CODE, SAME_LINKS))
