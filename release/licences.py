"""The locked packages and what the wheel holds -> docs/reference/licences.md.

`python release/licences.py` writes the page from the metadata of the installed packages; run it after `make lock`.
tests/test_release.py fails if the page is out of date.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "licences.md"
PIN = re.compile(r"^([a-z0-9-]+)==", re.MULTILINE)
FONTS = re.compile(r"^fontpkg-|fonts")
SPDX = {  # what packages without a licence expression say -> SPDX
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
    "The BSD 2-Clause License": "BSD-2-Clause",
}
SAID = {  # package -> its licence, where its metadata does not say all
    "justext": "BSD-2-Clause",
    "pypandoc-binary": "MIT; holds pandoc, a separate program, GPL-2.0-or-later",
    "pypdfium2": "BSD-3-Clause OR Apache-2.0; holds PDFium, BSD-3-Clause and Apache-2.0",
}
HEADER = """\
# Licences

What Lacuna consists of, and under which licences. Lacuna's own code is under the MIT licence. Written by
`python release/licences.py`; a test keeps it up to date. Each release has an SBOM with versions and hashes
([how it is made](../how-to/release.md)).

## In the package `lacuna-pipeline`

| part | licence |
|---|---|
| code, language model | MIT |
| `pipeline/urls/clearurls/`: rules of ClearURLs | LGPL-3.0-only |
| `pipeline/books/faces/`: Noto fonts for rare signs, scripts and code | OFL-1.1 |

The sources that the language model was trained on are in `training/` of the repository, each with its licence. The
model holds counts of characters and words, and none of the texts.
"""


def normal(name: str) -> str:
    """Return the normalized name of a package: `PyYAML` -> `pyyaml`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(package: str) -> str:
    """Return the licence of an installed package as SPDX writes it."""
    if package in SAID:
        return SAID[package]
    about = metadata(package).json
    if "license_expression" in about:
        return str(about["license_expression"])
    said = [one.rpartition(" :: ")[2] for one in about.get("classifier", ()) if one.startswith("License ::")]
    written = said[0] if said else str(about.get("license", "")).partition("\n")[0].strip()
    return SPDX.get(written, written)


def rows(packages: list[str]) -> str:
    """Return a table of packages and their licences."""
    lines = [f"| {name} | {licence(name)} |" for name in sorted(packages)]
    return "\n".join(["| package | licence |", "|---|---|", *lines, ""])


def page() -> str:
    """Return the whole page."""
    locked = [*dict.fromkeys(PIN.findall((ROOT / "requirements.lock").read_text("utf-8")))]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = {normal(re.split(r"[\[<>=!~ ]", line)[0]) for lines in extras.values() for line in lines}
    more = sorted(named - {*locked, "lacuna-pipeline"})
    fonts = [name for name in locked if FONTS.search(name)]
    others = [name for name in locked if name not in fonts]
    return "\n".join(
        (
            HEADER,
            "## Packages that `make run` installs\n",
            rows(others),
            "## Fonts that `make run` installs\n",
            "They are embedded in the books, which the SIL Open Font License allows.\n",
            rows(fonts),
            "## Packages of other extras\n",
            "Named in `pyproject.toml`. What these packages require in turn is not listed.\n",
            rows([name for name in more if not name.startswith("pylopdf-")]),
            "The fonts of `[cjk]` (`pylopdf-fonts-jp`, `-ko`, `-zh-tw`) are under OFL-1.1.\n",
        )
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
