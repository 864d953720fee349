"""Bytes -> the codec whose decoding of them is most likely text."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

from pipeline.document import REPLACEMENT, CodecCandidate, Encoding
from pipeline.encoding.alphabets import has_lone_characters, in_known_letters, in_known_signs
from pipeline.encoding.codecs import detectable_codecs
from pipeline.encoding.marked import marked_text
from pipeline.encoding.tried_codecs import MULTI_BYTE, NON_TEXT, RARE, bad_bytes, codecs_to_try

UTF_8 = "utf-8"
DECLARED_BONUS = 15.0  # nats
LONE_CHARACTERS_PRICE = 30.0  # nats for text of another script in which no two letters are neighbours: as a bad byte
BAD_BYTE_PRICES = (30.0, 18.0)  # nats for each byte that a codec cannot decode: of the first ones, and of more
RARE_WHEN_DAMAGED, RARE_FACTOR = 6.0, 4.0  # nats: codecs of this rarity pay so many times the price
SCORE_WEIGHT = 0.5  # of a difference of scores; `benchmarks/decoding.py pairs` set it and the next two
UNKNOWN_CODEC, UNKNOWN_PER_NAT = -4.0, 0.3  # logarithm of the odds that the codec is unknown, and for each nat more
TYPICAL_NATS = 6.0  # nats per character outside ASCII
FIRST_BAD_BYTES = 20  # bad bytes; the lines of a file that has many more may be in another codec
MOST_BAD_ELSEWHERE = 3  # bad bytes outside the sample that count: the file may be in two encodings
EBCDIC_SPACE = b"\x40"  # a twentieth of the bytes of EBCDIC text, at least
SAMPLE_BYTES = 3_000  # bytes that the encoding is detected from
SHORT_SAMPLE = 60  # bytes of a sample in which words decide too: longer ones have enough n-grams
MOST_SCORED_CODECS = 10  # decodings that are scored in full: the likeliest by their characters alone
PROSE_BYTES = re.compile(rb"""[^\x00-\x1f"#$%&()*+/;<=>]+""")  # none of these bytes is the second byte of a character
MAY_BE_LETTERS = re.compile(rb"[A-Za-z]|[\x80-\xff]{2}")  # a lone byte, as in `\xa3 16.00`, is of no language
ASCII_LETTER = re.compile("[a-z]")
ONLY_SIGNS = re.compile(rb"(?:[^A-Za-z\x80-\xff]|(?<![\x80-\xff])(?:\xa0?[\xa2-\xbf]\xa0?|\xa0)(?![\x80-\xff]))+")
HIGH_BYTE = re.compile(rb"[\x80-\xff]")
WORDS_BY_SCRIPT = re.compile(
    "([A-Za-z\u00aa-\u024f\u1e00-\u1eff]+(?:'[a-z]+)?)|[^\\W\\d_A-Za-z\u00aa-\u024f\u1e00-\u1eff]+"
)  # group 1: words in Latin letters
TOUCHING_SCRIPTS = re.compile("(?<=[A-Za-z\u00c0-\u024f])[\u0370-\u1fff]|(?<=[\u0370-\u1fff])[A-Za-z\u00c0-\u024f]")
TOUCHING_PENALTY = 5.0  # nats for each such pair of neighbours
PRESENTATION_FORMS = re.compile(
    "[\ufb50-\ufdff\ufe70-\ufeff\uff66-\uff9f]{2,}"
)  # Arabic presentation forms, half-width Kana


