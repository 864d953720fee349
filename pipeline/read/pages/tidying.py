"""Page -> the page without its controls: anchors of headings, labels of code, "Copy" and "Subscribe" buttons."""

from __future__ import annotations

import re

from pipeline.read.pages.code import LONGEST_LANGUAGE, language_of_code
from pipeline.read.pages.tree import (
    PageElement,
    attribute,
    drop,
    elements,
    first_href,
    has_class,
    is_element,
    shown_text,
)
from pipeline.read.pages.tumblr import footer_of_tumblr

_ANCHOR_TEXT = re.compile(r"[\s#¶§🔗⚓∞☍\u200b\ufe0f]*|link|permalink|anchor|direct link to .*", re.IGNORECASE)
_COPY = re.compile(
    r"copy(?: code| to clipboard)?!?|copied!?|复制(?:代码)?|複製|コピー(?:する)?|copier|kopieren|copiar", re.IGNORECASE
)
_CODE_ELEMENTS = ("pre", "table", "figure")
_KINDS_OF_CALLOUTS = {
    "note": "NOTE", "info": "NOTE", "seealso": "NOTE", "todo": "NOTE", "tip": "TIP", "hint": "TIP", "success": "TIP",
    "important": "IMPORTANT", "warning": "WARNING", "attention": "WARNING", "caution": "CAUTION", "danger": "CAUTION",
    "error": "CAUTION",
}  # fmt: skip
_CALLOUTS = ("admonition", "markdown-alert", "admonitionblock", "theme-admonition", "callout", "custom-block")


_PLAYER = re.compile(r"(?:\S+ )?(?:vjs-(?!poster)|jw-(?:controls|captions)|mejs-?_|plyr__|ytp-)")  # controls of players
_INLINE_BOX = re.compile(r"display\s*:\s*(?:-webkit-)?inline")
_SHOWN_WITHOUT_TEXT = ("img", "picture", "video", "audio", "iframe", "hr", "input", "math", "noscript", "figure")
CALLOUT = "data-callout-kind"


def tidy_page(root: PageElement) -> None:
    """Remove links of headings to themselves, buttons that copy or subscribe, and the name of a language above code.

    Boxes with notes and warnings are marked.
    """
    for heading in elements(root, "h1", "h2", "h3", "h4", "h5", "h6"):
        _drop_anchors(heading)
    for element in elements(root, "clipboard-copy"):
        drop(element)
    for element in elements(root, "div", "span", "ul", "p"):
        if _is_drawn(element) or _asks_to_subscribe(element):
            drop(element)
    if (footer := footer_of_tumblr(root)) is not None:
        drop(footer)
    for code in elements(root, "pre"):
        _drop_header(code)
        _drop_labels(_block_of_code(code))
    for element in elements(root, "div", "aside"):
        _mark_callout(element)


def _drop_anchors(heading: PageElement) -> None:
    """Remove the links of a heading to itself."""
    for link in elements(heading, "a"):
        whole = shown_text(heading) == shown_text(link)
        here = "#" in attribute(link, "href") or has_class(link, "headerlink", "anchor")
        if here and not whole and _ANCHOR_TEXT.fullmatch(shown_text(link)) and link.find(".//img") is None:
            drop(link)


def _is_drawn(element: PageElement) -> bool:
    """Return whether an element is a control of a player, or an icon that an extension puts behind a link."""
    if (words := element.get("class")) and _PLAYER.match(words):
        return True
    style = element.get("style") if element.tag == "div" else None
    icon = style is not None and _INLINE_BOX.search(style) and not shown_text(element)
    return bool(icon) and next(element.iter(*_SHOWN_WITHOUT_TEXT), None) is None


def _asks_to_subscribe(element: PageElement) -> bool:
    """Return whether an element is a form or a button of Substack; its URL is then a name, as `%%checkout_url%%`."""
    if has_class(element, "subscription-widget-wrap", "subscription-widget-wrap-editor"):
        return True
    return has_class(element, "button-wrapper") and first_href(element.iter("a")).startswith("%%")


def _block_of_code(code: PageElement) -> PageElement:
    """Return the element around a block of code that shows nothing else."""
    above = code.getparent()
    while above is not None and above.tag == "div" and len(above) == 1 and not (above.text or "").strip():
        code, above = above, above.getparent()
    return code


def _drop_labels(code: PageElement) -> None:
    """Remove the elements next to code that only name its language or copy it."""
    for label in (code.getprevious(), code.getnext()):
        if label is None or not is_element(label) or label.tag not in {"div", "span", "header", "a"}:
            continue
        if (label.tail or "").strip() or next(label.iter(*_CODE_ELEMENTS, "img"), None) is not None:
            continue
        words = [" ".join(text.split()) for text in label.itertext() if text.strip()]
        if words and sum(map(len, words)) < 2 * LONGEST_LANGUAGE and all(_is_label(word, code) for word in words):
            drop(label)


def _is_label(word: str, code: PageElement) -> bool:
    return _COPY.fullmatch(word) is not None or word.lower() == language_of_code(_code_in(code))


def _code_in(block: PageElement) -> PageElement:
    return block if block.tag == "pre" else next(block.iter("pre"), block)


def _drop_header(code: PageElement) -> None:
    """Remove what is in a `<pre>` around its `<code>`, if it is little else than the name of a language and buttons."""
    inside = list(code.iter("code"))
    if len(inside) != 1:
        return
    if inside[0].getparent() is code and any(
        one.tag not in {"div", "header", "button"} for one in code if one is not inside[0]
    ):
        return
    rest = shown_text(code).replace(shown_text(inside[0]), "", 1)
    if len(rest) < LONGEST_LANGUAGE and shown_text(inside[0]):
        inside[0].tail = None
        code.text, code[:] = None, [inside[0]]


def _mark_callout(element: PageElement) -> None:
    """Name the kind of a box with a note or a warning in the attribute CALLOUT; a title of the same word goes.

    Boxes of GitHub, Sphinx, Docusaurus, VitePress and Asciidoctor name the kind in a class: `markdown-alert-warning`.
    """
    if element.get(CALLOUT) is not None:
        element.attrib.pop(CALLOUT)
    if not has_class(element, *_CALLOUTS):
        return
    words = re.split(r"[\s_-]+", (element.get("class") or "").lower())
    kind = next((_KINDS_OF_CALLOUTS[word] for word in words if word in _KINDS_OF_CALLOUTS), "")
    if not kind:
        return
    element.set(CALLOUT, kind)
    title = next((one for one in element.iter("p", "div") if "title" in (one.get("class") or "").lower()), None)
    if title is None:
        return
    if shown_text(title).lower() in _KINDS_OF_CALLOUTS:
        drop(title)
    elif title.tag == "p" and next(title.iter("b", "strong"), None) is None:
        bold = title.makeelement("strong")
        bold.text, bold[:], title.text = title.text, list(title), None
        title.append(bold)


def kind_of_callout(element: PageElement) -> str:
    """Return the kind that `tidy_page` found for a box; "" if it is none."""
    kind = attribute(element, CALLOUT)
    return kind if kind in _KINDS_OF_CALLOUTS.values() else ""
