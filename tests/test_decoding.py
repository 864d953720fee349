"""Damaged legacy files, files of several encodings and seven-bit encodings become text; sound text stays."""

from __future__ import annotations

import encodings.aliases
import quopri
from pathlib import PurePosixPath
from urllib.parse import quote

import pytest
from webencodings.labels import LABELS

from pipeline.document import Source
from pipeline.encoding.codecs import codec_named
from pipeline.encoding.labels import codec_of_label
from pipeline.read.decode import decode, detect

CHINESE = "今天去划船，天气很好，湖上的人不多，我们一直划到傍晚才回家。\n很多人以为网页会一直在那里，其实不会。\n"
JAPANESE = "昨日は友達と海に行って、夕方まで泳ぎました。\n今日は家で本を読みます。\n"
KOREAN = "어제 친구와 바다에 가서 저녁까지 수영했습니다.\n오늘은 집에서 책을 읽습니다.\n"
RUSSIAN = "Вчера мы с другом поехали на море и плавали до вечера.\nСегодня я читаю дома книгу.\n"
POLISH = "Wczoraj pojechaliśmy nad morze i pływaliśmy aż do wieczora.\nDziś będę w domu czytać książkę.\n"
GERMAN = "Köln ist schön, außer bei Regen; die Kühe stört es nicht"
TEXTS = {"gbk": CHINESE, "euc_jp": JAPANESE, "cp932": JAPANESE, "cp949": KOREAN, "cp1251": RUSSIAN, "cp1250": POLISH}


def decoded(data: bytes) -> str:
    """Return the text of a file."""
    return decode(Source(PurePosixPath("a.txt"), data)).text


@pytest.mark.parametrize("codec", TEXTS)
def test_one_lost_byte_costs_one_character(codec: str):
    """The codec is right, and the second line, which is whole, is right."""
    text = TEXTS[codec] * 2
    data = text.encode(codec)
    first = next(at for at, byte in enumerate(data) if byte > 0x7F and at > 10)
    out = decoded(data[:first] + data[first + 1 :])
    assert out.split("\n")[1:] == text.split("\n")[1:]


@pytest.mark.parametrize("codec", TEXTS)
def test_a_line_of_utf_8_in_a_legacy_file(codec: str):
    """A line that was appended in UTF-8 is decoded as UTF-8, and the others in their codec."""
    text = TEXTS[codec]
    first, second, _ = text.split("\n")
    data = (text * 3).encode(codec) + f"{second}\n".encode() + f"{first}\n".encode(codec)
    assert decoded(data) == text * 3 + f"{second}\n{first}\n"


DIARY = (
    "昨日は友達と一緒に三月の山へ登りました。とても楽しかったです。\n"
    "今日は朝から雨が降っていて、家で本を読んでいました。夕方には晴れて、散歩に出かけました。\n"
)
GUIDE = "專案的文件說明了如何參與開發，請先閱讀，因為在網路上推廣一個專案需要時間。\n你可以在這裡找到更多的資訊。\n"


@pytest.mark.parametrize(
    ("text", "codec", "before", "byte"),
    [
        (DIARY, "cp932", "一緒に", -1),  # `ｎO` is what a decoder makes of the rest of `に三`
        (DIARY, "euc_jp", "友達", -1),
        (GUIDE, "big5", "說明了", -1),
        (CHINESE, "gb18030", "天气很", -1),
        (KOREAN, "johab", "친구", -2),
    ],
)
def test_a_character_that_lost_a_byte_is_restored_or_marked(text: str, codec: str, before: str, byte: int):
    """No other character takes its place, and all others stay."""
    place = len(text[: text.index(before) + len(before)].encode(codec)) + byte
    whole = (text * 2).encode(codec)
    document = decode(Source(PurePosixPath("a.txt"), whole[:place] + whole[place + 1 :]))
    lost = text.index(before) + len(before) - 1
    assert document.text in {text * 2, text[:lost] + "\ufffd" + text[lost + 1 :] + text}
    assert all(change.confidence and change.before != change.after for change in document.changes)


