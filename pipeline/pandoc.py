"""Bytes -> bytes through pandoc: the one place that starts it."""

from __future__ import annotations

import os
import resource
import subprocess
from importlib.resources import files

from pipeline.document import Unfit

DIALECT = "commonmark+pipe_tables+footnotes+strikeout+task_lists+east_asian_line_breaks+gfm_auto_identifiers"
MAX_SECONDS = 60  # for reading a text; a post takes 0.02, the hostile inputs known take minutes
MAX_HEAP = "512M"  # for reading a text; 20 kB of "- " wants 4.5 GB
EARLIEST = 315_532_800  # 1980-01-01, the first date a zip archive can hold, in Unix seconds


def pandoc(
    *arguments: str, data: bytes, sandbox: bool = True, epoch: int = EARLIEST, seconds: int = MAX_SECONDS
) -> bytes:
    """Return what the bundled pandoc makes of `data`; with `sandbox` it reads no file and no address, within limits.

    `epoch` (Unix seconds) is the time it believes it is, `seconds` the time it gets. Raises
    Unfit where it takes too long or too much memory, RuntimeError where it fails otherwise.
    """
    limits = ["--sandbox", "+RTS", f"-M{MAX_HEAP}", "-RTS"] if sandbox else []
    command = [_binary(), *arguments, *limits]
    environment = {"SOURCE_DATE_EPOCH": str(epoch), "LANG": "C.UTF-8", "HOME": os.devnull}
    with subprocess.Popen(  # noqa: S603 - our own arguments, a binary of our own
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        if sandbox and hasattr(resource, "prlimit"):  # holds even where this process is killed
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (seconds, seconds))
        try:
            result, complaint = process.communicate(data, timeout=seconds if sandbox else None)
        except subprocess.TimeoutExpired:
            process.kill()
            result, complaint = process.communicate()
        except BaseException:
            process.kill()
            raise
    if process.returncode < 0:
        message = f"is more than pandoc can read in {seconds} s; split it, or run with --no-editions"
        raise Unfit(message)
    said = complaint.decode("utf-8", "replace").strip()
    if process.returncode == 251 or "heap" in said.lower():  # noqa: PLR2004 - GHC's code for an exhausted heap
        message = f"is more than pandoc can read with {MAX_HEAP} of memory; split it, or run with --no-editions"
        raise Unfit(message)
    if process.returncode:
        message = f"pandoc failed with code {process.returncode}: {said}"
        raise RuntimeError(message)
    return result


def _binary() -> str:
    """Return the pandoc that came with pypandoc_binary, whatever the machine has besides."""
    return str(files("pypandoc").joinpath("files", "pandoc.exe" if os.name == "nt" else "pandoc"))
