"""Bytes -> bytes converted by pandoc: the only module that starts it."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import NoReturn

import msgspec

from pipeline.document import SkipDocument

PANDOC_VERSION = "3.9"  # of the pandoc in pypandoc_binary 1.17
DIALECT = "commonmark+pipe_tables+footnotes+strikeout+task_lists+east_asian_line_breaks+gfm_auto_identifiers"
MOST_READING_SECONDS = 4  # for reading a text, plus `BYTES_PER_SECOND`; a post takes 0.02, a hostile one minutes
MOST_BATCH_SECONDS = 2  # the same for several texts in one process; beyond it, each is read in its own process
BYTES_PER_SECOND = 250_000  # a fifth of the rate measured on posts, for slower machines
PANDOC_WALL_SECONDS = 10  # seconds of wall time for each second of CPU time: the machine may be busy
GRACE_SECONDS = 5  # seconds of CPU time between SIGXCPU and SIGKILL
WRITING_SECONDS = 1800  # for writing sanitized trees; a book of 10,000 posts takes 200
WRITING_HEAP = 2048  # MB for writing; the images that a book may hold (books/images/pictures.py) take 1,100 of them
HEAP_PER_BYTE = 100  # bytes more for each byte of a tree to write; measured: 32 to 51
READING_HEAP = "512M"  # for reading a text; 20 kB of "- " needs 4.5 GB
HEAP_EXHAUSTED = 251  # the exit code of GHC programs for it
MACHINE_ERRORS = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.EMFILE,
    errno.ENFILE,
)  # of the machine, not the text
EARLIEST_ZIP_TIME = 315_532_800  # 1980-01-01, the first date a zip archive can hold, in Unix seconds


@dataclass(frozen=True, slots=True)
class Conversion:
    """A text for pandoc to convert: the names of its formats, options of the writer, the date as Unix seconds.

    `folder` holds the files that a tree refers to.
    """

    text: bytes
    read: str
    write: str
    options: Mapping[str, object] = field(default_factory=dict)
    epoch: int = EARLIEST_ZIP_TIME
    folder: str = ""


def convert_untrusted(texts: Sequence[Conversion]) -> list[bytes | SkipDocument]:
    """Return the conversions of untrusted texts, made in pandoc's sandbox by one process.

    If the texts exceed the limits together, each gets its own process. A text that exceeds them alone gives a
    SkipDocument in its place.
    """
    if len(texts) > 1:
        with suppress(SkipDocument):
            return [*_convert_together(texts, MOST_BATCH_SECONDS + _length_seconds(texts), sandbox=True)]
    return [_convert_alone(text) for text in texts]


def _convert_alone(one: Conversion) -> bytes | SkipDocument:
    try:
        seconds = MOST_READING_SECONDS + _length_seconds([one])
        return run_sandboxed("-f", one.read, "-t", one.write, data=one.text, seconds=seconds)
    except SkipDocument as unfit:
        return unfit


def _length_seconds(texts: Sequence[Conversion]) -> int:
    """Return the seconds of CPU time that texts may take for their length."""
    return sum(len(one.text) for one in texts) // BYTES_PER_SECOND


def convert_sanitized(conversions: Sequence[Conversion]) -> list[bytes]:
    """Return the conversions of sanitized trees by one process, which may read the files that trees and options name.

    Raises SkipDocument if they take too long or too much memory, and what `_run_limited` raises.
    """
    return _convert_together(conversions, WRITING_SECONDS, sandbox=False)


def _convert_together(conversions: Sequence[Conversion], seconds: int, *, sandbox: bool) -> list[bytes]:
    """Return the conversion of each text; all together may take `seconds` of CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        tasks = []
        for at, one in enumerate(conversions):
            source, target = Path(folder, f"{at}.in"), Path(folder, f"{at}.out")
            source.write_bytes(one.text)
            files_ = {"source": str(source), "target": str(target), "sandbox": sandbox, "folder": one.folder or folder}
            how = {"from": one.read, "to": one.write, "options": one.options, "environment": _environment(one.epoch)}
            tasks.append(files_ | how)
        with as_file(files("pipeline.markdown").joinpath("pandoc.lua")) as script:
            heap = READING_HEAP if sandbox else _writing_heap(sum(len(one.text) for one in conversions))
            _run_limited([_pandoc_path(), "lua", str(script)], msgspec.json.encode(tasks), seconds, heap)
        return [Path(str(task["target"])).read_bytes() for task in tasks]


