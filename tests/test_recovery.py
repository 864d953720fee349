"""Mojibake is repaired: decoding chains, characters with missing bytes, duplicates, and the reasons of each change."""

from __future__ import annotations

import re
import tomllib
from pathlib import PurePosixPath

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from pipeline import repair
from pipeline.changes import apply, inverse
from pipeline.document import REPLACEMENT, Document, Source
from pipeline.encoding.misdecoding import bytes_by_character
from pipeline.following import follow
from pipeline.language.archive_statistics import statistics_of
from pipeline.language.endings import ending_model
from pipeline.language.neural import rescoring_network
from pipeline.language.vocabulary import word_list
from pipeline.read.decode import decode
from pipeline.steps import escapes
from tests.conftest import ROOT

CHAINS = tomllib.loads((ROOT / "tests" / "cases" / "chains.toml").read_text("utf-8"))["case"]
CHINESE = CHAINS[0]["text"]
LOSSES = tomllib.loads((ROOT / "tests" / "cases" / "losses.toml").read_text("utf-8"))["case"]
FOREIGN = (
    "საქართველოს დედაქალაქი არის თბილისი. ქვეყანა მდებარეობს კავკასიაში, შავი ზღვის აღმოსავლეთ სანაპიროზე.",
    "தமிழ் மொழி உலகின் மிகப் பழமையான மொழிகளில் ஒன்றாகும். இது தமிழ்நாடு மற்றும் இலங்கையில் பேசப்படுகிறது.",
)
LOSSY = "\x81\x8d\x8f\x90\x9d\xad"
RAW = {file.name[:3]: file.read_bytes().decode() for file in sorted((ROOT / "raw").glob("*.txt"))}


def misdecoded(text: str, reading: str) -> str:
    """Return `text` encoded in one codec and decoded in another, undefined bytes as C1 controls."""
    truth, wrong = reading.split(">")
    chars = {byte: char for char, byte in bytes_by_character(wrong).items()}
    return "".join(chr(byte) if byte < 128 else chars[byte] for byte in text.encode(truth))


def dropped(text: str) -> str:
    """Return `text` as UTF-8 decoded as Windows-1252, without undefined bytes and soft hyphens."""
    return re.sub(f"[{LOSSY}]", "", misdecoded(text, "utf-8>cp1252"))


def stripped(text: str) -> str:
    """Return `text` as UTF-8 decoded as Latin-1, without controls and soft hyphens."""
    return re.sub("[\x80-\x9f\xad]", "", text.encode().decode("latin-1"))


@pytest.mark.parametrize("case", CHAINS, ids=[case["label"] for case in CHAINS])
def test_chain(case):
    """Repair reverses a decoding chain exactly, and does not change the original."""
    lines = case["text"].split("\n")
    for reading in case["readings"]:
        lines = [misdecoded(line, reading) if at % case.get("every", 1) == 0 else line for at, line in enumerate(lines)]
    document = repair("\n".join(lines))
    assert document.text == case["text"]
    assert not repair(case["text"]).changes


@pytest.mark.parametrize("case", LOSSES, ids=[case["label"] for case in LOSSES])
def test_loss(case):
    """Repair reconstructs all characters with missing bytes of a case."""
    broken = stripped(case["text"]) if case.get("c1") else dropped(case["text"])
    assert repair(broken).text == case["text"]


@pytest.mark.parametrize("text", FOREIGN)
def test_gaps_in_an_unknown_script_are_marked(text):
    """In a script that the model does not know, complete characters come back, and gaps become U+FFFD, not a guess."""
    document = repair(dropped(text))
    marked = [change for change in document.changes if change.alternatives]
    assert marked
    assert all(change.after.rstrip() == REPLACEMENT for change in marked)
    assert re.fullmatch(re.escape(document.text).replace(REPLACEMENT, "."), text)


def test_a_chain_is_found_from_a_sample_that_ends_within_a_character():
    """The decoding chain is found from a sample of the text, even if the sample ends within a character."""
    hindi = "पुराने पृष्ठों को सहेजना ज़रूरी है। हर साल बहुत कुछ खो जाता है। " * 20
    assert repair(misdecoded(misdecoded(hindi, "utf-8>cp1252"), "utf-8>cp1252")).text == hindi


def test_reconstructed_characters_have_a_confidence_and_alternatives():
    """Each reconstructed character has a confidence and alternatives, and its change can be undone."""
    broken = dropped(CHINESE)
    document = repair(broken)
    inferred = [change for change in document.changes if change.alternatives]
    assert document.text == CHINESE
    assert inferred
    assert all(change.confidence > 0 and "byte missing; reconstructed" in change.reason for change in inferred)
    assert all(sum(share for _, share in change.alternatives) <= 1.01 - change.confidence for change in inferred)
    assert apply(document.text, inverse(document.changes)) == broken