@pytest.mark.parametrize(("text", "codec"), [(DIARY, "cp932"), (GUIDE, "big5"), (KOREAN, "johab"), (CHINESE, "gbk")])
def test_sound_legacy_text_has_no_changes(text: str, codec: str):
    """Letters between ideographs, names and rare characters are not damage."""
    sound = text + text.replace("。", "T恤。" if codec in {"big5", "gbk"} else "A。").replace(".", " A.")
    document = decode(Source(PurePosixPath("a.txt"), sound.encode(codec, "ignore")))
    assert (document.text, document.changes) == (sound.encode(codec, "ignore").decode(codec), ())


@pytest.mark.parametrize(("text", "codec"), [(GUIDE, "big5"), (CHINESE, "gbk"), (KOREAN, "cp949"), (RUSSIAN, "cp866")])
def test_colour_codes_inside_characters_follow_them(text: str, codec: str):
    """Boards colour the halves of characters; single-byte text with colours stays as it is."""
    coloured = b""
    for at, char in enumerate(text):
        data = char.encode(codec)
        coloured += b"\x1b[1;31m".join([data[:1], data[1:]]) if at % 9 == 1 and (data[1:] or codec == "cp866") else data
    out = decoded(coloured)
    assert out.replace("\x1b[1;31m", "") == text
    assert codec != "cp866" or out == coloured.decode(codec)


CASES = {
    "Albanian": (
        "Dje gjithë ditën ra shi, prandaj ndenjëm në shtëpi.".encode("cp1252"),
        "Dje gjithë ditën ra shi, prandaj ndenjëm në shtëpi.",
    ),
    "Esperanto": (
        "Hieraŭ ĝi pluvis, do ni restis ĉe la hejmo kaj ŝanĝis la liton.".encode("iso8859-3"),
        "Hieraŭ ĝi pluvis, do ni restis ĉe la hejmo kaj ŝanĝis la liton.",
    ),
    "Maltese": (
        "Ilbieraħ għamlet ix-xita l-ġurnata kollha u qgħadna d-dar.".encode("iso8859-3"),
        "Ilbieraħ għamlet ix-xita l-ġurnata kollha u qgħadna d-dar.",
    ),
    "dashes of GB 2312": (
        "他说——今天·明天都可以——然后就回家了。".encode("gbk"),
        "他说——今天·明天都可以——然后就回家了。",
    ),
    "cut in the middle of a character": (CHINESE.encode("gbk")[:-4], CHINESE[:-3] + "\ufffd"),
    "the euro of code page 936": (b"\x80" + CHINESE.encode("gbk"), "€" + CHINESE),
    "the end mark of DOS stays": (RUSSIAN.encode("cp866") + b"\x1a", RUSSIAN + "\x1a"),
    "UTF-16 of odd length": (CHINESE.encode("utf-16-le") + b"N", CHINESE + "\ufffd"),
    "UTF-16 sent as text": (
        CHINESE.replace("\n", "\r\n").encode("utf-16-le").replace(b"\n", b"\r\n"),
        CHINESE.replace("\n", "\r\n"),
    ),
    "UTF-16 with a mark, of odd length": (b"\xff\xfe" + RUSSIAN.encode("utf-16-le") + b"a", RUSSIAN + "\ufffd"),
    "UTF-16 in a script without a model": ("ყველა ადამიანი იბადება".encode("utf-16-be"), "ყველა ადამიანი იბადება"),
    "ISO-2022-JP below UTF-8": ("件名：海\n".encode() + JAPANESE.encode("iso2022_jp"), "件名：海\n" + JAPANESE),
    "ISO-2022-JP without its escapes": (b"$B$3$l$O8E$$F|5-$G$9!#(B\n", "これは古い日記です。\n"),
    "HZ": (b"~{VPND5DNDUB:\\6`~} in Usenet\n", "中文的文章很多 in Usenet\n"),
    "UTF-7": (RUSSIAN.encode("utf-7"), RUSSIAN),
    "UTF-7 of Latin letters": (b"K+APY-ln ist sch+APY-n, au+AN8-er bei Regen; die K+APw-he st+APY-rt es nicht", GERMAN),
    "quoted-printable of UTF-8": (quopri.encodestring(POLISH.encode()), POLISH),
    "quoted-printable of cp1252": (b"M=FCller aus K=F6ln =\nund mehr", "Müller aus Köln und mehr"),
    "quoted-printable of KOI8-R": (quopri.encodestring(RUSSIAN.encode("koi8-r")), RUSSIAN),
    "encoded words of mail": (b"From: =?utf-8?Q?caf=C3=A9?= =?utf-8?B?IMOg?= x", "From: café à x"),
    "a percent-encoded sentence of Latin letters": (quote(GERMAN.replace(",", "")).encode(), GERMAN.replace(",", "")),
    "a percent-encoded line": (b"%E4%BD%A0%E5%A5%BD%EF%BC%8C%E4%B8%96%E7%95%8C", "你好，世界"),
}


