"""A line of mojibake that lost no bytes -> the original, by ftfy: `cafÃ©` becomes `café`."""

from __future__ import annotations

import ftfy
from ftfy.badness import is_bad

from pipeline.mojibake.chain_search import decodings_in_words

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


def fixed_by_ftfy(line: str) -> FixedLine | None:
    """Return the original of a line that was mis-decoded as a whole; None where that is no better text.

    >>> fixed_by_ftfy("cafÃ© âœ” done")
    ('café ✔ done', ('UTF-8 decoded as cp1252', 0.99))
    """
    text, plan = ftfy.fix_encoding_and_explain(line, FTFY_WHOLE_LINES)
    return (text, (_plan_in_words(plan or []), FTFY_CONFIDENCE)) if text != line and not is_bad(text) else None


def fixed_in_parts_by_ftfy(line: str) -> FixedLine | None:
    """Return the original of a line that was mis-decoded in parts; None where that is no better text."""
    text = ftfy.fix_encoding(line, FTFY_PARTS)
    return (
        (text, ("parts of the line are mis-decoded UTF-8", INDIRECT_CONFIDENCE))
        if text != line and not is_bad(text)
        else None
    )


def _plan_in_words(plan: list[ftfy.ExplanationStep]) -> str:
    """Return ftfy's plan in words."""
    chain = [step.parameter.replace("sloppy-windows-", "cp") for step in plan if step.action in {"encode", "decode"}]
    decodings = zip(chain[1::2], chain[::2], strict=False)
    return decodings_in_words(list(decodings)[::-1]) or "mis-decoded text"
