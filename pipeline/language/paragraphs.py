"""A paragraph, and the language of its post -> the language of the paragraph, if it is certainly another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from pipeline.language.identification import (
    FEWEST_FUNCTION_WORDS,
    FEWEST_HAN,
    FEWEST_LETTERS_OF_SCRIPT,
    language_of,
    main_script,
    scores_in_script,
    words_of,
)
from pipeline.language.prose import FEWEST_LETTERS_TO_IDENTIFY
from pipeline.language.scripts import FUNCTION_WORDS, LANGUAGE_OF_SCRIPT, RARE_LANGUAGES
from pipeline.language.written_in import base_language, han_language, scripts_of

FEWEST_LETTERS_OF_OTHER = 60  # letters of a paragraph in the script of its post: benchmarks/languages.py, `paragraphs`
MOST_OWN_WORDS = 0.2  # share of words in the script of the post, in a paragraph that is in another script
LEAST_LEAD = 5.0  # nats per root of a byte by which its language must be likelier: the same
LEAST_SMALL = 0.35  # share of its words without a capital: lists of names have fewer
CASED = {"Latn", "Cyrl"}
CJK_SCRIPTS = {"Hani", "Kana", "Hang"}


class ScriptRun(NamedTuple):
    """A part of a text, and its language (BCP 47); empty if it is that of the text around it."""

    text: str
    language: str


def other_language(text: str, language: str) -> str:
    """Return the language of a paragraph in a post in `language` (BCP 47), if it is certainly another; else empty.

    Another script decides at once. In the same script, the paragraph needs many letters and a clear lead.

    >>> other_language("Er sagte: „Das ist die Frage, die uns heute alle beschäftigt, und niemand weiß es.“", "en")
    'de'
    >>> other_language("Er sagte: „Das ist die Frage.“", "en"), other_language("pip install pandas numpy", "zh-Hans")
    ('', '')
    """
    words = [*words_of(text)]
    script, own = main_script([words]), scripts_of(language)
    if not (language and script):
        return ""
    if script in own:
        return _other_of_same_script(text, language, script)
    written = [word for name, word in words if name == script]
    if sum(name in own for name, _ in words) > MOST_OWN_WORDS * len(words):
        return ""
    if script == "Latn" and not _is_prose(written):
        return ""
    if script == "Hani" and sum(map(len, written)) < FEWEST_HAN:
        return han_language(text)
    return language_of(text)


def _is_prose(words: list[str]) -> bool:
    """Return whether Latin words are sentences, and not names or commands in a text of another script."""
    common = sum(word.lower() in FUNCTION_WORDS for word in words)
    return sum(map(len, words)) >= 2 * FEWEST_LETTERS_TO_IDENTIFY and common >= FEWEST_FUNCTION_WORDS * len(words)


def _other_of_same_script(text: str, language: str, script: str) -> str:
    """Return the language of a paragraph in the script of its post, if it is certainly another; else empty."""
    base = base_language(language)
    if script in CJK_SCRIPTS:
        found = language_of(text)
        kana = sum(len(word) for name, word in words_of(text) if name == "Kana")
        certain = found == "ja" and kana >= FEWEST_HAN
        return found if certain and base != "ja" else ""
    if script in LANGUAGE_OF_SCRIPT:
        return ""
    words = [word for name, word in words_of(text) if name == script]
    small = sum(word.islower() for word in words)
    if sum(map(len, words)) < FEWEST_LETTERS_OF_OTHER or (script in CASED and small < LEAST_SMALL * len(words)):
        return ""
    best, lead = leading_language(text, base, script)
    return best if lead >= LEAST_LEAD and best not in RARE_LANGUAGES else ""


def leading_language(text: str, base: str, script: str) -> tuple[str, float]:
    """Return the likeliest language of a text, and its lead over `base`: nats per root of a byte of the text.

    The lead is 0 where py3langid does not know `base`.
    """
    written = " ".join(word for name, word in words_of(text) if name == script)
    (best, most), *others = scores_in_script(written, script)
    return best, (most - dict(others).get(base, most)) / max(1, len(written.encode())) ** 0.5


def is_at_least_as_likely(text: str, language: str, own: str) -> bool:
    """Return whether a text is rather in `language` than in `own`, however short it is.

    >>> is_at_least_as_likely("Und das ist gut so.", "de", "en"), is_at_least_as_likely("And so on.", "de", "en")
    (True, False)
    """
    script = main_script([[*words_of(text)]])
    if script not in scripts_of(own) or script not in scripts_of(language):
        return script not in scripts_of(own)
    if script in CJK_SCRIPTS:
        return language_of(text) in {language, ""}
    return (
        leading_language(text, base_language(own), script)[1]
        >= leading_language(text, base_language(language), script)[1]
    )


def script_runs(text: str, language: str, han: str) -> Iterator[ScriptRun]:
    """Yield the parts of a word in Han characters, kana or Hangul with their language, and the parts between them.

    `language` is that of the text around it, `han` that of Han characters by themselves in the post.

    >>> [*script_runs("(日本語の本)", "en", "")]
    [ScriptRun(text='(', language=''), ScriptRun(text='日本語の本', language='ja'), ScriptRun(text=')', language='')]
    """
    own = scripts_of(language)
    for kind, group in groupby(text, _cjk_kind):
        run = "".join(group)
        if kind == "Hang":
            yield ScriptRun(run, "" if "Hang" in own else "ko")
        elif kind == "Hani" and "Hani" in own:
            kana = sum("\u3041" <= char <= "\u30ff" for char in run)
            japanese = "Kana" not in own and kana >= FEWEST_LETTERS_OF_SCRIPT and language_of(run) == "ja"
            yield ScriptRun(run, "ja" if japanese else "")
        elif kind:
            yield ScriptRun(run, han_language(run) or ("" if "Hang" in own else han))
        else:
            yield ScriptRun(run, "")


def _cjk_kind(char: str) -> str:
    """Return `Hani` for Han characters and kana, `Hang` for Hangul, else an empty string."""
    if char < "\u1100":
        return ""
    name = next((name for name, _ in words_of(char)), "")
    return "Hani" if name == "Kana" else name if name in CJK_SCRIPTS else ""
