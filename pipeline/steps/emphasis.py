"""Let emphasis close where its author closed it: marks beside CJK punctuation that CommonMark does not pair."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from pipeline.document import Change, Document, Step
from pipeline.markdown import Span, code_spans, line_starts, parse
from pipeline.promises import SAME_CODE, SAME_LINKS, SAME_WORDS

CJK_LETTER = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
PAIRS = {"(": ")", "（": "）", "[": "]", "【": "】", "「": "」", "『": "』", "《": "》", "“": "”", "‘": "’", "〈": "〉"}
KEPT = "\"'*\\"  # punctuation that may belong to what stands before it
REASON = "CommonMark does not pair emphasis marks between punctuation and a letter; the punctuation moved outside"
_RUN = re.compile(r"(?<![\\*])\*{1,3}(?!\*)")
_ADDRESS = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"\n]*\")?\s*\)|<[^<>\s]+>")


def emphasis(document: Document) -> Document:
    """Move punctuation out of emphasis that does not close beside CJK letters: `**标签:**字` -> `**标签**:字`."""
    if "*" not in document.text or not CJK_LETTER.search(document.text):
        return document
    return document.edited(change for region in _regions(document.text) for change in _mended(document.text, region))


def _regions(text: str) -> Iterator[Span]:
    """Yield the spans of the paragraphs and headings of `text` that hold a star; tables are left alone."""
    starts, cell = line_starts(text), False
    for token in parse(text):
        if token.type == "inline" and token.map and not cell and "*" in token.content:
            yield starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
        cell = token.type in {"td_open", "th_open"}


def _mended(text: str, region: Span) -> Iterator[Change]:
    """Yield the changes that let each pair of equal runs of stars in `region` open and close."""
    start, end = region
    hidden = [(a + start, b + start) for a, b in code_spans(text[start:end])]
    hidden += [match.span() for match in _ADDRESS.finditer(text, start, end)]
    opened: dict[int, re.Match[str]] = {}
    for run in _RUN.finditer(text, start, end):
        size = len(run[0])
        if any(a <= run.start() < b for a, b in hidden) or (
            _spaced(text, run.start() - 1) and _spaced(text, run.end())
        ):
            continue
        if size not in opened:
            opened[size] = run
            continue
        opener = opened.pop(size)
        if _opens(text, opener) and _closes(text, run):
            continue
        moved = list(_moved(text, opener, run)) if _beside_cjk(text, opener, run) else []
        yield from moved
        if not moved:
            opened[size] = run


def _beside_cjk(text: str, opener: re.Match[str], closer: re.Match[str]) -> bool:
    """Tell whether marks stand as an author of CJK text sets them: not a product (2**3), not a pointer (**argv)."""
    before, after = text[opener.start() - 1 : opener.start()], text[closer.end() : closer.end() + 1]
    letters = CJK_LETTER.search(text, opener.end(), closer.start()) or CJK_LETTER.match(after)
    return bool(letters) and after.isalnum() and not (before.isascii() and before.isalnum())


def _moved(text: str, opener: re.Match[str], closer: re.Match[str]) -> Iterator[Change]:
    """Yield the changes that move punctuation out of marks that do not pair; none where no move helps."""
    marks, first, last = opener[0], opener.end(), closer.start() - 1
    if PAIRS.get(text[first]) == text[last] and last - first > 1:
        yield _change((opener.start(), first + 1), marks + text[first], text[first] + marks)
        yield _change((last, closer.end()), text[last] + marks, marks + text[last])
    elif _opens(text, opener):
        while last > first and unicodedata.category(text[last]) in {"Po", "Pd"} and text[last] not in KEPT:
            last -= 1
        tail = text[last + 1 : closer.start()]
        if tail:
            yield _change((last + 1, closer.end()), tail + marks, marks + tail)


def _change(span: Span, before: str, after: str) -> Change:
    return Change("emphasis", span, before, after, REASON, 0.95)


def _opens(text: str, run: re.Match[str]) -> bool:
    """Tell whether `run` is left-flanking (CommonMark 0.31.2, section 6.2)."""
    before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
    return not _blank(after) and (not _punctuation(after) or _blank(before) or _punctuation(before))


def _closes(text: str, run: re.Match[str]) -> bool:
    """Tell whether `run` is right-flanking (CommonMark 0.31.2, section 6.2)."""
    before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
    return not _blank(before) and (not _punctuation(before) or _blank(after) or _punctuation(after))


def _blank(char: str) -> bool:
    return not char or char.isspace()


def _spaced(text: str, at: int) -> bool:
    return at < 0 or _blank(text[at : at + 1])


def _punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


STEP = Step("emphasis", emphasis, (SAME_WORDS, SAME_CODE, SAME_LINKS))
