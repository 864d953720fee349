"""Bytes -> bytes through pandoc: the one place that starts it."""

from __future__ import annotations

import os
import signal
import subprocess
from importlib.resources import files

from pipeline.document import Unfit

MAX_SECONDS = 60  # of wall time a call; a post takes 0.02, the hostile inputs known take minutes
MAX_HEAP = "512M"  # 20 kB of "- " wants 4.5 GB
EARLIEST = 315_532_800  # 1980-01-01, the first date a zip archive can hold, in Unix seconds


def pandoc(*arguments: str, data: bytes, sandbox: bool = True, epoch: int = EARLIEST) -> bytes:
    """Return what the bundled pandoc makes of `data`; with `sandbox` it reads no file and no address.

    `epoch` (Unix seconds) is the time it believes it is. Raises Unfit where it takes too long or too much memory,
    RuntimeError where it fails otherwise.
    """
    command = [_binary(), *(["--sandbox"] if sandbox else []), *arguments, "+RTS", f"-M{MAX_HEAP}", "-RTS"]
    environment = {"SOURCE_DATE_EPOCH": str(epoch), "LANG": "C.UTF-8", "HOME": os.devnull}
    with subprocess.Popen(  # noqa: S603 - our own arguments, a binary of our own
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            result, complaint = process.communicate(data, timeout=MAX_SECONDS)
        except subprocess.TimeoutExpired as error:
            message = f"is more than pandoc can bind in {MAX_SECONDS} s; split it, or run with --no-editions"
            raise Unfit(message) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    said = complaint.decode("utf-8", "replace").strip()
    if process.returncode == 251 or "heap" in said.lower():  # noqa: PLR2004 - GHC's code for an exhausted heap
        message = f"is more than pandoc can bind with {MAX_HEAP} of memory; split it, or run with --no-editions"
        raise Unfit(message)
    if process.returncode:
        message = f"pandoc failed with code {process.returncode}: {said}"
        raise RuntimeError(message)
    return result


def _binary() -> str:
    """Return the pandoc that came with pypandoc_binary, whatever the machine has besides."""
    return str(files("pypandoc").joinpath("files", "pandoc.exe" if os.name == "nt" else "pandoc"))
