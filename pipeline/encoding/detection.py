"""Bytes -> the codec whose decoding of them is most likely text."""

from __future__ import annotations

import math
import re
import unicodedata

from pipeline.document import CodecCandidate, Encoding
from pipeline.encoding.codecs import codec_subsets, detectable_codecs

DECLARED_BONUS = 15.0  # nats
SAMPLE_BYTES = 3_000  # bytes that the encoding is detected from
MOST_SCORED_CODECS = 10  # decodings that are scored in full: the likeliest by their characters alone
PROSE_BYTES = re.compile(rb"""[^\x00-\x1f"#$%&()*+/;<=>]+""")  # none of these bytes is the second byte of a character
HIGH_BYTE = re.compile(rb"[\x80-\xff]")
WORDS_BY_SCRIPT = re.compile(
    "([A-Za-z\u00aa-\u024f\u1e00-\u1eff]+(?:'[a-z]+)?)|[^\\W\\d_A-Za-z\u00aa-\u024f\u1e00-\u1eff]+"
)  # group 1: words in Latin letters
TYPEWRITER_FORMS = str.maketrans("\u2019\u00a3", "'$")  # the language model knows English as typewriters write it
PRESENTATION_FORMS = re.compile(
    "[\ufb50-\ufdff\ufe70-\ufeff\uff66-\uff9f]{2,}"
)  # Arabic presentation forms, half-width Kana
NON_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff]")


def likeliest_encoding(data: bytes, declared: str | None) -> Encoding | None:
    """Return the likeliest codec of `data`, and the runners-up; None where no codec decodes it to text.

    `declared` is the codec that the file names. It gets a bonus of `DECLARED_BONUS`, for it may be wrong.
    """
    from pipeline.language.fluency import letter_scores, line_log_likelihoods  # noqa: PLC0415 - UTF-8 need not wait for the model

    sample = prose_sample(data)
    known = detectable_codecs() | ({declared: -DECLARED_BONUS} if declared else {})
    valid = {codec: _decoded_sample(sample, codec) for codec in known if is_decodable(data, codec)}
    valid = {codec: text for codec, text in valid.items() if not NON_TEXT.search(text)}
    read: dict[str, tuple[float, str]] = {}
    smaller = codec_subsets()
    for codec, text in valid.items():
        if codec == declared or not any(subset in valid for subset in smaller.get(codec, ())):
            read[text] = min(read.get(text, (math.inf, "")), (known[codec], codec), key=lambda one: one[0])
    texts = list(read)
    if not texts:
        return None
    rough = letter_scores(texts)[1].max(axis=1)
    order = sorted(range(len(texts)), key=lambda at: read[texts[at]][0] - float(rough[at]))[:MOST_SCORED_CODECS]
    scores = sorted(
        (
            (
                float(line_log_likelihoods([texts[at]]).sum()) - _script_mixture_cost(texts[at]) - read[texts[at]][0],
                read[texts[at]][1],
            )
            for at in order
        ),
        reverse=True,
    )
    shares = [math.exp(max(score - scores[0][0], -700)) for score, _ in scores]
    candidates = [
        CodecCandidate(codec, round(one / sum(shares), 4)) for one, (_, codec) in zip(shares, scores, strict=True)
    ]
    evidence = "declared" if candidates[0].codec == declared else "statistics"
    return Encoding(candidates[0].codec, candidates[0].confidence, evidence, tuple(candidates[1:4]))


def _decoded_sample(sample: bytes, codec: str) -> str:
    """Return a sample decoded, in the character forms that the language model knows.

    EBCDIC has no line feed: the character that it decodes the byte to becomes one.
    """
    text = sample.decode(codec, "replace").replace(b"\n".decode(codec), "\n")
    text = text.translate(TYPEWRITER_FORMS)
    return unicodedata.normalize("NFC", PRESENTATION_FORMS.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text))


def _script_mixture_cost(text: str) -> float:
    """Return the cost, in nats, of the mixture of Latin and other words (rule of succession, Laplace 1774).

    A single Latin word among many others costs much, as the reverse does.
    """
    words = WORDS_BY_SCRIPT.findall(text)
    latin = sum(map(bool, words))
    return math.lgamma(len(words) + 2) - math.lgamma(latin + 1) - math.lgamma(len(words) - latin + 1)


def prose_sample(data: bytes) -> bytes:
    """Return the prose of `data` that has bytes outside ASCII, `SAMPLE_BYTES` bytes at most, as lines.

    Markup and URLs between them look the same in every encoding, and belong to no language.
    """
    picked, size = [], 0
    for stretch in PROSE_BYTES.finditer(data):
        if not stretch[0].isascii():
            picked.append(stretch[0])
            size += len(stretch[0]) + 1
            if size > SAMPLE_BYTES:
                break
    whole = b"\n".join(picked)
    if len(whole) <= SAMPLE_BYTES:
        return whole
    if len(picked) > 1:
        return b"\n".join(picked[:-1])
    first = HIGH_BYTE.search(whole)
    start = first.start() if first else 0
    return whole[start : start + SAMPLE_BYTES]


def is_decodable(data: bytes, codec: str) -> bool:
    """Return whether `codec` decodes all of `data`."""
    try:
        data.decode(codec)
    except UnicodeError:
        return False
    return True
