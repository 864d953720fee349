"""Settings -> the key of all cached results: what decides the output of the flow, besides the input."""

from __future__ import annotations

import hashlib
import re
import sys
from importlib.resources import files

import msgspec

from pipeline.flow import assemble, installed_plugins
from pipeline.read.decode import DECODE_VERSION
from pipeline.read.drafts import DRAFT_VERSION
from pipeline.read.readers import READER_VERSIONS, installed_readers
from pipeline.settings import Settings
from pipeline.steps import profiles
from pipeline.version import __version__

DISTRIBUTION = "lacuna-pipeline"
_PACKAGE_NAME = re.compile(r"[\w.-]+")


def cache_key(settings: Settings) -> str:
    """Return what decides the output of the flow, besides the input, as JSON: the key of all cached results.

    It holds the steps with their versions and options, and the versions of Lacuna, Python, pandoc, all dependencies and
    the plugins and readers, of decoding and of what a draft is, the digest of the language model, and the limits.
    """
    from pipeline.markdown import pandoc

    steps = [(step.name, step.version, settings.steps.get(step.name, {})) for step in assemble(settings)]
    programs = [__version__, sys.version_info[:2], pandoc.PANDOC_VERSION, _dependencies(), _model_digest()]
    plugins = [_distribution(name) for name in settings.plugins]
    texts = [profiles.profiles_digest(settings.profile), settings.plain_text, settings.links]
    readers = sorted(READER_VERSIONS.items())
    limits = [settings.max_bytes, settings.max_seconds, DRAFT_VERSION, DECODE_VERSION]
    return msgspec.json.encode([steps, programs, plugins, readers, texts, limits], order="deterministic").decode()


def _dependencies() -> dict[str, str]:
    """Return the version of each package that Lacuna requires or can use; empty for one that is not installed."""
    from importlib.metadata import PackageNotFoundError, requires, version

    def installed(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return ""

    try:
        required = requires(DISTRIBUTION) or []
    except PackageNotFoundError:  # a checkout that is not installed
        required = []
    return {match[0]: installed(match[0]) for line in required if (match := _PACKAGE_NAME.match(line))}


def _distribution(plugin: str) -> list[str]:
    """Return the name and the version of the package that a plugin comes from."""
    entries = [entry for entry in (*installed_plugins(), *installed_readers()) if entry.name == plugin]
    return [text for entry in entries if entry.dist for text in (entry.dist.name, entry.dist.version)]


def _model_digest() -> str:
    """Return the digest of the language model's manifest, which lists the digest of each of its files."""
    manifest = files("pipeline.language") / "model" / "MANIFEST.toml"
    return hashlib.sha256(manifest.read_bytes()).hexdigest()
