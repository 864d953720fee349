"""Two documents -> whether they are copies or versions: by their words and signs, or because damage explains it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pipeline.duplicates.damaged_copies import compare_damaged, misdecoding_codec, mostly_ascii
from pipeline.duplicates.near_duplicates import DIFFERENT_TEXTS, MOST_EDITED_SHARE, Comparison, compare_texts
from pipeline.duplicates.word_normalization import normalized_words, without_url_queries


@dataclass(frozen=True, order=True)
class ComparedText:
    """What a comparison uses: the clean text, for damaged documents also the text before repair, a digest of both.

    A title that is in the front matter only is a part of the text, as a line before it.
    """

    digest: bytes
    text: str
    unrepaired: str
    title: str = ""
    language: str = ""
    source: str = ""  # the text as found, if cleaning changed characters outside ASCII

    @cached_property
    def words(self) -> str:
        """The words of the text, URLs without their queries."""
        return normalized_words(without_url_queries(self.text))

    @cached_property
    def titled(self) -> str:
        """The text, after its title unless the title is in it."""
        title = normalized_words(self.title)
        return self.text if f" {title} " in f" {self.words} " else f"# {self.title}\n\n{self.text}"


def compare_documents(
    one: ComparedText, other: ComparedText, edited: float = MOST_EDITED_SHARE, *, one_page: bool = False
) -> Comparison:
    """Return whether two documents are the same post, where at most a share `edited` of their characters differs.

    A damaged text is also a copy where a mis-decoding of the other text gives it. Repair has guessed characters in it,
    so different words prove nothing. Where only a handful of signs is damaged, the rest must be the same.
    """
    texts = (one.text, other.text) if one.unrepaired or other.unrepaired else (one.titled, other.titled)
    language = one.language if one.language == other.language else ""
    found = compare_texts(texts, (one.words, other.words), language, edited=edited, one_page=one_page)
    if found.same:
        return found
    for damaged, sound in ((one, other), (other, one)):
        for text in filter(None, (sound.text, sound.source) if damaged.unrepaired else ()):
            if (misdecoded := compare_damaged(damaged.unrepaired, text)).same:
                return misdecoded
    if found.why and (ascii_only := _compare_ascii(one, other)).same:
        for at, (damaged, sound) in enumerate(((one, other), (other, one))):
            if codec := misdecoding_codec(damaged.text, sound.text):
                return Comparison(same=True, why=f"decoded as {codec}", similarity=found.similarity, worse=at)
        return Comparison(why=found.why, similarity=min(found.similarity, ascii_only.similarity))
    guessed = found.why == "different words" and (one.unrepaired or other.unrepaired)
    return Comparison(why=found.why, similarity=found.similarity) if guessed else found


def _compare_ascii(one: ComparedText, other: ComparedText) -> Comparison:
    """Return whether the ASCII characters of two texts are the same, words and signs; only of mostly ASCII texts."""
    if not (mostly_ascii(one.text) and mostly_ascii(other.text)):
        return DIFFERENT_TEXTS
    texts = tuple(copy.text.encode("ascii", "ignore").decode() for copy in (one, other))
    words = normalized_words(texts[0]), normalized_words(texts[1])
    found = compare_texts((texts[0], texts[1]), words, edited=MOST_EDITED_SHARE)
    return found if found.same and found.longer is None else DIFFERENT_TEXTS
