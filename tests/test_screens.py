"""Screens: tests that decide early that a text is sound must agree with the slow tests that they replace."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import py3langid
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.encoding.codecs import multi_byte_misdecodings, single_byte_misdecodings
from pipeline.language.bigram_lookup import is_cjk_bigram
from pipeline.language.langid_scores import langid_arrays, language_scores
from pipeline.language.model_meta import CJK_TAGS
from pipeline.language.ngrams import has_bigrams, language_model
from pipeline.language.rival_scores import scores_by_language
from pipeline.mojibake.marks.spellings import may_have_marks
from pipeline.mojibake.obvious import is_obviously_sound
from pipeline.mojibake.prefilter import suspicious_lines

TEXTS = sorted(Path(__file__).with_name("corpus").joinpath("texts").rglob("*.md"))
SAMPLES = (
    "今天讲一讲机器学习。",
    "今日は機械学習の話です。",
    "오늘은 기계 학습",
    "हिन्दी में",
    "“Quotes” – and … dashes",
    "नमस्ते → नमस्ते",
    "🎉 恭喜",
)
PIECES = st.sampled_from(
    [*SAMPLES, "涓枃", "ã€Œ", "â€™", "\u3000", "\xa0", "€", "·", " ", "\n", "a", "E", "7", "，", "斤拷", "锟"]
)


def passages(size: int, seed: int) -> list[str]:
    """Return a passage of each text of the corpus."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    texts = [path.read_text("utf-8") for path in TEXTS]
    return [text[(at := chance.randrange(max(1, len(text) - size))) : at + size] for text in texts]


def is_suspicious(text: str) -> bool:
    """Return what the whole pre-filter says."""
    return may_have_marks(text) or bool(suspicious_lines(text))


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, min_size=1, max_size=40).map("".join))
def test_the_whole_prefilter_finds_nothing_in_obviously_sound_text(text: str):
    """What is obviously sound passes the whole pre-filter, whatever the text."""
    assert not (is_obviously_sound(text) and is_suspicious(text))


@pytest.mark.parametrize("size", [9, 40, 190, 900, 4_000])
def test_the_prefilter_agrees_on_passages_and_their_mojibake(size: int):
    """The same for sound passages in twenty languages, and for what wrong codecs make of them."""
    for at, passage in enumerate(passages(size, size)):
        codecs = (*single_byte_misdecodings(), *multi_byte_misdecodings())
        wrong = codecs[(at + size) % len(codecs)]
        mojibake = passage.encode().decode(wrong, "ignore")
        mixed = f"{passage}\n{mojibake[:60]}\n"
        assert [text for text in (passage, mojibake, mixed) if is_obviously_sound(text) and is_suspicious(text)] == []


def test_most_chinese_text_is_obviously_sound():
    """The screen is of use: it decides for most of the Chinese texts."""
    chinese = [path.read_text("utf-8") for path in TEXTS if path.parent.name in {"zh", "zh-hant", "ja", "ko"}]
    assert sum(map(is_obviously_sound, chinese)) * 2 > len(chinese) > 0


def test_both_lookups_of_bigrams_agree():
    """The table of bigrams gives the same answers with and without numpy."""
    text = "".join(passages(400, 1))
    pairs = [*itertools.pairwise(text), *zip(text, text[7:], strict=False)]
    first, second = (np.array([ord(char) for char in column], np.uint32) for column in zip(*pairs, strict=True))
    assert [is_cjk_bigram(*pair) for pair in pairs] == has_bigrams(CJK_TAGS, first, second).tolist()


@pytest.mark.parametrize("size", [0, 1, 2, 5, 6, 7, 80, 599, 600, 601, 1_206, 1_900])
def test_scores_of_several_languages_are_those_of_each(size: int):
    """Scores of a short text in several languages at once are bit for bit those of each language alone."""
    models = [language_model(tag) for tag in ("en", "ru", "zh-Hans")]
    for passage in passages(max(1, size), size)[::3]:
        text = passage[:size]
        together = scores_by_language(models, text)
        assert np.array_equal(together, np.stack([model.score(text) for model in models]))


def test_fast_language_scores_are_those_of_py3langid():
    """The languages and their scores are exactly those of py3langid, for short and long texts in twenty languages."""
    for text in ("", "a", "ABC DEF", *passages(60, 5), *passages(3_000, 6)):
        assert language_scores(text) == py3langid.rank(text)


def test_the_unpacked_model_of_py3langid_is_read_or_replaced(tmp_path: Path):
    """The arrays are the same without a file, with a new one, from the file, and where the file is damaged or old."""
    packed, (*_, other) = langid_arrays(None), langid_arrays(tmp_path)
    (file,) = tmp_path.iterdir()
    whole, changed = file.read_bytes(), file.stat().st_mtime_ns
    assert np.array_equal(other, packed[-1])
    for found, time in ((whole, changed), (whole[:-100], changed), (whole[:9999] + b"?" + whole[10_000:], changed)):
        file.write_bytes(found)
        os.utime(file, ns=(time, time))
        assert all(map(np.array_equal, langid_arrays(tmp_path), packed))
        assert ([*tmp_path.iterdir()], file.read_bytes()) == ([file], whole)
    file.write_bytes(b"of another version")
    assert all(map(np.array_equal, langid_arrays(tmp_path), packed))


@pytest.mark.parametrize("text", ["今天我们讲一讲机器学习，这是一个很好的例子。", "“It’s” – he said…"])
def test_the_first_sound_text_imports_no_model(text: str):
    """`repair` of sound Chinese text, or of English with curly quotes, imports neither numpy nor ftfy nor a step."""
    code = f"import sys; from pipeline import repair; repair({text!r}); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not loaded & {
        "ftfy",
        "markdown_it",
        "numpy",
        "rapidfuzz",
        "yaml",
        "pipeline.flow",
        "pipeline.language.ngrams",
    }
