"""The extras of this package: sets of other packages that one part of Lacuna needs, and how to get a missing one."""

from __future__ import annotations

import functools
import sys
from importlib.util import find_spec

MODULES = {
    "books": (
        "PIL",
        "budoux",
        "fontpkg_amiri",
        "fontpkg_frank_ruhl_libre",
        "justhtml",
        "manimgx_fonts",
        "manimgx_fonts_cjk",
        "pikepdf",
        "pylopdf_fonts_hi",
        "pylopdf_fonts_th",
        "pylopdf_fonts_zh_cn",
        "pypandoc",
        "pypdfium2",
        "typst",
        "uharfbuzz",
    ),
    "html": ("trafilatura", "warcio"),
    "data": ("pyarrow", "zstandard"),
    "cluster": ("dask", "distributed"),
    "review": ("starlette", "uvicorn"),
}  # extra of pyproject.toml -> the modules that it installs


class MissingExtra(Exception):  # noqa: N818 - a condition, not a fault
    """A part of Lacuna needs packages that are not installed; the message says what to install, in one line."""


@functools.cache
def is_installed(extra: str) -> bool:
    """Return whether every module of an extra can be imported."""
    return all(_is_importable(name) for name in MODULES[extra])


def how_to_install(*extras: str) -> str:
    """Return the command that installs extras.

    >>> how_to_install("books", "html")
    "pip install 'lacuna-pipeline[books,html]'"
    """
    return f"pip install 'lacuna-pipeline[{','.join(extras)}]'"


def _is_importable(name: str) -> bool:
    return sys.modules[name] is not None if name in sys.modules else find_spec(name) is not None


def missing_extra(what: str, extra: str) -> str:
    """Return the sentence that says what to install.

    >>> missing_extra("books", "books")
    "books need packages that are not installed; pip install 'lacuna-pipeline[books]'"
    """
    return f"{what} need packages that are not installed; {how_to_install(extra)}"


def require(what: str, extra: str) -> None:
    """Raise MissingExtra if `what` (a plural) cannot be done, because its extra is not installed."""
    if not is_installed(extra):
        raise MissingExtra(missing_extra(what, extra))
