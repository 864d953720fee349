"""Two documents -> whether they are copies: by their words, or because damage turns one into the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pipeline.duplicates.damaged_copies import compare_damaged, misdecoding_codec, mostly_ascii
from pipeline.duplicates.near_duplicates import DIFFERENT_TEXTS, MOST_EDITED_SHARE, Comparison, compare_texts
from pipeline.duplicates.word_normalization import normalized_words, without_url_queries


@dataclass(frozen=True, order=True)
class ComparedText:
    """What a comparison uses: the clean text, for damaged documents also the text before repair, a digest of both."""

    digest: bytes
    text: str
    unrepaired: str

    @cached_property
    def words(self) -> str:
        """The words of the text, URLs without their queries."""
        return normalized_words(without_url_queries(self.text))

    @cached_property
    def words_with_urls(self) -> str:
        """The words of the text and of its whole URLs."""
        return normalized_words(self.text) if "://" in self.text else self.words


def compare_documents(one: ComparedText, other: ComparedText, edited: float = MOST_EDITED_SHARE) -> Comparison:
    """Return whether two documents are copies of each other, up to a share `edited` of their characters.

    A typo in a URL can hide where its query begins. Then the texts with whole URLs have fewer edits.

    A damaged text is also a copy where a mis-decoding of the other text gives it. Repair has guessed characters in it,
    so different words prove nothing. Where only a handful of signs is damaged, the rest must be the same. If the rest
    is the same, different signs do not keep the two apart: both may be mis-decoded copies of a third text.
    """
    found = compare_texts((one.words, other.words), (one.words_with_urls, other.words_with_urls), edited=edited)
    if found.same:
        return found
    for damaged, sound in ((one, other), (other, one)):
        if damaged.unrepaired and (misdecoded := compare_damaged(damaged.unrepaired, sound.text)).same:
            return misdecoded
    if found.why and compare_texts((_ascii_words(one.text), _ascii_words(other.text)), edited=edited).same:
        for at, (damaged, sound) in enumerate(((one, other), (other, one))):
            if codec := misdecoding_codec(damaged.text, sound.text):
                return Comparison(same=True, why=f"decoded as {codec}", similarity=found.similarity, worse=at)
        if mostly_ascii(one.text) and mostly_ascii(other.text):
            return DIFFERENT_TEXTS
    guessed = found.why == "different words" and (one.unrepaired or other.unrepaired)
    return DIFFERENT_TEXTS if guessed else found


def _ascii_words(text: str) -> str:
    return normalized_words(without_url_queries(text.encode("ascii", "ignore").decode()))
