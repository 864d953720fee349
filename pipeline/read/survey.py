"""Folder -> what it holds: sites and vaults by their files, posts and saved pages by their names.

Only files that may be exports or archives are read: the posts in them count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.document import SkipDocument
from pipeline.read.folder import FoundFile, read_source, scan_folder
from pipeline.read.found_source import MOST_CONTAINER_BYTES
from pipeline.read.kinds import COUNTED_AS, FileKind, kind_of_name, suffix_of_name
from pipeline.read.posts import PostRules
from pipeline.read.readers import CONTAINERS, NoPostsInside, reader_of
from pipeline.read.repositories import Generator, evidence_name, generator_of

MOST_SURVEYED = 100_000  # files: listing more would take over a second
MOST_OPENED = 200 * 2**20  # bytes of exports and archives that are read; each further one counts as one post
SAVED_PAGES = "saved web pages"
GENERATOR_WORDS = {
    "hugo": "Hugo site",
    "zola": "Zola site",
    "jekyll": "Jekyll site",
    "hexo": "Hexo site",
    "mdbook": "mdBook book",
    "gitbook": "GitBook book",
    "docusaurus": "Docusaurus site",
    "mkdocs": "MkDocs site",
    "quarto": "Quarto site",
    "vitepress": "VitePress site",
    "vuepress": "VuePress site",
    "eleventy": "Eleventy site",
    "gatsby": "Gatsby site",
    "astro": "Astro site",
    "pelican": "Pelican site",
    "nikola": "Nikola site",
    "logseq": "Logseq graph",
    "obsidian": "Obsidian vault",
    "medium": "Medium export",
    "substack": "Substack export",
    "tumblr": "Tumblr export",
    "archivebox": "ArchiveBox folder",
}
CONTAINER_WORDS = {
    "warc": "web archive",
    "epub": "e-book",
    "wordpress": "WordPress export",
    "feed": "feed or blog export",
    "ghost": "Ghost export",
    "social": "export of a social network",
    "export_archive": "packed blog export",
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
    counts = Counter(one.passed_over for one in found if one.passed_over)
    names = dict.fromkeys(GENERATOR_WORDS[one.name] for one in _generators(folder))
    posts, pages, largest, left = 0, 0, 0, MOST_OPENED
    for one in found:
        kind = kind_of_name(one.path.name)
        if one.passed_over or one.problem:
            continue
        if suffix_of_name(one.path.name) not in CONTAINERS:
            posts += 1
            pages += kind == FileKind.WEB_PAGE
            largest = max(largest, one.size)
            continue
        left -= one.size
        reader, parts = _contents(folder, one) if left >= 0 else ("", 1)
        posts += parts
        if parts and reader:
            names.setdefault(CONTAINER_WORDS[reader])
        elif not parts:
            counts[COUNTED_AS.get(kind, kind)] += 1
    plain = SAVED_PAGES if pages > posts // 2 else "folder of posts" if posts else "folder without posts"
    return FolderSurvey(
        tuple(names) or (plain,),
        posts,
        largest,
        tuple(sorted(counts.items())),
        len(found) > MOST_SURVEYED,
    )


def _contents(folder: Path, found: FoundFile) -> tuple[str, int]:
    """Return the name of the reader of a container, and how many posts are in it; one if it cannot be opened."""
    try:
        source = read_source(folder, found, MOST_CONTAINER_BYTES)
        reader = reader_of(source)
        return (reader.name, len(reader.parts(source))) if reader and reader.parts else ("", 0)
    except NoPostsInside:
        return "", 0
    except SkipDocument:  # a run says why
        return "", 1


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
