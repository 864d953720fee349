"""Decisions of a person: every run obeys them, they survive what happens to an archive, and review collects them."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import random
import select
import shutil
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path, PurePosixPath

import msgspec
import pytest
from click import UsageError
from click.testing import CliRunner

from pipeline import run_archive
from pipeline.__main__ import lacuna as group
from pipeline.changes import Change
from pipeline.commands.review_screen import columns_of, wrapped
from pipeline.decisions import Decision, OpenItem, OpenItems, append_decisions, decision_on, read_decisions
from pipeline.decisions.decision import DECIDED_STEPS
from pipeline.decisions.decision_set import DecisionSet
from pipeline.decisions.decisions_file import parse_decisions
from pipeline.decisions.obey import decided_text
from pipeline.decisions.open_item import open_items_of
from pipeline.decisions.place_index import text_filter
from pipeline.decisions.places import EARLY_STEPS
from pipeline.decisions.post_values import decisions_about, values_of_post
from pipeline.document import Document
from pipeline.flow import CHARACTER_STEPS, FLOW
from pipeline.records.visible import single_line, visible_characters
from tests.conftest import command
from tests.posts import CHINESE, HARBOUR, POSTS
from tests.review_archive import make_review_archive
from tests.test_dedup import PASSAGE
from tests.test_state import is_fresh, records, settings

WITH_PASSAGE = f"# Harbour\n\n{PASSAGE}\n\n{HARBOUR}"
ROUNDS = int(os.environ.get("EXAMPLES", "3"))
SPARE = "我们在山里住了两个月。每天傍晚，老人把羊赶回院子，孩子们坐在门口看远处有没有客人。冬天太冷，没有人下山。"


def damaged(text: str) -> str:
    """Return text as it is when UTF-8 was decoded as cp1252 and bytes were lost."""
    return text.encode().decode("cp1252", "ignore")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with open items and a near-duplicate, after one run; tests copy it."""
    folder = tmp_path_factory.mktemp("opened")
    (folder / "raw").mkdir()
    posts = {
        "a.md": POSTS["damaged"],
        "b.md": damaged(f"# 山里\n\n{SPARE}\n"),
        "h1.md": WITH_PASSAGE,
        "h2.md": WITH_PASSAGE.replace("evening", "eveinng", 1),
        "plain.md": POSTS["plain"],
    }
    for name, text in posts.items():
        (folder / "raw" / name).write_text(str(text), "utf-8")
    run_archive(settings(folder))
    return folder


@pytest.fixture
def archive_to_review(opened: Path, tmp_path: Path) -> Path:
    """A copy of the archive to change."""
    folder = tmp_path / "archive"
    shutil.copytree(opened, folder)
    return folder


def open_list(folder: Path, **filters: object) -> list[OpenItem]:
    with OpenItems(
        folder / "clean" / ".state.sqlite", read_decisions(folder / "decisions.jsonl").decisions.values()
    ) as all_:
        return list(all_.page(size=10_000, **filters).items)


def decide(folder: Path, *decisions: Decision) -> list[Decision]:
    return append_decisions(folder / "decisions.jsonl", decisions)


def clean_text(folder: Path, name: str) -> str:
    found = [*(folder / "clean").rglob(name)]
    return found[0].read_text("utf-8") if found else ""


def test_decisions_are_obeyed_and_survive_what_happens_to_the_archive(archive_to_review: Path):
    """Accepted, rejected and replaced text stays so after a rerun, edits and a rename, until it is withdrawn."""
    folder = archive_to_review
    chosen = settings(folder)
    first, second, third, *_ = open_list(folder, document="a.md")
    written = decide(
        folder, decision_on(first, "accept"), decision_on(second, "reject"), decision_on(third, "replace", "Ω")
    )
    report = run_archive(chosen)
    assert report.obeyed == 3
    assert not report.outdated_decisions
    by_text = {(change["before"], change["after"]): change for change in records(folder)["a.md"]["changes"]}
    assert by_text[first.before, first.after]["confidence"] == 1.0
    assert by_text[first.before, first.after]["reason"].endswith(", decided")
    assert by_text[third.before, "Ω"]["reason"] == "written by a person, decided"
    assert second.before in clean_text(folder, "a.md")
    assert {first.id, second.id, third.id}.isdisjoint(item.id for item in open_list(folder))
    happenings = {
        "another post is edited": lambda: (folder / "raw/plain.md").write_text("# New\n", "utf-8"),
        "a paragraph is added": lambda: (folder / "raw/a.md").write_text(POSTS["damaged"] + "\n\nThe end.\n", "utf-8"),
        "it is renamed": lambda: (folder / "raw/a.md").rename(folder / "raw/moved.md"),
        "the state is lost": lambda: shutil.rmtree(folder / "clean"),
    }
    for what, happen in happenings.items():
        happen()
        run_archive(chosen)
        name = "moved.md" if (folder / "raw/moved.md").exists() else "a.md"
        assert "Ω" in clean_text(folder, name), what
        assert second.before in clean_text(folder, name), what
    decide(folder, *(msgspec.structs.replace(one, withdrawn=True, time="") for one in written))
    report = run_archive(chosen)
    assert is_fresh(folder, report, chosen)
    assert "Ω" not in clean_text(folder, "moved.md")
    assert report.obeyed == 0


