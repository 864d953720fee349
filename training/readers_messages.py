"""Bytes of a package's member -> (text, count): readers for messages of programs and for a dictionary."""

# ruff: noqa: ARG001 - every reader takes the name

from __future__ import annotations

import html
import io
import re
import struct
import zipfile
from collections.abc import Iterator
from itertools import pairwise

from training.readers import Texts, spaceless, strings

MARK = re.compile(
    r"\(&\w\)|&(?=\w)|\*\*|[\u200e\u200f\u202a-\u202e\u2066-\u2069]|"
    r"</?(?:a|b|i|u|em|strong|span|code|ph|font|small|sup|sub)\b[^<>]*>"
)  # marks of shortcuts and emphasis, and direction characters
PLACE = (
    r"(?:\$\d+|\$\{\w+\}|%(?:\d+\$|\(\w+\))?(?:[sdf]\b|[S@])|%L?\d+|%n\b|(?<![^\s(\uff08])#(?![^\s)\uff09])|"
    r"\{\s*[\w.-]*\s*(?:,\s*(?:number|date|time)\b[^{}]*|:[^{}]*)?\})"
)  # a placeholder for a value
HOLE = rf"(?:[\"(\u201c\u201e\u00ab]{PLACE}[\")\u201d\u00bb]|{PLACE})"
HOLES = re.compile(rf"(?m)^\s*{HOLE}[\s.,:;]*|\s*{HOLE}(?=[.,:;!?)])|{HOLE}")
PLURAL = re.compile(
    r"\{\s*\w+\s*,\s*(?:plural|select|selectordinal)\s*,(?:\s*offset:\d+)?|"
    r"(?:=\d+|\b(?:zero|one|two|few|many|other))\s*\{"
)  # what precedes a variant in ICU syntax

QM_TRANSLATIONS, QM_END, QM_TRANSLATION, QM_OBSOLETE = 0x69, 1, 3, 5


def _message(text: str) -> Texts:
    """Yield the paragraphs and plural variants of a program's message, without tags, shortcuts and placeholders.

    >>> [text for text, _ in _message("{N,plural, =1{Close <b>&tab</b> \u201c$1\u201d.}other{Close # tabs}}")]
    ['Close tab.', 'Close tabs']
    """
    plain = PLURAL.sub("\n\n", MARK.sub("", html.unescape(text)))
    for part in re.split(r"\n\s*\n|<[^<>]*>|[{}]", HOLES.sub("", plain)):
        if line := spaceless(part):
            yield line, 1.0


def phrases(name: str, data: bytes) -> Texts:
    """Yield the strings of a JSON document, read as messages of a program."""
    for text, _ in strings(name, data):
        yield from _message(text)


def pak(name: str, data: bytes) -> Texts:
    """Yield the messages of a data pack of Chromium, version 5 (ui/base/resource/data_pack.cc)."""
    (count,) = struct.unpack_from("<H", data, 8)
    starts = [struct.unpack_from("<HI", data, 12 + 6 * index)[1] for index in range(count + 1)]
    for start, end in pairwise(starts):
        yield from _message(data[start:end].decode("utf-8", "ignore"))


def qm(name: str, data: bytes) -> Texts:
    """Yield the translations of a compiled catalogue of Qt (qtbase/src/corelib/kernel/qtranslator.cpp)."""
    at = 16
    while at < len(data):
        tag, length = struct.unpack_from(">BI", data, at)
        at += 5 + length
        if tag == QM_TRANSLATIONS:
            for text in _translations(data[at - length : at]):
                yield from _message(text)


def _translations(section: bytes) -> Iterator[str]:
    at = 0
    while at < len(section):
        tag, at = section[at], at + 1
        if tag == QM_OBSOLETE:
            at += 4
        elif tag != QM_END:
            (length,) = struct.unpack_from(">i", section, at)
            at += 4 + max(length, 0)
            if tag == QM_TRANSLATION and length > 0:
                yield section[at - length : at].decode("utf-16-be", "ignore")


def xpi(name: str, data: bytes) -> Texts:
    """Yield the messages of a language pack of Firefox, in Fluent (projectfluent.org) and .properties files."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for member in file.namelist():
            if member.endswith((".ftl", ".properties")):
                for text in _values(file.read(member).decode("utf-8", "ignore")):
                    yield from _message(text)


def _values(text: str) -> Iterator[str]:
    """Yield the values of keys and variants, without keyboard shortcuts and styles."""
    text = re.sub(r"\{\s*-brand[^{}\n]*\}", "Firefox", text)
    text = re.sub(r"(?m)^#.*$|\{[^{}\n]*\}|\{[^{}\n]*->", "", text)
    text = re.sub(r"\s*\n[ \t]+(?![\s.*\[}])", " ", text)
    for key, value in re.findall(r"(?m)^[ \t]*(?:([\w.-]+)[ \t]*=|\*?\[[^\]\n]+\])(.*)$", text):
        if not key.lower().endswith(("key", "style")):
            yield re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), value).replace("\\n", "\n\n")


def dictd(name: str, data: bytes) -> Texts:
    """Yield the senses and examples of a bilingual dictionary of FreeDict that have no Latin letters."""
    for text in re.findall(r"(?m)^(?:\d+\.|\s+\") *([^\"A-Za-z\n]+)\"?$", data.decode("utf-8", "ignore")):
        yield re.sub(r"\{[^{}]*\}", "", text).replace("~", " "), 1.0
