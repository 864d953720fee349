"""YAML block -> its fields; hostile or broken YAML loses its fields and does no other harm."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress

import yaml

from pipeline.document import FrontValue

MOST_YAML_CHARACTERS = 16_384  # characters; YAML parsers are quadratic or recurse on hostile input
MOST_NESTING_CHARACTERS = 200  # nesting characters; libyaml recurses without Python's recursion limit
DEEPEST_YAML = 32  # levels of lists and mappings: every output format recurses over them, and no post has more than 6
_TAB_BEFORE_VALUE = re.compile(r"^([ ]*(?:-[ ]+)?[\w-]+:|[ ]*-)[ ]*\t[ \t]*", re.MULTILINE)  # YAML 1.2 allows it
_ITEM_LINE_OF_YAML = re.compile(r"[ \t]*-(?=[ \t]|\Z)(.*)\Z")
FIELD_LINE = re.compile(r"([\w-]+):(?:\s+(.*))?\Z")


class _StrictLoader(yaml.SafeLoader):
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
_StrictLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", re.compile(r"(?:true|false)\Z"), "tf"),
    ("int", _INT, "-0123456789"),
    ("null", re.compile(r"(?:~|null)?\Z"), ["~", "n", ""]),
):
    _StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", pattern, list(first))


def _scalar_as_written(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str | int:
    """Return a tagged scalar as the text in the source, or a plain int as int. Raises ValueError if empty."""
    text = str(loader.construct_scalar(node))
    if not text:
        message = f"{node.tag} has no value"
        raise ValueError(message)
    return int(text) if node.tag.endswith(":int") and _INT.match(text) else text


def _set_members(loader: yaml.SafeLoader, node: yaml.MappingNode) -> list[object]:
    """Return the members of a YAML set in the order of the source."""
    return list(loader.construct_mapping(node, deep=True))


for tag in ("int", "float", "timestamp", "binary"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{tag}", _scalar_as_written)
_StrictLoader.add_constructor("tag:yaml.org,2002:set", _set_members)

_NEEDS_STRICT_LOADER = re.compile(r"[*!|>\t\ufeff]|[\[{][^?]*\?")  # aliases, and what libyaml loads differently
_FastLoader = type(  # libyaml is ten times as fast, where it is installed
    "_FastLoader",
    (getattr(yaml, "CSafeLoader", yaml.SafeLoader),),
    {"yaml_implicit_resolvers": _StrictLoader.yaml_implicit_resolvers},
)


def yaml_fields(block: str) -> dict[str, FrontValue] | str:
    r"""Return the fields of a YAML block, or the reason why there are none.

    Where the block is not valid YAML (an unquoted colon in a title is enough), each line `key: value` is a field.

    >>> yaml_fields("title: A: B\nlayout: post")
    {'title': 'A: B', 'layout': 'post'}
    """
    if len(block) > MOST_YAML_CHARACTERS:
        return f"it is longer than {MOST_YAML_CHARACTERS} characters"
    try:
        fields = front_value(_load_yaml(_TAB_BEFORE_VALUE.sub(r"\1 ", block)))
    except (
        yaml.YAMLError,
        ArithmeticError,
        AttributeError,
        LookupError,
        ValueError,
    ) as error:  # also from `!!int`
        return _lines_as_fields(block) or " ".join(str(error).split())
    except RecursionError:
        return f"it is nested more than {DEEPEST_YAML} levels deep"
    return fields or {} if isinstance(fields, dict | None) else "it is not a mapping of fields"


def _lines_as_fields(block: str) -> dict[str, FrontValue]:
    """Return the fields of lines `key: value`, each perhaps with lines `- item` below; nothing if others are there."""
    fields: dict[str, FrontValue] = {}
    items: list[FrontValue] | None = None  # of the last key, where no value is behind it
    for line in filter(str.strip, block.splitlines()):
        if match := FIELD_LINE.match(line):
            value = (match[2] or "").strip()
            items = None if value else []
            fields[match[1]] = value or items
        elif items is not None and (item := _ITEM_LINE_OF_YAML.match(line)):
            items.append(item[1].strip())
        else:
            return {}
    return {key: value or "" for key, value in fields.items()}


def _load_yaml(block: str) -> object:
    """Return the value of a YAML block, by the fast loader where both loaders agree."""
    if sum(map(block.count, "[{-?")) <= MOST_NESTING_CHARACTERS and not _NEEDS_STRICT_LOADER.search(block):
        with suppress(yaml.YAMLError, ValueError):  # the strict loader reports the error
            return yaml.load(block, _FastLoader)  # noqa: S506 - a SafeLoader
    return yaml.load(block, _StrictLoader)  # noqa: S506 - a SafeLoader, made safer


def front_value(value: object, depth: int = 0) -> FrontValue:
    """Return a value of YAML, TOML or JSON as data that every format can hold: dates and numbers as text.

    Raises RecursionError below `DEEPEST_YAML` levels.
    """
    if depth > DEEPEST_YAML:
        raise RecursionError
    if isinstance(value, dict):
        return {str(key): front_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [front_value(item, depth + 1) for item in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | None) else str(value)
