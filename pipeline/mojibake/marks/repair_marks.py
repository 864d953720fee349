"""Latin-script text with a mark for each lost character -> the changes that restore the characters: `d�kuji`."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.changes import Change, Span, apply
from pipeline.document import REPLACEMENT
from pipeline.language.archive_statistics import ArchiveStatistics
from pipeline.language.ngrams import language_model
from pipeline.language.vocabulary import word_list
from pipeline.language.word_context import neighbour_scores
from pipeline.markdown.front_matter import front_matter_of
from pipeline.mojibake.lossy.gaps import MOST_ALTERNATIVES
from pipeline.mojibake.lossy.recovery import DUPLICATE_CONFIDENCE
from pipeline.mojibake.marks.alphabet import likely_languages, lower_form
from pipeline.mojibake.marks.from_duplicate import characters_of_duplicate
from pipeline.mojibake.marks.in_context import WordInText, filling_probabilities
from pipeline.mojibake.marks.places import MarkedPlace, marked_places
from pipeline.mojibake.marks.question_marks import inner_questions, possible_questions
from pipeline.mojibake.marks.spellings import MarkedText, mark_spellings, with_single_marks
from pipeline.mojibake.marks.words import QUESTION_MARK, Filling, weights_of, word_fillings

LEAST_MARK_CONFIDENCE = 0.88  # confidence from which U+FFFD is replaced: benchmarks/marks.py
LEAST_QUESTION_CONFIDENCE = 0.95  # the same of a question mark, which may be one
LEAST_HARD_CONFIDENCE = 0.988  # the same where a short word is half marks
LONGEST_HARD_WORD = 6  # characters
GERMAN, GERMAN_NOUN = "de", re.compile(r"\ufffd\w+(?:[hk]eit|ung|schaft|tion|ität)(?:en)?")  # its nouns have capitals
LEAST_CASE_CONFIDENCE = 0.95  # the same of its case alone, of which word lists say nothing: `Århus`
MOST_MARK_CONFIDENCE = 0.999  # the highest that the model may report
LIKELY_WORD_SCORE = (
    -15.0
)  # nats of a word with a question mark inside that is damaged; `what?no` has -24, `foo?bar` -26
LIKELY_LETTER_SCORE = -2.0  # the same per character, for long words: `what?no` has -3, `oder?nicht` -2.5
POSSIBLE_LETTER_SCORE = -2.75  # the same in text that is damaged
LEAST_LIKELY_SHARE = 1 / 3  # share of the words with a question mark inside that are likely, in damaged text
FEWEST_LETTERS_OF_LINE = 3  # without its marks
MOST_LONE_RATIO = 2  # marks by themselves for each mark in a word: with more, the text is about marks
MARK_REASON = "one mark for a lost character; reconstructed"
UNCERTAIN_MARK_REASON = "one mark for a lost character; uncertain"


class RestoredMark(NamedTuple):
    """A mark at a place of the marked text, and what it can have been, with probabilities: the likeliest first.

    `possible` says whether the word with it is one of the language, as far as the model knows; `hard` whether little
    else shows what it was.
    """

    at: int
    options: tuple[tuple[str, float], ...]
    possible: bool
    hard: bool


class ReadText(NamedTuple):
    """The restored marks of a text in one language, its words with the best score of each, and the mean of these."""

    marks: list[RestoredMark]
    words: Mapping[Span, float]
    score: float


def mark_changes(text: str, lines: Sequence[Span], min_confidence: float, archive: ArchiveStatistics) -> list[Change]:
    r"""Return the changes that restore marked characters in `lines` of a text, in order.

    >>> from pipeline.language.archive_statistics import NO_STATISTICS
    >>> text = "Ich m\ufffdchte Ihnen sagen, dass wir heute in die Stadt fahren."
    >>> [change.after for change in mark_changes(text, [(0, len(text))], 0.3, NO_STATISTICS)]
    ['ö']
    """
    marks = [line for line in lines if mark_spellings().search(text, *line) and _has_letters(text[slice(*line)])]
    inner = set(inner_questions(text, lines))
    if not marks and not inner:
        return []
    asked = set(possible_questions(text, lines)) if inner and _may_be_damaged(text, lines, inner) else set()
    marked = with_single_marks(text, marks, sorted(asked))
    read = _read_in_best_language(marked, asked, archive)
    if asked and not _is_damaged(text, marked, read, inner):
        asked = set()
        marked = with_single_marks(text, marks)
        read = _read_in_best_language(marked, asked, archive)
    made = (_mark_change(text, marked, mark, max(min_confidence, LEAST_MARK_CONFIDENCE)) for mark in read.marks)
    changes = [change for change in made if change is not None]
    duplicate = archive.sound_duplicate(apply(text, changes))
    return list(_with_duplicate(text, marked, changes, *duplicate)) if duplicate else changes


def _with_duplicate(
    text: str, marked: MarkedText, changes: Sequence[Change], path: str, duplicate: str
) -> Iterator[Change]:
    """Yield the changes of all marks, with the characters that a duplicate has there instead where it has any."""
    found = characters_of_duplicate(marked.text, duplicate)
    known = {change.span: change for change in changes}
    for at in (at for at, char in enumerate(marked.text) if char == REPLACEMENT):
        span = marked.source(at, at + 1)
        before, own, there = text[slice(*span)], known.get(span), found.get(at, "")
        if there and not there.isascii():
            others = tuple(option for option in (own.alternatives if own else ()) if option[0] != there)
            reason = f"{MARK_REASON}; from duplicate {path}"
            yield Change("repair", span, before, there, reason, DUPLICATE_CONFIDENCE, others)
        elif own and there != QUESTION_MARK:
            yield own


def _read_in_best_language(marked: MarkedText, asked: Collection[int], archive: ArchiveStatistics) -> ReadText:
    """Return what the marks of a text are in the best language; `asked` are the question marks of the source."""
    questions = {at for at, start in enumerate(marked.starts[:-1]) if start in asked and marked.text[at] == REPLACEMENT}
    languages = likely_languages(_body(marked.text)) if REPLACEMENT in marked.text else []
    return max(
        (read_marks(marked.text, tag, archive, questions) for tag in languages),
        key=lambda read: read.score,
        default=ReadText([], {}, 0.0),
    )


def _body(text: str) -> str:
    """Return a text without its front matter, whose words are of no language, and without white space around it."""
    front = front_matter_of(text)
    return text.removeprefix(front.block if front else "").strip()


def _has_letters(line: str) -> bool:
    r"""Return whether a line has enough letters to show what its marks were: `caf\ufffd` has, `\ufffda` has not."""
    return sum(char.isalpha() for char in line) >= FEWEST_LETTERS_OF_LINE


def _may_be_damaged(text: str, lines: Sequence[Span], inner: Collection[int]) -> bool:
    """Return whether no more lines have letters outside ASCII than have question marks inside words."""
    starts = [start for start, _ in lines]
    damaged = len({bisect.bisect_right(starts, at) for at in inner})
    sound = sum(any(char > "\x7f" and char.isalpha() for char in text[start:end]) for start, end in lines)
    return sound <= damaged


def _is_damaged(text: str, marked: MarkedText, read: ReadText, inner: Collection[int]) -> bool:
    """Return whether most words with question marks inside are words of the language with other characters there."""
    scores: dict[str, float] = {}
    for span, score in read.words.items():
        start, end = marked.source(*span)
        if any(at in inner for at in range(start, end)):
            scores[text[start:end].lower()] = score
    likely = sum(_is_word(word, score, LIKELY_LETTER_SCORE) for word, score in scores.items())
    return likely > LEAST_LIKELY_SHARE * len(scores)


def _is_word(word: str, score: float, least: float) -> bool:
    """Return whether a word with this log-likelihood is one of the language; `least` is the same per character."""
    return score > LIKELY_WORD_SCORE or score > least * (len(word) + 1)


def read_marks(text: str, tag: str, archive: ArchiveStatistics, questions: Collection[int] = ()) -> ReadText:
    """Return what the marks of a text are in a language."""
    places = list(marked_places(text, tag, questions))
    attached = sum(bool(place.word.text.strip(REPLACEMENT)) for place in places)
    if len(places) - attached > MOST_LONE_RATIO * attached:
        places = [place for place in places if place.word.text.strip(REPLACEMENT)]
    if not attached:
        return ReadText([], {}, -math.inf)
    model, known = language_model(tag).interpolated_with(archive), word_list(tag)
    fillings = word_fillings((place.word for place in places), model, known)
    doubtful = (place for place in places if len(fillings[place.word]) > 1)
    around = neighbour_scores(text, [at for place in doubtful for at in _marks_of(place)], tag)
    words = [
        WordInText(place.span, rows, _evidence(place, rows, around))
        for place, rows in ((place, fillings[place.word]) for place in places)
    ]
    shares = filling_probabilities(text, words, model, weights_of(known).ngrams)
    found: list[RestoredMark] = []
    for place, word, share in zip(places, words, shares, strict=True):
        found += _restored(place, word.fillings, share.tolist(), tag)
    best = {place.span: max(one.score for one in fillings[place.word]) for place in places}
    return ReadText(found, best, float(np.mean(list(best.values()))))


def _marks_of(place: MarkedPlace) -> list[int]:
    """Return the indexes of the marks of a word in the marked text."""
    return [place.span[0] + at for at, char in enumerate(place.word.text) if char == REPLACEMENT]


def _evidence(
    place: MarkedPlace, fillings: Sequence[Filling], around: Mapping[int, Mapping[str, float]]
) -> list[float]:
    """Return what the word list and the neighbouring words say of each filling, in nats."""
    marks = [around.get(at, {}) for at in _marks_of(place)]
    return [
        one.extra
        + sum(letters.get(lower_form(char[0]), 0.0) for letters, char in zip(marks, one.characters, strict=True))
        for one in fillings
    ]


def _restored(
    place: MarkedPlace, fillings: Sequence[Filling], shares: Sequence[float], tag: str
) -> Iterator[RestoredMark]:
    """Yield the marks of a word with their options: the characters of its likeliest filling first."""
    best = fillings[max(range(len(shares)), key=lambda number: shares[number])].characters
    possible = _is_word(place.word.text, max(one.score for one in fillings), POSSIBLE_LETTER_SCORE)
    offsets = (at for at, char in enumerate(place.word.text) if char == REPLACEMENT)
    size = len(place.word.text)
    half_marks = len(place.capitals) > 1 and size <= min(LONGEST_HARD_WORD, 2 * len(place.capitals))
    is_noun = tag == GERMAN and GERMAN_NOUN.fullmatch(place.word.text) is not None
    for number, (offset, large) in enumerate(zip(offsets, place.capitals, strict=True)):
        is_capital = is_noun and not offset
        likeliest = _capital(best[number]) if is_capital else best[number]
        total: dict[str, float] = {likeliest: 0.0}
        for filling, share in zip(fillings, shares, strict=True):
            one = _capital(filling.characters[number]) if is_capital else filling.characters[number]
            total[one] = total.get(one, 0.0) + share
        if len(total) == 1:
            total |= dict.fromkeys(place.word.candidates[number][:2], 0.0) | total  # one alternative, however unlikely
        others = sorted(total.keys() - {likeliest}, key=lambda one: (-total[one], one))[:MOST_ALTERNATIVES]
        ranked = [(one, min(round(total[one], 3), MOST_MARK_CONFIDENCE)) for one in (likeliest, *others)]
        options = tuple((_capital(one) if large else one, share) for one, share in ranked)
        yield RestoredMark(place.span[0] + offset, options, possible, half_marks)


def _capital(char: str) -> str:
    """Return the capital of a character: `İ` for `i`, which only Turkish lost."""
    return "İ" if char == "i" else char.upper() if len(char.upper()) == 1 else char


def _mark_change(text: str, marked: MarkedText, mark: RestoredMark, least: float) -> Change | None:
    """Return the change of a mark: its likeliest character, or U+FFFD if uncertain; None for a question mark."""
    span = marked.source(mark.at, mark.at + 1)
    before, (character, confidence), others = text[slice(*span)], mark.options[0], mark.options[1:]
    if before == QUESTION_MARK:
        enough = LEAST_HARD_CONFIDENCE if mark.hard else LEAST_QUESTION_CONFIDENCE
        certain = mark.possible and confidence >= max(least, enough)
        if not certain or character.startswith(QUESTION_MARK):
            return None
    other_case = sum(share for one, share in others if one != character and one.lower() == character.lower())
    if confidence < max(least, LEAST_CASE_CONFIDENCE * (confidence + other_case)):
        return Change("repair", span, before, REPLACEMENT, UNCERTAIN_MARK_REASON, confidence, mark.options)
    return Change("repair", span, before, character, MARK_REASON, confidence, others)
