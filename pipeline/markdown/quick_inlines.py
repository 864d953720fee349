"""Inline content -> tokens, as markdown-it has them: a rule is tried only at characters that it can start with."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Literal

from markdown_it import MarkdownIt, helpers
from markdown_it.helpers.parse_link_destination import parseLinkDestination
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from pipeline.markdown.quick_tokens import fresh_token, rules_by_start

INLINE_STARTS = {  # the characters where a rule of inline content can match; `text` matches at all others
    "text": "",
    "newline": "\n",
    "escape": "\\",
    "backticks": "`",
    "strikethrough": "~",
    "emphasis": "*_",
    "link": "[",
    "image": "!",
    "autolink": "<",
    "html_inline": "<",
    "entity": "&",
    "footnote_inline": "^",
    "footnote_ref": "[",
    "bare_url": ":",  # this and the following: rules of `link_dialects`
    "dialect": "[!",
    "spaces": "[!",
    "image_tag": "{",
}
_PLAIN_DESTINATION = re.compile(
    r"[^\s\x00-\x1f\x7f\\()<&][^\s\x00-\x1f\x7f\\()&]*+(?=[\x00-\x20\x7f)]|\Z)"
)  # of a link, without escapes


def quick_destination(text: str, start: int, end: int) -> object:
    """Return the URL of a link that starts at an offset, as `parseLinkDestination` of markdown-it does."""
    plain = _PLAIN_DESTINATION.match(text, start, end)
    return SimpleNamespace(ok=True, pos=plain.end(), str=plain[0]) if plain else parseLinkDestination(text, start, end)


class QuickHelpers:
    """The functions that the rules of links share; all but one are those of markdown-it."""

    parseLinkDestination = staticmethod(quick_destination)  # noqa: N815 - as markdown-it calls it
    parseLinkLabel = staticmethod(helpers.parseLinkLabel)  # noqa: N815 - the same
    parseLinkTitle = staticmethod(helpers.parseLinkTitle)  # noqa: N815 - the same


class QuickInlineState(StateInline):
    """The state that inline rules of markdown-it read and change: as the parent class, with faster tokens."""

    def pushPending(self) -> Token:  # noqa: N802 - as markdown-it calls it
        """Add the text that is not yet a token."""
        token = fresh_token("text", "", 0)
        token.content, self.pending = self.pending, ""
        token.level = self.pendingLevel
        self.tokens.append(token)
        return token

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """Add a token, and the text before it."""
        if self.pending:
            self.pushPending()
        token, meta = fresh_token(ttype, tag, nesting), None
        if nesting < 0:
            self.level -= 1
            self.delimiters = self._prev_delimiters.pop()
        token.level = self.level
        if nesting > 0:
            self.level += 1
            self._prev_delimiters.append(self.delimiters)
            self.delimiters = []
            meta = {"delimiters": self.delimiters}
        self.pendingLevel = self.level
        self.tokens.append(token)
        self.tokens_meta.append(meta)
        return token


class QuickInlines(ParserInline):
    """The inline rules of markdown-it, each tried only at characters that it can start with."""

    def __init__(self, parser: ParserInline, most: int) -> None:
        """Take over the rules of a parser, and how deep blocks may be nested at `most`."""
        self.ruler, self.ruler2, self.most_nesting = parser.ruler, parser.ruler2, most
        rules = dict(zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True))
        self.text = (rules["text"],)
        self.starting = rules_by_start(rules, INLINE_STARTS)
        self.terminator_re = re.compile(f"[{re.escape(''.join(self.starting))}\\]]")  # `]` ends the text of a link

    def matches(self, state: StateInline, *, silent: bool) -> bool:
        """Apply the first rule that matches at the position of the state; return whether one does."""
        for rule in self.starting.get(state.src[state.pos], self.text):  # noqa: SIM110 - `any` takes longer
            if rule(state, silent):
                return True
        return False

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Return `tokens` with the tokens of a text."""
        state = QuickInlineState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 - as markdown-it calls it
        """Move over one token. Only the choice of rules is not the parent class's."""
        start = state.pos
        if start in state.cache:
            state.pos = state.cache[start]
            return
        matched = False
        if state.level < self.most_nesting:
            state.level += 1
            matched = self.matches(state, silent=True)
            state.level -= 1
        else:
            state.pos = state.posMax
        if not matched:
            state.pos += 1
        state.cache[start] = state.pos

    def tokenize(self, state: StateInline) -> None:
        """Add the tokens of the state. Only the choice of rules is not the parent class's."""
        end, most = state.posMax, self.most_nesting
        while state.pos < end:
            if state.level >= most or not self.matches(state, silent=False):
                state.append_pending(state.src[state.pos])
                state.pos += 1
        if state.pending:
            state.pushPending()
