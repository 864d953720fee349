"""Plain text -> the URLs in it, without the punctuation and the words of another script after them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.patterns import lazy_pattern

_UNSPACED = (  # letters of scripts without spaces between words: they may be part of a URL, or the next sentence
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    r"\u3005-\u3007\u3041-\u30ff\u3105-\u312f"  # iteration marks; Hiragana, Katakana; Bopomofo
    r"\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"  # CJK Unified Ideographs; Hangul Syllables; compatibility
    r"\uff66-\uff9f\U00020000-\U0003ffff"  # halfwidth Katakana; CJK Unified Ideographs, Extension B and later
)
_NOT_IN_URL = (  # characters that end a URL
    r"\s<>\"'`|"
    r"\u060c\u061b\u061f\u0964\u0965\u0589"  # Arabic comma, semicolon, question mark; dandas; Armenian full stop
    r"\u2000-\u206f"  # General Punctuation
    r"\u3000-\u9fff"  # CJK Symbols and Punctuation, Hiragana, Katakana to CJK Unified Ideographs
    r"\uac00-\ud7af"  # Hangul Syllables
    r"\uf900-\ufaff"  # CJK Compatibility Ideographs
    r"\ufe30-\ufe4f"  # CJK Compatibility Forms
    r"\uff00-\uffef"  # Halfwidth and Fullwidth Forms
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0003ffff"  # the other scripts of _UNSPACED
)
_URL_START = lazy_pattern(  # the parser makes no links of scripts and data: they are found as text
    r"(?=[hwjvd])(?<![A-Za-z0-9_@/])(?:https?://|www\.(?=[\w-]+\.)|(?:java|vb)script:|data:[\w.+-]+/[\w.+-]+[;,])",
    re.IGNORECASE,
)
_PLAIN = lazy_pattern(rf"[^{_NOT_IN_URL}]+")
_LETTERS = lazy_pattern(rf"[{_UNSPACED}]+")
_AFTER_BARE_URL = lazy_pattern(r"[\s<>\"'`|)\]}*]|\Z")  # after a word that is followed by space, or enclosed
_GOES_ON = lazy_pattern(  # what shows that the letters before it are part of a URL: https://e.org/2021年3月/
    r"/|[-_=+][\w%]|\d{1,2}[月日]|%[0-9A-Fa-f]{2}|[?#&][\w.-]+=|\.(?:html?|md|php|aspx?|jsp|pdf|txt|xml|zip|epub|jpe?g|png|gif|webp|mp[34])\b",
    re.IGNORECASE,
)
_BEFORE_LETTERS = frozenset("/=_-#&+~:(!%·")  # a part of a URL that begins in another script follows one of these
_ROOT = lazy_pattern(r"https?://[^/]*/", re.IGNORECASE)
MOST_LETTERS = 40  # of a part of a URL that nothing but a space ends; longer ones are sentences
_SENTENCE_GOES_ON = lazy_pattern(  # what follows a URL in a sentence, and begins no title
    "即可|就[可能会會是行好有]|[是和与與或及的](?![^\\s]{1,4}(?:$|\\s))|以及|并且?|並且?|了解|(?:去)?下[载載]|查看|[获獲]取|可以"
    "|[这這][里裡个個是样樣]|[在]这|也[可是能]|都[可是有能]|然后|然後|之[后後]|[后後](?![\\u4e00-\\u9fff])|注册|登[录錄陆]"
    "|[欢歡]迎|[试試][试試]|看看|里面|裡面|中[的可]|上[的可面]|进[行入]|[來来][看下]|[这這]|看到|找到"
    "|を|[はがにでとのへも](?=[\\u3400-\\u9fff])|から|まで|です|はこちら|にアクセス|でダウンロード|へどうぞ"
    "|(?:에서|에|를|을|로|으로|입니다|의|는)(?![\\uac00-\\ud7af])|입니다|에서"
)
_SENTENCE_TAIL = lazy_pattern(
    "(?<=[\\u30a1-\\u30ff\\u3400-\\u9fff])(?:です|ます|でした|を|は|が|に(?!ん)|で(?!ん)|へ|から|まで)|(?<=.)(?:입니다|에서|를)"
)
_HOST_IN_OTHER_SCRIPT = lazy_pattern(  # an internationalized host name (IDNA): labels, then a top-level domain
    r"(?:www\.|https?://)(?![A-Za-z0-9.-]{0,253}\.(?:com|net|org|edu|gov|info|io|dev|app|me|co|cn|jp|kr|tw|hk)[^\W\d_A-Za-z])"
    r"(?:[\w-]+\.){1,126}"
    r"(?:[A-Za-z]{2,}(?![A-Za-z0-9.-]{0,253}\.\w)|(?:(?<=[^\x00-\x7f]\.)|(?=(?:中国|中國|公司|网络|網絡|香港|台湾|台灣|한국)(?!\w)))[^\W\d_A-Za-z]{2,})"
    rf"(?=[:/?#]|[{_NOT_IN_URL}.,;)\]]|\Z)",
    re.IGNORECASE,
)
_MAIL_ADDRESS_IN_TEXT = lazy_pattern(  # GFM, 6.9; what SSH and Git write with a path after it is none: git@e.org:a/b
    r"(?<![\w.+/@:-])(?:mailto:)?[\w.+-]+@(?:[\w-]+\.)+[\w-]*[A-Za-z0-9](?![\w@-]|[/:][^\s/])", re.ASCII | re.IGNORECASE
)
_TRAILING_PUNCTUATION = "?!.,:;*_~\"'\\"  # may follow a URL but is not part of it (GFM, 6.9), and a hard line break
_LEADS_SOMEWHERE = lazy_pattern(r"https?://[^/?#]*\w|(?!https?:)", re.IGNORECASE)
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_ENTITY = lazy_pattern(r"&[a-z]{2,8};\Z", re.IGNORECASE)


def find_bare_urls(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset and the URL of each bare URL in `text`.

    Sentence punctuation and Chinese text after a URL are not part of it; a part of a path in another script is.

    >>> list(find_bare_urls("见https://e.org/a_(b)。后面 (www.e.org/c)."))
    [(1, 'https://e.org/a_(b)'), (25, 'www.e.org/c')]
    >>> list(find_bare_urls("见https://e.org/a后面，https://zh.wikipedia.org/wiki/海。"))
    [(1, 'https://e.org/a'), (19, 'https://zh.wikipedia.org/wiki/海')]
    """
    done = 0
    while start := _URL_START.search(text, done):
        url = bare_url_at(text, start.start())
        if url:
            yield start.start(), url
        done = max(start.end(), start.start() + len(url))


