"""A name -> its key in natural order, where numbers sort by their value."""

from __future__ import annotations

import re


def natural_key(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return a sort key by which `issue-2.md` comes before `issue-10.md`. Letter case does not matter.

    >>> sorted(["issue-10.md", "Issue-2.md", "issue-1.md"], key=natural_key)
    ['issue-1.md', 'Issue-2.md', 'issue-10.md']
    """
    parts = re.split(r"([0-9]+)", name.casefold())
    # A number is (its digits, its text): a long one sorts after a short one, without a conversion that has a limit.
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (0, part) for at, part in enumerate(parts)
    ), name
