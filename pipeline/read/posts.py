"""Which files of raw/ are posts: decided by names alone, folder by folder, and by `include` and `ignore`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pipeline.read.kinds import COUNTED_AS, FileKind, is_program, kind_of_name, suffix_of_name
from pipeline.read.repositories import (
    ENVIRONMENT_MARKS,
    NO_REPOSITORIES,
    FolderPath,
    furniture_family,
    generator_of,
    has_manifest,
    is_repository,
    kind_of_exported,
    snapshot_of,
)

NEVER_ENTERED = {"node_modules", "bower_components", "__pycache__", "__macosx", "_site", "_book", "_build"}
ENTERED_IN_NO_REPOSITORY = {"vendor", "themes", "_vendor"}  # the work of others, at a repository's root
DRAFT_FOLDERS = {"_drafts", "drafts", "草稿", "草稿箱"}
PICTURE_FOLDERS = {"img", "images", "assets"}  # at the top of raw/ and of a repository
FOLDERS_OF_SITES = {  # at a repository's root -> what its documents count as
    **dict.fromkeys(("templates", "_templates", "scaffolds", "archetypes"), FileKind.TEMPLATE),
    **dict.fromkeys(("layouts", "_layouts", "_includes", "includes", "partials"), FileKind.TEMPLATE),
    **dict.fromkeys(
        ("public", "static", "css", "js", "fonts", "_sass", "_data", "_plugins", "_cache"), FileKind.OUTSIDE
    ),
}
FOLDERS_OF_PROGRAMS = {"dist", "build", "target", "coverage", "tests", "test"}  # at the root of a program's repository
FOLDERS_OF_PAGES = ("_files", ".files", "_fichiers", "_archivos", "-dateien", "_bestanden")  # frames of saved pages
LIST_PAGES = {"404", "archive", "archives", "categories", "category", "search", "tags", "tag"}  # of Jekyll
WIKI_FRAMES = {"_sidebar", "_navbar", "_footer", "_coverpage"}  # of Docsify and GitHub's wikis
VAULT_TEMPLATES = re.compile(
    r"[\W\d_]*(?:templates?|templater|模板|テンプレート|vorlagen?|modèles?|plantillas?|modelli|шаблоны)[\W\d_]*"
)
TEMPLATES_DEPTH = 2  # folders below the top of a vault that its templates may be in
_JSON_OF_POSTS = re.compile(  # `ann.ghost.2024-05-01.json`, `outbox.json`, `your_posts_1.json`
    r"ghost|export|backup|blog|\A(?:outbox|result|notes)\.json\Z|\A(?:your_)?posts_.*\d\.json\Z", re.IGNORECASE
)
_READABLE = {FileKind.WEB_PAGE, FileKind.CONVERTIBLE, FileKind.DOCUMENT, FileKind.BARE}
_TEXTS = {FileKind.BARE, FileKind.OTHER}  # that may be a file of a repository, as documents may
_PAGES = {FileKind.WEB_PAGE, FileKind.CONVERTIBLE, *COUNTED_AS}


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """What is known of a folder: `documents` is the kind that its documents count as, empty if they are posts.

    Then posts may be in the folders below it that `sources` name.
    """

    documents: str = ""
    sources: tuple[FolderPath, ...] = ()
    generator: str = ""
    depth: int = 0  # folders below the generator's root
    root: bool = False  # whether it is the root of a repository: its README is not a post
    top: bool = False  # whether it is raw/ itself
    repository: bool = False  # whether it is in a repository
    source: bool = False  # whether it is in one of its generator's sources
    project: bool = False  # whether it is in the repository of a program or a generator, not only a versioned folder
    only: str = ""  # the only file that is a post: others are the same page
    programs: bool = False  # whether source code is in it: then files without a suffix are not posts


TOP_OF_RAW = FolderPlace(top=True)


@dataclass(frozen=True, slots=True)
class PostRules:
    """The rules of one run: the patterns of the settings, and what the names of files and folders say.

    `ignore` is stronger than `include`, and `include` is stronger than the names.
    """

    include: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    suffixes: frozenset[str] = frozenset()  # that readers of other packages read

    def included(self, path: str) -> bool:
        """Return whether `include` makes a post of the file at `path`, whatever its name or front matter says."""
        return _matches(path, self.include)

    def takes_drafts(self, place: FolderPlace, path: str) -> bool:
        """Return whether a file in `place` is a post even if its front matter says that it is a draft.

        It is none in the repository of a site: the site does not show it. In an archive it is a text like any other.
        """
        return not place.generator or self.included(path)

    def kind_of_file(self, place: FolderPlace, path: str) -> str:
        """Return what a file in `place` counts as; empty if it is a post.

        >>> rules = PostRules(ignore=("b*",))
        >>> [str(rules.kind_of_file(TOP_OF_RAW, name)) for name in ("a.md", "b.md", "c.py")]
        ['', 'ignored', 'code']
        """
        name = path.rpartition("/")[2]
        if self.ignore and _matches(path, self.ignore):
            return FileKind.HIDDEN if name.startswith(".") else FileKind.IGNORED
        if (self.suffixes and suffix_of_name(name) in self.suffixes) or (self.include and self.included(path)):
            return ""
        return _kind_by_name(place, path, name)

    def enter(self, place: FolderPlace, path: PurePosixPath) -> FolderPlace | None:
        """Return the place of a folder in `place`, before its names are known; None if it is not to be entered.

        A folder that a pattern of `include` names is entered for what the pattern matches.
        """
        name = path.name.casefold()
        closed = name.startswith(".") or name in NEVER_ENTERED or (place.root and name in ENTERED_IN_NO_REPOSITORY)
        if closed:
            return FolderPlace(FileKind.OUTSIDE) if self._reaches_into(path) else None
        below = replace(place, sources=(), depth=place.depth + 1, root=False, top=False, programs=False, only="")
        if place.only:
            return replace(below, documents=FileKind.BACKUP)
        if name in DRAFT_FOLDERS:
            return replace(below, documents=FileKind.DRAFT)
        if place.sources:
            rest = tuple(one[1:] for one in place.sources if fnmatch.fnmatchcase(name, one[0]))
            if rest:
                source = () in rest
                kind = "" if source else FileKind.OUTSIDE
                return replace(below, documents=kind, sources=tuple(filter(None, rest)), source=source)
        return replace(below, documents=_kind_of_folder(place, name) or place.documents)

    def _reaches_into(self, folder: PurePosixPath) -> bool:
        """Return whether a pattern of `include` names a folder: `vendor/*.md` names vendor, `*.md` does not."""
        for pattern in self.include:
            parts = pattern.split("/")[:-1]
            named = ("/".join(parts[:end]) for end in range(1, len(parts) + 1) if parts[end - 1].strip("*?"))
            if any(fnmatch.fnmatchcase(str(folder), one) for one in named):
                return True
        return False

    @staticmethod
    def look(place: FolderPlace, evidence: Iterable[str], files: Iterable[str]) -> FolderPlace | None:
        """Return the place of a folder whose names are known; None if a program wrote all that is in it.

        `evidence` are its names in EVIDENCE_NAMES, case-folded, those of folders with `/` at their end.

        >>> str(PostRules.look(TOP_OF_RAW, ["hugo.toml", "content/"], ["hugo.toml"]).documents)
        'outside'
        """
        evidence, names = set(evidence), list(files)
        if not place.top and not ENVIRONMENT_MARKS.isdisjoint(evidence):
            return None
        place = replace(place, programs=any(map(is_program, names)), only=snapshot_of(names))
        if place.generator or place.documents:
            return place
        families = {family for name in names if (family := furniture_family(name))}
        repository = is_repository(evidence, families)
        generator = generator_of(evidence)
        root = repository or (generator is not None and generator.name not in NO_REPOSITORIES)
        place = replace(place, root=root, repository=place.repository or root)
        if generator is None:
            return replace(place, project=place.project or has_manifest(evidence))
        return replace(
            place,
            documents=FileKind.OUTSIDE if generator.sources else "",
            sources=generator.sources,
            generator=generator.name,
            depth=0,
            project=True,
        )


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _kind_by_name(place: FolderPlace, path: str, name: str) -> str:
    """Return what a file counts as by its `name`, the last part of its path; empty if it is a post."""
    if name.startswith("."):
        return FileKind.HIDDEN
    kind = kind_of_name(name)
    if place.only and kind in _READABLE:
        return "" if name == place.only else FileKind.BACKUP
    if kind is FileKind.DOCUMENT:
        return FileKind.REPOSITORY if _is_furniture(place, name) else _kind_of_document(place, path, name)
    if kind in _TEXTS and _is_furniture(place, name):
        return FileKind.REPOSITORY
    if kind is FileKind.BARE:
        return FileKind.OTHER if place.documents or place.project or place.programs else ""
    is_post = kind in _PAGES and _is_saved_page(place, path)
    return kind_of_exported(name) if is_post else COUNTED_AS.get(kind, kind)


def _kind_of_document(place: FolderPlace, path: str, written: str) -> str:
    """Return what a Markdown or text file that is not furniture counts as; empty if it is a post."""
    if place.documents:
        return place.documents
    name = written.casefold()
    stem = name.partition(".")[0]
    if stem in WIKI_FRAMES or (place.generator in {"mdbook", "gitbook"} and name == "summary.md"):
        return FileKind.REPOSITORY
    if place.generator == "quarto" and name.startswith("_"):
        return FileKind.TEMPLATE
    listed = stem in LIST_PAGES or (stem == "index" and PurePosixPath(path).parent.name.casefold() in LIST_PAGES)
    if (place.generator == "jekyll" and listed) or (place.generator in {"hugo", "zola"} and stem == "_index"):
        return FileKind.LISTING
    return kind_of_exported(written)


def _is_furniture(place: FolderPlace, name: str) -> bool:
    """Return whether a text is a file that repositories have: a licence or AGENTS.md anywhere, a README at their root.

    GitBook shows the README as the first page of the book.
    """
    family = furniture_family(name)
    introduction = place.generator == "gitbook" and family == "readme"
    return family in {"license", "agents"} or (place.root and bool(family) and not introduction)


def _is_saved_page(place: FolderPlace, path: str) -> bool:
    """Return whether a web page, or a document that pandoc reads, is a post; others are counted.

    In a repository it is likely a template or an example, but in the folders of posts. Most JSON is data.
    """
    *folders, name = path.split("/")
    if name.casefold().endswith(".json") and not _JSON_OF_POSTS.search(name):
        return False
    if folders and folders[-1].casefold().endswith(FOLDERS_OF_PAGES):
        return False
    if place.generator == "jekyll":
        return not place.documents and any(folder.startswith("_") for folder in folders)
    return not place.documents and (place.source or not place.repository)


def _kind_of_folder(place: FolderPlace, name: str) -> str:
    """Return what the documents of a folder count as; empty if they are posts."""
    if (place.top or place.root) and name in PICTURE_FOLDERS:
        return FileKind.OUTSIDE
    if place.root and place.project and name in FOLDERS_OF_PROGRAMS:
        return FileKind.OUTSIDE
    if place.root and name in FOLDERS_OF_SITES:
        return FOLDERS_OF_SITES[name]
    if place.generator == "obsidian" and place.depth < TEMPLATES_DEPTH and VAULT_TEMPLATES.fullmatch(name):
        return FileKind.TEMPLATE
    return ""
