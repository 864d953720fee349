"""Links and images as note apps and editors write them -> CommonMark that shows the same.

| written | by |
|---|---|
| `[[page]]`, `[[page#part|words]]`, `![[x.png|100]]` | Obsidian, Logseq, Foam |
| `![words|100](x.png)` | Obsidian |
| `![words](x.png =100x20)` | HackMD, Azure |
| `![words](x.png){width=50%}`, `![words](x.png){: width="50"}` | pandoc, kramdown |
| `[words](a b.md)`, `![words](a b.png)` | exports |
| `[words]({% post_url 2021-03-09-a %})`, `[words]({{< ref "a.md" >}})` | Jekyll, Hexo, Hugo |

A wiki link becomes a link to `[[page#part]]`, and a wiki image one of `[[x.png]]`: targets that no URL equals. An image
with a size becomes `<img>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape

from pipeline.markdown.regions import overlaps_opaque
from pipeline.markdown.target_tags import TAGGED_TARGET, target_without_tags

IMAGE_SUFFIXES = ("png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "bmp", "tif", "tiff", "ico", "jfif")
_IMAGE_NAME = re.compile(rf"\.(?:{'|'.join(IMAGE_SUFFIXES)})\Z", re.IGNORECASE)
_WIKI_LINK_OR_IMAGE = re.compile(
    r"(?P<embed>!?)\[\[(?![\s\d]*\]\])(?=\S)(?P<page>[^\[\]|\n]*?)(?<=\S)(?:\\?\|(?P<words>[^\[\]\n]*))?\]\](?![(\[:])"
)
_SIZED = re.compile(r"(?:(?P<words>.*)\\?\|)?\s*(?P<width>\d{1,5})(?:x(?P<height>\d{1,5}))?\s*")
_URL_IN_LINK = r"(?:<(?P<angled>[^<>\n]+)>|(?P<url>[^\s()<>]+(?:\([^\s()]*\)[^\s()]*)*))"
_IMAGE_LINK = re.compile(
    rf"!\[(?P<words>[^\[\]\n]*)\]\(\s*{_URL_IN_LINK}(?P<title>\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?"
    r"(?:\s+=(?P<width>\d{0,5}%?)x?(?P<height>\d{0,5}%?))?\s*\)"
    r"(?P<attributes>\{:?[ \t]*(?:(?:[#.][\w-]+|[\w-]+=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"']+))[ \t]*)+\})?"
)
_URL_WITH_SPACES = re.compile(
    r"(?P<open>!?\[[^\[\]\n]*\]\()(?!')(?P<url>(?:[^()<>\n\" ]*+[ ]++(?=[^()<>\n\" ]))++"
    r"[^()<>\n\" ]*?\.[A-Za-z][A-Za-z0-9]{1,4}(?:#[^()<>\s\"]{0,999}+)?)(?P<title>[ ]+\"[^\"\n]*\")?[ ]*+\)"
)
_TEMPLATE_LINK = re.compile(
    r"(?<=\]\()\s*(?:\{%-?\s*(?:post_url|link|post_path)\s+(?P<tag>[^\s%]+)\s*-?%\}"
    r"|\{\{[<%]\s*(?:rel)?ref\s+[\"']?(?P<ref>[^\s\"'>]+)[\"']?\s*[>%]\}\})(?P<part>#[^\s)]*)?\s*(?=\))"
)
_SIZE_ATTRIBUTE = re.compile(r"\b(width|height)=[\"']?(\d{1,5}(?:\.\d+)?(?:%|px)?)[\"']?(?![\w.])")


def note_links_as_commonmark(text: str, is_page: Callable[[str], bool]) -> str:
    """Return `text` with links and images of other dialects as CommonMark.

    `is_page` says whether the archive has a page that a wiki link names. A wiki link without words whose page is not in
    the archive is left as it is: in a text without other wiki links, it may be anything in brackets.

    >>> note_links_as_commonmark("[[b]], [[b#c|d]], ![[x.png]]", lambda _: True)
    '[b](<[[b]]>), [d](<[[b#c]]>), ![](<[[x.png]]>)'
    >>> note_links_as_commonmark("![a](x.png =100x20) ![b](y.png){width=50%}", lambda _: True)
    '<img src="x.png" alt="a" width="100" height="20"> <img src="y.png" alt="b" width="50%">'
    """
    if "](" in text:
        text = _replaced(TAGGED_TARGET, text, lambda one: f"<{target_without_tags(one['written'])}>")
        text = _replaced(_IMAGE_LINK, text, _image)
        text = _replaced(_TEMPLATE_LINK, text, _template_link)
        text = _replaced(
            _URL_WITH_SPACES, text, lambda one: f"{one['open']}<{one['url'].strip()}>{one['title'] or ''})"
        )
    if "[[" not in text:
        return text
    links = [one for one in _outside_code(_WIKI_LINK_OR_IMAGE, text) if not _is_inside_word(one)]
    dialect = any(one["embed"] or one["words"] is not None or is_page(one["page"]) for one in links)
    return _replaced(_WIKI_LINK_OR_IMAGE, text, _wiki_link) if dialect else text


def _replaced(pattern: re.Pattern[str], text: str, written: Callable[[re.Match[str]], str]) -> str:
    parts, done = [], 0
    for match in _outside_code(pattern, text):
        shown = written(match)
        if shown.startswith("<img") and _is_own_paragraph(match):  # or it would flow together with the next one
            shown = f"<p>{shown}</p>"
        parts += [text[done : match.start()], shown]
        done = match.end()
    return "".join([*parts, text[done:]]) if parts else text


def _outside_code(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    tags = ("template",) if pattern in {_TEMPLATE_LINK, TAGGED_TARGET} else ()
    kinds = ("url", "attributes", "wiki", *tags)
    return (match for match in pattern.finditer(text) if not overlaps_opaque(text, match.span(), kinds))


def _is_own_paragraph(match: re.Match[str]) -> bool:
    """Return whether a match is a whole paragraph, outside lists and quotations."""
    text = match.string
    starts = match.start() == 0 or text.startswith("\n\n", match.start() - 2)
    return starts and (text.startswith("\n\n", match.end()) or match.end() >= len(text.rstrip()))


def _is_inside_word(match: re.Match[str]) -> bool:
    """Return whether a wiki link directly follows a letter or a bracket, as an index does in code: `x[[i]]`."""
    before = match.string[match.start() - 1 : match.start()] if match.start() else " "
    return before.isascii() and (before.isalnum() or before in ")]<")


def _wiki_link(match: re.Match[str]) -> str:
    r"""Return a wiki link as a link to `[[page#part]]`, an embedded image as an image.

    >>> _wiki_link(_WIKI_LINK_OR_IMAGE.match("![[a/x.png|A map|100]]"))
    '<img src="[[a/x.png]]" alt="A map" width="100">'
    >>> _wiki_link(_WIKI_LINK_OR_IMAGE.match("[[b#c#d]]"))
    '[b > c > d](<[[b#c#d]]>)'
    """
    if _is_inside_word(match):
        return match[0]
    page, words = match["page"], match["words"]
    if match["embed"] and is_image_file(page):
        page = f"[[{page}]]"
        sized = _SIZED.fullmatch(words or "")
        if sized:
            return _image_tag(page, (sized["words"] or "").rstrip("\\"), sized["width"], sized["height"] or "")
        return f"![{_as_link_text(words or '')}](<{page}>)"
    if page.startswith(("http://", "https://")):
        return f"[{_as_link_text(words or page)}](<{page}>)"
    return f"[{_as_link_text(words or page.lstrip('#').replace('#', ' > '))}](<[[{page}]]>)"


def _as_link_text(words: str) -> str:
    """Return words with the characters escaped that would end them in a link: brackets cannot be among them."""
    return re.sub(r"([\\`*_<])", r"\\\1", words.strip())


def is_image_file(name: str) -> bool:
    """Return whether the name that a wiki link embeds is that of an image.

    >>> is_image_file("a/Sea.PNG"), is_image_file("a note.md")
    (True, False)
    """
    return _IMAGE_NAME.search(name.partition("#")[0]) is not None


def _image(match: re.Match[str]) -> str:
    """Return an image with a size as `<img>`; any other without the attributes behind it."""
    words, url = match["words"], match["angled"] or match["url"]
    sizes = dict(_SIZE_ATTRIBUTE.findall(match["attributes"] or ""))
    width, height = match["width"] or sizes.get("width", ""), match["height"] or sizes.get("height", "")
    piped = _SIZED.fullmatch(words) if "|" in words else None
    if piped:
        words, width, height = (piped["words"] or "").rstrip("\\"), piped["width"], piped["height"] or ""
    if width or height:
        return _image_tag(url, words, width, height)
    return match[0].removesuffix(match["attributes"]) if match["attributes"] else match[0]


def _image_tag(url: str, words: str, width: str, height: str) -> str:
    given = {"width": width.removesuffix("px"), "height": height.removesuffix("px")}
    sizes = "".join(f' {name}="{value}"' for name, value in given.items() if value)
    return f'<img src="{escape(url)}" alt="{escape(words.strip())}"{sizes}>'


def template_targets(text: str) -> Iterator[str]:
    """Yield the posts that tags of a site generator name in links, as the targets of wiki links.

    >>> list(template_targets('[a]({% post_url 2021-03-09-a %}) and [b]({{< ref "b.md#c" >}})'))
    ['[[2021-03-09-a]]', '[[b.md#c]]']
    """
    if "](" in text and ("{%" in text or "{{" in text):
        yield from (_target_of_template(match) for match in _outside_code(_TEMPLATE_LINK, text))


def _target_of_template(match: re.Match[str]) -> str:
    name = (match["tag"] or match["ref"]).rpartition("/")[2]
    return f"[[{name}{match['part'] or ''}]]"


def _template_link(match: re.Match[str]) -> str:
    return f"<{_target_of_template(match)}>"
