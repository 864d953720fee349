r"""TeX in the text of a page, which a script would typeset, as `\(x^2\)` -> formulas of Markdown: `$x^2$`."""

from __future__ import annotations

import re

from pipeline.read.pages.tree import PageElement, attribute, is_element

_NO_FORMULAS = frozenset(("script", "style", "pre", "code", "textarea", "noscript", "kbd", "samp", "math", "head"))
_SCRIPTS = ("mathjax", "katex", "auto-render")
_TEX = r"\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$(.+?)\$\$"
_TEX_IN_TEXT = re.compile(_TEX, re.DOTALL)
_TEX_WITH_DOLLARS = re.compile(_TEX + r"|(?<![\\$\w])\$(?! )([^$\n]+?)(?<! )\$(?![\d$])", re.DOTALL)
_SINGLE_DOLLARS = re.compile(r"""["']\$["']\s*,\s*["']\$["']|left:\s*["']\$["']""")


def formula_markdown(tex: str, *, display: bool) -> str:
    """Return TeX as a formula of Markdown: `$x$`, or `$$x$$` for a formula on a separate line."""
    inner = " ".join(tex.split())
    if not inner or "$" in inner.replace(r"\$", ""):
        return ""
    return f"$${inner}$$" if display else f"${inner}$"


def formulas_in_text(root: PageElement) -> dict[PageElement, str]:
    """Put each formula in the text of a page into an element, if MathJax or KaTeX would typeset it; return these.

    Code stays. A formula between single dollars is one only if a script says so.
    """
    scripts = [attribute(one, "src") + (one.text or "")[:20_000] for one in root.iter("script")]
    if not any(name in script.lower() for script in scripts for name in _SCRIPTS):
        return {}
    pattern = _TEX_WITH_DOLLARS if any(map(_SINGLE_DOLLARS.search, scripts)) else _TEX_IN_TEXT
    found: dict[PageElement, str] = {}
    for element in list(root.iter()):
        if is_element(element) and not _holds_no_formulas(element):
            for child in (None, *element):
                found |= _formulas_after(element, child, pattern)
    return found


def _holds_no_formulas(element: PageElement) -> bool:
    return element.tag in _NO_FORMULAS or any(one.tag in _NO_FORMULAS for one in element.iterancestors())


def _formulas_after(parent: PageElement, child: PageElement | None, pattern: re.Pattern[str]) -> dict[PageElement, str]:
    """Put the formulas in the text after a child into elements; None is the start of the parent."""
    text = (parent.text if child is None else child.tail) or ""
    matches = list(pattern.finditer(text))
    at = 0 if child is None else parent.index(child) + 1
    found: dict[PageElement, str] = {}
    ends = [*[match.start() for match in matches[1:]], len(text)][: len(matches)]
    for match, end in zip(matches, ends, strict=True):
        inline, *display = match[1] or (match[4] if match.re.groups > 3 else None), match[2], match[3]  # noqa: PLR2004
        one = parent.makeelement("span")
        one.text, one.tail = match[0], text[match.end() : end]
        parent.insert(at, one)
        at += 1
        if written := formula_markdown(inline or next(filter(None, display), ""), display=not inline):
            found[one] = written
    if matches and child is None:
        parent.text = text[: matches[0].start()]
    elif matches and child is not None:
        child.tail = text[: matches[0].start()]
    return found
