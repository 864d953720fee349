"""Let emphasis close where its author closed it: marks beside CJK text and its like that CommonMark does not pair."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipeline.changes import Change
from pipeline.document import Document, Step
from pipeline.invariants import SAME_CODE, SAME_LINKS, SAME_WORDS
from pipeline.markdown import InlineContent, inline_contents, inline_tokens
from pipeline.markdown.emphasis_runs import (
    ASTERISKS,
    MOST_ASTERISKS,
    STRONG_ASTERISKS,
    AsteriskRun,
    is_blank,
    is_flanking,
    paired_runs,
)

CASELESS = re.compile(  # letters of scripts without capitals: CJK, and Hebrew to Mongolian; no name in code has them
    "[\u05d0-\u109f\u1100-\u137f\u1780-\u18af\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
PAIRS = {"(": ")", "（": "）", "[": "]", "【": "】", "「": "」", "『": "』", "《": "》", "“": "”", "‘": "’", "〈": "〉"}
KEPT = "\"'*\\"  # punctuation that may belong to what stands before it
FARTHEST = 6  # blocks that one emphasis may have been meant to span; farther apart, marks are no pair

MOVED = "CommonMark does not pair emphasis marks between punctuation and a letter; the punctuation moved outside"
SPACED = "CommonMark does not pair emphasis marks with a space on their inner side; the space moved outside"
TAGGED = "CommonMark does not pair these emphasis marks; written as HTML, which always pairs"
EMPTY = "emphasis of punctuation or of nothing; its marks showed as asterisks"
SPANNING = "emphasis does not reach from block to block; marked in each"
FOOTNOTE = "asterisks behind the names of an emphasized list are footnote marks: escaped, so that the marks around pair"
COLON = "the colon of a label stands right behind it"

_PAIR = (  # letters on the inner side of a mark, or a space on its outer side: these always pair
    r"(\*(?:(?<![\w\\*]\*)|(?<![\\*]\*)(?=\*{0,2}[^\W_]))\*{0,2})(?=[^\s*])"
    r"%s*?[^\s*\\]\1(?!\*)(?:(?!\w)|(?<=[^\W_]\*)|(?<=[^\W_]\*\*))"
)
_SURE = re.compile(_PAIR % "[^*]")
_SURE_IN_LINE = re.compile(_PAIR % r"[^*\n]")
_LEFT = re.compile(r"^[ \t>]*+(?:\* )?+[^*\n]*+\*", re.MULTILINE)  # but for the marker of an item
_LINK = re.compile(r"\[[^\[\]]+\]\([^()\s]+\)")
_SEPARATORS = "、，,;；"
_FOOTNOTES = re.compile(
    rf"(?<![\w*\\])\*(?=[^\s*])(?:[^*\n|]*\w\*(?=[{_SEPARATORS}]))+[^*\n|]*[^*\s]\*(?=\s|$|\|)", re.MULTILINE
)
_SPACED_COLON = re.compile(r"\*\*(?<![^\n]\*\*)[^*\n]+\*\*( +)[:：]")  # at the start of a line


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of an inline's content, offsets in it."""

    start: int
    end: int
    after: str
    reason: str


def emphasis(document: Document) -> Document:
    """Let emphasis that does not pair beside letters without capitals pair: `**标签:**字` -> `**标签**:字`."""
    text = document.text
    if not _doubtful(text, _SURE_IN_LINE) or not CASELESS.search(text):
        return document
    edits: list[tuple[InlineContent, Edit]] = []
    lone: list[tuple[InlineContent, AsteriskRun]] = []
    for inline in inline_contents(text, lambda part: part.count("*") > 1 and _doubtful(part, _SURE_IN_LINE)):
        if _doubtful(inline.content, _SURE):
            pairs, single = paired_runs(inline.content)
            edits += [(inline, edit) for edit in _mended(inline, pairs)]
            lone += [(inline, run) for run in single if run.size == STRONG_ASTERISKS and inline.kind == "paragraph"]
    edits += _spanning(text, lone)
    changes = (_change(*edit) for edit in edits)
    return document.edited(sorted(changes, key=lambda change: change.span))


