"""Page of a Tumblr export -> the footer of the post, whose time and tags become front matter."""

from __future__ import annotations

from pipeline.read.pages.tree import PageElement, attribute, has_class, shown_text


def footer_of_tumblr(root: PageElement) -> PageElement | None:
    """Return the element with the time and the tags of a post; None if the page is none of Tumblr's export."""
    for element in root.iter("span"):
        if attribute(element, "id") == "timestamp":
            above = element.getparent()
            return above if attribute(above, "id") == "footer" else None
    return None


def time_of_post(footer: PageElement) -> str:
    """Return the time that a footer shows, as written: `November 25th, 2018 2:57pm`."""
    return next((shown_text(one) for one in footer.iter("span") if attribute(one, "id") == "timestamp"), "")


def tags_of_post(footer: PageElement) -> tuple[str, ...]:
    """Return the tags that a footer shows."""
    found = (shown_text(one).removeprefix("#") for one in footer.iter("span") if has_class(one, "tag"))
    return tuple(dict.fromkeys(filter(None, found)))
