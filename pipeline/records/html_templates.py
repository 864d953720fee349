"""Package -> the templates of its HTML pages."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.compiled import compiled_folder

if TYPE_CHECKING:
    from jinja2 import Environment


def html_templates(package: str) -> Environment:
    """Return the templates in the folder `templates` of a package; values are escaped, unknown names are errors.

    Compiled templates are kept where Python keeps compiled modules: to compile them takes longer than a page.
    """
    from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined  # noqa: PLC0415 - a run without changes has no page

    compiled = compiled_folder(Path(str(files(package))))
    return Environment(
        loader=PackageLoader(package),
        bytecode_cache=FileSystemBytecodeCache(str(compiled)) if compiled else None,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
