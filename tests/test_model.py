"""The language model is the one that its manifest lists, and the repository holds no other large file."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tomllib
from dataclasses import replace

import pytest

from pipeline.language.model_meta import MODEL_FOLDER
from tests.conftest import ROOT
from training.fetch import Source, commands, fetch
from training.manifest import MANIFEST, corpus_digest, digest, manifest

LISTED = tomllib.loads((MODEL_FOLDER / MANIFEST).read_text("utf-8"))
LARGEST = 1_000_000  # of a tracked file outside the model


def test_the_manifest_lists_every_model_file():
    """No file of the model is unlisted, and none is missing."""
    assert {path.name for path in MODEL_FOLDER.iterdir()} == {MANIFEST, *LISTED["files"]}


@pytest.mark.parametrize("name", LISTED["files"])
def test_a_model_file_is_the_one_listed(name: str):
    """Size and SHA-256 of a file are those of the manifest; `python -m training.manifest` rewrites it."""
    listed = LISTED["files"][name]
    assert (MODEL_FOLDER / name).stat().st_size == listed["size"]
    assert digest(MODEL_FOLDER / name) == listed["sha256"]


def test_the_manifest_is_as_its_script_writes_it():
    """The manifest has no hand edits that the next training would remove."""
    facts = {key: value for key, value in LISTED.items() if key != "files"}
    files = (path for path in MODEL_FOLDER.iterdir() if path.name != MANIFEST)
    assert manifest(facts, files) == (MODEL_FOLDER / MANIFEST).read_text("utf-8")


def test_the_changelog_names_the_model():
    """A model changes together with its version, and the changelog names that version."""
    assert f"model {LISTED['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_digest_of_a_corpus_depends_on_names_and_texts(tmp_path):
    """Another text or another name gives another digest; the order in which files were written does not."""
    for folder, names in (("a", ("x", "y")), ("b", ("y", "x")), ("c", ("x", "z"))):
        for name in names:
            (tmp_path / folder / name).mkdir(parents=True)
            (tmp_path / folder / name / "words.txt").write_text(name)
    first, same, other = (corpus_digest(tmp_path / folder) for folder in "abc")
    assert first == same != other
    (tmp_path / "a" / "x" / "words.txt").write_text("X")
    assert corpus_digest(tmp_path / "a") != first


def test_git_tracks_no_other_large_file():
    """Only model files may exceed one megabyte: git keeps every version of a binary file whole."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = [ROOT / name for name in listed.stdout.split("\0") if name]
    large = [path for path in tracked if path.is_file() and path.stat().st_size > LARGEST]
    assert not [path for path in large if path.parent != MODEL_FOLDER]


def pinned(name: str) -> Source:
    """Return the first row of a training table that pins a package."""
    rows = tomllib.loads((ROOT / "training" / "alphabets.toml").read_text("utf-8"))["source"]
    row = next(row for row in rows if row["name"] == name)
    return Source(**row | {"members": tuple(row["members"])})


def test_a_pin_that_debian_no_longer_offers_has_a_second_source():
    """The archive is tried first; Debian's snapshots have the version that a security update removed."""
    pin = pinned("firefox-esr-l10n-uk")
    assert commands(pin) == [
        ["apt-get", "download", f"firefox-esr-l10n-uk={pin.version}"],
        ["debsnap", "--force", "--destdir", ".", "--architecture", "all", "firefox-esr-l10n-uk", pin.version],
    ]


def test_an_archive_that_a_second_source_named_without_its_epoch_is_found(tmp_path, monkeypatch):
    """A download under the other name of a Debian file is used; one with another hash is refused."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, script in (("apt-get", "exit 100"), ("debsnap", "printf data > tool_7.1-1_all.deb")):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    sha256 = hashlib.sha256(b"data").hexdigest()
    pin = Source("debian", "tool", "1:7.1-1", sha256, "tool_1%3a7.1-1_all.deb", "MIT", "en", (), "text")
    assert fetch(pin, tmp_path).read_bytes() == b"data"
    with pytest.raises(ValueError, match="SHA-256"):
        fetch(replace(pin, sha256="0" * 64), tmp_path)