@pytest.mark.parametrize("name", CASES)
def test_bytes_become_text(name: str):
    """Each kind of damage and of encoding is decoded."""
    data, text = CASES[name]
    assert decoded(data) == text


@pytest.mark.parametrize(
    "text",
    [
        "Use =C3=A9 for an acute e in mail.",
        'Arrays.asList("Total", "=B2+B3"); Arrays.asList("=B5+B6")',
        "A.clip(1, out=B2) and A.clip(None, 1, out=B2)",
        "color=FF0000&bg=AACC22 url?a=B1&c=D2",
        "https://e.org/%E4%BD%A0%E5%A5%BD%EF%BC%8C%E4%B8%96",
        "[x](/wiki/%E4%BD%A0%E5%A5%BD%EF%BC%8C%E4%B8%96)",
        "$BASE(B) is $BUILD(B and `~{VPND~}` is HZ",
        "a+b-c is 1+1=2, C++ and foo+bar-",
        "`=?utf-8?Q?caf=C3=A9?=` is an encoded word",
    ],
)
def test_sound_text_stays(text: str):
    """Text that only mentions an encoding, or looks like it, stays byte for byte."""
    assert decoded(text.encode()) == text


def test_only_a_proof_is_certain():
    """Detection by statistics never claims 1.0; UTF-8 and byte order marks do."""
    assert detect(CHINESE.encode()).confidence == 1
    assert all(0.9 < detect(text.encode(codec)).confidence < 1 for codec, text in TEXTS.items())


def test_each_label_is_of_a_row_of_the_table_or_of_none():
    """Browsers' labels and Python's aliases; a name outside the table would fail where its row is looked up."""
    for label in {*LABELS, *encodings.aliases.aliases, *encodings.aliases.aliases.values(), "no-such-label", ""}:
        codec = codec_of_label(label)
        assert codec is None or codec_named(codec), label


MAC = "Сегодня мы ходили в парк, там было очень хорошо и тихо.\n"
DECLARATIONS = {
    "HTML": '<meta charset="x-mac-cyrillic">\n',
    "HTTP": '<meta http-equiv="Content-Type" content="text/html; charset=x-mac-ukrainian">\n',
    "XML": '<?xml version="1.0" encoding="X-Mac-Cyrillic"?>\n',
    "front matter": "---\nencoding: x-mac-cyrillic\n---\n",
}


@pytest.mark.parametrize("declaration", DECLARATIONS.values(), ids=DECLARATIONS)
def test_a_declared_label_that_python_lacks(declaration: str):
    """Python has no `x-mac-cyrillic`; browsers have. The label helps a text that is too short to show its encoding."""
    assert decoded(declaration.encode() + MAC.encode("mac_cyrillic")) == declaration + MAC


