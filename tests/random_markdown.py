r"""A seed -> random Markdown for property tests: fragments of all kinds, opaque regions, random characters."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

FRAGMENTS = tomllib.loads(Path(__file__).with_name("cases").joinpath("fragments.toml").read_text("utf-8"))
PLAIN, OPAQUE, LITERAL = FRAGMENTS["fragments"], FRAGMENTS["opaque"], FRAGMENTS["literal"]
CHARACTERS = "#*_`~>-+=|\\[](){}<>!&$%^:.,0123456789 \t\n\n\nabАβ字の한，。：！「」“”　 '\"/@\r"
LONGEST = 12  # fragments per text
MOST_NOISE = 40  # characters


def random_markdown(chance: random.Random) -> str:
    """Return a text of fragments, of random characters, or of both."""
    kind = chance.random()
    if kind < 0.2:
        return noise(chance)
    pools = [PLAIN] if kind < 0.5 else [PLAIN, OPAQUE, LITERAL]
    parts = []
    for _ in range(chance.randint(1, LONGEST)):
        parts.append(chance.choice(chance.choice(pools)))
        if chance.random() < 0.4:
            parts.append(chance.choice(["\n", "\n\n", " ", "字", "a"]))
        if kind > 0.9 and chance.random() < 0.3:
            parts.append(noise(chance)[:4])
    return "".join(parts)


def noise(chance: random.Random) -> str:
    """Return random characters, many of them Markdown marks."""
    return "".join(chance.choice(CHARACTERS) for _ in range(chance.randint(1, MOST_NOISE)))
