"""Two texts -> whether they are the same, versions of one post, or merely similar: the exact check of candidates."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz.distance import Indel, Levenshtein

from pipeline.duplicates.token_edits import TokenEdits, token_edits
from pipeline.duplicates.word_normalization import SHORT_TEXT_CHARACTERS

LEAST_JACCARD = (
    0.40  # estimated Jaccard of 3-grams: 0.57 with a tenth of the characters edited, 0.2 to 0.3 for posts of one series
)
MOST_EDITED_SHARE = 0.13  # largest share of edited characters of two texts that are reported as similar
LEAST_CONTAINED_SHARE = 0.5  # smallest share of a version that the version before it has
LEAST_QUOTED_SHARE = 0.8  # the same where the two begin differently: one may be a post that quotes the other
MOST_TYPED_SHARE = 0.01  # share of the words that have a typo in a copy
MOST_LOST_IN_VERSION = 0.02  # share of the shorter text's characters that the longer one does not have
MOST_COMPARED_CHARACTERS = (
    1_000_000  # characters; the time grows with the square of the length: 30 s for two texts of 2 million
)
MOST_OF_DIFFERENT = 0.999  # the largest similarity that is reported of two texts that differ
VERSION_OF = "version"  # why: the longer text has all that the other has


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison: `same`, or `distinct`, with the reason; neither means undecided.

    `similarity` is the share of equal characters, from 0 to 1. `worse` is the index (0 or 1) of the text that is
    truncated or mis-decoded. `longer` is the index of the text that has more words; None if neither has.
    """

    same: bool = False
    distinct: bool = False
    why: str = ""
    similarity: float = 0.0
    worse: int | None = None
    longer: int | None = None


DIFFERENT_TEXTS = Comparison()


def compare_texts(
    texts: tuple[str, str], words: tuple[str, str], *, edited: float = MOST_EDITED_SHARE, one_page: bool = False
) -> Comparison:
    """Return whether two texts are the same post, where at most a share `edited` of their characters differs.

    `words` are the words of the texts, as `normalized_words` returns them. `one_page` is whether both have one source
    URL: then texts that say different things are versions of one post. Texts of more than LONGEST characters are not
    compared.
    """
    short, long = sorted(words, key=len)
    if len(long) > MOST_COMPARED_CHARACTERS or len(short) < SHORT_TEXT_CHARACTERS:
        same = words[0] == words[1] and not _says_other_things(token_edits(*texts))
        return Comparison(same=True, why="same words", similarity=1.0) if same else DIFFERENT_TEXTS
    share = _edited_share(short, long, edited)
    if share is None and not _is_contained(short, long):
        return DIFFERENT_TEXTS
    edits = token_edits(*texts)
    similarity = 1 - share if share is not None else len(short) / len(long)
    if one_page and edits.difference_with(noisy=True) == "" and edits.longer is None:
        return Comparison(same=True, why="near-duplicate", similarity=similarity)
    if one_page and (edits.difference or edits.longer is not None):
        longer = None if len(words[0]) == len(words[1]) else int(len(words[1]) > len(words[0]))
        return Comparison(same=True, why=VERSION_OF, similarity=similarity, longer=longer)
    return _without_url(edits, words, similarity, near=share is not None)


def _without_url(edits: TokenEdits, words: tuple[str, str], similarity: float, *, near: bool) -> Comparison:
    """Return what the edits of two texts say of them, where nothing else is known of the two."""
    if edits.difference:
        below = min(similarity, MOST_OF_DIFFERENT)  # equal words may have different signs
        different = Comparison(distinct=True, why=f"different {edits.difference}", similarity=below)
        return different if near else DIFFERENT_TEXTS
    if len(edits.typos) > 1 + MOST_TYPED_SHARE * max(words[0].count(" "), words[1].count(" ")) + len(edits.noise):
        return Comparison(distinct=True, why="different words", similarity=similarity)
    if edits.longer is None:
        exact = not (edits.typos or edits.noise or edits.gaps)
        return Comparison(same=True, why="same words" if exact else "near-duplicate", similarity=similarity)
    if edits.cut == 1 - edits.longer and len(edits.added) == 1:
        return Comparison(same=True, why="truncated", similarity=similarity, worse=edits.cut, longer=edits.longer)
    short, long = words[1 - edits.longer], words[edits.longer]
    least = LEAST_CONTAINED_SHARE if _begin_alike(short, long) else LEAST_QUOTED_SHARE
    if len(short) < least * len(long):
        return DIFFERENT_TEXTS
    return Comparison(same=True, why=VERSION_OF, similarity=similarity, longer=edits.longer)


def _says_other_things(edits: TokenEdits) -> bool:
    return bool(edits.difference or edits.typos or edits.noise or edits.gaps or edits.added)


def _edited_share(short: str, long: str, edited: float) -> float | None:
    """Return the share of the characters in which two texts differ (Levenshtein); None if above `edited`."""
    most = int(edited * len(long))
    changed = Levenshtein.distance(short, long, score_cutoff=most)
    return None if changed > most else changed / len(long)


def _is_contained(short: str, long: str) -> bool:
    """Return whether nearly all characters of a text are in the other in the same order."""
    if len(short) < LEAST_CONTAINED_SHARE * len(long):
        return False
    most = len(long) - len(short) + int(2 * MOST_LOST_IN_VERSION * len(short))
    return Indel.distance(short, long, score_cutoff=most) <= most


def _begin_alike(one: str, other: str) -> bool:
    """Return whether the first words of two texts are equal: a title, or the start of a sentence."""
    return one[:BEGINNING] == other[:BEGINNING]


BEGINNING = 20  # characters
