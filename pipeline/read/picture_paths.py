r"""Image target of a post -> the file of the archive that it means: sites, editors and note apps write it differently.

| written | the file |
|---|---|
| `img/p.png?raw=true`, `img/p.png#center` | without the query and the fragment |
| `/img/p.png` | below the root of the site: the archive, a folder above the post, or its `static` folder |
| `.\img\p.png` | with slashes |
| `Img/P.PNG` | in another case, or in another normal form of Unicode |
| `p.png` in `my-post.md` | in the folder `my-post`, where Hexo keeps the images of that post |
| `[[p.png]]` (Obsidian) | in a folder above, in one for attachments, or the only file of that name |
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import NamedTuple
from urllib.parse import unquote

from pipeline.markdown.target_tags import target_without_tags
from pipeline.read.below import open_below, read_below, stat_below
from pipeline.read.fetched_pictures import fetched_name, is_web_image, url_beside_page, web_image_url
from pipeline.read.folder import TRANSIENT_ERRORS, source_stamp
from pipeline.read.readers import PARTS_ENDING, PICTURES_ENDING, container_of, source_of_picture

STATIC_FOLDERS = ("static", "public", "assets", "source", "src", "docs", "content", "images", "img")  # of site roots
ATTACHMENT_FOLDERS = ("attachments", "assets", "images", "img", "media", "files", "_resources", "resources", "figures")
_DATE_OF_POST_NAME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-")  # at the start of a post's name (Jekyll, Hexo)
MOST_WALKED = 100_000  # entries of the archive that a search by name reads
REFERENCE_MARK = "//"  # of the post and the target in a reference: no normal path has it


@dataclass(slots=True)
class PictureFinder:
    """Finds image files below the archive's `root`. Make a new one for each run: it remembers folders.

    Images of the web are files of the folder `fetched`, if they are there (see fetched_pictures.py).
    """

    root: Path
    fetched: Path | None = None
    fetched_names: frozenset[str] | None = None  # of the files in `fetched`
    listings: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # folder -> folded name -> names
    by_name: dict[str, list[str]] | None = None  # folded name of a file -> its paths in the archive

    def found(self, post: PurePosixPath, written: str) -> PurePosixPath | None:
        """Return the path below the root of the image at a target in the document at `post`; None if there is none.

        Raises OSError if the disk or the machine fails.
        """
        paths = list(dict.fromkeys(likely_paths(post, written)))
        for at, path in enumerate(paths):
            if (at == 0 or _may_be_inside(path) or self.path_in_any_case(path)) and self.state(path):
                return PurePosixPath(path)
        folded = next(filter(None, (self.in_other_case(path) for path in paths)), None)
        if folded or not is_wiki_image(written):
            return folded
        named = self.paths_of_name(written[2:-2].rpartition("/")[2])
        return PurePosixPath(named[0]) if len(named) == 1 else None

    def stamp(self, reference: str) -> str:
        """Return a string that changes with the image of a reference (see `picture_reference`); "" if there is none."""
        post, written, url = parts_of_reference(reference)
        path = None if is_web_image(written) else self.found(post, written)
        if state := self.state(str(path)) if path else None:
            return f"{path} {source_stamp(state)}"
        name = self.fetched_file(url)
        return source_stamp(stat_below(self.fetched, PurePosixPath(name))) if self.fetched and name else ""

    def fetched_file(self, written: str) -> str:
        """Return the name of the copy of an image of the web; "" if there is none."""
        if not written:
            return ""
        if self.fetched_names is None:
            there = self.fetched is not None and self.fetched.is_dir()
            self.fetched_names = frozenset(os.listdir(self.fetched) if there else ())  # noqa: PTH208 - names only
        name = fetched_name(web_image_url(written)) if self.fetched_names else ""
        return name if name in self.fetched_names else ""

    def fetched_bytes(self, written: str, most: int) -> bytes | None:
        """Return the bytes of the copy of an image of the web; None if there is none of up to `most` bytes."""
        name = self.fetched_file(written)
        try:
            return read_below(self.fetched, PurePosixPath(name), most) if self.fetched and name else None
        except OSError as error:
            if error.errno in TRANSIENT_ERRORS:
                raise
            return None

    def state(self, path: str) -> os.stat_result | None:
        """Return the status of an image file, or of the source that it is inside of; None if there is neither."""
        source = source_of_picture(PurePosixPath(path))
        for file in (PurePosixPath(path), source, container_of(source) if source else None):
            try:
                if file and stat.S_ISREG((state := stat_below(self.root, file)).st_mode):
                    return state
            except OSError as error:
                if error.errno in TRANSIENT_ERRORS:
                    raise
        return None

    def in_other_case(self, path: str) -> PurePosixPath | None:
        """Return the one file whose path differs from `path` in upper and lower case or the normal form of Unicode."""
        found = self.path_in_any_case(path)
        return PurePosixPath(found) if found and self.state(found) else None

    def path_in_any_case(self, path: str) -> str:
        """Return the one entry whose path is `path`, or differs from it as names may; "" if there is none."""
        found = ""
        for part in path.split("/"):
            names = self.listing(found).get(folded_name(part), ())
            name = part if part in names else names[0] if len(names) == 1 else ""
            if not name:
                return ""
            found = f"{found}/{name}" if found else name
        return found

    def listing(self, folder: str) -> dict[str, list[str]]:
        """Return the names in a folder below the root by their folded form; none if it cannot be read."""
        if folder not in self.listings:
            names: dict[str, list[str]] = {}
            try:
                handle = open_below(self.root, PurePosixPath(folder))
                try:
                    for name in sorted(os.listdir(handle)):  # noqa: PTH208 - of a descriptor, which no link can move
                        names.setdefault(folded_name(name), []).append(name)
                finally:
                    os.close(handle)
            except OSError as error:
                if error.errno in TRANSIENT_ERRORS:
                    raise
            self.listings[folder] = names
        return self.listings[folder]

    def paths_of_name(self, name: str) -> list[str]:
        """Return the files of the archive called `name`, whatever their case; hidden folders are not searched."""
        if self.by_name is None:
            self.by_name = {}
            left = MOST_WALKED
            for place, folders, names in os.walk(self.root):
                folders[:] = sorted(one for one in folders if not one.startswith("."))
                for one in names:
                    path = str(PurePosixPath(os.path.relpath(place, self.root)) / one)
                    self.by_name.setdefault(folded_name(one), []).append(path)
                left -= len(names) + len(folders)
                if left < 0:
                    break
        return self.by_name.get(folded_name(name), [])


def folded_name(name: str) -> str:
    """Return a file name to compare: case-folded, in NFC, which macOS and Windows write differently."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def picture_reference(post: PurePosixPath, written: str, page: str = "") -> str:
    """Return an image target of the document at `post` as one string: it names the same file in each run.

    A relative target may have a copy on the web, next to the page that the document was saved from.

    >>> picture_reference(PurePosixPath("a.md"), "/img/p.png")
    'a.md///img/p.png'
    """
    url = url_beside_page(written, page)
    return f"{post}{REFERENCE_MARK}{written}" + f"\n{url}" * bool(url)


