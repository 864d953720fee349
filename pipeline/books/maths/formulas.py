r"""Markdown text -> the formulas in it: `$x^2$`, `$$…$$`, `\(…\)`, `\[…\]`, `\begin{align}…\end{align}`, ``$`x`$``.

Each formula is judged by itself. `$x^2$` is maths; `$5 (or US$6)` and `$HOME/bin:$PATH` are not. What shows no sign of
TeX, such as `$ab$`, is maths only in a text that has certain maths elsewhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from pipeline.books.maths.tex_dialect import without_markdown_escapes
from pipeline.markdown.opaque import CODE, HTML, TEMPLATE, URL, opaque_spans

_MAY_HOLD_MATHS = re.compile(r"\$|\\[(\[]|\\begin\{")  # a quick pre-filter: a text without a match has no formula
_ENVIRONMENTS = "equation|align|alignat|gather|multline|eqnarray|flalign|displaymath|math"  # that need no dollar signs
_MARKS_AT_LINE_START = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")  # the marks of quotations and list items
_FORMULA_OPENER = re.compile(  # not in a path such as `C:\(x86\)`
    r"(?P<display>(?<![\\$])\$\$(?!\$))|(?P<ticked>(?<![\\$\w`])\$`)|(?P<inline>(?<![\\$])\$(?![\s$`]))"
    r"|(?P<spaced>(?<![\\$\w])\$(?=[ ]\S))"
    r"|(?P<parenthesis>(?<![\\A-Za-z0-9:/.])\\{1,2}\()|(?P<bracket>(?<![\\A-Za-z0-9:/.])\\{1,2}\[)"
    rf"|(?P<environment>(?<!\\)\\begin\{{(?:{_ENVIRONMENTS})\*?\}})"
)
_PARAGRAPH_END = re.compile(r"\n[ \t>]*(?:\n|\Z)|\Z")
_DISPLAYED = {"display", "bracket", "environment"}
MOST_FORMULA_CHARACTERS = 10_000  # a longer span is not a formula
_TEX_SIGN = re.compile(r"\\[A-Za-z]{2,}|[\w})\]|]\^|[\w})\]|]_(?:\{|\w\b)")
_PLAIN_EQUATION = re.compile(r"[A-Za-z](?:\([A-Za-z]\))?\s?[=<>≤≥∈≠≈]\s?\S.*", re.DOTALL)
_OPERATOR = re.compile(r"[=<>≤≥∈≠≈]")
_WORDS_OF_TEX = re.compile(
    r"\\(?:text\w*|math\w+|operatorname|mbox|hbox|begin|end|label|tag|color|textcolor)\*?\s*\{[^{}]*\}|\\[A-Za-z]+"
)
_PROSE = re.compile(r"(?<![^\W\d_])[^\W\d_]{3,}+[ ,;:]++[^\W\d_]{3}|[。！？；]")
_WIDE_LETTER = re.compile("[\u2e80-\uffff]")
_HTML_TEXT = re.compile(  # code and scripts, a comment or a tag, or the text between those
    r"<(?P<code>pre|code|samp|kbd|tt|script|style|textarea|title|svg|math)\b.*?(?:</(?P=code)\s*>|\Z)|<!--.*?(?:-->|\Z)"
    r"|</?[a-zA-Z](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*>|(?P<text>(?:(?!</?[a-zA-Z]|<!--).)+)|<",
    re.DOTALL | re.IGNORECASE,
)
_IN_DOLLAR_SIGNS = re.compile(r"\$(?![$`])")


class Formula(NamedTuple):
    """A formula in a Markdown text."""

    start: int  # offset in characters
    end: int
    written: str  # with its delimiters
    tex: str  # between them
    displayed: bool  # on separate lines


def formulas_in(text: str) -> list[Formula]:
    r"""Return the formulas of a Markdown text, in order.

    >>> [formula.tex for formula in formulas_in(r"the sum $\sum_i x_i$ of $n$, at $5 or $6")]
    ['\\sum_i x_i', 'n']
    """
    if not _MAY_HOLD_MATHS.search(text):
        return []
    found = [*_candidates(text)]
    certain = any(sure for _, sure in found)
    return [formula for formula, sure in found if sure or (certain and _may_be_short_maths(formula.tex))]


def formulas_in_html(raw: str, *, certain: bool) -> Iterator[tuple[int, int, Formula]]:
    r"""Yield the formulas in the text of raw HTML, outside code: the offsets of each in the HTML, and the formula.

    What shows no sign of TeX, and all between single dollar signs, is maths only in a post that has certain maths
    elsewhere (`certain`).

    >>> [found.tex for _, _, found in formulas_in_html(r"<td>\(a &lt; b_1\)</td><td>$5 or $6</td>", certain=False)]
    ['a < b_1']
    """
    if not _MAY_HOLD_MATHS.search(raw):
        return
    texts = [part for part in _HTML_TEXT.finditer(raw) if part["text"]]
    found = [(part.start(), one, sure) for part in texts for one, sure in _candidates(part["text"])]
    known = certain or any(sure and not _IN_DOLLAR_SIGNS.match(one.written) for _, one, sure in found)
    for start, one, sure in found:
        if (known and (sure or _may_be_short_maths(one.tex))) or (sure and not _IN_DOLLAR_SIGNS.match(one.written)):
            shown = one._replace(tex=unescape(one.tex), written=unescape(one.written))
            yield start + one.start, start + one.end, shown


def _candidates(text: str) -> Iterator[tuple[Formula, bool]]:
    """Yield each span that may be a formula, and whether it certainly is one, from left to right."""
    opaque = [span for span in opaque_spans(text) if span.kind in {CODE, HTML, TEMPLATE, URL}]
    starts = [span.start for span in opaque]
    at = 0
    closers = _Closers(text)
    while opener := _FORMULA_OPENER.search(text, at):
        at = opener.start() + 1
        form = opener.lastgroup or ""
        around = opaque[bisect_right(starts, opener.start()) - 1 :][:1] if starts else []
        if form != "ticked" and any(span.start <= opener.start() < span.end for span in around):
            continue
        end = closers.end_of(opener, form)
        crossed = opaque[bisect_right(starts, opener.start()) : bisect_left(starts, end)]
        if not end or (form != "ticked" and any(span.kind in {CODE, URL} for span in crossed)):
            continue
        formula = _formula_between(text, opener, form, end)
        sure = _is_certain(formula.tex, form, alone=_stands_alone(text, formula))
        if sure or (form != "spaced" and _may_be_short_maths(formula.tex)):
            yield formula, sure
            at = end


class _Closers:
    """Finds what closes a formula: in its paragraph, or farther down where `$$` begins a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.paragraph_end = -1  # of the paragraph of the opener before
        self.none_before: dict[str, int] = {}  # what closes a form -> the offset up to which there is none

    def end_of(self, opener: re.Match[str], form: str) -> int:
        """Return the offset after the formula that `opener` begins; 0 if nothing closes it."""
        start, limit = opener.end(), min(len(self.text), opener.end() + MOST_FORMULA_CHARACTERS)
        leading = form in {"environment", "display"} and _starts_line(self.text, opener.start())
        if form == "environment":
            closer = opener[0].replace("begin", "end")
            return self.found(closer, re.escape(closer), start, limit) if leading else 0
        if form == "display" and leading:
            end = self.found("$$ of a block", r"(?<!\\)\$\$(?=[^\w\n]*(?:\n|\Z))", start, limit)
            if end and "$$" not in self.text[start : end - 2]:
                return end
        if self.paragraph_end < start:
            found = _PARAGRAPH_END.search(self.text, start)
            self.paragraph_end = found.start() if found else len(self.text)
        limit = min(limit, self.paragraph_end)
        if form in {"inline", "spaced"}:
            end = self.found("$", r"(?<!\\)\$", start, limit)
            good = end and self.text[end - 2].isspace() == (form == "spaced")
            return end if good and not re.match(r"[\d$]", self.text[end : end + 1]) else 0
        closer = {"display": "$$", "ticked": "`$"}.get(form) or opener[0][:-1] + (")" if form == "parenthesis" else "]")
        return self.found(closer, r"(?<!\\)" + re.escape(closer), start, limit)

    def found(self, closer: str, pattern: str, start: int, limit: int) -> int:
        """Return the offset after the first match of `pattern` between two offsets; 0 if there is none."""
        searched = self.none_before.get(closer, 0) - len(closer) - 1  # a closer may begin before that offset
        match = re.compile(pattern).search(self.text, max(start, searched), limit)
        if not match:
            self.none_before[closer] = limit
        return match.end() if match else 0