def _change(inline: InlineContent, edit: Edit) -> Change:
    start, before = inline.at(edit.start), inline.content[edit.start : edit.end]
    return Change("emphasis", (start, start + len(before)), before, edit.after, edit.reason, 0.95)


def _doubtful(text: str, sure: re.Pattern[str]) -> bool:
    """Tell whether asterisks are left that no sure pair and no list explains; quick, and on the safe side."""
    bare = sure.sub("", text) if "*" in text else ""
    left = "*" in bare and _LEFT.search(bare)
    return bool(left or _SPACED_COLON.search(text))


def _mended(inline: InlineContent, pairs: Sequence[tuple[AsteriskRun, AsteriskRun]]) -> list[Edit]:
    """Return the edits that make fewer asterisks show, and change nothing else that shows."""
    content, env = inline.content, inline.env
    if notes := list(_footnotes(content)):
        return notes
    kept = [Edit(*match.span(1), "", COLON) for match in _SPACED_COLON.finditer(content)]
    ladder = [(list(_moved(content, *pair)), _tagged(*pair)) for pair in pairs if _meant(content, *pair)]
    every = kept + [edit for moves, tags in ladder for edit in (moves or tags)]
    runs = (AsteriskRun(*match.span()) for match in ASTERISKS.finditer(content))
    every += [Edit(run.start, run.end, "", EMPTY) for run in runs if run.size > MOST_ASTERISKS and run.size % 2 == 0]
    if every == kept or not (shown := _shown(content, env))[1]:
        return kept
    now = _shown(_edited(content, every), env)
    if now[0] == shown[0] and now[1] == 0:
        return every
    rungs = [*(way for ways in ladder for way in ways if way), *([edit] for edit in every if edit.reason == EMPTY)]
    for rung in rungs:
        if any(one.start < other.end and other.start < one.end for one in rung for other in kept):
            continue
        now = _shown(_edited(content, [*kept, *rung]), env)
        if now[0] == shown[0] and now[1] < shown[1]:
            kept, shown = [*kept, *rung], now
    return kept


def _footnotes(content: str) -> Iterator[Edit]:
    for match in _FOOTNOTES.finditer(content):
        for run in ASTERISKS.finditer(content, match.start() + 1, match.end() - 1):
            yield Edit(*run.span(), "\\*", FOOTNOTE)


