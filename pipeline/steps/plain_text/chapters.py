"""Lines of a plain text -> which are headings of chapters, `第一章 离家` or `CHAPTER I`, and at which level."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.patterns import lazy_pattern
from pipeline.steps.plain_text.lines import columns

MOST_TITLE_COLUMNS = 64  # columns of a heading; a longer line is a sentence
SHORTEST_UNDERLINE = 4  # characters
MOST_TITLE_WORDS = 8  # words of a title that ends with a full stop
FEWEST_CONTENTS_LINES = 3  # chapter lines in a row that are a table of contents
_NUMBER = r"[0-9０-９]{1,5}|[一二三四五六七八九十百千零〇○两兩廿卅壹贰叁肆伍陆柒捌玖拾]{1,9}"
_ROMAN = r"(?=[IVXLC])C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty"
    "|forty|fifty|(?:twenty|thirty|forty)-(?:one|two|three|four|five|six|seven|eight|nine)|first|second|third|fourth|fifth"
    "|sixth|seventh|eighth|ninth|tenth|last|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf"
    "|(?:erst|zweit|dritt|viert|fünft|sechst|siebent?|acht|neunt|zehnt|elft|zwölft|letzt)e[rs]?|un|deux|trois|quatre|cinq"
    "|sept|huit|neuf|dix|premi(?:er|ère)|seconde?|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix)ième|uno|dos|tres|cuatro"
    "|cinco|seis|siete|ocho|nueve|diez|primer[oa]?|segund[oa]|tercer[oa]?|cuart[oa]|quint[oa]|sext[oa]|séptim[oa]|octav[oa]"
    "|noven[oa]|décim[oa]|último|prim[oa]|terz[oa]|quart[oa]|sest[oa]|settim[oa]|ottav[oa]|decim[oa]|um|dois|três|quatro"
    "|sete|oito|nove|dez|primeir[oa]|terceir[oa]|sétim[oa]|oitav[oa]|non[oa]|перв(?:ая|ый|ое)|втор(?:ая|ой|ое)|трет(?:ья|ий|ье)"
    "|четв[её]рт(?:ая|ый|ое)|пят(?:ая|ый|ое)|шест(?:ая|ой|ое)|седьм(?:ая|ой|ое)|восьм(?:ая|ой|ое)|девят(?:ая|ый|ое)"
    "|десят(?:ая|ый|ое)|последн(?:яя|ий|ее)|перш(?:ий|а)|друг(?:ий|а)|трет(?:ій|я)|pierwsz[ya]|drug[ia]|trzeci[a]?|czwart[ya]"
    "|piąt[ya]|szóst[ya]|siódm[ya]|ósm[ya]|dziewiąt[ya]|dziesiąt[ya]|první|druhá|třetí|čtvrtá|pátá|první|eerste|tweede|derde"
    "|vierde|vijfde|zesde|zevende|achtste|negende|tiende|een|twee|drie|vijf|zes|zeven|negen|tien|första|andra|tredje|fjärde"
    "|femte|første|anden|fjerde|ensimmäinen|toinen|kolmas|neljäs|viides|első|második|harmadik|negyedik|ötödik|hatodik|hetedik"
    "|birinci|ikinci|üçüncü|dördüncü|beşinci|altıncı|yedinci|sekizinci|dokuzuncu|onuncu|πρώτο|δεύτερο|τρίτο|τέταρτο|πέμπτο"
    "|الأول|الثاني|الثالث|الرابع|الخامس|السادس|السابع|الثامن|التاسع|العاشر|ראשון|שני|שלישי|רביעי|חמישי|[א-ת]{1,2}׳?"
    "|पहला|दूसरा|तीसरा|pertama|kedua|ketiga|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|nhất"
)
_PARTS = {  # the word before or after the number of a part
    "cjk": "(?:[卷集篇編编輯辑]|部(?!分))",
    "words": "part|book|volume|vol\\.|teil|buch|band|partie|livre|tome|parte|libro|tomo|livro|часть|книга|том|частина"
    "|część|księga|tom|deel|boek|del|bok|kniha|část|rész|kötet|μέρος|βιβλίο|cilt|kısım|الجزء|חלק|भाग|ภาค|phần|quyển|bagian",
    "korean": "[부권]",
}
_CHAPTERS = {
    "cjk": "[章回节節话話幕折讲講課课夜]",
    "words": "chapter|chap\\.|kapitel|chapitre|capítulo|capitulo|capítol|capitolo|capitol|capitolul|hoofdstuk|kapitola"
    "|rozdział|kapittel|luku|fejezet|bölüm|chương|hồi|bab|глава|розділ|раздел|поглавље|κεφάλαιο|κεφαλαιο|פרק|الفصل|अध्याय|บทที่"
    "|peatükk|nodaļa|skyrius|caput|canto|letter",
    "korean": "[장화회절막]",
}
_SPECIAL = lazy_pattern(  # parts of a book without a number
    r"(?:序章|序幕|序言|自序|前言|引子|引言|楔子|尾声|尾聲|终章|終章|终曲|后记|後記|跋|结语|結語|番外篇?|外传|外傳|幕间|幕間|間章|大结局|大結局"
    r"|プロローグ|エピローグ|あとがき|まえがき|はじめに|おわりに|프롤로그|에필로그|외전|서장|종장|작가의 말|머리말"
    r"|prologue|epilogue|foreword|preface|introduction|afterword|interlude|prolog|epilog|vorwort|nachwort|einleitung"
    r"|avant-propos|préface|épilogue|postface|prólogo|epílogo|prefacio|prefácio|prologo|epilogo|prefazione"
    r"|пролог|эпилог|предисловие|послесловие|интерлюдия|введение|заключение|епілог|πρόλογος|επίλογος)"
    r"(?P<number>[0-9０-９一二三四五六七八九十]{0,3})(?:[\s:：.、·—–-]+(?P<title>\S.*))?",
    re.IGNORECASE,
)
_TITLE = r"(?:[\s:：.．、,，·)）\]】—–-]+(?P<title>\S.*)|\.)?"
_HEADING_AS_SENTENCE = lazy_pattern(r"[。；;,，、：:](?:[”’」』\"')]*)\Z")
_FULL_STOP = lazy_pattern(r"(?<=[^\W\d_])\.\Z")


@dataclass(frozen=True, slots=True)
class ChapterLine:
    """What the words of a heading say: `part`, `chapter` or `special`, its number as written, its title."""

    kind: str
    number: str
    title: str


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the patterns of headings with a number, with the kind of each."""
    for kind, names in (("part", _PARTS), ("chapter", _CHAPTERS)):
        words = names["words"]
        either = (
            rf"第\s*(?P<a>{_NUMBER})\s*{names['cjk']}(?:[\s:：.、·—–-]*(?P<t>\S.*))?",
            rf"제?\s*(?P<a>[0-9]{{1,4}})\s*{names['korean']}(?:[\s:：.、·—–-]+(?P<t>\S.*))?",
            rf"(?:{words})\s+(?P<a>[0-9०-९๐-๙٠-٩]{{1,4}}|(?:{_ROMAN}))(?![\w]){_TITLE.replace('title', 't')}",
            rf"(?:{words})\s+(?P<a>{_NUMBER_WORDS})(?:\s*[:.—–-]+\s*(?P<t>\S.*)|\.)?",
            rf"(?P<a>[0-9]{{1,4}}\.?|{_NUMBER_WORDS})\s+(?:{words})(?:\s*[:.—–-]+\s*(?P<t>\S.*)|\.)?",
        )
        for pattern in either:
            yield kind, lazy_pattern(pattern, re.IGNORECASE)
    yield (
        "part",
        lazy_pattern(r"卷(?P<a>[一二三四五六七八九十]{1,3})(?:[\s:：、·]+(?P<t>\S.*))?|(?P<b>[上中下])[卷部篇]"),
    )


