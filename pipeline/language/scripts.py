"""Scripts -> their letters, and the languages that are written in them."""

from __future__ import annotations

LETTERS_OF_SCRIPT = {  # the letters of each script; a run of letters is a word, in Han and kana each letter is one
    "Kana": "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "Hani": "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "Hang": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "Latn": "A-Za-z\u0300-\u036fªº\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff\ua720-\ua7ff",
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
LETTERS_OF_WORD = {"Hani": 1, "Kana": 1, "Thai": 4, "Laoo": 4, "Khmr": 4, "Mymr": 4}  # in scripts without spaces
LANGUAGE_OF_SCRIPT = {  # scripts of one language, or of one that is far more written than the others
    "Kana": "ja", "Hang": "ko", "Grek": "el", "Guru": "pa", "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te",
    "Knda": "kn", "Mlym": "ml", "Sinh": "si", "Thai": "th", "Laoo": "lo", "Mymr": "my", "Geor": "ka", "Khmr": "km",
    "Armn": "hy", "Tibt": "bo", "Ethi": "am",
}  # fmt: skip
LANGUAGES_OF_SCRIPT = {  # those that py3langid knows; all others are written in Latin letters
    "Cyrl": frozenset(("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "tt", "ba")),
    "Arab": frozenset(("ar", "fa", "ur", "ps", "ug", "ku", "arz", "sdh")),
    "Hebr": frozenset(("he", "hbo")),
    "Deva": frozenset(("hi", "mr", "ne", "sa", "gom")),
    "Beng": frozenset(("bn", "as")),
}
CHINESE_LANGUAGES = frozenset(  # ISO 639-3: written as zh is
    ("cdo", "cmn", "gan", "hak", "hsn", "lzh", "nan", "wuu", "yue")
)
NOT_LATIN = frozenset().union(*LANGUAGES_OF_SCRIPT.values(), LANGUAGE_OF_SCRIPT.values(), ("zh", "yue", "wuu", "zxx"))
ALSO_LATIN = frozenset(("ku", "crh", "sr"))
RARE_LANGUAGES = frozenset(  # languages that resemble one that is far more written: only on strong evidence
    ("pcm", "gcf", "gcr", "ext", "an", "gom", "arz", "sdh", "hbo")
)
FUNCTION_WORDS = {  # the most frequent words of the languages that posts are mostly written in
    "the", "to", "and", "of", "a", "in", "is", "it", "that", "for", "you", "i", "he", "she", "with", "on", "as",
    "are", "be", "this", "my", "me", "we", "at", "by", "from", "not", "his", "her", "but", "was", "were", "have",
    "has", "they", "will", "der", "die", "das", "und", "ist", "ich", "nicht", "ein", "eine", "zu", "den", "mit",
    "von", "es", "er", "sie", "auf", "le", "la", "les", "des", "et", "un", "une", "est", "que", "pour", "dans", "je",
    "il", "en", "du", "qui", "au", "pas", "el", "los", "las", "y", "por", "con", "del", "se", "no", "lo", "o", "os",
    "e", "do", "da", "em", "um", "uma", "não", "di", "che", "per", "non", "è", "sono", "het", "een", "van", "ik",
    "dat", "niet", "w", "na", "z", "się", "nie", "jest", "ve", "bir", "bu", "için", "och", "att", "det", "som", "på",
    "av", "jag", "og", "jeg", "yang", "dan", "ini", "de",
}  # fmt: skip
