"""The HTML elements that say the same as a mark of Markdown, by mark; posts, saved pages and books read them alike."""

from __future__ import annotations

STRONG_TAGS = ("b", "strong")
EMPHASIS_TAGS = ("i", "em", "cite", "dfn", "var")
DELETED_TAGS = ("s", "strike", "del")
CODE_TAGS = ("code", "samp", "tt")
