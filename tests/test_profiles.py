"""Site profiles: rules for the posts of one site only."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

import pytest

from pipeline import FLOW, Document
from pipeline.citations.cited_works import works_of
from pipeline.document import Metadata
from pipeline.flow import assemble
from pipeline.following import follow
from pipeline.settings import Settings, SettingsError
from pipeline.steps.profiles import load_profile, shipped_names
from tests.conftest import ROOT, Lacuna
from tests.test_cases import cases

HERE = PurePosixPath("post.md")
PAGE = (ROOT / "docs" / "how-to" / "teach-a-site.md").read_text("utf-8")
CASES = [case for case in cases("markdown") if "profile" in case.values[0]]
POST = """# 题

> 原文：<https://HOST/a>

## [入门](https://HOST/tagged/a)

## **副题**

![](a.png)

ML-Collage [1/52]:数字改编自库宁*等人(2020)* |📝[纸张](https://arxiv.org/abs/1703.00522)

这是这个月最重要的几篇文章，每一篇都值得花时间去读。提出了两种修改:
1)二次采样。
2)随机矩阵。

## 理解合成梯度

*作者:施密特*、施耐德*、亨宁(2021)* 📝[论文](https://arxiv.org/abs/1803.07612) |🤖[代码](https://github.com/a/b)

[](https://e.org/four-77f6) [## 四月要读的论文

### 从元梯度到训练的边缘…

towardsdatascience.com](https://e.org/four-77f6)
"""
OF_THE_SITE = {
    "cards: a link card over several blocks is no link in Markdown; written as one link",
    "cards: the text separates its links with `|`; one was missing",
    "artefacts: the label of a link was mistranslated",
    "artefacts: emphasis started within a name",
    "emphasis: footnote asterisks after names in an emphasized list: escaped, so that the outer markers pair",
    "figures: the line below the image is its caption; used as the alternative text",
    "lists: consecutive numbers at the start of lines are a list: Markdown needs a blank line and a space",
}


def cleaned(text: str, **settings: str) -> Document:
    """Return a post after the flow."""
    document = Document(HERE, text)
    for step in assemble(Settings(**settings)):
        document = follow(step, document)
    return document


def explained(document: Document) -> set[str]:
    """Return the kinds of changes in a document."""
    return {f"{change.step}: {change.reason}" for change in document.changes}


@pytest.mark.parametrize("host", ["towardsdatascience.com", "medium.com", "a-paper.medium.com"])
def test_the_rules_of_a_site_apply_to_its_posts(host: str):
    """The host of the source selects the shipped profile, and each of its rules is used."""
    document = cleaned(POST.replace("HOST", host))
    assert explained(document) >= OF_THE_SITE
    assert (document.meta.kicker, document.meta.subtitle) == ("入门", "副题")
    assert any("数字改编自" in note.message for note in document.notes)
    work = next(work for work in works_of(document) if work.key == "arxiv:1803.07612")
    assert (work.authors, work.year) == (("施密特", "施耐德", "亨宁"), "2021")


@pytest.mark.parametrize("host", ["example.com", "notmedium.com", "medium.com.example.org"])
def test_the_rules_of_a_site_touch_no_other(host: str):
    """The rules do not change the same post from another host."""
    document = cleaned(POST.replace("HOST", host))
    assert not explained(document) & OF_THE_SITE
    assert (document.meta.kicker, document.meta.subtitle) == ("", "")
    assert not any("数字改编自" in note.message for note in document.notes)
    assert not any(work.authors for work in works_of(document))


def test_the_settings_apply_a_shipped_profile_to_every_post():
    """With `profile = "medium_zh_mt"`, the profile applies to posts of any host."""
    document = cleaned(POST.replace("HOST", "example.com"), profile="medium_zh_mt")
    assert explained(document) >= OF_THE_SITE
    assert document.meta.kicker == "入门"


@pytest.mark.parametrize("case", CASES)
def test_a_case_of_a_profile_is_untouched_without_it(case: dict):
    """Without the profile, its cases do not change."""
    step = next(step for step in FLOW if step.name == case["step"])
    document = Document(HERE, case["original"], Metadata(source_url="https://example.com/a"))
    assert not explained(follow(step, document)) & OF_THE_SITE


def test_the_guide_teaches_a_site(tmp_path: Path, lacuna: Lacuna):
    """The steps of docs/how-to/teach-a-site.md give the result that it shows; posts of other sites do not change."""
    profile, settings = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (post,) = re.findall(r"```markdown\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "weblog.toml").write_text(profile, "utf-8")
    (tmp_path / "pipeline.toml").write_text(settings, "utf-8")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.md").write_text(post, "utf-8")
    (tmp_path / "raw" / "b.md").write_text(post.replace("weblog.example", "example.com") + "\nOther words.\n", "utf-8")
    ran = lacuna("run", "--no-editions", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    of_site, other = ((tmp_path / "clean" / name).read_text("utf-8") for name in ("a.md", "b.md"))
    for made in re.findall(r"becomes `([^`]+)` and `([^`]+)`", PAGE)[0]:
        assert made in of_site
        assert made not in other
    assert "![](harbour.png)" in other
    reported = [json.loads(line) for line in (tmp_path / "clean" / "report.jsonl").read_text("utf-8").splitlines()]
    notes = [[note["message"] for note in row["notes"] if note["step"] == "doubts"] for row in reported]
    assert [len(found) for found in notes] == [1, 0]


def test_the_guide_lists_every_key():
    """docs/how-to/teach-a-site.md names each key of a profile, and no other."""
    named = {key for row in re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    assert named | {"hosts"} == set(load_profile("medium_zh_mt").__struct_fields__)


def test_an_edited_profile_makes_the_books_again(tmp_path: Path, lacuna: Lacuna):
    """After an edit of the profile, a run makes the books of a first run, even if no post's text changes."""
    books = []
    for folder, edits in (("kept", ("numbered_lines = true", "caption = 'Photo'")), ("fresh", ("caption = 'Photo'",))):
        here = tmp_path / folder
        (here / "raw").mkdir(parents=True)
        (here / "raw" / "a.md").write_text("# T\n\n![Photo 3](a.png)\n\nPhoto 3: the harbour\n", "utf-8")
        (here / "pipeline.toml").write_text('profile = "site.toml"\n', "utf-8")
        for edit in edits:
            (here / "site.toml").write_text(edit, "utf-8")
            assert lacuna("run", cwd=here).returncode == 0
            books.append((here / "out" / "posts" / "a.epub").read_bytes())
    assert books[0] != books[1] == books[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "profile site.toml: No such file or directory"),
        ("hosts = [", "profile site.toml: Invalid value"),
        ("host = ['a']", "profile site.toml: Object contains unknown field `host`"),
        ("hosts = 'a'", "profile site.toml: expected a list"),
        ("caption = '('", "profile site.toml: not a regular expression in quotes (missing )"),
        ("caption = 3", "profile site.toml: not a regular expression in quotes"),
        ("link_card = 'a'", "profile site.toml: `link_card` has no group `(?P<title>…)`"),
    ],
)
def test_a_wrong_profile_is_an_error_of_the_settings(
    text: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A missing or invalid profile ends the command with one line that names the error."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "site.toml").write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=re.escape(message)) as error:
        assemble(Settings(profile="site.toml"))
    assert "\n" not in str(error.value)


def test_a_misspelt_profile_is_suggested(tmp_path: Path, lacuna: Lacuna):
    """An unknown profile name ends with exit code 2 and suggests the nearest name."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "pipeline.toml").write_text('profile = "medium_zh"\n', "utf-8")
    ran = lacuna("run", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert f"no site profile `medium_zh`; did you mean `{shipped_names()[0]}`?" in ran.stderr
