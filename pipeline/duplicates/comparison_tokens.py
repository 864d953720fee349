"""Text -> the words, numbers, signs and lines of code that must be equal in two copies."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.document import REPLACEMENT
from pipeline.duplicates.source_urls import page_key
from pipeline.duplicates.word_normalization import COMBINING_MARKS
from pipeline.patterns import lazy_pattern

CODE_MARK = "\0"  # starts the token of a piece of code or of a formula
_BLOCK_STARTS = (  # the start of a block whose lines are compared whole, and its end
    (lazy_pattern(r"[ >]*(`{3,}|~{3,})"), None),  # a fence; its end has the same mark
    (lazy_pattern(r"[ >]*\$\$(?!.*\$\$)"), lazy_pattern(r".*\$\$")),
    (lazy_pattern(r"[ >]*\\\[(?!.*\\\])"), lazy_pattern(r".*\\\]")),
    (lazy_pattern(r"[ >]*\\begin\{"), lazy_pattern(r".*\\end\{")),
    (lazy_pattern(r"[ >]*<(?:pre|script|style|math)\b(?!.*</)"), lazy_pattern(r".*</(?:pre|script|style|math)>")),
)
_ONE_LETTER_WORDS = (  # scripts without spaces between words: Han, kana, Thai, Lao, Myanmar, Khmer, Tibetan
    r"\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
_ONE_LETTER_RUN = (  # the same without digits
    r"\u0e00-\u0e4f\u0e5a-\u0ecf\u0eda-\u0f1f\u0f2a-\u0fff\u1000-\u103f\u104a-\u108f\u109a-\u109f\u1780-\u17df\u17ea-\u17ff"
    r"\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD_MARK = rf"(?:(?![{_ONE_LETTER_WORDS}])[{COMBINING_MARKS}])"  # of a word of several letters
_LETTER_RUN = rf"(?:[^\W_{_ONE_LETTER_WORDS}]++|{_WORD_MARK}|{REPLACEMENT})++"
_NO_SIGNS = re.escape(",;:()[]{}\"'#|^~_\u201c\u201d\u2018\u2019\u3001\u300a\u300b\u300c\u300d")  # start no token
_TOKEN = lazy_pattern(  # `run`: words of one letter, one after another
    rf"""
    (?: (?P<run>[{_ONE_LETTER_RUN}]+(?!{_WORD_MARK}))
    | (?=[`$\\])(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`) | \$[^$\s](?:[^$]*[^$\s])?\$
        | \\[(\[].{{1,4999}}?\\[)\]])
    | (?=[<h])<?(?P<url>https?://[^\s<>"')\]\u3000-\u303f\uff00-\uffef]+)>?
    | (?=[-\u2212\u2013\d])(?P<number>(?:(?<![\w)\]])[-\u2212\u2013](?=\d))?
        (?<![^\W{_ONE_LETTER_WORDS}])\d+(?:[.,:/]\d+)*(?![^\W{_ONE_LETTER_WORDS}]))
    | (?P<word>{_LETTER_RUN}(?:_++{_LETTER_RUN})*+(?:[+#]+(?!\w))?
        | [{_ONE_LETTER_WORDS}]{_WORD_MARK}*)
    | (?P<minus>(?<=\d)\s*[-\u2212\u2013]\s*(?=\d) | (?<=\b\w)\s[-\u2212\u2013]\s(?=\w\b))
    | (?P<times>(?<=[\w)])\s\*+\s(?=[\w(]) | (?<=\d)\*+(?=\d))
    | (?P<tag></?(?:b|i|p|u|em|br|strong|span|div|center|font)\s*/?>)
    | (?P<end>[.!?\u3002\uff0e\u0964\u061f\u06d4\u2026]+)
    | (?P<sign>[^\w\s{_NO_SIGNS}])
    ) (?:[{_NO_SIGNS}] | \s(?![\s*\u2212\u2013-]))*
    """,
    re.VERBOSE,
)
_LINE_START = lazy_pattern(r"[ \t]*(?P<quote>(?:>[ \t]?)*)[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+(?P<task>\[[ xX]\][ \t])?)?")
_RULE = lazy_pattern(
    r"[ \t>]*+(?:=+|-{2,}|\*{3,}|_{3,}|[:\- ]*+\|[|:\- ]*+)[ \t]*\Z"
)  # no words: an underline, a table row
_INDENTED = lazy_pattern(r"(?: {4}| {0,3}\t)")  # code, or a part of a list item: a strict comparison does no harm
_LIST_MARKER = lazy_pattern(r"\s*(?:[-*+]|\d+[.)])\s")
_APOSTROPHE = lazy_pattern("['\u2019\u02bc](?<=\\w.)(?=\\w)")
_MAY_START_BLOCK = lazy_pattern(r"[`~$\\<]")  # what the patterns of _BLOCK_STARTS need
_TYPOGRAPHY = str.maketrans(
    {**{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}, 0x3000: " ", 0xAD: None, 0x200B: None, 0xFEFF: None}
)
_MARKUP_SIGNS = frozenset("|~`^*_#\\")
_SIGNS = frozenset("%\u2030&@/\u00a7!?\u061f")
_MINUS_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-"})


class Line(NamedTuple):
    """A line of a text, and whether it is code or starts a quotation."""

    text: str
    code: bool = False
    quote: bool = False


class Token(NamedTuple):
    """A word, a number, a sign or a piece of code; `starts` is whether a sentence or a line begins with it."""

    text: str
    starts: bool = False
    cased: str = ""  # a word as written


def compared_lines(text: str) -> list[Line]:
    """Return the lines of `text` that are not blank, in the form in which they are compared."""
    lines: list[Line] = []
    closing: re.Pattern[str] | None = None
    quoted = False
    for line in unicodedata.normalize("NFC", text).split("\n"):
        if closing:
            lines.append(Line(line.rstrip(), code=True))
            closing = None if closing.match(line) else closing
            continue
        plain = line.strip()
        if not plain:
            quoted = False
            continue
        closing = _closing_pattern(line)
        if closing or (_INDENTED.match(line) and not _LIST_MARKER.match(line)):
            lines.append(Line(line.rstrip(), code=True))
            continue
        starts_quote = plain.startswith(">") and not quoted
        quoted = plain.startswith(">")
        if not _RULE.match(line):
            lines.append(Line(plain, quote=starts_quote))
    return lines


def _closing_pattern(line: str) -> re.Pattern[str] | None:
    """Return the pattern of the line that ends the code or the formula that `line` starts; None if it starts none."""
    for opening, closing in _BLOCK_STARTS if _MAY_START_BLOCK.search(line) else ():
        if found := opening.match(line):
            return closing or lazy_pattern(rf"[ >]*{found[1]}")
    return None


def line_tokens(lines: Sequence[Line]) -> list[Token]:
    """Return the tokens of `lines`.

    >>> [token.text for token in line_tokens([Line("**If** a <= -1.5, don't!")])]
    ['if', 'a', '<', '=', '-1.5', 'dont', '!']
    """
    return [token for line in lines for token in _tokens_of_line(line)]


def _tokens_of_line(line: Line) -> list[Token]:
    if line.code:
        return [Token(CODE_MARK + line.text, starts=True)]
    return _prose_tokens(line)


def _prose_tokens(line: Line) -> list[Token]:
    start = _LINE_START.match(line.text)
    tokens = [Token(start["task"].strip().lower(), starts=True)] if start and start["task"] else []
    starts, mark = True, ">" * line.quote  # a part of the first word: a quoted text is another text
    text = line.text[start.end() if start else 0 :].replace("\\_", "_").replace("![", "[").translate(_TYPOGRAPHY)
    for match in _TOKEN.finditer(_APOSTROPHE.sub("", text)):
        kind = str(match.lastgroup)
        found = match[kind]
        more = [*map(_word_token, found)] if kind == "run" else _tokens_of_match(kind, found)
        if more and starts:
            word, _, cased = more[0]
            more, mark = [Token(mark + word, starts=True, cased=cased and mark + cased), *more[1:]], ""
        starts = (starts and not more) or kind == "end"
        tokens += more
    return tokens


@lru_cache(maxsize=1 << 14)
def _word_token(word: str) -> Token:
    return Token(word.casefold(), cased=word)


@lru_cache(maxsize=1 << 14)
def _tokens_of_match(kind: str, found: str) -> list[Token]:
    """Return what is compared of a match of `_TOKEN`; nothing for markup and for punctuation without a meaning."""
    if kind == "word":
        return [_word_token(found)]
    text = _token_text(kind, found)
    return [Token(text)] if text else []


def _token_text(kind: str, found: str) -> str:
    if kind in {"code", "ticks"}:
        return CODE_MARK + found.strip("`$")
    if kind == "url":
        return page_key(found.rstrip(".,;:!?")) or found
    if kind in {"number", "minus", "times"}:
        return found.strip().translate(_MINUS_SIGNS)
    if kind == "end":
        return "".join(char for char in found if char in _SIGNS)
    return found if kind == "sign" and _is_sign(found) else ""


def _is_sign(char: str) -> bool:
    """Return whether a sign of prose carries a meaning: `<`, `%` or an emoji do, quotes, brackets and markup do not."""
    return char in _SIGNS or (unicodedata.category(char)[0] == "S" and char not in _MARKUP_SIGNS)