def likeliest_encoding(data: bytes, declared: str | None) -> Encoding | None:
    """Return the likeliest codec of `data`, and the runners-up; None where no codec decodes it to text.

    Bytes that a codec cannot decode have a price. `declared` is the codec that the file names. It gets a bonus of
    `DECLARED_BONUS`, for it may be wrong.
    """
    from pipeline.language.fluency import letter_scores, line_log_likelihoods, mean_cross_entropy  # noqa: PLC0415 - UTF-8 need not wait for the model

    sample = prose_sample(data)
    known = detectable_codecs() | {UTF_8: 0.0} | ({declared: -DECLARED_BONUS} if declared else {})
    if sample.count(EBCDIC_SPACE) * 20 < len(sample):
        known = {codec: rarity for codec, rarity in known.items() if is_ascii_compatible(codec)}
    only_signs = ONLY_SIGNS.fullmatch(sample) is not None
    read: dict[str, tuple[float, str]] = {}
    same: dict[str, list[str]] = {}
    for codec in codecs_to_try(data, known, declared):
        text, bad = _decoded_sample(sample, codec)
        text, letters = in_known_letters(text, codec)
        lone = has_lone_characters(text) or (only_signs and any(char > "\xbf" and char.isalpha() for char in text))
        price = known[codec] + letters + _price(bad, known[codec]) + LONE_CHARACTERS_PRICE * lone
        same.setdefault(text, []).append(codec)
        if text not in read or price < read[text][0]:  # of equals, the first: `CODECS` has the commonest first
            read[text] = price, codec
    texts = list(read)
    rough = letter_scores(texts)[1].max(axis=1)
    order = sorted(range(len(texts)), key=lambda at: read[texts[at]][0] - float(rough[at]))[:MOST_SCORED_CODECS]
    scores = []
    for text, (cost, codec) in ((texts[at], read[texts[at]]) for at in order):
        elsewhere = _price(min(MOST_BAD_ELSEWHERE, bad_bytes(data, codec)), known[codec])
        likelihood = float(line_log_likelihoods([text]).sum()) + _nats_of_words(text, len(sample))
        scores.append((likelihood - _script_mixture_cost(text) - cost - elsewhere, codec))
    scores.sort(key=lambda one: -one[0])
    best = next(text for text, (_, codec) in read.items() if codec == scores[0][1])
    scores[0] = scores[0][0], _by_bytes_elsewhere(data, [scores[0][1], *same[best]], known)
    return _encoding_by_scores(scores, mean_cross_entropy([best], symbols=True), declared)


def _nats_of_words(text: str, size: int) -> float:
    """Return what word lists say for the words of a short sample that have letters outside ASCII, in nats.

    >>> _nats_of_words("Pérez", 5) > 0, _nats_of_words("Pārez", 5)
    (True, 0.0)
    """
    from pipeline.language.vocabulary import WordList, known_word_nats, split_words  # noqa: PLC0415 - as above

    found = split_words(text) if size <= SHORT_SAMPLE else ()
    words = [word for word in found if not word.isascii() and ASCII_LETTER.search(word)]
    return WordList.score_weight * float(known_word_nats(words).sum()) if words else 0.0


def _by_bytes_elsewhere(data: bytes, codecs: Sequence[str], known: Mapping[str, float]) -> str:
    """Return the codec of those that decode the sample to the same text in which other lines of `data` are likeliest.

    They are the first lines with a byte that the single-byte codecs decode differently; without any, it is the first.
    """
    from pipeline.language.fluency import line_log_likelihoods  # noqa: PLC0415 - UTF-8 need not wait for the model

    likely = [codec for codec in dict.fromkeys(codecs) if codec not in MULTI_BYTE and known[codec] < RARE]
    tables = {codec: marked_text(bytes(range(256)), codec) for codec in likely}
    other = bytes(byte for byte in range(0x80, 0x100) if len({table[byte] for table in tables.values()}) > 1)
    if len(likely) < 2 or len(data.translate(None, other)) == len(data):
        return codecs[0]
    has_other = re.compile(b"[" + re.escape(other) + b"]")
    sample = b"\n".join(line for line in data.split(b"\n") if has_other.search(line))[:SAMPLE_BYTES]
    scores = {}
    for codec in likely:
        text, bad = _decoded_sample(sample, codec)
        text, letters = in_known_letters(text, codec)
        price = known[codec] + letters + _price(bad, known[codec])
        scores[codec] = float(line_log_likelihoods([text]).sum()) - price
    return max(scores, key=lambda codec: scores[codec])


