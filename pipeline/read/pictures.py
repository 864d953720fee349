"""Document -> the image files that it shows; whether they exist and have changed."""

from __future__ import annotations

import functools
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from pipeline.document import Document, SkipDocument
from pipeline.read.below import read_below, stat_below
from pipeline.read.fetched_pictures import is_web_image, url_beside_page, web_image_url
from pipeline.read.folder import FoundFile, source_stamp
from pipeline.read.found_source import file_of_post, read_found
from pipeline.read.kinds import FileKind, kind_of_name
from pipeline.read.picture_paths import PictureFinder, picture_reference
from pipeline.read.readers import PictureFiles, folder_of_pictures, pictures_inside, source_of_picture
from pipeline.urls.canonical import canonical_url

REMOTE_URL = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)  # a URL, not a file of the archive
MOST_SOURCE_BYTES = 2**30  # of a source with pictures in it; the setting max_bytes is lower


def local_images(document: Document) -> list[str]:
    """Return the image targets of a document that name files of the archive, as written, without repetition."""
    written = (link.written for link in document.links if link.kind == "image")
    return list(dict.fromkeys(one for one in written if not REMOTE_URL.match(one) and "\0" not in one))


def web_images(document: Document) -> list[str]:
    """Return the image targets of a document that are URLs of the web, as written, without repetition."""
    written = (link.written for link in document.links if link.kind == "image")
    return list(dict.fromkeys(one for one in written if is_web_image(one) and web_image_url(one)))


def saved_from(document: Document) -> str:
    """Return the URL of the page that a document was saved from; "" for Markdown and text: they name files."""
    is_text = kind_of_name(document.path.name) == FileKind.DOCUMENT
    return "" if is_text else canonical_url(document.meta.source_url)


def image_references(document: Document) -> list[str]:
    """Return the images of a document, of the archive and of the web, each as one string (see `picture_reference`).

    >>> from pipeline.document import Link
    >>> image_references(Document(PurePosixPath("a/b.md"), "", links=(Link("my%20sea.png", "", "", "image", 1),)))
    ['a/b.md//my%20sea.png']
    """
    images = [*local_images(document), *web_images(document)]
    page, own = saved_from(document), folder_of_pictures(document.path)
    return [
        picture_reference(document.path, written, "" if unquote(written).startswith(own) else page)
        for written in images
    ]


def missing_images(finder: PictureFinder, document: Document) -> list[str]:
    """Return the image targets of a document that name files of the archive which do not exist, nor were fetched."""
    page = saved_from(document)
    return [
        one
        for one in local_images(document)
        if not (finder.found(document.path, one) or finder.fetched_file(url_beside_page(one, page)))
    ]


def picture_bytes(root: Path, path: PurePosixPath, most: int) -> bytes:
    """Return the bytes of an image: of the file at `path`, else of the picture of that name inside its source.

    Raises OSError, also above `most` bytes.
    """
    source = source_of_picture(path)
    try:
        return read_below(root, path, most)
    except OSError:
        if not source:
            raise
        data = _pictures_of_source(root, _found_at(root, source)).get(path.name)
        if data is None or len(data) > most:
            raise
        return data


def _found_at(root: Path, path: PurePosixPath) -> FoundFile:
    state = stat_below(root, file_of_post(root, path))
    return FoundFile(str(path), state.st_size, source_stamp(state))


@functools.lru_cache(maxsize=2)  # a document shows several pictures of its source
def _pictures_of_source(root: Path, found: FoundFile) -> PictureFiles:
    try:
        return pictures_inside(read_found(root, found, MOST_SOURCE_BYTES))
    except SkipDocument:
        return {}
