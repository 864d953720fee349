r"""Inline content -> the asterisks and underscores in it that are text, not marks: `138****5678`, `*.py`, `__init__`.

The form decides, whatever CommonMark makes of them. In doubt they are marks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile

from pipeline.changes import Span
from pipeline.markdown.emphasis_runs import AsteriskRun, paired_runs
from pipeline.patterns import lazy_pattern

_DUNDER_NAMES = (  # names between double underscores that are no words
    "abs|aenter|aexit|aiter|anext|builtins|delattr|delitem|dict|DIR|dirname|eq|FILE|filename|floordiv|func|FUNCTION|ge"
    "|getattr|getattribute|getitem|getstate|gt|iadd|init|init_subclass|instancecheck|isub|iter|kwdefaults|le|len|LINE|lt|lshift"
    "|main|matmul|METHOD|mocks|mro|mul|NAMESPACE|ne|neg|post_init|proto|pycache|qualname|radd|reduce_ex|repr|rmul|rshift|rsub"
    "|setattr|setitem|setstate|set_name|sizeof|str|subclasshook|truediv|typename|VA_ARGS|weakref|xor"
)
_DUNDER_WORDS = (  # the same, that are words: strong text unless the line is about code
    "add|all|and|annotations|attribute|author|await|bases|bool|bytes|call|class|closure|code|complex|contains|copy|debug"
    "|defaults|del|delete|dir|div|doc|enter|exit|file|float|format|future|get|globals|hash|import|index|int|loader|missing|mod"
    "|module|name|new|next|or|package|path|pos|pow|prepare|reduce|reversed|round|self|set|slots|snapshots|spec|sub|tests"
    "|traceback|version"
)
_TOKENS = lazy_pattern(  # of names, patterns and masks; every asterisk or underscore in `text` is text
    "|".join(
        (
            rf"(?<![\w\\*])__(?:{_DUNDER_NAMES})__(?!\w)",
            r"(?<![\w\\*])__[A-Za-z]\w*?__(?=\.[A-Za-z]|\(|\[|/|[ ]?=)",
            r"(?<=[^\W\d_][./])__[A-Za-z]\w*?__(?!\w)|(?<=[^\W\d_]\.)_[A-Za-z]\w*?_(?!\w)|(?<=->)__[A-Za-z]\w*?__(?!\w)",
            r"(?<![\w\\*])_[A-Za-z]\w*?_(?=\.(?:[a-z]{1,4}|html|yaml|json|toml)\b(?! ?[A-Z])|/)",
            r"(?<=[\^\-=;><@~T・•ಠ°¬￣╥≧])(?<![\w\"'/]>)_{1,3}(?=[\^\-=;><@~T・•ಠ°¬￣╥≦])",  # faces: ^_^, -_-
            r"(?<![\w*\\])\*\^_+\^\*(?![\w*])",
            r"(?<=[0-9])\*{2,}(?=[0-9])|(?<=[0-9]-)\*{2,}(?=-)|(?<=\*-)\*{2,}(?=-)|(?<![\w*\\])\*{2,}(?=-\*{2,}-)",
            r"(?<=[0-9])\*{3,}(?=[Xx](?![A-Za-z]))|(?<=[0-9])-?\*{3,}(?=-?[0-9])",
            r"(?<=[0-9]\.)\*(?=\.)|(?<=[0-9]\.\*\.)\*|(?<=[0-9]\.)\*(?=\.\*|[\s,;:)/，。；、）]|$)",
            r"(?<=[0-9])\*(?=[0-9])",  # products
            r"(?<=[A-Za-z0-9._-])\*+(?=[A-Za-z0-9._-]*@[\w-]+\.)|(?<![\w*\\])\*{2,}(?=@[\w-]+\.)",  # mail addresses
            r"(?<![^\s(\[\"'“‘/（、，,:：=|])\*{1,2}(?=\.(?!NET\b)[A-Za-z{\[]\w*)(?![^\s*]*\*[\s,，。;；)）]|[^\s*]*\*$)",
            (
                r"(?<![^\s(\[\"'“‘（、，,:：=])(?!\*\*/\*\*(?![\w./{\[*]))"  # **/*.py, but not a strong slash
                r"(?:\*{1,2}/)+(?=[\w.*{\[]*\*)[\w.*{\[/-]*"
            ),
            r"(?<=[A-Za-z0-9.}\])-]/)\*{1,2}(?=/|\.[A-Za-z{\[*]|[\s,;)\]}\"'`|，。；、）”]|$)",  # src/*.c, docs/**
            r"(?<=[A-Za-z0-9]/)\*(?=[A-Za-z_-]*\*?\.[A-Za-z{])|(?<=[\w]/)\*\*(?=/)",
            r"(?<=[A-Za-z0-9][_-])\*(?=\.[A-Za-z])",
            r"(?<=[A-Za-z0-9])\*(?=\.[a-z]{1,4}\b(?![ ]?[A-Z]))(?<![*][A-Za-z0-9]\*)",
            r"(?<![^\s(,;:\"'`=])\*/\*(?=[\s,;)\"'`]|$)",  # */*
            r"(?<=[(\[])\*{1,2}(?=[)\]])|(?<=(?i:SELECT) )\*(?=[\s,;)]|$)|(?<=\()\*(?=,)",  # COUNT(*), SELECT *
            r"(?<=[A-Za-z]\.)\*(?=;)",  # import java.util.*;
            r"(?<=[.\])\\])\*(?=[$^|?)\]+\\])|(?<=\\[wdsWDSb])\*|(?<=[(\[|^]\.)\*",  # regular expressions
        )
    ),
    re.MULTILINE,
)
_FACES = lazy_pattern(  # (*^_^*)
    r"[(（][^\s\w*()]?\*[^\s\w*()][^\n*()]{0,7}\*[^\s\w*()]?[)）]|[(（]\*(?:\*+|_\*|[ωДд▽∀])[^\n*()]{0,4}\*?[)）]"
)
_DUNDER_WORD = lazy_pattern(rf"(?<![\w\\*])__(?:{_DUNDER_WORDS})__(?!\w)")
_ABOUT_CODE = lazy_pattern(
    rf"__(?:{_DUNDER_NAMES})__|==|\.py\b|\b(?:Python|PHP|import|module|attribute|method|attribut|модуль|атрибут)\b|属性|模块|方法|メソッド"
)
_RUN = lazy_pattern(r"(?<!\\)(?:\*+|_+)")
_LETTER_OF_WORDS = lazy_pattern(r"[^\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_OPERATOR_NEAR = lazy_pattern(r"[=+/<>≈×÷]\s*\S{0,12}\Z")
_C_TYPE = lazy_pattern(
    r"\b(?:int|char|void|float|double|long|short|bool|const|unsigned|struct \w+|FILE|size_t|u?int\d+_t|auto)[ ]?\Z"
)
_SURNAMES = (
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣"
    "蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯"
    "尹黎易常武乔喬贺賀赖賴龚龔文"
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구나민진지엄채원천방공현함변염여추도소석선설마길연위표명기반"
)
_HONORIFICS = (
    r"先生|女士|小姐|同学|老师|同志|某|总|医生|教授|律师|警官|님|씨|군|양|기자|교수|대표|의원|선생|さん|様|氏|君"
)
_BOUNDARY = r"[\s、，,。；;：:（(《“\"'「|和与與及跟同向给給由被对對]"
_BEFORE_NAME = rf"(?<![^{_BOUNDARY[1:]})"
_NAME_MASK = lazy_pattern(rf"{_BEFORE_NAME}[{_SURNAMES}]\Z")
_IDEOGRAPH = lazy_pattern(r"[\u3400-\u9fff]")
_AFTER_MASK = lazy_pattern(
    rf"(?:{_HONORIFICS})|[\u3400-\u9fff\uac00-\ud7af]?(?:[\s、，,。；;：:）()（》”\"'」|和与與及跟]|[은는이가을를의와과도]|\Z)"
)
_EMPHASIS = lazy_pattern(  # marks around words, with nothing at them that a name or a mask has; or the rest
    rf"\*(?:(?<![^\W\u3041-\u30ff\u3400-\u9fff]\*)(?<![*\\./@）)\]-]\*)(?<!{_BOUNDARY}[{_SURNAMES}]\*)(\*{{0,2}})"
    r"(?=[^\s*./,;@^)_=-])[^*\n;]*+;?(?<![\s\\/_=^-])\*\1(?![^\W\u3041-\u30ff\u3400-\u9fff]|[*./@;-])"
    r"|(?=[ \t\n])(?<=[ \t\n]\*)|(?P<left>))"
)
_DOUBTFUL_UNDERSCORE = lazy_pattern(r"_(?:(?=[_./])|(?<=[\^\-=;><@~T・•ಠ°¬￣╥≧]_)|(?<=[^\W_][./]_))")
_ENDS_TEXT = lazy_pattern(r"[\w)\]*）」】>]")
_ONLY_SIGNS = lazy_pattern(r"(?!\.\.)[.^][.^_;\-]*")  # an ellipsis may be emphasized
_WORD_CHARACTER = lazy_pattern(r"\w")
_EMPHASIZED_WORD = lazy_pattern(
    r"(?<![A-Za-z0-9*/\\._-])(\*{1,2})(?=[^\s*]*\w)[^\s*]++\1(?![A-Za-z0-9_*/@]|\.\w)"
)  # `*/health*`


def doubtful_marks(text: str) -> list[int]:
    """Return the offsets of marks in `text` that may be text. Fast; most are marks after all.

    >>> doubtful_marks("**Note**: a *b*"), doubtful_marks("a*b*c")
    ([], [1, 3])
    """
    stars = text.count("*") > 1
    found = (
        [match.start() - 1 for match in _EMPHASIS.finditer(f"\n{text}") if match["left"] is not None] if stars else []
    )
    if "_" in text and text.count("_") > 1:
        found += [match.start() for match in _DOUBTFUL_UNDERSCORE.finditer(text)]
    return found


def literal_marks(content: str) -> list[Span]:
    r"""Return the spans of asterisks and underscores in `content` that are text, sorted.

    Opaque regions must have no marks: give the masked content.

    >>> [(content := "电话138****5678和*.py*")[start:end] for start, end in literal_marks("电话138****5678")]
    ['****']
    """
    if "*" not in content and "_" not in content:
        return []
    spans = set(_token_marks(content))
    if content.count("*") > 1:
        spans -= set(_around_text(content, spans))
        pairs = paired_runs(content, sorted(spans))[0]
        strong = any(opener.size > 1 and not _is_within_words(content, opener, closer) for opener, closer in pairs)
        for opener, closer in pairs:
            if _is_text(content, opener, closer) or (
                _is_within_words(content, opener, closer) and not (strong and opener.size > 1)
            ):
                spans |= {(opener.start, opener.end), (closer.start, closer.end)}
    return sorted(spans)


def _around_text(content: str, spans: Collection[Span]) -> Iterator[Span]:
    """Yield those of `spans` that pair with a mark, around a text: the second run of `**cd /tmp/**`."""
    for opener, closer in paired_runs(content)[0]:
        first, last = (opener.start, opener.end), (closer.start, closer.end)
        if first in spans and last not in spans and not content[opener.start - 1 : opener.start].isalnum():
            yield first
        number = content[opener.end : closer.start].replace(" ", "").isdigit()  # a part of it is strong: `**10**0`
        if last in spans and first not in spans and (number or not content[closer.end : closer.end + 1].isalnum()):
            yield last


def _token_marks(content: str) -> Iterator[Span]:
    """Yield the runs in names, patterns and masks, but not those around a word: `*/health*`, `**/tmp/**`."""
    words = [match.span() for match in _EMPHASIZED_WORD.finditer(content)] if "*" in content else []
    code: Iterable[re.Match[str]] = ()
    if "__" in content and _ABOUT_CODE.search(content):
        code = _DUNDER_WORD.finditer(content)
    found = (match for run in _RUN.finditer(content) if (match := _TOKENS.match(content, run.start())))
    for match in (*found, *_FACES.finditer(content), *code):
        for run in _RUN.finditer(content, *match.span()):
            if run[0][0] == "_" or not any(start == run.start() or end == run.end() for start, end in words):
                yield run.span()


def _is_text(content: str, opener: AsteriskRun, closer: AsteriskRun) -> bool:
    """Return whether two runs of asterisks that could be a pair are text, other than inside words: `김**님, 이**님`."""
    inner = content[opener.end : closer.start]
    if _ONLY_SIGNS.fullmatch(inner):  # `*.*` and `^_^`, but not the stop of `[*a*](b)*.*`
        return opener.size == 1 and (inner[0] == "^" or not _ENDS_TEXT.match(content[: opener.start][-1:]))
    if any(_C_TYPE.search(content, max(0, run.start - 20), run.start) for run in (opener, closer)) and re.search(
        r"[;,=()]", inner
    ):
        return True
    return all(_masks_a_name(content, run) for run in (opener, closer))


def _masks_a_name(content: str, run: AsteriskRun) -> bool:
    """Return whether a run stands for the rest of a name: `王*明`, `김**님`."""
    surname = _NAME_MASK.search(content, max(0, run.start - 2), run.start)
    given_name = run.size == 1 and _IDEOGRAPH.match(content, run.end)
    return bool(surname and (given_name or _AFTER_MASK.match(content, run.end)))


def _is_within_words(content: str, opener: AsteriskRun, closer: AsteriskRun) -> bool:
    """Return whether both runs are inside words or formulas, so that emphasis would start and end within a word.

    Emphasis of a part of one word stays: `un*frigging*believable`.
    """
    before, inner, last = (
        content[: opener.start],
        content[opener.end : closer.start],
        content[closer.end : closer.end + 1],
    )
    first = before[-1:]
    if not (_LETTER_OF_WORDS.match(first) or first in {")", "]"}) or not (
        _LETTER_OF_WORDS.match(last) or last in {"(", "["}
    ):
        return False
    if "](" in inner:
        return False
    if re.search(r"\s", inner):
        return True
    if not all(part.isascii() for part in (first, inner, last)):
        return False
    parts = ("".join(takewhile(_WORD_CHARACTER.match, reversed(before))), inner)
    shortest = 1 if opener.size > 1 and last.isalpha() else 2  # `fl**e**sh` is not a product
    return not (all(part.isalpha() for part in parts) and len(parts[0]) > 1 and len(inner) >= shortest) or bool(
        _OPERATOR_NEAR.search(before[-30:])
    )
