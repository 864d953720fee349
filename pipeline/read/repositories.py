"""The names in a folder -> what repository it is the root of, and where in it the posts are. No file is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.patterns import lazy_pattern
from pipeline.read.kinds import FileKind, kind_of_name

FolderPath = tuple[str, ...]  # case-folded names of folders, from a repository's root


@dataclass(frozen=True, slots=True)
class Generator:
    """A program that makes a website or a book of a repository, or an editor of notes.

    The repository has a name of each set of `evidence`; names of folders end with `/`. Its posts are below `sources`;
    anywhere if there are none.
    """

    name: str
    evidence: tuple[frozenset[str], ...]
    sources: tuple[FolderPath, ...] = ()


def _name_set(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _generator(name: str, *evidence: str, sources: str = "") -> Generator:
    groups = tuple(map(_name_set, evidence))
    return Generator(name, groups, tuple(tuple(one.split("/")) for one in sources.split()))


def _scripts(stem: str, suffixes: str = "js ts mjs cjs mts cts") -> str:
    """Return names of a configuration: `a.config` -> `a.config.js a.config.ts …`."""
    return " ".join(f"{stem}.{suffix}" for suffix in suffixes.split())


_JEKYLL_FOLDERS = "_layouts/ _includes/ _sass/"
_HUGO_CONFIG = f"{_scripts('config', 'toml yaml yml json')} config/"
_HUGO_CONTENT = "content content.* content-* content_*"
GENERATORS = (  # the first that fits
    _generator(
        "hugo",
        f"{_scripts('hugo', 'toml yaml yml json')} .hugo_build.lock",
        "content/",
        sources=_HUGO_CONTENT,
    ),
    _generator(
        "hugo",  # before version 0.110
        _HUGO_CONFIG,
        "content/",
        "archetypes/ layouts/",
        sources=_HUGO_CONTENT,
    ),
    _generator("zola", "config.toml", "content/", "templates/ sass/", sources="content"),
    _generator(
        "hugo",
        _HUGO_CONFIG,
        "content/",
        "themes/ static/",
        sources=_HUGO_CONTENT,
    ),
    _generator("jekyll", "_posts/", f"_config.yml _config.yaml _config.toml gemfile {_JEKYLL_FOLDERS}"),
    _generator("hexo", "source/", "_config.yml _config.yaml scaffolds/", sources="source/_posts"),
    _generator("jekyll", "_config.yml _config.yaml _config.toml", f"gemfile {_JEKYLL_FOLDERS}"),
    _generator("quarto", "_quarto.yml _quarto.yaml"),
    _generator("mdbook", "book.toml", "src/", sources="src"),
    _generator("gitbook", "summary.md", "book.json book.js .gitbook.yaml .gitbook.yml .gitbook/ readme.md"),
    _generator(
        "docusaurus", _scripts("docusaurus.config"), "docs/ blog/", sources="docs docs-* docs_* blog blog-* blog_*"
    ),
    _generator("mkdocs", "mkdocs.yml mkdocs.yaml zensical.toml", "docs/", sources="docs"),
    _generator("vitepress", ".vitepress/"),
    _generator("vuepress", ".vuepress/"),
    _generator("eleventy", f".eleventy.js {_scripts('eleventy.config')}"),
    _generator("gatsby", _scripts("gatsby-config"), "content/ posts/ blog/", sources="content posts blog"),
    _generator(
        "astro", _scripts("astro.config"), "src/", sources="src/content src/pages src/posts src/blog content posts"
    ),
    _generator("pelican", "pelicanconf.py", "content/", sources="content"),
    _generator("nikola", "conf.py", "posts/", "pages/ stories/ galleries/", sources="posts pages stories"),
    _generator("logseq", "logseq/", "pages/ journals/", sources="pages journals"),
    _generator("obsidian", ".obsidian/"),
    _generator("medium", "posts/", "claps/ sessions/ ips/ users-following/ pubs-following/", sources="posts"),
    _generator("substack", "posts.csv", "posts/"),
    _generator("tumblr", "posts_index.html", "html/", sources="html"),
    _generator("archivebox", "archive/", "archivebox.conf index.sqlite3", sources="archive/*"),
)
NO_REPOSITORIES = {"obsidian", "logseq", "substack", "tumblr"}  # in such a folder, a README is a text like others
_MEDIUM_DRAFT = re.compile(r"draft_.+-[0-9a-f]{6,12}\.\w+\Z")  # Medium's export names drafts so
_SNAPSHOT_RECORDS = _name_set("index.json headers.json htmltotext.txt")  # that ArchiveBox writes besides
_HIDDEN_EVIDENCE = _name_set(".git .git/ .github/ .gitlab/ .hg/ .svn/ .circleci/ .husky/ .gitmodules")
_MANIFESTS = _name_set(
    "package.json pyproject.toml setup.py cargo.toml go.mod gemfile composer.json pom.xml build.gradle"
    " build.gradle.kts cmakelists.txt mix.exs pubspec.yaml deno.json _config.yml _config.yaml book.toml mkdocs.yml"
    " mkdocs.yaml pelicanconf.py _quarto.yml _toc.yml netlify.toml vercel.json .travis.yml .gitlab-ci.yml"
    f" .eleventy.js {_scripts('eleventy.config')} {_scripts('docusaurus.config')} {_scripts('astro.config')}"
    f" {_scripts('hugo', 'toml yaml yml json')} {_scripts('gatsby-config')} {_scripts('next.config')}"
)
_SETTINGS = _name_set(".gitignore .gitattributes .editorconfig .prettierrc .pre-commit-config.yaml .markdownlint.json")
_GENERATOR_EVIDENCE = frozenset(name for one in GENERATORS for group in one.evidence for name in group)
ENVIRONMENT_MARKS = frozenset({"pyvenv.cfg", "cachedir.tag"})  # files of a virtual environment, of a cache
EVIDENCE_NAMES = _GENERATOR_EVIDENCE | _HIDDEN_EVIDENCE | _MANIFESTS | _SETTINGS | ENVIRONMENT_MARKS
"""Every name, case-folded, that says something about its folder; names of folders end with `/`."""

_TAIL = (
    r"(?:[-_. ](?:mit|apache|bsd|gpl|lgpl|agpl|mpl|cc|isc|ofl|code|content|docs|text|posts|third[-_]?party)[-_.\w]*)?"
)
_LANGUAGE = r"(?:[-_. ](?:[a-z]{2}|[a-z]{2}[-_][a-z]{2,4}|chinese|english|japanese|korean|中文|英文|日本語))?"
_FURNITURE = {  # family -> the stems of its names
    "readme": lazy_pattern(rf"read[-_]?me{_LANGUAGE}", re.IGNORECASE),
    "license": lazy_pattern(rf"(?:un)?licen[sc]e{_TAIL}|copying(?:\.lesser)?|copyright", re.IGNORECASE),
    "changelog": lazy_pattern(rf"change[-_]?log{_LANGUAGE}|release[-_]notes", re.IGNORECASE),
    "contributing": lazy_pattern(rf"contributing{_LANGUAGE}|pull_request_template|issue_template", re.IGNORECASE),
    "conduct": lazy_pattern(rf"code[-_]of[-_]conduct{_LANGUAGE}", re.IGNORECASE),
    "agents": lazy_pattern("AGENTS|CLAUDE|GEMINI|SKILL"),  # instructions for programs that write code
    "capitals": lazy_pattern(  # in capitals alone: `security.md` may be a post
        "SECURITY|NOTICE|AUTHORS|CONTRIBUTORS|MAINTAINERS|GOVERNANCE|SUPPORT|CHANGES|HISTORY|NEWS|INSTALL|UPGRADING"
        "|THIRD[-_]PARTY[-_A-Z]*"
    ),
}
_FURNITURE_START = lazy_pattern(  # of any of them: most names are none
    "(?i:read|licen|unlicen|copy|change|release|contrib|pull|issue|code)|[A-Z]{4}"
)
_SUFFIX_AT_END = lazy_pattern(r"\.[A-Za-z]+\Z")


def furniture_family(name: str) -> str:
    """Return which file of a repository's root a name is: readme, license, changelog ...; empty if it is none.

    >>> [furniture_family(name) for name in ("README.zh-CN.md", "LICENSE", "SECURITY.md", "security.md")]
    ['readme', 'license', 'capitals', '']
    >>> [furniture_family(name) for name in ("readme-driven-development.md", "license-plates.md")]
    ['', '']
    """
    if not _FURNITURE_START.match(name):
        return ""
    stem = _SUFFIX_AT_END.sub("", name) if kind_of_name(name) == FileKind.DOCUMENT else name
    return next((family for family, pattern in _FURNITURE.items() if pattern.fullmatch(stem)), "")


def generator_of(names: Iterable[str]) -> Generator | None:
    """Return the generator of a folder with these names; only those of `EVIDENCE_NAMES` matter.

    >>> generator_of(["hugo.toml", "content/"]).name
    'hugo'
    """
    known = frozenset(names)
    return next((one for one in GENERATORS if all(not known.isdisjoint(group) for group in one.evidence)), None)


def evidence_name(name: str, *, folder: bool) -> str:
    """Return a name as evidence, `.Git` as `.git/`; empty if it says nothing about its folder."""
    folded = name.casefold() + "/" * folder
    return folded if folded in EVIDENCE_NAMES else ""


def kind_of_exported(name: str) -> str:
    """Return `draft` for a name that Medium gives to drafts: `draft_Later-3f2a9c81d0e4.html`; else an empty string."""
    folded = name.casefold()
    return FileKind.DRAFT if folded.startswith("draft_") and _MEDIUM_DRAFT.match(folded) else ""


def snapshot_of(names: Iterable[str]) -> str:
    """Return the file of a snapshot of ArchiveBox that has the page; the others have the same page in other forms.

    >>> snapshot_of(["index.json", "singlefile.html", "output.html"]), snapshot_of(["singlefile.html", "b.html"])
    ('singlefile.html', '')
    """
    known = set(names)
    if known.isdisjoint(_SNAPSHOT_RECORDS):
        return ""
    return next((name for name in ("singlefile.html", "output.html") if name in known), "")


def is_repository(names: Iterable[str], families: Iterable[str]) -> bool:
    """Return whether a folder with these names and these families of furniture is the root of a repository.

    One README or one LICENSE proves nothing: a folder of posts may have it.

    >>> is_repository([], {"readme"}), is_repository([], {"readme", "license"}), is_repository([".git/"], ())
    (False, True, True)
    """
    known = frozenset(names)
    settings = bool(known & _SETTINGS)
    return bool(known & (_HIDDEN_EVIDENCE | _MANIFESTS)) or len(set(families)) + settings > 1


def has_manifest(names: Iterable[str]) -> bool:
    """Return whether names show the repository of a program or a generator, not only a versioned folder.

    >>> has_manifest(["package.json"]), has_manifest([".git/"])
    (True, False)
    """
    return not _MANIFESTS.isdisjoint(names)
