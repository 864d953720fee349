"""Strip the characters no text wants, and make every line end a line feed."""

from __future__ import annotations

import re

from pipeline.document import Change, Document, Step
from pipeline.promises import SAME_WORDS

REASONS = {
    "\ufeff": "ZERO WIDTH NO-BREAK SPACE at the start is a byte order mark",
    "\r": "line ends are LINE FEED",
    "\f": "FORM FEED and LINE TABULATION end a line",
    "\x00": "control characters say nothing in text",
    "\ud800": "a surrogate alone is no character",
    "\ufdd0": "a noncharacter is never text",
}
_WANTED_BY_NONE = re.compile(
    "(?P<bom>\\A\ufeff+)|(?P<line>\r\n?)|(?P<page>[\f\v])|(?P<control>[\x00-\x08\x0e-\x1f\x7f]+)"
    "|(?P<surrogate>[\ud800-\udfff]+)|(?P<noncharacter>["
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]+)"
)
_RULES = {
    "bom": "\ufeff",
    "line": "\r",
    "page": "\f",
    "control": "\x00",
    "surrogate": "\ud800",
    "noncharacter": "\ufdd0",
}


def controls(document: Document) -> Document:
    """Strip control characters, byte order marks and noncharacters; end every line with a line feed.

    C1 controls (U+0080 to U+009F) stay: they are what mojibake is undone from. So do code points that are merely not
    assigned yet: the next version of Unicode may assign them; those that never will be (noncharacters) go.
    """
    return document.edited(
        Change("controls", match.span(), match[0], _instead(match), REASONS[_RULES[str(match.lastgroup)]], 1.0)
        for match in _WANTED_BY_NONE.finditer(document.text)
    )


def _instead(match: re.Match[str]) -> str:
    return "\n" if match.lastgroup in {"line", "page"} else ""


STEP = Step("controls", controls, (SAME_WORDS,))
