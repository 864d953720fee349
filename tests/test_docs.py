"""The documentation is true: its commands exist, its settings are all, its examples run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import Settings
from pipeline.__main__ import lacuna as group
from tests.conftest import ROOT, command, tree

DOCS = {path.name: path.read_text("utf-8") for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]}


@pytest.mark.parametrize("name", sorted(group.commands))
def test_every_command_and_flag_is_documented(name: str):
    """docs/cli.md names each command and each of its options."""
    flags = [flag for option in group.commands[name].params for flag in option.opts if flag.startswith("--")]
    assert f"lacuna {name}" in DOCS["cli.md"]
    missing = [flag for flag in flags if flag not in DOCS["cli.md"] and flag != "--output"]
    assert not missing


def test_every_setting_is_documented_and_no_other():
    """docs/settings.md has a row for each key with its default."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", DOCS["settings.md"], re.MULTILINE))
    assert tuple(rows) == Settings.__struct_fields__
    defaults = {name: getattr(Settings(), name) for name in rows}
    for name, shown in rows.items():
        if name != "jobs":
            expected = list(defaults[name]) if isinstance(defaults[name], tuple) else defaults[name]
            assert shown == f"`{json.dumps(expected)}`", name


def test_every_exit_code_is_documented():
    """docs/cli.md lists the codes that the command line can end with."""
    codes = set(re.findall(r"\b\d+\b", " ".join(re.findall(r"^\| ([\d, ]+) \|", DOCS["cli.md"], re.MULTILINE))))
    assert codes == {"0", "1", "2", "3", "4", "75", "130", "143"}


def test_links_between_the_documents_lead_somewhere():
    """No document refers to a file that is not there."""
    for name, text in DOCS.items():
        folder = ROOT if name == "README.md" else ROOT / "docs"
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (folder / target).exists(), f"{name}: {target}"


def test_the_readme_shows_what_really_happens(archive: Path):
    """The output of `make run` in the README is the output of a run."""
    shown = DOCS["README.md"].partition("$ make run\n")[2].partition("```")[0]
    ran = command("run", cwd=archive)
    assert ran.stderr + ran.stdout == shown


def test_the_step_of_the_documentation_works(archive: Path):
    """The five lines of docs/architecture.md, published as an entry point, run as a step with its options."""
    text = DOCS["architecture.md"]
    site = archive / "site"
    info = site / "shout-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "shout.py").write_text(text.partition("```python\n")[2].partition("```")[0], "utf-8")
    entry = text.partition("```toml\n")[2].partition("```")[0].splitlines()[1].replace('"', "")
    (info / "entry_points.txt").write_text(f"[pipeline.steps]\n{entry}\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shout\nVersion: 1.0\n", "utf-8")
    (archive / "pipeline.toml").write_text(DOCS["settings.md"].partition("```toml\n")[2].partition("```")[0], "utf-8")
    environment = {"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    ran = command("run", "--no-editions", cwd=archive, env=environment)
    assert ran.returncode == 0, ran.stderr
    body = (archive / "clean" / "000_a1f47e9a580df4b9.md").read_text("utf-8").partition("\n---\n")[2]
    assert "。" not in body
    assert "？?" not in body
    assert "视觉摘要?每一周?" in body
    told = [json.loads(line) for line in tree(archive / "clean")["report.jsonl"].splitlines()]
    shouted = [change for change in told[0]["changes"] if change["step"] == "shout"]
    assert shouted[0]["reason"] == "louder"
    assert "shout      End every full stop louder. [explained]" in command("steps", cwd=archive, env=environment).stdout


def test_help_waits_for_nothing():
    """`--help` imports no parser, no model and no writer: what makes it quick."""
    code = "import sys, pipeline.__main__; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {
        "ftfy",
        "markdown_it",
        "mdformat",
        "charset_normalizer",
        "numpy",
        "typst",
        "rich",
        "yaml",
        "jinja2",
        "msgspec",
    }
    assert not loaded & heavy
