"""rules.toml and clearurls/rules.json -> the compiled rules for the URLs of each host."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from pipeline.patterns import lazy_pattern

_HOST_LABEL = re.compile(  # the start of a ClearURLs pattern that gives a label of the host: amazon
    r"\^?https\?:\\/\\/(?:\(\?:\[a-z0-9-\]\+\\\.\)\*\?)?((?:[a-z0-9]|\\?-)+)(?:\\?\.|\(\?:\\\.)"
)


@dataclass(slots=True)
class Wrapper:
    """Where a redirect wrapper holds its target: in the value of `key`, or in group 1 of `paths` if `key` is None."""

    paths: re.Pattern[str]
    key: re.Pattern[str] | None
    decoder: str = ""  # the name of one of DECODERS


@dataclass(slots=True)
class HostRules:
    """Rules for the URLs of a host, from our table or from ClearURLs.

    Those of ClearURLs apply to a URL that `applies_to` matches and no pattern of `exceptions` does.
    """

    applies_to: re.Pattern[str] | None = None
    exceptions: tuple[re.Pattern[str], ...] = ()
    removed_keys: re.Pattern[str] | None = None
    removed_text: tuple[re.Pattern[str], ...] = ()  # anywhere after the scheme
    redirections: tuple[re.Pattern[str], ...] = ()  # the first group is the target
    wrapper: Wrapper | None = None
    rewrite: tuple[re.Pattern[str], str] | None = None  # pattern and template of all after the scheme


@dataclass(slots=True)
class RuleBook:
    """All rules: by host, by a label of the host's name, and for all hosts."""

    tracking: re.Pattern[str]  # keys that no host shows anything by
    tracking_values: dict[str, re.Pattern[str]]  # key -> the values by which no host shows anything
    all_hosts: HostRules
    https_hosts: frozenset[str]
    verbatim_hosts: frozenset[str]
    by_host: dict[str, list[HostRules]] = field(default_factory=dict)
    by_label: dict[str, list[HostRules]] = field(default_factory=dict)
    other: list[HostRules] = field(default_factory=list)
    kept_keys: dict[str, re.Pattern[str]] = field(default_factory=dict)


@cache
def rule_book() -> RuleBook:
    """Return the rules, read and compiled once."""
    here = files("pipeline.urls")
    own = tomllib.loads((here / "rules.toml").read_text("utf-8"))
    providers = msgspec.json.decode((here / "clearurls" / "rules.json").read_bytes())["providers"]
    book = RuleBook(
        tracking=_any_of(own["tracking"]),
        tracking_values={key: re.compile(value) for key, value in own["tracking_values"].items()},
        all_hosts=replace(_clearurls(providers.pop("globalRules")), removed_keys=None),  # e.org may show pages by `ref`
        https_hosts=frozenset(own["https"]["hosts"]),
        verbatim_hosts=frozenset(own["verbatim"]),
    )
    for provider in providers.values():
        if not provider.get("completeProvider"):
            label = _HOST_LABEL.match(provider["urlPattern"])
            home = book.by_label.setdefault(label[1].replace("\\", ""), []) if label else book.other
            home.append(_clearurls(provider))
    book.kept_keys = {host: _any_of(keys) for host, keys in own["keeps"].items()}
    for host, keys in own["cuts"].items():
        book.by_host.setdefault(host, []).append(HostRules(removed_keys=_any_of(keys)))
    for one in own["wrapper"]:
        for host in one["hosts"]:
            key = lazy_pattern(one["key"]) if "key" in one else None
            wrapper = Wrapper(lazy_pattern(one["paths"], re.DOTALL), key, one.get("decoder", ""))
            book.by_host.setdefault(host, []).append(HostRules(wrapper=wrapper))
    for one in own["rewrite"]:
        for host in one["hosts"]:
            book.by_host.setdefault(host, []).append(HostRules(rewrite=(lazy_pattern(one["from"]), one["to"])))
    return book


def _clearurls(provider: dict[str, Any]) -> HostRules:
    def compiled(key: str) -> tuple[re.Pattern[str], ...]:
        return tuple(lazy_pattern(pattern, re.IGNORECASE) for pattern in provider.get(key, ()))

    return HostRules(
        applies_to=lazy_pattern(provider["urlPattern"], re.IGNORECASE),
        exceptions=compiled("exceptions"),
        removed_keys=_any_of(provider["rules"]) if provider.get("rules") else None,
        removed_text=compiled("rawRules"),
        redirections=compiled("redirections"),
    )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return lazy_pattern("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
