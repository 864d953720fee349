"""pipeline.toml or pyproject.toml -> Settings, checked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_type_hints

import msgspec

from pipeline.extras import is_installed

PositiveInt = Annotated[int, msgspec.Meta(ge=1)]


class SettingsError(Exception):
    """A setting is wrong. The message names the key, the file and the most similar valid key."""


DAY_PATTERN = r"^((19|20)\d\d(-[01]\d(-[0-3]\d)?)?)?$"
COLOUR_PATTERN = r"^(#[0-9a-fA-F]{6})?$"
LEAST_CONTRAST = 7  # of white text on a cover; WCAG 2.2 level AAA (success criterion 1.4.6)
MESSAGE_WORDS = {  # words of msgspec -> words for people
    f"Expected `str` matching regex {DAY_PATTERN!r}": "expected a date such as 2021, 2021-03 or 2021-03-09",
    f"Expected `str` matching regex {COLOUR_PATTERN!r}": "expected a colour such as #2f4858",
    "Object missing required field": "missing",
    "Invalid enum value": "invalid value",
    "Expected": "expected",
    "`int | null`": "a whole number",
    "`float | null`": "a number",
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
Sides = Literal["two", "two-recto", "one"]
EmbeddedFonts = Literal["embed", "none"]
LinkForm = Literal["as-written", "canonical"]
BOOK_FORMATS = ("epub", "pdf")  # of every book; the setting `formats` adds those of devices


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


class SettingsPlace(NamedTuple):
    """Where settings are, for messages: the name of the file, its text, and what the names of its tables start with."""

    file: str
    text: str = ""
    prefix: str = ""  # `tool.pipeline` in pyproject.toml

    def line_of(self, path: str, unknown: str = "") -> int:
        r"""Return the line of a key, from 1; 0 if it is not found. `path` is that of msgspec: `.edition[1].since`.

        >>> SettingsPlace("a.toml", "title = 'A'\n[[edition]]\ntitel = 'B'").line_of(".edition[0]", "titel")
        3
        """
        in_edition = re.match(r"\.edition\[(\d+)\]", path)
        number, rest = (int(in_edition[1]) + 1, path[in_edition.end() :]) if in_edition else (0, path)
        key = unknown or "".join(re.findall(r"\A\.([\w-]+)", rest))
        table = ".".join(filter(None, (self.prefix, "edition" if number else "")))
        header, seen = "", 0
        for at, line in enumerate(self.text.splitlines(), 1):
            if opened := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
                header = opened[1]
                seen += header == table
            elif header == table and seen == max(number, bool(table)) and re.match(rf"\s*\"?{key}\"?\s*=", line):
                return at
        return 0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key of the settings file, with its default. docs/reference/settings.md describes them."""

    raw: str = "raw"
    clean: str = "clean"
    out: str = "out"
    title: Annotated[str, msgspec.Meta(min_length=1)] = "Collected posts"
    jobs: PositiveInt | None = None
    engine: str = "processes"
    scheduler: str = ""
    editions: bool = msgspec.field(default_factory=lambda: is_installed("books"))
    opds: bool = True
    edition: tuple[Edition, ...] = ()
    page: Page = "a5"
    sides: Sides = "two"
    fonts: EmbeddedFonts = "embed"
    vertical: bool = False
    image_width: PositiveInt = 1600
    grey: bool = False
    formats: tuple[Literal["azw3", "kepub"], ...] = ()
    include: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    profile: str = ""
    plain_text: tuple[str, ...] = ()
    links: LinkForm = "as-written"
    max_bytes: PositiveInt = 16 * 2**20
    max_seconds: PositiveInt = 120
    steps: dict[str, dict[str, Any]] = {}
    send: Send | None = None


TABLES: dict[str, type[Edition | Send]] = {"edition": Edition, "send": Send}


def checked_settings(table: dict[str, Any], place: SettingsPlace) -> Settings:
    """Return the table of a settings file as Settings. Raises SettingsError, in one line that names the place."""
    try:
        return _with_readable_covers(_with_distinct_titles(msgspec.convert(table, Settings), place.file), place.file)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        unknown = re.search(r"unknown field `(.+?)`", problem)
        if unknown:
            own: type[Edition | Send | Settings] = next(
                (one for name, one in TABLES.items() if path.startswith(f".{name}")), Settings
            )
            message = f"no setting `{unknown[1]}`" + suggestion(unknown[1], own.__struct_fields__)
        else:
            message = validation_message(str(error), Settings)
        number = place.line_of(path.rstrip("`"), unknown[1] if unknown else "")
        message = f"{place.file}{f':{number}' if number else ''}: {message}"
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
