"""An address as written -> its canonical form: absolute, unwrapped, without what only tracks the reader."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

import idna

from pipeline.urls.rules import Rules, rule_book

LONGEST = 4_096  # characters of an address that is looked into; some of ClearURLs' patterns are quadratic
MOST_WRAPPERS = 8  # in one another
DEFAULT_PORTS = {"http": "80", "https": "443"}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNSAFE = re.compile(r"[^!#-;=?-_a-z|~]")  # what RFC 3986 lets no address hold, but for | and ^ and \
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")  # RFC 3986, 2.3
_FORM = re.compile(r"[\w.-]+=[^&]*(?:&[\w.-]+=[^&]*)*")
_HOST = re.compile(r"[\w.%-]+|[0-9a-f:.]*:[0-9a-f:.]*")  # a name, or an IPv6 address
_TEXT_FRAGMENT = re.compile(r":~:.*")  # a directive to the browser, never part of the address (WICG)


def canonical(address: str, base: str = "") -> str:
    """Return the address absolute, unwrapped and without what only tracks the reader; as it is if it is not http.

    All else stays as written: whoever serves it may tell the difference. The form is a fixed point: it is canonical.

    >>> canonical("HTTP://Example.com/a?utm_source=x&id=1")
    'http://example.com/a?id=1'
    >>> canonical("/b", "https://example.com/a")
    'https://example.com/b'
    >>> canonical("https://youtu.be/q-4lo5luKgc?t=3")
    'https://www.youtube.com/watch?v=q-4lo5luKgc&t=3'
    """
    if len(address) + len(base) > LONGEST:
        return address
    written = absolute(address, base)
    known = written
    for _ in range(MOST_WRAPPERS):
        after = _once(known)
        if after == known:
            return known
        known = after
    return written  # it leads on and on: no form is final


def absolute(address: str, base: str = "") -> str:
    """Return the address made absolute against `base`, as a browser reads it: spaces around and line ends gone."""
    address = address.strip("\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f \x1b\x1c\x1d\x1e\x1f")
    for char in "\t\r\n":
        address = address.replace(char, "")
    if _SCHEME.match(address) or not base:
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def page_of(address: str) -> str:
    """Return an address without its fragment and the slash at its end: what addresses of one page have in common.

    >>> page_of("https://example.com/a/#top")
    'https://example.com/a'
    """
    return urldefrag(address)[0].rstrip("/")


def host_of(address: str) -> str:
    """Return the host of an address in lower case; empty if it has none.

    >>> host_of("https://user@WWW.Example.com:8080/a")
    'www.example.com'
    """
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _once(address: str) -> str:
    """Return the address one step nearer to its canonical form."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return address
    if parts.scheme not in DEFAULT_PORTS or not _HOST.fullmatch(host):
        return address
    user, at, _ = parts.netloc.rpartition("@")
    port = parts.netloc.rpartition(":")[2] if re.search(r":\d*\Z", parts.netloc) else ""
    host = _ascii_host(host if not parts.netloc.rpartition("@")[2].startswith("[") else f"[{host}]")
    path, query, fragment = map(_escaped, (parts.path, parts.query, parts.fragment))
    book, names = rule_book(), list(_names(host))
    applying = [] if any(name in book.verbatim for name in names) else list(_applying(address, names))
    if target := _target(address, path, query, applying):
        return target
    secure = parts.scheme == "http" and not port and any(name in book.https for name in names)
    scheme = "https" if secure else parts.scheme
    fragment = _TEXT_FRAGMENT.sub("", fragment)
    if applying and (query or fragment):
        query, fragment = _without_tracking(address, names, (query, fragment), applying)
    netloc = user + at + host + (f":{port}" if port and port != DEFAULT_PORTS[scheme] else "")
    rest = netloc + _without_dots(path or "/") + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return f"{scheme}://{_rewritten(rest, applying) if not user else rest}"


def _rewritten(rest: str, applying: list[Rules]) -> str:
    """Return what follows the scheme in the one form that the host's rules give it."""
    for rules in applying:
        for pattern in rules.erased:
            rest = pattern.sub("", rest)
        if rules.rewrite and (match := rules.rewrite[0].fullmatch(rest)):
            return match.expand(rules.rewrite[1]).replace("?&", "?").replace("&#", "#").rstrip("&?")
    return rest


