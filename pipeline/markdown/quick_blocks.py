"""Markdown text -> its blocks as tokens of markdown-it: a rule is tried only at lines that it can start with."""

from __future__ import annotations

from itertools import accumulate
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.parser_block import ParserBlock, RuleFuncBlockType
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType

from pipeline.markdown.quick_tokens import ADD, LOOK, fresh_token, rules_by_start

BLOCK_STARTS = {  # the first characters of lines where a rule of blocks can match; of some, others decide
    "table": "",
    "code": "",
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*+-0123456789",
    "footnote_def": "[",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
    "lheading": "",
    "paragraph": "",
}
TABLE_LINE = "|-:"  # the first characters of the second line of a table
CODE_INDENTATION = 4  # columns


class QuickState(StateBlock):
    """The state that block rules of markdown-it read and change: as the parent class, but created in half the time."""

    def __init__(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> None:
        """Find the lines of a text."""
        super().__init__("", md, env, tokens)
        lines = src.split("\n")
        if not lines[-1].strip(" \t"):
            lines.pop()
        self.src, self.lineMax = src, len(lines)
        bare = [line.lstrip(" \t") for line in lines]
        self.tShift = [len(line) - len(rest) for line, rest in zip(lines, bare, strict=True)]
        self.sCount = self.tShift
        if "\t" in src:
            self.sCount = [len(line[:end].expandtabs(4)) for line, end in zip(lines, self.tShift, strict=True)]
        ends = accumulate(len(line) + 1 for line in lines)
        self.bMarks = [0, *ends]
        self.eMarks = [start + len(line) for start, line in zip(self.bMarks, lines, strict=False)]
        self.bMarks[-1] = len(src)
        self.eMarks.append(len(src))
        self.tShift, self.sCount = [*self.tShift, 0], [*self.sCount, 0]
        self.bsCount = [0] * len(self.bMarks)

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """Add a token."""
        token = fresh_token(ttype, tag, nesting)
        token.block = True
        if nesting < 0:
            self.level -= 1
        token.level = self.level
        if nesting > 0:
            self.level += 1
        self.tokens.append(token)
        return token


class QuickBlocks(ParserBlock):
    """The block rules of markdown-it, each tried only at lines that it can start with."""

    def __init__(self, ruler: Ruler[RuleFuncBlockType], most: int) -> None:
        """Take over the rules of a parser, and how deep blocks may be nested at `most`."""
        self.ruler, self.most_nesting = ruler, most
        self.rules = dict(zip(ruler.get_active_rules(), ruler.getRules(""), strict=True))
        self.starting = rules_by_start(self.rules, BLOCK_STARTS)
        enders = ruler.getRules("paragraph")
        self.ending = rules_by_start({name: rule for name, rule in self.rules.items() if rule in enders}, BLOCK_STARTS)

    def parse(self, src: str, md: MarkdownIt, env: EnvType, outTokens: list[Token]) -> list[Token] | None:  # noqa: N803 - as markdown-it has it
        """Return `outTokens` with the tokens of a text; None if it is empty."""
        if not src:
            return None
        state = QuickState(src, md, env, outTokens)
        self.tokenize(state, state.line, state.lineMax)
        return state.tokens

    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:  # noqa: N803 - as markdown-it has it
        """Add the tokens of some lines to the state. Only the choice of rules is not the parent class's."""
        line, has_blank_lines = startLine, False
        while line < endLine:
            state.line = line = state.skipEmptyLines(line)
            if line >= endLine or state.sCount[line] < state.blkIndent:
                return
            if state.level >= self.most_nesting:
                state.line = endLine
                return
            self.add_block(state, line, endLine)
            state.tight = not has_blank_lines
            line = state.line
            if line - 1 < endLine and state.isEmpty(line - 1):
                has_blank_lines = True
            if line < endLine and state.isEmpty(line):
                has_blank_lines = True
                line += 1
                state.line = line

    def add_block(self, state: StateBlock, line: int, end: int) -> None:
        """Add the tokens of the block that starts at a line."""
        if _may_be_table(state, line) and self.rules["table"](state, line, end, ADD):
            return
        if state.sCount[line] - state.blkIndent >= CODE_INDENTATION:
            self.rules["code"](state, line, end, ADD)
            return
        for rule in self.starting.get(state.src[state.bMarks[line] + state.tShift[line]], ()):
            if rule(state, line, end, ADD):
                return
        if end != state.lineMax:  # in a quotation, the two rules end at different lines
            if not self.rules["lheading"](state, line, end, ADD):
                self.rules["paragraph"](state, line, end, ADD)
            return
        self.add_paragraph(state, line)

    def add_paragraph(self, state: StateBlock, first: int) -> None:
        """Add the tokens of a paragraph or an underlined heading; the parser has two rules that read the same lines."""
        before, state.parentType = state.parentType, "paragraph"
        line, underline = first + 1, ""
        while line < state.lineMax and not state.isEmpty(line):
            indentation = state.sCount[line]
            if indentation - state.blkIndent < CODE_INDENTATION:
                underline = _underline(state, line) if indentation >= state.blkIndent else ""
                if underline or (indentation >= 0 and self.ends_paragraph(state, line)):
                    break
            line += 1
        tag = {"": "p", "=": "h1", "-": "h2"}[underline]
        kind = "heading" if underline else "paragraph"
        content = mdTrim(state.getLines(first, line, state.blkIndent, keepLastLF=False))
        state.line = line + bool(underline)
        opening, inline = state.push(f"{kind}_open", tag, 1), state.push("inline", "", 0)
        opening.map, inline.map = [first, state.line], [first, line]
        inline.content, inline.children = content, []
        closing = state.push(f"{kind}_close", tag, -1)
        opening.markup = closing.markup = underline
        state.parentType = before

    def ends_paragraph(self, state: StateBlock, line: int) -> bool:
        """Return whether a line starts a block that can end a paragraph."""
        rules = self.ending.get(state.src[state.bMarks[line] + state.tShift[line]], ())
        if _may_be_table(state, line) and self.rules["table"](state, line, state.lineMax, LOOK):
            return True
        return any(rule(state, line, state.lineMax, LOOK) for rule in rules)


def _may_be_table(state: StateBlock, line: int) -> bool:
    """Return whether the line after this one can be the second line of a table."""
    at = state.bMarks[line + 1] + state.tShift[line + 1]
    return at < state.eMarks[line + 1] and state.src[at] in TABLE_LINE


def _underline(state: StateBlock, line: int) -> str:
    """Return the mark of a line that underlines a heading, `=` or `-`; empty if it does not."""
    written = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip(" \t")
    mark = written[:1]
    return mark if mark in {"=", "-"} and not written.strip(mark) else ""
