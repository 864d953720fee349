"""The command line behaves as people expect: where settings are, what is printed, JSON, completion, proposals."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import msgspec
import pytest

from pipeline import Settings
from pipeline.__main__ import lacuna as group
from pipeline.commands.init import proposed_settings
from pipeline.commands.tools import settings_schema
from pipeline.document import Document, Source
from pipeline.read.readers import shipped_readers
from pipeline.read.repositories import GENERATORS
from pipeline.read.survey import CONTAINER_WORDS, GENERATOR_WORDS, FolderSurvey, survey_folder
from pipeline.run.limits import Limits
from pipeline.run.pool import run_alone
from pipeline.settings import Edition
from pipeline.settings_files import find_settings, read_settings, with_edition
from pipeline.steps.canonical import canonical_links
from pipeline.store.schema import sqlite_error_meaning
from tests.conftest import ROOT, command

SITES = {  # files of a folder -> what it is, how many posts
    "Hugo site": (("hugo.toml", "content/a.md", "content/b/c.md", "README.md"), 2),
    "Jekyll site": (("_config.yml", "_posts/2021-01-01-a.md", "Gemfile"), 1),
    "Hexo site": (("_config.yml", "source/_posts/a.md", "scaffolds/post.md"), 1),
    "Obsidian vault": ((".obsidian/app.json", "日記/今日.md", "README.md"), 2),
    "Zola site": (("config.toml", "content/a.md", "templates/index.html", "sass/a.scss"), 1),
    "VuePress site": (("docs/.vuepress/config.js", "docs/guide/a.md"), 1),
    "Eleventy site": ((".eleventy.js", "src/a.md", "README.md", "node_modules/x/README.md"), 1),
    "Medium export": (("posts/a-3f2a9c81d0e4.html", "posts/draft_b-77aa88bb99cc.html", "claps/c.html"), 1),
    "Substack export": (("posts.csv", "posts/1.a.html", "posts/1.a.opens.csv", "email_list.csv"), 1),
    "Tumblr export": (("posts_index.html", "html/1.html", "html/2.html"), 2),
    "ArchiveBox folder": (("ArchiveBox.conf", "archive/17.0/singlefile.html", "archive/17.0/index.json"), 1),
    "MkDocs site": (("mkdocs.yml", "docs/index.md"), 1),
    "saved web pages": (("a.html", "b.mhtml", "c/d.html", "notes.md"), 4),
    "folder of posts": (("a.md", "b.txt", "été/c.md"), 3),
    "folder without posts": (("a.png",), 0),
    "Hugo site, Obsidian vault": (("blog/hugo.toml", "blog/content/a.md", "vault/.obsidian/x", "vault/b.md"), 2),
}


def fill(folder: Path, names: tuple[str, ...]) -> Path:
    """Make files with a line of text."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("The tide tables hang in the kitchen.\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two posts after one run, with settings; tests leave its posts as they are."""
    folder = tmp_path_factory.mktemp("archive")
    fill(folder, ("raw/2021/tide.md",))
    (folder / "raw" / "dead.md").write_text("[x](https://example.com/?utm_source=a)\n", "utf-8")
    (folder / "pipeline.toml").write_text('title = "Tide"\neditions = false\nlinks = "canonical"\n', "utf-8")
    ran = command("run", "-v", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert {*ran.stderr.splitlines()} == {"cleaning: 2021/tide.md", "cleaning: dead.md"}
    return folder


@pytest.mark.parametrize("kind", SITES)
def test_init_finds_out_what_a_folder_is(tmp_path: Path, kind: str):
    """A folder is recognized by its names, and the proposed settings are valid, with each proposal too."""
    names, posts = SITES[kind]
    survey = survey_folder(fill(tmp_path, names))
    assert (", ".join(survey.kinds), survey.posts) == (kind, posts)
    text = proposed_settings(survey, 'my "blog" über')
    assert msgspec.convert(tomllib.loads(text), Settings).raw == "."
    used = "\n".join(re.sub(r"^# (?=\w+ = |\[)", "", line) for line in text.splitlines())
    assert msgspec.convert(tomllib.loads(used), Settings).links == "canonical"


def test_init_counts_what_a_reader_accepts(tmp_path: Path):
    """XML, JSON and packed files count by the posts in them; those without a post are passed over, as in a run."""
    for name, data in {
        "sitemap.xml": b"<urlset/>",
        "meta.json": b"{}",
        "album.zip": b"PK\x05\x06" + bytes(18),
        "backup.tar.gz": gzip.compress(b""),
        "feed.xml": b"<rss><channel><item><title>T</title><description>One line</description></item></channel></rss>",
    }.items():
        (tmp_path / name).write_bytes(data)
    survey = survey_folder(tmp_path)
    assert (survey.kinds, survey.posts) == (("folder without posts",), 0)
    assert dict(survey.passed_over) == {"archive": 2, "data": 3}
    posts = '{"id":1,"title":"A","html":"<p>a"},{"id":2,"title":"B","html":"<p>b"}'
    (tmp_path / "ann.ghost.json").write_text(f'{{"db":[{{"data":{{"posts":[{posts}]}}}}]}}', "utf-8")
    survey = survey_folder(tmp_path)
    assert (survey.kinds, survey.posts) == (("Ghost export",), 2)


def test_every_generator_has_words_for_people():
    """`init` can name every program whose folders it recognizes, and every reader of containers."""
    assert {one.name for one in GENERATORS} == set(GENERATOR_WORDS)
    assert {one.name for one in shipped_readers() if one.parts} == set(CONTAINER_WORDS)


def test_init_proposes_what_the_posts_need():
    """Drafts and large posts have a separate proposal."""
    text = proposed_settings(FolderSurvey(("folder of posts",), 3, 20 * 2**20, (("draft", 2),)), "")
    assert '# include = ["*drafts/*"]          # make posts of the 2 drafts too' in text
    assert "# max_bytes = 33554432" in text


def test_init_never_overwrites(tmp_path: Path):
    """A second `init` changes nothing and says so; the first prints the same facts as JSON."""
    fill(tmp_path, ("a.md",))
    first = json.loads(command("init", "--json", cwd=tmp_path).stdout)
    assert (first["kinds"], first["raw"], first["clean"]) == (["folder of posts"], ".", f"../{tmp_path.name}-clean")
    before = (tmp_path / "pipeline.toml").read_bytes()
    assert json.loads((tmp_path / ".pipeline.schema.json").read_text("utf-8"))["$ref"] == "#/$defs/Settings"
    second = command("init", cwd=tmp_path)
    assert (second.returncode, "pipeline.toml exists; nothing was changed" in second.stderr) == (2, True)
    assert (tmp_path / "pipeline.toml").read_bytes() == before


def test_settings_are_found_upwards(tmp_path: Path):
    """The nearest settings count; not those inside `raw` of an archive above, nor above in a folder open to all."""
    top, inner, source = tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "raw" / "repo"
    for folder in (inner / "c", source / "posts"):
        folder.mkdir(parents=True)
    assert find_settings(inner) is None
    (top / "pipeline.toml").write_text("", "utf-8")
    assert find_settings(inner / "c") == top / "pipeline.toml"
    (source / "pipeline.toml").write_text('out = "/"', "utf-8")
    assert find_settings(source / "posts") == top / "pipeline.toml"
    (inner / "pyproject.toml").write_text("[tool.ruff]\n", "utf-8")
    assert find_settings(inner / "c") == top / "pipeline.toml"
    (inner / "pyproject.toml").write_text('[tool.pipeline]\nraw = "p"\n', "utf-8")
    assert find_settings(inner / "c") == inner / "pyproject.toml"
    assert read_settings(inner / "pyproject.toml").raw == "p"
    (inner / "pyproject.toml").write_text("broken", "utf-8")
    assert find_settings(inner / "c") == top / "pipeline.toml"
    top.chmod(0o777)
    assert find_settings(inner / "c") is None
    assert find_settings(top) == top / "pipeline.toml"


def test_commands_work_below_the_archive(archive: Path):
    """From a folder of raw/, `run` uses the archive's settings and folders, `explain` finds its records."""
    below = archive / "raw" / "2021"
    ran = command("run", cwd=below)
    assert (ran.returncode, ran.stdout) == (
        0,
        "2 posts: 2 cleaned, 0 duplicates, 0 skipped; 0 files written, 0 removed\n",
    )
    assert ran.stderr == f"lacuna: settings in {archive}; paths are relative to it\n"
    assert [*below.iterdir()] == [below / "tide.md"]
    assert command("explain", "tide", cwd=below).returncode == 0


