"""Web page -> whether a program wrote it as a list of files or of archived pages, which is no post."""

from __future__ import annotations

import re

from pipeline.document import ListPage
from pipeline.read.page_tree import PageElement, shown_text

FEWEST_LISTED = 0.5  # of the characters of the page, which are links or in a row with a link
_LIST_TITLES = {  # title of the page -> the program that writes such lists
    re.compile(r"Index of /.*|Index of ftp://.*", re.IGNORECASE | re.DOTALL): "a web server's list of a folder",
    re.compile(
        r"Directory listing (?:for|of) .*|Listing directory .*", re.IGNORECASE | re.DOTALL
    ): "a web server's list of a folder",
    re.compile(
        r".*- HTTrack Website Copier|.*Index of locally available (?:sites|projects).*", re.IGNORECASE | re.DOTALL
    ): "HTTrack's list of copied websites",
    re.compile(r"Page has moved", re.IGNORECASE): "HTTrack's note that a page has moved",
    re.compile(
        r"Archived Sites|ArchiveBox(?: Index)?|.*\| ArchiveBox Index", re.IGNORECASE
    ): "ArchiveBox's list of archived pages",
}


def refuse_list(root: PageElement) -> None:
    """Raise ListPage if a page is a list that a program wrote: by its title or heading, and because it is mostly links.

    `<title>Index of /blog</title>` with links to files is one; an article of that title is none.
    """
    names = [shown_text(one) for one in root.iter("title", "h1", "h2")][:4]
    program = next((of for pattern, of in _LIST_TITLES.items() if any(map(pattern.fullmatch, names))), "")
    body = root.find("body")
    if not program or body is None:
        return
    rows = sum(len(shown_text(one)) for one in body.iter("a", "tr", "li", "pre") if one.tag == "a" or _is_row(one))
    if next(body.iter("a"), None) is not None and rows >= FEWEST_LISTED * len(shown_text(body)):
        message = f"is {program}, not a post"
        raise ListPage(message)


def _is_row(element: PageElement) -> bool:
    return next(element.iter("a"), None) is not None and next(element.iter("p", "article", "table"), None) is None
