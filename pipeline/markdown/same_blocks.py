"""Two texts, parsed -> whether they mean the same: the same blocks, with the same inline content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.markdown.parsing import Blocks, inline_meaning

if TYPE_CHECKING:
    from markdown_it.token import Token


def same_blocks(old: Blocks, new: Blocks) -> bool:
    """Return whether two texts parse to the same blocks; inline content is parsed only where it differs."""
    if _defined(old) != _defined(new) or len(old.tokens) != len(new.tokens):
        return False
    return all(
        _block(a) == _block(b) and (a.content == b.content or _same_inline(a, b, old, new))
        for a, b in zip(old.tokens, new.tokens, strict=True)
    )


def _defined(parsed: Blocks) -> list[tuple[str, str, str]]:
    """Return the link targets that a text defines."""
    return [(name, ref["href"], ref["title"]) for name, ref in parsed.env.get("references", {}).items()]


def _block(token: Token) -> tuple[object, ...]:
    """Return what a block's token means, whatever marks it was written with."""
    kind = "fence" if token.type == "code_block" else token.type
    delimiter = token.markup if kind == "ordered_list_open" else ""
    return (
        kind,
        token.tag,
        token.hidden,
        delimiter,
        token.info.strip() if kind == "fence" else "",
        token.attrs,
        token.meta,
    )


def _same_inline(old: Token, new: Token, before: Blocks, after: Blocks) -> bool:
    if old.type == "html_block":
        return old.content.strip() == new.content.strip()
    if old.type != "inline":
        return False
    task = re.compile(r"\A\[X\] ")
    return inline_meaning(task.sub("[x] ", old.content), before.env) == inline_meaning(
        task.sub("[x] ", new.content), after.env
    )
