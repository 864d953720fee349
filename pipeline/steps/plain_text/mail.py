"""Lines of a mail, a Usenet article or a bulletin board -> how many are its header, and where its signature starts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.patterns import lazy_pattern

FEWEST_HEADER_FIELDS = 2  # fields with known names; one such line may be a sentence
MOST_SIGNATURE_LINES = 12  # lines
MOST_UNMARKED_LINES = 4  # lines of a signature without the space of `-- ` (RFC 3676, 4.3)
_CERTAIN_FIELDS = (  # those that a list of other fields does not have
    "from to subject newsgroups message-id sent von betreff objet asunto assunto oggetto onderwerp temat från ämne"
    " от кому тема 发件人 收件人 发信人 信区 发信站 寄件者 收件者 寄件人 主旨 看板 時間 差出人 宛先"
    " 件名 보낸사람 받는사람"
)
_OTHER_FIELDS = (
    "cc bcc date reply-to references organization organisation sender followup-to in-reply-to distribution lines path"
    " received return-path delivered-to list-id user-agent x-mailer an datum gesendet de à para envoyé fecha enviado"
    " data da van aan od do till дата отправлено 主题 抄送 日期 发送时间 标题 標題 作者 日時 送信日時 送信者 제목 날짜"
)
_CERTAIN_NAMES = frozenset(_CERTAIN_FIELDS.split())
HEADER_NAMES = _CERTAIN_NAMES | frozenset(_OTHER_FIELDS.split())
_HEADER_FIELD = lazy_pattern(
    r"[*_]{0,2}([^\W\d][\w-]*(?: [\w-]+)?)[*_]{0,2}\s*[:：](?!//)|(作者|標題|時間|看板|标题|时间)\s+\S"
)
_MBOX_START = lazy_pattern(r"From \S++ +(?:\w{3} ){2}")
QUOTED_SENTENCE_END = lazy_pattern(r"[.!?:…。！？：][\"'”’」』)）*_]*\s*\Z")
QUOTED_QUESTION_END = lazy_pattern(r"[?？؟][\"'”’」』)）*_]*\s*\Z")
ATTRIBUTION = lazy_pattern(
    r"(?:\b(?:wrote|writes|said|schrieb|écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał\w*|napsal\w*"
    r"|пишет|писал\w*|написал\w*|написав|yazdı|đã viết)\b[^\n]{0,998}(?<!\s)"
    r"|写道|寫道|说|說|さんは書きました|작성)\s*[:：]\s*\Z",
    re.IGNORECASE,
)
SIGNATURE_MARKS = frozenset({"--", "- --"})


def header_length(lines: Sequence[str]) -> int:
    """Return how many of the lines, from the first, are the header of a mail; 0 if there is none.

    >>> header_length(["From: Ann", "Subject: A walk", "  by the river", "Dear Bob,"])
    3
    """
    known: set[str] = set()
    count = 0
    for line in lines:
        name = header_field(line)
        if not (name or (count and line[:1] in {" ", "\t"}) or (not count and _MBOX_START.match(line))):
            break
        known.add(name)
        count += 1
    enough = len(known & HEADER_NAMES) >= FEWEST_HEADER_FIELDS and known & _CERTAIN_NAMES
    return count if enough else 0


def header_field(line: str) -> str:
    """Return the name of the field of a header in lower case, `subject`; empty if the line has none."""
    match = _HEADER_FIELD.match(line)
    return (match[1] or match[2]).casefold().replace(" ", "") if match else ""


def signature_start(lines: Sequence[tuple[str, str]], *, last: bool) -> int:
    """Return the index of the line that starts a signature, `-- `; -1 if there is none.

    `lines` are pairs of the words and the spaces after them. Without the space, only the last block of a text counts.
    """
    for at, (words, trailing) in enumerate(lines):
        rest = len(lines) - at - 1
        marked = trailing == " " or (last and 0 < rest <= MOST_UNMARKED_LINES)
        if words in SIGNATURE_MARKS and rest <= MOST_SIGNATURE_LINES and marked:
            return at
    return -1
