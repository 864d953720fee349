"""YAML front matter -> its fields; hostile or broken YAML loses its fields and does no other harm."""

from __future__ import annotations

import re
from contextlib import suppress

import yaml

from pipeline.document import FrontValue

LIMIT = 16_384  # characters; YAML parsers are quadratic or recurse on hostile input
NESTED = 200  # nesting characters; libyaml recurses without Python's recursion limit
DEEPEST = 32  # levels of lists and mappings: every output format recurses over them, and no post has more than 6
FIELD_LINE = re.compile(r"([\w-]+):(?:\s+(.*))?\Z")


class _Loader(yaml.SafeLoader):
    """A YAML loader without aliases, which can expand exponentially, and without lossy types.

    `1.10`, `007`, `no` and dates stay text.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose any node but an alias, which raises YAMLError."""
        if self.check_event(yaml.AliasEvent):
            message = "YAML aliases are not supported"
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
    """Return a tagged scalar as the text in the source, or a plain int as int. Raises ValueError if empty."""
    text = str(loader.construct_scalar(node))
    if not text:
        message = f"{node.tag} has no value"
        raise ValueError(message)
    return int(text) if node.tag.endswith(":int") and _INT.match(text) else text


def _members(loader: yaml.SafeLoader, node: yaml.MappingNode) -> list[object]:
    """Return the members of a YAML set in the order of the source."""
    return list(loader.construct_mapping(node, deep=True))


for tag in ("int", "float", "timestamp", "binary"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{tag}", _written)
_Loader.add_constructor("tag:yaml.org,2002:set", _members)

_CAREFULLY = re.compile(r"[*!|>\t\ufeff]|[\[{][^?]*\?")  # aliases, and what libyaml loads differently
_QuickLoader = type(  # libyaml is ten times as fast, where it is installed
    "_QuickLoader",
    (getattr(yaml, "CSafeLoader", yaml.SafeLoader),),
    {"yaml_implicit_resolvers": _Loader.yaml_implicit_resolvers},
)


def fields_of(block: str) -> dict[str, FrontValue] | str:
    r"""Return the fields of a YAML block, or the reason why there are none.

    Where the block is not valid YAML (an unquoted colon in a title is enough), each line `key: value` is a field.

    >>> fields_of("title: A: B\nlayout: post")
    {'title': 'A: B', 'layout': 'post'}
    """
    if len(block) > LIMIT:
        return f"it is longer than {LIMIT} characters"
    try:
        fields = _plain_value(_read(block))
    except (
        yaml.YAMLError,
        ArithmeticError,
        AttributeError,
        LookupError,
        ValueError,
    ) as error:  # also from `!!int`
        lines = [FIELD_LINE.match(line) for line in block.splitlines() if line.strip()]
        if lines and all(lines):
            return {line[1]: (line[2] or "").strip() for line in lines if line}
        return " ".join(str(error).split())
    except RecursionError:
        return f"it is nested more than {DEEPEST} levels deep"
    return fields or {} if isinstance(fields, dict | None) else "it is not a mapping of fields"


def _read(block: str) -> object:
    """Return the value of a YAML block, by the fast loader where both loaders agree."""
    if sum(map(block.count, "[{-?")) <= NESTED and not _CAREFULLY.search(block):
        with suppress(yaml.YAMLError, ValueError):  # the strict loader reports the error
            return yaml.load(block, _QuickLoader)  # noqa: S506 - a SafeLoader
    return yaml.load(block, _Loader)  # noqa: S506 - a SafeLoader, made safer


def _plain_value(value: object, depth: int = 0) -> FrontValue:
    """Return a YAML value as data that every format can hold. Raises RecursionError below `DEEPEST` levels."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        return {str(key): _plain_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_value(item, depth + 1) for item in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
