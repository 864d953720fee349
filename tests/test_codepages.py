"""Everyday mis-decodings come back, and text at ends, after-damage and emoji are what the bytes allow."""

from __future__ import annotations

import tomllib

import pytest
from rapidfuzz.distance import Levenshtein

from benchmarks.codepages import damaged
from pipeline import repair
from pipeline.document import REPLACEMENT
from pipeline.mojibake.after_damage import REWRITINGS
from tests.conftest import ROOT

CASES = tomllib.loads((ROOT / "tests" / "cases" / "codepages.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize(
    ("case", "reading"),
    [(case, reading) for case in CASES for reading in case["readings"]],
    ids=lambda value: value if isinstance(value, str) else value["text"][:10].strip(),
)
def test_an_everyday_mis_decoding_is_undone(case, reading):
    """The text comes back; as it should be, it stays."""
    text = case["text"].strip()
    assert repair(text).text == text
    broken = damaged(text, reading)
    assert broken != text
    assert Levenshtein.distance(repair(broken).text, text) <= case.get("most", 0)


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ("Go è¯\xadè¨€çš„æŽ’åº\x8fç®—æ³", "Go 语言的排序算法"),
        ("Python åˆ\xa0é™¤åˆ—è¡¨ä¸\xadçš„å…ƒç´", "Python 删除列表中的元素"),
        ("é£Žæ™¯ ä¼", "风景 传"),
        ("| é£Žæ™¯ | å¤©æ°” | åŽŸå›|", "| 风景 | 天气 | 原因|"),
    ],
)
def test_a_byte_missing_at_the_end_was_white_space_or_cut(broken, text):
    """`.strip()` takes A0 and 85 from the end of a text or cell; a column that is full takes any byte."""
    assert repair(broken).text == text


@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda rewriting: rewriting.name)
def test_a_rewriting_is_undone(rewriting):
    """Each rewriting changes its example as it says, and sound text not at all."""
    before, after = rewriting.example
    (start, end, new), *_ = rewriting.undo(f"{before}\n{before} Ã© Ã¨")
    assert (before[:start] + new + before[end:]) == after
    assert not list(rewriting.undo("Un café à Sète, l’été : “voilà”."))


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (
            'He said â€œnoâ€\x9d â€” then â€" again. It was a fiancÃ© who didnâ€™t know',
            "He said “no” — then — again. It was a fiancé who didn’t know",
        ),
        ("Itâ€TMs a cafÃ©", "It’s a café"),
        ("Les Ã©tudiants prÃ fÃ¨rent la mÃ thode", "Les étudiants préfèrent la méthode"),
        ("Price:Â £5 andÂ more", "Price:\xa0£5 and\xa0more"),
    ],
)
def test_what_was_edited_after_the_damage(broken, text):
    """Straightened dashes, normalized apostrophes, letters whose byte became a space."""
    assert repair(broken).text == text


def test_emoji_with_missing_bytes_are_marked_or_right():
    """A skin tone follows a hand; a person that the bytes do not name is no other person."""
    document = repair("Merci ðŸ‘¨â€ðŸ³ et ðŸ‘©â€ðŸ’», câ€™est trÃ¨s bien")
    assert "👨" in document.text
    assert REPLACEMENT in document.text or "👨\u200d🍳" in document.text
    assert "🏾" in repair("Great work! ðŸ‘ðŸ¾ Itâ€™s fine, reallyâ€¦").text


@pytest.mark.parametrize(
    ("broken", "part"),
    [
        ("这只是一个测试，看似叛诺睦先似涫祷褂胁晃�人知的一面，那就是他很怕黑。", "雅的老人其实还有不为人知的一面"),
        (
            "琎ぱ边�W�U�F�@初�埭j�韩B�AさぱΝ�W刁笵�W�斐B常琌縩�簟A�膜l�态锏郢B綾�h�W厩�C\nρ畍弧�Uと�i�嗔俜|�U獴�A叫�j產癘眔盿呈�A�窬钎H�幡�翴�^產�C",
            "請大家記得帶傘",
        ),
    ],
)
def test_double_byte_text_out_of_step(broken, part):
    """A lost byte shifts all that follow: what comes after it is read again, and the gap is marked or inferred."""
    assert part in repair(broken).text


def test_confidence_sinks_where_most_bytes_are_missing():
    """Of Hebrew without C1 bytes two thirds are guesses: none claims to be certain."""
    text = CASES[1]["text"].encode().decode("latin-1")
    broken = "".join(char for char in text if not "\x80" <= char <= "\x9f")
    claims = [change.confidence for change in repair(broken, min_confidence=0.0).changes if change.alternatives]
    assert claims
    assert max(claims) < 0.7


