r"""Text -> the block of metadata at its start, in any of the dialects of site generators, and its fields.

| kind | starts with | ends with |
|---|---|---|
| YAML | `---` or `---yaml` | `---` or `...` |
| TOML | `+++` or `---toml` | `+++` or `---` |
| JSON | `{`, `;;;` or `---json` | `}`, `;;;` or `---` |
| Hexo | `key: value`, or `"key": value,` | `---`, or `;;;` |
| MultiMarkdown and Pelican | `Title: …` | a blank line |
| Logseq | `title:: …` | a blank line or a list |
| pandoc | `% title`, `% author`, `% date` | the end of the third line |

A text that merely starts with such a character (a line across the page, a sample of JSON, a dialogue) has none.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.document import FrontValue
from pipeline.markdown.yaml_fields import DEEPEST_YAML, FIELD_LINE, MOST_YAML_CHARACTERS, front_value, yaml_fields
from pipeline.patterns import lazy_pattern

_KNOWN_NAMES = (
    "title date layout tags categories category tag slug draft published permalink author authors description summary"
    " keywords aliases lang language updated modified created lastmod excerpt status template weight series type"
    " subtitle url comments toc image cover id css 标题 標題 日期 标签 標籤 分类 分類 作者 タイトル 日付"
)
_PELICAN_NAMES = "date slug category categories tags status modified summary keywords layout template css lang image"
KNOWN_FIELDS = frozenset(_KNOWN_NAMES.split())
_HEXO_FIELDS = frozenset(("title", "date", "layout", "tags", "categories"))
_PELICAN_FIELDS = frozenset(_PELICAN_NAMES.split())  # besides the title; what a review starts with is not one of them
_SITE_FIELDS = _HEXO_FIELDS | _PELICAN_FIELDS | {"draft", "lastmod", "permalink", "weight"}  # not of books or products
FEWEST_PELICAN_FIELDS = 2  # of those, for metadata without fences
_START = r"\A((?:\ufeff?[ \t]*\r?\n)*\ufeff?)"
_FENCED = lazy_pattern(_START + r"(---|\+\+\+|;;;)[ \t]*+(?:(yaml|toml|json)[ \t]*+)?\r?\n", re.IGNORECASE)
_YAML_END = lazy_pattern(r"^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_ENDS = {
    "---": lazy_pattern(r"^---[ \t]*\r?(?:\n|\Z)", re.MULTILINE),
    "+++": lazy_pattern(r"^\+\+\+[ \t]*\r?(?:\n|\Z)", re.MULTILINE),
    ";;;": lazy_pattern(r"^;;;[ \t]*\r?(?:\n|\Z)", re.MULTILINE),
}
_OBJECT = lazy_pattern(_START + r"(?=\{[ \t\r\n]*\")")
_AFTER_OBJECT = lazy_pattern(r"[ \t]*\r?(?:\n|\Z)")
_UNFENCED = lazy_pattern(_START + r"(?=[A-Za-z]+[ \t]*:|\"[A-Za-z]+\"[ \t]*:)")
_UNFENCED_END = lazy_pattern(r"^(?:-{3,}|;{3,})[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_BLANK_LINE = lazy_pattern(r"^[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_UNFENCED_LINE = lazy_pattern(r"[A-Za-z][\w-]*[ \t]*:(?:[ \t]|\Z)|[ \t]*-(?:[ \t]|\Z)|[ \t]+\S|[ \t]*\Z|#")
_PANDOC = lazy_pattern(
    _START + r"%[ \t]*(\S[^\n]*(?:\n[ \t]+\S[^\n]*)*)\n%[ \t]*+([^\n]*(?:\n[ \t]+\S[^\n]*)*)\n%[ \t]*+"
    r"(?=[^\n]*+(?:\n[ \t]*+\r?(?:\n|\Z)|\Z))([^\n%]*\b(?:1[5-9]|20)\d\d\b(?:[^\n \t]|[ \t]++)*?)[ \t]*+\r?(?:\n|\Z)"
)
_LOOKS_LIKE_FIELD = lazy_pattern(r"[\"']?[^\W\d][\w .-]*+[\"']?[ \t]*+[:=]")
_TOML_LINE = lazy_pattern(r"([\w-]+)[ \t]*+=[ \t]*+(?:\"(.*)\"|'(.*)'|((?:[^\n \t]|[ \t]++)*?))[ \t]*+\Z")
_SPOKEN_SENTENCE = lazy_pattern(
    r"\A(?>.*?\S\s+\S).*[.!?…][\"'”’»]*+\Z|\A(?>.*?[\u3040-\u9fff]).*[。！？…][”’」』]*+\Z", re.DOTALL
)
_PROPERTIES = lazy_pattern(_START + r"((?:[^\s:\-*#>][^\s:]*::(?:[ \t][^\n]*)?\n)+)(?=[ \t]*\r?\n|[-*][ \t]|\Z)")
_WIKI_BRACKETS = lazy_pattern(r"\[\[([^\[\]]*)\]\]")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The block of metadata at the start of a text, as written, and its fields.

    `block` includes fences, a byte order mark and blank lines before it. `kind` is yaml, toml or json where it has
    fences, else object, hexo, pelican, logseq or pandoc. `problem` says why no field can be read; then
    the block stays in the text.
    """

    block: str
    kind: str
    fields: dict[str, FrontValue] = field(default_factory=dict)
    problem: str = ""