def test_the_folder_and_the_settings_can_be_named(archive: Path, tmp_path: Path):
    """`--directory` and `--config` name them, before or behind the command; the user's settings are for all others."""
    behind = command("status", "--json", "--directory", str(archive), cwd=tmp_path)
    assert json.loads(behind.stdout)["posts"] == 2
    assert command("--directory", str(archive), "status", "--json", cwd=tmp_path).stdout == behind.stdout
    fill(tmp_path, ("posts/a.md", "config/lacuna/x"))
    (tmp_path / "my.toml").write_text('raw = "posts"\n', "utf-8")
    named = command("status", "--config", "my.toml", "--json", cwd=tmp_path)
    assert json.loads(named.stdout)["new"] == ["a.md"]
    (tmp_path / "my.toml").rename(tmp_path / "config" / "lacuna" / "pipeline.toml")
    users = command("status", "--json", cwd=tmp_path, env={"XDG_CONFIG_HOME": str(tmp_path / "config")})
    assert json.loads(users.stdout)["new"] == ["a.md"]


def test_status_says_what_changed(archive: Path):
    """`status` lists new, changed and deleted posts, counts outdated ones, and writes nothing."""
    new, old = archive / "raw" / "new.md", archive / "raw" / "dead.md"
    text, files = old.read_bytes(), sorted((archive / "clean").rglob("*"))
    new.write_text("New.\n", "utf-8")
    old.rename(archive / "raw" / "moved.md")
    try:
        shown = json.loads(command("status", "--json", cwd=archive).stdout)
        lines = command("status", cwd=archive).stdout.splitlines()
    finally:
        new.unlink()
        (archive / "raw" / "moved.md").rename(old)
    assert (shown["new"], shown["deleted"], shown["changed"]) == (["moved.md", "new.md"], ["dead.md"], [])
    assert lines[1:] == [
        "last run: 2 posts: 2 cleaned, 0 duplicates, 0 skipped",
        *("new: moved.md", "new: new.md", "deleted: dead.md", "next: lacuna run"),
    ]
    assert (old.read_bytes(), sorted((archive / "clean").rglob("*"))) == (text, files)


