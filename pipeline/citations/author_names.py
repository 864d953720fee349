"""The names before a title -> the authors, each with the given name first."""

from __future__ import annotations

import re

from pipeline.patterns import lazy_pattern

LONGEST_AUTHOR = 80
LEAST_LETTERS_OF_NAME = 3  # in letters with cases
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
INITIALS = r"(?:[^\W\d_]\.[\s‑-]?){1,4}"
SURNAME = r"[^\W\d_][\w'’-]+"
_AND = lazy_pattern(r"(?:,\s*+|(?<!\s)\s++)?+(?:&|\b(?:and|und|et|y|e|и|och|en|i|ve)\b)\s+")
_INVERTED = lazy_pattern(rf"([^\s,;][^,;]{{0,40}}),\s*({INITIALS})(?:\s*,\s*(?:Jr|Sr)\.?)?(?=,|;|\Z)")  # Lee, K. J.
_SURNAME_FIRST = lazy_pattern(
    rf"([^\s,;.{_CJK}][^,;.]{{0,40}}),\s+([^\W\d_][\w'’-]+(?:\s+[^\W\d_][\w.'’-]*)*)"
)  # Lee, Kim
_SURNAME_FIRST_OF_MANY = lazy_pattern(  # Lee, Kim, Jane Doe, and John Roe
    rf"({SURNAME}), ({SURNAME}(?: [^\W\d_]\.)?), ([^\s,]+ [^,]+(?:, [^\s,]+ [^,]+)*)"
)
_INITIALS_LAST = lazy_pattern(r"\s[A-Z]{1,3}\Z")  # Lee KP
_BARE_INITIAL = lazy_pattern(r"(?<=\s)([^\W\d_])(?=\s|\Z)")
_NO_NAME = lazy_pattern(r"https?:|www\.|[!?:：？！{}<>=|]|\d{3}")
_PARTICLES = lazy_pattern(  # words of names and institutions without a capital
    r"(?:a[fln]?|and|auf|aus|bei|bin|d['’]|das?|de[ilnrs]?|della|di|d[ou]|dos|e[lnt]?|f[öü]r|in?|l[aeo]s?|of|och|on|os|st|ten?|ter|the"
    r"|till|und|van?|vom|von|vor|v|y|za|zum?|zur)",
    re.IGNORECASE,
)
_NO_CJK_NAME = lazy_pattern(
    r"[的了是在我你他她它这那于从把被让年月日]|参考|参见|另见|详见|来源|原文|出处|图片|资料|视频|摘自|出自|引自|译自|链接|本文"
)
_CJK_INSTITUTION = lazy_pattern(
    r"[局部会會院学學社司组組所厅廳室处處网網省市国國]\Z|[·・＝]|中心\Z|대학교?\Z|협회\Z|연구[원소]\Z"
)
_MOST_LETTERS_OF_CJK_NAME = 5  # 小林多喜二


def author_names(text: str) -> tuple[str, ...]:
    """Return the names of authors, each with the given name first; empty if a part of the text is not a name.

    >>> author_names("Smith, J. A., Lee, K., & Park, S."), author_names("Smith, John, and Jane Doe")
    (('J. A. Smith', 'K. Lee', 'S. Park'), ('John Smith', 'Jane Doe'))
    >>> author_names("See the manual")
    ()
    """
    names = () if _NO_NAME.search(text) else _separate_names(text)
    return names if all(map(_is_name, names)) else ()


def _separate_names(names: str) -> tuple[str, ...]:
    """Return the names, each turned round where the surname is first."""
    listed = _AND.sub(", ", names).strip(" ,")
    inverted = _INVERTED.findall(listed)
    if inverted and not _INVERTED.sub("", listed).strip(" ,;"):
        return tuple(f"{given.strip()} {surname.strip()}" for surname, given in inverted)
    if ";" in listed:
        return tuple(name for part in listed.split(";") for name in _separate_names(part))
    first, *others = _AND.split(names)
    if others and (match := _SURNAME_FIRST_OF_MANY.fullmatch(first.strip(" ,"))):
        first = f"{match[1]}, {match[2]}"
        others = [*match[3].split(","), *others]
    if (match := _SURNAME_FIRST.fullmatch(first.strip(" ,"))) and not _INITIALS_LAST.search(match[1]):
        given = _BARE_INITIAL.sub(r"\1.", match[2])
        return (f"{given} {match[1]}", *(name.strip(" ,") for name in others))
    separate = re.split(rf"[,，、;；]|(?<=[{_CJK}])[和与與](?=[{_CJK}])", listed)
    return tuple(filter(None, (name.strip() for name in separate)))


def _is_name(name: str) -> bool:
    """Return whether a text can be the name of a person or of an institution.

    Its words have capitals, except words such as `van` and `of`. A Chinese, Japanese or Korean name is short or ends as
    names of institutions do, and has no particles.

    >>> [_is_name(name) for name in ("J. van Dyk", "Ministry of Health", "See the manual", "鲁迅", "我读过")]
    [True, True, False, True, False]
    """
    if not re.match(r"[^\W\d_]", name) or len(name) > LONGEST_AUTHOR:
        return False
    if re.search(f"[{_CJK}]", name):
        return not _NO_CJK_NAME.search(name) and (
            len(re.sub(r"\s", "", name)) <= _MOST_LETTERS_OF_CJK_NAME or bool(_CJK_INSTITUTION.search(name))
        )
    words = name.split()
    capitals = [word for word in words if not _PARTICLES.fullmatch(word)]
    return len(name) >= LEAST_LETTERS_OF_NAME and bool(capitals) and not any(word[0].islower() for word in capitals)
