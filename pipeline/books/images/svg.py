"""SVG of an archive -> SVG that only draws: no script, no link, no file or URL outside, a white background."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from pipeline.read.data_urls import image_of_data_url

SVG = "http://www.w3.org/2000/svg"
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
MOST_SVG_BYTES = 4 * 2**20  # of a drawing; a map of a country has 2 MB
MOST_DRAWN = 200_000  # elements, those that `use` repeats counted as often as they are drawn
ELEMENTS = {
    "svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text",
    "tspan", "textPath", "title", "desc", "style", "switch", "a", "image", "linearGradient", "radialGradient",
    "stop", "pattern", "clipPath", "mask", "marker", "filter", "feBlend", "feColorMatrix", "feComponentTransfer",
    "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow",
    "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode",
    "feMorphology", "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight", "feTile", "feTurbulence",
}  # fmt: skip
DRAWN_ELEMENTS = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "image", "use"}
DEFAULT_SIZE = (300, 150)  # pixels (CSS 2.2, section 10.3.2)
_LOADS = re.compile(r"@import|url\s*+\(\s*+[\"']?+\s*+(?!#)|expression\s*\(|javascript:|\\", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)(px|pt|mm|cm|in|pc)?\s*\Z")


def sanitized_svg(data: bytes, is_image: Callable[[bytes], bool]) -> bytes | None:
    """Return an SVG with nothing but its drawing, on a white background; None if it is not an SVG or too much to draw.

    `is_image` says whether the bytes of an image in the drawing are valid and within the limits. The ground is white
    because the dark page of an e-reader would hide black lines.

    >>> drawing = b'<svg width="9" height="9"><script>x</script><path d="M0 0H9" onload="x"/></svg>'
    >>> sanitized_svg(drawing, bool).decode()[-70:]
    '<rect width="100%" height="100%" fill="#fff"/><path d="M0 0H9"/></svg>'
    """
    if len(data) > MOST_SVG_BYTES:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.tag in {"svg", f"{{{SVG}}}svg"}:
        clean = _sanitized_element(root, is_image)
        if clean is not None and _draws(clean) and _times_drawn(clean) <= MOST_DRAWN:
            _set_size(clean)
            clean.insert(0, _ground(clean))
            etree.cleanup_namespaces(clean)
            return bytes(etree.tostring(clean))
    return None


def _draws(root: etree._Element) -> bool:
    return any(etree.QName(one).localname in DRAWN_ELEMENTS for one in root.iter())


def text_of_svg(data: bytes) -> str:
    """Return the words in a sanitized drawing, its title and description first."""
    root = etree.fromstring(data)
    return " ".join(" ".join("".join(one.itertext()).split()) for one in root.iter() if _has_words(one)).strip()


def _has_words(element: etree._Element) -> bool:
    return etree.QName(element).localname in {"title", "desc", "text"}


def _sanitized_element(element: etree._Element, is_image: Callable[[bytes], bool]) -> etree._Element | None:
    """Return an element with its allowed attributes and children; None if it is not allowed."""
    if not isinstance(element.tag, str):
        return None
    name = etree.QName(element).localname
    if name not in ELEMENTS or etree.QName(element).namespace not in {None, SVG}:
        return None
    top = {"nsmap": {None: SVG, "xlink": XLINK_HREF[1:].partition("}")[0]}} if element.getparent() is None else {}
    made = etree.Element(f"{{{SVG}}}{'g' if name == 'a' else name}", **top)
    for key, value in element.attrib.items():
        if _is_allowed(name, str(key), str(value), is_image):
            made.set(key, value)
    text = element.text or ""
    if name == "style" and _LOADS.search(text):
        return None
    made.text = text or None
    for child in element:
        inner = _sanitized_element(child, is_image)
        tail = child.tail or ""
        if inner is not None:
            inner.tail = tail or None
            made.append(inner)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + tail
        else:
            made.text = (made.text or "") + tail
    return made


def _is_allowed(element: str, key: str, value: str, is_image: Callable[[bytes], bool]) -> bool:
    """Return whether an attribute draws: no event, no URL but that of an element of the drawing or an image in it."""
    name = etree.QName(key).localname
    if key in {XLINK_HREF, "href"}:
        if element == "image":
            found = image_of_data_url(value.strip(), MOST_SVG_BYTES)
            return found is not None and is_image(found.data)
        return element != "a" and value.strip().startswith("#")
    return key in {name, XML_SPACE} and not name.lower().startswith("on") and not _LOADS.search(value)


def _set_size(root: etree._Element) -> None:
    """Give a drawing without a size that of its `viewBox`, or the size that browsers give it."""
    if all(_LENGTH.match(root.get(name) or "") for name in ("width", "height")):
        return
    box = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox") or "")]
    size = box[2:] if len(box) == 4 and min(box[2:]) > 0 else DEFAULT_SIZE  # noqa: PLR2004 - x, y, width, height
    for name, value in zip(("width", "height"), size, strict=True):
        root.set(name, f"{value:g}")


def _ground(root: etree._Element) -> etree._Element:
    """Return a white rectangle that is as large as the drawing."""
    ground = etree.Element(f"{{{SVG}}}rect", {"width": "100%", "height": "100%", "fill": "#fff"})
    box = (root.get("viewBox") or "").replace(",", " ").split()
    for name, value in zip(("x", "y", "width", "height"), box, strict=False):
        if value != "0" or name in {"width", "height"}:
            ground.set(name, value)
    return ground


def _times_drawn(root: etree._Element) -> int:
    """Return how many elements a drawing draws; a loop of `use` counts as too many."""
    by_id = {one.get("id"): one for one in root.iter() if one.get("id")}
    known: dict[etree._Element, int] = {}
    open_: set[etree._Element] = set()

    def count(element: etree._Element) -> int:
        if element in known:
            return known[element]
        if element in open_:
            return MOST_DRAWN + 1
        open_.add(element)
        total = 1 + sum(map(count, element))
        target = by_id.get((element.get("href") or element.get(XLINK_HREF) or "").strip()[1:])
        if target is not None and etree.QName(element).localname == "use":
            total += count(target)
        open_.discard(element)
        known[element] = min(total, MOST_DRAWN + 1)
        return known[element]

    return count(root)