def find_mail_addresses(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset and the text of each bare mail address.

    >>> list(find_mail_addresses("请写信给ann@example.com。 git clone git@e.org:a/b"))
    [(4, 'ann@example.com')]
    """
    return ((match.start(), match[0]) for match in _MAIL_ADDRESS_IN_TEXT.finditer(text)) if "@" in text else iter(())


def bare_url_at(text: str, at: int) -> str:
    """Return the bare URL that starts at the offset `at`; empty if none does.

    >>> bare_url_at("see http://例え.テスト/top。", 4)
    'http://例え.テスト/top'
    """
    start = _URL_START.match(text, at)
    if not start:
        return ""
    end = start.end()
    if host := _HOST_IN_OTHER_SCRIPT.match(text, at):
        end = max(end, host.end())
    while True:
        if plain := _PLAIN.match(text, end):
            end = plain.end()
        elif letters := _LETTERS.match(text, end):
            length = _letters_of_url(text, (at, end), letters[0])
            end += length
            if length < len(letters[0]):
                break
        else:
            break
    url = _before_brackets(text[at:end])
    url = url[: _url_length(url)]
    return url if len(url) >= len(start[0]) and _LEADS_SOMEWHERE.match(url) else ""


def _letters_of_url(text: str, span: tuple[int, int], letters: str) -> int:
    """Return how many of the letters that follow a URL, which is at `span`, are part of it.

    `https://zh.wikipedia.org/wiki/` + `海` is one URL; `https://e.org/a` + `后面` is a URL and the next words.
    """
    start, end = span
    after = end + len(letters)
    if not re.search(r"(?<![:/])[/?#]", text[start:end]):
        return 0  # the host ended
    if _GOES_ON.match(text, after):
        return len(letters)
    if text[end - 1] not in _BEFORE_LETTERS or _SENTENCE_GOES_ON.match(letters) or len(letters) > MOST_LETTERS:
        return 0
    glued = start > 0 and _LETTERS.match(text, start - 1)
    if _ROOT.fullmatch(text, start, end) and (glued or not _AFTER_BARE_URL.match(text, after)):
        return 0  # 打开https://e.org/就
    if _AFTER_BARE_URL.match(text, after):
        return len(letters)
    tail = _SENTENCE_TAIL.search(letters)
    return tail.start() if tail else len(letters)


def _before_brackets(url: str) -> str:
    """Return the URL up to bold marks or a closing bracket that it does not open: `https://e.org/a` of `…a][b`."""
    url = url.split("**", maxsplit=1)[0]
    depth = 0
    for match in re.finditer(r"[\[\]]", url):
        depth += 1 if match[0] == "[" else -1
        if depth < 0 or url.startswith("[/", match.start()):
            return url[: match.start()]
    return url


def _url_length(url: str) -> int:
    """Return the length of a URL without the punctuation, entities and unbalanced brackets at its end."""
    end = len(url)
    surplus = {close: url.count(close) - url.count(opening) for close, opening in _BRACKETS.items()}
    while end:
        last = url[end - 1]
        if last == ";" and (entity := _ENTITY.search(url[max(0, end - 10) : end])):
            end -= len(entity[0])
        elif last in _TRAILING_PUNCTUATION:
            end -= 1
        elif surplus.get(last, 0) > 0:
            surplus[last] -= 1
            end -= 1
        else:
            break
    return end
