"""What an address leads to: a paper, code, a talk, a data set, a social network, or any other site."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from pipeline.urls.canonical import LONGEST, host_of
from pipeline.urls.identifiers import identifiers

SCHEMES = {
    "arxiv": "paper", "doi": "paper", "openreview": "paper", "acl": "paper", "pmid": "paper", "pmcid": "paper",
    "isbn": "paper", "pii": "paper", "github": "code", "gitlab": "code", "bitbucket": "code", "codeberg": "code",
    "gitee": "code", "huggingface": "code", "youtube": "talk", "slideslive": "talk", "vimeo": "talk",
    "bilibili": "talk",
}  # fmt: skip
HOSTS = {
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
_KIND_OF_HOST = {host: kind for kind, hosts in HOSTS.items() for host in hosts}
_AROUND = re.compile(r"^\W+|\W+$")


@cache
def _labels() -> dict[str, str]:
    table = tomllib.loads((files("pipeline.urls") / "labels.toml").read_text("utf-8"))
    return {label: kind for kind, labels in table.items() for label in labels}


def label_kind(text: str) -> str:
    """Return which link of a work a link's whole text announces: paper, code, talk, dataset, site; empty if none.

    >>> label_kind("📝 论文"), label_kind("[Code]"), label_kind("a paper on code")
    ('paper', 'code', '')
    """
    return _labels().get(_AROUND.sub("", text).casefold(), "")


def kind_of(address: str, text: str = "") -> str:
    """Return what a canonical address leads to; `text`, the link's own, decides where the address does not say.

    >>> kind_of("https://arxiv.org/abs/1703.00522"), kind_of("https://e.org/a", "code"), kind_of("https://e.org/a")
    ('paper', 'code', 'site')
    """
    if not address.startswith(("http://", "https://")):
        return "other"
    for known in identifiers(address):
        scheme, _, value = known.partition(":")
        data = value.startswith(("datasets/", "10.5281/"))  # of Hugging Face, and of Zenodo: mostly data and software
        return "dataset" if data else SCHEMES[scheme]
    return _host_kind(address) or label_kind(text) or "site"


def _host_kind(address: str) -> str:
    host = host_of(address) if len(address) <= LONGEST else ""
    while host and host not in _KIND_OF_HOST:
        host = host.partition(".")[2]
    return "dataset" if host == "kaggle.com" and "/datasets/" in address else _KIND_OF_HOST.get(host, "")
