"""URL -> warnings: unsafe schemes, hidden characters, broken escapes, look-alike host names."""

from __future__ import annotations

import re
import unicodedata

import idna

from pipeline.urls.canonical import LONGEST_URL, host_of
from pipeline.urls.normalization import BROKEN_ESCAPE

SAFE_SCHEMES = {
    "http",
    "https",
    "mailto",
    "tel",
    "ftp",
    "doi",
    "arxiv",
    "isbn",
    "pmid",
    "urn",
    "geo",
    "xmpp",
    "irc",
    "magnet",
}
SHORTENERS = {  # URL shorteners: only they know the target
    "t.co", "bit.ly", "buff.ly", "dlvr.it", "fb.me", "goo.gl", "ift.tt", "is.gd", "lnkd.in", "ow.ly", "tinyurl.com",
}  # fmt: skip
_SCHEME_AFTER_CONTROLS = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_CONTROL_CHARACTERS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 controls but TAB, LF and CR; DELETE; C1 controls
    "\u00ad"  # SOFT HYPHEN
    "\u200b-\u200f"  # ZERO WIDTH SPACE to RIGHT-TO-LEFT MARK
    "\u2060-\u2064"  # WORD JOINER to INVISIBLE PLUS
    "\ufeff]"  # ZERO WIDTH NO-BREAK SPACE
    "|%(?:[01][0-9A-Fa-f]|7[Ff])"  # C0 controls and DELETE, percent-encoded
)
_DIRECTION_OVERRIDE = re.compile(
    "[\u061c"  # ARABIC LETTER MARK
    "\u202a-\u202e"  # LEFT-TO-RIGHT EMBEDDING to RIGHT-TO-LEFT OVERRIDE
    "\u2066-\u2069]"  # LEFT-TO-RIGHT ISOLATE to POP DIRECTIONAL ISOLATE
    "|%E2%80%A[A-E]|%E2%81%A[6-9]",  # the last two ranges, percent-encoded
    re.IGNORECASE,
)


def is_unsafe(url: str) -> bool:
    r"""Return whether a URL is more than a link: javascript:, data:, file: and other schemes not in SAFE_SCHEMES.

    >>> is_unsafe(" java\nscript:alert(1)"), is_unsafe("https://e.org/"), is_unsafe("a/b.html")
    (True, False, False)
    """
    match = _SCHEME_AFTER_CONTROLS.match(re.sub(r"[\t\r\n]", "", url[:LONGEST_URL]))
    return match is not None and match[1].lower() not in SAFE_SCHEMES


def url_problems(written: str, url: str) -> tuple[str, ...]:
    """Return the warnings for a URL `written` in a document, whose absolute form is `url`.

    >>> url_problems("https://user:pw@e.org/%", "https://user:pw@e.org/%")
    ('broken escape', 'password')
    """
    if len(written) > LONGEST_URL:
        return ("unsafe", "too long") if is_unsafe(written) else ("too long",)
    host, unsafe = host_of(url), is_unsafe(written)
    holding = {
        "unsafe": unsafe,
        "control characters": bool(_CONTROL_CHARACTERS.search(written)),
        "direction override": bool(_DIRECTION_OVERRIDE.search(written)),
        "broken escape": bool(BROKEN_ESCAPE.search(written)) and not unsafe,
        "password": "@" in url.partition("://")[2].partition("/")[0] and not url.startswith("mailto:"),
        "look-alike name": _mixes_scripts(host),
        "shortened": host in SHORTENERS,
    }
    return tuple(name for name, holds in holding.items() if holds)


def _mixes_scripts(host: str) -> bool:
    """Return whether a label of a host name may pass for another: mixed scripts, or Cyrillic or Greek that looks Latin.

    Latin, Cyrillic and Greek have letters of the same shape (Unicode TR 39, sections 4 and 5.2).
    """
    if "xn--" not in host and host.isascii():
        return False
    for label in host.split("."):
        try:
            text = idna.decode(label) if label.startswith("xn--") else label
        except idna.IDNAError:
            return True
        scripts = {unicodedata.name(char, "?").split(" ")[0] for char in text if char.isalpha()}
        if len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1:
            return True
        if scripts & {"CYRILLIC", "GREEK"} and all(char in LATIN_LOOKALIKES for char in text if char.isalpha()):
            return True
    return False


LATIN_LOOKALIKES = frozenset(
    "асеорхуѕіј"  # CYRILLIC SMALL LETTER A, ES, IE, O, ER, HA, U, DZE, BYELORUSSIAN-UKRAINIAN I, JE
    "һԁԛԝӏьгпкԍ"  # CYRILLIC SMALL LETTER SHHA, KOMI DE, QA, WE, PALOCHKA, SOFT SIGN, GHE, PE, KA, KOMI SJE
    "οανυρτικχηω"  # GREEK SMALL LETTER OMICRON, ALPHA, NU, UPSILON, RHO, TAU, IOTA, KAPPA, CHI, ETA, OMEGA
)
"""Cyrillic and Greek letters that look like Latin ones (from Unicode's confusables.txt)."""
