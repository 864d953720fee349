"""Image targets of a document -> the images of its chapter: found or fetched, verified, within the size limit."""

from __future__ import annotations

from pathlib import PurePosixPath

from pipeline.books.images.pictures import (
    MAX_BYTES,
    MAX_TOGETHER,
    Picture,
    PictureOptions,
    verified_image,
    verified_picture,
)
from pipeline.read.data_urls import image_of_data_url
from pipeline.read.fetched_pictures import is_web_image, url_beside_page
from pipeline.read.picture_paths import PictureFinder
from pipeline.read.pictures import REMOTE_URL


class ChapterPictures:
    """Collects the images of one document. `files` has their bytes by name, `left_out` those beyond the size limit."""

    def __init__(self, finder: PictureFinder, post: PurePosixPath, options: PictureOptions, page: str) -> None:
        """Read images that `finder` finds, MAX_TOGETHER bytes; those of the document at `post` below its root.

        One that is not there may have been fetched from the web, next to the URL `page`.
        """
        self.finder, self.post, self.options, self.page = finder, post, options, page
        self.room = MAX_TOGETHER
        self.names: dict[str, str] = {}  # image target, as written -> its file name in the book; "" if missing
        self.files: dict[str, bytes] = {}
        self.left_out: set[str] = set()

    def name_of(self, written: str) -> str:
        """Return the file name in the book of the image at a target; "" if it is missing or refused."""
        if written not in self.names:
            self.names[written] = self.added(written)
        return self.names[written]

    def added(self, written: str) -> str:
        """Add the image at a target to the chapter and return its name; "" if that is not possible."""
        picture = self.read(written)
        if not picture:
            return ""
        if picture.name not in self.files:
            if self.room < len(picture.data):
                self.left_out.add(picture.name)
                return ""
            self.room -= len(picture.data)
            self.files[picture.name] = picture.data
        return picture.name

    def read(self, written: str) -> Picture | None:
        """Return the verified image at a target, or None."""
        if written[:5].lower() == "data:":
            found = image_of_data_url(written, MAX_BYTES)
            return verified_image(found.data, self.options) if found and len(found.data) <= MAX_BYTES else None
        if REMOTE_URL.match(written):
            return self.fetched(written) if is_web_image(written) else None
        if path := self.finder.found(self.post, written):
            return verified_picture(self.finder.root, self.finder.root / path, self.options)
        return self.fetched(url_beside_page(written, self.page))

    def fetched(self, url: str) -> Picture | None:
        """Return the verified copy of an image of the web, or None."""
        copy = self.finder.fetched_bytes(url, MAX_BYTES)
        return verified_image(copy, self.options) if copy else None
