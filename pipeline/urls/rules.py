"""rules.toml and clearurls/ -> what is done with the addresses of each host, compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

_ANYWHERE = re.compile(r"\^?https\?:\\/\\/(?:\(\?:\[a-z0-9-\]\+\\\.\)\*\?)?((?:[a-z0-9]|\\?-)+)(?:\\?\.|\(\?:\\\.)")


@dataclass(slots=True)
class Rules:
    """What is done for a host, ours and ClearURLs' alike; `where` and `but` limit it to some addresses."""

    where: re.Pattern[str] | None = None
    but: tuple[re.Pattern[str], ...] = ()
    cuts: re.Pattern[str] | None = None
    erased: tuple[re.Pattern[str], ...] = ()
    leads_to: tuple[re.Pattern[str], ...] = ()
    wrapper: tuple[re.Pattern[str], re.Pattern[str]] | None = None  # paths, keys
    rewrite: tuple[re.Pattern[str], str] | None = None


@dataclass(slots=True)
class RuleBook:
    """All rules: those of a host by its name or by one of its labels, and those of any host."""

    tracking: re.Pattern[str]
    everywhere: Rules
    https: frozenset[str]
    verbatim: frozenset[str]
    hosts: dict[str, list[Rules]] = field(default_factory=dict)
    labels: dict[str, list[Rules]] = field(default_factory=dict)
    rest: list[Rules] = field(default_factory=list)
    keeps: dict[str, re.Pattern[str]] = field(default_factory=dict)


@cache
def rule_book() -> RuleBook:
    """Read and compile the rules, once: a table of constants."""
    here = files("pipeline.urls")
    own = tomllib.loads((here / "rules.toml").read_text("utf-8"))
    providers = msgspec.json.decode((here / "clearurls" / "rules.json").read_bytes())["providers"]
    book = RuleBook(
        tracking=_any(own["tracking"]),
        everywhere=_clearurls(providers.pop("globalRules")),
        https=frozenset(own["https"]["hosts"]),
        verbatim=frozenset(own["verbatim"]),
    )
    for provider in providers.values():
        if not provider.get("completeProvider"):
            label = _ANYWHERE.match(provider["urlPattern"])
            home = book.labels.setdefault(label[1].replace("\\", ""), []) if label else book.rest
            home.append(_clearurls(provider))
    book.keeps = {host: _any(keys) for host, keys in own["keeps"].items()}
    for host, keys in own["cuts"].items():
        book.hosts.setdefault(host, []).append(Rules(cuts=_any(keys)))
    for one in own["wrapper"]:
        for host in one["hosts"]:
            pair = re.compile(one["paths"]), re.compile(one["key"])
            book.hosts.setdefault(host, []).append(Rules(wrapper=pair))
    for one in own["rewrite"]:
        for host in one["hosts"]:
            book.hosts.setdefault(host, []).append(Rules(rewrite=(re.compile(one["from"]), one["to"])))
    return book


def _clearurls(provider: dict[str, Any]) -> Rules:
    def compiled(key: str) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(pattern, re.IGNORECASE) for pattern in provider.get(key, ()))

    return Rules(
        where=re.compile(provider["urlPattern"], re.IGNORECASE),
        but=compiled("exceptions"),
        cuts=_any(provider["rules"]) if provider.get("rules") else None,
        erased=compiled("rawRules"),
        leads_to=compiled("redirections"),
    )


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
