"""pipeline.toml or pyproject.toml -> Settings, checked."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

PositiveInt = Annotated[int, msgspec.Meta(ge=1)]


class SettingsError(Exception):
    """A setting is wrong. The message names the key, the file and the most similar valid key."""


DAY_PATTERN = r"^((19|20)\d\d(-[01]\d(-[0-3]\d)?)?)?$"
COLOUR_PATTERN = r"^(#[0-9a-fA-F]{6})?$"
LEAST_CONTRAST = 7  # of white text on a cover; WCAG 2.2 level AAA (success criterion 1.4.6)
MESSAGE_WORDS = {  # words of msgspec -> words for people
    f"Expected `str` matching regex {DAY_PATTERN!r}": "expected a date such as 2021, 2021-03 or 2021-03-09",
    f"Expected `str` matching regex {COLOUR_PATTERN!r}": "expected a colour such as #2f4858",
    "Invalid enum value": "invalid value",
    "Expected": "expected",
    "`int | null`": "a whole number",
    "`int`": "a whole number",
    "`str`": "text in quotes",
    "`bool`": "true or false",
    "`float`": "a number",
    "`array`": "a list",
    "`object`": "a table",
}
Day = Annotated[str, msgspec.Meta(pattern=DAY_PATTERN)]
Colour = Annotated[str, msgspec.Meta(pattern=COLOUR_PATTERN)]
Page = Literal["a4", "a5", "reader"]


class Edition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A book of the posts that meet every given condition."""

    title: Annotated[str, msgspec.Meta(min_length=1)]
    since: Day = ""
    until: Day = ""
    series: str = ""
    tag: str = ""
    language: str = ""
    query: str = ""
    order: Literal["oldest", "newest", "title"] = "oldest"
    every: Literal["week", "month", "year"] | None = None  # a book for each period
    cover: Colour = ""  # empty: one of the palette, chosen by the title or series


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How `lacuna send` reaches a mail server. The password is not here: the environment or a command has it."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    to: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    port: PositiveInt = 587
    tls: Literal["starttls", "implicit"] = "starttls"
    user: str = ""
    sender: str = ""  # empty: the user
    password_command: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key of the settings file, with its default. docs/reference/settings.md describes them."""

    raw: str = "raw"
    clean: str = "clean"
    out: str = "out"
    title: Annotated[str, msgspec.Meta(min_length=1)] = "Collected posts"
    jobs: PositiveInt | None = None
    editions: bool = True
    opds: bool = True
    edition: tuple[Edition, ...] = ()
    page: Page = "a5"
    vertical: bool = False
    image_width: PositiveInt = 1600
    grey: bool = False
    formats: tuple[Literal["azw3", "kepub"], ...] = ()
    include: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    profile: str = ""
    plain_text: tuple[str, ...] = ()
    max_bytes: PositiveInt = 16 * 2**20
    max_seconds: PositiveInt = 120
    steps: dict[str, dict[str, Any]] = {}
    send: Send | None = None


TABLES: dict[str, type[msgspec.Struct]] = {"edition": Edition, "send": Send}


def load_settings(folder: Path) -> Settings:
    """Return the settings of `folder`: pipeline.toml, else [tool.pipeline] in pyproject.toml, else the defaults.

    Raises SettingsError, in one line; OSError if a file exists and cannot be read.
    """
    own, project = folder / "pipeline.toml", folder / "pyproject.toml"
    if own.exists():
        return _checked(_toml(own), own.name)
    if project.exists():
        tool = _toml(project).get("tool", {})
        table = tool.get("pipeline", {}) if isinstance(tool, dict) else {}
        return _checked(table, f"[tool.pipeline] in {project.name}")
    return Settings()


def with_edition(edition: Edition, folder: Path) -> tuple[Path, str] | None:
    """Return the settings file of `folder` and its text with an `[[edition]]` added; None if that title exists already.

    Nothing is written. Raises SettingsError, in one line, if the new text were not valid.
    """
    if any(edition.title == known.title for known in load_settings(folder).edition):
        return None
    own, project = folder / "pipeline.toml", folder / "pyproject.toml"
    in_project = not own.exists() and project.exists() and "pipeline" in _toml(project).get("tool", {})
    file, header = (project, "[[tool.pipeline.edition]]") if in_project else (own, "[[edition]]")
    given = {name: value for name in edition.__struct_fields__ if (value := getattr(edition, name)) != _default(name)}
    lines = [header, *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in given.items())]
    before = file.read_text("utf-8") if file.exists() else ""
    text = "\n".join([*([before.rstrip("\n"), ""] if before else []), *lines, ""])
    try:
        table = tomllib.loads(text)
        _checked(table["tool"]["pipeline"] if in_project else table, file.name)
    except (tomllib.TOMLDecodeError, SettingsError) as error:
        message = f"{error}; nothing was added to {file.name}"
        raise SettingsError(message) from error
    return file, text


def _default(name: str) -> object:
    return dict(zip(Edition.__struct_fields__[1:], Edition.__struct_defaults__, strict=True)).get(name)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path.name} cannot be read: {error}"
        raise SettingsError(message) from error


def _checked(table: dict[str, Any], file: str) -> Settings:
    try:
        return _with_readable_covers(_with_distinct_titles(msgspec.convert(table, Settings), file), file)
    except msgspec.ValidationError as error:
        unknown = re.search(r"unknown field `(.+?)`", str(error))
        if unknown:
            own: type[msgspec.Struct] = next(
                (one for name, one in TABLES.items() if f"`$.{name}" in str(error)), Settings
            )
            message = f"{file}: no setting `{unknown[1]}`" + suggestion(unknown[1], own.__struct_fields__)
        else:
            message = f"{file}: {validation_message(str(error), Settings)}"
        raise SettingsError(message) from error


def validation_message(problem: str, kind: object) -> str:
    """Return a message of msgspec in plain words, with the valid values of the key; `kind` is the type with the key.

    >>> validation_message("Invalid enum value 'A5' - at `$.page`", Settings)
    "invalid value 'A5' in `page`; valid: a4, a5, reader"
    """
    what, _, place = problem.replace(" - at `$", "\0").partition("\0")
    for name in re.findall(r"[a-z_]+", place):
        kind = next((hints[name] for one in _nested_types(kind) if name in (hints := _hints(one))), kind)
    for technical, plain in MESSAGE_WORDS.items():
        what = what.replace(technical, plain)
    choices = ", ".join(one for one in _nested_types(kind) if isinstance(one, str))
    named = place.removeprefix(".").rstrip("`")
    return what + (f" in `{named}`" if named else "") + (f"; valid: {choices}" if choices else "")


def _nested_types(kind: object) -> Iterator[object]:
    """Yield a type, and the types and values it consists of."""
    yield kind
    for part in get_args(kind):
        yield from _nested_types(part)


def _hints(kind: object) -> dict[str, Any]:
    """Return the types of the fields of a table of settings; nothing for other types."""
    return (
        get_type_hints(kind, include_extras=True)
        if isinstance(kind, type) and kind in {Settings, *TABLES.values()}
        else {}
    )


def _with_distinct_titles(settings: Settings, file: str) -> Settings:
    """Return the settings. Raises SettingsError if two books have the same title: it names a book's file."""
    titles = [settings.title, *(edition.title for edition in settings.edition)]
    for at, title in enumerate(titles):
        if title.casefold() in map(str.casefold, titles[:at]):
            message = f"{file}: two books have the title `{title}`; give each [[edition]] its own, unlike `title`"
            raise SettingsError(message)
    return settings


def _with_readable_covers(settings: Settings, file: str) -> Settings:
    """Return the settings. Raises SettingsError if white text is hard to read on the colour of a cover."""
    for edition in settings.edition:
        contrast = contrast_with_white(edition.cover) if edition.cover else LEAST_CONTRAST
        if contrast < LEAST_CONTRAST:
            message = f"{file}: the cover colour {edition.cover} of `{edition.title}` is too light for white text"
            message += f" (contrast {contrast:.1f}:1, at least {LEAST_CONTRAST}:1); choose a darker one"
            raise SettingsError(message)
    return settings


def contrast_with_white(colour: str) -> float:
    """Return the contrast ratio of white text on a colour (WCAG 2.2, relative luminance).

    >>> round(contrast_with_white("#000000")), round(contrast_with_white("#ffffff"))
    (21, 1)
    """
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)  # noqa: PLR2004 - sRGB
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def suggestion(word: str, known: tuple[str, ...]) -> str:
    """Return '; did you mean `x`?' for the known word most similar to `word`, else the list of all."""
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(known) or 'none'}"
