"""Text and file name -> the title of a post whose front matter names none."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from pipeline.markdown import HEADING_MARKS, BlockGroup, block_groups, heading_text, inline_tokens
from pipeline.patterns import lazy_pattern

FEWEST_LETTERS_OF_NAME = 3  # letters of a word in a file name that says what the post is about; 2 outside ASCII
_EMPTY_NAMES = {"index", "readme", "untitled", "post", "article", "content", "text", "main", "document", "file", "page"}
_WORD_OF_NAME = lazy_pattern(r"[^\W_]+")
_DATED = lazy_pattern(r"\d{4}-\d\d?-\d\d?-(?=\S)")  # the date before the words, as Jekyll names posts
_PICTURES = lazy_pattern(r"(?:\[?!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])(?:\]\([^)]*\))?\s*)+")


class _Heading(NamedTuple):
    """A heading of the highest level: its text, whether the text begins with it, whether others have its level."""

    text: str
    level: str
    leads: bool
    repeated: bool


def title_of_text(text: str, stem: str) -> str:
    r"""Return the title of a post: the heading that names all of the text, else its file name; empty if it has neither.

    A heading below other text, or one of several of its level, is that of a section. It is the title if the file name
    says nothing.

    >>> title_of_text("## Lighthouses", "by-the-sea"), title_of_text("Text\n\n## Two", "2021-03-05-by-the-sea")
    ('Lighthouses', 'By the sea')
    >>> title_of_text("## Cargo\n## Crates", "Rust"), title_of_text("## Cargo\n## Crates", "001_9722d69a")
    ('Rust', 'Cargo')
    """
    heading = _first_heading(text)
    if not heading.text:
        return _name_in_words(stem)
    only_first = heading.level == "h1" and not heading.repeated
    leading = heading.leads and (heading.level == "h1" or not heading.repeated)
    return heading.text if only_first or leading or not _says_something(stem) else _name_in_words(stem)


def _says_something(stem: str) -> bool:
    """Return whether a file name has a word: `rust`, but not `index`, `post-12` or `001_9722d69a`."""
    words = [word.casefold() for word in _WORD_OF_NAME.findall(stem)]
    return any(
        word.isalpha() and word not in _EMPTY_NAMES and len(word) >= FEWEST_LETTERS_OF_NAME - (not word.isascii())
        for word in words
    )


def _name_in_words(stem: str) -> str:
    """Return a file name as a title: a dated one without its date, and Logseq's sign of a page below another as `/`.

    >>> _name_in_words("2021-03-05-by-the-sea"), _name_in_words("by-the-sea"), _name_in_words("Tools___Zoom")
    ('By the sea', 'by-the-sea', 'Tools/Zoom')
    """
    dated = _DATED.match(stem)
    if not dated or not _says_something(stem[dated.end() :]):
        return stem.replace("___", "/")
    words = " ".join(re.sub("[-_]", " ", stem[dated.end() :]).split())
    return words[:1].upper() + words[1:]


def _first_heading(text: str) -> _Heading:
    """Return the first heading of the highest level; its text is empty if there is none."""
    best = _Heading("", "h7", leads=False, repeated=False)
    begun = False  # whether there was a block that is no picture
    for group in block_groups(text):
        if not HEADING_MARKS.search(group.text):
            begun = begun or bool(group.text.strip() and not _PICTURES.fullmatch(group.text.strip()))
            continue
        for one, after in pairwise(group.blocks.tokens):
            if one.type != "heading_open":
                begun = begun or (one.type == "inline" and not _PICTURES.fullmatch(one.content))
            elif not _is_opaque(group, one.map):
                if one.tag < best.level:
                    title = heading_text(inline_tokens(after.content, group.blocks.env))
                    best = _Heading(title, one.tag, leads=not begun, repeated=False)
                elif one.tag == best.level:
                    best = best._replace(repeated=True)
        if best.level == "h1" and best.leads:
            break  # nothing below counts
    return best


def _is_opaque(group: BlockGroup, lines: list[int] | None) -> bool:
    """Return whether a block starts inside an opaque region: `# comment` between `{% highlight %}` and its end."""
    first = group.start + group.lines[lines[0]] if lines else group.start
    inside = group.text.find("\n", first - group.start)  # of a region that starts with the block, the next line
    before = bisect_right(group.opaque, first, key=attrgetter("start"))
    start, end, _ = group.opaque[before - 1] if before else (first, first, "")
    return start < first < end or start == first <= group.start + inside < end
