"""The options of ftfy that datatrove's FTFYFormatter 0.9 sets."""

from __future__ import annotations

import ftfy

FTFY_OF_DATATROVE = ftfy.TextFixerConfig(
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    normalization=None,
)
