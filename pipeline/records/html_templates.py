"""Package -> the templates of its HTML pages."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def html_templates(package: str) -> Environment:
    """Return the templates in the folder `templates` of a package; values are escaped, unknown names are errors.

    Compiled templates are kept where Python keeps compiled modules: to compile them takes longer than a page.
    """
    from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined  # noqa: PLC0415 - a run without changes has no page

    compiled = Path(str(files(package)), "__pycache__")
    may_write = not sys.dont_write_bytecode and compiled.is_dir() and os.access(compiled, os.W_OK)
    return Environment(
        loader=PackageLoader(package),
        bytecode_cache=FileSystemBytecodeCache(str(compiled)) if may_write else None,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
