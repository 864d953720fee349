"""URL and link text -> the kind of the target: paper, code, talk, dataset, social, site or other."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from pipeline.urls.canonical import LONGEST_URL, host_of
from pipeline.urls.identifiers import identifiers

KIND_OF_SCHEME = {
    "arxiv": "paper", "doi": "paper", "openreview": "paper", "acl": "paper", "pmid": "paper", "pmcid": "paper",
    "isbn": "paper", "pii": "paper", "github": "code", "gitlab": "code", "bitbucket": "code", "codeberg": "code",
    "gitee": "code", "huggingface": "code", "youtube": "talk", "slideslive": "talk", "vimeo": "talk",
    "bilibili": "talk",
}  # fmt: skip
HOSTS_OF_KIND = {
    "paper": (
        "papers.nips.cc", "papers.neurips.cc", "proceedings.neurips.cc", "proceedings.mlr.press", "jmlr.org",
        "semanticscholar.org", "openaccess.thecvf.com", "dl.acm.org", "ieeexplore.ieee.org", "biorxiv.org",
        "medrxiv.org", "sciencedirect.com", "papers.ssrn.com", "psyarxiv.com",
    ),
    "code": ("gist.github.com", "colab.research.google.com", "sourceforge.net", "paperswithcode.com", "kaggle.com"),
    "talk": ("ted.com", "speakerdeck.com", "slideshare.net", "videolectures.net", "podcasts.apple.com"),
    "dataset": ("archive.ics.uci.edu", "data.world", "dataverse.harvard.edu", "figshare.com", "commoncrawl.org"),
    "social": (
        "twitter.com", "x.com", "facebook.com", "linkedin.com", "instagram.com", "weibo.com", "weibo.cn",
        "reddit.com", "news.ycombinator.com", "mastodon.social", "t.me", "discord.gg", "discord.com", "threads.net",
        "bsky.app", "pinterest.com", "tiktok.com", "vk.com", "slack.com", "tumblr.com", "quora.com",
    ),
}  # fmt: skip
_KIND_OF_HOST = {host: kind for kind, hosts in HOSTS_OF_KIND.items() for host in hosts}
_SURROUNDING_MARKS = re.compile(r"^\W++|(?<!\W)\W++$")


@cache
def _kind_of_label() -> dict[str, str]:
    table = tomllib.loads((files("pipeline.urls") / "labels.toml").read_text("utf-8"))
    return {label: kind for kind, labels in table.items() for label in labels}


def label_kind(text: str) -> str:
    """Return the kind that a link's whole text names (paper, code, talk, dataset, site); empty if it names none.

    >>> label_kind("📝 论文"), label_kind("[Code]"), label_kind("a paper on code")
    ('paper', 'code', '')
    """
    return _kind_of_label().get(_SURROUNDING_MARKS.sub("", text).casefold(), "")


def kind_of(url: str, text: str = "") -> str:
    """Return the kind of a canonical URL's target; the link's `text` decides where the URL does not.

    >>> kind_of("https://arxiv.org/abs/1703.00522"), kind_of("https://e.org/a", "code"), kind_of("https://e.org/a")
    ('paper', 'code', 'site')
    """
    if not url.startswith(("http://", "https://")):
        return "other"
    for known in identifiers(url):
        scheme, _, value = known.partition(":")
        data = value.startswith(("datasets/", "10.5281/"))  # on Hugging Face; on Zenodo, mostly data and software
        return "dataset" if data else KIND_OF_SCHEME[scheme]
    return _host_kind(url) or label_kind(text) or "site"


def _host_kind(url: str) -> str:
    host = host_of(url) if len(url) <= LONGEST_URL else ""
    while host and host not in _KIND_OF_HOST:
        host = host.partition(".")[2]
    return "dataset" if host == "kaggle.com" and "/datasets/" in url else _KIND_OF_HOST.get(host, "")
