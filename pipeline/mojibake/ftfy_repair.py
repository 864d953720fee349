"""A line -> what it was, by the best of what is known for UTF-8 misread without loss: ftfy."""

from __future__ import annotations

import ftfy
from ftfy.badness import is_bad

Fixed = tuple[str, tuple[str, float]]  # the text, the reason in words, how sure that is
ONLY_WRONG_DECODINGS = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    decode_inconsistent_utf8=False,  # where bytes were lost it reads across the gap: letters that never were
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)
PARTS_TOO = ONLY_WRONG_DECODINGS._replace(decode_inconsistent_utf8=True)
SURE = 0.99  # ftfy undoes a decoding only where the reverse is exact and the result looks no worse
LIKELY = 0.95  # letters whose bytes all survived, beside letters whose bytes did not


def fixed(line: str) -> Fixed | None:
    """Return what undoes the wrong decodings of all of a line; None where that makes no better text."""
    text, plan = ftfy.fix_encoding_and_explain(line, ONLY_WRONG_DECODINGS)
    return (text, (_in_words(plan or []), SURE)) if text != line and not is_bad(text) else None


def fixed_in_parts(line: str) -> Fixed | None:
    """Return what undoes those of parts of a line."""
    text = ftfy.fix_encoding(line, PARTS_TOO)
    return (
        (text, ("parts of the line are utf-8 that was misread", LIKELY)) if text != line and not is_bad(text) else None
    )


def _in_words(plan: list[ftfy.ExplanationStep]) -> str:
    """Say ftfy's plan as a reader would: which bytes were read as what."""
    chain = [step.parameter for step in plan if step.action in {"encode", "decode"}]
    readings = [f"{truth} was read as {wrong}" for wrong, truth in zip(chain[::2], chain[1::2], strict=False)]
    return ", then ".join(readings[::-1]) or "a wrong decoding"
