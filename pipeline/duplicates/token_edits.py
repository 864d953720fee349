"""Two texts -> how their words and signs differ: not at all, in typos, by whole sentences, or in what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein

from pipeline.changes import Span
from pipeline.document import REPLACEMENT
from pipeline.duplicates.comparison_tokens import CODE_MARK, Line, Token, compared_lines, line_tokens
from pipeline.duplicates.typos import may_be_noise, misspelled_side

FEWEST_TYPOS_OF_NOISE = 8  # typos; a copy with so many has other errors of one character too
FEWEST_NOISE_EDITS = 12  # different errors of one character, in scripts whose words are no longer
LEAST_LOST_SHARE = 0.25  # share of them that are lost or added characters: a filled template has others instead
FEWEST_CUT_TOKENS = 4  # words that a text lacks whose end is cut off; with fewer, it may say another thing
MOST_GAP_CHARACTERS = 3  # characters that one U+FFFD stands for

_HAS_DIGIT = re.compile(r"\d")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_GAPS = re.compile(f"{REPLACEMENT}+")

Tokens = Sequence[Token]


@dataclass(slots=True)
class TokenEdits:
    """How two texts differ.

    `other` is what the two say differently, as tokens. `typos` are the sides (0 or 1) of misspelled words, `gaps` those
    of words with U+FFFD, `added` those of whole sentences that only one text has. `noise` is pairs of tokens that
    differ in one character. `cut` is the side that ends early.
    """

    language: str
    other: list[str] = field(default_factory=list)
    typos: list[int] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    noise: list[tuple[str, str]] = field(default_factory=list)
    cut: int | None = None

    @property
    def longer(self) -> int | None:
        """The side that has all that the other has, and more; None if there is none."""
        return self.added[0] if len(set(self.added)) == 1 else None

    @property
    def misspelled(self) -> int | None:
        """The side that has more typos; None if neither has."""
        second = 2 * sum(self.typos) - len(self.typos)
        return int(second > 0) if second else None

    @property
    def is_noisy(self) -> bool:
        """Whether errors of one character are explained: there are many typos, or too many errors for a template."""
        if len(self.typos) >= FEWEST_TYPOS_OF_NOISE:
            return len(self.noise) <= 2 * len(self.typos)
        lost = sum(not (one and other) for one, other in self.noise)
        return len(set(self.noise)) >= FEWEST_NOISE_EDITS and lost >= LEAST_LOST_SHARE * len(self.noise)

    def difference(self, *, noisy: bool) -> str:
        """Return what the two say differently: code, numbers, signs or words; empty if nothing.

        With `noisy`, errors of one character are no difference.
        """
        tokens = self.other if noisy else [*self.other, *(text for pair in self.noise for text in pair if text)]
        if any(token.startswith(CODE_MARK) for token in tokens):
            return "code"
        if any(map(_HAS_DIGIT.search, tokens)):
            return "numbers"
        if tokens and not any(map(_HAS_LETTER.search, tokens)):
            return "signs"
        return "words" if tokens or len(set(self.added)) > 1 else ""


def token_edits(one: str, other: str, language: str) -> TokenEdits:
    """Return how the words and signs of two texts in a language differ. Lines that are equal are not looked at."""
    first, second = compared_lines(one), compared_lines(other)
    edits = TokenEdits(language)
    for (start, end), (begin, stop) in _unequal_blocks(first, second):
        _add_block(edits, (first[start:end], second[begin:stop]), last=(end, stop) == (len(first), len(second)))
    return edits


def _unequal_blocks(one: Sequence[Line], other: Sequence[Line]) -> list[tuple[Span, Span]]:
    """Return the runs of lines of both texts between lines that are equal."""
    blocks: list[tuple[Span, Span]] = []
    start = begin = 0
    for op in Levenshtein.opcodes(one, other):
        if op.tag == "equal":
            blocks.append(((start, op.src_start), (begin, op.dest_start)))
            start, begin = op.src_end, op.dest_end
    blocks.append(((start, len(one)), (begin, len(other))))
    return [(span, there) for span, there in blocks if span[0] < span[1] or there[0] < there[1]]


def _add_block(edits: TokenEdits, sides: tuple[Sequence[Line], Sequence[Line]], *, last: bool) -> None:
    """Add the edits between two runs of lines; `last` is whether both texts end with them."""
    one, other = map(line_tokens, sides)
    if last:
        one, other = _without_cut_end(edits, one, other)
    texts = [[token.text for token in side] for side in (one, other)]
    for op in Levenshtein.opcodes(*texts):
        if op.tag == "replace":
            _add_replacement(edits, one[op.src_start : op.src_end], other[op.dest_start : op.dest_end])
        elif op.tag == "insert":
            _add_insertion(edits, other, (op.dest_start, op.dest_end), 1)
        elif op.tag == "delete":
            _add_insertion(edits, one, (op.src_start, op.src_end), 0)


def _without_cut_end(edits: TokenEdits, one: list[Token], other: list[Token]) -> tuple[list[Token], list[Token]]:
    """Note the side that ends early, inside a sentence, and return both without what only the other side has.

    The last word of a text that is cut may be the beginning of a word.
    """
    for side, (short, long) in enumerate(((one, other), (other, one))):
        for unread in (0, 1):
            at = len(short) - unread
            if (
                at + unread < 1
                or len(long) - at < FEWEST_CUT_TOKENS
                or (at and short[at - 1].text != long[at - 1].text)
            ):
                continue
            if _is_beginning(short[at].text, long[at].text) if unread else not long[at].starts:
                edits.added.append(1 - side)
                edits.cut = side
                return (short[:at], long[:at]) if side == 0 else (long[:at], short[:at])
    return one, other


def _is_beginning(part: str, word: str) -> bool:
    return part != word and word.startswith(part)


def _add_replacement(edits: TokenEdits, one: Tokens, other: Tokens) -> None:
    joined = ("".join(token.text for token in one), "".join(token.text for token in other))
    if joined[0] == joined[1] and not _HAS_DIGIT.search(joined[0]):
        return  # words that are joined or divided
    if len(one) != len(other):
        if may_be_noise(*joined) and not _HAS_DIGIT.search(joined[0]):
            edits.noise.append(joined)
        else:
            edits.other += [token.text for token in (*one, *other)]
        return
    for first, second in zip(one, other, strict=True):
        pair = (first.text, second.text)
        gap = int(REPLACEMENT in second.text)
        if first.text == second.text:
            continue
        if (
            REPLACEMENT in pair[gap]
            and REPLACEMENT not in pair[1 - gap]
            and _gap_pattern(pair[gap]).fullmatch(pair[1 - gap])
        ):
            edits.gaps.append(gap)
        elif (side := misspelled_side(first, second, edits.language)) is not None:
            edits.typos.append(side)
        elif may_be_noise(*pair):
            edits.noise.append(pair)
        else:
            edits.other += pair


def _add_insertion(edits: TokenEdits, tokens: Tokens, span: Span, side: int) -> None:
    """Add tokens that only one side has: whole sentences, a repeated word, a single character, or other words."""
    start, end = span
    while True:  # a run of tokens may be moved where the tokens around it are equal
        if tokens[start].starts and (end == len(tokens) or tokens[end].starts):
            edits.added.append(side)
            return
        if start == 0 or tokens[start - 1].text != tokens[end - 1].text:
            break
        start, end = start - 1, end - 1
    word = tokens[span[0]].text
    if span[1] - span[0] > 1:
        edits.other += [token.text for token in tokens[slice(*span)]]
    elif len(word) > 1 and word.isalpha() and start < span[0]:
        edits.typos.append(side)  # "the the"
    elif may_be_noise(word, ""):
        edits.noise.append((word, "") if side == 0 else ("", word))
    else:
        edits.other.append(word)


def _gap_pattern(word: str) -> re.Pattern[str]:
    """Return a pattern of the words that a word with U+FFFD can have been; it needs one letter at least."""
    parts = [re.escape(part) for part in _GAPS.split(word)]
    if not any(parts):
        return re.compile(r"(?!)")
    counts = iter([len(found) for found in _GAPS.findall(word)])
    pattern = parts[0]
    for part in parts[1:]:
        pattern += rf"\w{{0,{MOST_GAP_CHARACTERS * next(counts)}}}{part}"
    return re.compile(pattern)
