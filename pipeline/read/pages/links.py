"""Links of a page -> targets for Markdown: complete, and never one that runs a program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from pipeline.read.pages.tree import PageElement, attribute
from pipeline.urls.url_warnings import SAFE_SCHEMES

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_IGNORED_IN_URLS = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]+")
_HOSTS_OF_PLAYERS = re.compile(r"//(?:www\.)?(?:youtube(?:-nocookie)?\.com/embed/)([\w-]{6,20})")


@dataclass(frozen=True, slots=True)
class PageLinks:
    """What links of a page are relative to: the URL of `<base>`, of the page itself; "" where they are not known."""

    base: str = ""
    page: str = ""

    def target(self, element: PageElement) -> tuple[str, str] | None:
        """Return the target and the title of an `<a>`; None if it leads nowhere that a book can show."""
        url = self.resolved(element.get("href") or "")
        return (url, attribute(element, "title")) if url else None

    def resolved(self, written: str) -> str:
        r"""Return a complete and safe URL; "" for a place in the page itself and for schemes that run programs.

        >>> links = PageLinks(page="https://e.org/a/b.html")
        >>> links.resolved("/c"), links.resolved(" java\nscript:alert(1)"), links.resolved("pics/a.png")
        ('https://e.org/c', '', 'pics/a.png')
        """
        url = written.strip()
        joined = _IGNORED_IN_URLS.sub("", url)
        scheme = _SCHEME.match(joined)
        if not url or joined.startswith("#") or (scheme and scheme[1].lower() not in SAFE_SCHEMES):
            return ""
        if scheme:
            return _IGNORED_IN_URLS.sub(lambda match: "%20" * (match[0].strip("\n\t\r") != ""), url)
        try:
            if self.base:
                url = urljoin(self.base, url)
            elif url.startswith("/") and self.page:
                url = urljoin(self.page, url)
        except ValueError:
            return ""
        return f"https:{url}" if url.startswith("//") else url

    def media(self, element: PageElement) -> str:
        """Return the URL of a video, a sound or a page in the page; "" if it has none on the web."""
        sources = [element, *element.iter("source")]
        written = next((url for one in sources for name in ("src", "data-src") if (url := attribute(one, name))), "")
        if player := _HOSTS_OF_PLAYERS.search(written):
            return f"https://www.youtube.com/watch?v={player[1]}"
        url = self.resolved(written)
        return re.sub(r"[\s()<>]", lambda match: f"%{ord(match[0]):02X}", url) if url.startswith("http") else ""
