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
_IMAGE_LINE = re.compile(  # a line that ends with an image, and the line below it
    r"^(?=[^\n]*!\[\]\()[^\n]*\)(?=[ \t]*\n([ \t>]*)\n([ \t>]*)([^\n]+))", re.MULTILINE
)
_IMAGE = re.compile(r"!\[(?=\]\()")  # without a text


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
    lines = (line for line in _IMAGE_LINE.finditer(text) if any(caption.match(line[3]) for caption in captions))
    for line, image in ((one, image) for one in lines for image in _IMAGE.finditer(text, *one.span())):
        if overlaps_opaque(text, image.span()):
            continue
        before = text[line.start() : image.start()]
        quoted = {part.replace(" ", "") for part in (before, line[1], line[2])}
        if len(quoted) > 1 or quoted.pop().strip(">"):
            continue
        words = visible_text(inline_tokens(line[3].partition(" |")[0], {})).split("|")[0].strip()
        if words and len(words) <= MOST_ALT_CHARACTERS:
            balanced = words.count("[") == words.count("]") and not re.search(r"\][(\[]", words)
            alt = re.sub(r"([\\`*_<&])" if balanced else r"([\\`*_<&\[\]])", r"\\\1", words)
            yield Change("figures", (image.end(), image.end()), "", alt, CAPTION_AS_ALT)


STEP = Step("figures", figures, (OPAQUE_STAYS, SAME_LINKS), version=4)