def test_decisions_on_documents_are_obeyed(archive_to_review: Path):
    """Titles, authors, dates and languages are corrected, posts skipped, the other copy of a duplicate kept."""
    folder = archive_to_review
    chosen = settings(folder)
    (duplicate,) = open_list(folder, kind="duplicate")
    sha256 = records(folder)["plain.md"]["sha256"]
    decide(
        folder,
        decision_on(duplicate, "reject"),
        Decision("title", document=duplicate.before, before="Harbour", after="The harbour"),
        Decision("author", document=duplicate.before, after="Anne Lee; Bo Chen"),
        Decision("date", document=duplicate.before, after="2021-03"),
        Decision("language", document="b.md", after="zh-TW"),
        Decision("skip", document="plain.md", sha256=sha256),
        Decision("skip", document="gone.md"),
        Decision("title", document="b.md", before="another title", after="not meant"),
    )
    report = run_archive(chosen)
    assert dict(report.passed_over)["left_out"] == 1
    assert len(report.outdated_decisions) == 2
    found = records(folder)
    assert "plain.md" not in found
    assert found[duplicate.after]["of"] == duplicate.before
    kept = {name: found[duplicate.before][name] for name in ("title", "authors", "date")}
    assert kept == {"title": "The harbour", "authors": ["Anne Lee", "Bo Chen"], "date": "2021-03"}
    assert found["b.md"]["language"] == "zh-TW"
    assert not open_list(folder, kind="duplicate")
    (folder / "raw/plain.md").rename(folder / "raw/elsewhere.md")
    (folder / "raw/plain.md").write_text("# Another post\n\nWith its own words.\n", "utf-8")
    report = run_archive(chosen)
    assert is_fresh(folder, report, chosen)
    assert dict(report.passed_over)["left_out"] == 2  # the same bytes, and the path: no title was given
    (folder / "decisions.jsonl").unlink()
    run_archive(chosen)
    assert records(folder)[duplicate.before]["of"] == duplicate.after


def test_any_history_of_decisions_and_edits_equals_a_fresh_run(archive_to_review: Path):
    """After random decisions, undos, edits, renames and lost files, a run leaves what a fresh run would."""
    folder = archive_to_review
    chosen = settings(folder)
    chance = random.Random(29)  # noqa: S311 - no cryptography
    made: list[Decision] = []
    for _ in range(ROUNDS):
        items = open_list(folder)
        for _ in range(chance.randrange(4, 9)):
            what = chance.choice(("here", "here", "pair", "kind", "undo", "value", "edit", "rename", "shuffle"))
            files = sorted((folder / "raw").iterdir())
            path = chance.choice(files)
            if what in {"here", "pair", "kind"} and items:
                verdict = chance.choice(("accept", "reject") if what == "kind" else ("accept", "reject", "replace"))
                made += decide(
                    folder, decision_on(chance.choice(items), verdict, "Ω" * (verdict == "replace"), scope=what)
                )
            elif what == "undo" and made:
                decide(folder, msgspec.structs.replace(made.pop(), withdrawn=True, time=""))
            elif what == "value":
                verdict = chance.choice(("title", "skip", "keep", "date"))
                made += decide(
                    folder, Decision(verdict, document=path.name, after="2021" * (verdict in {"title", "date"}))
                )
            elif what == "edit":
                path.write_text(path.read_text("utf-8") + "\nMore.\n", "utf-8")
            elif what == "rename":
                path.rename(path.with_name(f"{chance.randrange(100)}.md"))
            elif what == "shuffle" and made:
                lines = (folder / "decisions.jsonl").read_text("utf-8").splitlines(keepends=True)
                (folder / "decisions.jsonl").write_text("".join(chance.sample(lines, len(lines)) + lines[:2]), "utf-8")
        report = run_archive(chosen)
        assert is_fresh(folder, report, chosen)
    assert not run_archive(chosen).written