def _encoding_by_scores(scores: Sequence[tuple[float, str]], nats: float, declared: str | None) -> Encoding:
    """Return the best codec and the next ones, with confidences that are calibrated: `benchmarks/decoding.py pairs`.

    `scores` are in nats, best first; `nats` are those of a character of the best text. Scores count a half, for the
    characters of a text depend on each other. The text may also be in a codec or a language that is unknown here.
    """
    shares = [math.exp(max(score - scores[0][0], -700) * SCORE_WEIGHT) for score, _ in scores]
    unknown = math.exp(UNKNOWN_CODEC + UNKNOWN_PER_NAT * (nats - TYPICAL_NATS))
    total = sum(shares) + unknown
    candidates = [CodecCandidate(codec, round(one / total, 4)) for one, (_, codec) in zip(shares, scores, strict=True)]
    evidence = "declared" if candidates[0].codec == declared else "statistics"
    return Encoding(candidates[0].codec, candidates[0].confidence, evidence, tuple(candidates[1:4]))


def _price(bad: int, rarity: float) -> float:
    """Return the price of bad bytes; a rare codec is hardly ever the one that a damaged file is in."""
    first, more = BAD_BYTE_PRICES
    first *= RARE_FACTOR if rarity >= RARE_WHEN_DAMAGED else 1
    return first * min(bad, FIRST_BAD_BYTES) + more * max(0, bad - FIRST_BAD_BYTES)


def is_ascii_compatible(codec: str) -> bool:
    """Return whether a codec decodes ASCII as ASCII does: EBCDIC does not."""
    return b"a\n".decode(codec, "replace") == "a\n"


def _decoded_sample(sample: bytes, codec: str) -> tuple[str, int]:
    """Return a sample decoded, in the character forms that the language model knows, and the number of bad bytes.

    EBCDIC has no line feed: the character that it decodes the byte to becomes one.
    """
    text = marked_text(sample, codec).replace(b"\n".decode(codec), "\n")
    size = len(text)
    text = NON_TEXT.sub("", text.replace(REPLACEMENT, ""))
    bad = size - len(text)
    text = in_known_signs(text)
    shown = PRESENTATION_FORMS.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    return unicodedata.normalize("NFC", shown), bad


def _script_mixture_cost(text: str) -> float:
    """Return the cost, in nats, of the mixture of Latin and other words (rule of succession, Laplace 1774).

    A single Latin word among many others costs much, as the reverse does; so do both scripts in one word.
    """
    words = WORDS_BY_SCRIPT.findall(text)
    latin = sum(map(bool, words))
    touching = len(TOUCHING_SCRIPTS.findall(text))
    several = math.lgamma(len(words) + 2) - math.lgamma(latin + 1) - math.lgamma(len(words) - latin + 1)
    return several + TOUCHING_PENALTY * touching


def prose_sample(data: bytes) -> bytes:
    """Return the prose of `data` that has bytes outside ASCII, `SAMPLE_BYTES` bytes at most, as lines.

    Markup and URLs between them look the same in every encoding, and belong to no language.
    """
    picked: list[bytes] = []
    alone: list[bytes] = []
    size = 0
    for stretch in PROSE_BYTES.finditer(data):
        if not stretch[0].isascii():
            if not MAY_BE_LETTERS.search(stretch[0]):
                alone = alone or [stretch[0]]
                continue
            picked.append(stretch[0])
            size += len(stretch[0]) + 1
            if size > SAMPLE_BYTES:
                break
    picked = picked or alone
    whole = b"\n".join(picked)
    if len(whole) <= SAMPLE_BYTES:
        return whole
    if len(picked) > 1:
        return b"\n".join(picked[:-1])
    first = HIGH_BYTE.search(whole)
    start = first.start() if first else 0
    return whole[start : start + SAMPLE_BYTES]
