r"""Tags of site generators in the target of a link or image -> the path they stand for: `{{ site.baseurl }}/a.png`.

| written | path |
|---|---|
| `{{ site.baseurl }}/a.png`, `{{site.url}}/a.png` (Jekyll) | `/a.png` |
| `{{ "/a.png" \| relative_url }}` (Jekyll) | `/a.png` |
| `{% asset_path a.png %}` (Hexo) | `a.png` |

Those that name a post (`{% post_url walk %}`) are in note_links.py.
"""

from __future__ import annotations

import re

_TARGET_TAG = (
    r"\{\{-?[ ]*(?:[\"'](?P<string>[^\"'{}\n]*)[\"'][ ]*\|[^{}\n]*|(?:site|page|base|root)[^{}\n]*)\}\}"
    r"|\{%-?[ ]*asset_path[ ]++(?P<path>(?:(?!-%)[^{}%\n ]|[ ]++(?!-?%))*+)[ ]*+-?%\}"
)
_TAG_AT_START = re.compile(_TARGET_TAG)
TAGGED_TARGET = re.compile(rf"(?<=\]\()[ ]*(?P<written>(?:{_TARGET_TAG})[^\s()<>\"]*)")  # in Markdown


def target_without_tags(written: str) -> str:
    """Return a target with the tag at its start replaced by the path that it stands for.

    >>> target_without_tags("{{ site.baseurl }}/img/a.png"), target_without_tags("{% asset_path a.png %}")
    ('/img/a.png', 'a.png')
    >>> target_without_tags("{{ '/a.png' | relative_url }}"), target_without_tags("a.png")
    ('/a.png', 'a.png')
    """
    found = _TAG_AT_START.match(written)
    return (found["string"] or (found["path"] or "").strip("\"'")) + written[found.end() :] if found else written
