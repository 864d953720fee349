"""Text -> the language it is written in, as a BCP 47 tag."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

FEWEST_LETTERS_TO_IDENTIFY = 20  # letters of a script that many languages have; with fewer, the tag would be a guess
FEWEST_LETTERS_OF_SCRIPT = 3  # letters of a script that only one language has
FEWEST_HAN = 8  # Han characters without kana: with fewer, a text may be Japanese
IDENTIFICATION_SAMPLE = 5_000  # characters to identify the language from
MOST_WORDS_OF_PARAGRAPH = 60  # a longer paragraph counts no more: one long quotation is not the language of a post
RARE_CONFIDENCE = 3.0  # nats per root of a byte by which a rare language must lead
_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|<?https?://[^\s)>]+|\]\([^)]*\)|</?[A-Za-z][^<>]*>|&[a-z]+;|\$\$.*?\$\$",
    re.DOTALL,
)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_NOT_LETTERS = re.compile(r"[\d\W_]+")
_SCRIPTS = {  # the letters of each script; a run of letters is a word, in Han and kana each letter is one
    "Kana": "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "Hani": "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "Hang": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "Latn": "A-Za-zªº\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff\ua720-\ua7ff",
    "Cyrl": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "Grek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arab": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "Hebr": "\u0590-\u05ff\ufb1d-\ufb4f",
    "Deva": "\u0900-\u097f\ua8e0-\ua8ff",
    "Beng": "\u0980-\u09ff",
    "Guru": "\u0a00-\u0a7f",
    "Gujr": "\u0a80-\u0aff",
    "Orya": "\u0b00-\u0b7f",
    "Taml": "\u0b80-\u0bff",
    "Telu": "\u0c00-\u0c7f",
    "Knda": "\u0c80-\u0cff",
    "Mlym": "\u0d00-\u0d7f",
    "Sinh": "\u0d80-\u0dff",
    "Thai": "\u0e00-\u0e7f",
    "Laoo": "\u0e80-\u0eff",
    "Tibt": "\u0f00-\u0fff",
    "Mymr": "\u1000-\u109f",
    "Geor": "\u10a0-\u10ff",
    "Ethi": "\u1200-\u139f",
    "Khmr": "\u1780-\u17ff",
    "Armn": "\u0530-\u058f",
}
_WORD = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters in _SCRIPTS.items()))
_LETTERS_OF_WORD = {"Hani": 1, "Kana": 1, "Thai": 4, "Laoo": 4, "Khmr": 4, "Mymr": 4}  # in scripts without spaces
_LANGUAGE_OF_SCRIPT = {  # scripts of one language, or of one that is far more written than the others
    "Kana": "ja", "Hang": "ko", "Grek": "el", "Guru": "pa", "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te",
    "Knda": "kn", "Mlym": "ml", "Sinh": "si", "Thai": "th", "Laoo": "lo", "Mymr": "my", "Geor": "ka", "Khmr": "km",
    "Armn": "hy", "Tibt": "bo", "Ethi": "am",
}  # fmt: skip
_LANGUAGES_OF_SCRIPT = {  # those that py3langid knows; all others are written in Latin letters
    "Cyrl": frozenset(("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "tt", "ba")),
    "Arab": frozenset(("ar", "fa", "ur", "ps", "ug", "ku", "arz", "sdh")),
    "Hebr": frozenset(("he", "hbo")),
    "Deva": frozenset(("hi", "mr", "ne", "sa", "gom")),
    "Beng": frozenset(("bn", "as")),
}
_NOT_LATIN = frozenset().union(*_LANGUAGES_OF_SCRIPT.values(), _LANGUAGE_OF_SCRIPT.values(), ("zh", "yue", "wuu", "zxx"))
_ALSO_LATIN = frozenset(("ku", "crh", "sr"))
_RARE = frozenset(  # dialects and small languages that resemble a large one: only on strong evidence
    ("pcm", "gcf", "gcr", "ext", "an", "lij", "vec", "ace", "bcl", "gom", "arz", "sdh", "hbo", "crh", "fuv", "uzs")
)
_CANTONESE = re.compile("[嘅喺咗唔佢哋冇嚟啲咁嗰嘢冚瞓攞諗嗱喇啩噉咩]")
_WU = re.compile("侬|伊拉|阿拉|搿|勿要|覅|迭个|交关|辰光")
_HAN_OF_MANDARIN = re.compile("[的了是不我你在这這个個们們吗嗎呢吧把被]")


def language_of(text: str) -> str:
    """Return the BCP 47 tag of the main language of `text`, with the script for Chinese; empty if unknown.

    The script that most words of the text are written in decides first, so that a quotation does not.

    >>> language_of("欢迎来到二月底的机器学习系列，在这里我提供了不同深度学习研究流的概述。")
    'zh-Hans'
    >>> language_of("He wrote to me: مرحبا، اسمي أحمد وأنا أعمل في شركة. And I answered him in English.")
    'en'
    >>> language_of("面白い本を読みました。"), language_of("abc")
    ('ja', '')
    """
    prose = _NOT_PROSE.sub(" ", text[: 4 * IDENTIFICATION_SAMPLE])
    own = _QUOTED_LINE.sub("", prose)
    if sum(map(str.isalpha, own)) >= FEWEST_LETTERS_TO_IDENTIFY:
        prose = own
    prose = prose[:IDENTIFICATION_SAMPLE]
    words = [[*_words(paragraph)] for paragraph in prose.split("\n") if paragraph.strip()]
    script = _main_script(words)
    if not script:
        return ""
    written = " ".join(word for paragraph in words for name, word in paragraph if _same_script(name, script))
    letters = len(written) - written.count(" ")
    if script in {"Hani", "Kana"}:
        return _chinese_or_japanese(written)
    if script in _LANGUAGE_OF_SCRIPT:
        return _LANGUAGE_OF_SCRIPT[script] if letters >= FEWEST_LETTERS_OF_SCRIPT else ""
    return _classified(written, script) if letters >= FEWEST_LETTERS_TO_IDENTIFY else ""


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a text with the name of their script."""
    for match in _WORD.finditer(text):
        yield match.lastgroup or "", match[0]


