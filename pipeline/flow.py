"""FLOW, the ordered tuple of steps a document goes through: read this first."""

from __future__ import annotations

import functools
import inspect
from dataclasses import replace
from importlib.metadata import entry_points, version
from typing import Any, get_type_hints

import msgspec

from pipeline.document import Document, Note, Step
from pipeline.invariants import EXPLAINED
from pipeline.language.archive_statistics import ArchiveStatistics
from pipeline.settings import Settings, SettingsError, suggestion, validation_message
from pipeline.steps import (
    artefacts,
    cards,
    controls,
    describe,
    doubts,
    emphasis,
    escapes,
    figures,
    headings,
    links,
    lists,
    normalize,
    plain,
    profiles,
    repair,
    tables,
    typography,
    wraps,
)
from pipeline.version import __version__

FLOW: tuple[Step, ...] = (
    controls.STEP,  # first: line ends and NULs would hide everything else
    escapes.STEP,  # before repair: what they hide may be misread as well
    repair.STEP,  # on the text as it was archived: any later change would break the bytes it undoes
    plain.STEP,  # before Markdown is read: all that follows may take the text for Markdown
    describe.STEP,  # on true letters, and before Markdown is written: front matter is no Markdown
    artefacts.STEP,  # placeholders first: they stand between what belongs together
    cards.STEP,  # before blocks: a card is taken for headings
    lists.STEP,
    tables.STEP,
    wraps.STEP,  # behind lists: their lines are items
    emphasis.STEP,  # in the paragraphs that there are now
    headings.STEP,  # where marks pair
    figures.STEP,  # captions as they will be read
    typography.STEP,
    normalize.STEP,  # what is meant is settled: from here on it only may be written otherwise
    doubts.STEP,  # of what is left
    links.STEP,  # last: lines are those of the clean text
)
LIBRARIES = ("charset-normalizer", "ftfy", "idna", "markdown-it-py", "mdit-py-plugins", "py3langid")
REPAIRED = ("decode", *(step.name for step in FLOW[:3]))  # what a text has gone through when its letters are right
PROFILE = "profile"  # the keyword argument of a step that gets the site profile that the settings name
PLAIN_TEXT = "plain_text"  # the keyword argument of a step that gets the patterns of plain text in the settings
MARKDOWN = FLOW[5:-2]  # the steps that write Markdown: what the filter `normalize` does


def assemble(settings: Settings) -> tuple[Step, ...]:
    """Return FLOW with the plugins that the settings name before its last step, each step with its options bound.

    Raises SettingsError where a plugin, the site profile or an option is unknown or of the wrong type.
    """
    steps = (*FLOW[:-1], *map(_plugin, settings.plugins), FLOW[-1])
    steps = tuple(_with_profile(step, settings.profile) for step in steps) if settings.profile else steps
    steps = tuple(_with_plain_text(step, settings.plain_text) for step in steps) if settings.plain_text else steps
    names = tuple(step.name for step in steps)
    for name in settings.steps:
        if name not in names:
            message = f"no step `{name}` to set options for" + suggestion(name, names)
            raise SettingsError(message)
    return tuple(bound(step, settings.steps.get(step.name, {})) for step in steps)


def _with_profile(step: Step, profile: str) -> Step:
    """Return `step`, with the site profile of the settings bound if its function has a keyword argument of that name.

    Raises SettingsError if the profile is unknown or its file is not valid.
    """
    if profile not in profiles.shipped_names() and not profile.endswith(".toml"):
        message = f"no site profile `{profile}`" + suggestion(profile, profiles.shipped_names())
        raise SettingsError(message)
    try:
        profiles.load_profile(profile)
    except profiles.ProfileError as error:
        raise SettingsError(validation_message(str(error), profiles.Profile)) from error
    if PROFILE not in inspect.getfullargspec(step.run).kwonlyargs:
        return step
    run = functools.update_wrapper(functools.partial(step.run, **{PROFILE: profile}), step.run)
    return replace(step, run=run)


def _with_plain_text(step: Step, patterns: tuple[str, ...]) -> Step:
    """Return `step`, with the patterns of plain text bound if its function has a keyword argument of that name."""
    if PLAIN_TEXT not in inspect.getfullargspec(step.run).kwonlyargs:
        return step
    return replace(step, run=functools.update_wrapper(functools.partial(step.run, plain_text=patterns), step.run))


def _plugin(name: str) -> Step:
    found = entry_points(group="pipeline.steps")
    if name not in found.names:
        message = f"no plugin `{name}` is installed" + suggestion(name, tuple(sorted(found.names)))
        raise SettingsError(message)
    step = found[name].load()
    if not isinstance(step, Step):
        message = f"the plugin `{name}` is no pipeline.Step"
        raise SettingsError(message)
    return step


def bound(step: Step, options: dict[str, Any]) -> Step:
    """Return `step` with its keyword arguments bound: the signature is the schema."""
    if not options:
        return step
    known = [name for name in inspect.getfullargspec(step.run).kwonlyargs if name not in {PROFILE, PLAIN_TEXT}]
    types = get_type_hints(step.run)
    values = {}
    for option, value in options.items():
        if option not in known:
            message = f"the step `{step.name}` has no option `{option}`" + suggestion(option, tuple(known))
            raise SettingsError(message)
        try:
            values[option] = msgspec.convert(value, types.get(option, Any))
        except msgspec.ValidationError as error:
            message = (
                f"the option `{option}` of the step `{step.name}`: {validation_message(str(error), types[option])}"
            )
            raise SettingsError(message) from error
    bound = functools.update_wrapper(functools.partial(step.run, **values), step.run)
    return replace(step, run=bound)


def beside(steps: tuple[Step, ...], archive: ArchiveStatistics) -> tuple[Step, ...]:
    """Return the steps, with what the archive says as evidence for those that infer."""
    return tuple(
        replace(step, run=functools.partial(step.run, archive=archive)) if step.name == repair.STEP.name else step
        for step in steps
    )


def cache_key(settings: Settings) -> str:
    """Return what decides a flow's output beside its input: steps, their versions and options, libraries, limits."""
    steps = [(step.name, step.version, settings.steps.get(step.name, {})) for step in assemble(settings)]
    libraries = [__version__, *map(version, LIBRARIES)]
    return msgspec.json.encode(
        [
            *(steps, libraries, profiles.profiles_digest(settings.profile), settings.plain_text),
            *(settings.max_bytes, settings.max_seconds),
        ],
        order="deterministic",
    ).decode()


def follow(step: Step, document: Document) -> Document:
    """Return the document after `step`, or as it was, with a note, where the step broke a promise."""
    after = step.run(document)
    if after.text == document.text and after.changes == document.changes:
        return after
    broken = next(
        (invariant.name for invariant in (EXPLAINED, *step.invariants) if not invariant.holds(document, after)), ""
    )
    if not broken:
        return after
    note = Note(step.name, f"the step was undone: it would have broken its promise {broken}", broken)
    return replace(document, notes=(*document.notes, note))
