"""A line of text with tags -> whether it is about the tags: `Use <b> and </b> for bold`."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from pipeline.markdown import code_spans
from pipeline.patterns import lazy_pattern

_ANY_TAG = lazy_pattern(r"<(?P<end>/?)(?P<name>[A-Za-z][\w-]*)(?:\s[^<>]*)?(?P<empty>/?)>")
_ONLY_CONJUNCTION = lazy_pattern(  # <b> and </b>
    r"<(?P<name>[a-z]+)>\s*(?:and|or|und|oder|et|ou|y|o|e|i|en|of|og|och|и|или|та|або|ve|veya|和|与|與|及|或|到|と|や|または|및|와|과|또는"
    r"|/|,|、|…|\.{3})\s*</(?P=name)>",
    re.IGNORECASE,
)
_VOID = frozenset(  # have no end tag (HTML)
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)


def mentions_tags(line: str) -> bool:
    """Return whether a line of text is about tags: a tag is in code, is never closed, or surrounds only `and`.

    >>> [mentions_tags(line) for line in ("Use <b> and </b>.", "The tag <div> is a block.", "A <b>bold</b> word<br>")]
    [True, True, False]
    """
    if "<" not in line:
        return False
    code = code_spans(line)
    if any(_ANY_TAG.fullmatch(line[start:end].strip("` ")) for start, end in code):
        return True  # other tags in the line may be examples as well
    shown = "".join(line[end:start] for (_, end), (start, _) in pairwise([(0, 0), *code, (len(line), 0)]))
    depth: Counter[str] = Counter()
    for tag in _ANY_TAG.finditer(shown):
        name = tag["name"].lower()
        if name not in _VOID and not tag["empty"]:
            depth[name] += -1 if tag["end"] else 1
    return any(depth.values()) or bool(_ONLY_CONJUNCTION.search(shown))
