"""Attacks every regular expression and every step with repeated pieces, within a limit of CPU time.

Run as a module: it prints what it attacks, so that the last line names what did not end.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import random
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath
from re import _compiler, _constants, _parser  # type: ignore[attr-defined] - no public module shows the parts of one
from typing import Any

MOST_CPU = 60  # seconds; all attacks take an eighth of it
REPEATED = 200  # characters: an exponential pattern does not end, one that is only quadratic does
SUFFIXES = ("", "\0", "\n", "a", "<")
DOCUMENT = 4_000  # characters: a cubic step does not end
ANY = "a\"' <>()[]|"  # what the samples of a negated class are taken from
REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
OPENERS = (
    '<a b="c" ', "<a '", '<a "" ', "<img src=", "<!--", "<b>", "<code>", "&", "[a](", "![a]( ", "![](", "](", "[^a",
    "[[a|", "[a]: <", "**a", "_a ", "`a``", "```\n", "$a ", "\\(", "{{< a ", "{% asset_path ",
    "{% img ", "](a{{ site ", "> - ",
    "1. ", "|-", "a|b\n-|-\n", "a\n===\n", "---\na: [", "http://a.b/", "www.", "a@", "=FA", "$B", "Ã©", "\ufffd", "Â ",
    "\u200d", "\u202e", "a, and ", "(2020) ", "wrote ", "【T1： ", "\n", " \n", "\t", "a", "你",
)  # fmt: skip


def recorded_patterns() -> dict[str, re.Pattern[Any]]:
    """Return the patterns that the modules of the package compile when they are imported, by module and number."""
    found: dict[str, re.Pattern[Any]] = {}
    compile_pattern = _compiler.compile

    def recorded(pattern: Any, flags: int = 0) -> re.Pattern[Any]:
        compiled = compile_pattern(pattern, flags)
        frame = inspect.currentframe()
        while frame and frame.f_globals.get("__name__") in {__name__, "re", "functools"}:
            frame = frame.f_back
        if frame and (name := frame.f_globals.get("__name__", "")).startswith("pipeline."):
            found[f"{name}:{frame.f_lineno}, pattern {len(found)}"] = compiled
        return compiled

    _compiler.compile = recorded
    patterns = importlib.import_module("pipeline.patterns")
    patterns.lazy_pattern = re.compile
    package = importlib.import_module("pipeline")
    for module in pkgutil.walk_packages(package.__path__, "pipeline."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    _compiler.compile = compile_pattern
    return found


def sample(parsed: Any, choose: random.Random) -> str:
    """Return a text that the parts of a parsed pattern match; what they only look at is not in it."""
    return "".join(_sample_of_part(kind, value, choose) for kind, value in parsed)


def _sample_of_part(kind: Any, value: Any, choose: random.Random) -> str:
    if kind is _constants.LITERAL:
        return chr(value)
    if kind is _constants.IN:
        return _sample_of_class(value, choose)
    if kind is _constants.BRANCH:
        return sample(choose.choice(value[1]), choose)
    if inner := _inside(kind, value):
        return sample(inner, choose)
    if kind in REPEATS:
        return "".join(sample(value[2], choose) for _ in range(max(value[0], min(1, value[1]))))
    return choose.choice(ANY) if kind in {_constants.ANY, _constants.NOT_LITERAL} else ""


def _inside(kind: Any, value: Any) -> Any:
    """Return what is in a group; None if a part is no group."""
    return {_constants.SUBPATTERN: lambda: value[3], _constants.ATOMIC_GROUP: lambda: value}.get(kind, lambda: None)()


def _sample_of_class(parts: Any, choose: random.Random) -> str:
    kind, value = choose.choice(parts)
    if kind is _constants.NEGATE:
        return choose.choice(ANY)
    if kind is _constants.LITERAL:
        return chr(value)
    if kind is _constants.RANGE:
        return chr(choose.randint(*value))
    return {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "1"}.get(str(value), choose.choice("ab"))


def repeated_parts(parsed: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield each part of a parsed pattern that may be repeated, with the parts before it."""
    for kind, value in parsed:
        if kind in REPEATS:
            yield before, value[2]
            yield from repeated_parts(value[2], before)
        elif kind is _constants.BRANCH:
            for branch in value[1]:
                yield from repeated_parts(branch, before)
        elif inner := _inside(kind, value):
            yield from repeated_parts(inner, before)
        before = (*before, (kind, value))


def attacks(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Yield texts that match the start of a pattern and repeat one of its parts, and fail at their ends."""
    choose = random.Random(1)  # noqa: S311 - the same attacks in every run
    parsed = _parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    for before, part in repeated_parts(parsed):
        for suffix in SUFFIXES:
            piece = "".join(sample(part, choose) for _ in range(choose.randint(1, 2))) or " "
            yield sample(before, choose) + piece * (REPEATED // len(piece)) + suffix


def _say(attacked: str) -> None:
    sys.stdout.write(f"{attacked}\n")
    sys.stdout.flush()


def main() -> None:
    """Attack all patterns, then all steps."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    for name, pattern in recorded_patterns().items():
        _say(f"{name} {pattern.pattern!r}")
        for text in attacks(pattern):
            attacked = text.encode() if isinstance(pattern.pattern, bytes) else text
            pattern.search(attacked)
            pattern.fullmatch(attacked)
    follow = importlib.import_module("pipeline.run.follow")
    document, rows = importlib.import_module("pipeline.document"), importlib.import_module("pipeline.store.rows")
    steps = importlib.import_module("pipeline.flow").FLOW
    for opener in OPENERS:
        text = f"# Title\n\nWords {opener * (DOCUMENT // 2 // len(opener))}{' ' * (DOCUMENT // 2)}\n"
        for name in ("a.md", "a.html"):
            _say(f"{name} {opener!r}")
            source = document.Source(PurePosixPath(name), text.encode())
            rows.document_row(follow.follow_all(source, steps), source.sha256)


if __name__ == "__main__":
    main()
