"""One mark for each lost character: cases, spellings of the mark, duplicates, the archive, and what stays."""

from __future__ import annotations

import re
import tomllib

import pytest

from pipeline import repair
from pipeline.document import REPLACEMENT
from pipeline.language.archive_statistics import statistics_of
from pipeline.language.vocabulary import word_list
from pipeline.language.word_context import neighbour_scores
from pipeline.mojibake.marks.alphabet import latin_languages, likely_languages, lost_characters
from pipeline.mojibake.marks.spellings import may_have_marks
from tests.conftest import ROOT

CASES = tomllib.loads((ROOT / "tests" / "cases" / "marks.toml").read_text("utf-8"))["case"]
TEXTS = ROOT / "tests" / "corpus" / "texts"
NON_ASCII = re.compile(r"[^\x00-\x7f]")


def text_of(language: str) -> str:
    """Return the texts of a language."""
    return "\n".join(path.read_text("utf-8") for path in sorted((TEXTS / language).glob("*.md")))


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_case(case):
    """A marked text is restored as its case says; a negative case stays as it is."""
    assert repair(case["marked"]).text == case.get("restored", case["marked"])


@pytest.mark.parametrize("language", ["fr", "de", "pt", "pl", "tr", "cs", "es"])
@pytest.mark.parametrize("mark", [REPLACEMENT, "?", "ï¿½"])
def test_hardly_any_character_is_wrong(language: str, mark: str):
    """At most three in a hundred lost characters come back wrong, two in five are restored; no question is changed."""
    truth = text_of(language)
    restored = repair(NON_ASCII.sub(mark, truth)).text
    assert len(restored) == len(truth)
    changed = [
        (new, old) for new, old in zip(restored, truth, strict=True) if new not in {REPLACEMENT, "?"} or old == "?"
    ]
    filled = [(new, old) for new, old in changed if not old.isascii()]
    assert all(new == old for new, old in changed if old.isascii())
    lost = len(NON_ASCII.findall(truth))
    assert sum(new != old for new, old in filled) <= 0.03 * max(lost, 100)
    assert len(filled) >= 0.4 * lost


@pytest.mark.parametrize("mark", [REPLACEMENT, "?"])
def test_a_duplicate_has_the_characters(mark: str):
    """The characters of a duplicate are taken, with its path as the reason; another text of the archive is none."""
    truth = text_of("cs")
    archive = statistics_of({"copy.md": truth + "\n\nKonec.", "other.md": text_of("pl")})
    document = repair(NON_ASCII.sub(mark, truth), archive=archive)
    wrong = [(new, old) for new, old in zip(document.text, truth, strict=True) if new not in {mark, old}]
    assert not wrong
    assert {change.reason.endswith("from duplicate copy.md") for change in document.changes} == {True}
    if mark == REPLACEMENT:
        assert document.text == truth


def test_restored_characters_have_alternatives():
    """A change has a confidence, and says what else the character may be; a note counts the changes."""
    document = repair("Vi ses p\ufffd l\ufffdrdag, n\ufffdr jeg kommer hjem fra K\ufffdbenhavn og \ufffdrhus.")
    assert [change.after for change in document.changes] == ["å", "ø", "å", "ø"]
    assert all(change.confidence >= 0.9 and change.alternatives for change in document.changes)
    assert [note.message for note in document.notes] == ["restored 4 lost characters of which a mark was left"]


def test_the_least_confidence_is_a_setting():
    """A higher `min_confidence` leaves more marks."""
    truth = text_of("de")
    left = [
        repair(NON_ASCII.sub(REPLACEMENT, truth), min_confidence=least).text.count(REPLACEMENT) for least in (0.3, 0.99)
    ]
    assert left[0] < left[1]


def test_a_second_pass_changes_nothing():
    """A restored text is sound; what stays marked stays."""
    for language in ("fr", "cs"):
        once = repair(NON_ASCII.sub(REPLACEMENT, text_of(language))).text
        assert repair(once).text == once


def test_a_word_list_finds_the_letters_of_a_pattern():
    """All fillings of a pattern that are listed are found, several marks at once; a list holds no word in ASCII."""
    known = word_list("cs")
    assert known is not None
    assert known.fillings("d?kuji", [1], [tuple("áéěíýů")]) == [("ě",)]
    assert ("ř", "í", "š") in known.fillings("p??li?", [1, 2, 5], [tuple("áéěíýřšž")] * 3)
    assert known.chance(["děkuji"])[0] > known.chance(["dobry"])[0]


def test_neighbours_decide_between_words_that_differ_in_a_letter():
    """`�r` is `år` after a number and `är` after a pronoun; languages without a model give no score."""
    text = "Det �r tio �r sedan."
    scores = neighbour_scores(text, [4, 11], "sv")
    assert scores[4]["ä"] > scores[4]["å"]
    assert scores[11]["å"] > scores[11]["ä"]
    assert neighbour_scores(text, [4, 11], "fi") == {}


def test_each_language_has_its_letters():
    """The candidates are the language's characters; languages of other scripts have none."""
    assert {"ü", "ä", "ö", "ß"} <= set(lost_characters("de"))
    assert "ř" not in lost_characters("de")
    assert {"cs", "tr", "hu", "vi"} <= set(latin_languages())
    assert not {"ru", "el", "zh-Hans", "be", "ar"} & set(latin_languages())


@pytest.mark.parametrize("language", ["fr", "de", "pt", "pl", "tr", "cs", "es"])
def test_the_language_of_a_marked_text(language: str):
    """A hundred characters without any letter outside ASCII suffice to know the language."""
    assert likely_languages(NON_ASCII.sub(REPLACEMENT, text_of(language))[:100])[0] == language


def test_sound_text_passes_the_filter():
    """No text of the corpus has a mark or a question mark inside a word."""
    assert [path.name for path in TEXTS.rglob("*.md") if may_have_marks(path.read_text("utf-8"))] == []
