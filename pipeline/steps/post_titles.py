"""Text and file name -> the title of a post whose front matter names none."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from pipeline.markdown import BlockGroup, block_groups, heading_text, inline_tokens, may_have_heading
from pipeline.patterns import lazy_pattern

FEWEST_LETTERS_OF_NAME = 3  # letters of a word in a file name that says what the post is about; 2 outside ASCII
_EMPTY_NAMES = {"index", "readme", "untitled", "post", "article", "content", "text", "main", "document", "file", "page"}
_WORD_OF_NAME = lazy_pattern(r"[^\W_]+")
_WORD_WITH_NUMBER = lazy_pattern(r"[^\W\d_]{2,}\d{1,2}[^\W\d_]*|[^\W\d_]\d[^\W\d_]+")  # `web3`, `neo4j`, `k8s`
_HEXADECIMAL = lazy_pattern(r"[0-9a-f]+")
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
    says nothing, or says the same.

    >>> title_of_text("## Lighthouses", "by-the-sea"), title_of_text("Text\n\n## Two", "2021-03-05-by-the-sea")
    ('Lighthouses', 'By the sea')
    >>> title_of_text("## Cargo\n## Crates", "Rust"), title_of_text("## Cargo\n## Crates", "001_9722d69a")
    ('Rust', 'Cargo')
    >>> title_of_text("Text\n\n# Use", "Neo4j"), title_of_text("Text\n\n# By the Sea", "by-the-sea")
    ('Neo4j', 'By the Sea')
    """
    heading = _first_heading(text)
    if not heading.text:
        return _name_in_words(stem)
    return heading.text if not names_something(stem) or _names_all(heading, stem) else _name_in_words(stem)


def _names_all(heading: _Heading, stem: str) -> bool:
    """Return whether a heading is the title of a post whose file name says something.

    The first line of the text is, if it is a heading of level 1. Other headings that no second one has the level of are
    if the file name says the same, or is no title itself: `by-the-sea`, and not `By the sea`.
    """
    if heading.leads and heading.level == "h1":
        return True
    if heading.repeated or not (heading.leads or heading.level == "h1"):
        return False
    if comparable_words(heading.text) & comparable_words(stem):
        return True
    is_title = " " in stem or (stem[:1].isupper() and bool(_WORD_OF_NAME.fullmatch(stem)))
    return not is_title and (heading.leads or (stem.isascii() and not heading.text.isascii()))


def comparable_words(text: str) -> set[str]:
    """Return the words of a title, a file name or a URL that can be compared: `proč-python` -> `{"proc", "python"}`.

    Of words in scripts without spaces, such as Chinese, the pairs of characters.
    """
    letters = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    words = [word.casefold() for word in _WORD_OF_NAME.findall(unicodedata.normalize("NFC", letters))]
    whole = {word for word in words if word.isascii() and len(word) >= FEWEST_LETTERS_OF_NAME}
    return whole | {word[at : at + 2] for word in words if not word.isascii() for at in range(len(word) - 1)}


def names_something(stem: str) -> bool:
    """Return whether a file name has a word: `rust` or `neo4j`, but not `index`, `post-12` or `001_9722d69a`."""
    words = [word.casefold() for word in _WORD_OF_NAME.findall(stem)]
    return any(
        (word.isalpha() or (_WORD_WITH_NUMBER.fullmatch(word) and not _HEXADECIMAL.fullmatch(word)))
        and word.strip("0123456789") not in _EMPTY_NAMES
        and len(word) >= FEWEST_LETTERS_OF_NAME - (not word.isascii())
        for word in words
    )


def _name_in_words(stem: str) -> str:
    """Return a file name as a title: a dated one without its date, and Logseq's sign of a page below another as `/`.

    >>> _name_in_words("2021-03-05-by-the-sea"), _name_in_words("by-the-sea"), _name_in_words("Tools___Zoom")
    ('By the sea', 'by-the-sea', 'Tools/Zoom')
    """
    dated = _DATED.match(stem)
    if not dated or not names_something(stem[dated.end() :]):
        return stem.replace("___", "/")
    words = " ".join(re.sub("[-_]", " ", stem[dated.end() :]).split())
    return words[:1].upper() + words[1:]


def _first_heading(text: str) -> _Heading:
    """Return the first heading of the highest level; its text is empty if there is none."""
    best = _Heading("", "h7", leads=False, repeated=False)
    begun = False  # whether there was a block that is not a picture
    for group in block_groups(text):
        if not may_have_heading(group.text):
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
