"""A newcomer's walk: ten commands from the installation of the wheel to a book that an e-reader downloads."""

from __future__ import annotations

import http.server
import io
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from functools import partial
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.conftest import ROOT
from tests.docs import accepted, run_console, wrong
from tests.local_server import LocalServer, Quiet, serving
from tests.test_docs import WALK

ATOM = "{http://www.w3.org/2005/Atom}"
ACQUISITION = "http://opds-spec.org/acquisition"
COMMANDS = 10
# As pipx does, but without the network: a new environment gets the wheel alone, and sees the packages that are here.
PIPX = """#!/bin/bash
set -e
test "$1" = install && [[ "$2" == lacuna-pipeline* ]]
"{python}" -m venv --without-pip "$HOME/.local/lacuna"
site=$(echo "$HOME"/.local/lacuna/lib/*/site-packages)
"{python}" -m pip --python "$HOME/.local/lacuna/bin/python" install --quiet --no-deps --no-index "{wheel}"
echo "{packages}" > "$site/packages.pth"
ln -s "$HOME/.local/lacuna/bin/lacuna" "{programs}/lacuna"
"""


class Files(Quiet, http.server.SimpleHTTPRequestHandler):
    """What `python -m http.server` answers with, without a log."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the package: setuptools writes next to its sources."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    subprocess.run([*build, "--wheel-dir", folder, folder], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_ten_commands_lead_to_a_book(
    wheel: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    """Every command of the page works in an empty home, and an e-reader finds and downloads each post."""
    monkeypatch.delenv("PYTHONPATH", raising=False)  # nothing of this checkout
    programs = tmp_path / "bin"
    programs.mkdir()
    values = {"python": sys.executable, "wheel": wheel, "packages": sysconfig.get_path("purelib"), "programs": programs}
    (programs / "pipx").write_text(PIPX.format(**values))
    (programs / "pipx").chmod(0o755)
    text, served, rest = (ROOT / WALK).read_text("utf-8").partition("```console\n$ python -m http.server")
    found = run_console(text, tmp_path, programs)
    commands = [command for block in found for command in block.commands]
    assert {command.line: command.printed for command in commands if command.code} == {}
    if request.config.getoption("--accept"):
        (ROOT / WALK).write_text(accepted(text, found) + served + rest, "utf-8")
    assert not list(wrong(found)), "\n\n".join(wrong(found))
    assert len(commands) + 1 == COMMANDS
    installed = next((tmp_path / ".local").glob("lacuna/lib/*/site-packages/pipeline"))
    shipped = [path.relative_to(ROOT / "pipeline") for path in (ROOT / "pipeline").rglob("*.js*")]
    assert [path for path in shipped if not (installed / path).exists()] == []
    server = LocalServer(partial(Files, directory=str(tmp_path / "posts-books")))
    with serving(server):
        books = downloaded(f"{server.address}/opds/catalog.xml")
    assert sorted(books) == ["The harbour", "海边"]
    for data in books.values():
        assert zipfile.ZipFile(io.BytesIO(data)).read("mimetype") == b"application/epub+zip"


def downloaded(catalogue: str) -> dict[str, bytes]:
    """Return the EPUBs of the newest posts by title, as a person finds them: from the catalogue down."""
    feed = parsed(catalogue)
    lists = [link for link in feed.iter(f"{ATOM}link") if "kind=acquisition" in link.get("type", "")]
    url = urljoin(catalogue, lists[0].get("href", ""))
    books = {}
    for entry in parsed(url).iter(f"{ATOM}entry"):
        links = [one for one in entry.iter(f"{ATOM}link") if str(one.get("rel")).startswith(ACQUISITION)]
        epub = next(one for one in links if one.get("type") == "application/epub+zip")
        books[str(entry.findtext(f"{ATOM}title"))] = httpx.get(urljoin(url, epub.get("href", ""))).content
    return books


def parsed(url: str) -> ET.Element:
    """Return the feed at a URL."""
    return ET.fromstring(httpx.get(url).raise_for_status().content)  # noqa: S314 - our own feed
