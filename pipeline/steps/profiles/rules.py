"""Text and its site profile -> the changes of the rules that only a profile turns on. The steps of FLOW call them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import urljoin

from pipeline.changes import Change, end_of_line
from pipeline.markdown import URL, matches_outside_opaque, overlaps_opaque
from pipeline.steps.profiles import CutNames, Pattern

LINK_CARD = "a link card over several blocks is no link in Markdown; written as one link"
MISSING_SEPARATOR = "the text separates its links with `|`; one was missing"
MISTRANSLATED_LABEL = "the label of a link was mistranslated"
CUT_NAME = "emphasis started within a name"
NUMBERED_LINES = "consecutive numbers at the start of lines are a list: Markdown needs a blank line and a space"
_SECOND_LINE = re.compile(r"\n2[)）](?=[^\s\d)）])")
_NUMBERED_LINES = re.compile(r"(?:^\d{1,2}[)）](?=[^\s\d)）])[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)
_LINE_NUMBER = re.compile(r"^(\d{1,2})[)）]", re.MULTILINE)


def link_cards(text: str, source_url: str, pattern: Pattern) -> Iterator[Change]:
    r"""Yield the changes that make a link of each link card: `[## Title` ¶ `site.com](/x)` -> `[Title](/x)`.

    A relative URL gets the host of `source_url`. A subtitle becomes the line below the link.
    """
    for match in matches_outside_opaque(pattern, text, (URL,)):
        card = match.groupdict()
        if card.get("empty") in {None, card["url"]}:
            url = urljoin(source_url, card["url"]) if card["url"].startswith("/") else card["url"]
            link = f"[{card['title'].strip()}]({url})"
            after = f"{link}\\\n{card['subtitle'].strip()}" if card.get("subtitle") else link
            yield Change("cards", match.span(), match[0], after, LINK_CARD)


def separators(text: str, marks: Pattern) -> Iterator[Change]:
    """Yield the `|` that a link lacks where the text has it before others: `作者 📝[论文](…) |🤖[代码](…)`."""
    marked, separated = _link_patterns(marks)
    for match in matches_outside_opaque(marked, text, (URL,)) if separated.search(text) else ():
        at, line = match.start(), text[text.rfind("\n", 0, match.start()) + 1 : end_of_line(text, match.end())]
        if re.match(r"[^\s|] ", text[at - 2 : at]) and (f"|{match[1]}[" in text or separated.search(line)):
            yield Change("cards", (at - 1, at), " ", " |", MISSING_SEPARATOR)


def labels(text: str, right: dict[str, str]) -> Iterator[Change]:
    """Yield the changes of labels that machine translation got wrong: `[纸张](…)` -> `[论文](…)`."""
    for match in matches_outside_opaque(_label_pattern(tuple(right)), text, (URL,)) if right else ():
        yield Change("artefacts", match.span(1), match[1], right[match[1]], MISTRANSLATED_LABEL)


def cut_names(text: str, words: CutNames) -> Iterator[Change]:
    """Yield the changes of names with emphasis inside: `改编自库宁*等人(2017)*` -> `改编自 *库宁等人(2017)*`."""
    for match in matches_outside_opaque(_cut_name_pattern(words), text, (URL,)) if words.before else ():
        yield Change("artefacts", match.span(), match[0], f"{match[1]} *{match[2]}{match[3]}", CUT_NAME)


def numbered_lines(text: str) -> Iterator[Change]:
    """Yield the changes that make a list of numbered lines in a paragraph: `1)…` -> `1) …`, between blank lines."""
    for match in _NUMBERED_LINES.finditer(text) if _SECOND_LINE.search(text) else ():
        items = list(_LINE_NUMBER.finditer(match[0]))
        starts = [match.start() + item.start() for item in items]
        if [int(item[1]) for item in items] != list(range(1, len(items) + 1)) or any(
            overlaps_opaque(text, (start, start)) for start in (*starts, match.end())
        ):
            continue
        before = text[: match.start()]
        for number, item in enumerate(items):
            start, end = (match.start() + at for at in item.span())
            lead = "\n" if not number and before and not before.endswith("\n\n") else ""
            yield Change("lists", (start, end), item[0], f"{lead}{item[1]}) ", NUMBERED_LINES)
        if match.end() < len(text) and text[match.end()] != "\n":
            yield Change("lists", (match.end(), match.end()), "", "\n", NUMBERED_LINES)


@cache
def _link_patterns(marks: Pattern) -> tuple[Pattern, Pattern]:
    """Return what finds a link behind a mark, and a mark behind a separator."""
    return re.compile(rf"({marks.pattern})\[[^\]\n]+\]\("), re.compile(rf"\|(?:{marks.pattern})\[")


@cache
def _label_pattern(wrong: tuple[str, ...]) -> Pattern:
    return re.compile(rf"\[(?<!!\[)({'|'.join(map(re.escape, wrong))})\](?=\()")


@cache
def _cut_name_pattern(words: CutNames) -> Pattern:
    before, behind = ("|".join(map(re.escape, side)) or "(?!)" for side in (words.before, words.behind))
    name = rf"({before})([^\s*|，。、:：]{{0,6}})\*((?:(?<=(?:{before})\*)\w|{behind})[^*\n|]*\*)(?!\*)"
    return re.compile(name)
