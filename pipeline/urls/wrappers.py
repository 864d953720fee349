"""URL of a redirect wrapper -> the URL that it contains."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import unquote, urljoin

from pipeline.urls.rules import HostRules

_WEB_URL = re.compile(r"https?://[^\s/]+\.[^\s/]", re.IGNORECASE)
_ENCODED_URL = re.compile(r"https?(?::|%(?:25)*3A)", re.IGNORECASE)
MOST_ENCODINGS = 3  # percent-encodings of one URL on top of each other
_RUN_LENGTHS = {char: length for length, char in enumerate(string.ascii_letters.swapcase() + string.digits + "-_", 2)}
_V3 = re.compile(r"__(.+?)__;([\w-]*)=*!", re.DOTALL)
_DISQUS_SIGNATURE = re.compile(r":[\w-]{20,}\Z")
_V3_TOKEN = re.compile(r"\*(?:\*(.))?")


def wrapped_url(url: str, path: str, query: str, applying: list[HostRules]) -> str:
    """Return the URL that a redirect wrapper contains; empty if this URL is not a wrapper."""
    for rules in applying:
        for target in _targets(url, path, query, rules):
            plain = _unwrapped(target, url)
            if _WEB_URL.match(plain):
                return plain
    return ""


def _targets(url: str, path: str, query: str, rules: HostRules) -> Iterator[str]:
    """Yield what may be the target, by the rules of a host."""
    if "=" in query or "http" in path or "http" in query:
        yield from (match[1] for pattern in rules.redirections if (match := pattern.search(url)))
    wrapper = rules.wrapper
    if not wrapper:
        return
    if not wrapper.key:
        if match := wrapper.paths.fullmatch(url.partition("://")[2].partition("/")[2]):
            yield DECODERS[wrapper.decoder](match[1])
    elif wrapper.paths.fullmatch(path or "/"):
        for key, _, value in (part.partition("=") for part in query.split("&")):
            if wrapper.key.fullmatch(key):
                yield DECODERS[wrapper.decoder](value)


def _unwrapped(target: str, wrapper: str) -> str:
    """Return the URL in a wrapper's parameter: percent-encoded, in base64 (Bing) or relative to the wrapper."""
    if target.startswith("a1aHR0c"):  # a1, then `http` in base64
        return _from_base64(target[2:]) or target
    plain = target
    for _ in range(MOST_ENCODINGS):
        if re.match(r"https?://", plain, re.IGNORECASE) or not (_ENCODED_URL.match(plain) or "%2F" in plain.upper()):
            break
        plain = unquote(plain)
    return urljoin(wrapper, plain) if re.match(r"/[^/]", plain) else plain


def _from_base64(text: str) -> str:
    """Return the text in base64; empty if it is none: `aHR0cHM6Ly9lLm9yZw` -> `https://e.org`."""
    with suppress(ValueError):  # another parameter that begins like this
        plain = unquote(text).rstrip("=")
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8", "replace")
    return ""


def _from_urldefense_v2(text: str) -> str:
    """Return the target in a URL of Proofpoint's URL Defense 2: `https-3A__e.org_a` -> `https://e.org/a`."""
    return unquote(text.replace("-", "%").replace("_", "/"))


def _from_urldefense_v3(text: str) -> str:
    """Return the target in a URL of Proofpoint's URL Defense 3: `__https://e.org/*a__;Iw!!x$` -> `https://e.org/#a`.

    Each `*` stands for a character of the base64 text after `__;`, `**A` for 2 of them, `**B` for 3, and so on
    (Proofpoint's URL decoder).
    """
    match = _V3.match(text)
    if not match:
        return ""
    url = re.sub(r"\A([a-z0-9+.-]+:/)(?=[^/])", r"\1/", unquote(match[1]), flags=re.IGNORECASE)
    replaced = _from_base64(match[2])
    at = 0

    def characters(token: re.Match[str]) -> str:
        nonlocal at
        length = _RUN_LENGTHS.get(token[1], 0) if token[1] else 1
        at += length
        return replaced[at - length : at]

    return _V3_TOKEN.sub(characters, url)


def _from_disqus(text: str) -> str:
    """Return the target before the signature of Disqus: `https%3A%2F%2Fe.org%2Fa%3AzXMZ...` -> `https://e.org/a`."""
    return _DISQUS_SIGNATURE.sub("", unquote(text))


def _from_words(text: str) -> str:
    return text


DECODERS: dict[str, Callable[[str], str]] = {
    "": _from_words,
    "base64": _from_base64,
    "disqus": _from_disqus,
    "urldefense-v2": _from_urldefense_v2,
    "urldefense-v3": _from_urldefense_v3,
}
"""How the target is written, by the name in `decoder` of a rule: as it is, percent-encoded or not, if empty."""