def test_json_of_every_command_is_as_documented(archive: Path):
    """A command with results takes `--json`; its objects have the keys of docs/reference/cli.md."""
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8").partition("## JSON")[2].partition("\n## ")[0]
    rows = {
        name: {*re.findall(r"`(\w+)`", keys.partition(", and `text`")[0])}
        for names, keys in re.findall(r"^\| (`.+?) \| (.+?) \|$", page, re.MULTILINE)
        for name in re.findall(r"`([\w-]+)`", names)
    }
    without = {name for name, one in group.commands.items() if not any("--json" in param.opts for param in one.params)}
    assert without == {"schema", "completion", "man"}  # they print JSON, a script and roff
    assert {*rows} == {*group.commands} - without
    calls = {
        "status": (),
        "steps": (),
        "repair": ("raw/dead.md", "-o", "repaired"),
        "detect": ("raw/dead.md",),
        "normalize": ("raw/dead.md", "--check"),
        "check-links": (),
    }
    for name, arguments in calls.items():
        ran = command(name, "--json", *arguments, cwd=archive)
        assert all(json.loads(line).keys() == rows[name] for line in ran.stdout.splitlines()), ran.stdout
        assert ran.stdout, ran.stderr


def test_links_can_be_canonical(archive: Path):
    """With `links = "canonical"`, the URL behind a link text loses its tracking in clean text."""
    assert (archive / "clean" / "dead.md").read_text("utf-8").endswith("[x](https://example.com/)\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](https://e.org/?utm_source=x&id=1)", "[a](https://e.org/?id=1)"),
        ("[a](<https://e.org/?utm_source=x> 't')", "[a](<https://e.org/> 't')"),
        ("[b][1] und 中文\n\n[1]: https://e.org/?utm_medium=m\n", "[b][1] und 中文\n\n[1]: https://e.org/\n"),
        ("[v](https://youtu.be/q-4lo5luKgc)", "[v](https://www.youtube.com/watch?v=q-4lo5luKgc)"),
        (
            "[a](https://e.org/?utm_source=x) `[a](https://e.org/?utm_source=x)`",
            "[a](https://e.org/) `[a](https://e.org/?utm_source=x)`",
        ),
        *(
            (same, same)
            for same in (
                "https://e.org/?utm_source=x",
                "<https://e.org/?utm_source=x>",
                "![i](https://e.org/a.png?utm_source=x)",
                "[a](/b?utm_source=x)",
                "[a](mailto:a@e.org)",
                "```\n[a](https://e.org/?utm_source=x)\n```\n",
                '<a href="https://e.org/?utm_source=x">a</a>',
            )
        ),
    ],
)
def test_only_the_urls_behind_link_texts_change(text: str, expected: str):
    """Visible URLs, images, code, HTML and other schemes stay; by default everything does."""
    document = Document(Source(Path("a.md"), b"").path, text)
    assert canonical_links(document, links="canonical").text == expected
    assert canonical_links(document).text == text


