"""Bytes of a file in one codec, or in several by line -> text: a search over lines with codecs as states.

Each line is scored in each codec that some lines of the file are likely in, and a change of codec between two lines has
a cost (Viterbi, 1967). Lines of a multi-byte codec that lost bytes are divided into characters again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.changes import Change
from pipeline.document import REPLACEMENT
from pipeline.encoding.alignment import LEAST_GAIN, aligned_texts
from pipeline.encoding.alphabets import has_lone_characters
from pipeline.encoding.codecs import detectable_codecs, is_multi_byte
from pipeline.encoding.detection import UTF_8, is_ascii_compatible, likeliest_encoding
from pipeline.encoding.half_characters import byte_places
from pipeline.encoding.latin_utf8 import is_all_in_other_codec, is_latin_utf8_with_strays
from pipeline.encoding.line_scores import STRANGE, LineScores, line_scores, text_scores
from pipeline.encoding.lost_bytes import DecodedLine, lost_byte_changes
from pipeline.encoding.marked import marked_text
from pipeline.encoding.tried_codecs import is_decodable
from pipeline.language.ngrams import Floats

SWITCH_PRICE = 8.0  # nats for a change of codec between lines; `benchmarks/decoding.py mixed`
MOST_CODECS = 4  # codecs in one file
FEWEST_STRANGE_BYTES = 4  # bytes outside ASCII of strange lines, from which another codec is detected
MOST_DIVIDED_AGAIN = 1000  # lines that are divided into characters again
LONGEST_WINDOW = 2000  # bytes: longer parts of a line with breaks stay as they are
BESIDE_BREAK = 8  # characters before and after a break that may belong to it
LEAST_CODEC_GAIN = 8.0  # nats by which another codec must make the lines likelier
STRANGE_SAMPLE = 200  # lines that another codec is detected from


@dataclass(frozen=True, slots=True)
class DecodedLines:
    """A file as UTF-8, which is ill-formed where it was ill-formed UTF-8, and the number of its lines in each codec."""

    data: bytes
    codecs: Counter[str]
    restored: dict[int, list[Change]]  # by line: the changes where characters lost or changed a byte


def decoded_by_line(data: bytes, codec: str) -> DecodedLines:
    """Return `data` as UTF-8. Most of it is in `codec`; its lines may be in other codecs."""
    lines = data.split(b"\n")
    outside = [at for at, line in enumerate(lines) if not line.isascii()]
    places = [at for at in outside if codec != UTF_8 or not is_decodable(lines[at], UTF_8)]
    if codec == UTF_8 and is_latin_utf8_with_strays(data):
        places = [at for at in places if is_all_in_other_codec(lines[at])]
    chosen = [lines[at] for at in places]
    found = _scores_by_codec(chosen, codec)
    states = _cheapest_path(found)
    restored: dict[int, list[Change]] = {}
    for state, one in enumerate(found):
        own = [at for at, picked in enumerate(states) if picked == state]
        for at in own if one.codec != UTF_8 else ():
            lines[places[at]] = one.texts[at].encode()
        if own and is_multi_byte(one.codec) and one.codec != UTF_8:
            decoded = [DecodedLine(chosen[at], one.texts[at]) for at in own]
            made = lost_byte_changes(decoded, one.codec, one.model)
            restored |= {places[at]: changes for at, changes in zip(own, made, strict=True) if changes}
    counts = Counter({codec: len(outside) - len(places)})
    counts.update(found[state].codec for state in states)
    return DecodedLines(b"\n".join(lines), +counts, restored)


def _scores_by_codec(lines: Sequence[bytes], codec: str) -> list[LineScores]:
    """Return the scores of lines in `codec`, and in the codecs that its strange lines are likely in."""
    found = [_divided_again(lines, line_scores(lines, codec, _readable(lines, codec)))]
    while len(found) < MOST_CODECS:
        strange = np.flatnonzero(np.all([one.strange for one in found], axis=0))[:STRANGE_SAMPLE]
        sample = [lines[at] for at in strange]
        if sum(len(line) for line in sample) < FEWEST_STRANGE_BYTES:
            break
        codecs = [one.codec for one in found]
        again = (line_scores(sample, one, sample).scores for one in codecs)  # they may be in another language
        known = np.max([*(one.scores[strange] for one in found), *again], axis=0)
        rarities = detectable_codecs()
        others = [other for other in _likely_codecs(sample) if other not in codecs]
        gains = {other: _gain(sample, other, known) - rarities.get(other, 0.0) for other in others}
        other = max(gains, key=lambda other: gains[other], default=codec)
        if gains.get(other, 0.0) < LEAST_CODEC_GAIN:
            break
        found.append(_divided_again(lines, line_scores(lines, other, sample), found))
    return found


def _readable(lines: Sequence[bytes], codec: str) -> list[bytes]:
    """Return some lines of which a codec can decode most: the others may be in another codec."""
    rates = sorted((marked_text(line, codec).count(REPLACEMENT) / len(line), at) for at, line in enumerate(lines))
    return [lines[at] for _, at in rates[: len(rates) // 2 + 1][:STRANGE_SAMPLE]]


def _likely_codecs(sample: Sequence[bytes]) -> list[str]:
    encoding = likeliest_encoding(b"\n".join(sample), None)
    names = [encoding.codec, *(other.codec for other in encoding.alternatives)] if encoding else []
    return [name for name in names if is_ascii_compatible(name)]


def _gain(sample: Sequence[bytes], codec: str, known: Floats) -> float:
    """Return by how much lines are likelier in a codec than they are `known` to be, a change of codec paid.

    Lines with lone letters of another script do not count: Latin text that is decoded with a wrong codec has them.
    """
    one = line_scores(sample, codec, sample)
    gains = np.maximum(one.scores - known - SWITCH_PRICE, 0)
    return float(gains[[not has_lone_characters(text) for text in one.texts]].sum())


def _cheapest_path(found: Sequence[LineScores]) -> list[int]:
    """Return the state of each line: the index of its codec."""
    if len(found) == 1:
        return [0] * len(found[0].texts)
    totals = np.zeros(len(found))
    back = []
    for scores in np.stack([one.scores for one in found], axis=1):
        best = int(totals.argmax())
        stays = totals >= totals[best] - SWITCH_PRICE
        back.append(np.where(stays, np.arange(len(found)), best))
        totals = np.where(stays, totals, totals[best] - SWITCH_PRICE) + scores
    state = int(totals.argmax())
    path = []
    for before in reversed(back):
        path.append(state)
        state = int(before[state])
    return path[::-1]


def _divided_again(lines: Sequence[bytes], one: LineScores, found: Sequence[LineScores] = ()) -> LineScores:
    """Return the scores of lines in a multi-byte codec, of which those that may have lost bytes are divided again.

    Lines that are whole in a codec `found` before are not, nor are those of a file whose bytes are all valid.
    """
    if not is_multi_byte(one.codec) or one.codec == UTF_8:
        return one
    if not any(REPLACEMENT in text for text in one.texts):
        return one
    places = sorted(
        (at for at in one.breaks if all(at in other.breaks for other in found)),
        key=lambda at: (REPLACEMENT not in one.texts[at], at),
    )[:MOST_DIVIDED_AGAIN]
    if not places:
        return one
    texts, scores, strange = list(one.texts), one.scores.copy(), one.strange.copy()
    divided = _divided_at_breaks([lines[at] for at in places], [one.breaks[at] for at in places], one)
    for at, text, score in zip(places, divided, text_scores(divided, one.model).tolist(), strict=True):
        gain = score - float(scores[at])
        if gain > (0 if REPLACEMENT in texts[at] else LEAST_GAIN):
            texts[at], scores[at] = text, score
            strange[at] = -score > STRANGE * sum(char > "\x7f" for char in text)
    return replace(one, texts=texts, scores=scores, strange=strange)


def _divided_at_breaks(lines: Sequence[bytes], breaks: Sequence[Sequence[int]], one: LineScores) -> list[str]:
    """Return the texts of lines of which the parts around their breaks are divided into characters again."""
    rows = [list(_windows(line, places, one.codec)) for line, places in zip(lines, breaks, strict=True)]
    again = iter(aligned_texts([data for row in rows for data, is_hit in row if is_hit], one.codec, one.model))
    return ["".join(next(again) if is_hit else marked_text(data, one.codec) for data, is_hit in row) for row in rows]


def _windows(line: bytes, breaks: Sequence[int], codec: str) -> Iterator[tuple[bytes, bool]]:
    """Yield the parts of a line, and whether each has breaks; these have `BESIDE_BREAK` characters on both sides."""
    text = marked_text(line, codec)
    places = byte_places(text, codec)
    if places[-1] != len(line):
        yield line, len(line) <= LONGEST_WINDOW
        return
    done = 0
    spans: list[tuple[int, int]] = []
    for at in breaks:
        start, end = max(0, at - BESIDE_BREAK), min(len(text), at + 1 + BESIDE_BREAK)
        spans.append((spans.pop()[0] if spans and start <= spans[-1][1] else start, end))
    for start, end in spans:
        yield line[places[done] : places[start]], False
        yield line[places[start] : places[end]], places[end] - places[start] <= LONGEST_WINDOW
        done = end
    yield line[places[done] :], False
