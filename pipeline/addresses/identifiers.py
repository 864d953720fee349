"""A canonical address -> the lasting identifiers of what it shows: `arxiv:1703.00522`, `doi:10.1145/3292500`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from pipeline.addresses.canonical import LONGEST

Found = Iterator[str]
_ARXIV = r"(?:(\d{4}\.\d{4,5})|([a-z-]+)(?:\.[A-Z]{2})?/(\d{7}))(v\d+)?"
_ARXIV_PATH = re.compile(rf"/(?:abs|pdf|html|ps|format|e-print|src|papers?|list)/{_ARXIV}(?:\.pdf)?/?")
_ARXIV_NAME = re.compile(rf"(?:arxiv\.|arxiv:)?{_ARXIV}", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s?#]+", re.IGNORECASE)
_DOI_TAIL = re.compile(
    r"(?:/(?:full(?:text)?|abstract|pdf|epdf|pdfdirect|html|meta|summary|references|figures)|\.full(?:\.pdf|-text)?|\.pdf|v\d+(?:\.full(?:\.pdf|-text)?|\.abstract)?)/?\Z",
    re.IGNORECASE,
)
_YOUTUBE = re.compile(r"[\w-]{11}")
_NAME = re.compile(r"[\w.-]+")
_ISBN = re.compile(r"(?:97[89][ -]?)?(?:\d[ -]?){9}[\dXx]")
NO_REPOSITORY = {
    "about", "apps", "collections", "contact", "customer-stories", "enterprise", "events", "explore", "features",
    "issues", "join", "login", "marketplace", "new", "notifications", "orgs", "organizations", "pricing", "pulls",
    "readme", "search", "security", "sessions", "settings", "signup", "site", "solutions", "sponsors", "stars",
    "team", "topics", "trending", "users", "gist",
    "help", "dashboard", "-", "api", "public",
    "blog", "chat", "docs", "learn", "posts", "tasks", "terms-of-service", "privacy", "inference-api",
    "inference-endpoints", "languages", "welcome",
}  # fmt: skip
FORGES = {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitee.com", "huggingface.co"}
"""Hosts whose own name only holds repositories: docs.github.com/en/rest is none."""
_INSIDE = {"tree", "blob", "raw", "resolve", "viewer", "discussions", "commits", "settings"}  # of a repository
NATURE = re.compile(r"/articles/(s?\d[\w.-]*|n\w+\.\d+|(?:nature|srep|ncomms)\d+)(?:\.pdf)?/?")


def identifiers(address: str) -> tuple[str, ...]:
    """Return what a canonical address identifies, as `scheme:value`, the surest first; nothing if it is only a place.

    Values are as their registries write them: DOIs in lower case, ISBNs as 13 digits, arXiv versions kept.

    >>> identifiers("https://arxiv.org/abs/1910.01526v2"), identifiers("https://github.com/a/b/tree/main/c")
    (('arxiv:1910.01526v2',), ('github:a/b',))
    """
    if len(address) > LONGEST:
        return ()
    scheme, _, rest = address.partition(":")
    if scheme.lower() in {"doi", "arxiv", "isbn", "pmid", "urn"}:
        return tuple(_bare(scheme.lower(), unquote(rest)))
    try:
        parts = urlsplit(address)
        name = host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ()
    if parts.scheme not in {"http", "https"}:
        return ()
    path = unquote(parts.path)
    while host and (host not in READERS or (host in FORGES and host != name)):
        host = host.partition(".")[2]
    found = READERS[host](path, parts.query) if host else _dois(path, parts.query)
    return tuple(dict.fromkeys(found))


def _bare(scheme: str, rest: str) -> Found:
    if scheme == "urn":
        scheme, _, rest = rest.partition(":")
        scheme = scheme.lower()
    if scheme == "doi" and _DOI.fullmatch(rest):
        yield from _doi(rest)
    elif scheme == "arxiv":
        yield from _arxiv_name(rest)
    elif scheme == "isbn":
        yield from _isbn(rest)
    elif scheme == "pmid" and rest.strip().isdecimal():
        yield f"pmid:{rest.strip()}"


def _arxiv(path: str, _query: str) -> Found:
    if match := _ARXIV_PATH.fullmatch(path):
        yield _arxiv_of(match)


def _arxiv_name(name: str) -> Found:
    if match := _ARXIV_NAME.fullmatch(name):
        yield _arxiv_of(match)


def _arxiv_of(match: re.Match[str]) -> str:
    """Return the identifier; the subject class is no part of an old one ("Understanding the arXiv identifier")."""
    new, archive, number, version = match.groups()
    return f"arxiv:{new or f'{archive}/{number}'}{version or ''}"


def _doi(text: str) -> Found:
    """Yield a DOI in lower case, which it is compared in; and what an arXiv or Zenodo DOI names beside."""
    doi = text.rstrip(".,;").lower()
    if doi.startswith("10.48550/arxiv."):
        yield from _arxiv_name(text[len("10.48550/") :])
    yield f"doi:{doi}"


def _dois(path: str, query: str) -> Found:
    """Yield the DOI that a publisher's address holds in its path or in its query."""
    values = [value for key in ("id", "doi") for value in parse_qs(query).get(key, ())] if "10." in query else []
    for text in (path, *values):
        if (match := _DOI.search(text)) and (match.start() == 0 or text[match.start() - 1] in "/:."):
            doi = match[0]
            while (shorter := _DOI_TAIL.sub("", doi)) != doi:
                doi = shorter
            if doi.partition("/")[2]:
                yield from _doi(doi.rstrip("/"))
            return


