"""Code of a page -> a block of code: without line numbers and the elements that colour it."""

from __future__ import annotations

import re

from pipeline.read.pages.tree import PageElement, attribute, is_element

_CLASS_OF_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language-|lang-|lang:|brush:\s*|highlight-source-|highlight-)([A-Za-z0-9+#_.-]{1,20})"
)
_BARE_LANGUAGES = frozenset((
    "python", "js", "javascript", "ts", "typescript", "java", "c", "cpp", "csharp", "go", "rust", "ruby", "php",
    "swift", "kotlin", "scala", "sql", "bash", "sh", "shell", "html", "css", "json", "yaml", "toml", "xml", "diff",
    "haskell", "lua", "perl", "r", "matlab", "julia", "dockerfile", "makefile", "ini", "console", "text", "latex",
))  # fmt: skip
_NO_LANGUAGE = frozenset(
    ("text", "plain", "plaintext", "none", "nohighlight", "default", "source", "highlight", "chroma")
)
_GUTTER = re.compile(
    r"\b(?:gutter|line-?numbers?(?!-\w*code)|linenos?|lineno|lnt?|hljs-ln-n(?:umbers)?|line-numbers-rows|rouge-gutter"
    r"|blob-num|crayon-nums?|copy-?(?:btn|button|code)?|clipboard|toolbar|lang-?label)\b|code[-_]*(?:header|title|toolbar)"
)
_NOT_SELECTED = re.compile(r"user-select\s*:\s*none")  # as Chroma marks line numbers without classes
_HIGHLIGHTED = re.compile(r"\b(?:syntaxhighlighter|crayon-table|crayon-syntax|hljs-table)\b")
LONGEST_LANGUAGE = 30  # characters of the name of a language above code
_LINE_ELEMENTS = frozenset(("div", "p", "li", "tr"))
_BOXES_OF_CODE = frozenset(("tbody", "tr", "td", "pre", "div"))
_TABLE_PARTS = frozenset(("table", "tbody", "tr", "td"))
_LINE_CLASS = re.compile(r"(?:^|\s)(?:line|code-line|view-line|cm-line|cl|react-code-text)(?:\s|$)")


def fenced_code(element: PageElement) -> str:
    """Return a `<pre>`, or a table of code with line numbers, as a block between fences; "" if it is empty."""
    parts: list[str] = []
    _collect(element, parts)
    text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    text = re.sub(r"(?<![ \t])[ \t]++(?=\n|\Z)", "", text).strip("\n")
    if not text.strip():
        return ""
    longest = max(map(len, re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language_of_code(element)}\n{text}\n{fence}"


def language_of_code(element: PageElement) -> str:
    """Return the language that the classes of a block of code name, in the ways of highlighters; "" if none does."""
    around = [one for one in (element.getparent(), *list(element.iterancestors())[1:3]) if one is not None]
    for one in (*element.iter("code", "pre"), element, *around):
        for name in ("data-lang", "data-language", "data-code-block-lang", "data-enlighter-language"):
            value = attribute(one, name).lower()
            if re.fullmatch(r"[a-z0-9+#_.-]{1,20}", value) and value not in _NO_LANGUAGE:
                return value
        classes = f"{one.get('class') or ''} {one.get('data-syntaxhighlighter-params') or ''}"
        for match in _CLASS_OF_LANGUAGE.finditer(classes):
            if (name := match[1].lower()) not in _NO_LANGUAGE:
                return name
        if one.tag in {"pre", "code"} or "highlight" in classes or "sourceCode" in classes:
            for word in classes.lower().split():
                if is_language(word):
                    return word
    return ""


def is_language(word: str) -> bool:
    """Return whether a word in lower case names a programming language: `python`."""
    return word in _BARE_LANGUAGES and word not in _NO_LANGUAGE


def is_code_table(table: PageElement) -> bool:
    """Return whether a table is code with its line numbers in another column."""
    classes = f"{table.get('class') or ''} {table.getparent().get('class') if table.getparent() is not None else ''}"
    if (
        next(table.iter("pre"), None) is None
        and not _HIGHLIGHTED.search(classes)
        and "blob-code" not in _classes_below(table)
        and "hljs-ln" not in classes
    ):
        return False
    cells = list(table.iter("td", "th"))
    gutters = [cell for cell in cells if is_line_number(cell)]
    code = [cell for cell in cells if cell not in gutters and "".join(cell.itertext()).strip()]
    return bool(gutters) and bool(code) and ("hljs-ln" in classes or "blob" in _classes_below(table) or len(code) == 1)


def _classes_below(table: PageElement) -> str:
    return " ".join(cell.get("class") or "" for cell in table.iter("td"))


def is_line_number(element: PageElement) -> bool:
    """Return whether an element holds line numbers or a button: by its class, or because it has nothing but numbers."""
    classes = f"{element.get('class') or ''}"
    text = "".join(element.itertext()).strip()
    if element.get("data-line-number") and not text:
        return True
    if _NOT_SELECTED.search(element.get("style") or "") and re.fullmatch(r"\d{1,5}", text):
        return True
    if classes and _GUTTER.search(classes.lower()):
        return (
            not text
            or re.fullmatch(r"[\d\s]+", text) is not None
            or element.tag == "button"
            or "toolbar" in classes
            or "copy" in classes.lower()
            or (
                "header" in classes
                and len(text) < LONGEST_LANGUAGE
                and next(element.iterancestors("pre"), None) is not None
            )
        )
    return element.tag == "td" and re.fullmatch(r"1(?:\s+\d+)*", text) is not None and element.getnext() is not None


def _collect(element: PageElement, parts: list[str], depth: int = 0) -> None:
    """Add the text of an element to `parts`, each line element on a separate line."""
    if depth > 200:  # noqa: PLR2004 - no highlighter nests so deep
        parts.append("".join(element.itertext()))
        return
    first = next(iter(element), None)
    starts_lines = first is not None and is_element(first) and _LINE_CLASS.search(first.get("class") or "")
    layout = (
        element.tag in _TABLE_PARTS and first is not None and first.tag in _BOXES_OF_CODE
    )  # spaces indent the source
    if element.text and not ((starts_lines or layout) and not element.text.strip()):
        parts.append(element.text)
    for child in element:
        if is_element(child) and child.tag not in {"button", "script", "style"} and not is_line_number(child):
            own_line = child.tag in _LINE_ELEMENTS or _is_one_of_lines(child)
            if own_line and parts and not parts[-1].endswith("\n") and "".join(parts).strip():
                parts.append("\n")
            if child.tag == "br":
                parts.append("\n")
            before = len(parts)
            _collect(child, parts, depth + 1)
            ends_line = own_line or (_LINE_CLASS.search(child.get("class") or "") and _line_follows(child))
            if ends_line and not "".join(parts[before:]).endswith("\n"):
                parts.append("\n")
        if child.tail and not ((layout or child.tag in _LINE_ELEMENTS) and not child.tail.strip()):
            parts.append(child.tail)


def _is_one_of_lines(code: PageElement) -> bool:
    """Return whether a `<code>` is one of several in a `<pre>`, each a line, as WeChat writes code."""
    above = code.getparent()
    if code.tag != "code" or above.tag != "pre" or len(above) == 1:
        return False
    return all(one.tag == "code" and not (one.tail or "").strip() for one in above)


def _line_follows(line: PageElement) -> bool:
    """Return whether the next element is a line too, with no line end between them."""
    following = line.getnext()
    return (
        following is not None
        and "\n" not in (line.tail or "")
        and bool(_LINE_CLASS.search(following.get("class") or ""))
    )