def test_an_encoded_word_with_a_label_of_browsers():
    """Mail programs wrote labels such as `x-sjis`."""
    assert decoded(b"Subject: =?x-sjis?B?k/qWe4zq?=\n") == "Subject: 日本語\n"


@pytest.mark.parametrize("text", ["大家好，周末去爬山。\n\x1b[32m※ 来源\x1b[m\n", "大家好，周末去爬山。\n◎ 注意 § 5\n"])
def test_rare_signs_of_a_whole_file_stay(text: str):
    """A sign is not a rest of a damaged character in a file whose bytes are all right."""
    assert decoded(text.encode("gbk")) == text


@pytest.mark.parametrize(
    ("first", "second", "codec"),
    [
        ("name,city\nJürgen,Köln", "Bjørn,Århus", "cp1252"),
        ("Łódź i Kraków", "Gdańsk i Poznań", "cp1250"),
        ("Ångström", "Übung", "latin-1"),
        ("# größer", "# naïveté déjà vu", "latin-1"),
        ("# © 2010", "name = 'Jörg'", "cp1252"),
        ("print('café')", "// Author: René", "cp1252"),
        ("– ok", "© 2011 Foo", "cp1252"),
        ("# Blåbærgrød", "x = 'på ø'", "cp1252"),
        ("# güneş çok", "x = 'şey'", "cp1254"),
        ("// příliš", "int x; // kůň", "cp1250"),
    ],
)
def test_latin_words_of_utf8_are_no_chinese(first: str, second: str, codec: str):
    """Two lines, one in UTF-8 and one not: no Chinese or Cyrillic character is inside of a Latin word."""
    text = decode(Source(PurePosixPath("a.csv"), first.encode() + b"\n" + second.encode(codec) + b"\n")).text
    assert text == f"{first}\n{second}\n"


@pytest.mark.parametrize(
    "text",
    [
        "That´s all for today, folks.",
        "It´s a pity: the ferry doesn´t stop here any more.",
        "Ein ´Programm´ für alle, die´s eilig haben.",
        "The complete kit costs £39.95, and postage is £4.\nSend £2 for the catalogue.",
        "Adult\xa0\n£ 16.00\nFamily\xa0\n£ 24.00\n\xa0",
        "A reply to the comment about »Virtual Gardens« (by D. Moore)",
        "© 1997 Harbour Software. All rights reserved.",
        "The path is about 3½ miles long.",
        "See § 12 of the contract.",
        "The box is marked Lagoon® and has one dot · here.",
        "empfehlenswert, auch wenn es sich dabei 'nur'\xa0um eine Sammlung\nhandelt",
        "Ausgabe 1ß/97 ist da.",
        '<a href="po.html"> Andreas Pöppler </a>\n<a href="jo.html"> Jörg Scholl </a>\nund du weißt, wer gemeint ist?',
        "Wien (Österreich)\nDFÜ (Internet, E-Mail)",
        "    _  ¬\\  _\n   /.  \\/. ¬\\\n  ¯¯¯¯¯¯¯¯¯¯",
        "¯¯¯¯¯¯¯¯¯¯¯¯¯¯\nThe news of the month\n¯¯¯¯¯¯¯¯¯¯¯¯¯¯",
        "Hinta on £30, ja toimitus kestää viikon.\nTämä päivitys on hyvä.",
    ],
)
def test_signs_of_latin_1_are_no_letters_of_other_codecs(text: str):
    """A lone sign between Latin words is not a letter: `That´s` is not `That愀`, nor `£2` `Ł2`, nor a space `á`."""
    assert decoded(text.encode("cp1252")) == text


@pytest.mark.parametrize("text", ["Tämä on hyvä päivä, ja yö on pitkä.", "Die Kühe stört es nicht, außer bei Regen."])
def test_of_codecs_that_decode_a_text_alike_the_commonest_is_named(text: str):
    """Finnish and German have the same bytes in cp1250 and cp1252."""
    assert detect(text.encode("cp1252")).codec == "cp1252"


