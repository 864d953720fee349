"""Path and query of a URL -> the identifiers in it, by the rules of each host."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs

from pipeline.urls.identifier_syntax import Identifiers, find_doi, parse_arxiv, parse_isbn, parse_uri

IdentifierReader = Callable[[str, str], Identifiers]
NOT_OWNERS = {
    "about", "apps", "collections", "contact", "customer-stories", "enterprise", "events", "explore", "features",
    "issues", "join", "login", "marketplace", "new", "notifications", "orgs", "organizations", "pricing", "pulls",
    "readme", "search", "security", "sessions", "settings", "showcases", "signup", "site", "solutions", "sponsors",
    "stars", "team", "topics", "trending", "users", "gist",
    "help", "dashboard", "-", "api", "public",
    "blog", "chat", "docs", "learn", "posts", "tasks", "terms-of-service", "privacy", "inference-api",
    "inference-endpoints", "languages", "welcome",
}  # fmt: skip
FORGES = {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitee.com", "huggingface.co"}
"""Hosts whose subdomains hold no repositories: docs.github.com/en/rest is none."""
_REPOSITORY_NAME = re.compile(r"[\w.-]+")
_IN_GITLAB = re.compile(  # what follows a project's name; most of these names are reserved
    r"/(?:-|tree|blob|raw|blame|builds|files|find_file|refs|issues|merge_requests|commits?|wikis|repository)(?:/|\Z)"
)
_IN_HUGGING_FACE = {"tree", "blob", "raw", "resolve", "viewer", "discussions", "commits", "settings"}
_ARXIV_PATH = re.compile(r"/(?:abs|pdf|html|ps|format|e-print|src|papers?|list)/(.+?)(?:\.pdf)?/?")
_VIDEO = r"((?!videoseries)[\w-]{11})(?:[/&]|\Z)"
_NATURE = re.compile(r"/articles/(s?\d[\w.-]*|n\w+\.\d+|(?:nature|srep|ncomms)\d+)(?:\.pdf)?/?")


def find_dois(path: str, query: str) -> Identifiers:
    """Yield the DOI in the path or the query of a URL of any publisher."""
    values = [value for key in ("id", "doi") for value in parse_qs(query).get(key, ())] if "10." in query else []
    for text in (path, *values):
        found = list(find_doi(text))
        if found:
            yield from found
            return


def _by_pattern(scheme: str, pattern: str) -> IdentifierReader:
    """Return a reader of paths: the first group of `pattern`, which must match the start of the path."""
    compiled = re.compile(pattern)

    def read(path: str, query: str) -> Identifiers:
        if match := compiled.match(path):
            yield f"{scheme}:{match[1]}"
        else:
            yield from find_dois(path, query)

    return read


def _arxiv(path: str, _query: str) -> Identifiers:
    if match := _ARXIV_PATH.fullmatch(path):
        yield from parse_arxiv(match[1])


def _scirate(path: str, _query: str) -> Identifiers:
    yield from parse_arxiv(path.removeprefix("/arxiv").strip("/"))


def _doi(path: str, _query: str) -> Identifiers:
    yield from parse_uri("doi", path.lstrip("/"))


def _nature(path: str, query: str) -> Identifiers:
    if match := _NATURE.fullmatch(path):
        yield f"doi:10.1038/{match[1].removesuffix('.pdf').lower()}"
    else:
        yield from find_dois(path, query)


def _zenodo(path: str, query: str) -> Identifiers:
    if match := re.match(r"/records?/(\d+)(?:/|\Z)", path):
        yield f"doi:10.5281/zenodo.{match[1]}"
    else:
        yield from find_dois(path, query)


def _forge(scheme: str) -> IdentifierReader:
    """Return a reader of the URLs of a forge: `/owner/name.git/tree/main` -> `owner/name`."""

    def read(path: str, _query: str) -> Identifiers:
        owner, _, name = path.strip("/").partition("/")
        name = name.partition("/")[0].removesuffix(".git")
        if owner.lower() not in NOT_OWNERS and _REPOSITORY_NAME.fullmatch(owner) and _REPOSITORY_NAME.fullmatch(name):
            yield f"{scheme}:{owner}/{name}"

    return read


_github = _forge("github")


def _github_api(path: str, query: str) -> Identifiers:
    if path.startswith("/repos/"):
        yield from _github(path.removeprefix("/repos"), query)


def _gitlab(path: str, _query: str) -> Identifiers:
    """Yield a project with its subgroups."""
    parts = _IN_GITLAB.split(path.strip("/"))[0].removesuffix(".git").split("/")
    if len(parts) > 1 and parts[0].lower() not in NOT_OWNERS and all(map(_REPOSITORY_NAME.fullmatch, parts)):
        yield f"gitlab:{'/'.join(parts)}"


def _hugging_face(path: str, _query: str) -> Identifiers:
    """Yield a model, data set or space; the oldest have no owner and are recognized by the rest of the path."""
    kind, *parts = path.strip("/").split("/")
    if kind == "papers":
        yield from parse_arxiv("/".join(parts[:1]))
        return
    if kind not in {"datasets", "spaces"}:
        kind, parts = "", [kind, *parts]
    alone = len(parts) > 1 and parts[1] in _IN_HUGGING_FACE
    names = parts[:1] if alone else parts[:2]
    whole = len(names) > 1 or (names and (alone or kind == "datasets"))
    if whole and names[0].lower() not in NOT_OWNERS and all(map(_REPOSITORY_NAME.fullmatch, names)):
        yield f"huggingface:{'/'.join([kind, *names]).lstrip('/')}"


def _youtube(path: str, query: str) -> Identifiers:
    values = parse_qs(query).get("v", ()) if path.rstrip("/") in {"", "/watch"} else ()
    if match := re.match(rf"/(?:embed|vi?|e|shorts|live|watch|an_webp)/{_VIDEO}", path):
        values = [match[1]]
    yield from (f"youtube:{value}" for value in values if re.fullmatch(r"[\w-]{11}", value))


def _openreview(_path: str, query: str) -> Identifiers:
    yield from (f"openreview:{value}" for value in parse_qs(query).get("id", ()) if re.fullmatch(r"[\w-]{8,}", value))


def _ncbi(path: str, _query: str) -> Identifiers:
    if match := re.match(r"/(?:pubmed|m/pubmed)/(\d+)(?:/|\Z)", path):
        yield f"pmid:{match[1]}"
    if match := re.match(r"/(?:pmc/)?(?:articles/)?(PMC\d+)(?:/|\Z)", path, re.IGNORECASE):
        yield f"pmcid:{match[1].upper()}"


def _europe_pmc(path: str, query: str) -> Identifiers:
    if match := re.match(r"/(?:abstract|article)/med/(\d+)(?:/|\Z)", path, re.IGNORECASE):
        yield f"pmid:{match[1]}"
    yield from _ncbi(re.sub(r"^/(?:abstract|article)/pmc/", "/articles/", path, flags=re.IGNORECASE), query)


def _book(path: str, query: str) -> Identifiers:
    """Yield the ISBN in the URL of a bookseller or a catalogue; other ASINs fail the check digit."""
    values = parse_qs(query)
    for part in (*re.split(r"[/=]", path), *values.get("vid", ()), *values.get("isbn", ())):
        yield from parse_isbn(part)


IDENTIFIER_READERS: dict[str, IdentifierReader] = {
    "arxiv.org": _arxiv,
    "alphaxiv.org": _arxiv,
    "ar5iv.org": _arxiv,
    "ar5iv.labs.arxiv.org": _arxiv,
    "arxiv-vanity.com": _arxiv,
    "scirate.com": _scirate,
    "doi.org": _doi,
    "nature.com": _nature,
    "zenodo.org": _zenodo,
    "github.com": _github,
    "raw.githubusercontent.com": _github,
    "api.github.com": _github_api,
    "gitlab.com": _gitlab,
    "bitbucket.org": _forge("bitbucket"),
    "codeberg.org": _forge("codeberg"),
    "gitee.com": _forge("gitee"),
    "huggingface.co": _hugging_face,
    "hf.co": _hugging_face,
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "i.ytimg.com": _youtube,
    "img.youtube.com": _youtube,
    "youtu.be": _by_pattern("youtube", rf"/{_VIDEO}"),
    "vimeo.com": _by_pattern(
        "vimeo",
        r"/(?:video/|channels/[^/]+/|groups/[^/]+/videos/|(?:album|showcase)/[^/]+/video/)?(\d+)(?:/|\Z)",
    ),
    "bilibili.com": _by_pattern("bilibili", r"/video/(BV\w{10}|av\d+)(?:/|\Z)"),
    "slideslive.com": _by_pattern("slideslive", r"/(?:embed/(?:presentation/)?)?(\d{6,})(?:/|\Z)"),
    "openreview.net": _openreview,
    "aclanthology.org": _by_pattern("acl", r"/([A-Z]\d{2}-\d{4}|\d{4}\.[\w-]+\.\d+)(?:\.pdf|/|\Z)"),
    "aclweb.org": _by_pattern("acl", r"/anthology/([A-Z]\d{2}-\d{4}|\d{4}\.[\w-]+\.\d+)(?:\.pdf|/|\Z)"),
    "pubmed.ncbi.nlm.nih.gov": _by_pattern("pmid", r"/(\d+)(?:/|\Z)"),
    "pubmed.gov": _by_pattern("pmid", r"/(\d+)(?:/|\Z)"),
    "ncbi.nlm.nih.gov": _ncbi,
    "pmc.ncbi.nlm.nih.gov": _ncbi,
    "europepmc.org": _europe_pmc,
    "sciencedirect.com": _by_pattern("pii", r"/science/article/(?:abs/)?pii/([SB]\w{16})(?:/|\Z)"),
    "amazon.com": _book,
    "amazon.cn": _book,
    "amazon.co.uk": _book,
    "amazon.de": _book,
    "amazon.co.jp": _book,
    "openlibrary.org": _book,
    "books.google.com": _book,
    "goodreads.com": _book,
    "isbnsearch.org": _book,
    "worldcat.org": _book,
    "bookshop.org": _book,
}
