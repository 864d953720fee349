"""A line of mojibake that lost no bytes -> the original, by ftfy: `cafÃ©` becomes `café`."""

from __future__ import annotations

import re
from itertools import pairwise

import ftfy
from ftfy.badness import is_bad

from pipeline.encoding.codecs import HTML_CODEC
from pipeline.encoding.misdecoding import misdecoded_bytes
from pipeline.mojibake.chain_search import decodings_in_words
from pipeline.mojibake.letter_before_space import has_letter_by_itself, with_likeliest_letters
from pipeline.mojibake.soundness import LineRepair, makes_unknown_letter, touches_other_script

FixedLine = tuple[str, tuple[str, float]]  # the text; the reason in words and the confidence
FTFY_WHOLE_LINES = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    decode_inconsistent_utf8=False,  # across missing bytes it decodes characters that never were there
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)
FTFY_PARTS = FTFY_WHOLE_LINES._replace(decode_inconsistent_utf8=True)
FTFY_CONFIDENCE = (
    0.99  # confidence: ftfy undoes a decoding only where the reverse is exact and the result looks no worse
)
INDIRECT_CONFIDENCE = 0.95  # confidence for characters with all bytes, next to characters with missing bytes
DAGGER = "\u2020"  # mojibake `â€` and U+00A0; before a space, `â€` was rather a quote
SPACE_AFTER_MOJIBAKE = re.compile(r"(?<=[^\x00-\x7f]) ")
FEWEST_IN_TABLE = 5  # steps from a code point to the next one; mojibake of text has one
_LETTER_IN_WORD = re.compile(  # no capital inside a word in small letters has such a sign after it, or Ÿ
    "(?<=[a-zß-öø-ÿ])(?:Ã[¡-¿]|[ÄÅ][¡-¿ŸŒœ†‡ˆ‰ƒ])(?![A-ZÀ-Þ])"
)
_CHINESE_IN_ALPHABET = re.compile("[\u4e00-\u9fff][À-ɏ]|[À-ɏ][\u4e00-\u9fff]")  # of `æœªàă`, which lists letters
_PARTS_REASON = "parts of the line are mis-decoded UTF-8"
HIDDEN_SPACE = "\ue000"  # for private use: no codec has it
MOST_IN_PLANE = 0xFFFF  # beyond: emoji, of which a space was rather another byte, or a space


def fixed_by_ftfy(line: str) -> FixedLine | None:
    """Return the original of a line that was mis-decoded as a whole; None where that is no better text.

    >>> fixed_by_ftfy("cafÃ© âœ” done")
    ('café ✔ done', ('UTF-8 decoded as cp1252', 0.99))
    """
    text, plan = _fixed(line, FTFY_WHOLE_LINES)
    return (text, (_plan_in_words(plan), FTFY_CONFIDENCE)) if text != line and not is_bad(text) else None


def fixed_in_parts_by_ftfy(line: str) -> FixedLine | None:
    """Return the original of a line that was mis-decoded in parts; None where that is no better text.

    >>> fixed_in_parts_by_ftfy("Ümit ÖzdaÄŸ – DrÃ¥ber")[0]
    'Ümit Özdağ – Dråber'
    """
    text, _ = _fixed(line, FTFY_PARTS)
    if text == line and any(char.isalpha() and not char.isascii() for char in _LETTER_IN_WORD.sub("", line)):
        text = _LETTER_IN_WORD.sub(lambda pair: misdecoded_bytes(pair[0], HTML_CODEC).decode(), line)
    if text == line or is_bad(text) or _CHINESE_IN_ALPHABET.search(text):
        return None
    return text, (_PARTS_REASON, INDIRECT_CONFIDENCE)


def _fixed(line: str, config: ftfy.TextFixerConfig) -> tuple[str, list[ftfy.ExplanationStep]]:
    """Return what ftfy makes of a line, and its plan; spaces are bytes of characters only where this reads well."""
    text, plan = ftfy.fix_encoding_and_explain(line, config)
    if text != line and (lists_code_points(line) or _takes_a_quote(line, text)):
        return line, []
    if makes_unknown_letter(LineRepair(line, text)):
        return line, []
    exact, plan_of_exact = _fixed_between_spaces(line, config)
    if text == exact:
        return (line, []) if touches_other_script(LineRepair(line, text)) else (text, list(plan or []))
    taken = set(text) - set(exact) - set(line)
    wrong = any(char == DAGGER or ord(char) > MOST_IN_PLANE for char in taken) or has_letter_by_itself(line)
    if wrong or touches_other_script(LineRepair(line, text)):
        return exact, list(plan_of_exact or [])
    spelled = with_likeliest_letters(text)
    return (exact, list(plan_of_exact or [])) if spelled is None else (spelled, list(plan or []))


def lists_code_points(line: str) -> bool:
    """Return whether a line has a table of characters, in which `×Ø` is not mojibake of `ר`.

    >>> lists_code_points("TABLE = 'ÓÔÕÖ×ØÙÚ'"), lists_code_points("cafÃ©")
    (True, False)
    """
    others = [ord(char) for char in line if not char.isascii()]
    return any(
        others[at + FEWEST_IN_TABLE] - first == FEWEST_IN_TABLE and _ascends(others[at : at + FEWEST_IN_TABLE + 1])
        for at, first in enumerate(others[:-FEWEST_IN_TABLE])
    )


def _takes_a_quote(line: str, text: str) -> bool:
    """Return whether one of two quotes would be taken for a byte of a letter: `«ÛÎ»` is not `«Ûλ`."""
    return line.count("«") == line.count("»") > 0 and text.count("«") != text.count("»")


def _ascends(codes: list[int]) -> bool:
    return all(two - one == 1 for one, two in pairwise(codes))


def _fixed_between_spaces(line: str, config: ftfy.TextFixerConfig) -> tuple[str, list[ftfy.ExplanationStep] | None]:
    """Return what ftfy makes of a line whose spaces are not bytes of characters, and its plan."""
    if not config.decode_inconsistent_utf8:
        return ftfy.fix_encoding_and_explain(line, config._replace(restore_byte_a0=False))
    hidden = SPACE_AFTER_MOJIBAKE.sub(HIDDEN_SPACE, line)  # where it fixes parts, ftfy ignores that setting
    text, plan = ftfy.fix_encoding_and_explain(hidden, config)
    return text.replace(HIDDEN_SPACE, " "), plan


def _plan_in_words(plan: list[ftfy.ExplanationStep]) -> str:
    """Return ftfy's plan in words."""
    chain = [step.parameter.replace("sloppy-windows-", "cp") for step in plan if step.action in {"encode", "decode"}]
    decodings = zip(chain[1::2], chain[::2], strict=False)
    return decodings_in_words(list(decodings)[::-1]) or "mis-decoded text"