_NUMBERED = tuple(_patterns())
_STARTS = lazy_pattern(  # what every heading starts with or contains; a quick test of each line of a long text
    "|".join(("第", "제", "[章卷部]", "[부장화회]", _PARTS["words"], _CHAPTERS["words"])), re.IGNORECASE
)


def chapter_line(words: str, width: int) -> ChapterLine | None:
    """Return what the words of a line say if they can be a heading; None for a sentence, a list item or a long line.

    >>> chapter_line("第十二回 林教頭風雪山神廟", 24)
    ChapterLine(kind='chapter', number='十二', title='林教頭風雪山神廟')
    >>> chapter_line("Chapter 3 was never read.", 25)
    """
    if width > MOST_TITLE_COLUMNS or _HEADING_AS_SENTENCE.search(words) or words.endswith("#"):
        return None
    plain = words.strip("【】[]〔〕*=-—~ 　")
    if match := _SPECIAL.fullmatch(plain):
        return ChapterLine("special", match[0].casefold(), match["title"] or "") if _is_title(match["title"]) else None
    for kind, pattern in _NUMBERED if _STARTS.search(plain) else ():
        if match := pattern.fullmatch(plain):
            groups = match.groupdict()
            number, title = groups.get("a") or groups.get("b") or "", groups.get("t") or ""
            if _is_title(title, number):
                return ChapterLine(kind, number.rstrip(".").casefold(), title)
    return None


