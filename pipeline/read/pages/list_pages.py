"""Web page -> whether a program wrote it as a list of files or of archived pages, which is not a post."""

from __future__ import annotations

import re

from pipeline.document import ListPage
from pipeline.read.pages.tree import PageElement, shown_text

FEWEST_LISTED = 0.5  # of the characters of the page, which are links or in a row with a link
_LIST_TITLES = {  # what writes such lists -> the titles of its pages
    "a web server's list of a folder": r"Index of (?:/|ftp://).*|Directory listing (?:for|of) .*|Listing directory .*",
    "HTTrack's list of copied websites": r".*- HTTrack Website Copier|.*Index of locally available .*",
    "HTTrack's note that a page has moved": r"Page has moved",
    "ArchiveBox's list of archived pages": r"Archived Sites|ArchiveBox(?: Index)?|.*\| ArchiveBox Index",
}


def refuse_list(root: PageElement) -> None:
    """Raise ListPage if a page is a list that a program wrote: by its title or heading, and because it is mostly links.

    `<title>Index of /blog</title>` with links to files is one; an article of that title is none.
    """
    names = [shown_text(one) for one in root.iter("title", "h1", "h2")][:4]
    matches = (
        program
        for program, pattern in _LIST_TITLES.items()
        if any(re.fullmatch(pattern, name, re.IGNORECASE) for name in names)
    )
    program = next(matches, "")
    body = root.find("body")
    if not program or body is None:
        return
    rows = sum(len(shown_text(one)) for one in body.iter("a", "tr", "li", "pre") if one.tag == "a" or _is_row(one))
    if next(body.iter("a"), None) is not None and rows >= FEWEST_LISTED * len(shown_text(body)):
        message = f"is {program}, not a post"
        raise ListPage(message)


def _is_row(element: PageElement) -> bool:
    return next(element.iter("a"), None) is not None and next(element.iter("p", "article", "table"), None) is None
