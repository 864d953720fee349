"""Remove control characters, codes of terminals, byte order marks and noncharacters; make every line end LF."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.changes import Change, apply
from pipeline.document import Document, Invariant, Step
from pipeline.invariants import SAME_WORDS
from pipeline.markdown import overlaps_code
from pipeline.steps.plain_text.evidence import is_plain_file
from pipeline.steps.terminal_codes import OVERSTRIKE, TERMINAL_CODE, codes_without_escape

BYTE_ORDER_MARK = "\ufeff"
TERMINAL_CODE_REASON = "code of a terminal: a colour, or the place of the cursor"
REASONS = {
    "bom": "byte order mark (ZERO WIDTH NO-BREAK SPACE at the start)",
    "line": "line ends are LINE FEED",
    "page": "FORM FEED and LINE TABULATION end a line",
    "terminal": TERMINAL_CODE_REASON,
    "overstrike": "a character that the next one was printed on",
    "control": "control character",
    "surrogate": "single surrogate",
    "noncharacter": "noncharacter",
}
_NONCHARACTERS = "\ufdd0-\ufdef\ufffe\uffff" + "".join(
    chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF)
)
_MAY_BE_UNWANTED = re.compile(  # each match has one; few ranges are seven times as fast
    "[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe-\U0010ffff]"
)
_UNWANTED = re.compile(
    f"(?P<bom>\\A\ufeff+)|(?P<line>\r\n?)|(?P<page>[\f\v])|(?P<terminal>{TERMINAL_CODE})|(?P<overstrike>{OVERSTRIKE})"
    f"|(?P<control>[\x00-\x08\x0e-\x1f\x7f]+)|(?P<surrogate>[\ud800-\udfff]+)|(?P<noncharacter>[{_NONCHARACTERS}]+)"
)
_OTHER_LINE_END = re.compile("\r\n?")
_C1_CONTROLS = re.compile("[\x80-\x9f]")


def controls(document: Document) -> Document:
    r"""Remove control characters and codes of terminals; make every line end LF: `\x1b[1;31mred\x1b[m` -> `red`.

    C1 controls (U+0080 to U+009F) stay: the repair of mojibake needs them. Unassigned code points stay too: a later
    version of Unicode may assign them. Noncharacters are never assigned, so they go. Codes without their ESC stay in
    the code of Markdown, which may be about them.
    """
    text = document.text
    if text.startswith(BYTE_ORDER_MARK) or _MAY_BE_UNWANTED.search(text.replace("\r", "")):
        changes = [
            Change("controls", match.span(), match[0], _replacement(match), REASONS[str(match.lastgroup)])
            for match in _UNWANTED.finditer(text)
        ]
    else:
        changes = [
            Change("controls", end.span(), end[0], "\n", REASONS["line"]) for end in _OTHER_LINE_END.finditer(text)
        ]
    codes = [
        Change("controls", span, text[slice(*span)], "", TERMINAL_CODE_REASON)
        for span in codes_without_escape(text)
        if not overlaps_code(text, span) or is_plain_file(document.path, text)
    ]
    return document.edited(sorted([*changes, *codes], key=lambda change: change.span))


def _replacement(match: re.Match[str]) -> str:
    return "\n" if match.lastgroup in {"line", "page"} else ""


def _same_words_besides_codes(before: Document, after: Document) -> bool:
    """Return whether the two texts have the same letters and digits, without what only terminals read."""
    made = after.changes[len(before.changes) :]
    codes = [change for change in made if change.reason in {TERMINAL_CODE_REASON, REASONS["overstrike"]}]
    without = replace(before, text=apply(before.text, codes)) if codes else before
    return SAME_WORDS.holds(without, after)


def stripped(text: str) -> str:
    r"""Return a field of front matter without the characters that `controls` removes.

    C1 controls go too: such a field is not repaired. Surrogate pairs become their character (JSON writes emoji so),
    single surrogates U+FFFD.

    >>> stripped("a\x1b \ud83d\ude00 \ud83d")
    'a 😀 \ufffd'
    """
    if text.isprintable():  # most fields
        return text
    valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _C1_CONTROLS.sub("", _UNWANTED.sub(_replacement, valid.replace("\x85", "\n")))


SAME_WORDS_BESIDES_CODES = Invariant("same_words_besides_codes", _same_words_besides_codes)
"""The letters and digits are the same, in the same order, without codes of terminals and overstrikes."""

STEP = Step("controls", controls, (SAME_WORDS_BESIDES_CODES,), version=3)
