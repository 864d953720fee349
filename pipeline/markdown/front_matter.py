"""The YAML block before a text -> its fields; hostile or broken YAML costs nothing but the fields."""

from __future__ import annotations

import re
from contextlib import suppress

import yaml

from pipeline.document import FrontValue

LIMIT = 16_384  # characters; YAML's readers are quadratic or recurse on hostile input
NESTED = 200  # of the characters that nest; libyaml recurses outside Python's guard
FIELD_LINE = re.compile(r"([\w-]+):(?:\s+(.*))?\Z")


class _Loader(yaml.SafeLoader):
    """YAML without aliases, which blow up, and without types that write otherwise than they read.

    `1.10`, `007`, `no` and dates stay the text that they are.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias, compose anything else."""
        if self.check_event(yaml.AliasEvent):
            message = "aliases are not read"
            raise yaml.YAMLError(message)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"(?:true|false)\Z", "tf"),
    ("int", r"-?(?:0|[1-9]\d{0,17})\Z", "-0123456789"),
    ("null", r"(?:~|null)?\Z", ["~", "n", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))

_CAREFULLY = re.compile(r"[*!|>\t\ufeff]|[\[{][^?]*\?")  # aliases, and what libyaml reads otherwise
_QuickLoader = type(  # libyaml, ten times as fast, where it is installed
    "_QuickLoader",
    (getattr(yaml, "CSafeLoader", yaml.SafeLoader),),
    {"yaml_implicit_resolvers": _Loader.yaml_implicit_resolvers},
)


def fields_of(block: str) -> dict[str, FrontValue] | str:
    """Return the fields of a YAML block, or why there are none.

    Where it is no YAML (an unquoted colon in a title is enough), each line `key: value` is a field.
    """
    if len(block) > LIMIT:
        return f"it is longer than {LIMIT} characters"
    try:
        fields = _read(block)
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, ValueError) as error:  # of `!!int` too
        lines = [FIELD_LINE.match(line) for line in block.splitlines() if line.strip()]
        if lines and all(lines):
            return {line[1]: (line[2] or "").strip() for line in lines if line}
        return " ".join(str(error).split())
    except RecursionError:
        return "it is nested too deeply"
    if not isinstance(fields, dict | None):
        return "it is no list of fields"
    return {str(key): _plain_value(value) for key, value in (fields or {}).items()}


def _read(block: str) -> object:
    """Return what a YAML block holds; read quickly where both loaders read it alike."""
    if sum(map(block.count, "[{-?")) <= NESTED and not _CAREFULLY.search(block):
        with suppress(yaml.YAMLError, ValueError):  # the careful one tells what is wrong
            return yaml.load(block, _QuickLoader)  # noqa: S506 - a SafeLoader
    return yaml.load(block, _Loader)  # noqa: S506 - a SafeLoader, made safer


def _plain_value(value: object) -> FrontValue:
    """Return a YAML value as data that every format can hold; types that only YAML has become text."""
    if isinstance(value, dict):
        return {str(key): _plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain_value(item) for item in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
