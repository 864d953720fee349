"""A paragraph, and the language of its post -> the language of the paragraph, if it is certainly another one."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from pipeline.language.identification import (
    FEWEST_FUNCTION_WORDS,
    FEWEST_HAN,
    FEWEST_LETTERS_OF_SCRIPT,
    FEWEST_LETTERS_TO_IDENTIFY,
    language_of,
    main_script,
    words_of,
)
from pipeline.language.scripts import (
    CHINESE_LANGUAGES,
    FUNCTION_WORDS,
    LANGUAGE_OF_SCRIPT,
    LANGUAGES_OF_SCRIPT,
    NOT_LATIN,
    RARE_LANGUAGES,
)

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
    base = _base(language)
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
    from pipeline.language.langid_scores import language_scores  # noqa: PLC0415 - loads numpy: 90 ms

    written = " ".join(word for name, word in words_of(text) if name == script)
    scores = dict(language_scores(written))
    allowed = LANGUAGES_OF_SCRIPT.get(script) or scores.keys() - NOT_LATIN
    best = max(allowed & scores.keys(), key=lambda tag: (scores[tag], tag))
    return best, (scores[best] - scores.get(base, scores[best])) / max(1, len(written.encode())) ** 0.5


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
    return leading_language(text, _base(own), script)[1] >= leading_language(text, _base(language), script)[1]


def scripts_of(language: str) -> set[str]:
    """Return the scripts that a language (BCP 47) is written in, as `scripts` names them.

    >>> sorted(scripts_of("ja")), scripts_of("ru"), scripts_of("fr-CA")
    (['Hani', 'Kana'], {'Cyrl'}, {'Latn'})
    """
    base, *rest = language.split("-")
    named = {part for part in rest if len(part) == len("Latn")} & {"Latn", "Cyrl", "Arab", "Deva"}
    if named:
        return named
    if _base(language) == "zh":
        return {"Hani"}
    if base == "ja":
        return {"Hani", "Kana"}
    found = {script for script, one in LANGUAGE_OF_SCRIPT.items() if one == base}
    found |= {script for script, several in LANGUAGES_OF_SCRIPT.items() if base in several}
    return found or {"Latn"}


def _base(language: str) -> str:
    """Return the language of a tag, one tag for all kinds of Chinese and Norwegian."""
    base = language.split("-", maxsplit=1)[0].lower()
    return "zh" if base in CHINESE_LANGUAGES else {"nb": "no", "nn": "no"}.get(base, base)


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


def han_language(text: str) -> str:
    """Return the language that the characters of a name or phrase belong to; empty if they belong to several.

    >>> han_language("東京の本"), han_language("辻"), han_language("门"), han_language("說話"), han_language("文")
    ('ja', 'ja', 'zh-Hans', 'zh-Hant', '')
    """
    if any("\u3041" <= char <= "\u30ff" for char in text):
        return "ja"
    found = {tag for char in text if (tag := _standard_of(char))}
    return found.pop() if len(found) == 1 else ""


@functools.lru_cache(maxsize=1 << 14)
def _standard_of(char: str) -> str:
    """Return the language whose national standard alone has a character: JIS X 0208, GB 2312 or Big5."""
    codecs = {"ja": "euc_jp", "zh-Hans": "gb2312", "zh-Hant": "big5"}
    having = [tag for tag, codec in codecs.items() if _has(codec, char)]
    return having[0] if len(having) == 1 else ""


def _has(codec: str, char: str) -> bool:
    try:
        return len(char.encode(codec)) == len("\u4e00".encode("gb2312"))  # three bytes in EUC-JP: not in JIS X 0208
    except UnicodeEncodeError:
        return False