def front_matter_of(text: str) -> FrontMatter | None:
    r"""Return the front matter of a text; None if it has none.

    >>> front_matter_of('+++\ntitle = "A walk"\n+++\nText').fields
    {'title': 'A walk'}
    >>> front_matter_of("---\nAnn: Are you coming?\nBen: Not today, I am ill.\n---\n")
    """
    if fenced := _FENCED.match(text):
        return _fenced(text, fenced)
    return next(
        (found for read in (_json_object, _unfenced, _pelican, _logseq, _pandoc) if (found := read(text))), None
    )


def _fenced(text: str, fence: re.Match[str]) -> FrontMatter | None:
    """Return front matter between fences: `---`, `+++` or `;;;`."""
    kind = (fence[3] or {"---": "yaml", "+++": "toml", ";;;": "json"}[fence[2]]).lower()
    ends = _YAML_END if kind == "yaml" and fence[2] == "---" else _ENDS[fence[2]]
    end = ends.search(text, fence.end())
    if not end:
        return None
    block, inner = text[: end.end()], text[fence.end() : end.start()]
    fields = _READERS[kind](inner)
    if isinstance(fields, dict):
        plain = kind != "yaml" or end[0].startswith("---") or fields
        return FrontMatter(block, kind, fields) if plain and _is_metadata(inner, fields, kind) else None
    likely = _LOOKS_LIKE_FIELD.match(inner.lstrip().removeprefix("{").lstrip()) and end[0].strip() == fence[2]
    return FrontMatter(block, kind, problem=fields) if likely else None


def _is_metadata(inner: str, fields: dict[str, FrontValue], kind: str) -> bool:
    """Return whether fields are metadata, and not a dialogue or a note between two lines across the page."""
    if kind != "yaml":
        return bool(fields)
    if not fields or _known(fields):
        return True
    names = re.findall(r"^([^\s:#-][^:\n]*):", inner, re.MULTILINE)
    sentences = any(isinstance(value, str) and _SPOKEN_SENTENCE.search(value) for value in fields.values())
    return not sentences and len(names) == len(set(names)) and bool(inner.split("\n", 1)[0].strip())


def _known(fields: dict[str, FrontValue]) -> frozenset[str]:
    return KNOWN_FIELDS & {key.casefold() for key in fields}


def _toml_fields(block: str) -> dict[str, FrontValue] | str:
    r"""Return the fields of a TOML block, or the reason why there are none; floats stay as they are written.

    Where the block is not valid TOML (a date without seconds is enough), each line `key = value` is a field.

    >>> _toml_fields("version = 1.10\ndate = 2021-03-05T10:00:00+08:00\n[params]\nmath = true")
    {'version': '1.10', 'date': '2021-03-05T10:00:00+08:00', 'params': {'math': True}}
    """
    if len(block) > MOST_YAML_CHARACTERS:
        return f"it is longer than {MOST_YAML_CHARACTERS} characters"
    try:
        return dict(front_value(tomllib.loads(block.replace("\r\n", "\n"), parse_float=str)))
    except RecursionError:
        return f"it is nested more than {DEEPEST_YAML} levels deep"
    except ValueError as error:
        lines = [_TOML_LINE.match(line.strip()) for line in block.splitlines() if line.strip()]
        if lines and all(lines):
            return {line[1]: line[2] or line[3] or line[4] or "" for line in lines if line}
        return " ".join(str(error).split())


def _json_fields(block: str) -> dict[str, FrontValue] | str:
    """Return the fields of a JSON object, or of its inner lines without braces; or the reason why there are none."""
    if len(block) > MOST_YAML_CHARACTERS:
        return f"it is longer than {MOST_YAML_CHARACTERS} characters"
    inner = block.strip()
    try:
        value = _DECODER.decode(inner if inner.startswith("{") else "{" + inner.removesuffix(",") + "}")
        return dict(front_value(value)) if isinstance(value, dict) else "it is not an object"
    except RecursionError:
        return f"it is nested more than {DEEPEST_YAML} levels deep"
    except ValueError as error:
        return " ".join(str(error).split())


