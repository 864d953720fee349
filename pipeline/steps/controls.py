"""Remove control characters, byte order marks and noncharacters; make every line end LF."""

from __future__ import annotations

import re

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_WORDS

REASONS = {
    "bom": "byte order mark (ZERO WIDTH NO-BREAK SPACE at the start)",
    "line": "line ends are LINE FEED",
    "page": "FORM FEED and LINE TABULATION end a line",
    "control": "control character",
    "surrogate": "single surrogate",
    "noncharacter": "noncharacter",
}
_UNWANTED = re.compile(
    "(?P<bom>\\A\ufeff+)|(?P<line>\r\n?)|(?P<page>[\f\v])|(?P<control>[\x00-\x08\x0e-\x1f\x7f]+)"
    "|(?P<surrogate>[\ud800-\udfff]+)|(?P<noncharacter>["
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]+)"
)
_C1_CONTROLS = re.compile("[\x80-\x9f]")


def controls(document: Document) -> Document:
    """Remove control characters, byte order marks and noncharacters; make every line end LF.

    C1 controls (U+0080 to U+009F) stay: the repair of mojibake needs them. Unassigned code points stay too: a later
    version of Unicode may assign them. Noncharacters are never assigned, so they go.
    """
    return document.edited(
        Change("controls", match.span(), match[0], _replacement(match), REASONS[str(match.lastgroup)])
        for match in _UNWANTED.finditer(document.text)
    )


def _replacement(match: re.Match[str]) -> str:
    return "\n" if match.lastgroup in {"line", "page"} else ""


def stripped(text: str) -> str:
    r"""Return a field of front matter without the characters that `controls` removes.

    C1 controls go too: such a field is not repaired. Surrogate pairs become their character (JSON writes emoji so),
    single surrogates U+FFFD.

    >>> stripped("a\x1b \ud83d\ude00 \ud83d")
    'a 😀 \ufffd'
    """
    valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _C1_CONTROLS.sub("", _UNWANTED.sub(_replacement, valid.replace("\x85", "\n")))


STEP = Step("controls", controls, (SAME_WORDS,))
