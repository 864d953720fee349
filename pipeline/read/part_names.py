"""URL of a page, or title of a chapter -> the name of a part of a container, which file systems can write."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import unquote, urlsplit

LONGEST_PART_NAME = 100  # bytes of UTF-8: a longer name would get a hash
DEEPEST_PART = 8  # folders; what is deeper has its path in its name
PART_SUFFIX = ".html"
_NOT_IN_NAMES = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff<>:\"/\\|?*#%\ud800-\udfff]+"
)


def readable_name(written: str) -> str:
    r"""Return a text as a name of a file or a folder, without characters that a file system or a link rejects.

    >>> readable_name("  What?\n A mill: and more... "), readable_name("..")
    ('What_ A mill_ and more', '')
    """
    spaced = " ".join(unicodedata.normalize("NFC", written).split())
    return _NOT_IN_NAMES.sub("_", spaced).encode()[:LONGEST_PART_NAME].decode("utf-8", "ignore").strip(" ._")


def name_of_url(url: str) -> str:
    """Return the name of the part with the page at a URL: its host and its path.

    >>> name_of_url("https://e.org/2021/a%20mill.html?id=3"), name_of_url("https://e.org/")
    ('e.org/2021/a mill_id=3.html', 'e.org/index.html')
    """
    parts = urlsplit(url)
    folders = [readable_name(unquote(one)) for one in parts.path.split("/")[1:]]
    *above, last = folders or [""]
    last = re.sub(r"\.(?:x?html?|php|aspx?|jsp)\Z", "", last, flags=re.IGNORECASE) or "index"
    if parts.query:
        last = readable_name(f"{last}_{unquote(parts.query)}")
    above = [one for one in above if one]
    if len(above) > DEEPEST_PART:
        above, last = above[:DEEPEST_PART], f"{last[:40]}-{_hash_of(url)}"
    return "/".join([readable_name(parts.hostname or "") or "page", *above, last]) + PART_SUFFIX


def unique_name(name: str, key: str, taken: set[str]) -> str:
    """Return `name`, with a hash of `key` if its like is in `taken`, whatever the case; add it there.

    >>> unique_name("a/B.html", "k", {"a/b.html"})
    'a/B-8254c329.html'

    Posts may have the same key too: then the number of posts before them makes their names different.
    """
    stem = name.removesuffix(PART_SUFFIX)
    while name.casefold() in taken:
        name = f"{stem}-{_hash_of(key)}{PART_SUFFIX}"
        key += f" {len(taken)}"
    taken.add(name.casefold())
    return name


def _hash_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8]