def parts_of_reference(reference: str) -> tuple[PurePosixPath, str, str]:
    """Return the post, the target and the URL on the web of a reference; the last is "" if there is none.

    >>> parts_of_reference(picture_reference(PurePosixPath("a.md"), "p.png", "https://e.org/walk"))
    (PurePosixPath('a.md'), 'p.png', 'https://e.org/p.png')
    """
    post, _, rest = reference.partition(REFERENCE_MARK)
    written, _, url = rest.partition("\n")
    return PurePosixPath(post), written, web_image_url(written) if is_web_image(written) else url


def is_wiki_image(written: str) -> bool:
    """Return whether an image target is that of a wiki link: `[[p.png]]` (see note_links.py)."""
    return written.startswith("[[") and written.endswith("]]")


def likely_paths(post: PurePosixPath, written: str) -> Iterator[str]:
    """Yield the paths below the archive's root that an image target may mean, the likeliest first.

    >>> list(likely_paths(PurePosixPath("a/b.md"), "p.png?raw=true"))[:3]
    ['a/p.png?raw=true', 'a/b/p.png?raw=true', 'a/p.png']
    """
    target = written[2:-2] if is_wiki_image(written) else target_without_tags(written)
    plain = target.partition("?")[0].partition("#")[0]
    slashed = unquote(plain).replace("\\", "/")
    places = _image_places(post.parent)
    here = places.above[0]
    beside = (here, f"{here}{post.stem}/", f"{here}{_DATE_OF_POST_NAME.sub('', post.stem)}/")
    rooted = slashed.startswith("/")
    for name in dict.fromkeys((unquote(target), unquote(plain), plain, slashed)):
        roots = (*places.above[::-1], *places.static) if rooted else dict.fromkeys(beside)
        yield from _normal_paths(roots, name.lstrip("/"))
    name = slashed.removeprefix("./")
    if rooted or name.startswith("../"):
        return
    if "/" in name or is_wiki_image(written):
        yield from _normal_paths((*places.above[1:], *places.static), name)
    yield from _normal_paths(places.attachments, name)


class _ImagePlaces(NamedTuple):
    """Where a site or an editor may keep the images of a post. Each folder ends with a slash, but the root."""

    above: tuple[str, ...]  # the folder of the post, and those above it
    static: tuple[str, ...]
    attachments: tuple[str, ...]


@lru_cache(maxsize=64)
def _image_places(folder: PurePosixPath) -> _ImagePlaces:
    above = tuple(f"{one}/" if one.parts else "" for one in (folder, *folder.parents))
    static = tuple(f"{one}{name}/" for one in above for name in STATIC_FOLDERS)
    return _ImagePlaces(above, static, tuple(f"{one}{name}/" for one in above for name in ATTACHMENT_FOLDERS))


def _may_be_inside(path: str) -> bool:
    """Return whether a path may name a picture inside a page or a container, not a file."""
    return PICTURES_ENDING in path or PARTS_ENDING in path


def _normal_paths(places: Iterable[str], name: str) -> Iterator[str]:
    """Yield the paths of a name in some folders that are below the root."""
    for place in places:
        path = normpath(place + name)
        if name and not path.startswith(("../", "/")) and path not in {"..", "."} and "\0" not in path:
            yield path
