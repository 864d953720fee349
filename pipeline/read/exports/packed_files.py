"""ZIP or tar file, packed or not -> the files in it, by name. Nothing is unpacked to the disk, no link is followed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Protocol, cast

from pipeline.document import SkipDocument
from pipeline.extras import is_installed, missing_extra
from pipeline.read.exports.xml_items import HEAD_BYTES
from pipeline.read.pandoc_formats import (
    MOST_MEMBERS,
    MOST_RATIO,
    MOST_UNPACKED,
    NAMES_LEAD_OUTSIDE,
    SMALL_UNPACKED,
    TOO_MUCH_UNPACKED,
    UNPACKS_TO_FAR_MORE,
    check_archive,
    leads_outside,
    sniff_archive,
)

ZSTD_START = b"\x28\xb5\x2f\xfd"
MOST_ZSTD_WINDOW = 2**27  # bytes, as the command `zstd` itself takes by default
DAMAGED_EXPORT = "is a damaged or encrypted archive of an export; unpack it, and use the files in it"
_STARTS_OF_PACKING = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", ZSTD_START)
_TAR_MAGIC = b"ustar"  # of POSIX and GNU tar, at byte 257
_TAR_MAGIC_AT = 257
_KEPT_MEMBERS = re.compile(r".+\.(?:html|csv|xml|atom|rss|json|jpe?g|png|gif|webp)", re.IGNORECASE | re.DOTALL)
PACKING_ERRORS = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(OSError, NotImplementedError, RuntimeError, ValueError, EOFError),
)


class _ReadableStream(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`."""


class _TooLargeError(Exception):
    """A tar file unpacks to more than the limits; the message says so."""


@dataclass(frozen=True, slots=True)
class PackedFiles:
    """The files of an archive: their sizes in bytes by name, and functions: the bytes of one, their start, a check.

    `check` raises SkipDocument if the archive is damaged, encrypted, or unpacks to more than the limits.
    """

    sizes: dict[str, int]
    read: Callable[[str], bytes]
    head: Callable[[str], bytes]
    check: Callable[[], None]


def sniff_packed(data: bytes) -> bool:
    """Return whether bytes start as a ZIP file, as a tar file, or as one that gzip, bzip2, xz or zstd packed."""
    is_tar = data.startswith(_TAR_MAGIC, _TAR_MAGIC_AT)
    return sniff_archive(data) or data.startswith(_STARTS_OF_PACKING) or is_tar


def packed_files(data: bytes) -> PackedFiles:
    """Return the files of an archive. Raises one of PACKING_ERRORS if it cannot be opened, or SkipDocument."""
    return _files_of_zip(data) if sniff_archive(data) else _files_of_tar(data)


def with_inner(files: PackedFiles, name: str) -> PackedFiles:
    """Return the files of an archive with those of the archive `name` inside of it, which are in the same folder.

    Both are checked. Raises one of PACKING_ERRORS if the inner one cannot be opened, or SkipDocument.
    """
    files.check()
    inner = packed_files(files.read(name))
    inner.check()
    folder = name.rpartition("/")[0] + "/" * ("/" in name)
    names = {folder + one: one for one in inner.sizes}
    sizes = files.sizes | {long: inner.sizes[one] for long, one in names.items()}

    def read(name: str) -> bytes:
        return inner.read(names[name]) if name in names else files.read(name)

    def head(name: str) -> bytes:
        return inner.head(names[name]) if name in names else files.head(name)

    return PackedFiles(sizes, read, head, files.check)


def _files_of_zip(data: bytes) -> PackedFiles:
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = {
        one.filename: one.file_size
        for one in archive.infolist()
        if not one.is_dir() and not stat.S_ISLNK(one.external_attr >> 16)
    }

    def head(name: str) -> bytes:
        with archive.open(name) as file:
            return file.read(HEAD_BYTES)

    return PackedFiles(names, archive.read, head, lambda: check_archive(data, "zip"))


def _files_of_tar(data: bytes) -> PackedFiles:
    """Return the files of a tar file up to where it is damaged or passes a limit; `check` reports that."""
    files: dict[str, bytes] = {}
    problem = ""
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", _LimitedStream(data)), mode="r|") as archive:
            for number, one in enumerate(archive):
                if number >= MOST_MEMBERS:
                    raise _TooLargeError(TOO_MUCH_UNPACKED)  # noqa: TRY301 - as the stream does
                if leads_outside(one.name):
                    problem = NAMES_LEAD_OUTSIDE
                elif one.isfile() and _KEPT_MEMBERS.fullmatch(one.name) and (file := archive.extractfile(one)):
                    files[one.name.removeprefix("./")] = file.read()
    except _TooLargeError as error:
        problem = str(error)
    except PACKING_ERRORS:
        if not files:
            raise
        problem = DAMAGED_EXPORT

    def check() -> None:
        if problem:
            raise SkipDocument(problem)

    return PackedFiles({name: len(one) for name, one in files.items()}, files.__getitem__, files.__getitem__, check)


class _LimitedStream:
    """The bytes of a tar file, unpacked as they are read. It ends with _TooLargeError at the limits of an archive."""

    def __init__(self, data: bytes) -> None:
        self._stream, self._errors = _unpacked_stream(data)
        self._left = MOST_UNPACKED
        self._likely = max(SMALL_UNPACKED, MOST_RATIO * len(data))

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`."""
        try:
            data = self._stream.read(size)
        except self._errors as error:
            raise tarfile.ReadError(DAMAGED_EXPORT) from error
        self._left -= len(data)
        self._likely -= len(data)
        if self._likely < 0:
            raise _TooLargeError(UNPACKS_TO_FAR_MORE)
        if self._left < 0:
            raise _TooLargeError(TOO_MUCH_UNPACKED)
        return data


def _unpacked_stream(data: bytes) -> tuple[_ReadableStream, tuple[type[Exception], ...]]:
    """Return the bytes of a tar file as a stream, and the errors of its packing."""
    file = io.BytesIO(data)
    if data.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file), PACKING_ERRORS
    if data.startswith(b"BZh"):
        return bz2.BZ2File(file), PACKING_ERRORS
    if data.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(file), PACKING_ERRORS
    if not data.startswith(ZSTD_START):
        return file, PACKING_ERRORS
    if not is_installed("data"):
        raise SkipDocument(missing_extra("`.tar.zst` files", "data"))
    import zstandard  # noqa: PLC0415 - needs the extra `data`

    unpacker = zstandard.ZstdDecompressor(max_window_size=MOST_ZSTD_WINDOW)
    return unpacker.stream_reader(file, read_across_frames=True), (zstandard.ZstdError, *PACKING_ERRORS)
