"""The content of a WordPress post as the database stores it -> HTML as the website shows it.

Blank lines are paragraphs in classic posts, comments mark the blocks of newer ones, and
`[shortcodes]` stand for elements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape, unescape

MOST_REUSED = 20  # blocks that a post takes from elsewhere
_CODE_NAMES = (
    "bash|c|clojure|cpp|csharp|css|delphi|diff|erlang|fsharp|go|groovy|haskell|html5?|java|javascript|js|jscript|json"
    "|kotlin|latex|lua|matlab|objc|perl|php|plain|powershell|python|py|r|ruby|rb|rust|scala|shell|sh|sql|swift"
    "|text|typescript|vb|xml|yaml"
)
_CODE_SHORTCODE = re.compile(
    rf"(?<!\[)\[(?P<name>code|sourcecode|source|{_CODE_NAMES})(?P<attributes>[\s:=][^\]<>]*)?\](?P<code>.*?)\[/(?P=name)\]",
    re.DOTALL,
)
_CODE_SHORTCODE_END = re.compile(rf"\[/(?:code|sourcecode|source|{_CODE_NAMES})\]")
_CAPTION = re.compile(r"(?<!\[)\[(?:wp_)?caption\b([^\]]{0,2000})\](.*?)\[/(?:wp_)?caption\]", re.DOTALL)
_CAPTION_END = re.compile(r"\[/(?:wp_)?caption\]")
_EMBED = re.compile(r"(?<!\[)\[embed\b[^\]]{0,500}\]\s*(https?://[^\s\[\]<>]+)\s*\[/embed\]")
_MEDIUM = re.compile(
    r"(?<!\[)\[(?:video|audio|youtube|vimeo|soundcloud|dailymotion|gist)\b([^\]]{0,2000})\](?:\[/(?:video|audio)\])?"
)
_GALLERY_BLOCK = re.compile(r"<ul class=\"[^\"<>]*\bblocks?-gallery\b.*?</ul>", re.DOTALL)
_LIST_END = re.compile("</ul>")
_LIST_TAG = re.compile(r"</?(?:ul|li)\b[^<>]*>")
GALLERY = re.compile(r"(?<!\[)\[gallery\b([^\]]{0,4000})\]")
_LAYOUT_SHORTCODE = re.compile(
    r"(?<!\[)\[/?(?:vc|et_pb|fusion|av|cs|ux|nectar|mk)_[a-z][\w-]{0,60}(?:\s[^\]]{0,4000})?\]"
)  # of page builders
_LATEX = re.compile(r"\$latex\s++([^$]{1,2000})\$|(?<!\[)\[latex\b[^\]]{0,500}\](.{1,2000}?)\[/latex\]", re.DOTALL)
_SHOWN_SHORTCODE = re.compile(r"\[(\[/?[a-z][\w-]{0,60}[^\[\]]{0,2000}\])\]")
_SHORTCODE_ATTRIBUTE = re.compile(r"(?<![\w-])([\w-]++)\s*+=\s*(?:[\"“”″]([^\"“”″]*)[\"“”″]|'([^']*)'|([^\s\"'\]]+))")
_URL = re.compile(r"https?://[^\s\"'<>\]]+")
_URL_LINE = re.compile(r"^[ \t]*+(?:<p>[ \t]*+)?(https?://[^\s<>\"]++)[ \t]*+(?:</p>[ \t]*+)?$", re.MULTILINE)
REUSED_BLOCK = re.compile(r"<!--\s*wp:block\s+\{\"ref\":(\d+)[^>]{0,200}/-->")
_BLOCK_MARK = re.compile(r"\s*(/?)wp:([\w/-]{1,100})")
_CODE_BLOCK = re.compile(
    r"(<!--\s*wp:(?:syntaxhighlighter/code|code|prismatic/blocks|enlighter/codeblock)\s[^>]{0,400}?"
    r"\"language\":\s*\"([\w+#-]{1,30})\"[^>]{0,400}-->\s*<pre)\b(?: class=\"[^\"]*\")?"
)
_KEPT_ELEMENTS = tuple(  # all of it, and its end
    (re.compile(f"{start}.*?{end}", re.DOTALL | re.IGNORECASE), re.compile(end, re.IGNORECASE))
    for start, end in (
        ("<!--", "-->"),
        *((rf"<{name}\b", rf"</{name}\s*>") for name in ("pre", "script", "style", "textarea", "svg", "math", "table")),
    )
)
_KEPT_MARK = re.compile("\x02(\\d+)\x03")
_TAG_OF_CONTENT = re.compile(r"<[A-Za-z/][^<>]*>")
_BLOCK_TAG = re.compile(
    r"(</?(?:address|article|aside|blockquote|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]"
    r"|header|hr|iframe|legend|li|main|menu|nav|ol|p|section|summary|ul|video|audio)\b[^<>]*>|\x02\d+\x03)",
    re.IGNORECASE,
)
_HOLDS_PARAGRAPHS = frozenset((
    "address", "article", "aside", "blockquote", "center", "details", "div", "fieldset", "footer", "form", "header",
    "main", "nav", "section",
))  # fmt: skip
_EMPTY = frozenset(("hr",))


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture of the library of a website: its URL, its alternative text, its caption in HTML."""

    url: str
    alternative: str = ""
    caption: str = ""

    @property
    def html(self) -> str:
        """The picture as an element."""
        caption = f"<figcaption>{self.caption}</figcaption>" if self.caption else ""
        image = f'<img src="{escape(self.url)}" alt="{escape(self.alternative)}">'
        return f"\n\n<figure>{image}{caption}</figure>\n\n"