def test_accepted_text_teaches_the_statistics_of_the_archive(archive_to_review: Path):
    """A post without open items joins the sample of the archive, so that it helps to repair the others."""
    folder = archive_to_review
    chosen = settings(folder)
    run_archive(chosen)  # the copies have other times of change
    evidence = (folder / "clean" / ".evidence").read_bytes()
    decide(folder, *(decision_on(item, "accept") for item in open_list(folder, document="a.md")))
    cleaned: list[str] = []
    run_archive(chosen, tell=lambda stage, name: cleaned.append(f"{stage} {name}"))
    assert [line for line in cleaned if line.startswith("cleaning")] == ["cleaning a.md"]
    assert not open_list(folder, document="a.md")
    assert CHINESE[:8].encode() not in evidence
    assert CHINESE[:8].encode() in (folder / "clean" / ".evidence").read_bytes()


PLACE = Decision(
    "accept", step="repair", left="caf", before="Ã ", right="au", inferred="é", time="2026-01-01T00:00:00Z"
)


@pytest.mark.parametrize(
    ("verdict", "proposed", "text"),
    [
        ("accept", [], "caféau"),
        ("accept", [((3, 5), "Ã ", "à")], "caféau"),
        ("accept", [((2, 6), "fÃ a", "fia")], "cafiau"),  # a longer piece than was decided on: reported
        ("reject", [], "cafÃ au"),
        ("reject", [((3, 5), "Ã ", "à")], "cafÃ au"),
        ("reject", [((2, 6), "fÃ a", "fia")], "cafÃ au"),
        ("replace", [((3, 4), "Ã", "A"), ((4, 5), " ", "-")], "cafèau"),
    ],
)
def test_a_decision_survives_a_new_model(verdict: str, proposed: list, text: str):
    """Whatever a new model proposes at a place, the decision on it counts."""
    before = Document(PurePosixPath("a.md"), "cafÃ au")
    after = before.edited(Change("repair", *one, "why", 0.9, (("x", 0.1),)) for one in proposed)
    decision = msgspec.structs.replace(PLACE, verdict=verdict, after="è" if verdict == "replace" else "")
    decided = decided_text("repair", before, after, DecisionSet({decision.key: decision}))
    assert decided.text.replace("cafiau", "cafiau") == text
    assert bool(decided.obeyed) == (text != "cafiau")
    assert decided.text_after(()) == before.text


def test_two_files_of_decisions_merge_in_any_order():
    """Lines may be in any order and repeat; the latest decision on a matter counts; conflict marks are reported."""
    early = msgspec.json.encode(PLACE)
    late = msgspec.json.encode(msgspec.structs.replace(PLACE, verdict="reject", time="2026-01-01T00:00:00.5Z"))
    other = b'{"verdict":"title","document":"a.md","after":"T"}'
    merged = [parse_decisions(b"\n".join(lines)) for lines in ((early, late, other), (other, late, early, late))]
    assert merged[0] == merged[1]
    assert [one.verdict for one in merged[0].decisions.values() if one.step] == ["reject"]
    conflict = b"\n".join([b"<<<<<<< HEAD", early, b"||||||| base", b"=======", late, b">>>>>>> theirs", other])
    found = parse_decisions(conflict)
    assert found.decisions == merged[0].decisions
    assert [problem.line for problem in found.problems] == [1, 3, 4, 6]
    assert "a conflict that git left" in str(found.problems[0])


