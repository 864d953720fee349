"""Small posts of every kind, and images, for the archives of tests."""

from __future__ import annotations

import struct
import zlib

CHINESE = (
    "我们在海边住了三个星期。每天早晨，渔民把网拖上沙滩，孩子们跑过去看里面有什么。有时是螃蟹，有时只有海藻和"
    "一只旧鞋。下午太热，没有人出门，整个村子都在睡觉。晚上大家坐在院子里，听老人讲从前的故事：他说那时候船是木头"
    "做的，风大的时候，人们在山顶点火，给还没有回来的船指路。"
)
HARBOUR = "# Harbour\n\n" + "\n\n".join(
    f"On the {day} day the fishermen pulled their nets up the beach, and we counted {crabs} crabs and an old shoe."
    for day, crabs in (("first", 7), ("second", 12), ("third", 31), ("fourth", 44))
)
POSTS: dict[str, str | bytes] = {
    "plain": "# One\n\nHello   world.\n",
    "tagged": "---\ntitle: Two\ndate: 2021-03-05\ntags: [sea]\n---\n\n* an item\n* [One](a.md) and [the web](https://e.org/x)\n",
    "harbour": HARBOUR,
    "near the harbour": HARBOUR.replace("an old shoe", "an old  shoe", 2),
    "chinese": f"# 海边\n\n{CHINESE}\n",
    "damaged": f"# 海边\n\n{CHINESE}\n".encode().decode("cp1252", "ignore"),  # some bytes are undefined in cp1252
    "with a picture": "# Three\n\n![sea](my%20pic.png)\n",
    "with two": "# Four\n\n![sea](p.png) and ![sea](sub/my%20pic.png)\n",
    "empty": "",
    "binary": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "bad front matter": '---\ntitle: "\\ud83d\\ude00\n---\n\nText [.\n',
    "surrogates": '---\ntitle: "\\ud83d\\ude00"\n---\n\nAn emoji as JSON writes it.\n',
    "controls": '---\ntitle: "x\\x1by"\n---\n\nA title that XML refuses.\n',
    "html": "# Five\n\n<p>a paragraph</p>\n\nH<sub>2</sub>O\n",
}


def png(colour: tuple[int, int, int], size: int = 1) -> bytes:
    """Return a square image of one colour; `size` is its side in pixels."""
    rows = zlib.compress((b"\0" + bytes(colour) * size) * size)
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
