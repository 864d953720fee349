"""The YAML block before a text -> its fields; hostile or broken YAML costs nothing but the fields."""

from __future__ import annotations

import re
from contextlib import suppress

import yaml

from pipeline.document import FrontValue

LIMIT = 16_384  # characters; YAML's readers are quadratic or recurse on hostile input
NESTED = 200  # of the characters that nest; libyaml recurses outside Python's guard
DEEPEST = 32  # lists and fields in one another: every format that holds them recurses, and no post has over 6
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


_INT = re.compile(r"-?(?:0|[1-9]\d{0,17})\Z", re.ASCII)
_Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", re.compile(r"(?:true|false)\Z"), "tf"),
    ("int", _INT, "-0123456789"),
    ("null", re.compile(r"(?:~|null)?\Z"), ["~", "n", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", pattern, list(first))


def _written(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str | int:
    """Return a scalar with a tag of its own as it is written; a plain int as one. Raises ValueError if empty."""
    text = str(loader.construct_scalar(node))
    if not text:
        message = f"{node.tag} has no value"
        raise ValueError(message)
    return int(text) if node.tag.endswith(":int") and _INT.match(text) else text


def _members(loader: yaml.SafeLoader, node: yaml.MappingNode) -> list[object]:
    """Return the members of a set in the order that they are written in."""
    return list(loader.construct_mapping(node, deep=True))


for tag in ("int", "float", "timestamp", "binary"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{tag}", _written)
_Loader.add_constructor("tag:yaml.org,2002:set", _members)

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
        fields = _plain_value(_read(block))
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, ValueError) as error:  # of `!!int` too
        lines = [FIELD_LINE.match(line) for line in block.splitlines() if line.strip()]
        if lines and all(lines):
            return {line[1]: (line[2] or "").strip() for line in lines if line}
        return " ".join(str(error).split())
    except RecursionError:
        return "it is nested too deeply"
    return fields or {} if isinstance(fields, dict | None) else "it is no list of fields"


def _read(block: str) -> object:
    """Return what a YAML block holds; read quickly where both loaders read it alike."""
    if sum(map(block.count, "[{-?")) <= NESTED and not _CAREFULLY.search(block):
        with suppress(yaml.YAMLError, ValueError):  # the careful one tells what is wrong
            return yaml.load(block, _QuickLoader)  # noqa: S506 - a SafeLoader
    return yaml.load(block, _Loader)  # noqa: S506 - a SafeLoader, made safer


def _plain_value(value: object, depth: int = 0) -> FrontValue:
    """Return a YAML value as data that every format can hold. Raises RecursionError where it is over DEEPEST deep."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        return {str(key): _plain_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_value(item, depth + 1) for item in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