BAD_LINES = {
    '{"verdict":"accept"}': "`step` must be one of",
    '{"verdict":"maybe"}': "not a decision",
    '{"verdict":"skip"}': "`document` is missing",
    '{"verdict":"title","document":"a.md"}': "`after` is missing",
    '{"verdict":"date","document":"a.md","after":"yesterday"}': "is no date",
    '{"verdict":"language","document":"a.md","after":"a lot"}': "is no language",
    '{"verdict":"replace","step":"repair","before":"a","after":"\\u001b[2J"}': "control character",
    '{"verdict":"accept","step":"headings","before":"a","inferred":"b"}': "`step` must be one of",
    '{"verdict":"replace","step":"repair","scope":"kind","reason":"r","after":"x"}': "a kind can be",
    '{"verdict":"skip","document":"a.md","colour":"red"}': "not a decision",
    '{"verdict":"skip","document":"a.md","time":"now"}': "not a decision",
    '{"verdict":"skip","document":"\\ud800"}': "",
    "[" * 100_000: "not a decision",
    "\xff": "not a decision",
    '{"verdict":"skip","document":"' + "a" * 20_000 + '"}': "not a decision",
}


def test_bad_lines_are_reported_with_their_numbers_and_the_rest_goes_on():
    """Each kind of bad line has a sentence; the lines around it are obeyed."""
    for line, problem in BAD_LINES.items():
        data = (
            b'{"verdict":"skip","document":"x"}\n'
            + line.encode("latin-1", "replace")
            + b'\n{"verdict":"skip","document":"y"}'
        )
        found = parse_decisions(data)
        assert {one.document for one in found.decisions.values()} == {"x", "y"}
        assert [one.line for one in found.problems] == [2]
        assert problem in found.problems[0].problem


def test_a_half_written_line_does_not_spoil_the_next(tmp_path: Path):
    """A decision that is appended after a killed write starts a new line."""
    file = tmp_path / "decisions.jsonl"
    file.write_bytes(b'{"verdict":"sk')
    append_decisions(file, [Decision("skip", document="a.md")])
    found = read_decisions(file)
    assert [one.document for one in found.decisions.values()] == ["a.md"]
    assert [one.line for one in found.problems] == [1]


def test_the_filter_finds_each_place_and_few_others():
    """The filter of a text never denies a place that is in it."""
    text = CHINESE * 3 + HARBOUR
    filters = text_filter(text)
    inside = [Decision("reject", step="repair", left=text[at : at + 9], before=text[at + 9]) for at in range(0, 400, 7)]
    outside = [Decision("reject", step="repair", before=damaged(SPARE)[at : at + 30]) for at in range(0, 60, 3)]
    found = [*DecisionSet({one.key: one for one in inside + outside}).places.candidates(filters)]
    assert {one.key for one in inside} <= {one.key for one in found}
    assert len(found) - len(inside) <= 1


def test_an_open_item_shows_the_repaired_sentence_and_its_line():
    """Context is of the repaired text, the line that of the source, and the key that of the place in the source."""
    source = "# One\n\nA cafÃ and a thÃ."
    document = Document(PurePosixPath("a.md"), source).edited(
        [
            Change("repair", (12, 13), "Ã", "é", "r", 0.6, (("è", 0.3), ("ê", 0.001))),
            Change("repair", (22, 23), "Ã", "é", "r", 0.9),
        ]
    )
    first, second = open_items_of(document, from_archive=True)
    assert (first.left, first.after, first.right) == ("# One\n\nA caf", "é", " and a thé.")
    assert (first.line, first.alternatives) == (3, (("è", 0.3),))
    assert second.source_left == source[:22]
    assert decision_on(first, "accept").key == first.id
    assert decision_on(first, "reject", scope="pair").key == first.keys[1]
    assert decision_on(replace(first, reason="r; from duplicate x.md"), "reject", scope="kind").key == first.keys[2]


