r"""Markdown of a site generator -> CommonMark that shows the same, for a reader that does not know its tags.

Code between tags (`{% highlight python %}`, `[code]`) becomes fenced code, image tags become images. The
identifier at the end of a heading, `{/*part*/}` or `[#part]`, becomes `{#part}`.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from pipeline.markdown.image_tags import image_tag_at
from pipeline.markdown.opaque import CODE, TEMPLATE, opaque_spans
from pipeline.markdown.opaque_blocks import OpaqueSpan, long_regions

_CODE_TAGS = (
    "highlight|codeblock|code|codes|pre|prism|javascript|js|css|bash|c|cpp|csharp|go|html|java|perl|php|plain|plaintext|python|py|ruby"
    "|shell|source|sourcecode|sql|swift|text|xml|yaml"
)
_OPENING = re.compile(
    rf"(?:\{{%-?\s*|\{{\{{[<%]-?\s*|\[)(?P<tag>(?i:{_CODE_TAGS}))\b(?P<rest>[^\n]*?)(?:-?%\}}|[>%]\}}\}}|\])[ \t]*\n"
)
_CLOSING = re.compile(r"\n[ \t]*(?:\{%[^\n]*%\}|\{\{[<%][^\n]*[>%]\}\}|\[/\w+\])\Z")
_CODE_LANGUAGE = re.compile(r"(?:\b(?:lang(?:uage)?)\s*[:=]\s*|^\s*+(?:=\s*+)?)[\"']?([\w+#-]+)[\"']?(?!\s*=)")
_TAGS_WITHOUT_CODE_LANGUAGE = frozenset(
    ["highlight", "codeblock", "code", "codes", "pre", "prism", "plain", "plaintext", "source", "sourcecode", "text"]
)
_IDENTIFIED_HEADING = re.compile(  # ## Words {/*name*/} (React's documentation), ## Words [#name] (javascript.info)
    r"^(?P<words>[ ]{0,3}#{1,6}[ \t][^\n]*?\S)[ \t]+"
    r"(?:\{/\*[ \t]*#?(?P<mdx>[^\s{}#*]+)[ \t]*\*/\}|\[#(?P<name>[^\W\d][\w-]*)\])(?=[ \t]*$)",
    re.MULTILINE,
)


def site_tags_as_commonmark(text: str) -> str:
    r"""Return `text` with its tagged code as fenced code, image tags as images, identifiers of headings as `{#a}`.

    >>> site_tags_as_commonmark("{% highlight py %}\n# a\n{% endhighlight %}\n")
    '```py\n# a\n```\n'
    >>> site_tags_as_commonmark('a {{< figure src="b c.png" alt="d" >}}')
    'a ![d](<b c.png>)'
    >>> site_tags_as_commonmark("## A step {/*a-step*/}")
    '## A step {#a-step}'
    """
    return _with_heading_identifiers(_with_images(_with_fenced_code(text)))


def _with_heading_identifiers(text: str) -> str:
    """Return a text whose headings have their identifiers as `{#name}`, not in comments of MDX or in brackets."""
    found = [*_IDENTIFIED_HEADING.finditer(text)] if "{/*" in text or "[#" in text else []
    code = [span for span in opaque_spans(text) if span.kind == CODE] if found else []
    parts, done = [], 0
    for heading in found:
        name = heading["mdx"] or heading["name"]
        if f"[#{name}]:" not in text and not any(span.start <= heading.start() < span.end for span in code):
            parts += [text[done : heading.end("words")], f" {{#{name}}}"]
            done = heading.end()
    return "".join([*parts, text[done:]])


def _with_images(text: str) -> str:
    """Return a text with its image tags as images."""
    if "{{<" not in text and "{{%" not in text and "{%" not in text:
        return text
    parts, done = [], 0
    for span in opaque_spans(text):
        tag = image_tag_at(text, span.start) if span.kind == TEMPLATE and span.start >= done else None
        if tag:
            words = re.sub(r"([\[\]\\`*_])", r"\\\1", tag.words)
            target = re.sub(r"[<>\\]", lambda sign: quote(sign[0]), tag.target)
            parts += [text[done : span.start], f"![{words}](<{target}>)"]
            done = tag.end
    return "".join([*parts, text[done:]])


def _with_fenced_code(text: str) -> str:
    """Return a text with its tagged code as fenced code."""
    parts, done = [], 0
    for region in long_regions(text):
        shown = _shown(text, region)
        if shown:
            parts += [text[done : region.start], shown]
            done = region.end
    return "".join([*parts, text[done:]]) if parts else text


def _shown(text: str, region: OpaqueSpan) -> str:
    """Return a region as CommonMark; empty where it stays as it is."""
    written = text[region.start : region.end]
    before = text[text.rfind("\n", 0, region.start) + 1 : region.start]
    if "\n" not in written or before.strip(" \t"):
        return ""
    if region.kind == TEMPLATE:
        return _tagged_code_fenced(written, before)
    return ""


def _tagged_code_fenced(written: str, indentation: str) -> str:
    """Return code between tags as fenced code, its fence indented like the first tag; empty where it is not code."""
    opening, closing = _OPENING.match(written), _CLOSING.search(written)
    if not opening or not closing or closing.start() < opening.end() - 1:
        return ""
    code = written[opening.end() : closing.start()]
    ticks = max(map(len, re.findall("`+", code)), default=2)
    fence = "`" * max(3, ticks + 1)
    tag = opening["tag"].lower()
    language = _CODE_LANGUAGE.search(opening["rest"]) if tag in _TAGS_WITHOUT_CODE_LANGUAGE else None
    name = language[1] if language else "" if tag in _TAGS_WITHOUT_CODE_LANGUAGE else tag
    return f"{fence}{name}\n{code}\n{indentation}{fence}"
