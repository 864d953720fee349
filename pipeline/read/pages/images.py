"""Images of a page -> images of Markdown: the file that a browser would show, also if a script would load it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urljoin

from pipeline.read.data_urls import image_of_data_url
from pipeline.read.pages.inlines import escaped, image_markdown, single_spaced
from pipeline.read.pages.links import PageLinks
from pipeline.read.pages.tree import PageElement, attribute, words_of_class

MOST_IMAGE_BYTES = 20 * 2**20  # of one image in a page, as of an image file in a book
LAZY_ATTRIBUTES = (
    "data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-original-src", "data-hi-res-src", "data-url",
    "data-image", "data-full-src", "data-croporiginalsrc", "data-lazyload", "data-lazy", "data-img-src",
    "data-runner-src", "data-echo", "data-src-medium",
)  # fmt: skip
LAZY_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_PLACEHOLDER = re.compile(
    r"\A\Z|\Adata:image/(?:gif;base64,R0lGOD|svg)|\Aabout:|(?:^|/)(?:blank|spacer|placeholder|loading|lazy|grey|gray"
    r"|dummy|empty|clear|transparent|pixel|1x1)[-_.\w]*\.(?:gif|png|svg)|\Ahttps?://:0|[?&_]blur\b",
    re.IGNORECASE,
)
_IMAGE_FILE_URL = re.compile(r"\Ahttps?://[^\s?#]+\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|\Z)", re.IGNORECASE)
_IMAGE_FILE = re.compile(r"\A(?=\S++\Z)[^\s{}\[\]\"]+\.(?:jpe?g|png|gif|webp|avif|svg)(?:[?#]\S*)?\Z", re.IGNORECASE)
_LAZY_CLASS = re.compile(r"\blazy|\b(?:lozad|b-lazy|unveil|progressive)\b", re.IGNORECASE)
_EMOJI_CLASS = re.compile(r"\b(?:emoji|emojione|twemoji|wp-smiley|emoticon|smiley)\b")
_EMOJI = re.compile(r"[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\ufe0f\u200d\u20e3]{1,8}")
_MATHS_CLASS = re.compile(r"\b(?:latex|mwe-math[\w-]*|math|tex|ee_img|ztext-math)\b")
_SUFFIX_OF_TYPE = {
    "image/jpeg": "jpg", "image/jpg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp",
    "image/svg+xml": "svg", "image/avif": "avif", "image/bmp": "bmp",
}  # fmt: skip
_MARKED_IN_URLS = re.compile(
    r"[\s%?#<>()\[\]\"\\]"
)  # characters of a file name that mean something in a URL or in Markdown
TINY = 2  # pixels: an image of this width or height counts visits


@dataclass(slots=True)
class PagePictures:
    """The images of one page. `parts` are files that came with the page, by URL; `files` collects those it shows."""

    links: PageLinks
    folder: str = ""  # the name of the folder that `files` are referred to in
    parts: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    unquoted: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # `parts` by URLs that are not encoded

    def markdown(self, element: PageElement) -> str:
        """Return an `<img>` as Markdown; "" for a pixel that counts visits."""
        alt = attribute(element, "alt")
        words = words_of_class(element)
        if alt and (_EMOJI_CLASS.search(words) or _EMOJI.fullmatch(alt)):
            return escaped(single_spaced(alt))
        if alt and _MATHS_CLASS.search(words) and re.search(r"[\\^_{}=]", alt):
            return f"${tex_of_alt(alt)}$"
        if {attribute(element, "width"), attribute(element, "height")} & {"0", "1", f"{TINY - 1}px", "0px"}:
            return ""
        url = self.stored(self.written(element))
        return image_markdown(alt, url, attribute(element, "title")) if url else escaped(single_spaced(alt))

    def figure(self, element: PageElement) -> str:
        """Return the image of a `<figure>` that a script would fill, from its microdata; "" if it has none."""
        url = attribute(element, "itemid")
        shown = next(element.iter("img", "video", "iframe", "pre", "table", "audio"), None) is not None
        return "" if shown or not _IMAGE_FILE_URL.search(url) else image_markdown("", self.stored(url))

    def written(self, element: PageElement) -> str:
        """Return the URL of the file that an `<img>` shows at its best."""
        source = attribute(element, "src")
        lazy = next((url for name in LAZY_ATTRIBUTES if (url := attribute(element, name)) and _is_image_url(url)), "")
        preview = not source or _PLACEHOLDER.search(source) or element.get("data-blurred") is not None
        if lazy and (preview or not self.links.resolved(source)):
            return lazy
        if not lazy and _LAZY_CLASS.search(element.get("class") or ""):
            written = (value for name, value in element.attrib.items() if name.startswith("data-"))
            lazy = next((value for value in written if _IMAGE_FILE.search(value) and _is_image_url(value)), "")
            if lazy:
                return lazy
        if source and not _PLACEHOLDER.search(source):
            return source
        sets = [attribute(element, name) for name in LAZY_SETS]
        parent = element.getparent()
        if parent is not None and parent.tag == "picture":
            sets += [attribute(one, name) for one in parent.iter("source") for name in LAZY_SETS]
        return next((best for one in sets if (best := largest_of_set(one))), lazy or source)

    def stored(self, url: str) -> str:
        """Return the target of an image: a safe URL, or the name of a file that came with the page."""
        if self.parts and (found := self.part(url)):
            return self._added(*found)
        if url[:5].lower() == "data:":
            found = image_of_data_url(url, MOST_IMAGE_BYTES)
            return self._added(*found) if found else ""
        return self.links.resolved(url)

    def part(self, url: str) -> tuple[str, bytes] | None:
        """Return the file that came with the page at a URL, percent-encoded or not; None if there is none."""
        if not self.unquoted:
            self.unquoted = {unquote(one): file for one, file in self.parts.items()}
        try:
            complete = urljoin(self.links.base, url) if self.links.base else url
        except ValueError:
            complete = url
        return next((self.unquoted[key] for one in (url, complete) if (key := unquote(one)) in self.unquoted), None)

    def _added(self, kind: str, data: bytes) -> str:
        if len(data) > MOST_IMAGE_BYTES or kind.lower() not in _SUFFIX_OF_TYPE:
            return ""
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.{_SUFFIX_OF_TYPE[kind.lower()]}"
        self.files[name] = data
        return f"{re.sub(_MARKED_IN_URLS, lambda match: quote(match[0]), self.folder)}/{name}"


def tex_of_alt(alt: str) -> str:
    r"""Return the TeX in the alternative text of a formula's image: `{\displaystyle x^2}` -> `x^2`."""
    wrapped = re.fullmatch(r"\{?\\(?:displaystyle|textstyle)\s*+(.*?)\}?", alt.strip(), re.DOTALL)
    return " ".join((wrapped[1] if wrapped else alt).strip("$ ").split())


def largest_of_set(written: str) -> str:
    """Return the largest image of a `srcset`.

    >>> largest_of_set("a.jpg 320w, b.jpg 640w"), largest_of_set("a.jpg, b.jpg 2x"), largest_of_set("")
    ('b.jpg', 'b.jpg', '')
    """
    best, size = "", 0.0
    for match in re.finditer(r"(?:^|,)\s*([^\s,]\S*?),?(?:\s+([\d.]+)[wxh])?\s*(?=,|\Z)", written):
        number = float(match[2]) if match[2] and re.fullmatch(r"\d+(?:\.\d+)?", match[2]) else 1.0
        if number > size:
            best, size = match[1], number
    return best


def _is_image_url(written: str) -> bool:
    return not written.startswith(("{", "[")) and not re.search(r"\s[\d.]+[wx]\b", written)
