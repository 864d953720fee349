"""Folder -> what it holds: sites and vaults by their files, posts and saved pages by their names. No file is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.read.folder import scan_folder
from pipeline.read.kinds import FileKind, kind_of_name
from pipeline.read.posts import PostRules
from pipeline.read.repositories import Generator, evidence_name, generator_of

MOST_SURVEYED = 100_000  # files: listing more would take over a second
GENERATOR_WORDS = {
    "hugo": "Hugo site",
    "jekyll": "Jekyll site",
    "hexo": "Hexo site",
    "mdbook": "mdBook book",
    "gitbook": "GitBook book",
    "docusaurus": "Docusaurus site",
    "mkdocs": "MkDocs site",
    "vitepress": "VitePress site",
    "gatsby": "Gatsby site",
    "astro": "Astro site",
    "pelican": "Pelican site",
    "nikola": "Nikola site",
    "logseq": "Logseq graph",
    "obsidian": "Obsidian vault",
}


@dataclass(frozen=True, slots=True)
class FolderSurvey:
    """What a folder holds. `kinds` are words for people, such as `Hugo site`; several if it holds several."""

    kinds: tuple[str, ...]
    posts: int
    largest: int  # bytes of the largest post
    passed_over: tuple[tuple[str, int], ...]
    more: bool = False  # whether there are more files than were counted


def survey_folder(folder: Path) -> FolderSurvey:
    """Return what a folder and the folders in it hold. Raises OSError if the folder cannot be listed."""
    found = [*islice(scan_folder(folder, PostRules()), MOST_SURVEYED + 1)]
    posts = [one for one in found if not (one.passed_over or one.problem)]
    pages = sum(kind_of_name(one.path.name) == FileKind.WEB_PAGE for one in posts)
    counts = Counter(one.passed_over for one in found if one.passed_over)
    names = dict.fromkeys(GENERATOR_WORDS[one.name] for one in _generators(folder))
    kinds = [*names, *(["saved web pages"] if pages > len(posts) // 2 else [])]
    return FolderSurvey(
        tuple(kinds or (["folder of posts"] if posts else ["folder without posts"])),
        len(posts),
        max((one.size for one in posts), default=0),
        tuple(sorted(counts.items())),
        len(found) > MOST_SURVEYED,
    )


def _generators(folder: Path) -> Iterable[Generator]:
    """Yield the generators of a folder and of the folders directly in it."""
    inner = sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink() and one.name[0] != ".")
    for place in (folder, *inner):
        try:
            entries = [evidence_name(one.name, folder=one.is_dir()) for one in place.iterdir()]
        except OSError:  # a run reports a folder that cannot be listed
            continue
        if generator := generator_of(filter(None, entries)):
            yield generator