@pytest.mark.parametrize(
    "truth", [CHAINS[at]["text"] for at in (0, 1, 2, 4, 5)], ids=["zh", "zh-hant", "ja", "ko", "ru"]
)
def test_double_mojibake_with_missing_bytes_is_repaired(truth):
    """UTF-8 that was mis-decoded twice, with bytes lost each time, is repaired, and the changes can be undone."""
    broken = dropped(dropped(truth))
    document = repair(broken)
    assert Levenshtein.distance(document.text, truth) <= 2
    assert any("then UTF-8 decoded as" in change.reason and change.alternatives for change in document.changes)
    assert apply(document.text, inverse(document.changes)) == broken


def test_the_network_uses_both_sides_of_a_character():
    """The network predicts a character from both sides of its line, not from itself or from other lines."""
    network = rescoring_network("zh-Hans")
    line = "孩子们的作业越来越多，妈妈说不要太担心。"
    options = [["不", "中", "与"]]
    place = np.array([line.index("不")])
    scores = network.fit(line, place, options)
    assert scores.argmax() == 0
    assert np.array_equal(network.fit(line.replace("不", "与"), place, options), scores)
    ends = "\0" * network.reach
    assert np.array_equal(network.fit(f"{line}{ends}不中与", place, options), scores)
    assert not np.array_equal(network.fit(line.replace("要", "与"), place, options), scores)


def test_the_word_list_scores_whole_words():
    """A character's score depends on the word that it makes, not on case, combining marks or text after the word."""
    known, place = word_list("ru"), np.array([3])
    scores = known.fit("\0Докум́ент\0", place, [["к", "р", " "]])
    assert scores.argmax() == 0
    assert scores[0, 1] < -20 < scores[0, 0]
    assert np.array_equal(known.fit("\0ДОКУМЕНТ, друг\0", place, [["К", "Р", " "]]), scores)
    assert np.array_equal(known.fit("\0 1-2\0", place, [["-", "–"]]), np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("ru", "Благодарим за помощь по улучшени{ю} нашей работы."),
        ("ru", "Это личная информаци{я}, которая никому не нужна."),
        ("ru", "Она долго говорила, не повышая голоса и не изменя{я} тона."),
        ("uk", "Вона завжди вивчає нову інформаці{ю} про свою роботу."),
        ("uk", "Нова версі{я} програми, яка вийшла вчора, працює добре."),
    ],
)
def test_endings_are_predicted_from_neighbouring_words(language, line):
    """A word's last letter is predicted from the words around it in its line; other letters get no score."""
    known, options = ending_model(language), [["я", "ю"]]
    text = line.replace("{", "").replace("}", "")
    place = np.array([line.index("{")])
    scores = known.fit(text, place, options)
    assert options[0][scores.argmax()] == text[place[0]]
    assert np.array_equal(known.fit(f"Они\0{text[: place[0]]}?{text[place[0] + 1 :]}\0их", place + 4, options), scores)
    assert not known.fit(text, np.array([text.index(" ") + 1]), options).any()


@pytest.mark.parametrize("codec", ["gbk", "gb18030", "cp932", "cp949"])
def test_characters_lost_in_a_multi_byte_codec_are_reconstructed(codec):
    """UTF-8 decoded as a codec of Chinese, Japanese or Korean, with U+FFFD where that failed, is repaired."""
    broken = CHINESE.encode().decode(codec, "replace")
    document = repair(broken)
    assert "\ufffd" in broken
    assert Levenshtein.distance(document.text, CHINESE) <= 1
    assert apply(document.text, inverse(document.changes)) == broken


def test_a_question_mark_of_windows_restores_the_line_break():
    """Windows writes one `?` for a byte and the line break or sign after it; repair restores both."""
    text = "# 今天介绍如何保存旧网页\n\n- **保存网页**：每年都有大量内容消失\n- 网页会一直在那里\n"
    broken = text.encode().decode("gbk", "replace").replace("\ufffd\n", "?")
    assert broken.count("?") >= 2
    assert "\ufffd" not in broken
    assert repair(broken).text == text


def test_characters_below_the_minimum_confidence_are_marked():
    """Below the minimum confidence a character becomes U+FFFD, and the change lists what it may have been."""
    document = repair(dropped(CHINESE), min_confidence=1.0)
    marked = [change for change in document.changes if change.after == "\ufffd"]
    assert marked
    assert document.text.count("\ufffd") == len(marked)
    assert all(change.alternatives for change in marked)
    assert all(a in {b, "\ufffd"} for a, b in zip(document.text, CHINESE, strict=True))