def _doi_path(path: str, _query: str) -> Found:
    if match := _DOI.fullmatch(path.lstrip("/")):
        yield from _doi(match[0])


def _nature(path: str, query: str) -> Found:
    if match := NATURE.fullmatch(path):
        yield f"doi:10.1038/{match[1].removesuffix('.pdf').lower()}"
    else:
        yield from _dois(path, query)


def _zenodo(path: str, query: str) -> Found:
    if match := re.match(r"/records?/(\d+)(?:/|\Z)", path):
        yield f"doi:10.5281/zenodo.{match[1]}"
    else:
        yield from _dois(path, query)


def _forge(scheme: str) -> Callable[[str, str], Found]:
    """Return what reads owner/name off the addresses of a forge, `.git` and what lies in the repository off."""

    def read(path: str, _query: str) -> Found:
        owner, _, name = path.strip("/").partition("/")
        name = name.partition("/")[0].removesuffix(".git")
        if owner.lower() not in NO_REPOSITORY and _NAME.fullmatch(owner) and _NAME.fullmatch(name):
            yield f"{scheme}:{owner}/{name}"

    return read


def _raw(path: str, query: str) -> Found:
    return _forge("github")(path, query)


def _pages(path: str, query: str) -> Found:
    if path.startswith("/repos/"):
        yield from _forge("github")(path.removeprefix("/repos"), query)


def _gitlab(path: str, _query: str) -> Found:
    """Yield a project, subgroups included: what stands before `/-/`."""
    project = path.partition("/-/")[0].strip("/").removesuffix(".git")
    parts = re.split(r"/(?:tree|blob|raw|issues|merge_requests|commits?|wikis)(?:/|\Z)", project)[0].split("/")
    if len(parts) > 1 and parts[0].lower() not in NO_REPOSITORY and all(map(_NAME.fullmatch, parts)):
        yield f"gitlab:{'/'.join(parts)}"


def _hugging_face(path: str, _query: str) -> Found:
    """Yield a model, data set or space; the oldest have no owner, and are told by what lies in them."""
    kind, *parts = path.strip("/").split("/")
    if kind == "papers":
        yield from _arxiv_name("/".join(parts[:1]))
        return
    if kind not in {"datasets", "spaces"}:
        kind, parts = "", [kind, *parts]
    alone = len(parts) > 1 and parts[1] in _INSIDE
    named = parts[:1] if alone else parts[:2]
    whole = len(named) > 1 or (named and (alone or kind == "datasets"))
    if whole and named[0].lower() not in NO_REPOSITORY and all(map(_NAME.fullmatch, named)):
        yield f"huggingface:{'/'.join([kind, *named]).lstrip('/')}"


def _youtube(path: str, query: str) -> Found:
    values = parse_qs(query).get("v", ()) if path.rstrip("/") == "/watch" else ()
    if match := re.match(r"/(?:embed|v|shorts|live)/([\w-]{11})(?:/|\Z)", path):
        values = [match[1]]
    yield from (f"youtube:{value}" for value in values if _YOUTUBE.fullmatch(value))


def _youtube_short(path: str, _query: str) -> Found:
    if _YOUTUBE.fullmatch(path.strip("/")):
        yield f"youtube:{path.strip('/')}"


def _first(scheme: str, pattern: str) -> Callable[[str, str], Found]:
    """Return what reads an identifier off a path: the first group of `pattern`, that matches its beginning."""
    compiled = re.compile(pattern)

    def read(path: str, query: str) -> Found:
        if match := compiled.match(path):
            yield f"{scheme}:{match[1]}"
        else:
            yield from _dois(path, query)

    return read


