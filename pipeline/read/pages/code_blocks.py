"""Page -> the page with each block of code as one `<pre>`, however generators and editors mark it."""

from __future__ import annotations

import re

from pipeline.read.pages.code import is_language
from pipeline.read.pages.tree import BLOCK_NAMES, PageElement, drop, elements, has_class

_BOXES_WITH_CODE = ("code-block", "codeblock", "CodeBlock")  # `<div>` of code without `<pre>`, as Writerside writes
_EDITOR_CONTENT = ("cm-content", "CodeMirror-code", "view-lines", "ace_text-layer")  # CodeMirror, Monaco, Ace


def mark_code_blocks(root: PageElement) -> None:
    """Make code that is a block, by its class, its style or the ends of its lines, a `<pre>` of nothing but code."""
    for block in elements(root, "div"):
        if has_class(block, *_BOXES_WITH_CODE) and next(block.iter("pre", "code", "p", "table", "ul"), None) is None:
            block.tag = "pre"
    for block in elements(root, "pre"):
        _keep_editor_content(block)
        _drop_counters(block)
    for element in elements(root, "code"):
        if next(element.iter("br"), None) is not None and _is_a_paragraph(element):
            element.tag = "pre"
            continue
        if has_class(element, "block", "code-block") and _is_a_paragraph(element):
            element.tag = "pre"
            continue
        text, above = "".join(element.itertext()), element.getparent()
        if "\n" not in text.strip() or above is None or next(element.iterancestors("pre"), None) is not None:
            continue
        styled = re.search(r"display\s*:\s*block|white-space\s*:\s*pre", element.get("style") or "")
        if has_class(element, "block", "code-block") or styled:
            element.tag = "pre"


def _keep_editor_content(block: PageElement) -> None:
    """Remove what an editor shows around the code: its language, which becomes an attribute, and its buttons."""
    content = next((one for one in block.iter("div") if has_class(one, *_EDITOR_CONTENT)), None)
    if content is None:
        return
    label = next((text.strip().lower() for text in block.itertext() if text.strip()), "")
    if is_language(label):
        block.set("data-lang", label)
    content.tail = None
    block.text, block[:] = None, [content]


def _drop_counters(block: PageElement) -> None:
    """Remove line numbers without a class: each row of a block of code begins with an element that counts it."""
    for rows in list(block.iter()):
        firsts = [next(iter(row), None) for row in rows]
        texts = ["" if one is None else "".join(one.itertext()).strip() for one in firsts]
        if len(texts) > 1 and texts[0].isdecimal() and texts == [str(int(texts[0]) + at) for at in range(len(texts))]:
            for one in firsts:
                drop(one)


def _is_a_paragraph(code: PageElement) -> bool:
    """Return whether no text is before or after an element in its paragraph."""
    above, before, after = code.getparent(), code.getprevious(), code.getnext()
    if (
        above is None
        or above.tag in {"pre", "td", "th", "li", "a"}
        or next(code.iterancestors("pre"), None) is not None
    ):
        return False
    text = (above.text if before is None else before.tail) or ""
    blocks = all(one is None or one.tag in BLOCK_NAMES for one in (before, after))
    return blocks and not text.strip() and not (code.tail or "").strip()
