"""A parser of markdown-it -> the same parser, quicker: a rule is tried only at characters that it can start with.

markdown-it tries each of its rules at each line and at each sign. Almost all of them look at the first character and
return. The tokens are the same, which the tests show.
"""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, normalize
from markdown_it.token import Token
from markdown_it.utils import EnvType

from pipeline.markdown.quick_blocks import QuickBlocks
from pipeline.markdown.quick_inlines import QuickHelpers, QuickInlines
from pipeline.markdown.quick_tokens import fresh_token


def quick(parser: MarkdownIt) -> MarkdownIt:
    """Return a parser with its rules tried only where they can match. Do not change its rules afterwards."""
    parser.block = QuickBlocks(parser.block.ruler, parser.options.maxNesting)
    parser.inline = QuickInlines(parser.inline, parser.options.maxNesting)
    parser.helpers = QuickHelpers  # type: ignore[assignment]
    parser.core.ruler.at("normalize", _normalize)
    return parser


def inline_children(parser: MarkdownIt, content: str, env: EnvType) -> list[Token]:
    """Return the tokens of inline content; a text in which no rule can match is one, without the parser."""
    if not content or _may_match(parser).search(content):
        return parser.parseInline(content, env)[0].children or []
    text = fresh_token("text", "", 0)
    text.content = content
    return [text]


@cache
def _may_match(parser: MarkdownIt) -> re.Pattern[str]:
    """Return the pattern of the characters that a rule of inline content, or of line ends, can start with."""
    return re.compile(f"[{re.escape(''.join(parser.inline.starting))}\r\0]")  # type: ignore[attr-defined]


def _normalize(state: StateCore) -> None:
    """Normalize line ends and NULs, if there are any."""
    if "\r" in state.src or "\0" in state.src:
        normalize(state)
