"""Proposed repairs -> those of text that is damaged, not of text that shows mojibake as an example.

`Why do I see â€™ instead of an apostrophe?` is sound: the mojibake is its subject.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from pipeline.changes import Change, differing, end_of_line
from pipeline.document import REPLACEMENT
from pipeline.mojibake.soundness import UNSPACED_SCRIPTS, script_of

DAMAGED_PER_MENTION = 2  # damaged lines for each line that shows an example from which the whole text is damaged
DAMAGED_PER_MENTION_ON_SUBJECT = 6  # the same in a text about encodings, which has examples without an explanation too
MOST_WORDS_BETWEEN = 1  # words between an example and the word that introduces it
MOST_CHARACTERS_BETWEEN = 30  # the same in characters, where the word has characters outside ASCII: it is sound
ONE_LETTER_WORDS = frozenset("àèéêóúíâÀÈÉÊÓÚÍ")  # words of French, Italian, Portuguese: alone they are not examples
ONE_SIGN = frozenset("–—•…·\xa0")  # signs that are alone in sound text
BOM_CHARACTER = "\ufeff"
QUOTES = "\"'“”„«»‘’‚‹›「」『』`*_()[]<>"
SEPARATOR = re.compile(r"->|=>|→|⇒|=|\||↔|:|\b(?:as|to|into|like|als|zu|como|comme|come|jako|как)\s\0")
SEEN = re.compile(
    r"\b(?:see|sees|seeing|get|gets|getting|shows?|displays?|rid of|sehe|steht|erscheint|vois|apparaît|veo|aparece|vejo"
    r"|vedo|appare|вижу|отображается|показывается|появляется|zie|widzę|vidím|ser jag|видно)\W+$"
)  # a verb before an example


class Example(NamedTuple):
    """Mojibake in a line, and its original."""

    start: int  # in the line
    end: int
    original: str


def without_mentions(text: str, changes: Sequence[Change]) -> list[Change]:
    """Return the changes of a text without those of lines that show mojibake as an example.

    Where more lines are damaged than show examples, the whole text is damaged, examples included: all changes stay.

    >>> before, after = "You see Ã© instead of é.", "You see é instead of é."
    >>> without_mentions(before, [Change("repair", (8, 10), "Ã©", "é", "")])
    []
    """
    rows = _changes_by_line(text, changes)
    lines = {start: text[start : end_of_line(text, start)] for start in rows}
    found = {start: list(_examples(start, row)) for start, row in rows.items()}
    mentions = {start for start in rows if is_mention(lines[start], found[start])}
    if not mentions:
        return list(changes)
    on_subject = bool(_subject_words().search(text))
    most = DAMAGED_PER_MENTION_ON_SUBJECT if on_subject else DAMAGED_PER_MENTION
    if len(rows) - len(mentions) > most * len(mentions):
        return list(changes)
    if on_subject:
        mentions |= {start for start, row in found.items() if _is_on_subject(lines[start], row)}
    return [change for start, row in rows.items() if start not in mentions for change in row]


def is_mention(line: str, examples: Sequence[Example]) -> bool:
    """Return whether a line shows mojibake as an example.

    >>> is_mention("cafÃ© → café", [Example(3, 5, "é")]), is_mention("cafÃ© noir", [Example(3, 5, "é")])
    (True, False)
    """
    rest = _without(line, examples)
    introduced = _instead_words().search(rest) or _subject_words().search(rest)
    shown = introduced or SEPARATOR.search(rest)
    if any(_is_paired(line, rest, one) or _is_invisible_alone(line, one) for one in examples):
        return True
    if examples and all(_has_pair(line, rest, one) and (shown or _is_quoted(line, one)) for one in examples):
        return True
    if not introduced:
        return False
    return any(_is_introduced(line, one) for one in examples)


def _is_introduced(line: str, one: Example) -> bool:
    """Return whether an example that is alone or in quotes is next to a word that introduces examples."""
    quoted = _is_quoted(line, one)
    if not quoted and not _has_spaces_around(line, one):
        return False
    near = any(_is_near(line, one, match) for match in _instead_words().finditer(line))
    on_subject = bool(_subject_words().search(line))
    if quoted:
        return near or on_subject
    if _is_emoji(one) or set(one.original) <= ONE_SIGN:
        return near and (on_subject or SEEN.search(line[: one.start]) is not None)
    return near or (on_subject and one.original not in ONE_LETTER_WORDS)


def _is_near(line: str, one: Example, match: re.Match[str]) -> bool:
    """Return whether hardly anything is between an example and a match; a foreign word in sound text may be farther."""
    between = line[one.end : match.start()] if match.start() >= one.end else line[match.end() : one.start]
    if match[0].isascii():
        return sum(any(map(str.isalnum, word)) for word in between.split()) <= MOST_WORDS_BETWEEN
    return len(between) <= MOST_CHARACTERS_BETWEEN


def _is_paired(line: str, rest: str, one: Example) -> bool:
    """Return whether an example that is alone, or next to a number, is in the line as it should be as well."""
    if not one.original.strip() or one.original.isascii() or REPLACEMENT in one.original or _is_emoji(one):
        return False
    return one.original in rest and (_has_spaces_around(line, one) or _is_currency(one))


def _is_invisible_alone(line: str, one: Example) -> bool:
    """Return whether an example is of the byte order mark, with a space after it: `ï»¿` in a sentence."""
    return one.original == BOM_CHARACTER and (line[one.end : one.end + 1] or " ").isspace()


def _is_emoji(one: Example) -> bool:
    """Return whether the original of an example is an emoji or another symbol: in sound text they are alone."""
    return all(unicodedata.category(char) in {"So", "Mn", "Cf"} for char in one.original)


def _is_on_subject(line: str, examples: Sequence[Example]) -> bool:
    """Return whether a line of a text about mojibake has the subject's words, or all its examples are shown."""
    shown = bool(examples) and all(_is_shown(line, one) for one in examples)
    return shown or _subject_words().search(line) is not None


