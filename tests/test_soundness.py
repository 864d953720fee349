"""Sound text stays: the conditions that a proposed repair must meet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import repair
from pipeline.mojibake.lossy.ill_formed_utf8 import ill_formed_changes
from pipeline.mojibake.soundness import RULES, LineRepair, fits_document, objection

ALPHABETS = {
    "French": "àâæçéèêëîïôœùûüÿ",
    "Spanish": "áéíñóúü",
    "Portuguese": "áâãàçéêíóôõúü",
    "German": "äöüß",
    "Icelandic": "áéíóúýþæðö",
    "Czech": "áčďéěíňóřšťúůýž",
    "Polish": "ąćęłńóśźż",
    "Turkish": "çğıöşü",
    "Vietnamese": "àáâãèéêìíòóôõùúýăđĩũơư",
    "Russian": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψω",
}
SEPARATORS = (" ", ", ", " | ", "、", " / ", "; ", "\n- ")


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_the_example_of_a_rule_stays(rule):
    """The example of each rule is sound text: it does not change, alone or in a page."""
    page = f"A page of English text.\n\n{rule.example}\n\nAnd another line.\n"
    assert repair(rule.example).text == rule.example
    assert repair(page).text == page


@settings(deadline=None)
@given(
    letters=st.sampled_from(sorted(ALPHABETS.values())).flatmap(lambda own: st.lists(st.sampled_from(own), min_size=1)),
    separator=st.sampled_from(SEPARATORS),
    capitals=st.booleans(),
)
def test_a_list_of_letters_stays(letters, separator, capitals):
    """Single letters are not mojibake, in any order."""
    text = separator.join(letters)
    text = text.upper() if capitals else text
    assert repair(text).text == text


@pytest.mark.parametrize("language", ALPHABETS)
def test_an_alphabet_stays(language):
    """An alphabet does not change: joined, in capitals, in a sentence or a table."""
    own = ALPHABETS[language]
    for text in (
        own,
        own.upper(),
        " ".join(own),
        f"The letters {', '.join(own)} are special.",
        f"| {' | '.join(own)} |",
    ):
        assert repair(text).text == text


def test_a_repair_is_judged_by_what_it_makes():
    """A repair that gives words of a known language passes; one that gives only single letters does not."""
    assert objection([LineRepair("Ïðèâåò, ìèð", "Привет, мир")]) is None
    assert objection([LineRepair("à é è ê ç", "а й и к з")]) == "letters that stand alone"


def test_a_line_fits_its_document():
    """Letters that occur in sound words of other lines are not bytes of another alphabet."""
    line = LineRepair("à é è ê", "а й и к")
    assert fits_document([line], ["Le père a élevé ses enfants à Paris ; la fête"])
    assert not fits_document([LineRepair("Ïðèâåò", "Привет")], ["Le père a élevé ses enfants à Paris."])


@pytest.mark.parametrize(
    "text",
    [
        "En lugar de ñ aparece Ã±.",
        "Em vez de ç aparece Ã§ no texto.",
        "Invece di è vedo Ã¨.",
        "Zamiast „ó” widzę „Ã³”.",
        "Az ő helyett Å‘ jelenik meg.",
        "ş yerine ÅŸ görünüyor.",
        "Вместо «Привет» вижу «РџСЂРёРІРµС‚».",
        '한글이 "í•œê¸€"로 표시됩니다.',
        "Typical mojibake: Ã¤, Ã¶, Ã¼, ÃŸ.",
        'The word café shows up as "cafÃ©" in my database.',
        "Write &Atilde;&copy; instead of &eacute;.",
        "How do I get rid of Â in my HTML?",
        "The name José comes back as JosÃ©.",
        "Los acentos se ven como Ã¡ y Ã³.",
        "Perché vedo â€™ al posto dell'apostrofo?",
        "Почему отображается вЂ” вместо тире?",
        "é变成了Ã©",
        "u\u00cc\u02c6 = ü",
        "| U+20AC | E2 82 AC | â‚¬ |",
    ],
)
def test_an_example_of_mojibake_stays(text):
    """Mojibake that a sentence discusses does not change."""
    assert repair(text).text == text


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("Itâ€™s better to drink tea instead of coffee.", "It’s better to drink tea instead of coffee."),
        ("Ils ont mangÃ© au lieu de parler.", "Ils ont mangé au lieu de parler."),
        ("Sie kamen statt am FrÃ¼hstÃ¼ck am Abend.", "Sie kamen statt am Frühstück am Abend."),
        ("Price: Â£5 instead of Â£10", "Price: £5 instead of £10"),
    ],
)
def test_damage_next_to_a_word_for_instead_is_repaired(text, fixed):
    """Words such as "instead" also occur in sentences with real damage."""
    assert repair(text).text == fixed


def test_a_stray_byte_that_utf8_never_has_is_read():
    """No UTF-8 has bytes from F5 on: only the character of the other codec is a candidate."""
    (change,) = ill_formed_changes("Der Bär läuft über die Br".encode() + b"\xfccke")
    assert change.after == "ü"
    assert change.alternatives[0][0] == "\ufffd"


@pytest.mark.parametrize("line", ["« DÉJÀ VÉ»", "5\u00a0£"])
def test_lines_of_another_codec_whose_bytes_may_be_utf8_or_dos(line):
    """Capitals before a quote are UTF-8 by chance, and a sign after a no-break space is two letters of DOS."""
    french = "Le château était fermé depuis l'été dernier, et personne ne savait où étaient les clés.\n"
    (change,) = ill_formed_changes(french.encode() + line.encode("cp1252"))
    assert change.after == line
