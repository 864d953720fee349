"""The working folder and the options of a command -> the settings that apply."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.options import global_options, say

if TYPE_CHECKING:
    from pipeline.settings import Settings

ARCHIVE_FOLDERS = ("raw", "clean", "out")  # the settings that are folders


def settings_of(**flags: Any) -> Settings:  # noqa: ANN401 - the values of click's options
    """Return the settings for the working folder; given flags override them.

    They are those of `--config`, else of the nearest settings file in the folder or above it, else the user's. The
    paths in a file above are relative to its folder.
    """
    import msgspec

    from pipeline.settings import Settings
    from pipeline.settings_files import read_settings

    file, folder = settings_file()
    settings = read_settings(file) if file else Settings()
    if str(folder) != ".":
        paths = {name: str(folder / getattr(settings, name)) for name in ARCHIVE_FOLDERS}
        paths |= {"profile": str(folder / settings.profile)} if settings.profile.endswith(".toml") else {}
        settings = msgspec.structs.replace(settings, **paths)
    return msgspec.structs.replace(settings, **{key: value for key, value in flags.items() if value is not None})


def settings_file() -> tuple[Path | None, Path]:
    """Return the settings file for the working folder, None if there is none, and what its paths are relative to."""
    from pipeline.settings_files import find_settings, user_settings

    if config := global_options().config:
        return config, Path()
    if found := find_settings(Path()):
        return found, Path(os.path.relpath(found.parent))
    user = user_settings()
    return (user if user.is_file() else None), Path()


def archive_settings(**flags: Any) -> Settings:  # noqa: ANN401 - the values of click's options
    """Return the settings of the archive around the working folder, which becomes the folder of its settings file."""
    _, folder = settings_file()
    if str(folder) != ".":
        here = os.path.relpath(Path(), folder)
        flags |= {name: str(Path(here, flags[name])) for name in ARCHIVE_FOLDERS if flags.get(name) is not None}
        os.chdir(folder)
        say(f"lacuna: settings in {Path.cwd()}; paths are relative to it", err=True)
    return settings_of(**flags)
