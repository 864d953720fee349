"""What can be wrong with an address: unsafe schemes, hidden characters, broken escapes, look-alike names."""

from __future__ import annotations

import re
import unicodedata

import idna

from pipeline.urls.canonical import LONGEST, host_of

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
SHORTENERS = {  # hosts whose addresses hide another, which only they can tell
    "t.co", "bit.ly", "buff.ly", "dlvr.it", "fb.me", "goo.gl", "ift.tt", "is.gd", "lnkd.in", "ow.ly", "tinyurl.com",
}  # fmt: skip
_SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|%(?:[01][0-9A-Fa-f]|7[Ff])"
)
_BIDI = re.compile("[\u061c\u202a-\u202e\u2066-\u2069]|%E2%80%A[A-E]|%E2%81%A[6-9]", re.IGNORECASE)
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


def is_unsafe(address: str) -> bool:
    r"""Tell whether an address does something other than to lead somewhere: javascript:, data:, file: and their like.

    >>> is_unsafe(" java\nscript:alert(1)"), is_unsafe("https://e.org/"), is_unsafe("a/b.html")
    (True, False, False)
    """
    match = _SCHEME.match(re.sub(r"[\t\r\n]", "", address[:LONGEST]))
    return match is not None and match[1].lower() not in SAFE_SCHEMES


def warnings(written: str, address: str) -> tuple[str, ...]:
    """Return what is to be noted of an address as written and in its absolute form, a word or two each."""
    if len(written) > LONGEST:
        return ("unsafe", "too long") if is_unsafe(written) else ("too long",)
    host = host_of(address)
    found = {
        "unsafe": is_unsafe(written),
        "control characters": bool(_HIDDEN.search(written)),
        "direction override": bool(_BIDI.search(written)),
        "broken escape": bool(_BROKEN.search(written)) and not is_unsafe(written),
        "password": "@" in address.partition("://")[2].partition("/")[0] and not address.startswith("mailto:"),
        "look-alike name": _mixes_scripts(host),
        "shortened": host in SHORTENERS,
    }
    return tuple(name for name, holds in found.items() if holds)


def _mixes_scripts(host: str) -> bool:
    """Tell whether a label of a name mixes scripts that look alike, or is Cyrillic or Greek that looks Latin.

    Latin, Cyrillic and Greek share shapes (Unicode TR 39, 5.2 and the whole-script confusables of 4).
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
        if scripts & {"CYRILLIC", "GREEK"} and all(char in LOOK_LATIN for char in text if char.isalpha()):
            return True
    return False


LOOK_LATIN = frozenset("асеорхуѕіјһԁԛԝӏьгпкԍοανυρτικχηω")
"""Letters of Cyrillic and Greek that are read as Latin ones (from Unicode's confusables.txt)."""
