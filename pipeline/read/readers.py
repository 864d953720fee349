"""READERS, the kinds of sources besides Markdown and plain text: which files each reads, and the function that does it.

A reader is one file of this folder with suffixes, a sniff and a function. Other packages offer theirs as entry points
of the group `pipeline.readers`; a name in `plugins` of the settings turns one on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline.document import Document, SkipDocument, Source
from pipeline.extras import is_installed, missing_extra
from pipeline.plugin_results import checked_reading
from pipeline.read.kinds import COUNTED_AS, FileKind, kind_of_name, suffix_of_name

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

PictureFiles = Mapping[str, bytes]  # the files of pictures that came inside a source, by name
PICTURES_ENDING = ".files"
PARTS_ENDING = ".parts"
READER_GROUP = "pipeline.readers"  # of entry points


class NoPostsInside(SkipDocument):
    """A file may hold posts by its name, and holds none: it is passed over."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A kind of source: its suffixes in lower case without a dot, a check of the bytes, and the function that reads it.

    `read` returns a document whose text is Markdown, and the files of the pictures inside the source by name; the text
    refers to them as `folder_of_pictures(path)/name`. It raises SkipDocument for what it cannot read.

    A file with many documents is a container. Its reader has `parts`: they return the bytes of each part by name, in
    order, and `read` reads a part.
    """

    name: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    read: Callable[[Source], tuple[Document, PictureFiles]]
    version: int = 1  # raise it when the output changes: older results are regenerated
    parts: Callable[[Source], Mapping[str, bytes]] | None = None


_MODULES = (  # in this order: `.html` may be MHTML, and a WordPress export is RSS
    "web_archive", "warc", "epub", "wordpress", "feed", "ghost", "social", "export_archive", "html", "pandoc_formats",
)  # fmt: skip
CONTAINERS = frozenset(
    ("warc", "wacz", "epub", "xml", "rss", "atom", "json", "zip", "tar")
)  # suffixes that the readers with parts have
READER_VERSIONS = {  # here: a run that reads none imports none
    "mhtml": 9, "warc": 8, "epub": 4, "wordpress": 2, "feed": 3, "ghost": 1, "social": 1, "export_archive": 2,
    "html": 11, "pandoc": 7,
}  # fmt: skip


WHY_NO_POSTS: dict[str, str] = {
    FileKind.FEED: "is no export of a blog or a social network that Lacuna knows, and no feed; convert it to Markdown",
    FileKind.ZIPPED: "is no export of a blog that Lacuna knows; unpack it, and use the files in it",
}


def shipped_readers() -> tuple[Reader, ...]:
    """Return the readers of this package. Their modules are imported when a source needs one."""
    return tuple(import_module(f"pipeline.read.{module}").READER for module in _MODULES)


def installed_readers() -> EntryPoints:
    """Return the readers that installed packages offer."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - takes 20 ms, which only plugins need

    return entry_points(group=READER_GROUP)


def chosen_readers(plugins: Iterable[str]) -> tuple[Reader, ...]:
    """Return the installed readers that `plugins` of the settings name; other names are those of steps."""
    names = tuple(plugins)
    if not names:
        return ()
    return tuple(entry.load() for entry in installed_readers() if entry.name in names)


def read_document(source: Source, readers: Iterable[Reader] = ()) -> Document:
    """Return a source as a document of Markdown or plain text. `readers` are tried before those of this package.

    Raises SkipDocument if it cannot be read.
    """
    from pipeline.read.decode import decode  # noqa: PLC0415 - a run without changes decodes nothing

    reader = reader_of(source, readers)
    return _read_with(reader, source)[0] if reader else decode(source)


def pictures_inside(source: Source, readers: Iterable[Reader] = ()) -> PictureFiles:
    """Return the files of the pictures inside a source by name; none if it is Markdown, plain text or not readable."""
    try:
        reader = reader_of(source, readers)
        return _read_with(reader, source)[1] if reader else {}
    except SkipDocument:
        return {}


def _read_with(reader: Reader, source: Source) -> tuple[Document, PictureFiles]:
    """Return what a reader makes of a source; of a whole container, its parts one after the other."""
    if reader.parts is None or source.part:
        return checked_reading(f"the reader `{reader.name}`", source.path, reader.read(source))
    from pipeline.read.whole_container import joined_parts  # noqa: PLC0415 - only `bind` and its like read whole files

    return joined_parts(reader, source)


