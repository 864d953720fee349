r"""Text in seven-bit encodings -> UTF-8: ISO 2022 with and without its escape byte, HZ, UTF-7, and what mail left.

Mail leaves quoted-printable (`caf=C3=A9`) and encoded words (`=?utf-8?Q?caf=C3=A9?=`). Each rule replaces whole runs
that decode without an error to text of one language; anything else stays as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from pipeline.encoding.codecs import escape_sequences
from pipeline.encoding.detection import UTF_8, likeliest_encoding
from pipeline.encoding.labels import codec_of_label
from pipeline.encoding.tried_codecs import NON_TEXT, is_decodable

ESCAPE, SHIFT_IN_HZ = b"\x1b", b"~{"
BARE_JIS = re.compile(rb"\$[B@]((?:[\x21-\x74][\x21-\x7e]){1,2000}?)(?:\([BJ]|(?=\r?\n|\Z))")  # ISO-2022-JP without ESC
KANA_ROWS = b"$%"  # the first bytes of Hiragana and Katakana in JIS X 0208
HZ_RUN = re.compile(rb"~\{((?:[\x21-\x77][\x21-\x7e])+)~\}")
UTF_7_RUN = re.compile(rb"\+([A-Za-z0-9+/]{3,})-?")
QUOTED = re.compile(rb"(?:=[0-9A-F]{2})+")
QUOTED_HIGH = re.compile(rb"=[89A-F][0-9A-F](?:=[89A-F][0-9A-F])*(?![0-9A-F])")  # a literal first, to skip to it
QUOTED_PARAGRAPH = re.compile(rb"(?m:^)(?:[^\n]*=(?:[89A-F][0-9A-F]|\r?\n)[^\n]*(?:\n(?!\r?\n)[^\n]+)*)")
SOFT_LINE_END = re.compile(rb"=[ \t]*\r?\n")
NOT_QUOTED = re.compile(rb"=(?![0-9A-F]{2}|[ \t]*\r?\n|[ \t]*\Z)")
ENCODED_WORD = re.compile(
    rb"=\?([\w.:-]+)(?:\*[\w-]+)?\?(?:([Bb])\?([A-Za-z0-9+/=]*)|([Qq])\?([\x21-\x3e\x40-\x7e]*))\?="
)
BETWEEN_WORDS = re.compile(rb"(\?=)[ \t]*(?:\r?\n[ \t]+)?(=\?[\w.:-]+\?[BbQq]\?)")
PERCENT_LINE = re.compile(rb"(?:[\w.~!*'();:@&=+$,?#\[\]-]|%[0-9A-Fa-f]{2})+")
PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
PERCENT_HIGH = re.compile(rb"%[89A-Fa-f][0-9A-Fa-f]")  # a byte outside ASCII
PERCENT_SPACE, FEWEST_PERCENT_SPACES = b"%20", 6  # a sentence; names of files have fewer
FIRST_QUOTED_HIGH = re.compile(rb"=[89A-F][0-9A-F]")
CODE_QUOTES = (b"`", b'"', b"'")  # before an example of an encoding
CODE_MARKS = (b"`", b"://")  # lines of code, and of URLs, stay
FEWEST_CHARACTERS = 4  # characters outside ASCII that prove a run by the language model
MOST_NATS = 7.5  # nats per character outside ASCII: prose has at most 5.8, mojibake at least 8.3
QUOTED_IN_WORD = re.compile(rb"(?<=[A-Za-z])(?:=[89A-F][0-9A-F]){1,99}+(?=[a-z])")
QUOTED_WORD = re.compile(rb"(?:=[89A-F][0-9A-F]){3,}")  # a word of a script other than Latin
FEWEST_IN_WORDS = 3  # escapes within words, of a paragraph of a single-byte codec: `M=FCller`
FEWEST_QUOTED = 2  # escapes of quoted-printable in a paragraph


def decoded_seven_bit(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    r"""Return `data` with its runs of seven-bit encodings as UTF-8, and the names of these encodings.

    >>> decoded_seven_bit(b"~{VPND~} in Usenet")[0].decode()
    '中文 in Usenet'
    """
    names = []
    for name, rule in SEVEN_BIT_RULES.items():
        after = rule(data)
        if after != data:
            data = after
            names.append(name)
    return data, tuple(names)


def seven_bit_codec(data: bytes, names: tuple[str, ...]) -> str:
    """Return the codec of `data`, in which `decoded_seven_bit` found encodings, if it is one; else nothing."""
    if len(names) != 1:
        return ""
    known = {"HZ": escape_sequences()[SHIFT_IN_HZ], "UTF-7": "utf-7"}
    codec = known.get(names[0], "")
    return codec if codec and data.isascii() and is_decodable(data, codec) else ""


def _iso_2022_lines(data: bytes) -> bytes:
    """Decode the lines with escape sequences of ISO 2022."""
    if ESCAPE not in data:
        return data
    used = [(escape, codec) for escape, codec in escape_sequences().items() if ESCAPE in escape and escape in data]
    if not used or any(is_decodable(data, codec) for _, codec in used):
        return data  # a file in one encoding
    lines = data.split(b"\n")
    for at, line in enumerate(lines):
        codec = next((codec for escape, codec in used if escape in line and is_decodable(line, codec)), "")
        if codec:
            lines[at] = line.decode(codec).encode()
    return b"\n".join(lines)


def _bare_jis(data: bytes) -> bytes:
    """Decode runs of ISO-2022-JP without its escape bytes: `$B$3$l(B` is `これ`."""
    if b"$" not in data or (b"$B" not in data and b"$@" not in data):
        return data
    codec = escape_sequences()[b"\x1b$B"]

    def decoded(run: re.Match[bytes]) -> bytes:
        kana = sum(byte in KANA_ROWS for byte in run[1][::2])
        text = (b"\x1b$B" + run[1] + b"\x1b(B").decode(codec, "replace")
        return text.encode() if kana * 4 >= len(text) and _reads_as_text(text) else run[0]

    return BARE_JIS.sub(decoded, data)


def _hz(data: bytes) -> bytes:
    """Decode HZ (RFC 1843): `~{VPND~}` is `中文`."""
    if b"~" not in data or SHIFT_IN_HZ not in data:  # a single byte is found ten times as fast as two
        return data
    codec = escape_sequences()[SHIFT_IN_HZ]

    def decoded(run: re.Match[bytes]) -> bytes:
        if data[run.start() - 1 : run.start()] in CODE_QUOTES:
            return run[0]
        text = run[0].decode(codec, "replace")
        return text.encode() if _reads_as_text(text, fewest=1) else run[0]

    after = HZ_RUN.sub(decoded, data)
    return after if after == data else after.replace(b"~\n", b"").replace(b"~~", b"~")


def _utf_7(data: bytes) -> bytes:
    """Decode UTF-7 (RFC 2152) where all of a text is in it: `caf+AOk-` is `café`."""
    if b"+" not in data or not data.isascii():
        return data
    runs = list(UTF_7_RUN.finditer(data))
    texts = [_base64_utf_16(run[1]) for run in runs]
    plus = data.count(b"+") - data.count(b"+-") - sum(run[1].count(b"+") for run in runs)
    if not runs or not all(texts) or plus > len(runs):
        return data
    decoded = iter(texts)
    plain = UTF_7_RUN.sub(lambda _: (next(decoded) or "").encode(), data).replace(b"+-", b"+")
    return plain if _reads_as_text(plain.decode(), fewest=3) else data


def _base64_utf_16(run: bytes) -> str | None:
    """Return the characters of a run of UTF-7, none of them ASCII letters; None if it is not one."""
    bits = len(run) * 6
    if bits % 16 >= 6:
        return None
    try:
        raw = base64.b64decode(run + b"A" * (-len(run) % 4))
        text = raw[: bits // 16 * 2].decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return None
    is_padded = not any(raw[bits // 16 * 2 :])
    return text if is_padded and not any(char.isascii() and char.isalnum() for char in text) else None


def _quoted_printable(data: bytes) -> bytes:
    """Decode paragraphs of quoted-printable: `caf=C3=A9` and soft line ends."""
    if b"=" not in data or not FIRST_QUOTED_HIGH.search(data) or not QUOTED_HIGH.search(data):
        return data
    return QUOTED_PARAGRAPH.sub(lambda match: _unquoted(match[0]), data)


def _unquoted(paragraph: bytes) -> bytes:
    """Return a paragraph without quoted-printable; as it is if a `=` is not of it, or too few characters prove it."""
    if NOT_QUOTED.search(paragraph) or b"`" in paragraph or not paragraph.isascii():
        return paragraph
    high = [run for run in QUOTED_HIGH.finditer(paragraph) if not _is_after_space(paragraph, run.start())]
    escapes = sum(len(run[0]) // 3 for run in QUOTED_HIGH.finditer(paragraph))
    is_soft = bool(SOFT_LINE_END.search(paragraph))
    proven = (escapes >= FEWEST_QUOTED and high) or (escapes and is_soft) or escapes >= 3 * FEWEST_QUOTED
    if not proven:
        return paragraph
    plain = SOFT_LINE_END.sub(b"", paragraph)
    plain = QUOTED.sub(lambda run: bytes.fromhex(run[0].replace(b"=", b"").decode()), plain)
    plain = plain.removesuffix(b"=")
    if plain.isascii():
        return paragraph
    if is_decodable(plain, UTF_8):
        return plain
    within = len(QUOTED_IN_WORD.findall(paragraph)) or len(QUOTED_WORD.findall(paragraph))
    encoding = likeliest_encoding(plain, None) if within >= (1 if is_soft else FEWEST_IN_WORDS) else None
    if not encoding or not is_decodable(plain, encoding.codec):
        return paragraph
    text = plain.decode(encoding.codec)
    return text.encode() if _reads_as_text(text, fewest=1) else paragraph


def _is_after_space(data: bytes, at: int) -> bool:
    return at == 0 or data[at - 1 : at].isspace()


def _encoded_words(data: bytes) -> bytes:
    """Decode the encoded words of mail headers (RFC 2047): `=?utf-8?Q?caf=C3=A9?=` is `café`."""
    if b"=" not in data or b"=?" not in data or b"?=" not in data:
        return data
    return b"\n".join(
        ENCODED_WORD.sub(_decoded_word, BETWEEN_WORDS.sub(rb"\1\2", line))
        if b"=?" in line and b"`" not in line
        else line
        for line in re.split(rb"\n(?![ \t]+=\?)", data)
    )


def _decoded_word(word: re.Match[bytes]) -> bytes:
    label = word[1].decode()
    try:
        if word[2]:
            raw = base64.b64decode(word[3] + b"=" * (-len(word[3]) % 4), validate=True)
        else:
            raw = re.sub(
                rb"=([0-9A-Fa-f]{2})", lambda hex_: bytes.fromhex(hex_[1].decode()), word[5].replace(b"_", b" ")
            )
        text = raw.decode(codec_of_label(label) or label)
    except (binascii.Error, UnicodeError, LookupError):
        return word[0]
    return text.encode() if text and not NON_TEXT.search(text) else word[0]


def _percent_lines(data: bytes) -> bytes:
    """Decode lines that are percent-encoded as a whole: `%E4%BD%A0%E5%A5%BD` is `你好`. URLs stay."""
    if not PERCENT_HIGH.search(data):
        return data
    return b"\n".join(_without_percent(line) if b"%" in line else line for line in data.split(b"\n"))


def _without_percent(line: bytes) -> bytes:
    if not PERCENT_HIGH.search(line):
        return line
    escaped = len(PERCENT.findall(line))
    is_encoded = escaped * 6 >= len(line) or line.count(PERCENT_SPACE) >= FEWEST_PERCENT_SPACES
    if any(mark in line for mark in CODE_MARKS) or not is_encoded or not PERCENT_LINE.fullmatch(line.strip()):
        return line
    plain = unquote_to_bytes(line)
    if plain.isascii() or not is_decodable(plain, UTF_8):
        return line
    return plain if _reads_as_text(plain.decode()) else line


def _reads_as_text(text: str, *, fewest: int = FEWEST_CHARACTERS) -> bool:
    """Return whether decoded text reads as text; with less than `fewest` characters outside ASCII, it does not."""
    from pipeline.language.fluency import mean_cross_entropy  # noqa: PLC0415 - loads the model, which few files need

    count = sum(char > "\x7f" for char in text)
    return (
        count >= fewest
        and "\ufffd" not in text
        and not NON_TEXT.search(text)
        and mean_cross_entropy([text], symbols=True) < MOST_NATS + (count < FEWEST_CHARACTERS) * 3
    )


SEVEN_BIT_RULES: dict[str, Callable[[bytes], bytes]] = {
    "ISO 2022": _iso_2022_lines,
    "ISO-2022-JP without escape bytes": _bare_jis,
    "HZ": _hz,
    "encoded words of mail": _encoded_words,
    "quoted-printable": _quoted_printable,
    "UTF-7": _utf_7,
    "percent-encoding": _percent_lines,
}
