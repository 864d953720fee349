"""Markdown text -> tokens, blocks, source positions and formatted Markdown.

This module exports what steps need; each submodule documents its part.
"""

from pipeline.markdown.code_spans import FENCED, code_spans, line_starts
from pipeline.markdown.fast_parse import HEADING, PROSE
from pipeline.markdown.parsing import (
    FRONT_MATTER,
    IDENTIFIER,
    Blocks,
    blocks,
    heading_text,
    inline_tokens,
    meaning,
    parse,
    parser,
    plain,
)
from pipeline.markdown.regions import GAP, Group, code_around, groups, in_code, prose
from pipeline.markdown.source_positions import Inline, inlines

__all__ = [
    "FENCED",
    "FRONT_MATTER",
    "GAP",
    "HEADING",
    "IDENTIFIER",
    "PROSE",
    "Blocks",
    "Group",
    "Inline",
    "blocks",
    "code_around",
    "code_spans",
    "groups",
    "heading_text",
    "in_code",
    "inline_tokens",
    "inlines",
    "line_starts",
    "meaning",
    "parse",
    "parser",
    "plain",
    "prose",
]
