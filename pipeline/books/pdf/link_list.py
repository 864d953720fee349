"""Links of a chapter -> numbers, and the list of their URLs at the end of the chapter, for readers of paper."""

from __future__ import annotations

from pipeline.books.pdf.typst_values import typst_literal
from pipeline.urls.canonical import page_url


class NumberedLinks:
    """The URLs that a chapter links to, each page once, in order."""

    def __init__(self) -> None:
        """Start with no links."""
        self.pages: dict[str, tuple[int, str]] = {}  # page of a URL -> its number, its first URL

    def number_of(self, url: str, words: str) -> int:
        """Return the number of a link; 0 if it needs none: it is not a web page, or its words are its URL."""
        if not url.startswith("http") or not words.strip() or shown_url(words.strip()) in shown_url(url):
            return 0
        number, _ = self.pages.setdefault(page_url(url), (len(self.pages) + 1, url))
        return number

    def listed(self) -> str:
        """Return the list as a call of a function of templates/book.typ; empty if there are no links."""
        entries = [[url, shown_url(url)] for _, url in self.pages.values()]
        return f"#link-list({typst_literal(entries)})" if entries else ""


def shown_url(url: str) -> str:
    """Return a URL as a list in print shows it: without scheme, `www.` and final slash.

    >>> shown_url("https://www.example.org/a/")
    'example.org/a'
    """
    return url.partition("://")[2].removeprefix("www.").rstrip("/") if "://" in url else url.rstrip("/")
