"""Bytes -> the encoding in which they read best, of all that read them."""

from __future__ import annotations

import math
import re
import unicodedata

from pipeline.document import CodecCandidate, Encoding

DECLARED_WEIGHT = 15.0  # nats
SAMPLE = 3_000  # bytes that the encoding is told by
SCORED = 10  # readings that are scored in full, the likeliest by their letters
RARITY = {
    "cp1252 cp1251 cp1250 cp1253 cp1254 gb2312 gb18030 big5 cp950 shift_jis cp932 euc_jp euc_kr cp949": 0.0,
    "iso8859-1 iso8859-2 iso8859-5 iso8859-7 iso8859-9 iso8859-15": 1.0,
    "cp1255 cp1256 cp1257 cp1258 cp874 tis_620 koi8-r koi8-u big5hkscs": 2.0,
    "cp866 mac_roman mac_cyrillic iso8859-6 iso8859-8": 4.0,
    "cp850 cp437 cp852": 5.0,
    "iso8859-3 iso8859-4 iso8859-10 iso8859-11 iso8859-13 iso8859-14 iso8859-16": 6.0,
    "mac_latin2 mac_greek mac_turkish mac_iceland cp855 cp857 cp737 cp775": 6.0,
    "cp720 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp869 cp1006": 7.0,
    "cp037 cp273 cp424 cp500 cp875 cp1026 cp1140": 8.0,
    "cp1125 kz1048 ptcp154 johab hp_roman8 euc_jis_2004 shift_jis_2004": 11.0,
}  # nats, by what archives hold, the web's (WHATWG) first; what else Python reads is a synonym or no encoding of files
CODECS = {codec: rarity for codecs_, rarity in RARITY.items() for codec in codecs_.split()}
SUBSETS = {
    "gb18030": ("gb2312",),
    "cp950": ("big5",),
    "big5hkscs": ("big5", "cp950"),
    "cp932": ("shift_jis",),
    "shift_jis_2004": ("shift_jis", "cp932"),
    "euc_jis_2004": ("euc_jp",),
    "cp949": ("euc_kr",),
    "cp874": ("tis_620",),
    "iso8859-11": ("tis_620",),
}  # a superset is looked at where the codec that its label names on most files reads no such bytes
PROSE = re.compile(rb"""[^\x00-\x1f"#$%&()*+/;<=>]+""")  # none of these bytes is the second of a letter's
FOREIGN = re.compile(rb"[\x80-\xff]")
WORDS = re.compile(
    "([A-Za-z\u00aa-\u024f\u1e00-\u1eff]+(?:'[a-z]+)?)|[^\\W\\d_A-Za-z\u00aa-\u024f\u1e00-\u1eff]+"
)  # those in Latin letters
TYPED = str.maketrans("\u2019\u00a3", "'$")  # the signs of typewriters, which is how the model knows English
FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufeff\uff66-\uff9f]{2,}")  # Arabic, Kana of half a width
NO_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff]")


def ranked(data: bytes, declared: str | None) -> Encoding | None:
    """Return the likeliest of the codecs whose reading is valid; `declared` weighs in, and may be wrong."""
    from pipeline.language.fluency import fluency, letters  # noqa: PLC0415 - UTF-8 need not wait for the model

    sample = sampled(data)
    known = CODECS | ({declared: -DECLARED_WEIGHT} if declared else {})
    valid = {codec: _shown(sample, codec) for codec in known if decodes(data, codec)}
    valid = {codec: text for codec, text in valid.items() if not NO_TEXT.search(text)}
    read: dict[str, tuple[float, str]] = {}
    for codec, text in valid.items():
        if codec == declared or not any(subset in valid for subset in SUBSETS.get(codec, ())):
            read[text] = min(read.get(text, (math.inf, "")), (known[codec], codec), key=lambda one: one[0])
    texts = list(read)
    if not texts:
        return None
    rough = letters(texts)[1].max(axis=1)
    order = sorted(range(len(texts)), key=lambda at: read[texts[at]][0] - float(rough[at]))[:SCORED]
    scores = sorted(
        (
            (float(fluency([texts[at]]).sum()) - _scripts(texts[at]) - read[texts[at]][0], read[texts[at]][1])
            for at in order
        ),
        reverse=True,
    )
    shares = [math.exp(max(score - scores[0][0], -700)) for score, _ in scores]
    readings = [
        CodecCandidate(codec, round(one / sum(shares), 4)) for one, (_, codec) in zip(shares, scores, strict=True)
    ]
    evidence = "declared" if readings[0].codec == declared else "statistics"
    return Encoding(readings[0].codec, readings[0].confidence, evidence, tuple(readings[1:4]))


def _shown(sample: bytes, codec: str) -> str:
    """Return how a sample reads, in the forms that the model knows; EBCDIC has no line feed."""
    text = sample.decode(codec, "replace").replace(b"\n".decode(codec), "\n")
    text = text.translate(TYPED)
    return unicodedata.normalize("NFC", FORMS.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text))


def _scripts(text: str) -> float:
    """Return how strange it is, in nats, which words are Latin and which are not: one among many is (Laplace, 1774)."""
    words = WORDS.findall(text)
    latin = sum(map(bool, words))
    return math.lgamma(len(words) + 2) - math.lgamma(latin + 1) - math.lgamma(len(words) - latin + 1)


def sampled(data: bytes) -> bytes:
    """Return the stretches of prose in `data` that tell its encoding, those with bytes outside ASCII, up to a length.

    What stands between them, markup and addresses, is the same in every encoding, and in no language.
    """
    picked, size = [], 0
    for stretch in PROSE.finditer(data):
        if not stretch[0].isascii():
            picked.append(stretch[0])
            size += len(stretch[0]) + 1
            if size > SAMPLE:
                break
    whole = b"\n".join(picked)
    if len(whole) <= SAMPLE:
        return whole
    if len(picked) > 1:
        return b"\n".join(picked[:-1])
    first = FOREIGN.search(whole)
    start = first.start() if first else 0
    return whole[start : start + SAMPLE]


def decodes(data: bytes, codec: str) -> bool:
    """Tell whether all of `data` can be read as `codec`."""
    try:
        data.decode(codec)
    except UnicodeError:
        return False
    return True
