"""The file meta.json of the folder model/ -> the languages of the model and its numbers; without numpy."""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

MODEL_FOLDER = Path(__file__).with_name("model")
CJK_TAGS = ("zh-Hans", "zh-Hant", "ja", "ko")  # they share their archive weights


class ModelMeta(msgspec.Struct, frozen=True):
    """meta.json: the languages in the order of their salts, the layout of the tables, the interpolation weights."""

    languages: tuple[str, ...]
    totals: tuple[float, ...]  # training characters per language
    layouts: tuple[tuple[int, int], ...]  # segments, bits
    weights: dict[str, tuple[tuple[float, ...], ...]]  # by language, order, bucket


@functools.cache
def model_meta() -> ModelMeta:
    """Return what meta.json holds."""
    return msgspec.json.decode((MODEL_FOLDER / "meta.json").read_bytes(), type=ModelMeta)
