"""The language model is the one that its manifest lists, and the repository holds no other large file."""

from __future__ import annotations

import subprocess
import tomllib

import pytest

from pipeline.language.ngrams import MODEL
from tests.conftest import ROOT
from training.manifest import MANIFEST, corpus_digest, digest, manifest

LISTED = tomllib.loads((MODEL / MANIFEST).read_text("utf-8"))
LARGEST = 1_000_000  # bytes of a tracked file outside the model


def test_the_manifest_lists_every_model_file():
    """No file of the model is unlisted, and none is missing."""
    assert {path.name for path in MODEL.iterdir()} == {MANIFEST, *LISTED["files"]}


@pytest.mark.parametrize("name", LISTED["files"])
def test_a_model_file_is_the_one_listed(name: str):
    """Size and SHA-256 of a file are those of the manifest; `python -m training.manifest` rewrites it."""
    listed = LISTED["files"][name]
    assert (MODEL / name).stat().st_size == listed["size"]
    assert digest(MODEL / name) == listed["sha256"]


def test_the_manifest_is_as_its_script_writes_it():
    """The manifest has no hand edits that the next training would remove."""
    facts = {key: value for key, value in LISTED.items() if key != "files"}
    files = (path for path in MODEL.iterdir() if path.name != MANIFEST)
    assert manifest(facts, files) == (MODEL / MANIFEST).read_text("utf-8")


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
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    tracked = [ROOT / name for name in listed.stdout.split("\0") if name]
    large = [path for path in tracked if path.is_file() and path.stat().st_size > LARGEST]
    assert not [path for path in large if path.parent != MODEL]