def review(folder: Path, keys: str, *arguments: str) -> str:
    """Return what `lacuna review` prints in `folder` for keys, one per line."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        ran = CliRunner().invoke(
            group, ["review", *arguments], input=keys, standalone_mode=False, catch_exceptions=False
        )
    finally:
        os.chdir(before)
    return ran.output


def test_review_asks_as_git_does(archive_to_review: Path):
    """Keys accept, reject, choose, edit, group, skip and undo; each decision is in the file at once."""
    folder = archive_to_review
    items = open_list(folder, kind="inferred")
    shown = review(folder, "?\ny\nn\nu\ns\ne\nΩ\n1\nA\nz\nq\n", "--kind", "inferred")
    assert "accept: the text is right" in shown
    assert f"{len(items)} left" in shown
    assert f"confidence {items[0].confidence:.3g}" in shown
    lines = [json.loads(line) for line in (folder / "decisions.jsonl").read_text("utf-8").splitlines()]
    assert [one["verdict"] for one in lines[:3]] == ["accept", "reject", "reject"]
    assert lines[2]["withdrawn"]
    assert {"replace"} <= {one["verdict"] for one in lines}
    assert "Ω" in {one.get("after") for one in lines}
    left = len(open_list(folder, kind="inferred"))
    assert f"{left} left; run `lacuna run`" in shown
    shown = review(folder, "d\nn\n", "--document", items[0].document)
    assert "0 left" in shown
    assert not open_list(folder, document=items[0].document)
    assert "h1.md" in review(folder, "n\n", "--kind", "duplicate")
    run_archive(settings(folder))
    assert records(folder)[open_name(folder)]["outcome"] == "duplicate"


def test_review_corrects_and_skips_a_post(archive_to_review: Path):
    """The key p changes title, author, date and language or skips the post; the same key and an undo take it back."""
    folder = archive_to_review
    title = records(folder)["b.md"]["title"]
    shown = review(
        folder, "p\nt\nThe mountains\np\nd\n2021-13-77x\np\na\nLee; Chen\nu\np\nx\nq\n", "--document", "b.md"
    )
    assert f"t  title     {title}\n" in shown
    assert f"t  title     The mountains  (found: {title})" in shown
    assert "`2021-13-77x` is no date; write it as 2021-03-09" in shown
    assert not open_list(folder, document="b.md")
    decisions = read_decisions(folder / "decisions.jsonl").decisions.values()
    assert {(one.verdict, one.before, one.after) for one in decisions} == {
        ("title", title, "The mountains"),
        ("skip", title, ""),
    }
    assert dict(run_archive(settings(folder)).passed_over)["left_out"] == 1
    assert "take back: you decided to skip it" in review(folder, "x\n", "--document", "b.md")
    run_archive(settings(folder))
    assert records(folder)["b.md"]["title"] == "The mountains"
    review(folder, f"p\nt\n{title}\nq\n", "--document", "b.md")
    report = run_archive(settings(folder))
    assert (records(folder)["b.md"]["title"], report.obeyed) == (title, 0)
    with pytest.raises(UsageError, match=r"no post `c\.md`; give its path below raw/"):
        review(folder, "", "--document", "c.md")


def test_a_value_is_found_again_below_several_decisions(tmp_path: Path):
    """What Lacuna found is known under older decisions, obeyed or not; to give it again withdraws them all."""
    folder = make_review_archive(tmp_path / "archive", 1)
    title = HARBOUR.partition("\n")[0].lstrip("# ")
    older, newer = (
        Decision("title", document="harbour.md", before="A", after=title, time="2026-01-01T00:00:00Z"),
        Decision("title", document="harbour.md", before=title, after="C", time="2026-01-02T00:00:00Z"),
    )
    with OpenItems(folder / "clean/.state.sqlite") as items:
        post = values_of_post(items.db, [newer, older], "harbour.md")
    assert post
    assert (post.values["title"], post.found["title"]) == ("C", "A")
    back = decisions_about(post, {**post.values, "title": " A "}, skipped=False)
    assert {(one.after, one.withdrawn) for one in back} == {(title, True), ("C", True)}
    assert decisions_about(post, post.values, skipped=False) == []


def test_review_prints_json(archive_to_review: Path):
    """With --json the open items are printed, and what was exported and imported is counted."""
    folder = archive_to_review
    items = [json.loads(line) for line in review(folder, "", "--json", "--kind", "inferred").splitlines()]
    assert [one["id"] for one in items] == [one.id for one in open_list(folder, kind="inferred")]
    assert {"document", "before", "after", "confidence", "line"} <= set(items[0])
    exported = json.loads(review(folder, "", "--json", "--export", "items.csv"))
    assert exported == {"written": "items.csv", "open_items": len(open_list(folder))}
    imported = json.loads(review(folder, "", "--json", "--import", "items.csv"))
    assert (imported["decisions"], imported["problems"]) == (0, [])


def test_the_names_of_decided_steps_are_those_of_the_flow():
    """decisions.jsonl names the steps whose text a person decides; those before them are the first of the flow."""
    text = [step.name for step in FLOW if step.decided == "text"]
    assert (CHARACTER_STEPS[0], *text) == DECIDED_STEPS
    assert CHARACTER_STEPS[: CHARACTER_STEPS.index(DECIDED_STEPS[-1])] == EARLY_STEPS


def test_invisible_characters_are_shown():
    """Every control, format and separator character is escaped; joiners inside words and signs of numbers stay."""
    kept = {"\t", "\n", *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))}
    hidden = [
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and char not in kept
        and not "\U00013430" <= char <= "\U0001345f"  # joiners of Egyptian hieroglyphs
    ]
    assert [hex(ord(char)) for char in hidden if visible_characters(char).isprintable() is False] == []
    for shown in ("می\u200cخواهم", "👩\u200d👩\u200d👧", "क्\u200dष", "１２\u3000a\u00a0b"):
        assert visible_characters(shown) == shown


def open_name(folder: Path) -> str:
    """Return the duplicate of the harbour posts."""
    return next(name for name, one in records(folder).items() if one["outcome"] == "duplicate")


def test_review_exports_and_imports_a_table(archive_to_review: Path):
    """A spreadsheet gets all items; filled-in rows become decisions, others are reported."""
    folder = archive_to_review
    assert "fill in the column" in review(folder, "", "--export", "items.csv")
    rows = list(csv.DictReader((folder / "items.csv").read_text("utf-8-sig").splitlines(keepends=True)))
    first, second, third = open_list(folder, kind="inferred")[:3]
    filled = {first.id: ("accept", ""), second.id: ("replace", "Ω"), third.id: ("perhaps", "")}
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, rows[0].keys(), delimiter=";")  # as spreadsheets write it in many countries
        writer.writeheader()
        for row in rows:
            decision, text = filled.get(row["id"], ("", ""))
            writer.writerow(row | {"decision": decision, "text": text})
    shown = review(folder, "", "--import", "items.csv")
    assert "2 decisions saved" in shown
    assert "`perhaps`: write accept" in shown
    assert {first.id, second.id}.isdisjoint(item.id for item in open_list(folder))
    assert third.id in {item.id for item in open_list(folder)}


def test_review_reads_single_keys_in_a_terminal(archive_to_review: Path):
    """In a terminal, a key needs no Enter; Ctrl-D ends the session."""
    terminal, inner = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "review", "--kind", "inferred"],
        cwd=archive_to_review,
        env={**os.environ, "COLUMNS": "34"},
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    shown = b""
    for key in (b"y", b"\x04"):
        asked = b""
        while not asked.endswith(b"?] "):
            assert select.select([terminal], [], [], 60)[0], asked
            asked += os.read(terminal, 4096)
        os.write(terminal, key)
        shown += asked
    with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
        while more := os.read(terminal, 4096):
            shown += more
    os.close(terminal)
    assert child.wait(60) == 0
    assert b"1 decision saved" in shown
    assert len((archive_to_review / "decisions.jsonl").read_bytes().splitlines()) == 1


@pytest.mark.parametrize("width", [20, 33, 80])
@pytest.mark.parametrize("text", [CHINESE, HARBOUR, "שלום עולם, " * 20, "e\u0301" * 90, "👩‍👩‍👧 " * 30])
def test_text_is_wrapped_at_any_width(text: str, width: int):
    """No line is wider than the terminal, and no character is lost."""
    lines = wrapped(single_line(text), width)
    assert "".join(lines) == single_line(text)
    assert max(map(columns_of, lines)) <= width


def test_hostile_text_cannot_control_the_terminal():
    """Escape sequences, line ends and direction marks are shown, not obeyed."""
    assert single_line("a\x1b]0;x\x07\u202eb\n\u0085") == "a\\u001b]0;x\\u0007\\u202eb↵\\u0085"


def test_explain_summarizes_and_names_lines_of_the_source(opened: Path):
    """First the counts, then the repairs with their lines; an ambiguous name is an error."""
    lines = command("explain", "a.md", cwd=opened).stdout.splitlines()
    assert lines[2].startswith("changes: ")
    assert "with a confidence below 1" in lines[2]
    assert lines[3].startswith("repair, line 1: ")
    one = command("explain", "a.md", "--json", "--step", "repair", cwd=opened)
    assert {change["step"] for change in json.loads(one.stdout)["changes"]} == {"repair"}
    several = command("explain", "h", cwd=opened)
    assert several.returncode == 2
    assert "`h` fits 2 documents: h1.md, h2.md" in several.stderr
    assert command("explain", "a.md", "--step", "repai", cwd=opened).returncode == 2