def _is_currency(one: Example) -> bool:
    """Return whether an example is mojibake of a sign of currency: `Â£`, next to a number."""
    return len(one.original) == 1 and unicodedata.category(one.original) == "Sc"


def _is_shown(line: str, one: Example) -> bool:
    """Return whether an example is alone or in quotes, and not a word."""
    common = one.original in ONE_LETTER_WORDS | ONE_SIGN or _is_emoji(one)
    return _is_quoted(line, one) or (_has_spaces_around(line, one) and not common)


def _has_pair(line: str, rest: str, one: Example) -> bool:
    """Return whether the original of the word that an example is in is in the line as well: `cafÃ©` and `café`."""
    start, end = _word_around(line, one)
    original = unicodedata.normalize("NFC", line[start : one.start] + one.original + line[one.end : end])
    return not original.isascii() and re.search(rf"(?<!\w){re.escape(original)}(?!\w)", rest) is not None


def _has_spaces_around(line: str, one: Example) -> bool:
    """Return whether no letter or digit of a word is next to an example; those of Chinese and Japanese are not part."""
    around = line[max(0, one.start - 1) : one.start] + line[one.end : one.end + 1]
    foreign = any(script_of(char) in UNSPACED_SCRIPTS for char in line[one.start : one.end])
    return not any(char.isalnum() and (foreign or _is_of_word(char)) for char in around)


def _is_of_word(char: str) -> bool:
    """Return whether a character is a letter or digit of words with spaces between them."""
    return char.isalnum() and script_of(char) not in UNSPACED_SCRIPTS


def _is_quoted(line: str, one: Example) -> bool:
    """Return whether the word that an example is in is in quotes or brackets."""
    start, end = _word_around(line, one)
    return start > 0 and line[start - 1] in QUOTES and end < len(line) and line[end] in QUOTES


def _word_around(line: str, one: Example) -> tuple[int, int]:
    """Return the span of the word that an example is in: up to spaces, quotes and punctuation."""
    start, end = one.start, one.end
    while start and _is_of_word(line[start - 1]):
        start -= 1
    while end < len(line) and _is_of_word(line[end]):
        end += 1
    return start, end


def _without(line: str, examples: Sequence[Example]) -> str:
    """Return a line without its examples and the words that these are in."""
    parts, at = [], 0
    for one in examples:
        start, end = _word_around(line, one)
        parts.append(line[at : max(at, start)])
        at = max(at, end)
    return "\0".join([*parts, line[at:]])


def _examples(line_start: int, changes: Sequence[Change]) -> Iterator[Example]:
    """Yield the mojibake of a line with its original, from its changes; U+FFFD where bytes are missing."""
    for change in changes:
        first, before, after = change.span[0] - line_start, change.before, change.after
        if change.alternatives or before.isascii():
            yield Example(first, first + len(before), REPLACEMENT if change.alternatives else after)
            continue
        for start, end, start_after, end_after in differing(Levenshtein.opcodes(before, after)):
            kept = int(start_after == end_after)  # of `Â£` only the first character goes
            stop = end + kept - before[start : end + kept].endswith(" ")
            yield Example(first + start, first + stop, after[start_after : end_after + kept])


def _changes_by_line(text: str, changes: Sequence[Change]) -> dict[int, list[Change]]:
    """Return the changes by the start of their line."""
    rows: dict[int, list[Change]] = {}
    for change in changes:
        rows.setdefault(text.rfind("\n", 0, change.span[0]) + 1, []).append(change)
    return rows


@functools.cache
def _instead_words() -> re.Pattern[str]:
    return _pattern("instead")


@functools.cache
def _subject_words() -> re.Pattern[str]:
    return _pattern("subject")


def _pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of a list of words: words with spaces between them have no letter next to them."""
    table = tomllib.loads((files("pipeline.mojibake") / "mentions.toml").read_text("utf-8"))
    spaced = [word for word in table[name] if script_of(word[0]) not in UNSPACED_SCRIPTS]
    unspaced = [word for word in table[name] if script_of(word[0]) in UNSPACED_SCRIPTS]
    whole = rf"(?<!\w)(?:{'|'.join(map(re.escape, spaced))})(?!\w)"
    whole += r"|U\+[0-9A-F]{4}" if name == "subject" else ""
    return re.compile(f"(?i){'|'.join([whole, *map(re.escape, unspaced)])}")