def _same_script(name: str, script: str) -> bool:
    return name == script or {name, script} == {"Hani", "Kana"}


def _main_script(paragraphs: list[list[tuple[str, str]]]) -> str:
    """Return the script of most words, each paragraph up to its limit; empty if there are none."""
    counts: Counter[str] = Counter()
    for paragraph in paragraphs:
        here: Counter[str] = Counter()
        for name, word in paragraph:
            here["Hani" if name == "Kana" else name] += max(1, len(word) // _LETTERS_OF_WORD.get(name, len(word)))
        total = here.total()
        for name, count in here.items():
            counts[name] += count * min(1.0, MOST_WORDS_OF_PARAGRAPH / total)  # type: ignore[assignment]
    return max(counts, key=lambda name: (counts[name], name), default="")


def _chinese_or_japanese(text: str) -> str:
    """Return the language of a text in Han characters and kana; empty if it is too short to know.

    Japanese has kana between its Han characters; a Chinese text that quotes some has few.
    """
    kana, han = (len(re.findall(f"[{_SCRIPTS[name]}]", text)) for name in ("Kana", "Hani"))
    if kana >= FEWEST_LETTERS_OF_SCRIPT and kana * 8 >= han:
        return "ja"
    if kana and han < FEWEST_HAN:
        return "ja"
    if han < FEWEST_HAN and not (han > FEWEST_LETTERS_OF_SCRIPT and _HAN_OF_MANDARIN.search(text)):
        return ""
    for tag, signs in (("yue", _CANTONESE), ("wuu", _WU)):
        found = signs.findall(text)
        if len(set(found)) > 2 and len(found) * 50 >= han:  # noqa: PLR2004 - three signs of the dialect, one in 50
            return tag
    return _chinese_script(text)


def _classified(text: str, script: str) -> str:
    """Return the language of a text in letters of one script, by the n-grams of py3langid."""
    from py3langid import rank  # noqa: PLC0415 - loads numpy: 90 ms

    allowed = _LANGUAGES_OF_SCRIPT.get(script)
    scores = [
        (tag, score)
        for tag, score in rank(text)
        if (tag in allowed if allowed else tag not in _NOT_LATIN or tag in _ALSO_LATIN)
    ]
    lead = RARE_CONFIDENCE * len(text.encode()) ** 0.5
    best = scores[0]
    if best[0] in _RARE:
        best = next(((tag, score) for tag, score in scores if tag not in _RARE and score > best[1] - lead), best)
    return str(best[0])


def _chinese_script(text: str) -> str:
    """Return `zh-Hans` or `zh-Hant`, by counting characters that only one of two national standards contains.

    GB 2312 contains the simplified forms, Big5 the traditional ones.
    """
    simplified = traditional = 0
    for char in set(text):
        simplified += _can_encode(char, "gb2312") and not _can_encode(char, "big5")
        traditional += _can_encode(char, "big5") and not _can_encode(char, "gb2312")
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def _can_encode(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
