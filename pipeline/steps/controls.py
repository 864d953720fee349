"""Strip the characters no text wants, and make every line end a line feed."""

from __future__ import annotations

import re

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_WORDS

REASONS = {
    "bom": "ZERO WIDTH NO-BREAK SPACE at the start is a byte order mark",
    "line": "line ends are LINE FEED",
    "page": "FORM FEED and LINE TABULATION end a line",
    "control": "control characters say nothing in text",
    "surrogate": "a surrogate alone is no character",
    "noncharacter": "a noncharacter is never text",
}
_WANTED_BY_NONE = re.compile(
    "(?P<bom>\\A\ufeff+)|(?P<line>\r\n?)|(?P<page>[\f\v])|(?P<control>[\x00-\x08\x0e-\x1f\x7f]+)"
    "|(?P<surrogate>[\ud800-\udfff]+)|(?P<noncharacter>["
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]+)"
)
_C1 = re.compile("[\x80-\x9f]")


def controls(document: Document) -> Document:
    """Strip control characters, byte order marks and noncharacters; end every line with a line feed.

    C1 controls (U+0080 to U+009F) stay: they are what mojibake is undone from. So do code points that are merely not
    assigned yet: the next version of Unicode may assign them; those that never will be (noncharacters) go.
    """
    return document.edited(
        Change("controls", match.span(), match[0], _instead(match), REASONS[str(match.lastgroup)], 1.0)
        for match in _WANTED_BY_NONE.finditer(document.text)
    )


def _instead(match: re.Match[str]) -> str:
    return "\n" if match.lastgroup in {"line", "page"} else ""


def stripped(text: str) -> str:
    r"""Return a field of front matter, or another text beside the document's own, without what `controls` strips.

    C1 controls go too: no wrong decoding is undone any more. Surrogates are joined to the character they mean (an emoji
    as JSON writes it), or become U+FFFD.

    >>> stripped("a\x1b \ud83d\ude00 \ud83d")
    'a 😀 \ufffd'
    """
    valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _C1.sub("", _WANTED_BY_NONE.sub(_instead, valid.replace("\x85", "\n")))


STEP = Step("controls", controls, (SAME_WORDS,))
