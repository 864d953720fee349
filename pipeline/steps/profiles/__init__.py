"""Site profiles: rules for the posts of one site, as TOML files -> the profile that a document follows.

A shipped profile (`NAME.toml` in this folder) applies to documents whose source is on one of its hosts. The setting
`profile` applies one to every document, or adds a TOML file of the user: see docs/how-to/teach-a-site.md.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from pipeline.document import Metadata
from pipeline.urls.canonical import host_of

Pattern = re.Pattern[str]  # in a file: a regular expression of Python's `re`, with MULTILINE set


class ProfileError(ValueError):
    """A profile cannot be used; the message names the file and the problem, in one line."""


class DoubtfulPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern that a mistranslation leaves in the text, and what the note says about it."""

    says: str
    pattern: Pattern


class CutNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words before a name, and words that end it, where emphasis starts within the name: `改编自库宁*等人(2017)*`."""

    before: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules for the posts of one site. A rule that the file does not give is off."""

    hosts: tuple[str, ...] = ()  # of source URLs, each with its subdomains; none: every document
    language: str = ""  # BCP 47 prefix: `labels`, `cut_names` and `doubtful` apply to text in this language only
    labels: dict[str, str] = {}  # the whole text of a link -> the right text
    cut_names: CutNames = CutNames()
    doubtful: tuple[DoubtfulPattern, ...] = ()  # the step `doubts` notes these
    link_card: Pattern | None = None  # groups: title, url; optional: subtitle, and empty, the same URL again
    link_marks: Pattern | None = None  # a character before a link, in lines of links that `|` separates
    caption: Pattern | None = None  # the start of a line below an image that is its caption
    placeholders: bool = False  # whether `T1:` before bold text and `【T1:…】` are left from machine translation
    numbered_lines: bool = False  # whether lines `1)…`, `2)…` of a paragraph are a list
    footnote_asterisks: bool = False  # whether `*A*、B*、C*` is emphasis with footnote asterisks inside
    kicker_and_subtitle: bool = False  # whether h2 headings between the title and the first image are these
    label_lines: bool = False  # whether a line `*By A (2017)* | [paper](…) | [code](…)` describes a work


NO_PROFILE = Profile()


def profile_of(meta: Metadata) -> Profile:
    """Return the profile of a document: the one that the settings chose, else that of its source's host.

    >>> profile_of(Metadata(source_url="https://towardsdatascience.com/a")).language
    'zh'
    >>> profile_of(Metadata(source_url="https://example.com/a")) == NO_PROFILE
    True
    """
    if meta.profile:
        return load_profile(meta.profile)
    return _shipped_profile_of(host_of(meta.source_url)) if meta.source_url else NO_PROFILE


@lru_cache(maxsize=64)  # hosts; every step that a profile can turn on asks
def _shipped_profile_of(host: str) -> Profile:
    return next((profile for profile in _shipped_profiles().values() if _covers(profile, host)), NO_PROFILE)


def profile_applies(setting: str, source_url: str) -> bool:
    """Return whether the profile that the settings name applies to a document with this source URL.

    A shipped one applies to every document, a file to its hosts, or to every document where it lists none.
    """
    if setting in shipped_names():
        return True
    profile = load_profile(setting)
    return not profile.hosts or _covers(profile, host_of(source_url))


def load_profile(setting: str) -> Profile:
    """Return the profile that the settings name: a shipped one, or a TOML file. Raises ProfileError."""
    return _shipped_profiles()[setting] if setting in shipped_names() else parsed_profile(setting, _read_file(setting))


def shipped_names() -> tuple[str, ...]:
    """Return the names of the profiles that come with the package."""
    return tuple(_shipped_profiles())


def profiles_digest(setting: str) -> str:
    """Return the SHA-256 of the shipped profiles and of the file that the settings name. Raises ProfileError."""
    texts = [*map(repr, _shipped_texts().items()), setting]
    if setting and setting not in shipped_names():
        texts.append(_read_file(setting))
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _covers(profile: Profile, host: str) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in profile.hosts)


@cache
def _shipped_texts() -> dict[str, str]:
    """Return the text of each shipped profile by its name, in the order of the names."""
    found = sorted(files(__name__).iterdir(), key=lambda file: file.name)
    return {file.name[:-5]: file.read_text("utf-8") for file in found if file.name.endswith(".toml")}


@cache
def _shipped_profiles() -> dict[str, Profile]:
    return {name: parsed_profile(f"{name}.toml", text) for name, text in _shipped_texts().items()}


def _read_file(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except OSError as error:
        message = f"profile {name}: {error.strerror}"
        raise ProfileError(message) from error
    except ValueError as error:  # not UTF-8, or a NUL in the name
        message = f"profile {name}: {error}"
        raise ProfileError(message) from error


@cache
def parsed_profile(file: str, text: str) -> Profile:
    """Return the profile that a TOML text describes; `file` names it in messages. Raises ProfileError."""
    try:
        profile = msgspec.convert(tomllib.loads(text), Profile, dec_hook=_compiled_pattern)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"profile {file}: {error}"
        raise ProfileError(message) from error
    card = profile.link_card
    if missing := {"title", "url"} - set(card.groupindex if card else ("title", "url")):
        message = f"profile {file}: `link_card` has no group `(?P<{min(missing)}>…)`"
        raise ProfileError(message)
    return profile


def _compiled_pattern(_: type, value: Any) -> Pattern:  # noqa: ANN401 - msgspec's hook
    try:
        return re.compile(value, re.MULTILINE)
    except (re.error, OverflowError, RecursionError, TypeError) as error:
        message = f"not a regular expression in quotes ({error})"
        raise ValueError(message) from error
