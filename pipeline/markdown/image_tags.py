r"""Image tags of site generators: `{{< figure src="a.png" >}}` of Hugo, `{% asset_img a.png A sea %}` of Hexo."""

from __future__ import annotations

import re
from typing import NamedTuple

_SITE_IMAGE = re.compile(
    r"\{\{[<%][ ]*(?:figure|image|img)[ ]++(?P<hugo>(?:[^\n{} ]|[ ]++)*?)/?[ ]*+[>%]\}\}"
    r"|\{%-?[ ]*(?:asset_img|img|image)[ ]++(?P<hexo>(?:[^\n{}% ]|[ ]++|%(?!\}))*?)[ ]*+-?%\}"
)
_TAG_VALUE = re.compile(
    r"(?:(?P<name>[\w-]+)[ ]*=[ ]*)?(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"']+))"
)
_SITE_IMAGE_TARGET = re.compile(
    r"https?://\S+|\S(?:[^\"<>]*\s)?+[^\"<>\s]*\.(?:png|jpe?g|gif|svg|webp|avif|bmp|tiff?|ico)(?:\?\S*)?", re.IGNORECASE
)
_SIZE_IN_TAG = re.compile(r"\d+(?:\.\d+)?(?:px|em|rem|vw|%)?")


class ImageTag(NamedTuple):
    """An image tag: where it ends in the text, the target of the image, and its caption or alternative text."""

    end: int
    target: str
    words: str


def image_tag_at(text: str, at: int) -> ImageTag | None:
    """Return the image tag that begins at an offset; None if there is none.

    >>> image_tag_at('{{< figure src="a.png" title="A sea" >}}', 0)
    ImageTag(end=40, target='a.png', words='A sea')
    >>> image_tag_at("{% img left /a.png 200px 50% 'A sea' %}", 0)
    ImageTag(end=39, target='/a.png', words='A sea')
    """
    match = _SITE_IMAGE.match(text, at)
    if not match:
        return None
    values = [*_TAG_VALUE.finditer(match["hugo"] or match["hexo"])]
    named = {one["name"]: _value_of(one) for one in values if one["name"]}
    plain = [_value_of(one) for one in values if not one["name"]]
    place = next((number for number, one in enumerate(plain) if _SITE_IMAGE_TARGET.fullmatch(one)), len(plain))
    target = named.get("src") or "".join(plain[place : place + 1])
    after = [one for one in plain[place + 1 :] if not _SIZE_IN_TAG.fullmatch(one)]
    words = next(filter(None, map(named.get, ("caption", "title", "alt"))), " ".join(after))
    return ImageTag(match.end(), target, words.replace('"', "").strip()) if target else None


def _value_of(value: re.Match[str]) -> str:
    return value["double"] or value["single"] or value["bare"] or ""
