"""Package -> the templates of its HTML pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def html_templates(package: str) -> Environment:
    """Return the templates in the folder `templates` of a package; values are escaped, unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - a run without changes has no page

    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