def _starts_line(text: str, start: int) -> bool:
    """Return whether only marks of quotations and list items are before `start` on its line."""
    return _MARKS_AT_LINE_START.fullmatch(text[text.rfind("\n", 0, start) + 1 : start]) is not None


def _formula_between(text: str, opener: re.Match[str], form: str, end: int) -> Formula:
    """Return the formula from `opener` to the offset `end`."""
    inner = (opener.start(), end) if form == "environment" else (opener.end(), end - len(opener[0]))
    tex = text[slice(*inner)]
    tex = _without_quotation_prefixes(tex, text, opener.start()).strip()
    if opener[0].startswith("\\\\"):
        tex = without_markdown_escapes(tex)
    return Formula(opener.start(), end, text[opener.start() : end], tex, form in _DISPLAYED)


def _without_quotation_prefixes(tex: str, text: str, start: int) -> str:
    """Return the lines of a formula without the `>` before each, if the formula is in a quotation."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return re.sub(r"\n[ \t]*(?:>[ \t]?)+", "\n", tex) if before.lstrip().startswith(">") else tex


def _stands_alone(text: str, formula: Formula) -> bool:
    """Return whether a formula fills its lines, apart from marks and punctuation."""
    before = text[text.rfind("\n", 0, formula.start) + 1 : formula.start]
    after = text[formula.end :].partition("\n")[0]
    return not re.search(r"\w", before) and not re.search(r"\w", after)


def _is_certain(tex: str, form: str, *, alone: bool) -> bool:
    """Return whether a span is a formula wherever it is."""
    if form in {"ticked", "environment"}:
        return bool(tex)
    outside_commands = _WORDS_OF_TEX.sub(" ", tex)
    prose = _PROSE.search(outside_commands)
    if _TEX_SIGN.search(tex):
        return not prose or (form == "display" and alone)
    if form == "display" and alone:
        return bool(tex) and (bool(_OPERATOR.search(tex)) or (not prose and _may_be_short_maths(tex)))
    if form == "bracket" and alone:
        return bool(_OPERATOR.search(tex)) and not prose
    if form == "inline" and (re.fullmatch(r"[A-Za-zα-ωΑ-Ω]", tex) or _PLAIN_EQUATION.fullmatch(tex)):
        return not re.search(r"[^\W\d_]{3,}|[#\"`;]", tex)
    return False


def _may_be_short_maths(tex: str) -> bool:
    r"""Return whether a span without a sign of TeX may be maths: it has no words, and nothing of a program.

    >>> _may_be_short_maths("AB"), _may_be_short_maths("lr = 0.1"), _may_be_short_maths("5 (or US")
    (True, True, False)
    """
    if not tex or re.search(r"[#\"`]", tex) or _WIDE_LETTER.search(tex):
        return False
    longest = 2 if " " not in tex else 1
    words = re.findall(r"[^\W\d_]+", _WORDS_OF_TEX.sub(" ", tex))
    named = bool(_OPERATOR.search(tex)) and not re.search(r"(?<![^\W\d_])[^\W\d_]{2,}+[ ,;:]++[^\W\d_]{2}|[/:;$]", tex)
    return named or all(len(word) <= longest for word in words)


def without_tex_labels(tex: str) -> str:
    r"""Return TeX without `\label` commands. Typst would use them as labels of the book.

    >>> without_tex_labels(r"x^2 \label{chapter-1}")
    'x^2 '
    """
    return re.sub(r"\\label\s*\{[^{}]*\}", "", tex)
