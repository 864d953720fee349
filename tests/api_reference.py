"""The public names of the package and their docstrings -> docs/reference/api.md."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator

import msgspec

import pipeline
from pipeline import FLOW

HEAD = """# API reference

Every name of `pipeline.__all__`, from its docstring. The [Python API](python-api.md) shows how to use them.
`pytest tests/test_docs.py --accept` writes this page.
"""


def api_reference() -> str:
    """Return the page."""
    names = sorted(pipeline.__all__, key=str.casefold)
    contents = ",\n".join(f"[`{name}`](#{name.lower()})" for name in names)
    return "\n".join([HEAD, contents, *(part for name in names for part in _section(name))]) + "\n"


def _section(name: str) -> Iterator[str]:
    thing = getattr(pipeline, name)
    yield f"\n## `{name}`\n"
    if name == "FLOW":
        yield "The steps of a run, in order.\n\n| step | what it does |\n|---|---|"
        yield from (f"| `{step.name}` | {_cell(step.summary)} |" for step in FLOW)
        return
    if inspect.isfunction(thing):
        yield f"```python\n{_signature(name, thing)}\n```\n"
    yield _docstring(thing)
    if isinstance(thing, type):
        yield from _members(thing)


def _members(thing: type) -> Iterator[str]:
    """Yield the fields of a class in a table, then its methods and properties."""
    fields = _fields(thing)
    if fields:
        yield "\n| field | type | default | |\n|---|---|---|---|"
        yield from (
            f"| `{name}` | {_code(kind)} | {_code(default)} | {_cell(comment)} |"
            for name, kind, default, comment in fields
        )
    own = {name: value for name, value in vars(thing).items() if not name.startswith("_")}
    for name, value in own.items():
        if isinstance(value, property):
            yield f"\n`{name}`: {_docstring(value)}"
        elif inspect.isfunction(value):
            yield f"\n```python\n{_signature(name, value)}\n```\n\n{_docstring(value)}"


def _fields(thing: type) -> list[tuple[str, str, str, str]]:
    """Return name, type, default and comment of each field; an empty string for what it has not."""
    comments = dict(re.findall(r"^ +(\w+): [^#\n]*# (.+)$", inspect.getsource(thing), re.MULTILINE))
    if issubclass(thing, msgspec.Struct):
        found = [(one.name, _default(one.default, msgspec.NODEFAULT)) for one in msgspec.structs.fields(thing)]
    elif dataclasses.is_dataclass(thing):
        found = [(one.name, _default(one.default, dataclasses.MISSING)) for one in dataclasses.fields(thing)]
    else:
        found = []
    return [(name, str(_annotation(thing, name)), default, comments.get(name, "")) for name, default in found]


def _annotation(thing: type, name: str) -> str:
    return next(one.__annotations__[name] for one in thing.__mro__ if name in getattr(one, "__annotations__", {}))


def _default(value: object, missing: object) -> str:
    """Return a default as code; that of a class of ours is its empty call."""
    if value is missing:
        return ""
    return f"{type(value).__name__}()" if dataclasses.is_dataclass(value) else repr(value)


def _signature(name: str, function: object) -> str:
    """Return the signature of a function; the default of a callable is `...`."""
    written = re.sub(r"<function .*? at 0x[0-9a-f]+>", "...", str(inspect.signature(function)))  # type: ignore[arg-type]
    return f"{name}{written}".replace("'", "")


def _docstring(thing: object) -> str:
    """Return a docstring as Markdown: examples are code."""
    text = inspect.getdoc(thing) or ""
    return re.sub(r"(?m)(^>>> .*(?:\n(?!\n).*)*)", r"```python\n\1\n```", text)


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
