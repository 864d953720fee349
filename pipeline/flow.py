"""FLOW, the tuple of the steps that a document passes, in order: read this first."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from pipeline.document import Step
from pipeline.read.readers import installed_readers
from pipeline.settings import Settings, SettingsError, suggestion, validation_message
from pipeline.steps import (
    canonical,
    controls,
    describe,
    doubts,
    escapes,
    links,
    plain,
    profiles,
    repair,
)
from pipeline.steps.markdown_steps import MARKDOWN

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from pipeline.language.archive_statistics import ArchiveStatistics

ARCHIVE = "archive"  # the keyword argument of a step that gets the statistics of the archive
LANGUAGE = "language"  # the option of `describe` that gets the main language of the archive, if the settings have none
FROM_SETTINGS = ("profile", "plain_text", "links")  # the keyword arguments of steps that get the setting of that name

CHARACTERS: tuple[Step, ...] = (  # wrong characters -> right ones
    controls.STEP,  # first: line ends and NULs would hide everything else
    escapes.STEP,  # before repair: the escaped characters may be mojibake too
    repair.STEP,  # before any other change: it would break the bytes of mojibake
)
BEFORE_PLUGINS: tuple[Step, ...] = (
    *CHARACTERS,
    plain.STEP,  # before any rule reads the text as Markdown
    describe.STEP,  # with right characters, and before Markdown is written: front matter is not Markdown
    *MARKDOWN,
    doubts.STEP,  # on the final words
)
AFTER_PLUGINS: tuple[Step, ...] = (
    canonical.STEP,  # on the final links
    links.STEP,  # last: its line numbers are those of the clean text
)
FLOW: tuple[Step, ...] = (*BEFORE_PLUGINS, *AFTER_PLUGINS)
CHARACTER_STEPS = ("decode", *(step.name for step in CHARACTERS))  # the steps after which the characters are right


def assemble(settings: Settings) -> tuple[Step, ...]:
    """Return FLOW with the plugins of the settings between `doubts` and `links`, each step with its options bound.

    Raises SettingsError if a plugin or an option is unknown, or an option has the wrong type.
    """
    steps = (*BEFORE_PLUGINS, *_plugins(settings.plugins), *AFTER_PLUGINS)
    _check_profile(settings.profile)
    steps = tuple(_with_settings(step, settings) for step in steps)
    names = tuple(step.name for step in steps)
    for name in settings.steps:
        if name not in names:
            message = f"no step `{name}` to set options for" + suggestion(name, names)
            raise SettingsError(message)
    return tuple(with_options(step, settings.steps.get(step.name, {})) for step in steps)


def installed_plugins() -> EntryPoints:
    """Return the steps that installed packages offer."""
    from importlib.metadata import entry_points

    return entry_points(group="pipeline.steps")


def _with_settings(step: Step, settings: Settings) -> Step:
    """Return `step` with the settings of `FROM_SETTINGS` bound that are its keyword arguments and not empty."""
    given = {name: getattr(settings, name) for name in FROM_SETTINGS if name in _keyword_arguments(step)}
    return _with_arguments(step, given) if any(given.values()) else step


def _check_profile(profile: str) -> None:
    """Raise SettingsError if the site profile is unknown or its file is not valid."""
    if not profile:
        return
    if profile not in profiles.shipped_names() and not profile.endswith(".toml"):
        message = f"no site profile `{profile}`" + suggestion(profile, profiles.shipped_names())
        raise SettingsError(message)
    try:
        profiles.load_profile(profile)
    except profiles.ProfileError as error:
        raise SettingsError(validation_message(str(error), profiles.Profile)) from error


def _plugins(names: Sequence[str]) -> list[Step]:
    """Return the steps of the plugins in the settings; plugins that are readers have none."""
    if not names:
        return []
    steps, readers = installed_plugins(), installed_readers().names
    known = tuple(sorted({*steps.names, *readers}))
    for name in names:
        if name not in known:
            message = f"no plugin `{name}` is installed" + suggestion(name, known)
            raise SettingsError(message)
    return [_step_of_plugin(steps, name) for name in names if name in steps.names]


def _step_of_plugin(installed: EntryPoints, name: str) -> Step:
    step = installed[name].load()
    if not isinstance(step, Step):
        message = f"the plugin `{name}` is not a pipeline.Step"
        raise SettingsError(message)
    return step


def _keyword_arguments(step: Step) -> list[str]:
    """Return the names of a step's keyword arguments, bound ones included."""
    return inspect.getfullargspec(inspect.unwrap(step.run)).kwonlyargs


def with_options(step: Step, options: dict[str, Any]) -> Step:
    """Return `step` with options of the settings bound: the keyword arguments of its function, checked by their types.

    Raises SettingsError if an option is unknown or has the wrong type.
    """
    if not options:
        return step
    known = tuple(name for name in _keyword_arguments(step) if name not in {ARCHIVE, *FROM_SETTINGS})
    values = {}
    for option, value in options.items():
        if option not in known:
            message = f"the step `{step.name}` has no option `{option}`" + suggestion(option, known)
            raise SettingsError(message)
        kind = _type_of(step, option)
        try:
            values[option] = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message = f"the setting `steps.{step.name}.{option}`: {validation_message(str(error), kind)}"
            raise SettingsError(message) from error
    return _with_arguments(step, values)


def _type_of(step: Step, option: str) -> Any:  # noqa: ANN401 - a type, or a form of `typing`
    """Return the type of an option. Other arguments may have types that only type checkers import."""
    function = inspect.unwrap(step.run)
    alone = SimpleNamespace(__annotations__={option: function.__annotations__.get(option, Any)})
    return get_type_hints(alone, function.__globals__)[option]


def with_archive(steps: Iterable[Step], archive: ArchiveStatistics) -> tuple[Step, ...]:
    """Return the steps, with `archive` bound in each whose function has a keyword argument of that name."""
    return tuple(
        _with_arguments(step, {ARCHIVE: archive}) if ARCHIVE in _keyword_arguments(step) else step for step in steps
    )


def with_language(steps: Iterable[Step], language: str) -> tuple[Step, ...]:
    """Return the steps, with the main language of the archive bound in `describe`."""
    return tuple(
        _with_arguments(step, {LANGUAGE: language}) if step.name == describe.STEP.name else step for step in steps
    )


def _with_arguments(step: Step, values: dict[str, Any]) -> Step:
    return replace(step, run=functools.update_wrapper(functools.partial(step.run, **values), step.run))