def test_quiet_and_colours(archive: Path):
    """`-q` leaves results and problems; colours are on demand, and off with NO_COLOR."""
    assert command("run", "-q", "--directory", str(archive), cwd=archive.parent).stdout == ""
    diff = ("normalize", "--diff", "-q", "-")
    for colour, wanted in (("always", True), ("never", False)):
        shown = command(*diff, "--color", colour, cwd=archive, data="# A\n* b\n").stdout
        assert ("\x1b[" in shown) == wanted, shown
    shown = command("run", "--check", "--no-editions", "--out", "else", "--color", "never", cwd=archive)
    assert "\x1b[" not in shown.stdout


def test_a_folder_for_results_is_checked_before_work(archive: Path, tmp_path: Path):
    """A file in the way of `-o` or `clean` ends the command before it reads a post."""
    (tmp_path / "file").write_text("", "utf-8")
    for arguments in (
        ("repair", str(archive / "raw"), "-o", "file/x"),
        ("run", str(archive / "raw"), "--clean", "file"),
    ):
        ran = command(*arguments, cwd=tmp_path)
        assert (ran.returncode, "name a folder, or move the file away" in ran.stderr) == (3, True), ran.stderr


def test_checks_annotate_and_can_pass(archive: Path):
    """`normalize --check` annotates a pull request of GitHub, and ends with 0 if that is asked for."""
    ran = command("normalize", "--check", "--format", "github", "--exit-zero", "-", cwd=archive, data="# A\n* b\n")
    assert (ran.returncode, ran.stdout) == (0, "::error file=stdin,line=2::not formatted; run `lacuna normalize`\n")


def test_a_new_book_keeps_the_place_of_the_settings(tmp_path: Path):
    """A book is added to pipeline.toml or to the table of pyproject.toml; an error names its line."""
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.pipeline]\ntitle = "A"\n', "utf-8")
    assert (with_edition(Edition("B"), project) or "").endswith('[[tool.pipeline.edition]]\ntitle = "B"\n')
    assert with_edition(Edition("B"), tmp_path / "pipeline.toml") == '[[edition]]\ntitle = "B"\n'


def test_the_schema_has_every_setting():
    """The JSON Schema has each key of the settings, with the values that are valid."""
    keys = json.loads(settings_schema())["$defs"]["Settings"]["properties"]
    assert tuple(keys) == Settings.__struct_fields__
    assert keys["page"]["enum"] == ["a4", "a5", "reader"]


def test_the_manual_page_has_every_command():
    """The manual page has a section for each command and an entry for each option of it."""
    page = command("man", cwd=ROOT).stdout
    for name, one in group.commands.items():
        section = page.partition(f"\n.SS {name.replace('-', chr(92) + '-')}\n")[2].partition("\n.S")[0]
        assert section, name
        options = [param for param in one.params if isinstance(param, click.Option) and param.help and not param.hidden]
        assert all(option.opts[0].replace("-", "\\-") in section for option in options), name


def test_shells_complete_commands():
    """Each shell gets a script that calls lacuna back, and bash completes a command."""
    for shell in ("bash", "zsh", "fish"):
        assert "_LACUNA_COMPLETE=" in command("completion", shell, cwd=ROOT).stdout
    environment = {**os.environ, "_LACUNA_COMPLETE": "bash_complete", "COMP_WORDS": "lacuna sta", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "pipeline"], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "plain,status"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("repair raw/2021/tide.md >&-", 0, ""),
        ("status >/dev/full", 3, "lacuna: standard output: No space left on device; free some space."),
        ("links - </dev/null", 0, ""),
        ("works - </dev/null", 0, "0 works"),
        ("detect $(printf 'caf\\351.md')", 2, "`caf\\xe9.md`: the name is not valid UTF-8; rename the file"),
        ("yearbook last", 2, "'last' is not a whole number."),
        ("shard raw -o s", 2, "File 'raw' is a directory. Check the path."),
    ],
)
def test_what_a_shell_can_do_has_one_line(archive: Path, arguments: str, code: int, says: str):
    """Closed and full output, empty input, and arguments of another kind: what happened, and what to do next."""
    line = f"{sys.executable} -m pipeline {arguments}"
    ran = subprocess.run(["sh", "-c", line], cwd=archive, capture_output=True, text=True, check=False)  # noqa: S607
    assert (ran.returncode, says in ran.stdout + ran.stderr) == (code, True), ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_system_is_named_by_its_file(tmp_path: Path):
    """An error of SQLite says which file and what to do; one of a separate process names its folder."""
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    meaning = sqlite_error_meaning(full, tmp_path / "state")
    assert (meaning.errno, meaning.filename) == (errno.ENOSPC, str(tmp_path / "state"))
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory") as raised:
        run_alone(len, "x", Limits(5, tmp_path / "file" / "b" / ".partial"))
    assert Path(raised.value.filename) == tmp_path / "file" / "b" / ".partial"