def _openreview(_path: str, query: str) -> Found:
    yield from (f"openreview:{value}" for value in parse_qs(query).get("id", ()) if re.fullmatch(r"[\w-]{8,}", value))


def _ncbi(path: str, _query: str) -> Found:
    if match := re.match(r"/(?:pubmed|m/pubmed)/(\d+)(?:/|\Z)", path):
        yield f"pmid:{match[1]}"
    if match := re.match(r"/(?:pmc/)?articles/(PMC\d+)(?:/|\Z)", path, re.IGNORECASE):
        yield f"pmcid:{match[1].upper()}"


def _europe_pmc(path: str, query: str) -> Found:
    if match := re.match(r"/(?:abstract|article)/med/(\d+)(?:/|\Z)", path, re.IGNORECASE):
        yield f"pmid:{match[1]}"
    yield from _ncbi(re.sub(r"^/(?:abstract|article)/pmc/", "/articles/", path, flags=re.IGNORECASE), query)


def _book(path: str, query: str) -> Found:
    """Yield the ISBN that a bookseller or a catalogue has in its addresses; an ASIN that is none fails the checksum."""
    for part in re.split(r"[/=]", path):
        if _ISBN.fullmatch(part.removeprefix("isbn:").removeprefix("ISBN")):
            yield from _isbn(part.removeprefix("isbn:").removeprefix("ISBN"))
    for value in (*parse_qs(query).get("vid", ()), *parse_qs(query).get("isbn", ())):
        yield from _isbn(value.upper().removeprefix("ISBN").lstrip(":"))


def _isbn(text: str) -> Found:
    """Yield an ISBN as 13 digits, if its check digit is right (ISO 2108)."""
    digits = re.sub(r"[\s-]", "", text).upper()
    if re.fullmatch(r"\d{9}[\dX]", digits):
        if sum((10 - at) * (10 if digit == "X" else int(digit)) for at, digit in enumerate(digits)) % 11 == 0:
            yield f"isbn:{_with_check(f'978{digits[:9]}')}"
    elif re.fullmatch(r"97[89]\d{10}", digits) and _with_check(digits[:12]) == digits:
        yield f"isbn:{digits}"


def _with_check(twelve: str) -> str:
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return f"{twelve}{-total % 10}"


READERS: dict[str, Callable[[str, str], Found]] = {
    "arxiv.org": _arxiv,
    "alphaxiv.org": _arxiv,
    "ar5iv.org": _arxiv,
    "ar5iv.labs.arxiv.org": _arxiv,
    "arxiv-vanity.com": _arxiv,
    "scirate.com": lambda path, _query: _arxiv_name(path.removeprefix("/arxiv").strip("/")),
    "doi.org": _doi_path,
    "nature.com": _nature,
    "zenodo.org": _zenodo,
    "github.com": _forge("github"),
    "raw.githubusercontent.com": _raw,
    "api.github.com": _pages,
    "gitlab.com": _gitlab,
    "bitbucket.org": _forge("bitbucket"),
    "codeberg.org": _forge("codeberg"),
    "gitee.com": _forge("gitee"),
    "huggingface.co": _hugging_face,
    "hf.co": _hugging_face,
    "youtube.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "youtu.be": _youtube_short,
    "vimeo.com": _first("vimeo", r"/(?:video/)?(\d+)(?:/|\Z)"),
    "bilibili.com": _first("bilibili", r"/video/(BV\w{10}|av\d+)(?:/|\Z)"),
    "slideslive.com": _first("slideslive", r"/(?:embed/(?:presentation/)?)?(\d{6,})(?:/|\Z)"),
    "openreview.net": _openreview,
    "aclanthology.org": _first("acl", r"/([A-Z]\d{2}-\d{4}|\d{4}\.[\w-]+\.\d+)(?:\.pdf|/|\Z)"),
    "aclweb.org": _first("acl", r"/anthology/([A-Z]\d{2}-\d{4}|\d{4}\.[\w-]+\.\d+)(?:\.pdf|/|\Z)"),
    "pubmed.ncbi.nlm.nih.gov": _first("pmid", r"/(\d+)(?:/|\Z)"),
    "pubmed.gov": _first("pmid", r"/(\d+)(?:/|\Z)"),
    "ncbi.nlm.nih.gov": _ncbi,
    "pmc.ncbi.nlm.nih.gov": _ncbi,
    "europepmc.org": _europe_pmc,
    "sciencedirect.com": _first("pii", r"/science/article/(?:abs/)?pii/([SB]\w{16})(?:/|\Z)"),
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
