"""Give images the words that stand below them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS
from pipeline.markdown import inline_tokens, matches_outside_code, visible_text

CAPTION = re.compile(
    r"[\w-]{1,24}\s*\[\d+/\d+\]|(?:fig(?:ure|\.)?|table|图|圖|図|그림|рис(?:унок|\.)?|abb(?:ildung|\.)?|figura)\s*\d",
    re.IGNORECASE,
)
REASON = "the line below an image is its caption; its words are what the image shows"
LONGEST = 200  # characters of an alternative text
_BARE = re.compile(  # an image and its caption, alike in a quotation
    rf"!\[(?=\]\([^\n]*\)[ \t]*\n([ \t>]*)\n([ \t>]*)((?:{CAPTION.pattern})[^\n]*))", re.IGNORECASE
)


def figures(document: Document) -> Document:
    """Take the caption line below an image as its alternative text, where it has none."""
    if "![](" not in document.text:
        return document
    changes = list(_captioned(document.text))
    return document.edited(changes) if changes else document


def _captioned(text: str) -> Iterator[Change]:
    for match in matches_outside_code(_BARE, text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        quoted = {part.replace(" ", "") for part in (before, match[1], match[2])}
        if len(quoted) > 1 or quoted.pop().strip(">"):
            continue
        words = visible_text(inline_tokens(match[3].partition(" |")[0], {})).split("|")[0].strip()
        if words and len(words) <= LONGEST:
            balanced = words.count("[") == words.count("]") and not re.search(r"\][(\[]", words)
            alt = re.sub(r"([\\`*_<&])" if balanced else r"([\\`*_<&\[\]])", r"\\\1", words)
            yield Change("figures", (match.end(), match.end()), "", alt, REASON, 0.9)


STEP = Step("figures", figures, (SAME_CODE, SAME_LINKS))
