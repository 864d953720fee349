"""Bytes of a package's member -> (text, count): one small reader for each file format."""

# ruff: noqa: ARG001 - every reader takes the name

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator

import msgpack
import polib
from lxml import etree
from lxml import html as lxml_html
from packaging.metadata import parse_email

TOKENS = 1e7  # words of running text that probabilities are converted to counts for
RARE = 0.5  # a lower count of an n-gram in these words is left out
INLINE = frozenset(
    "a abbr acronym app b bdi big cite cmd code em emphasis file filename font gui guibutton guilabel guimenu "  # noqa: SIM905
    "guimenuitem guiseq i img input ins key keycap keycombo kbd link literal menuchoice q s samp small span strong sub "
    "sup sys tt u ulink var xref".split()
)
VERBATIM = ("{*}script", "{*}style", "{*}pre", "{*}nav", "{*}screen", "{*}programlisting", etree.Comment)
FONTS = "B|I|BR|RB|BI|IB|RI|IR|SM|SH|SS|Nm|Ar|Fl|Xr|Pa|Em|Sy|Sh|Ss"  # requests whose arguments are text
REMARK = r"#|\*|//|\"{3}|:[a-z]+ [\w.]+:|@\w+ +(\{.*?\} +)?[\w.\[\]=]+"
WIDE = (
    r"[\u3000-\u30ff"  # CJK Symbols and Punctuation, Hiragana, Katakana
    r"\u3400-\u9fff"  # CJK Unified Ideographs, with Extension A
    r"\uff00-\uffef]"  # Halfwidth and Fullwidth Forms
)

Texts = Iterator[tuple[str, float]]


def spaceless(text: str) -> str:
    """Return text with single spaces, and without those between two Chinese or Japanese characters."""
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(rf"(?<={WIDE}) (?={WIDE})", "", text)


def arpa(name: str, data: bytes) -> Texts:
    """Yield each n-gram of an ARPA language model with its expected count in TOKENS words, outside longer n-grams."""
    chance: dict[str, float] = {}  # the probability of each n-gram that may begin a longer one
    rest: dict[str, float] = {}  # the probability of an n-gram that no longer one continues
    order, orders = 0, data[:1000].count(b"\nngram ")
    for line in data.decode().splitlines():
        if match := re.fullmatch(r"\\(\d+)-grams:", line):
            order = int(match[1])
        fields = line.split("\t")
        if not order or len(fields) == 1:
            continue
        before, _, _ = fields[1].rpartition(" ")
        rest[fields[1]] = found = 10 ** float(fields[0]) * (chance.get(before, 0.0) if before else 1.0)
        rest[before] = rest.get(before, 0.0) - found
        if order < orders:
            chance[fields[1]] = found
    counts: dict[str, float] = {}
    for words, left in rest.items():
        if left > 0:
            text = _joined(words)
            counts[text] = counts.get(text, 0.0) + left * TOKENS
    yield from ((text, count) for text, count in counts.items() if count >= RARE)


def arpa_tar(name: str, data: bytes) -> Texts:
    """Yield the n-grams of each ARPA model in a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(data)) as file:
        for member in filter(tarfile.TarInfo.isfile, file):
            yield from arpa(member.name, file.extractfile(member).read())


def _joined(words: str) -> str:
    """Return words of a model as text: without sentence marks, and only the word of `reading/word`."""
    return "".join(word[word.find("/") + 1 :] for word in words.split(" ") if not re.fullmatch("</?[a-z]+>", word))


def pinyin(name: str, data: bytes) -> Texts:
    """Yield the word pairs of libpinyin's interpolation model, and its words with their counts outside pairs."""
    left: dict[str, float] = {}
    for line in data.decode().splitlines():
        match line.split():
            case [r"\item", _, word, "count", count]:
                left[word] = float(count)
            case [r"\item", _, first, _, second, "count", count]:
                left[first] = left.get(first, 0.0) - float(count)
                words = first + second
                yield words.replace("<start>", ""), float(count)
    yield from ((word, count) for word, count in left.items() if count > 0 and word != "<start>")


def cbpack(name: str, data: bytes) -> Texts:
    """Yield the words of a wordfreq list: the frequency of its n-th bucket is 10 ** (-n / 100)."""
    _, *buckets = msgpack.unpackb(data)
    for centibels, words in enumerate(buckets):
        yield from ((word, TOKENS * 10 ** (-centibels / 100)) for word in words)


