"""The folder where Python keeps a package's compiled modules: other files that only save time are kept there too."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def compiled_folder(package_folder: Path) -> Path | None:
    """Return the folder `__pycache__` of a package; None where Python would not write to it either."""
    folder = package_folder / "__pycache__"
    may_write = not sys.dont_write_bytecode and folder.is_dir() and os.access(folder, os.W_OK)
    return folder if may_write else None