def shown_content(content: str, pictures: Mapping[str, StoredPicture], blocks: Mapping[str, str]) -> str:
    r"""Return the content of a post as HTML. `pictures` of galleries and reused `blocks` are by their numbers.

    >>> shown_content("One\nline.\n\n[caption width='9']<img src='a.png'> A mill[/caption]\n\nTwo.", {}, {})
    "<p>One<br>\nline.</p><figure><img src='a.png'><figcaption>A mill</figcaption></figure><p>Two.</p>"
    """
    text = content.replace("\r\n", "\n").replace("\r", "\n").replace("\x02", "").replace("\x03", "")
    for _ in range(MOST_REUSED):
        text, found = REUSED_BLOCK.subn(lambda match: blocks.get(match[1], ""), text, count=1)
        if not found:
            break
    text = _CODE_BLOCK.sub(
        r'\1 class="language-\2"', _replaced_up_to_end(_CODE_SHORTCODE, _CODE_SHORTCODE_END, text, _code_element)
    )
    return "".join(_shown_piece(piece, pictures, classic=classic) for piece, classic in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a content without the marks of blocks, and whether each is classic: in no block."""
    at, depth, start = 0, 0, text.find("<!--")
    while start >= 0 and (end := text.find("-->", start)) >= 0:
        if mark := _BLOCK_MARK.match(text, start + 4, end):
            yield text[at:start], depth == 0
            at = end + 3
            if mark[2] != "freeform" and text[end - 1] != "/":
                depth = max(0, depth - 1) if mark[1] else depth + 1
        start = text.find("<!--", end)
    yield text[at:], depth == 0


def _shown_piece(text: str, pictures: Mapping[str, StoredPicture], *, classic: bool) -> str:
    """Return a piece of a content as HTML. Code, tables and scripts stay as they are."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x02{len(kept) - 1}\x03"

    for whole, end in _KEPT_ELEMENTS:
        text = _replaced_up_to_end(whole, end, text, keep)
    text = _without_shortcodes(text, pictures)
    text = _URL_LINE.sub(lambda match: f"\n\n<p>{_link(match[1])}</p>\n\n", text)
    text = with_paragraphs(text) if classic else text
    for _ in _KEPT_ELEMENTS:  # one may be in another
        text = _KEPT_MARK.sub(lambda match: kept[int(match[1])], text)
    return text


def _replaced_up_to_end(
    whole: re.Pattern[str], end: re.Pattern[str], text: str, made: Callable[[re.Match[str]], str]
) -> str:
    """Return a text with what `whole` matches replaced; only up to the last `end`, so that no search is in vain."""
    last = max((one.end() for one in end.finditer(text)), default=0)
    return whole.sub(made, text[:last]) + text[last:]


def _without_shortcodes(text: str, pictures: Mapping[str, StoredPicture]) -> str:
    """Return a text with elements for the shortcodes that stand for some; others stay, those of layout go."""
    text = _replaced_up_to_end(_GALLERY_BLOCK, _LIST_END, text, lambda match: _LIST_TAG.sub("\n\n", match[0]))
    text = _replaced_up_to_end(_CAPTION, _CAPTION_END, text, _figure)
    text = _EMBED.sub(lambda match: f"\n\n<p>{_link(match[1])}</p>\n\n", text)
    text = _MEDIUM.sub(_linked_medium, text)
    text = GALLERY.sub(lambda match: _gallery(match, pictures), text)
    text = _LATEX.sub(lambda match: f'<script type="math/tex">{(match[1] or match[2]).strip()}</script>', text)
    return _SHOWN_SHORTCODE.sub(r"\1", _LAYOUT_SHORTCODE.sub("\n\n", text))


def _attributes_of_shortcode(written: str) -> dict[str, str]:
    return {name.lower(): one or other or third for name, one, other, third in _SHORTCODE_ATTRIBUTE.findall(written)}


def _link(url: str) -> str:
    return f'<a href="{escape(unescape(url))}">{escape(unescape(url))}</a>'


def _code_element(match: re.Match[str]) -> str:
    r"""Return code between shortcodes as an element: `[python]a < b[/python]`. Editors may have escaped it or not."""
    written = match["attributes"] or ""
    given = _attributes_of_shortcode(written)
    language = given.get("lang") or given.get("language") or written.lstrip(":= ").partition(" ")[0]
    named = match["name"] not in {"code", "sourcecode", "source"}
    language = match["name"] if named else re.sub(r"[^\w+#-]", "", language) if "=" not in language else ""
    code = match["code"].strip("\n")
    code = code if re.search(r"&(?:lt|gt|amp|quot|#\d+);", code) and "<" not in code else escape(code, quote=False)
    return (
        f'\n\n<pre><code class="language-{language}">{code}</code></pre>\n\n'
        if language
        else f"\n\n<pre>{code}</pre>\n\n"
    )


def _figure(match: re.Match[str]) -> str:
    """Return an image and its caption, which is inside or in an attribute."""
    inner = match[2].strip()
    split = re.match(r"((?:<a\b[^<>]*>)?\s*<img\b[^<>]*>\s*(?:</a>)?)(.*)\Z", inner, re.DOTALL)
    image, caption = (split[1], split[2].strip()) if split else (inner, "")
    caption = caption or _attributes_of_shortcode(match[1]).get("caption", "")
    return f"\n\n<figure>{image}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>\n\n"


def _linked_medium(match: re.Match[str]) -> str:
    """Return a link to a film or a sound; nothing if the shortcode has no URL."""
    url = _URL.search(match[1])
    return f"\n\n<p>{_link(url[0])}</p>\n\n" if url else match[0]


def _gallery(match: re.Match[str], pictures: Mapping[str, StoredPicture]) -> str:
    """Return the pictures of a gallery; without numbers, all pictures that were uploaded for the post."""
    given = _attributes_of_shortcode(match[1])
    numbers = re.findall(r"\d+", given.get("ids") or given.get("include") or "") or [*pictures]
    return "".join(pictures[number].html for number in numbers if number in pictures)


def with_paragraphs(text: str) -> str:
    r"""Return a text with an element for each paragraph, and line breaks.

    >>> with_paragraphs("One\n\n<ul>\n<li>a\nb</li>\n</ul>\nTwo\nlines")
    '<p>One</p><ul><li>a<br>\nb</li></ul><p>Two<br>\nlines</p>'
    """
    text = _TAG_OF_CONTENT.sub(lambda match: match[0].replace("\n", " "), text)
    made: list[str] = []
    opened: list[str] = []
    for at, piece in enumerate(_BLOCK_TAG.split(text)):
        if at % 2:
            made.append(piece)
            name = re.sub(r"\W", "", piece.partition(" ")[0]).lower()
            if piece.startswith("</"):
                while name in opened and opened.pop() != name:
                    pass
            elif piece.startswith("<") and name not in _EMPTY:
                opened.append(name)
        elif paragraphs := [one for part in re.split(r"\n[ \t]*\n\s*", piece) if (one := part.strip())]:
            broken = [re.sub(r"(?:<br\s*/?>[ \t]*+|(?<![ \t])[ \t]++)?+\n", "<br>\n", one) for one in paragraphs]
            wraps = not opened or opened[-1] in _HOLDS_PARAGRAPHS or len(broken) > 1
            wraps = wraps and not (opened and opened[-1] == "p")
            made += [f"<p>{one}</p>" for one in broken] if wraps else ["<br><br>".join(broken)]
    return "".join(made)