def _names(host: str) -> Iterator[str]:
    """Yield the host and the hosts above it: a.b.org, b.org, org."""
    while host:
        yield host
        host = host.partition(".")[2]


def _of(names: Iterable[str], table: dict[str, list[Rules]]) -> Iterator[Rules]:
    for name in names:
        yield from table.get(name, ())


def _applying(address: str, names: list[str]) -> Iterator[Rules]:
    """Yield the rules for this address."""
    book = rule_book()
    yield book.everywhere
    yield from _of(names, book.hosts)
    candidates = [rules for label in names[0].split(".") for rules in book.labels.get(label, ())]
    for rules in (*candidates, *book.rest):
        if rules.where and rules.where.match(address) and not any(but.search(address) for but in rules.but):
            yield rules


def _target(address: str, path: str, query: str, applying: list[Rules]) -> str:
    """Return the address that this one only leads on to; empty if it is a place itself."""
    if "=" not in query and "http" not in path and "http" not in query:
        return ""
    for rules in applying:
        found = [match[1] for pattern in rules.leads_to if (match := pattern.search(address))]
        if rules.wrapper and rules.wrapper[0].fullmatch(path):
            pairs = (part.partition("=") for part in query.split("&"))
            found += [value for key, _, value in pairs if rules.wrapper[1].fullmatch(key)]
        for target in found:
            plain = _plain(target, address)
            if re.match(r"https?://[^\s/]+\.[^\s/]", plain, re.IGNORECASE):
                return plain
    return ""


def _plain(target: str, wrapper: str) -> str:
    """Return a target as a wrapper holds it, escaped, in base64 (Bing) or of its own host, as an address."""
    if target.startswith("a1aHR0c"):  # a1, then `http` in base64
        encoded = target[2:] + "=" * (-len(target[2:]) % 4)
        with suppress(ValueError):  # what else begins so
            return base64.urlsafe_b64decode(encoded).decode("utf-8", "replace")
    plain = target if re.match(r"https?://", target, re.IGNORECASE) else unquote(target)
    return urljoin(wrapper, plain) if re.match(r"/[^/]", plain) else plain


def _without_tracking(address: str, names: list[str], parts: tuple[str, str], applying: list[Rules]) -> tuple[str, str]:
    """Return the query and the fragment without the keys that only track the reader."""
    query, fragment = parts
    book = rule_book()
    cuts = [rules.cuts for rules in applying if rules.cuts and rules is not book.everywhere]
    keeps = [book.keeps[name] for name in names if name in book.keeps]
    everywhere = book.everywhere

    def shown(part: str) -> bool:
        key, _, value = part.partition("=")
        if key == "source" and "---" in unquote(value):  # Medium: the list that the reader came from
            return False
        if any(keep.fullmatch(key) for keep in keeps):
            return True
        if book.tracking.fullmatch(key) or any(cut.fullmatch(key) for cut in cuts):
            return False
        assert everywhere.cuts is not None  # noqa: S101 - of the data
        return not everywhere.cuts.fullmatch(key) or any(but.search(address) for but in everywhere.but)

    if _FORM.fullmatch(fragment):
        fragment = "&".join(part for part in fragment.split("&") if shown(part))
    return "&".join(part for part in query.split("&") if shown(part)), fragment


def _ascii_host(host: str) -> str:
    """Return the host in lower case and in ASCII, as IDNA (UTS 46) writes it; as it is where it cannot be."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(unquote(host), uts46=True).decode("ascii")
    except idna.IDNAError:
        return host.lower()


def _escaped(text: str) -> str:
    """Return a part of an address with what none may hold escaped, and escapes in their one form (RFC 3986, 6.2.2).

    Where an escape is broken, those beside it stay as they are: nobody knows how they will be read.

    >>> _escaped("/维%e5%9f%ba/%7Ea"), _escaped("/100%/%7E")
    ('/%E7%BB%B4%E5%9F%BA/~a', '/100%/%7E')
    """
    if _UNSAFE.search(text):
        text = _UNSAFE.sub(lambda match: quote(match[0], safe=""), text)
    return text if "%" not in text or _BROKEN.search(text) else _ESCAPE.sub(_one_form, text)


def _one_form(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if _UNRESERVED.fullmatch(char) else match[0].upper()


def _without_dots(path: str) -> str:
    """Return the path without `.` and `..` (RFC 3986, 5.2.4)."""
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
