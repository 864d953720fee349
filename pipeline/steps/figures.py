"""Use the caption below an image as its alternative text, where it has none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.changes import Change
from pipeline.document import Document, Metadata, Step
from pipeline.invariants import OPAQUE_STAYS, SAME_LINKS
from pipeline.markdown import inline_tokens, overlaps_opaque, visible_text
from pipeline.steps.profiles import Pattern, profile_of

CAPTION_AS_ALT = "the line below the image is its caption; used as the alternative text"
MOST_ALT_CHARACTERS = 200
CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|图|圖|図|그림|рис(?:унок|\.)?|abb(?:ildung|\.)?|figura)\s*\d",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"!\[(?=\]\([^\n]*\)[ \t]*\n([ \t>]*)\n([ \t>]*)([^\n]+))")  # without a text, and the line below it


def figures(document: Document) -> Document:
    """Use the caption below an image as its alternative text, where it has none."""
    if "![](" not in document.text:
        return document
    changes = list(_captioned(document.text, captions_of(document.meta)))
    return document.edited(changes) if changes else document


def captions_of(meta: Metadata) -> tuple[Pattern, ...]:
    """Return what matches the start of a caption in a document: `Figure 1`, and what its site profile adds."""
    of_site = profile_of(meta).caption
    return (CAPTION, of_site) if of_site else (CAPTION,)


def _captioned(text: str, captions: Sequence[Pattern]) -> Iterator[Change]:
    """Yield the alternative texts: `![](a.png)` above `图 1：结构` becomes `![图 1：结构](a.png)`.

    Image and caption are in the same quotation, or both in none.
    """
    for match in _IMAGE.finditer(text):
        if not any(caption.match(match[3]) for caption in captions) or overlaps_opaque(text, match.span()):
            continue
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        quoted = {part.replace(" ", "") for part in (before, match[1], match[2])}
        if len(quoted) > 1 or quoted.pop().strip(">"):
            continue
        words = visible_text(inline_tokens(match[3].partition(" |")[0], {})).split("|")[0].strip()
        if words and len(words) <= MOST_ALT_CHARACTERS:
            balanced = words.count("[") == words.count("]") and not re.search(r"\][(\[]", words)
            alt = re.sub(r"([\\`*_<&])" if balanced else r"([\\`*_<&\[\]])", r"\\\1", words)
            yield Change("figures", (match.end(), match.end()), "", alt, CAPTION_AS_ALT)


STEP = Step("figures", figures, (OPAQUE_STAYS, SAME_LINKS), version=4)
