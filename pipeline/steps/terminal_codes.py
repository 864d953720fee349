r"""Text of a terminal or a bulletin board -> the spans of its colour codes and overstrikes, which are invisible.

The codes start with ESC: `\x1b[1;31mred\x1b[m`. Archives often lost it: `[1;31mred[m`. Then only pairs are codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.changes import Span

TERMINAL_CODE = (  # ECMA-48: control sequences, and strings such as window titles; character sets of ISO 2022
    r"\x1b\[[0-?]*[ !-$&-/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[()*+][0-9A-Z]"
)
# Underlined and bold, as typewriters and `man` print them.
OVERSTRIKE = r"_\x08(?=[^\n_])|(?P<struck>[^\n\x08])\x08(?=(?P=struck))"
MOST_INDENTATION = 80  # characters before a code at the start of a line
FEWEST_PAIRS = 3  # pairs in a text that make its other colour codes certain
_COLOUR = r"(?:0?[0-9]|2[1-9]|3[0-79]|4[0-79]|9[0-7]|10[0-7]|[34]8;5;\d{1,3}|[34]8;2;\d{1,3};\d{1,3};\d{1,3})"
_LOST_ESCAPE = re.compile(
    r"\[(?<!\\e\[)(?<!\\033\[)(?<!\\x1[bB]\[)(?<!\\u001[bB]\[)"  # not an example
    r"(?<!\^\[)(?<!\^\[\[)(?<!ESC\[)(?<!\x1b\[)(?<!\\\[)"
    rf"((?:{_COLOUR}(?:;{_COLOUR})*)?)m(?![^\[\]\n]{{0,80}}\])"  # no closing bracket: `[5m]`, `[more](…)`
)
_BLANK_LINE_BETWEEN = re.compile(r"\n[ \t>]*\r?\n")


@dataclass(frozen=True, slots=True)
class _Code:
    """A colour code that lost its ESC; `attached` to the text that it colours, as no code that a text is about."""

    span: Span
    resets: bool
    attached: bool


def codes_without_escape(text: str) -> Iterator[Span]:
    """Yield the spans of colour codes without ESC: from a colour to the next reset of the paragraph, `[1;31m` and `[m`.

    Nothing else is yielded unless the text has `FEWEST_PAIRS` pairs.
    """
    if "[m" not in text and "[0m" not in text and "[0;" not in text:
        return
    codes = [_colour_code(text, match) for match in _LOST_ESCAPE.finditer(text)]
    spans: list[Span] = []
    pairs = 0
    opened: list[_Code] = []
    for code in codes:
        if opened and _BLANK_LINE_BETWEEN.search(text, opened[-1].span[1], code.span[0]):
            opened = []
        opened.append(code)
        if code.resets:
            if len(opened) > 1 and any(one.attached for one in opened):
                spans += [one.span for one in opened]
                pairs += 1
            opened = []
    yield from [code.span for code in codes if code.attached] if pairs >= FEWEST_PAIRS else spans


def _colour_code(text: str, match: re.Match[str]) -> _Code:
    start, end = match.span()
    resets = not match[1].strip("0")
    near = text[start - 1 : start] if resets else text[end : end + 1]
    before = text[text.rfind("\n", 0, start) + 1 : start]
    line_start = len(before) < MOST_INDENTATION and not before.strip("> \t\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}#")
    return _Code((start, end), resets, line_start or (bool(near) and not near.isspace() and near != "\\"))
