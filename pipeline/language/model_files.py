"""Files of the folder model/ -> the tables and arrays in them, each read once."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Layout, Slots

MODEL_FOLDER = Path(__file__).with_name("model")


def model_arrays(name: str) -> dict[str, npt.NDArray[Any]] | None:
    """Return the arrays in model/NAME.npz, by their names; None if there is no such file."""
    file = MODEL_FOLDER / f"{name}.npz"
    if not file.exists():
        return None
    with np.load(file) as arrays:
        return dict(arrays)


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


@functools.cache
def ngram_tables() -> tuple[tuple[Slots, Layout], ...]:
    """Return the tables of short and of long n-grams, memory-mapped, with their layouts."""
    files = (MODEL_FOLDER / "short.npy", MODEL_FOLDER / "long.npy")
    return tuple(
        (np.load(file, mmap_mode="r").view(np.ndarray), Layout(*one))
        for file, one in zip(files, model_meta().layouts, strict=True)
    )


@functools.cache
def archive_weights() -> npt.NDArray[np.float32]:
    """Return the weights of archives, for alphabets and for CJK: shape (2, orders, count classes, count classes)."""
    return np.asarray(np.load(MODEL_FOLDER / "trust.npy"))
