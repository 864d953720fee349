"""YAML block -> its fields; of hostile or broken YAML none, and no exception."""

from __future__ import annotations

import datetime as dt
import re

from pipeline.document import FrontValue

MOST_YAML_CHARACTERS = 16_384  # characters; YAML parsers are quadratic or recurse on hostile input
DEEPEST_YAML = 32  # levels of lists and mappings: every output format recurses over them, and no post has more than 6
_TAB_BEFORE_VALUE = re.compile(r"^([ ]*(?:-[ ]+)?[\w-]+:|[ ]*-)[ ]*\t[ \t]*", re.MULTILINE)  # YAML 1.2 allows it
_MARKDOWN_COMMENT = re.compile(r"^\[[^\]\n]*\]:.*", re.MULTILINE)  # `[comment]: <> (text)`: Jekyll passes over it
_ITEM_LINE_OF_YAML = re.compile(r"[ \t]*-(?=[ \t]|\Z)(.*)\Z")
FIELD_LINE = re.compile(r"([\w-]+):(?:\s+(.*))?\Z")


def yaml_fields(block: str) -> dict[str, FrontValue] | str:
    r"""Return the fields of a YAML block, or the reason why there are none.

    Where the block is not valid YAML (an unquoted colon in a title is enough), each line `key: value` is a field.

    >>> yaml_fields("title: A: B\nlayout: post")
    {'title': 'A: B', 'layout': 'post'}
    """
    if len(block) > MOST_YAML_CHARACTERS:
        return f"it is longer than {MOST_YAML_CHARACTERS} characters"
    from pipeline.markdown.yaml_loader import load_yaml  # noqa: PLC0415 - takes 30 ms, which few posts need

    try:
        fields = front_value(load_yaml(_TAB_BEFORE_VALUE.sub(r"\1 ", _MARKDOWN_COMMENT.sub("", block))))
    except (ArithmeticError, AttributeError, LookupError, ValueError) as error:
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
