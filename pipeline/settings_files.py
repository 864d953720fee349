"""Folder -> its settings file, also in the folders above; settings file -> Settings, checked."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.settings import Edition, Settings, SettingsError, SettingsPlace, checked_settings

SETTINGS_FILE = "pipeline.toml"
PROJECT_FILE = "pyproject.toml"
PROJECT_TABLE = "tool.pipeline"  # of PROJECT_FILE


def read_settings(file: Path) -> Settings:
    """Return the settings of a file: those of the table [tool.pipeline] if it is a pyproject.toml.

    Raises SettingsError, in one line; OSError if the file cannot be read.
    """
    text = _text(file)
    table = _parsed(file, text)
    if file.name != PROJECT_FILE:
        return checked_settings(table, SettingsPlace(file.name, text))
    place = SettingsPlace(f"[{PROJECT_TABLE}] in {file.name}", text, PROJECT_TABLE)
    return checked_settings(_project_table(table) or {}, place)


def find_settings(folder: Path) -> Path | None:
    """Return the settings file of a folder: the nearest in it or above it; None if there is none.

    Two files do not count: one above in a folder that anybody may write to, and one in the `raw` of an archive above.
    """
    chosen: Path | None = None
    for file in reversed([*_settings_files_around(folder.resolve())]):
        if chosen is None or not _is_source(file.parent, chosen):
            chosen = file
    return chosen


def _settings_files_around(folder: Path) -> Iterator[Path]:
    """Yield the settings files in a folder, then those above it."""
    for place in (folder, *folder.parents):
        own, project = place / SETTINGS_FILE, place / PROJECT_FILE
        if place == folder:
            if own.exists():
                yield own
            elif project.exists() and _project_table(_parsed(project, _text(project))) is not None:
                yield project
        elif not place.stat().st_mode & stat.S_IWOTH:
            if own.is_file():
                yield own
            elif project.is_file() and _has_project_table(project):
                yield project


def _has_project_table(project: Path) -> bool:
    """Return whether a pyproject.toml above has our table; one that cannot be read has none."""
    try:
        return _project_table(_parsed(project, _text(project))) is not None
    except (OSError, SettingsError):
        return False


def _is_source(folder: Path, settings: Path) -> bool:
    """Return whether a folder is in the `raw` of the archive with these settings."""
    try:
        raw = settings.parent / read_settings(settings).raw
    except (OSError, SettingsError):
        return False
    return folder != settings.parent and folder.is_relative_to(raw.resolve())


def with_edition(edition: Edition, file: Path) -> str | None:
    """Return the text of a settings file with an `[[edition]]` added; None if that title exists already.

    Nothing is written; the file need not exist. Raises SettingsError, in one line, if the new text were not valid.
    """
    import json  # noqa: PLC0415 - few commands add a book

    before = _text(file) if file.exists() else ""
    if before and any(edition.title == known.title for known in read_settings(file).edition):
        return None
    in_project = file.name == PROJECT_FILE
    given = {name: value for name in edition.__struct_fields__ if (value := getattr(edition, name)) != _default(name)}
    header = f"[[{PROJECT_TABLE}.edition]]" if in_project else "[[edition]]"
    lines = [header, *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in given.items())]
    text = "\n".join([*([before.rstrip("\n"), ""] if before else []), *lines, ""])
    try:
        table = tomllib.loads(text)
        checked_settings((_project_table(table) or {}) if in_project else table, SettingsPlace(file.name))
    except (tomllib.TOMLDecodeError, SettingsError) as error:
        message = f"{error}; nothing was added to {file.name}"
        raise SettingsError(message) from error
    return text


def _default(name: str) -> object:
    return dict(zip(Edition.__struct_fields__[1:], Edition.__struct_defaults__, strict=True)).get(name)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")  # Notepad writes a byte order mark
    except UnicodeDecodeError as error:
        message = f"{file.name} cannot be read: {error}; save it as UTF-8"
        raise SettingsError(message) from error


def _parsed(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f'{file.name} is not valid TOML: {error}; correct it, e.g. title = "My posts"'
        raise SettingsError(message) from error


def _project_table(table: dict[str, Any]) -> dict[str, Any] | None:
    """Return our table of a pyproject.toml; None if it has none."""
    tool = table.get("tool", {})
    return tool.get("pipeline") if isinstance(tool, dict) else None


def user_settings() -> Path:
    """Return the file with the user's settings, for folders without any: `~/.config/lacuna/pipeline.toml`."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "lacuna", SETTINGS_FILE)
