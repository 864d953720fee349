"""Files of the folder model/ -> the tables and arrays in them, each read once."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.language.fuse_table import Layout, Slots
from pipeline.language.model_meta import MODEL_FOLDER, model_meta


def model_arrays(name: str) -> dict[str, npt.NDArray[Any]] | None:
    """Return the arrays in model/NAME.npz, by their names; None if there is no such file."""
    file = MODEL_FOLDER / f"{name}.npz"
    if not file.exists():
        return None
    with np.load(file) as arrays:
        return dict(arrays)


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
