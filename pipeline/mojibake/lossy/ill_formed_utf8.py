"""A UTF-8 file with ill-formed sequences -> the characters that these were: of another codec, or truncated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.changes import Change
from pipeline.document import REPLACEMENT
from pipeline.encoding.alphabets import has_lone_characters
from pipeline.encoding.codecs import HTML_CODEC, codec_named, detectable_codecs, stray_byte_codecs
from pipeline.encoding.detection import LONE_CHARACTERS_PRICE, likeliest_encoding
from pipeline.encoding.latin_utf8 import LATIN_IN_UTF_8, SIGN_BYTES, is_latin_utf8_with_strays
from pipeline.language.fluency import confidence_by_gain, line_log_likelihoods
from pipeline.language.ngrams import language_model
from pipeline.mojibake.lossy.beam_search import choose_candidates
from pipeline.mojibake.lossy.candidates import LEAD_BYTES, utf8_candidates
from pipeline.mojibake.lossy.diagnosis import CONTINUATION_BYTES
from pipeline.mojibake.lossy.lattice import Slot
from pipeline.mojibake.lossy.pieces import Piece, line_pieces, pieces_text
from pipeline.mojibake.lossy.recovery import MIN_CONFIDENCE, likeliest_language

OTHER_CODEC_PRIOR = 8.0  # nats by which a line must be likelier in another codec than as UTF-8 with gaps
LONGEST_SAMPLE = 4_000  # bytes
LAST_LATIN_LEAD = "\udcc5"  # the byte C5: larger ones are not part of Latin letters in UTF-8
LAST_LATIN = "\u017f"  # of Latin Extended-A
STRAY_BYTE = re.compile("[\udc80-\udcff]")
CAPITAL_AND_QUOTE = re.compile(rb"[\xc6-\xdf][\xab\xb4\xb7\xb9\xbb](?![\x80-\xbf])")
SIGNS_IN_LINE = re.compile(rb"(?:[\x00-\x7f]|(?<![A-Za-z\x80-\xff])\xa0?[\xa1-\xbf](?![A-Za-z\x80-\xff]))+")
WESTERN_CONFIDENCE = 0.95
TRUNCATED_SEQUENCE = re.compile(
    rb"[\x80-\xbf]{1,2}|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?"
    rb"|\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?|.",
    re.DOTALL,
)  # a truncated sequence: its beginning, or one or two bytes of its end


def ill_formed_changes(data: bytes) -> list[Change]:
    r"""Return the changes that repair ill-formed UTF-8: they apply to the text that has U+FFFD for it.

    >>> [change.after for change in ill_formed_changes("Il était une fois un caf".encode() + b"\xe9 noir")]
    ['é']
    """
    places, lines = [], []
    at = 0
    for line in data.split(b"\n"):
        shown = line.decode("utf-8", "replace")
        if REPLACEMENT in shown and STRAY_BYTE.search(line.decode("utf-8", "surrogateescape")):
            places.append(at)
            lines.append(line)
        at += len(shown) + 1
    is_latin = is_latin_utf8_with_strays(data)
    sound = _sound_sample(data) if is_latin else ""
    codec = _stray_codec(lines, sound)
    found = [list(_stray_slots(line, codec, is_latin=is_latin)) for line in lines]
    known = [Slot(at, at + 1, (char,)) for at, char in enumerate(sound)]
    chosen = choose_candidates(found, language_model(likeliest_language([*found, known])))
    read = [list(line_pieces(row, choices)) for row, choices in zip(found, chosen, strict=True)]
    others = [None] * len(lines) if is_latin else _lines_in_other_codec(lines, list(map(pieces_text, read)))
    whole = [_western_line(line, codec) or other for line, other in zip(lines, others, strict=True)]
    changes: list[Change] = []
    for start, line, row, other in zip(places, lines, read, whole, strict=True):
        shown = line.decode("utf-8", "replace")
        if other:
            text, foreign, confidence = other
            reason = f"line encoded as {foreign}, not as UTF-8"
            changes.append(Change("decode", (start, start + len(shown)), shown, text, reason, confidence))
        else:
            changes += (_stray_change(start, shown, piece) for piece in row if piece.others)
    return changes


def _western_line(line: bytes, codec: str) -> tuple[str, str, float] | None:
    r"""Return the text, codec and confidence of a line that has no Latin letter of UTF-8; None where it may have one.

    Its bytes are signs alone, or some are UTF-8 by chance: capitals of cp1252 before a quote, as in `V\xc9\xbb`.

    >>> _western_line(b"5\xa0\xa3", "cp437"), _western_line(b"D\xc9J\xc0 V\xc9\xbb", "cp1252")
    (('5\xa0£', 'cp1252', 0.95), ('DÉJÀ VÉ»', 'cp1252', 0.95))
    """
    by_chance = codec == HTML_CODEC and CAPITAL_AND_QUOTE.search(line) and not LATIN_IN_UTF_8.search(line)
    if not by_chance and not SIGNS_IN_LINE.fullmatch(line):
        return None
    text = line.decode(HTML_CODEC, "replace")
    return None if REPLACEMENT in text else (text, HTML_CODEC, WESTERN_CONFIDENCE)


def _sound_sample(data: bytes) -> str:
    """Return the first UTF-8 outside ASCII of a file, in which the language shows."""
    text = data[:LONGEST_SAMPLE].decode("utf-8", "ignore")
    return "\n".join(line for line in text.split("\n") if not line.isascii())


def _stray_codec(lines: Sequence[bytes], sound: str) -> str:
    """Return the single-byte codec in which the ill-formed bytes are likeliest; `sound` is Latin text next to them."""
    read = {
        codec: [
            STRAY_BYTE.sub(
                lambda match, codec=codec: _decoded_strays(match[0], codec),  # type: ignore[misc]
                line.decode("utf-8", "surrogateescape"),
            )
            for line in lines
        ]
        for codec in stray_byte_codecs()
        if not sound or codec_named(codec).script == "Latin"
    }
    rarities = detectable_codecs()
    prices = {
        codec: rarities[codec] + LONE_CHARACTERS_PRICE * sum(map(has_lone_characters, read[codec])) for codec in read
    }
    return max(read, key=lambda codec: float(line_log_likelihoods([sound, *read[codec]]).sum()) - prices[codec])


def _decoded_strays(escaped: str, codec: str) -> str:
    """Return ill-formed bytes, given as lone surrogates, decoded as `codec`."""
    return escaped.encode("utf-8", "surrogateescape").decode(codec, "replace")


def _stray_slots(line: bytes, codec: str, *, is_latin: bool) -> Iterator[Slot]:
    """Yield the slots of a line; ill-formed bytes have several candidates."""
    at = 0
    escaped = line.decode("utf-8", "surrogateescape")
    is_foreign = any(stray > LAST_LATIN_LEAD for stray in STRAY_BYTE.findall(escaped))
    for run in re.finditer("[\udc80-\udcff]+|[^\udc80-\udcff]", escaped):
        data = run[0].encode("utf-8", "surrogateescape")
        touches = escaped[run.start() - 1 : run.start()].isalpha() or escaped[run.end() : run.end() + 1].isalpha()
        for part in TRUNCATED_SEQUENCE.findall(data) if STRAY_BYTE.match(run[0]) else [data]:
            shown = len(part.decode("utf-8", "replace"))
            options = _stray_options(part, codec) if STRAY_BYTE.match(run[0]) else (run[0],)
            if is_latin and len(options) > 1:
                is_whole = is_foreign or (not touches and SIGN_BYTES.fullmatch(part) is not None)
                options = _latin_options(options, is_whole=is_whole)
            yield Slot(at, at + shown, options)
            at += shown


def _latin_options(options: Sequence[str], *, is_whole: bool) -> tuple[str, ...]:
    """Return the candidates that are in Latin text; of a whole character, only that of its byte."""
    kept = options[:1] if is_whole else [one for one in options if one[0] <= LAST_LATIN]
    return (*kept, REPLACEMENT)


def _stray_options(part: bytes, codec: str) -> tuple[str, ...]:
    r"""Return the candidates for ill-formed bytes: characters of `codec`, and those with these bytes in UTF-8.

    >>> _stray_options(b"\xfc", "cp1252")
    ('ü', '\ufffd')
    """
    if part[0] in CONTINUATION_BYTES:
        found = [
            char
            for lead in LEAD_BYTES[len(part) + 1]
            for char in utf8_candidates(lead, tuple(part), CONTINUATION_BYTES)
        ]
    else:
        found = list(utf8_candidates(part[0], tuple(part[1:]), CONTINUATION_BYTES))
    letters = part.decode(codec, "replace")
    options = (letters, *found) if REPLACEMENT not in letters and len(letters) < 3 else (*found, REPLACEMENT)
    # UTF-8 has no byte from F5 on, so such a byte has no candidate in UTF-8
    return options if len(options) > 1 else (*options, REPLACEMENT)


def _lines_in_other_codec(lines: Sequence[bytes], read: Sequence[str]) -> list[tuple[str, str, float] | None]:
    """Return for each line its text, codec and confidence, where it is likelier in the best other codec."""
    encoding = likeliest_encoding(b"\n".join(lines), None)
    if not encoding:
        return [None] * len(lines)
    texts = [line.decode(encoding.codec, "replace") for line in lines]
    gains = line_log_likelihoods(texts) - line_log_likelihoods(read)
    return [
        (text, encoding.codec, confidence_by_gain(gain))
        if gain > OTHER_CODEC_PRIOR and REPLACEMENT not in text
        else None
        for text, gain in zip(texts, gains.tolist(), strict=True)
    ]


def _stray_change(start: int, shown: str, piece: Piece) -> Change:
    """Return the change that a piece makes; below `MIN_CONFIDENCE` the mark stays."""
    text, others, before = piece.text, piece.others, shown[piece.start : piece.end]
    if piece.confidence < MIN_CONFIDENCE:
        text, others = before, ((piece.text, piece.confidence), *others)
    reason = "ill-formed UTF-8: a character of another encoding, or a truncated one; reconstructed"
    span = (start + piece.start, start + piece.end)
    return Change("decode", span, before, text, reason, piece.confidence, others)
