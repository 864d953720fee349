"""What a release needs: the page of licences, the hooks, the action and the container name what exists."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest
import yaml

from pipeline.__main__ import lacuna as group
from release import licences
from tests.conftest import ROOT

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def test_the_page_of_licences_is_up_to_date():
    """Every locked package is listed with its licence; `python release/licences.py` writes the page."""
    assert licences.PAGE.read_text("utf-8") == licences.page()
    assert not re.search(r"\| *(?:None|UNKNOWN)? *\|$", licences.page(), re.MULTILINE)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_a_command_that_exists(hook):
    """Each hook names a command of Lacuna and options of that command, and the page about hooks lists it."""
    program, name, *options = shlex.split(hook["entry"])
    known = {option for parameter in group.commands[name].params for option in parameter.opts}
    assert program == "lacuna"
    assert {option for option in options if option.startswith("--")} <= known
    assert f"`{hook['id']}`" in (ROOT / "docs" / "how-to" / "check-in-ci.md").read_text("utf-8")


def test_the_action_passes_only_options_that_exist():
    """The composite action calls `lacuna check` with options that it has."""
    script = "\n".join(step.get("run", "") for step in ACTION["runs"]["steps"])
    known = {option for parameter in group.commands["check"].params for option in parameter.opts}
    assert set(re.findall(r"(?<= )--(?:format|ignore)\b", script)) <= known
    assert ACTION["runs"]["using"] == "composite"
    assert set(re.findall(r"inputs\.([\w-]+)", str(ACTION["runs"]))) == ACTION["inputs"].keys()


def test_the_container_copies_files_that_exist():
    """Each file that the Dockerfile copies is in the repository, and .dockerignore lets it pass."""
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    allowed = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    assert names == allowed
    assert all((ROOT / name).exists() for name in names)


def test_the_sbom_command_of_the_page_is_that_of_the_workflow():
    """docs/how-to/release.md shows the command that the release runs."""
    page = (ROOT / "docs" / "how-to" / "release.md").read_text("utf-8")
    (shown,) = re.findall(r"^\$ (pipx run .*)$", page, re.MULTILINE)
    assert f"run: {shown}\n" in (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")


def test_the_package_names_the_licence_of_each_part():
    """The licences in the metadata are those of the parts of the package, and their texts are in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    parts = re.findall(r"^\| .+ \| (\S+) \|$", licences.page().partition("## Packages")[0], re.MULTILINE)
    assert set(project["license"].split(" AND ")) == {one for one in parts if one != "licence"}
    assert all((ROOT / name).is_file() for name in project["license-files"])
    assert len(project["license-files"]) == len(project["license"].split(" AND "))
