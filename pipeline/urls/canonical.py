"""URL as written -> canonical URL: absolute, without redirect wrappers, without tracking parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from pipeline.urls.normalization import ascii_host, normalized_escapes, without_dot_segments
from pipeline.urls.rules import HostRules, rule_book
from pipeline.urls.wrappers import wrapped_url

LONGEST_URL = 4_096  # characters of a URL to process; some patterns of ClearURLs take quadratic time
MOST_WRAPPERS = 8  # redirect wrappers around each other
DEFAULT_PORTS = {"http": "80", "https": "443"}
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_NO_SCHEME = re.compile(r"//[^\s/?#@:]+\.[^\W\d_]{2,}(?::\d+)?(?:[/?#]|\Z)")  # protocol-relative: //e.org/a
_FRAGMENT_PARAMETERS = re.compile(r"[\w.-]+=[^&]*(?:&[\w.-]+=[^&]*)*")  # a fragment with parameters: a=b&c=d
_HOST = re.compile(r"[\w.%-]++|(?=[^:]*+:)[0-9a-f:.]++")  # a name, or an IPv6 address
_TEXT_FRAGMENT = re.compile(r":~:.*")  # an instruction to the browser, never part of the URL (WICG)


@lru_cache(maxsize=1024)  # the posts of a site have many links to the same pages
def canonical_url(url: str, base: str = "") -> str:
    """Return the canonical form of a URL: absolute, without redirect wrappers and tracking parameters.

    All else stays as written, as it may matter to the server. A URL that is not http(s) or is in too many wrappers is
    only made absolute; one that is too long is returned unchanged. The function is idempotent.

    >>> canonical_url("HTTP://Example.com/a?utm_source=x&id=1")
    'http://example.com/a?id=1'
    >>> canonical_url("/b", "https://example.com/a")
    'https://example.com/b'
    >>> canonical_url("https://youtu.be/q-4lo5luKgc?t=3")
    'https://www.youtube.com/watch?v=q-4lo5luKgc&t=3'
    """
    if len(url) + len(base) > LONGEST_URL:
        return url
    written = absolute_url(url, base)
    current = written
    for _ in range(MOST_WRAPPERS):
        after = _one_step(current)
        if after == current:
            return current
        current = after
    return written  # too many wrappers: there is no final form


def absolute_url(url: str, base: str = "") -> str:
    r"""Return a URL made absolute with `base` as browsers do; surrounding spaces and all line ends are removed.

    A URL without a scheme gets `https` where no base gives one.

    >>> absolute_url(" b/c.html\n", "https://example.com/a/"), absolute_url("//example.com/a")
    ('https://example.com/a/b/c.html', 'https://example.com/a')
    """
    url = url.strip("\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f \x1b\x1c\x1d\x1e\x1f")
    for char in "\t\r\n":
        url = url.replace(char, "")
    if _ANY_SCHEME.match(url) or not base:
        return f"https:{url}" if _NO_SCHEME.match(url) else url
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def page_url(url: str) -> str:
    """Return a URL without its fragment and final slash, so that URLs of the same page are equal.

    >>> page_url("https://example.com/a/#top")
    'https://example.com/a'
    """
    return urldefrag(url)[0].rstrip("/")


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; empty if it has none.

    >>> host_of("https://user@WWW.Example.com:8080/a")
    'www.example.com'
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _one_step(url: str) -> str:
    """Return the URL after one step towards its canonical form: unwrapped once, or cleaned."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url
    if parts.scheme not in DEFAULT_PORTS or not _HOST.fullmatch(host):
        return url
    user, at, _ = parts.netloc.rpartition("@")
    port = parts.netloc.rpartition(":")[2] if re.search(r":\d*\Z", parts.netloc) else ""
    host = ascii_host(host if not parts.netloc.rpartition("@")[2].startswith("[") else f"[{host}]")
    path, query, fragment = map(normalized_escapes, (parts.path, parts.query, parts.fragment))
    book, names = rule_book(), list(_parent_domains(host))
    applying = [] if any(name in book.verbatim_hosts for name in names) else list(_rules_for_url(url, names))
    if target := wrapped_url(url, path, query, applying):
        return target
    secure = parts.scheme == "http" and not port and any(name in book.https_hosts for name in names)
    scheme = "https" if secure else parts.scheme
    fragment = _TEXT_FRAGMENT.sub("", fragment)
    if applying and (query or fragment):
        query, fragment = _without_tracking(names, (query, fragment), applying)
    netloc = user + at + host + (f":{port}" if port and port != DEFAULT_PORTS[scheme] else "")
    path = without_dot_segments(path or "/")
    rest = netloc + path + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return f"{scheme}://{_rewritten_by_rules(rest, applying) if not user else rest}"


def _rewritten_by_rules(rest: str, applying: list[HostRules]) -> str:
    """Return the URL without its scheme, rewritten by the rules of its host."""
    for rules in applying:
        for pattern in rules.removed_text:
            rest = pattern.sub("", rest)
        if rules.rewrite and (match := rules.rewrite[0].fullmatch(rest)):
            return match.expand(rules.rewrite[1]).replace("?&", "?").replace("&#", "#").rstrip("&?")
    return rest


def _parent_domains(host: str) -> Iterator[str]:
    """Yield a host and its parent domains: a.b.org, b.org, org."""
    while host:
        yield host
        host = host.partition(".")[2]


def _rules_of_hosts(names: Iterable[str], table: dict[str, list[HostRules]]) -> Iterator[HostRules]:
    for name in names:
        yield from table.get(name, ())


def _rules_for_url(url: str, names: list[str]) -> Iterator[HostRules]:
    """Yield the rules that apply to this URL."""
    book = rule_book()
    yield book.all_hosts
    yield from _rules_of_hosts(names, book.by_host)
    candidates = [rules for label in names[0].split(".") for rules in book.by_label.get(label, ())]
    for rules in (*candidates, *book.other):
        if (
            rules.applies_to
            and rules.applies_to.match(url)
            and not any(exception.search(url) for exception in rules.exceptions)
        ):
            yield rules


def _without_tracking(names: list[str], parts: tuple[str, str], applying: list[HostRules]) -> tuple[str, str]:
    """Return the query and the fragment without their tracking parameters."""
    query, fragment = parts
    book = rule_book()
    removed = [rules.removed_keys for rules in applying if rules.removed_keys]
    kept = [book.kept_keys[name] for name in names if name in book.kept_keys]

    def is_kept(part: str) -> bool:
        key, _, value = part.partition("=")
        if (pattern := book.tracking_values.get(key)) and pattern.fullmatch(unquote(value)):
            return False
        if any(one.fullmatch(key) for one in kept):
            return True
        return not book.tracking.fullmatch(key) and not any(one.fullmatch(key) for one in removed)

    if _FRAGMENT_PARAMETERS.fullmatch(fragment):
        fragment = "&".join(part for part in fragment.split("&") if is_kept(part))
    return "&".join(part for part in query.split("&") if is_kept(part)), fragment
