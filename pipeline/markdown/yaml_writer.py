"""Fields -> YAML front matter, the block at the top of a Markdown file."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

_YAML_LINE_WIDTH = 10_000  # columns: lines are not folded
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the C one is three times as fast, where PyYAML has it


def yaml_front_matter(fields: Mapping[str, object]) -> str:
    r"""Return fields, in their order, as a YAML block between `---` lines, and an empty line.

    >>> yaml_front_matter({"title": "A: B", "tags": ["c"]})
    "---\ntitle: 'A: B'\ntags:\n- c\n---\n\n"
    """
    written = yaml.dump(dict(fields), Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=_YAML_LINE_WIDTH)
    return f"---\n{written}---\n\n"