VIETNAMESE_FONTS = {
    "Céng hoµ x· héi chñ nghÜa ViÖt Nam, ®éc lËp, tù do, h¹nh phóc.": (
        "Cộng hoà xã hội chủ nghĩa Việt Nam, độc lập, tự do, hạnh phúc."
    ),
    "H«m qua trêi m\u00ada suèt c¶ ngµy, chóng t«i ë nhµ ®äc s¸ch cò.": (
        "Hôm qua trời mưa suốt cả ngày, chúng tôi ở nhà đọc sách cũ."
    ),
    "CéNG HOµ X· HéI CHñ NGHÜA VIÖT NAM": "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam, ñoäc laäp, töï do, haïnh phuùc.": (
        "Cộng hòa xã hội chủ nghĩa Việt Nam, độc lập, tự do, hạnh phúc."
    ),
    "Hoâm qua trôøi möa suoát caû ngaøy, chuùng toâi ôû nhaø ñoïc saùch cuõ.": (
        "Hôm qua trời mưa suốt cả ngày, chúng tôi ở nhà đọc sách cũ."
    ),
}


@pytest.mark.parametrize("broken", VIETNAMESE_FONTS)
def test_vietnamese_in_an_old_font_is_decoded(broken):
    """The text comes back, in a page of English too; as it should be, it stays."""
    text = VIETNAMESE_FONTS[broken]
    assert repair(broken).text == text
    assert repair(f"# Notes\n\nA page of plain English.\n\n{broken}\n").text.endswith(f"\n\n{text}\n")
    assert repair(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Le théâtre « Où naît la forêt » est © 2020, l’hôtel ® à 5 µm, aïeul, coöpération.",
        "Ñandú, pingüino y año; Øresund, søen og smørrebrød; coöperatie; Tõnu õpib; naïve où août.",
        "¹ First note · second note ® mark, 10 µs, © 2001 by Müller, «quoted» text ª º.",
        "Pöö ja öö, jäääär, töö; aâ oâ öô is a list of pairs with ñ and ø.",
        "Tiếng Việt: ¹ ghi chú, ® nhãn hiệu, 5 µm, «trích dẫn» và © bản quyền.",
    ],
)
def test_text_with_signs_of_fonts_stays(text):
    """Signs of old Vietnamese fonts occur in other text too."""
    assert repair(text).text == text


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["text"][0] in "Χمא"], ids=lambda case: case["text"][:9]
)
def test_sound_text_with_marks_is_no_other_code_page(case):
    """Lost characters alone are not evidence of a wrong code page."""
    text = "".join("\ufffd" if at % 6 == 2 and char.isalpha() else char for at, char in enumerate(case["text"].strip()))
    assert repair(text).text == text


TITLES = (  # titles in their code page, and those that software decodes it as
    ("La société française", "cp1252", "cp850 cp437 mac_roman cp1251 cp1253"),
    ("Città del Vaticano", "cp1252", "cp850 cp437 mac_roman cp1250 cp1251"),
    ("Die Straße nach Süden", "cp1252", "cp850 cp437 mac_roman"),
    ("Mañana será otro día", "cp850", "cp1252"),
    ("Smörgåsbord på svenska", "mac_roman", "cp1252"),
    ("Książka i gazeta", "cp852", "cp1250"),
    ("Příliš mnoho otázek", "iso8859-2", "cp1250"),
    ("Günün haberleri, yeni çalışma", "cp1254", "cp1252"),
    ("Mėnesio žodžiai", "cp1257", "cp1252"),
    ("Земфира", "cp1251", "cp1252"),
    ("Νατάσσα Μποφίλιου", "cp1253", "cp1252"),
    ("Für Elise", "cp1252", "cp850"),
    ("El Niño", "cp850", "cp1252"),
    ("Dvořák: Rusalka", "cp1250", "cp1252"),
    ("się", "utf-8", "cp1252"),
    ("år", "utf-8", "cp1252"),
)


@pytest.mark.parametrize(
    ("title", "truth", "wrong"), [(title, truth, one) for title, truth, wrong in TITLES for one in wrong.split()]
)
def test_words_prove_the_code_page_of_a_title(title, truth, wrong):
    """A title or a file name has too few characters to prove a chain by their frequencies."""
    assert repair(title).text == title
    assert repair(title.encode(truth).decode(wrong)).text == title


@pytest.mark.parametrize(
    "text",
    [
        *("Klasë Java", "Kosta Rikà", "mèter per sekon", "ka²", "5±2 °C", "À À À Ã", "‚ „ ‹ ›", "Beneš", "nõ"),
        *(
            "etiketa e përshpejtuesit",
            "Tregon nëse tag influencon lartësinë e sfondit",
            "URZĄDZENIE",
            "x³ + y³",
            "B×H",
            "sõna",
            "đường",
            "‡ Note",
            "ŠŽÕÄÖÜ",
            "ČĆŁŠŚŽŹ",
            "ÄÅÄ",
            "ÚÓÊ",
            "the size of your room (m²),",
            "sistema de iscritura de s’Àsia otzidentale",
            "Nit ku ne am na sañ-sañ bokk ci ñiy doxal mbiri réewam.",
        ),
        "    --log-file=, --log-fd= or --log-socket=.",
    ],
)
def test_a_sound_line_that_words_of_another_language_resemble(text):
    """Words of a language without a word list, symbols and spaces stay."""
    text = text.replace("    ", "\xa0 \xa0 ")
    assert repair(text).text == text
