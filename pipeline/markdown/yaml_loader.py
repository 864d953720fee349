"""YAML -> plain data: no aliases, no objects, and numbers and dates as they are written."""

from __future__ import annotations

import re
from contextlib import suppress

import yaml

MOST_NESTING_CHARACTERS = 200  # nesting characters; libyaml recurses without Python's recursion limit


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


def load_yaml(block: str) -> object:
    """Return the value of a YAML block, by the fast loader where both loaders agree.

    >>> load_yaml("version: 1.10")
    {'version': '1.10'}

    Raises ValueError where the block is not valid YAML, or holds an alias; ArithmeticError, AttributeError or
    LookupError where a value does not fit its tag, as in `!!int`.
    """
    if sum(map(block.count, "[{-?")) <= MOST_NESTING_CHARACTERS and not _NEEDS_STRICT_LOADER.search(block):
        with suppress(yaml.YAMLError, ValueError):  # the strict loader reports the error
            return yaml.load(block, _FastLoader)  # noqa: S506 - a SafeLoader
    try:
        return yaml.load(block, _StrictLoader)  # noqa: S506 - a SafeLoader, made safer
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
