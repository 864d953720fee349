"""A parser of markdown-it -> the same parser, quicker: a rule is tried only at characters that it can start with.

markdown-it tries each of its rules at each line and at each sign. Almost all of them look at the first character and
return. The tokens are the same, which the tests show.
"""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, normalize

from pipeline.markdown.quick_blocks import QuickBlocks
from pipeline.markdown.quick_inlines import QuickHelpers, QuickInlines


def quick(parser: MarkdownIt) -> MarkdownIt:
    """Return a parser with its rules tried only where they can match. Do not change its rules afterwards."""
    parser.block = QuickBlocks(parser.block.ruler, parser.options.maxNesting)
    parser.inline = QuickInlines(parser.inline, parser.options.maxNesting)
    parser.helpers = QuickHelpers  # type: ignore[assignment]
    parser.core.ruler.at("normalize", _normalize)
    return parser


def _normalize(state: StateCore) -> None:
    """Normalize line ends and NULs, if there are any."""
    if "\r" in state.src or "\0" in state.src:
        normalize(state)