def _is_title(title: str | None, number: str = "") -> bool:
    """Return whether words can be the title of a chapter: not a sentence that goes on from its number."""
    if not title:
        return True
    first = title[0]
    cased = first.lower() != first.upper()
    continues = cased and first.islower() and unicodedata.category(first) == "Ll"
    return (
        not continues
        and not title.endswith("。")
        and not (number and _FULL_STOP.search(title) and len(title.split()) > MOST_TITLE_WORDS)
    )


def underlined_level(title: str, underline: str) -> int:
    """Return the level of a title with a line of the same width below: 1 for `====`, 2 for `----`; 0 if it is none.

    `-- ` above a signature is shorter, as are the rulers of most tables and letters.
    """
    same = abs(columns(title) - len(underline)) <= 1 and len(underline) >= SHORTEST_UNDERLINE
    return (
        0
        if not same or not any(map(str.isalnum, title))
        else {"=": 1, "-": 2}.get(underline.strip(underline[0]) or underline[0], 0)
    )


def heading_levels(candidates: Sequence[tuple[int, int, ChapterLine]]) -> dict[int, int]:
    """Return the level of each heading by its key: of parts 2; of chapters 3 below parts, else 2.

    `candidates` are (key, index of the line among those that are not blank, what it says). Rows of chapter lines
    without text between them are a table of contents. A single heading counts only in the first lines.
    """
    kept = [one for row in _contents_rows(candidates) for one in _outside_contents(row)]
    numbered = [one for one in kept if one[2].kind != "special"]
    if not numbered or (len(kept) == 1 and kept[0][1] > 4):  # noqa: PLR2004 - lines: title, author, a line about the file
        return {}
    parts = (
        {2} if any(one[2].kind == "part" for one in kept) and any(one[2].kind == "chapter" for one in kept) else set()
    )
    return {key: 2 if line.kind == "part" or not parts else 3 for key, _, line in kept}


def _contents_rows(candidates: Sequence[tuple[int, int, ChapterLine]]) -> Iterator[list[tuple[int, int, ChapterLine]]]:
    """Yield the candidates in rows: each follows the one before, with only blank lines between."""
    row: list[tuple[int, int, ChapterLine]] = []
    for one in candidates:
        if row and one[1] != row[-1][1] + 1:
            yield row
            row = []
        row.append(one)
    if row:
        yield row


def _outside_contents(row: list[tuple[int, int, ChapterLine]]) -> list[tuple[int, int, ChapterLine]]:
    """Return the headings of a row: all of a short one, of a table of contents only what begins again behind it."""
    seen: set[tuple[str, str]] = set()
    for at, (_, _, line) in enumerate(row):
        key = (line.kind, line.number)
        if key in seen:
            return row[at:] if at >= FEWEST_CONTENTS_LINES else row
        seen.add(key)
    return row if len(row) < FEWEST_CONTENTS_LINES else []