def json_pairs(name: str, data: bytes) -> Texts:
    """Yield the words of a zipped list whose lines are JSON arrays of a word and its count."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for line in file.read(file.namelist()[0]).decode().splitlines():
            word, count = json.loads(line)
            yield word, float(count)


def counted(name: str, data: bytes) -> Texts:
    """Yield the words of a list whose lines begin with a word and its count."""
    for line in data.decode().splitlines():
        match line.split():
            case [word, count, *_] if count.isdigit() and int(count):
                yield word, float(count)


def tagged(name: str, data: bytes) -> Texts:
    """Yield each line of a text in which each word is followed by its part of speech: `word/n`."""
    for line in data.decode(errors="ignore").splitlines():
        yield "".join(word.rpartition("/")[0] for word in line.split()), 1.0


def plain(name: str, data: bytes) -> Texts:
    """Yield each line of plain text."""
    yield from ((spaceless(line), 1.0) for line in data.decode(errors="ignore").splitlines() if line.strip())


def wrapped(name: str, data: bytes) -> Texts:
    """Yield each paragraph of plain text whose lines are wrapped."""
    for paragraph in re.split(r"\n\s*\n", data.decode(errors="ignore")):
        yield spaceless(paragraph), 1.0


def html(name: str, data: bytes) -> Texts:
    """Yield each paragraph, item, heading and cell of an HTML page, without code."""
    parser = lxml_html.HTMLParser(encoding=_charset(data))
    yield from _paragraphs(lxml_html.document_fromstring(data or b"<p/>", parser))


def xml(name: str, data: bytes) -> Texts:
    """Yield each paragraph, item, title and cell of an XML document such as DocBook or Mallard."""
    yield from _paragraphs(etree.fromstring(data, etree.XMLParser(recover=True, resolve_entities=False)))


def _charset(data: bytes) -> str:
    match = re.search(rb"charset=[\"']?([\w-]+)", data[:2000])
    return match[1].decode() if match else "utf-8"


def _paragraphs(root: etree._Element) -> Texts:
    """Yield the text between consecutive tags of elements that are not inline."""
    etree.strip_elements(root, *VERBATIM, with_tail=False)
    etree.strip_tags(root, etree.PI, etree.Entity)
    pieces: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag.rpartition("}")[2] not in INLINE:
            yield spaceless("".join(pieces)), 1.0
            pieces.clear()
        pieces.append((element.text if event == "start" else element.tail) or "")


def po(name: str, data: bytes) -> Texts:
    """Yield each translation of a gettext .po or .mo file that is not fuzzy."""
    entries = polib.mofile(data) if name.endswith(".mo") else polib.pofile(data.decode())
    for entry in entries.translated_entries():
        for text in (entry.msgstr, *entry.msgstr_plural.values()):
            if text and text != entry.msgid and entry.msgid:
                yield from ((spaceless(line), 1.0) for line in re.split(r"\n\s*\n", text))


def man(name: str, data: bytes) -> Texts:
    """Yield each paragraph of a roff manual page, without requests and escapes."""
    text = data.decode(errors="ignore")
    text = re.sub(rf'^[.\']({FONTS}) +"?(.*?)"?$', r"\2", text, flags=re.MULTILINE)
    text = re.sub(r"^[.'].*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\f(\[\w*\]|\(\w\w|.)|\\[&|^c]|\\s[+-]?\d", "", text).replace(r"\-", "-").replace(r"\e", "\\")
    for paragraph in re.split(r"\n\s*\n", text):
        yield spaceless(paragraph), 1.0


def strings(name: str, data: bytes) -> Texts:
    """Yield each string of a JSON document, without tags and wiki markup."""
    todo = [json.loads(data)]
    while todo:
        match todo.pop():
            case str(text):
                yield spaceless(re.sub(r"<[^>]*>|\[\[(?:[^\]|]*\|)?|\]\]|'{2,}", "", text)), 1.0
            case list(inner):
                todo += reversed(inner)
            case dict(inner):
                todo += reversed(inner.values())


def markdown(name: str, data: bytes) -> Texts:
    """Yield each paragraph, item and heading of Markdown, without code blocks and markup."""
    text = re.sub(r"(?ms)^ *```.*?^ *```|^ *<!--.*?-->", "", data.decode(errors="ignore"))
    text = re.sub(r"(?m)^\s*([-*+]|#+|\d+\.) ", "\n\n", text)
    text = re.sub(r"!?\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])|<[^>]*>|(?m:^[ \t>#*|-]+)|`|\*\*", r"\1", text)
    for paragraph in re.split(r"\n\s*\n|\n(?=[^\n]*\|)", text):
        yield spaceless(paragraph.replace("|", " ")), 1.0


def metadata(name: str, data: bytes) -> Texts:
    """Yield the paragraphs of a Python package's description, read as Markdown."""
    yield from markdown(name, parse_email(data)[0].get("description", "").encode())


def lyx(name: str, data: bytes) -> Texts:
    """Yield each paragraph of a LyX document, without insets."""
    for layout in re.split(r"\\begin_layout [^\n]*|\\end_layout", data.decode(errors="ignore")):
        yield spaceless(re.sub(r"(?m)^\\.*$|^(?:status|name|LatexCommand|reference|filename) .*$", "", layout)), 1.0


def comments(name: str, data: bytes) -> Texts:
    """Yield the comments of source code, line by line, without comment marks, tags and parameter names."""
    text = re.sub(r"<[^<>]*>|\\[nr]", " ", data.decode(errors="ignore"))
    for line in re.findall(r"(?m)^.*[^\x00-\u0fff].*$", text):
        bare = re.sub(rf"^[^\x80-\uffff]*?({REMARK}) *", "", line.strip())
        yield spaceless(re.sub(r":[a-z]+ [\w.]+: *|\"{3}|\*/?$|[`*]{2,}", "", bare)), 1.0


def electron_zh(name: str, data: bytes) -> Texts:
    """Yield the paragraphs of each Chinese page of Electron's translated documentation."""
    return _electron("zh-CN", data)


def electron_ja(name: str, data: bytes) -> Texts:
    """Yield the paragraphs of each Japanese page of Electron's translated documentation."""
    return _electron("ja-JP", data)


def _electron(locale: str, data: bytes) -> Texts:
    for address, page in json.loads(data)[locale].items():
        yield from html(address, page["html"].encode())
