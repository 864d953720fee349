"""Settings: what a person may choose, read from pipeline.toml or pyproject.toml and checked."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

Whole = Annotated[int, msgspec.Meta(ge=1)]


class SettingsError(Exception):
    """A setting is wrong; the message names the key, the file and the nearest right key."""


Day = Annotated[str, msgspec.Meta(pattern=r"^((19|20)\d\d(-[01]\d(-[0-3]\d)?)?)?$")]
Colour = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-fA-F]{6}$")]
Page = Literal["a4", "a5", "reader"]


class Edition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A book of some of the posts: those that meet every condition that is given; docs/editions.md describes each."""

    title: Annotated[str, msgspec.Meta(min_length=1)]
    since: Day = ""
    until: Day = ""
    series: str = ""
    tag: str = ""
    language: str = ""
    query: str = ""
    order: Literal["oldest", "newest", "title"] = "oldest"
    cover: Colour = "#2f4858"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key of the settings file, with its default; docs/settings.md describes each."""

    raw: str = "raw"
    clean: str = "clean"
    out: str = "out"
    title: Annotated[str, msgspec.Meta(min_length=1)] = "Collected posts"
    jobs: Whole | None = None
    editions: bool = True
    edition: tuple[Edition, ...] = ()
    page: Page = "a5"
    vertical: bool = False
    image_width: Whole = 1600
    grey: bool = False
    formats: tuple[Literal["azw3", "kepub"], ...] = ()
    ignore: tuple[str, ...] = (
        "img/*", "images/*", "assets/*",
        "*.png", "*.jpg", "*.jpeg", "*.gif", "*.webp", "*.svg", "*.PNG", "*.JPG", "*.JPEG",
    )  # fmt: skip
    plugins: tuple[str, ...] = ()
    max_bytes: Whole = 16 * 2**20
    max_seconds: Whole = 120
    steps: dict[str, dict[str, Any]] = {}


def load(folder: Path) -> Settings:
    """Return the settings of `folder`: pipeline.toml, else [tool.pipeline] in pyproject.toml, else the defaults.

    Raises SettingsError, in one line.
    """
    own, project = folder / "pipeline.toml", folder / "pyproject.toml"
    if own.exists():
        return _checked(_read(own), own.name)
    if project.exists():
        tool = _read(project).get("tool", {})
        table = tool.get("pipeline", {}) if isinstance(tool, dict) else {}
        return _checked(table, f"[tool.pipeline] in {project.name}")
    return Settings()


def add(edition: Edition, folder: Path) -> None:
    """Add an `[[edition]]` to the settings file of `folder`, unless there is one of its title.

    Raises SettingsError, in one line; then the file is as it was.
    """
    if any(edition.title == known.title for known in load(folder).edition):
        return
    own, project = folder / "pipeline.toml", folder / "pyproject.toml"
    in_project = not own.exists() and project.exists() and "pipeline" in _read(project).get("tool", {})
    file, header = (project, "[[tool.pipeline.edition]]") if in_project else (own, "[[edition]]")
    given = {name: value for name in edition.__struct_fields__ if (value := getattr(edition, name)) != _default(name)}
    lines = [header, *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in given.items())]
    before = file.read_text("utf-8") if file.exists() else ""
    file.write_text("\n".join([*([before.rstrip("\n"), ""] if before else []), *lines, ""]), "utf-8")
    try:
        load(folder)
    except SettingsError as error:
        file.write_text(before, "utf-8") if before else file.unlink()
        message = f"{error}; so nothing was added to {file.name}"
        raise SettingsError(message) from error


def _default(name: str) -> object:
    return dict(zip(Edition.__struct_fields__[1:], Edition.__struct_defaults__, strict=True)).get(name)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path.name} cannot be read: {error}"
        raise SettingsError(message) from error


def _checked(table: dict[str, Any], file: str) -> Settings:
    try:
        return _apart(msgspec.convert(table, Settings), file)
    except msgspec.ValidationError as error:
        unknown = re.search(r"unknown field `(.+?)`", str(error))
        if unknown:
            message = f"{file}: no setting `{unknown[1]}`" + suggestion(unknown[1], Settings.__struct_fields__)
        else:
            message = f"{file}: {str(error).replace(' - at `$.', ' in `')}"
        raise SettingsError(message) from error


def _apart(settings: Settings, file: str) -> Settings:
    """Return the settings unless two books have one title, which decides a book's file and what it replaces."""
    titles = [settings.title, *(edition.title for edition in settings.edition)]
    for at, title in enumerate(titles):
        if title.casefold() in map(str.casefold, titles[:at]):
            message = f"{file}: two books have the title `{title}`; give each [[edition]] its own, other than `title`"
            raise SettingsError(message)
    return settings


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """Return '; did you mean `x`?' for the known word nearest to `word`, else the list of all."""
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(known) or 'none'}"
