"""Bytes of a package's member -> (text, count): readers for languages with alphabets, and a language filter."""

# ruff: noqa: ARG001, SIM905 - every reader takes the name; sets of words read best as text

from __future__ import annotations

import html
import json
import math
import re
import shlex
import struct
import unicodedata

from lxml import etree

from training.readers import TOKENS, Texts, cbpack

LABEL = 20  # characters: shorter messages of programs are labels, not prose
MOSTLY = 0.5  # the share of characters that makes a text one of letters, or of a script
UNTRANSLATED = 0.1  # the share of English function words that marks a text as English
ENGLISH = frozenset(
    "the and with this that your you from which when should have not are been would their they was of by "
    "it be has into used use using its these how what why other where than only each some there while "
    "being such them then".split()
)
OTHER_ALPHABETS = frozenset("ar be bg bn el fa he hi hy ka kk mk mn ru sr ta tg th uk ur yi".split())
LATIN = re.compile(  # Basic Latin, Latin-1 to Latin Extended-B, Latin Extended Additional
    r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"
)

BLOCKS = frozenset("p div li dd dt td th h1 h2 h3 h4 h5 h6 title para simpara screeninfo desc cite blockquote".split())
CODE = ("script", "style", "pre", "programlisting", "screen", "synopsis")

ROFF = {
    r"\\f\[[^\]]*\]|\\f\(..|\\f.|\\s[-+]?\d+|\\[&|^/,:%)~0c]|\\m\[[^\]]*\]": "",
    r"\\\[?\(?aq\]?": "'",
    r"\\\((lq|rq|dq)": '"',
    r"\\\((em|en|bu|co|Fo|Fc|oq|cq)": " ",
    r"\\-": "-",
    r"\\ ": " ",
    r"\\e|\\\(rs": r"\\",
}  # escapes of roff and what they print


def is_in(language: str, text: str) -> bool:
    """Return whether `text` is mostly letters and in `language`, not in untranslated English."""
    letters = sum(unicodedata.category(character)[0] in "LM" for character in text)
    if letters < MOSTLY * len(text):
        return False
    if language in OTHER_ALPHABETS:
        return len(LATIN.findall(text)) < MOSTLY * letters
    words = re.findall(r"[^\W\d_]+", text.lower())
    return language == "en" or sum(word in ENGLISH for word in words) <= UNTRANSLATED * len(words)


def _line(text: str) -> str:
    return " ".join(text.split())


def markup(name: str, data: bytes) -> Texts:
    """Yield the innermost paragraphs, items, cells and headings of HTML, DocBook or Mallard, without code."""
    try:
        data.decode()
        parser = etree.HTMLParser(encoding="utf-8", remove_comments=True)
    except UnicodeDecodeError:
        parser = etree.HTMLParser(remove_comments=True)
    tree = etree.fromstring(data, parser) if data.strip() else None
    if tree is None:
        return
    etree.strip_elements(tree, *CODE, with_tail=False)
    for element in tree.iter(*BLOCKS):
        if all(inner is element for inner in element.iter(*BLOCKS)):
            yield _line("".join(element.itertext())).removeprefix("Title is: "), 1.0


def roff(name: str, data: bytes) -> Texts:
    """Yield the paragraphs of a manual page, with the text of font macros and without examples."""
    paragraph: list[str] = []
    example = False
    for line in data.decode("utf-8", "ignore").splitlines():
        macro, _, rest = line[1:].strip().partition(" ") if line[:1] in {".", "'"} else ("", "", line)
        example = macro in {"nf", "EX"} or (example and macro not in {"fi", "EE"})
        if macro in {"B", "I", "SM"} or (not macro and line.strip() and not example):
            paragraph.append(rest.strip('"'))
        elif macro in {"BR", "RB", "IR", "RI", "BI", "IB"}:
            paragraph.append("".join(_arguments(rest)))
        elif not macro.startswith(('\\"', "hy", "ad", "ft")):
            yield _line(_printed(" ".join(paragraph))), 1.0
            paragraph = []
    yield _line(_printed(" ".join(paragraph))), 1.0


def _arguments(macro: str) -> list[str]:
    try:
        return shlex.split(macro.replace("\\ ", "\u00a0").replace("\\", "\\\\").replace("'", "\\'"))
    except ValueError:
        return macro.split()


def _printed(text: str) -> str:
    for escape, replacement in ROFF.items():
        text = re.sub(escape, replacement, text)
    return re.sub(r"\\\[u([0-9A-F]{4,5})\]", lambda match: chr(int(match[1], 16)), text)


def mo(name: str, data: bytes) -> Texts:
    """Yield the longer translations of a compiled gettext catalogue, without tags and shortcut marks."""
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, originals, translations = struct.unpack_from(f"{order}3I", data, 8)
    for index in range(count):
        source, target = (_message(data, order, table + 8 * index) for table in (originals, translations))
        if source and source != target:
            for plural in target.decode("utf-8", "ignore").split("\0"):
                yield from _prose(plural)


def _message(data: bytes, order: str, offset: int) -> bytes:
    length, start = struct.unpack_from(f"{order}2I", data, offset)
    return data[start : start + length]


def _prose(message: str) -> Texts:
    plain = re.sub(r"[_&~](?=\w)|<[^<>]*>", "", html.unescape(message.replace("\\n", "\n")))
    for paragraph in re.split(r"\n\s*\n", plain):
        if len(line := _line(paragraph)) >= LABEL:
            yield line, 1.0


def i18n_json(name: str, data: bytes) -> Texts:
    """Yield the longer messages of MediaWiki in one language, without templates, links and emphasis."""
    for key, message in json.loads(data).items():
        if isinstance(message, str) and not key.startswith("@"):
            yield from _prose(re.sub(r"\{\{[^{}|]*\|?|\}\}|\[\S*//\S+|[\[\]]|''+|[|]|(?m:^[*#:;=]+)", " ", message))


def wordfreq(name: str, data: bytes) -> Texts:
    """Yield the words of a wordfreq list, without numbers, which have zeros as digits there."""
    yield from ((word, count) for word, count in cbpack(name, data) if "0" not in word)


def onboard(name: str, data: bytes) -> Texts:
    """Yield the words of an Onboard model and their counts; its lines are counts and n-grams."""
    for match in re.finditer(r"(?m)^(\d+) ([^\s<>]+)$", data.decode("utf-8", "ignore")):
        yield match[2], float(match[1])


def log_probabilities(name: str, data: bytes) -> Texts:
    """Yield the words of a spaCy table of log-probabilities, with counts."""
    yield from ((word, TOKENS * math.exp(logarithm)) for word, logarithm in json.loads(data).items())