@pytest.mark.parametrize(
    ("text", "codec", "strange"),
    [
        (GUIDE + "開放時間：９～１２點。\n", "cp950", "堃".encode("big5hkscs")),
        (JAPANESE + "10~12時 C:\\docs\n", "cp932", "剝".encode("shift_jis_2004")),
    ],
)
def test_damage_does_not_prove_a_larger_codec(text: str, codec: str, strange: bytes):
    """Wave dash, tilde and backslash are other characters in HKSCS and JIS X 0213; damage may form their pairs."""
    data = (text * 200).encode(codec)
    place = data.index(b"\n") + 1
    assert decoded(data[:place] + strange + data[place:]).endswith(text * 199)


def test_cantonese_is_in_hkscs():
    """A short text has few characters that Big5 lacks, a long one has them again and again."""
    text = "陳方安生同埋何鴻燊喺大嶼山嘅石壁水塘影相，嗰度風景好靚。\n"
    formal = GUIDE * 20 + "詩人覑先生在座。\n"
    assert [decoded(one.encode("big5hkscs")) for one in (text, text * 40, formal)] == [text, text * 40, formal]


@pytest.mark.parametrize(
    "line", ["x = 'J|ü|rgen'  # Müller", "naïve fa|ç|ade", "<td>Gr|öß|e</td><td>Größe</td>", "Köln, D|ü|sseldorf auch."]
)
def test_a_latin_letter_in_a_line_of_utf8(line: str):
    """Between bars are the letters that are in Windows-1252."""
    first, letters, rest = line.split("|")
    assert decoded(first.encode() + letters.encode("cp1252") + f"{rest}\n".encode()) == f"{first}{letters}{rest}\n"


@pytest.mark.parametrize("text", ["中J眉rgen\n你好", "他说J眉", "print('楼')  # 打印\n", "# 漏洞\nx = 1\n# 路由"])
def test_chinese_that_looks_like_latin_utf8(text: str):
    """`楼`, `路` and `眉` in GBK are the bytes of Latin letters and signs in UTF-8."""
    assert decoded(text.encode("gbk")) == text


HIKES = (
    "41<>13<>黒部岳・鷲谷（テント版）<>13～14日で鷲谷へ行きます。登山口1450ｍから歩き、約2時間で1918ｍの地点に着きます。\n"
    "67<>28<>雨蓋山Ｐ２<>新川ホール6:00⇒登山口8：30⇒山頂12：00⇒解散17：00、雪があるので1ｋｍ手前から歩きます。\n"
    "68<>30<>冬山訓練<>弱層テスト　②ＣＴ，ＥＣＴ（のこぎり）③雪崩ビーコン、★メンバ：Ｔ氏、籾坂氏、申し込みは金曜まで♪\n"
)
KOREAN_HIKES = (
    "가격은 3㎏에 2만원⇒1만5천원. 산행: 1,915ｍ 봉우리★까지 ３시간⇒４시간. Ｋ씨와 Ｂ씨는 뷁골에서 출발. ②준비물\n" * 3
)
CHINESE_HIKES = "行程：6：00⇒8：30⇒17：00★海拔1918ｍ→2350ｍ。Ｋ君和Ｂ君从甪直镇出发，经麴院、鸢谷到嵊泗②。\n" * 3


@pytest.mark.parametrize(
    ("text", "codec"), [(HIKES, "cp932"), (KOREAN_HIKES, "cp949"), (CHINESE_HIKES, "gb18030"), (HIKES * 2, "cp932")]
)
def test_rare_names_units_and_signs_of_a_valid_file_stay(text: str, codec: str):
    """All bytes are valid, and none are paired wrongly: `1450ｍ`, `⇒` and rare names are not damage."""
    assert decoded(text.encode(codec)) == text
