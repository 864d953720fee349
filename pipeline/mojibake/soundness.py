"""A proposed repair -> the reason why the text is sound as it is, or None: "this text is sound" has the largest prior.

Bytes that are valid UTF-8 prove a repair. A chain of other codecs has only the language as evidence: any text has an
original in some of them. `In French you need à, é, è` is `а, й, и` in cp1251.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.language.fluency import character_log_likelihoods, line_log_likelihoods
from pipeline.language.ngram_keys import codes_of
from pipeline.language.ngrams import unigram_log_probabilities
from pipeline.language.vocabulary import known_word_nats

# The thresholds are between the true repairs of short strings and the wrong ones: benchmarks/harm.py.
MOST_MIXED = 0.25  # share of the new letters that are in words with Latin letters; true repairs have at most 0.1
MOST_ALONE = 0.36  # share of the new letters that are words of one letter; true repairs have at most 0.2
FEWEST_IN_ORDER = 6  # letters in the order of the alphabet that make an alphabet
FEWEST_BASES = 4  # different letters of it without their diacritics
MOST_SYMBOL_SHARE = 0.2  # share of symbols among the characters of an alphabet
MOST_ALPHABETIC_ENTROPY = 4.7  # nats per letter of the words with new letters; true repairs have at most 4.4
MOST_LATIN_ENTROPY = 3.7  # the same where the new letters are Latin; true repairs have at most 3.1
MOST_FLUENT_ENTROPY = 3.1  # the same over all words of a text in a language of the model; Friulian as Latvian has 3.5
LEAST_GAIN_PER_LETTER = 8.0  # nats by which rare words must become likelier with each new letter
FEWEST_BETTER_LETTERS = 3  # new letters of such words
MOST_LETTERS_BY_CHANCE = 3  # new letters of a line that may be valid UTF-8 by chance
MOST_LETTERS_OF_ACRONYMS = 12  # of another script; words of so few letters must be known, or likely names
FEWEST_NAME_LETTERS = 6  # of another script in a row, which no acronym has
LEAST_NATS_OF_NAME = -5.3  # nats a letter, in the language model: `Земфира` has -4.9, `пчуджэ` of `ŠŽÕÄÖÜ` -5.8
LISTED_SCRIPTS = frozenset({"CYRILLIC", "GREEK", "HEBREW", "ARABIC"})  # of the languages with word lists, besides Latin
TWO_BYTES = 2
UNKNOWN_LETTER = -20.0  # nats: log-probability of a letter, in the language that has it most; unseen ones have -24
FITTING_SHARE = 0.6  # share of the letters to change that sound words of the document have as well
WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0900-\u0dff\u0e31-\u0e4e])*")
UNSPACED_SCRIPTS = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR"})
IDEOGRAPHIC_SCRIPTS = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
SYMBOL_SCRIPTS = frozenset({"GREEK", "MICRO", "MODIFIER", "FEMININE", "MASCULINE", "SUPERSCRIPT", "SUBSCRIPT"})
LATIN = "LATIN"
WORDS_OF_NO_LANGUAGE = "words of no language"


class LineRepair(NamedTuple):
    """A line and its proposed original."""

    before: str
    after: str


class SoundnessRule(NamedTuple):
    """An objection: `objects(repairs)` says whether the lines are sound as they are."""

    name: str
    objects: Callable[[Sequence[LineRepair]], bool]
    example: str  # sound text that no other rule keeps


def objection(repairs: Sequence[LineRepair]) -> str | None:
    """Return the name of the first rule that objects to repairs by a chain of codecs other than UTF-8; None if none.

    >>> objection([LineRepair("ÁREAS, ÉTICA", "аREAS, иTICA")])
    'scripts mixed in a word'
    >>> objection([LineRepair("Ïðèâåò, ìèð", "Привет, мир")])
    """
    return next((rule.name for rule in RULES if rule.objects(repairs)), None)


def fits_document(repairs: Sequence[LineRepair], others: Iterable[str]) -> bool:
    """Return whether the other lines of a document have the letters that a repair would change to another script.

    >>> fits_document([LineRepair("à, é, è", "а, й, и")], ["Le père a élevé ses enfants à Paris."])
    True
    """
    foreign = [line for line in repairs if not _is_latin_to_latin(line)]
    changed = [char for line in foreign for char in _lost_characters(line) if char.isalpha()]
    known = {char for line in others for char in line if not char.isascii() and char.isalpha()}
    return bool(changed) and sum(char in known for char in changed) >= FITTING_SHARE * len(changed)


def script_of(char: str) -> str:
    """Return the script of a letter by its Unicode name.

    >>> script_of("й"), script_of("é"), script_of("中")
    ('CYRILLIC', 'LATIN', 'CJK')
    """
    return unicodedata.name(char, "?").split()[0].split("-")[0]


def touches_other_script(line: LineRepair) -> bool:
    """Return whether new letters, single ones, are part of words of another script; symbols of science may be.

    >>> touches_other_script(LineRepair("¿jáˆ jáˈˉ?", "¿jሠjáˈˉ?")), touches_other_script(LineRepair("5 Î¼m", "5 μm"))
    (True, False)
    """
    words = list(_new_words([line]))
    if sum(len(places) for _, places in words) > MOST_LETTERS_BY_CHANCE:
        return False
    return any(len(places) == 1 < len(word) and _is_foreign(word, places[0]) for word, places in words)


def _is_foreign(word: str, at: int) -> bool:
    """Return whether the script of a letter is not that of its word; unspaced scripts touch Latin words."""
    script, others = script_of(word[at]), {script_of(char) for char in word[:at] + word[at + 1 :]} - SYMBOL_SCRIPTS
    if script in {LATIN, *SYMBOL_SCRIPTS} or (script in UNSPACED_SCRIPTS and others <= {LATIN, *UNSPACED_SCRIPTS}):
        return False
    return bool(others - {script})


def makes_unknown_letter(line: LineRepair) -> bool:
    """Return whether the one new letter of a line is of two bytes in UTF-8 and in no language that the model knows.

    >>> makes_unknown_letter(LineRepair("Le thÈ‚tre", "Le thȂtre")), makes_unknown_letter(LineRepair("cafÃ©", "café"))
    (True, False)
    """
    new = [word[at] for word, places in _new_words([line]) for at in places]
    if len(new) != 1 or len(new[0].encode()) != TWO_BYTES or script_of(new[0]) != LATIN:
        return False
    return float(unigram_log_probabilities(codes_of(new[0])).max()) < UNKNOWN_LETTER


def mixes_scripts(line: LineRepair) -> bool:
    """Return whether a proposed line has more than its share of words with both Latin and new letters.

    >>> mixes_scripts(LineRepair("Éire, Ógra", "иire, сgra"))
    True
    """
    return _has_mixed_words([line])


def _has_mixed_words(repairs: Sequence[LineRepair]) -> bool:
    """Return whether too many of the new letters are in words with Latin letters."""
    new = mixed = 0
    for word, places in _new_words(repairs):
        foreign = [at for at in places if script_of(word[at]) != LATIN]
        new += len(foreign)
        if any(script_of(char) == LATIN for char in word):
            mixed += sum(_is_mixed(word, at) for at in foreign)
    return mixed > MOST_MIXED * new


def _is_mixed(word: str, at: int) -> bool:
    """Return whether a letter of a word with Latin letters is none of that word: unspaced scripts touch Latin words."""
    if script_of(word[at]) not in UNSPACED_SCRIPTS:
        return True
    return all(script_of(char) == LATIN for char in word[max(0, at - 1) : at] + word[at + 1 : at + 2])


def _stand_alone(repairs: Sequence[LineRepair]) -> bool:
    """Return whether too many of the new letters are words of one letter: lists and tables of letters."""
    words = [(len(word), len(places)) for word, places in _new_words(repairs) if script_of(word[0]) != LATIN]
    return sum(new for size, new in words if size == 1) > MOST_ALONE * sum(new for _, new in words)


def _are_alphabets(repairs: Sequence[LineRepair]) -> bool:
    """Return whether the letters to change are in the order of an alphabet: `áäãéëíóöü`."""
    lost = [char for line in repairs for char in _lost_characters(line)]
    letters = [unicodedata.normalize("NFD", char.casefold())[0] for char in lost if char.isalpha()]
    if len(letters) < max(FEWEST_IN_ORDER, (1 - MOST_SYMBOL_SHARE) * len(lost)):
        return False
    bases = [letter for letter, _ in itertools.groupby(letters)]
    return len(bases) >= FEWEST_BASES and bases == sorted(set(bases))


def _read_badly(repairs: Sequence[LineRepair]) -> bool:
    """Return whether the words with new letters are words of no language that the model knows."""
    text = "\n".join(line.after for line in repairs)
    new = {char for word, places in _new_words(repairs) for char in (word[at] for at in places)}
    scripts = {script_of(char) for char in new}
    if not new or scripts & IDEOGRAPHIC_SCRIPTS:
        return False
    spans = [match.span() for match in WORD.finditer(text) if not new.isdisjoint(match[0])]
    nats = _nats_of(text, spans)
    most = MOST_LATIN_ENTROPY if scripts == {LATIN} else MOST_ALPHABETIC_ENTROPY
    if nats <= most * sum(end - start for start, end in spans):
        return False
    before = "\n".join(line.before for line in repairs)
    places = sum(len(places) for _, places in _new_words(repairs))
    much_better = len(before) == len(text) and _nats_of(before, spans) - nats >= LEAST_GAIN_PER_LETTER * places
    words = [match.span() for match in WORD.finditer(text)]
    fluent = _nats_of(text, words) <= MOST_FLUENT_ENTROPY * sum(end - start for start, end in words)
    return not (scripts == {LATIN} and places >= FEWEST_BETTER_LETTERS and much_better and fluent)


def _nats_of(text: str, spans: Sequence[tuple[int, int]]) -> float:
    """Return the cross-entropy of some spans of a text, in nats."""
    scores = character_log_likelihoods(text)
    return -sum(float(scores[start:end].sum()) for start, end in spans)


def _are_acronyms(repairs: Sequence[LineRepair]) -> bool:
    """Return whether a few letters would become words of another script that are neither known nor likely names."""
    words = [word for word, places in _new_words(repairs) if script_of(word[places[0]]) in LISTED_SCRIPTS]
    letters = sum(map(len, words))
    if not words or letters > MOST_LETTERS_OF_ACRONYMS:
        return False
    known = zip(words, known_word_nats(words).tolist(), strict=True)
    if 2 * sum(len(word) for word, nats in known if nats > 0) >= letters:
        return False
    text = " ".join(words)
    return letters < FEWEST_NAME_LETTERS or is_unlikely_name(text)


def is_unlikely_name(text: str) -> bool:
    """Return whether a text is less likely than a name that no word list has: `пчуджэ`, but not `Земфира`."""
    return float(line_log_likelihoods([text])[0]) < LEAST_NATS_OF_NAME * len(text)


def _are_symbols(repairs: Sequence[LineRepair]) -> bool:
    """Return whether symbols would become other symbols: mojibake of symbols has letters as well."""
    lost = [char for line in repairs for char in _lost_characters(line)]
    return not any(char.isalpha() or unicodedata.category(char) == "Cc" for char in lost) and not any(
        _new_words(repairs)
    )


def _new_words(repairs: Sequence[LineRepair]) -> Iterator[tuple[str, list[int]]]:
    """Yield the words of the proposed lines that have new letters, with the indexes of these."""
    for line in repairs:
        old = set(line.before)
        for match in WORD.finditer(line.after):
            places = [at for at, char in enumerate(match[0]) if char not in old and char.isalpha()]
            if places:
                yield match[0], places


def _lost_characters(line: LineRepair) -> list[str]:
    """Return the characters outside ASCII of a line that its proposed original does not have."""
    kept = set(line.after)
    return [char for char in line.before if not char.isascii() and char not in kept]


def _is_latin_to_latin(line: LineRepair) -> bool:
    """Return whether all new letters of a line are Latin."""
    return all(script_of(word[at]) == LATIN for word, places in _new_words([line]) for at in places)


# The order is that of their cost.
RULES: tuple[SoundnessRule, ...] = (
    SoundnessRule("scripts mixed in a word", _has_mixed_words, "ÁREAS, ÉTICA, ÓRGÃOS, ÚLTIMOS"),
    SoundnessRule("letters that stand alone", _stand_alone, "In French you need à, é, è, ê, ç and ô."),
    SoundnessRule("symbols", _are_symbols, "‚ „ ‹ ›"),
    SoundnessRule("an alphabet", _are_alphabets, "áäãéëíóöü"),
    SoundnessRule("acronyms", _are_acronyms, "ÂÉËÔÏ"),
    SoundnessRule(WORDS_OF_NO_LANGUAGE, _read_badly, "Nissune persone e pò jessi tignude in sclavitût."),
)