_DECODER = json.JSONDecoder(parse_float=str, parse_constant=str)
_READERS: dict[str, Callable[[str], dict[str, FrontValue] | str]] = {
    "yaml": yaml_fields,
    "toml": _toml_fields,
    "json": _json_fields,
}


def _json_object(text: str) -> FrontMatter | None:
    """Return front matter that is a JSON object with a title and another field of site generators, and text below."""
    if not (start := _OBJECT.match(text)):
        return None
    try:
        value, end = _DECODER.raw_decode(text[start.end() : start.end() + MOST_YAML_CHARACTERS])
        fields = dict(front_value(value))
    except (ValueError, RecursionError):
        return None
    after = _AFTER_OBJECT.match(text, start.end() + end)
    if not after or not text[after.end() :].strip() or len(_known(fields)) * 2 < len(fields):
        return None
    plain = isinstance(fields.get("title"), str) and len(_SITE_FIELDS & {key.casefold() for key in fields}) > 1
    return FrontMatter(text[: after.end()], "object", fields) if plain else None


def _unfenced(text: str) -> FrontMatter | None:
    """Return front matter that has no opening fence, as Hexo reads it: `title: A walk`, more fields, `---`."""
    if not (start := _UNFENCED.match(text)):
        return None
    end = _UNFENCED_END.search(text, start.end(), start.end() + MOST_YAML_CHARACTERS)
    if not end:
        return None
    inner = text[start.end() : end.start()]
    if end[0].startswith(";"):
        fields = _json_fields(inner)
    elif all(_UNFENCED_LINE.match(line) for line in inner.splitlines()):
        fields = yaml_fields(inner)
    else:
        return None
    if not isinstance(fields, dict) or not _HEXO_FIELDS & fields.keys():
        return None
    plain = len(fields) > 1 and len(_known(fields)) * 2 >= len(fields)
    return FrontMatter(text[: end.end()], "hexo", fields) if plain or [*fields] == ["title"] else None


def _pelican(text: str) -> FrontMatter | None:
    """Return metadata without fences, as MultiMarkdown and Pelican read it: lines `Key: value` up to a blank line."""
    if not (start := _UNFENCED.match(text)):
        return None
    end = _BLANK_LINE.search(text, start.end(), start.end() + MOST_YAML_CHARACTERS)
    lines = text[start.end() : end.start() if end else start.end()].splitlines()
    fields: dict[str, FrontValue] = {}
    key = ""
    for line in lines:
        if line[:1] in {" ", "\t"} and key:
            fields[key] = f"{fields[key]} {line.strip()}"
        elif (match := FIELD_LINE.match(line)) and not line.endswith("\\"):
            key = match[1]
            fields[key] = (match[2] or "").strip()
        else:
            return None
    names = {name.casefold() for name in fields}
    words = {name for name in names - KNOWN_FIELDS if name.isalpha()}  # a recipe has some; `Mastodon-Comments` is none
    plain = "title" in names and len(names & _PELICAN_FIELDS) >= FEWEST_PELICAN_FIELDS + len(words)
    return FrontMatter(text[: end.end()], "pelican", fields) if plain and end else None


def _logseq(text: str) -> FrontMatter | None:
    """Return the properties of a page of Logseq: lines `key:: value`, one of which site generators have, too."""
    if not (match := _PROPERTIES.match(text)) or not text[match.end() :].strip():
        return None  # a page of properties alone shows them
    pairs = (line.split("::", 1) for line in match[2].splitlines())
    fields: dict[str, FrontValue] = {key: _WIKI_BRACKETS.sub(r"\1", value).strip() for key, value in pairs}
    return FrontMatter(match[0], "logseq", fields) if _known(fields) or "alias" in fields else None


def _pandoc(text: str) -> FrontMatter | None:
    """Return the title block of pandoc: `% title`, `% authors`, `% date`, the last with a year, and a blank line."""
    if not (match := _PANDOC.match(text)):
        return None
    title, authors, date = (" ".join(part.split()) for part in match.groups()[1:])
    names = [name.strip() for name in re.split(r"[;\n]", match[3]) if name.strip()]
    fields: dict[str, FrontValue] = {"title": title, "author": names if len(names) > 1 else authors, "date": date}
    return FrontMatter(match[0], "pandoc", {key: value for key, value in fields.items() if value})
