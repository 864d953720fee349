"""Posts -> their names, and links -> the names they may lead to: so that links between posts are found."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from pipeline.document import Document, FrontValue, Link
from pipeline.markdown.note_links import template_targets
from pipeline.markdown.target_tags import target_without_tags
from pipeline.read.pictures import REMOTE_URL
from pipeline.urls.canonical import page_url

POST_SUFFIXES = (".md", ".markdown", ".mdx", ".txt", ".html", ".htm")  # that a link may have, or leave out
FOLDER_POSTS = ("index.md", "README.md", "_index.md")  # the post that a link to a folder leads to
_WIKI_LINK = re.compile(r"!?\[\[([^\[\]]*)\]\]")
_MARKDOWN_SUFFIX = re.compile(r"\.(?:md|markdown|mdx)\Z")
_PART_OF_PERMALINK = re.compile(r"[:{}]|https?")  # in a permalink: `:year`, `{{ slug }}`
_DATE_OF_NAME = re.compile(r"\d{4}-\d\d?-\d\d?-(?=.)")  # 2021-03-09-my-post.md is /2021/03/09/my-post/ on the site


@dataclass(frozen=True, slots=True)
class PostIndex:
    """The posts of an archive: functions from a name (a canonical URL, a path, a title) to the path, from path to URL.

    `home` returns the kept post of a duplicate; a URL or a name of two posts belongs to the first. `url` returns the
    source URL of a kept post.
    """

    home: Callable[[str], PurePosixPath | None]
    url: Callable[[PurePosixPath], str] = lambda _path: ""

    def post(self, link: Link, path: PurePosixPath) -> PurePosixPath | None:
        """Return the path of the post that a link in the document at `path` leads to; None if it is no other post.

        A link to the document's own source is not a link between posts.
        """
        return self.of_names(_names_of_link(link, path), path)

    def posts(self, document: Document) -> list[PurePosixPath | None]:
        """Return the path of the post that each link of a document leads to; None for a link to no post."""
        different = {(link.written, link.kind): link for link in document.links}
        found = {key: self.post(link, document.path) for key, link in different.items()}
        return [found[link.written, link.kind] for link in document.links]

    def of_names(self, names: Iterable[str], path: PurePosixPath) -> PurePosixPath | None:
        """Return the path of the first post that `names` name; None if it is the document at `path`, or none."""
        target = next((found for name in names if (found := self.home(name))), None)
        return None if target == path else target


def names_looked_up(document: Document) -> tuple[str, ...]:
    """Return the names of posts that the links of a document may lead to."""
    path = document.path
    names = [name for link in document.links for name in _names_of_link(link, path)]
    names += [name for written in template_targets(document.text) for name in names_of_target(written, path.parent)]
    return tuple(dict.fromkeys(names))


def _names_of_link(link: Link, path: PurePosixPath) -> Iterator[str]:
    """Yield the names that the target of a link in the document at `path` may have, the likeliest first."""
    if link.kind not in {"image", "source"} and "unsafe" not in link.notes:
        yield from dict.fromkeys((link.url, page_url(link.url), *names_of_target(link.written, path.parent)))


@dataclass(frozen=True, slots=True)
class PostTarget:
    """A link of a document that leads to another post: as `target_key` writes it, the post's path and source URL."""

    key: str
    path: str
    url: str


def post_targets(document: Document, known: PostIndex) -> tuple[PostTarget, ...]:
    """Return the links of a document that lead to other posts, sorted, each once."""
    path = document.path
    found = {target_key(link.written): known.post(link, path) for link in document.links}
    for written in template_targets(document.text):
        found[target_key(written)] = known.of_names(names_of_target(written, path.parent), path)
    return tuple(PostTarget(key, str(path), known.url(path)) for key, path in sorted(found.items()) if path)


def target_key(written: str) -> str:
    """Return a link target without its fragment and its escapes: the key of `PostTarget`.

    >>> target_key("b%20c.md#part"), target_key("[[B#Part]]")
    ('b c.md', '[[B]]')
    """
    written = target_without_tags(written)
    wiki = _WIKI_LINK.fullmatch(unquote(written))
    return f"[[{wiki[1].partition('#')[0].strip()}]]" if wiki else unquote(written.partition("#")[0]).strip()


