"""Text -> its prose, from which the language is identified."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from pipeline.patterns import lazy_pattern

FEWEST_LETTERS_TO_IDENTIFY = 18  # letters of a script that many languages have; with fewer, the tag would be a guess
IDENTIFICATION_SAMPLE = 5_000  # characters to identify the language from
_NOT_PROSE = lazy_pattern(
    r"(?=[`~<h\]&$%\[{]|^ )(?:"  # a match starts with one of these: half the time
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|<!--.*?-->|\{%[^\n]*?%\}|\{\{[^\n]*?\}\}"  # code, comments, templates
    r"|<(?P<player>audio|video|iframe|script|style)\b.*?</(?P=player)>"  # shown where a browser cannot play it
    r"|<?https?://[^\s)>]+|\]\([^)]*\)|</?[A-Za-z][^<>]*>|&[a-z]+;|\$\$.*?\$\$"
    r"|^[ ]{0,3}\[[^\]\n]+\]:[^\n]*|(?:%[0-9A-Fa-f]{2})+)",  # definitions of links, percent-escapes
    re.DOTALL | re.MULTILINE,
)
_UUID = lazy_pattern(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_QUOTATION = lazy_pattern(r"^[ \t]*>.*(?:\n[ \t]*\S.*)*$", re.MULTILINE)  # with lines that lack the mark


def prose_of(text: str) -> str:
    """Return the start of a text without code, URLs and tags, and without quotations if there is other text."""
    sample = text[: 4 * IDENTIFICATION_SAMPLE]
    if "((" in sample or "id::" in sample:  # Logseq refers to blocks by UUIDs
        sample = _UUID.sub(" ", sample)
    prose = unicodedata.normalize("NFC", _NOT_PROSE.sub(" ", sample))
    own = _QUOTATION.sub("", prose)
    return (own if has_enough_letters(own) else prose)[:IDENTIFICATION_SAMPLE]


def has_enough_letters(text: str) -> bool:
    """Return whether a text has enough letters to identify its language."""
    return next(islice(filter(str.isalpha, text), FEWEST_LETTERS_TO_IDENTIFY - 1, None), "") != ""
