"""Lines of a mail, a Usenet article or a bulletin board -> how many are its header, and where its signature starts."""

from __future__ import annotations

import re
from collections.abc import Sequence

FEWEST_HEADER_FIELDS = 2  # fields with known names; one such line may be a sentence
MOST_SIGNATURE_LINES = 12  # lines
_NAMES = (
    "from to cc bcc subject date sent reply-to newsgroups message-id references organization organisation sender"
    " followup-to in-reply-to distribution lines path received return-path delivered-to list-id user-agent x-mailer"
    " von an betreff datum gesendet de à para objet envoyé asunto fecha enviado assunto data da oggetto van aan"
    " onderwerp od temat от кому тема дата отправлено 发件人 收件人 主题 抄送 日期 发送时间 发信人 信区 标题 发信站"
    " 寄件者 收件者 主旨 標題 時間 作者 看板 寄件人 收件人 差出人 宛先 件名 日時 送信日時 送信者 보낸사람 받는사람 제목 날짜 från till ämne"
)
HEADER_NAMES = frozenset(_NAMES.split())
_CERTAIN_NAMES = frozenset(  # those that a list of other fields does not have
    "from to subject newsgroups message-id sent betreff von objet asunto assunto oggetto onderwerp temat тема от кому"
    " 发件人 收件人 发信人 信区 发信站 寄件者 收件者 主旨 看板 時間 寄件人 差出人 宛先 件名 보낸사람 받는사람 ämne från".split()
)
_FIELD = re.compile(r"[*_]{0,2}([^\W\d][\w-]*(?: [\w-]+)?)[*_]{0,2}\s*[:：](?!//)|(作者|標題|時間|看板|标题|时间)\s+\S")
_MBOX_START = re.compile(r"From \S+@?\S* +(?:\w{3} ){2}")
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
    match = _FIELD.match(line)
    return (match[1] or match[2]).casefold().replace(" ", "") if match else ""


def signature_start(lines: Sequence[tuple[str, str]], *, last: bool) -> int:
    """Return the index of the line that starts a signature, `-- `; -1 if there is none.

    `lines` are pairs of the words and the spaces after them. Without the space, only the last block of a text counts.
    """
    for at, (words, trailing) in enumerate(lines):
        rest = len(lines) - at - 1
        if words in SIGNATURE_MARKS and rest <= MOST_SIGNATURE_LINES and (trailing == " " or (last and 0 < rest <= 4)):  # noqa: PLR2004 - RFC 3676, 4.3
            return at
    return -1
