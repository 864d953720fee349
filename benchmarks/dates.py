"""Count the dates that `describe` reads right in posts as five systems write them.

usage: python benchmarks/dates.py FOLDER    (default: ../shared/corpus)

Each post gets a random date in the form of Hugo, Jekyll, Hexo, Astro, Ghost or WordPress, or in a line below the title
in one of 35 languages, as the package Babel writes it. Prints for each form how many dates are right, wrong and not
known. To install the package: pip install babel
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from collections import Counter
from email.utils import format_datetime
from pathlib import Path, PurePosixPath

from babel.dates import format_date

from pipeline.document import Document
from pipeline.markdown.front_matter import front_matter_of
from pipeline.steps.describe import describe

LANGUAGES = (
    *("en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "bg", "ru", "uk"),
    *("el", "tr", "id", "vi", "hr", "sr", "sl", "lt", "lv", "et", "ca", "zh", "ja", "ko", "he", "ar"),
)
POSTS = 2_000
CHANCE = random.Random(28)


def forms(day: dt.datetime, title: str) -> dict[str, tuple[str, str]]:
    """Return the start of a post and its file name, for each system."""
    iso = day.date().isoformat()
    language = CHANCE.choice(LANGUAGES)
    long, full = (format_date(day, style, language) for style in ("long", "full"))
    zone = CHANCE.choice(("Z", "+08:00", "-05:00"))
    return {
        "hugo": (f'+++\ntitle = "{title}"\ndate = {iso}T{day:%H:%M:%S}{zone}\n+++\n', "post.md"),
        "jekyll": (f"---\nlayout: post\ntitle: {title}\n---\n", f"_posts/{iso}-post.md"),
        "hexo": (f"---\ntitle: {title}\ndate: {day.year}/{day.month}/{day.day} {day:%H:%M:%S}\n---\n", "post.md"),
        "astro": (f"---\ntitle: {title}\npubDate: '{day:%b %d %Y}'\n---\n", "post.md"),
        "ghost": (f"---\ntitle: {title}\npublished_at: {int(day.timestamp() * 1000)}\n---\n", "post.md"),
        "wordpress": (f"---\ntitle: {title}\npost_date: {format_datetime(day)}\n---\n", "post.md"),
        f"value {language}": (f"---\ntitle: {title}\ndate: {long}\n---\n", "post.md"),
        f"byline {language}": (f"# {title}\n\n{full}\n\n", "post.md"),
    }


def body_of(file: Path) -> str:
    """Return the text of a post without its front matter and the mark of its title."""
    text = file.read_text("utf-8", "replace")
    front = front_matter_of(text)
    return text[len(front.block) if front else 0 :].lstrip("# ")


def date_of_post(text: str, name: str = "post.md") -> str:
    """Return the date that `describe` reads in a post."""
    return describe(Document(PurePosixPath(name), text)).meta.date


def main(folder: Path) -> None:
    """Print the counts of each form."""
    bodies = [body for file in sorted(folder.rglob("*.md")) if not date_of_post("# A\n\n" + (body := body_of(file)))]
    counts: dict[str, Counter[str]] = {}
    for number in range(POSTS):
        body = bodies[number % len(bodies)]
        day = dt.datetime(1998, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=CHANCE.randrange(60 * 24 * 365 * 27))
        form, (start, name) = CHANCE.choice([*forms(day, "A walk").items()])
        found = date_of_post(start + body, name)
        wanted = day.date().isoformat()
        result = "right" if found == wanted else "not known" if not found or wanted.startswith(found) else "wrong"
        if result != "right":
            print(form, wanted, repr(found), repr(start))
        counts.setdefault(form.partition(" ")[0], Counter())[result] += 1
    for form, count in sorted(counts.items()):
        print(f"{form:10} {dict(count)}")
    total = sum(counts.values(), Counter[str]())
    print(f"{total['right'] / total.total():.1%} right, {total['wrong']} wrong of {total.total()}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/corpus"))
