"""Two texts -> how their words and signs differ: not at all, in typos, by whole sentences, or in what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA, Levenshtein

from pipeline.changes import Span
from pipeline.document import GAP
from pipeline.duplicates.comparison_tokens import CODE_MARK, Line, Token, compared_lines, line_tokens

FEWEST_NOISE_EDITS = 12  # different small edits inside words: noise of a copy, never another post in the same frame
LEAST_TYPED_WORD = 4  # letters; a typo in a shorter word gives another word
LEAST_WORD_WITHOUT_LETTER = 7  # letters; without one inner letter a shorter word is another word
FEWEST_CUT_TOKENS = 4  # words that a text lacks whose end is cut off; with fewer, it may say another thing
MOST_GAP_CHARACTERS = 3  # characters that one U+FFFD stands for

_HAS_DIGIT = re.compile(r"\d")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_DOUBLED = re.compile(r"(.)\1")
_GAPS = re.compile(f"{GAP}+")

Tokens = Sequence[Token]


@dataclass(slots=True)
class TokenEdits:
    """How two texts differ. Each kind of edit is listed as pairs of what one text has and what the other has.

    `added` is whole sentences that only the longer text has: (side, number of tokens). `parts` is words that only one
    text has inside a sentence. `cut` is the side that ends early, None if neither does.
    """

    substituted: list[tuple[Tokens, Tokens]] = field(default_factory=list)
    typos: list[tuple[str, str]] = field(default_factory=list)
    noise: list[tuple[str, str]] = field(default_factory=list)  # small edits inside words that may be meant
    gaps: list[int] = field(default_factory=list)  # the sides of words with U+FFFD
    added: list[tuple[int, int]] = field(default_factory=list)
    parts: list[tuple[Tokens, Tokens]] = field(default_factory=list)
    cut: int | None = None

    @property
    def longer(self) -> int | None:
        """The side that has all that the other has, and more; None if there is none."""
        sides = {side for side, _ in self.added}
        return sides.pop() if len(sides) == 1 else None

    @property
    def difference(self) -> str:
        """What the two say differently: code, numbers, signs or words; empty if nothing."""
        return self.difference_with(noisy=len(set(self.noise)) >= FEWEST_NOISE_EDITS)

    def difference_with(self, *, noisy: bool) -> str:
        """Return the same; with `noisy`, small edits inside words are no difference."""
        pairs = [*self.substituted, *self.parts]
        tokens = [token.text for pair in pairs for side in pair for token in side]
        tokens += [] if noisy else [text for pair in self.noise for text in pair if text]
        if any(token.startswith(CODE_MARK) for token in tokens):
            return "code"
        if any(map(_HAS_DIGIT.search, tokens)):
            return "numbers"
        if tokens and not any(map(_HAS_LETTER.search, tokens)):
            return "signs"
        return "words" if tokens or len({side for side, _ in self.added}) > 1 else ""


def token_edits(one: str, other: str) -> TokenEdits:
    """Return how the words and signs of two texts differ. Lines that are equal are not looked at."""
    first, second = compared_lines(one), compared_lines(other)
    edits = TokenEdits()
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
    texts = [[token.text for token in side] for side in (one, other)]
    spans = [
        ((op.src_start, op.src_end), (op.dest_start, op.dest_end))
        for op in Levenshtein.opcodes(*texts)
        if op.tag != "equal"
    ]
    if last and len(spans) > 1 and spans[-2][0][1] == spans[-1][0][0] and spans[-2][1][1] == spans[-1][1][0]:
        (first, second), (third, fourth) = spans[-2:]  # the rest of a text whose copy is cut inside a word
        spans[-2:] = [((first[0], third[1]), (second[0], fourth[1]))]
    for span, there in spans:
        ends = last and span[1] == len(one) and there[1] == len(other)
        if span[0] == span[1]:
            _add_insertion(edits, other, there, 1, last=ends)
        elif there[0] == there[1]:
            _add_insertion(edits, one, span, 0, last=ends)
        else:
            _add_replacement(edits, one[slice(*span)], other[slice(*there)], last=ends)


def _add_replacement(edits: TokenEdits, one: Tokens, other: Tokens, *, last: bool) -> None:
    joined = "".join(token.text for token in one)
    if joined == "".join(token.text for token in other) and not _HAS_DIGIT.search(joined):
        return  # words that are joined or divided
    if last and _add_cut_word(edits, one, other):
        return
    if len(one) != len(other):
        edits.substituted.append((one, other))
        return
    for first, second in zip(one, other, strict=True):
        pair = (first.text, second.text)
        if first.text == second.text:
            continue
        if GAP in first.text or GAP in second.text:
            side = int(GAP in second.text)
            known = pair[1 - side]
            if GAP not in known and _gap_pattern(pair[side]).fullmatch(known):
                edits.gaps.append(side)
                continue
        if is_typo(first, second):
            edits.typos.append(pair)
        elif _is_small(first, second):
            edits.noise.append(pair)
        else:
            edits.substituted.append(([first], [second]))


def _add_cut_word(edits: TokenEdits, one: Tokens, other: Tokens) -> bool:
    """Add the end of a text that is cut inside a word; return whether it is one."""
    for side, (short, long) in enumerate(((one, other), (other, one))):
        if len(short) == 1 and len(long) >= 1 and len(short[0].text) < len(long[0].text):
            if long[0].text.startswith(short[0].text) and not _HAS_DIGIT.search(short[0].text):
                edits.added.append((1 - side, len(long)))
                edits.cut = side
                return True
    return False


def _add_insertion(edits: TokenEdits, tokens: Tokens, span: tuple[int, int], side: int, *, last: bool) -> None:
    """Add tokens that only one side has: whole sentences, or a part of one."""
    start, end = span
    inserted = tokens[start:end]
    if last and (tokens[start].starts or len(inserted) >= FEWEST_CUT_TOKENS):
        edits.added.append((side, len(inserted)))
        edits.cut = edits.cut if tokens[start].starts else 1 - side
        return
    shift = 0
    while True:  # a run of tokens may be moved where the tokens around it are equal
        first, after = start - shift, end - shift
        if tokens[first].starts and (after == len(tokens) or tokens[after].starts):
            edits.added.append((side, len(inserted)))
            return
        if first == 0 or tokens[first - 1].text != tokens[after - 1].text:
            break
        shift += 1
    pair = (inserted, ()) if side == 0 else ((), inserted)
    if len(inserted) == 1 and _is_repeated(tokens, start):
        edits.typos.append((inserted[0].text, ""))
    elif len(inserted) == 1 and len(inserted[0].text) == 1 and inserted[0].text.isalpha():
        edits.noise.append((inserted[0].text, "") if side == 0 else ("", inserted[0].text))
    else:
        edits.parts.append(pair)


def _is_repeated(tokens: Tokens, at: int) -> bool:
    """Return whether a word is written twice in a row: "the the"."""
    word = tokens[at].text
    around = [tokens[near].text for near in (at - 1, at + 1) if 0 <= near < len(tokens)]
    return len(word) > 1 and word.isalpha() and word in around


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


def is_typo(one: Token, other: Token) -> bool:
    """Return whether two words are one word and its misspelling: letters exchanged or doubled, one left out.

    Another letter in a place of a word makes another word (peas, pear), as does another ending. Names are no typos.

    >>> is_typo(Token("spring", cased="spring"), Token("sprnig", cased="sprnig"))
    True
    >>> is_typo(Token("john", cased="John"), Token("joan", cased="Joan"))
    False
    """
    first, second = one.text, other.text
    if not (_is_plain_word(one) and _is_plain_word(other)) or min(len(first), len(second)) < LEAST_TYPED_WORD:
        return False
    if len(first) == len(second):
        return sorted(first) == sorted(second) and int(OSA.distance(first, second)) == 1
    short, long = sorted((first, second), key=len)
    if len(long) - len(short) != 1 or Levenshtein.distance(short, long) != 1:
        return False
    if _DOUBLED.sub(r"\1", long) == _DOUBLED.sub(r"\1", short):
        return len(long) >= LEAST_WORD_WITHOUT_LETTER - 1
    return len(short) >= LEAST_WORD_WITHOUT_LETTER and short[:2] == long[:2] and short[-2:] == long[-2:]


def _is_plain_word(token: Token) -> bool:
    return token.text.isalpha() and token.cased == token.cased.lower()


def _is_small(one: Token, other: Token) -> bool:
    """Return whether a word differs in one letter that is not its ending, or two words are of one letter each."""
    first, second = one.text, other.text
    if not (first.isalpha() and second.isalpha()):
        return False
    if len(first) == len(second) == 1:
        return True
    if min(len(first), len(second)) < LEAST_TYPED_WORD or Levenshtein.distance(first, second) != 1:
        return False
    return first[-2:] == second[-2:]
