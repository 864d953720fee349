"""Parts of a URL -> the same in normalized syntax (RFC 3986, section 6.2.2; IDNA)."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import idna

_TO_ESCAPE = re.compile(r"[^!#-;=?-_a-z|~]")  # what RFC 3986 disallows in a URL; |, ^ and \ are tolerated
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")  # a percent sign that is not a percent-encoding
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")  # RFC 3986, 2.3


def ascii_host(host: str) -> str:
    """Return the host in lower case, with IDNA (UTS 46) in ASCII; in Unicode if IDNA does not allow it."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(unquote(host), uts46=True).decode("ascii")
    except idna.IDNAError:
        return host.lower()


def normalized_escapes(text: str) -> str:
    """Return a part of a URL with disallowed characters percent-encoded and escapes normalized (RFC 3986, 6.2.2).

    If one escape is invalid, the others stay as they are: servers differ in how they decode them.

    >>> normalized_escapes("/维%e5%9f%ba/%7Ea"), normalized_escapes("/100%/%7E")
    ('/%E7%BB%B4%E5%9F%BA/~a', '/100%/%7E')
    """
    if _TO_ESCAPE.search(text):
        text = _TO_ESCAPE.sub(lambda match: quote(match[0], safe=""), text)
    return text if "%" not in text or BROKEN_ESCAPE.search(text) else _ESCAPE.sub(_normalized_escape, text)


def _normalized_escape(match: re.Match[str]) -> str:
    """Return an escape decoded if it need not be one, else in upper case: `%7e` -> `~`, `%2f` -> `%2F`."""
    char = chr(int(match[1], 16))
    return char if _UNRESERVED.fullmatch(char) else match[0].upper()


def without_dot_segments(path: str) -> str:
    """Return a path without its segments `.` and `..` (RFC 3986, 5.2.4).

    >>> without_dot_segments("/a/b/../c/.")
    '/a/c/'
    """
    if "/." not in path:
        return path
    kept: list[str] = []
    parts = path.split("/")
    for at, part in enumerate(parts):
        if part == ".." and len(kept) > 1:
            kept.pop()
        if part not in {".", ".."}:
            kept.append(part)
        elif at == len(parts) - 1:
            kept.append("")
    return "/".join(kept)