def test_a_space_below_the_minimum_confidence_marks_its_character():
    """A character whose last byte became a space is also marked below the minimum confidence."""
    document = repair("faites attention Г bien vous renseigner avant sur le mГ©dicament", min_confidence=1.0)
    assert document.text == "faites attention \ufffd bien vous renseigner avant sur le médicament"


def test_a_duplicate_restores_every_character():
    """With the original in the archive, repair turns the sample's broken copy into it, and the reason names it."""
    document = repair(RAW["002"], archive=statistics_of({"000.md": RAW["000"], "001.md": RAW["001"]}))
    assert document.text == RAW["000"]
    assert any("from duplicate 000.md" in change.reason for change in document.changes)


def test_a_duplicate_cannot_contradict_the_bytes():
    """A character of the duplicate that contradicts the surviving bytes is not used."""
    duplicate = CHINESE.replace("消失", "还在").replace("网页", "纸页")
    document = repair(dropped(CHINESE), archive=statistics_of({"duplicate.md": duplicate}))
    assert document.text == CHINESE


def test_the_archive_decides_between_rare_names():
    """A word that is frequent only in the archive decides between candidates."""
    name = "作者:孙等人(2020)提出了宏意图。"
    text = "".join(f"第{number}段，{name}" for number in range(6))
    assert repair(dropped(CHINESE + name), archive=statistics_of({"others.md": text})).text == CHINESE + name


def test_code_and_examples_of_mojibake_stay():
    """Nothing changes inside code, or in an article that shows a few examples of mojibake."""
    code = f"```\n{dropped(CHINESE)}\n```\n"
    assert repair(code).text == code
    talk = "Wenn man `Ã¤` statt ä sieht, wurde UTF-8 als Latin-1 gelesen. Das sieht man oft bei alten Datenbanken."
    assert repair(talk).text == talk


GOOD = "这一行是好的，没有任何问题。\n很多人以为网页会一直在那里。\n"
MIXED = {
    "a line of GBK": (GOOD.encode() + "今天的文章介绍了如何保存旧网页。\n".encode("gbk") + GOOD.encode(), "gbk"),
    "Western letters": (
        "Cet été, nous avons gardé les pages à l'école.\n".encode() * 4 + b"L'\xe9t\xe9 \xe0 No\xebl\n",
        "é",
    ),
    "a letter's end": (GOOD.encode() + "今天的文章介绍了如何保存旧网页".encode()[:-1] + b"\n" + GOOD.encode(), "网页"),
    "a letter's beginning": (
        GOOD.encode() + b"\xbb\x8a\xe5\xa4\xa9\xe7\x9a\x84\xe6\x96\x87\xe7\xab\xa0\n" + GOOD.encode(),
        "今天",
    ),
}  # bytes, and what the text must contain


@pytest.mark.parametrize("name", MIXED)
def test_ill_formed_utf8_is_reconstructed_from_its_bytes(name):
    """Only foreign or incomplete byte sequences in UTF-8 are reconstructed; the rest stays, and all can be undone."""
    data, wanted = MIXED[name]
    document = decode(Source(PurePosixPath("mixed.md"), data))
    assert wanted.replace("gbk", "今天的文章介绍了如何保存旧网页。") in document.text
    assert "\ufffd" not in document.text
    assert apply(document.text, inverse(document.changes)) == data.decode("utf-8", "replace")


ESCAPED = {
    "Un caf&Atilde;&copy; pr&Atilde;&uml;s d'ici &amp; l&agrave;": "Un café près d'ici &amp; l&agrave;",
    "It&acirc;&euro;&trade;s late": "It’s late",
    r"\u4f60\u597d\uff0c\u4e16\u754c\u3002 https://e.org/a": "你好，世界。 https://e.org/a",
    r"`\u4f60\u597d` \u4f60\u597d\uff0c\u4e16\u754c": r"`\u4f60\u597d` 你好，世界",
    r"Write \u00e4 for a letter, or \u00f6.": r"Write \u00e4 for a letter, or \u00f6.",
    "A caf&eacute; &copy; 2021": "A caf&eacute; &copy; 2021",
}


@pytest.mark.parametrize("written", ESCAPED)
def test_escapes_are_decoded(written):
    """Mojibake in entities, and text that is all escapes, are decoded; other entities, code and examples stay."""
    after = follow(escapes.STEP, Document(PurePosixPath("a.md"), written))
    assert after.text == ESCAPED[written]
    assert apply(after.text, inverse(after.changes)) == written