def fragment_of(written: str) -> str:
    """Return the fragment of a link target, unescaped; "" if it names a block of an Obsidian note (`#^1a2b`).

    >>> fragment_of("b.md#the%20part"), fragment_of("[[B#Part#Sub]]"), fragment_of("[[B#^1a2b]]")
    ('the part', 'Sub', '')
    """
    wiki = _WIKI_LINK.fullmatch(unquote(written))
    part = wiki[1].rpartition("#")[2] if wiki and "#" in wiki[1] else "" if wiki else written.partition("#")[2]
    return "" if part.startswith("^") else unquote(part).strip()


def names_of_target(written: str, folder: PurePosixPath) -> Iterator[str]:
    """Yield the keys of `PostIndex.posts` that a link target in a document of `folder` may mean, the likeliest first.

    >>> next(names_of_target("../b.md#part", PurePosixPath("a"))), next(names_of_target("[[B]]", PurePosixPath("a")))
    ('b.md', 'a/B')
    """
    key = target_key(written)
    wiki = _WIKI_LINK.fullmatch(key)
    name = (wiki[1] if wiki else key).partition("?")[0].replace("\\", "/")
    if not name or REMOTE_URL.match(name):
        return
    below = name.lstrip("/")
    places = [below] if name.startswith("/") else [*([str(folder / name)] if folder.name else []), below]
    if not wiki:
        places = places[:1]
    paths = [posixpath.normpath(place) for place in places]
    yield from (one for path in paths for one in _files_of_path(path))
    yield from (one.casefold() for path in paths for one in _files_of_path(path))
    if wiki:
        yield from (page_name(name), _title_name(name), page_name(posixpath.basename(name)))
    elif name.startswith("/") and (slug := posixpath.basename(below.rstrip("/"))):
        yield from filter(None, map(_permalink_name, (below, below.partition("/")[2])))  # the site may be in a folder
        yield _slug_name(slug)


def _files_of_path(path: str) -> Iterator[str]:
    yield path
    stem, suffix = posixpath.splitext(path)
    stem = stem if suffix in POST_SUFFIXES else path
    yield from (f"{stem}{other}" for other in POST_SUFFIXES)
    yield from (posixpath.normpath(f"{stem}/{name}") for name in FOLDER_POSTS)


def names_of_post(document: Document, url: str) -> tuple[str, ...]:
    """Return the names that links may call a post by: its canonical source URL, its path, what wiki links call it.

    >>> names_of_post(Document(PurePosixPath("notes/My page.md"), ""), "")[:3]
    ('notes/My page.md', 'notes/my page.md', '[[my page]]')
    """
    return tuple(dict.fromkeys(filter(None, (url, page_url(url), *_names_of_post(document)))))


def _names_of_post(document: Document) -> Iterator[str]:
    """Yield the names of a post besides its URL: its path, and what wiki links and links of its site may call it."""
    path, name = str(document.path), document.path.name
    fields = dict(document.meta.extra)
    yield from (path, path.casefold(), page_name(name))
    permalink = str(fields.get("permalink") or "").strip("/")
    if not permalink or _PART_OF_PERMALINK.search(permalink):
        permalink = _DATE_OF_NAME.sub("", name, count=1)
    yield _permalink_name(permalink) if "/" in permalink else _slug_name(permalink)
    aliases = fields.get("aliases")
    for title in (document.meta.title, *_strings_of(aliases)):
        if title:
            yield _title_name(title)


def _strings_of(value: FrontValue) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def page_name(path: str) -> str:
    """Return the name by which a wiki link names a post: `notes/My page.md` -> `[[my page]]`."""
    return f"[[{re.sub(_MARKDOWN_SUFFIX, '', PurePosixPath(path).name).casefold()}]]"


def _title_name(title: str) -> str:
    return f"[[={title.casefold()}]]"


def _permalink_name(path: str) -> str:
    """Return the key of a post by its path on its site: `docs/Setup.html` -> `//docs/setup/`; empty for no path."""
    stem, suffix = posixpath.splitext(path.strip("/"))
    return f"//{stem if suffix in POST_SUFFIXES else stem + suffix}/".casefold() if stem else ""


def _slug_name(name: str) -> str:
    """Return the key of a post by the last part of its URL on its site: `my-post.md` and `my-post.html` are equal."""
    stem, suffix = posixpath.splitext(name)
    return f"/{(stem if suffix in POST_SUFFIXES else name).casefold()}/"
