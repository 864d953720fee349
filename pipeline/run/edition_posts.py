"""A book of the settings -> the posts that meet its conditions; only chapters that changed are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pipeline.books.book import Chapter
from pipeline.books.selection import meets_conditions
from pipeline.run.periods import DatedPost
from pipeline.settings import Edition
from pipeline.store.archive_state import ArchiveState
from pipeline.store.packing import digest_of_values, unpack


class EditionPosts:
    """The posts of each book of the settings; a `trial` makes no chapters, so every new one may meet the conditions."""

    def __init__(self, database: ArchiveState, *, trial: bool) -> None:
        """Look at the chapters in `database`."""
        self.database, self.trial = database, trial

    def members(self, edition: Edition, posts: Sequence[DatedPost]) -> list[DatedPost]:
        """Return the posts that meet the conditions of `edition`, in the same order."""
        conditions = _conditions(edition)
        known = self.database.selections.known(conditions)
        return [post for post in posts if self._meets(edition, conditions, post, known.get(post[0]))]

    def _meets(self, edition: Edition, conditions: str, post: DatedPost, known: tuple[str, bool] | None) -> bool:
        path, key, _ = post
        if known and known[0] == key:
            return known[1]
        packed = self.database.chapters.chapter(path)
        if self.trial and not packed:
            return True
        meets = meets_conditions(edition, unpack(packed, Chapter))
        self.database.selections.put(conditions, path, key, meets=meets)
        return meets

    def forget_others(self, editions: Iterable[Edition]) -> None:
        """Forget the conditions of books that are no longer in the settings."""
        self.database.selections.keep_only(map(_conditions, editions))


def _conditions(edition: Edition) -> str:
    """Return the digest of the conditions of a book."""
    unconditional = msgspec.structs.replace(edition, title="-", order="oldest", cover="", every=None)
    return digest_of_values(unconditional)