def _edited(content: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        content = content[: edit.start] + edit.after + content[edit.end :]
    return content


def _shown(content: str, env: dict[str, Any]) -> tuple[list[str], int]:
    """Return what a reader sees, without asterisks and spaces, code and addresses apart; and how many asterisks."""
    parts = [""]
    stars = 0
    waiting = list(reversed(inline_tokens(content, env)))
    while waiting:
        token = waiting.pop()
        if token.type == "text":
            stars += token.content.count("*")
            parts[-1] += "".join(token.content.replace("*", "").split())
        elif token.type in {"code_inline", "link_open", "image"}:
            parts += [token.type, token.content, str(token.attrs.get("href", token.attrs.get("src", ""))), ""]
        elif token.type == "html_inline" and token.content not in {"<strong>", "</strong>", "<em>", "</em>"}:
            parts += [token.content, ""]
    return parts, stars


def _meant(content: str, opener: AsteriskRun, closer: AsteriskRun) -> bool:
    """Tell whether marks stand as an author sets them: not a product (2**3), not a pointer (**argv)."""
    before, inner = content[opener.start - 1 : opener.start], content[opener.end : closer.start]
    nothing = not any(char.isalnum() for char in inner) and CASELESS.match(before)
    letters = CASELESS.search(inner) or CASELESS.search(content, closer.end, closer.end + 2) or nothing
    return bool(letters or _LINK.fullmatch(inner)) and not (_ascii_letter(before) and _ascii_letter(inner[:1]))


def _ascii_letter(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _moved(content: str, opener: AsteriskRun, closer: AsteriskRun) -> Iterator[Edit]:
    """Yield the edits that move spaces and punctuation out of marks that do not pair; none where no move helps."""
    marks, first, last = content[opener.start : opener.end], opener.end, closer.start
    if not any(char.isalnum() for char in content[first:last]):
        yield Edit(opener.start, opener.end, "", EMPTY)
        yield Edit(closer.start, closer.end, "", EMPTY)
        return
    for start, end in _inner(content, first, last):
        before = content[start - 1] if start > first else content[opener.start - 1 : opener.start]
        after = content[end] if end < last else content[closer.end : closer.end + 1]
        if is_flanking(before, content[start]) and is_flanking(after, content[end - 1]):
            lead, tail = content[first:start], content[end:last]
            reason = MOVED if (lead + tail).strip() else SPACED
            if lead:
                yield Edit(opener.start, start, (lead if opener.start else lead.lstrip()) + marks, reason)
            if tail:
                yield Edit(end, closer.end, marks + tail, reason)
            return


def _inner(content: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the spans that emphasis may keep, the longest first: less spaces, brackets, punctuation."""
    start, end = _trimmed(content, first, last)
    yield start, end
    bare = end
    while bare > start and unicodedata.category(content[bare - 1]) in {"Po", "Pd"} and content[bare - 1] not in KEPT:
        bare -= 1
    for stop in (end, bare):
        if PAIRS.get(content[start]) == content[stop - 1] and stop - start > 2:  # noqa: PLR2004 - a bracket each side
            yield start + 1, stop - 1
        elif stop > start:
            yield _trimmed(content, start, stop)


def _trimmed(content: str, start: int, end: int) -> tuple[int, int]:
    inner = content[start:end]
    return end - len(inner.lstrip()), start + len(inner.rstrip())


def _tagged(opener: AsteriskRun, closer: AsteriskRun) -> list[Edit]:
    """Return the edits that write strong text as HTML; a single asterisk is too often no emphasis."""
    if opener.size != STRONG_ASTERISKS:
        return []
    return [
        Edit(opener.start, opener.end, "<strong>", TAGGED),
        Edit(closer.start, closer.end, "</strong>", TAGGED),
    ]


def _spanning(text: str, lone: list[tuple[InlineContent, AsteriskRun]]) -> Iterator[tuple[InlineContent, Edit]]:
    """Yield the edits for strong text that reaches over several paragraphs: marks in each of them."""
    for (first, opener), (last, closer) in pairwise(lone):
        if _leads(first.content, opener) and not _leads(last.content, closer):
            span = _from_to(text, first, last)
            marked = [(inline, _marks(inline, first, last)) for inline in span]
            if all(_better(inline, edits) for inline, edits in marked):
                yield from ((inline, edit) for inline, edits in marked for edit in edits)


def _from_to(text: str, first: InlineContent, last: InlineContent) -> list[InlineContent]:
    """Return a paragraph, what follows it, and another paragraph; nothing where they are too far apart."""
    found: list[InlineContent] = []
    for inline in inline_contents(text, start=first.lines[0][1]):
        if found or inline == first:
            found.append(inline)
        if inline == last or len(found) > FARTHEST:
            return found if inline == last else []
    return []


def _marks(inline: InlineContent, first: InlineContent, last: InlineContent) -> list[Edit]:
    """Return the marks that a block between the first and the last of a strong text lacks."""
    ends = [place for place, lacks in ((0, inline != first), (len(inline.content), inline != last)) if lacks]
    return [Edit(place, place, "**", SPANNING) for place in ends]


def _leads(content: str, run: AsteriskRun) -> bool:
    """Tell whether a lone run stands before what it marks."""
    return not is_blank(content[run.end : run.end + 1])


def _better(inline: InlineContent, edits: list[Edit]) -> bool:
    old, new = (_shown(content, inline.env) for content in (inline.content, _edited(inline.content, edits)))
    return old[0] == new[0] and new[1] == 0


STEP = Step("emphasis", emphasis, (SAME_WORDS, SAME_CODE, SAME_LINKS), version=4)