def _writing_heap(size: int) -> str:
    """Return the memory limit for writing trees of `size` bytes, as GHC writes it.

    >>> _writing_heap(10_485_760)
    '3048M'
    """
    return f"{WRITING_HEAP + HEAP_PER_BYTE * size // 2**20}M"


def run_sandboxed(*arguments: str, data: bytes, seconds: int = MOST_READING_SECONDS) -> bytes:
    """Return what pandoc writes for `data`, in its sandbox: it reads no files and no URLs.

    Raises SkipDocument if it takes more than `seconds` of CPU time or too much memory, and what `_run_limited` raises.
    """
    return _run_limited([_pandoc_path(), *arguments, "--sandbox"], data, seconds, READING_HEAP)


def _run_limited(command: list[str], data: bytes, seconds: int, heap: str) -> bytes:
    """Return the standard output of `command` within `seconds` of CPU time and `heap` of memory (a size for GHC).

    Raises SkipDocument if the text takes more, RuntimeError if pandoc fails, and OSError (TimeoutError,
    ChildProcessError for a killed process) or MemoryError if the machine fails.
    """
    with subprocess.Popen(  # noqa: S603 - fixed arguments and the packaged binary
        [*command, "+RTS", f"-M{heap}", "-RTS"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(EARLIEST_ZIP_TIME),
    ) as process:
        if hasattr(resource, "prlimit"):  # this limit holds even if this process is killed
            _, most = resource.prlimit(process.pid, resource.RLIMIT_CPU)
            hard = seconds + GRACE_SECONDS if most == resource.RLIM_INFINITY else min(seconds + GRACE_SECONDS, most)
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (min(seconds, hard), hard))
        try:
            result, complaint = process.communicate(data, timeout=PANDOC_WALL_SECONDS * seconds)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()
            message = f"pandoc took longer than {PANDOC_WALL_SECONDS * seconds} s; the machine is busy: run again"
            raise TimeoutError(message) from error
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        _raise_failure(process.returncode, complaint.decode("utf-8", "replace").strip(), seconds, heap)
    return result


def _raise_failure(code: int, complaint: str, seconds: int, heap: str) -> NoReturn:
    """Raise the exception for an exit code other than 0 and pandoc's standard error."""
    lower = complaint.lower()
    if code == -signal.SIGXCPU:
        message = f"is more than pandoc can do in {seconds} s of CPU time; split it, or run with --no-editions"
        raise SkipDocument(message)
    if code == HEAP_EXHAUSTED or "heap exhausted" in lower:
        message = f"is more than pandoc can do with {heap} of memory; split it, or run with --no-editions"
        raise SkipDocument(message)
    if code < 0:
        message = f"pandoc was killed by signal {-code}; there may be too little memory: run again"
        raise ChildProcessError(message)
    if "out of memory" in lower or "cannot allocate memory" in lower:
        message = f"there is too little memory for pandoc: {complaint}"
        raise MemoryError(message)
    if found := next((one for one in MACHINE_ERRORS if os.strerror(one).lower() in lower), None):
        raise OSError(found, os.strerror(found))
    message = f"pandoc failed with code {code}: {complaint}"
    raise RuntimeError(message)


def _environment(epoch: int) -> dict[str, str]:
    """Return the environment variables of pandoc: nothing of the machine, and a fixed date."""
    return {"SOURCE_DATE_EPOCH": str(epoch), "LANG": "C.UTF-8", "HOME": os.devnull}


def _pandoc_path() -> str:
    """Return the path of the pandoc in pypandoc_binary, never that of another one on the machine."""
    return str(files("pypandoc").joinpath("files", "pandoc.exe" if os.name == "nt" else "pandoc"))