def reader_of(source: Source, readers: Iterable[Reader] = ()) -> Reader | None:
    """Return the reader of a source; None if it is Markdown or plain text.

    The suffix decides, then the bytes: a web page may be MHTML. Without a suffix, only the bytes do. Raises
    SkipDocument if the suffix names a reader and the bytes are not of its kind. The reader of a container reads its
    parts.
    """
    name = ((source.part and container_of(source.path)) or source.path).name
    suffix = suffix_of_name(name)
    kind = kind_of_name(name)
    given = tuple(readers)
    if not any(suffix in one.suffixes for one in given) and kind not in READ_KINDS:
        return None
    if kind == FileKind.BARE and not is_whole_page(source.data):
        return None
    if not any(suffix in one.suffixes for one in given):
        _require_extra(kind)
    known = (*given, *shipped_readers())
    if kind == FileKind.BARE:
        return next(one for one in known if one.name == "html")
    named = [one for one in known if suffix in one.suffixes]
    if fitting := next((one for one in named if source.part or one.sniff(source.data)), None):
        return fitting
    if not named:
        return None
    if kind in COUNTED_AS:
        raise NoPostsInside(WHY_NO_POSTS[kind])
    message = f"is not what its name says (.{suffix}); rename it, or download it again"
    raise SkipDocument(message)


def _require_extra(kind: str) -> None:
    """Raise SkipDocument if files of a kind need packages that are not installed."""
    if kind in COUNTED_AS:
        return
    what, extra = ("documents of other formats", "books") if kind == FileKind.CONVERTIBLE else ("web pages", "html")
    if not is_installed(extra):
        raise SkipDocument(missing_extra(what, extra))


def is_whole_page(data: bytes) -> bool:
    r"""Return whether a file without a suffix is a web page, as wget saves it: it starts as one.

    >>> is_whole_page(b"\n<!DOCTYPE html><p>a"), is_whole_page(b"<p>a")
    (True, False)
    """
    head = data[:1024].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe\n\r\t ").lower()
    return head.startswith((b"<!doctype html", b"<html"))


def folder_of_pictures(path: PurePosixPath) -> str:
    """Return the name of the folder that the pictures inside a source are referred to in.

    >>> folder_of_pictures(PurePosixPath("a/page.html"))
    'page.html.files'
    """
    return path.name + PICTURES_ENDING


def source_of_picture(path: PurePosixPath) -> PurePosixPath | None:
    """Return the source that a picture is inside of, as `folder_of_pictures` names it; None if it is a file.

    >>> str(source_of_picture(PurePosixPath("a/page.html.files/1.png"))), source_of_picture(PurePosixPath("a/1.png"))
    ('a/page.html', None)
    """
    folder = path.parent
    name = folder.name.removesuffix(PICTURES_ENDING)
    return folder.with_name(name) if name and name != folder.name else None


def folder_of_parts(path: PurePosixPath) -> PurePosixPath:
    """Return the folder that the parts of a container seem to be in.

    >>> str(folder_of_parts(PurePosixPath("a/book.epub")))
    'a/book.epub.parts'
    """
    return path.with_name(path.name + PARTS_ENDING)


def container_of(path: PurePosixPath) -> PurePosixPath | None:
    """Return the container that a path names a part of; None if it names none.

    >>> str(container_of(PurePosixPath("a/book.epub.parts/01 One.html"))), container_of(PurePosixPath("a/book.epub"))
    ('a/book.epub', None)
    """
    if PARTS_ENDING not in str(path.parent):
        return None
    return next((one.with_suffix("") for one in path.parents if one.suffix == PARTS_ENDING and one.stem), None)


def container_suffixes(readers: Iterable[Reader] = ()) -> frozenset[str]:
    """Return the suffixes of containers. A reader of another package may take one over, or add some."""
    given = tuple(readers)
    taken = {suffix for one in given for suffix in one.suffixes}
    return (CONTAINERS - taken) | {suffix for one in given if one.parts for suffix in one.suffixes}


READ_KINDS = {FileKind.WEB_PAGE, FileKind.CONVERTIBLE, FileKind.BARE, *COUNTED_AS}
