"""The source is as its conventions say: one name, one meaning; short modules; plain words; short sentences."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))
CONVENTIONAL = {
    "STEP",
    "READER",
    "COMMANDS",
    "VERSION",
    "REASON",
    "__all__",
}  # names that mean the same wherever they are
MOST_LINES = 250  # of a module
MOST_WORDS = 30  # of a sentence
CHECKS = sorted(path for folder in ("tests", "benchmarks", "training") for path in (ROOT / folder).rglob("*.py"))
DOCS = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*/README.md"), *ROOT.glob("training/*.md")}
)
GUIDES = [ROOT / "README.md", *(ROOT / "docs").glob("tutorial*"), *(ROOT / "docs").glob("how-to/*.md")]
RULES = tomllib.loads((ROOT / "tests" / "cases" / "plain-words.toml").read_text("utf-8"))["rule"]
FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`+[^`]*`+")
TARGET = re.compile(r"\]\([^)]*\)|<https?:[^>]*>")
NO_PROSE = re.compile(r"^\s*(?:\||#|\[[^\]]+\]:|!\[|<)")  # tables, headings, definitions, images and HTML
ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.|>)\s+")
PRINTS = {"print", "skip", "fail"}  # functions whose strings a person reads
SENTENCE_END = re.compile(r"(?<=[.!?:])[\"”)*_]*\s+(?=[\"“(*_`A-Z0-9])")


def defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module defines at its top level: functions, classes and what is assigned."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))


def test_a_name_has_one_meaning():
    """No name is defined at the top level of two modules, except names that mean the same by convention."""
    modules: dict[str, set[str]] = {}
    for path in MODULES:
        for name in set(defined(ast.parse(path.read_text("utf-8")))) - CONVENTIONAL:
            modules.setdefault(name, set()).add(path.relative_to(PACKAGE).as_posix())
    assert {name: sorted(places) for name, places in modules.items() if len(places) > 1} == {}


def test_a_module_is_short():
    """No module is longer than 250 lines."""
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def prose_of_docs(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each line of a page, code and link targets left out."""
    text = FENCE.sub(lambda match: "\n" * match[0].count("\n"), path.read_text("utf-8"))
    for number, line in enumerate(text.split("\n"), 1):
        yield number, TARGET.sub("]", CODE.sub("``", line))


def prose_of_module(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and text of the comments, docstrings and messages of a module, code in backticks left out."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        written = token.string if token.type == tokenize.COMMENT or " " in token.string else ""
        if tokenize.tok_name[token.type] in {"COMMENT", "STRING", "FSTRING_MIDDLE"} and not re.match("[bf]?r", written):
            for offset, line in enumerate(written.split("\n")):
                if not line.lstrip().startswith((">>>", "...")):
                    yield token.start[0] + offset, CODE.sub("``", line)


def prose_of_checks(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and text of the comments, docstrings and messages of a test or script, without its data."""
    text = path.read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], CODE.sub("``", token.string)
    for string in [one for node in ast.walk(ast.parse(text)) for prose in prose_in(node) for one in literals(prose)]:
        for offset, line in enumerate(string.value.split("\n")):
            if not line.lstrip().startswith((">>>", "...")):
                yield string.lineno + offset, CODE.sub("``", line)


def prose_in(node: ast.AST) -> list[ast.expr]:
    """Return the docstring of a node, the message of an assertion, or what a call shows to a person."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.body[0].value] if ast.get_docstring(node) else []
    if isinstance(node, ast.Assert):
        return [node.msg] if node.msg else []
    if not isinstance(node, ast.Call):
        return []
    shown = node.args if ast.unparse(node.func).rpartition(".")[2] in PRINTS else []
    return [*shown, *(keyword.value for keyword in node.keywords if keyword.arg == "reason")]


def literals(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the strings of an expression, without the values that an f-string inserts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    elif not isinstance(node, ast.FormattedValue):
        for child in ast.iter_child_nodes(node):
            yield from literals(child)


@cache
def all_prose() -> dict[str, list[tuple[int, str]]]:
    """Return line number and text of the prose of all pages, modules, tests and scripts, by path."""
    readers = ((prose_of_docs, DOCS), (prose_of_module, MODULES), (prose_of_checks, CHECKS))
    return {path.relative_to(ROOT).as_posix(): [*read(path)] for read, paths in readers for path in paths}


def dialect(rule: dict, lines: list[tuple[int, str]]) -> list[int]:
    """Return the lines in which the words of a rule are, exceptions left out."""
    pattern = re.compile(rf"\b(?:{rule['pattern']})\b", re.IGNORECASE)
    allowed = re.compile("|".join(rule["except"]), re.IGNORECASE) if "except" in rule else None
    return [number for number, line in lines if pattern.search(allowed.sub("", line) if allowed else line)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["pattern"][:30])
def test_words_are_plain(rule: dict):
    """No page of the docs, docstring, comment or message has a word of the dialect; `say` is the field's word."""
    found = {path: numbers for path, lines in all_prose().items() if (numbers := dialect(rule, lines))}
    assert not found, f"say {rule['say']}: {found}"


def sentences(path: Path) -> Iterator[str]:
    """Yield the sentences of a page; code, tables, headings and link targets are left out, an item ends a sentence."""
    paragraph: list[str] = []
    for _, line in [*prose_of_docs(path), (0, "")]:
        starts_item = ITEM.match(line)
        if paragraph and (not line.strip() or starts_item or NO_PROSE.match(line)):
            yield from SENTENCE_END.split(" ".join(paragraph))
            paragraph = []
        if line.strip() and not NO_PROSE.match(line):
            paragraph.append(ITEM.sub("", line).strip())


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_sentences_are_short(page: Path):
    """No sentence of the README, the tutorial or a how-to guide has more than 30 words."""
    assert [sentence for sentence in sentences(page) if len(sentence.split()) > MOST_WORDS] == []
