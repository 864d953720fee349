"""Markdown text -> tokens, blocks, source positions and formatted Markdown.

This module exports what steps need; each submodule documents its part.
"""

from pipeline.markdown.code_spans import LINE_END, code_spans, line_starts
from pipeline.markdown.grouping import BlockGroup, block_groups, group_at, groups_with, independent_groups
from pipeline.markdown.inline_format import hard_break_after
from pipeline.markdown.literal_marks import doubtful_marks, literal_marks
from pipeline.markdown.opaque import CODE, HTML, URL, of_other_kinds, opaque_spans
from pipeline.markdown.parsing import (
    HEADING_IDENTIFIER,
    Blocks,
    heading_text,
    inline_meaning,
    inline_tokens,
    may_have_heading,
    parse,
    parse_blocks,
    parser,
    visible_text,
)
from pipeline.markdown.regions import (
    code_around,
    matches_outside_code,
    matches_outside_opaque,
    opaque_kind_at,
    overlaps_code,
    overlaps_opaque,
)
from pipeline.markdown.source_positions import InlineContent, inline_contents, inline_contents_of

__all__ = [
    "CODE",
    "HEADING_IDENTIFIER",
    "HTML",
    "LINE_END",
    "URL",
    "BlockGroup",
    "Blocks",
    "InlineContent",
    "block_groups",
    "code_around",
    "code_spans",
    "doubtful_marks",
    "group_at",
    "groups_with",
    "hard_break_after",
    "heading_text",
    "independent_groups",
    "inline_contents",
    "inline_contents_of",
    "inline_meaning",
    "inline_tokens",
    "line_starts",
    "literal_marks",
    "matches_outside_code",
    "matches_outside_opaque",
    "may_have_heading",
    "of_other_kinds",
    "opaque_kind_at",
    "opaque_spans",
    "overlaps_code",
    "overlaps_opaque",
    "parse",
    "parse_blocks",
    "parser",
    "visible_text",
]
