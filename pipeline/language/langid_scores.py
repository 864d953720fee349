"""Text -> the languages of py3langid with their scores, best first: the same results as its own, computed faster.

py3langid walks through the bytes of a text one by one. Its automaton never looks back further than its longest feature,
so the state after each byte follows from the last few bytes: all states are looked up at once.
"""

from __future__ import annotations

import functools
import io
import lzma
import os
import shutil
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

from pipeline.compiled import compiled_folder

MODEL_ARRAYS = ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat")  # weights, priors, ..., the automaton
LONGEST_FEATURE = 6  # bytes: no state of py3langid's automaton is further from the first one (tests/test_screens.py)


def language_scores(text: str) -> list[tuple[str, float]]:
    """Return the languages with their scores, best first, as `py3langid.rank` does."""
    return [(str(tag), float(score)) for tag, score in _identifier().rank(text)]


@functools.cache
def _identifier() -> LanguageIdentifier:
    """Return py3langid's identifier, loaded without its copies of the model."""
    weights, priors, classes, moves, rows, outputs = langid_arrays(compiled_folder(Path(__file__).parent))
    return _FastIdentifier(weights, priors, classes.tolist(), moves, outputs, tk_row=rows.tolist())


def langid_arrays(folder: Path | None) -> list[npt.NDArray[Any]]:
    """Return the arrays of py3langid's model, MODEL_ARRAYS; a file in `folder` saves most of the time from then on.

    The file has the compression of zip, which is read three times as fast as that of xz: 8 MB. As Python does for a
    compiled module, its name has the size of the original, and its time is that of the original; zip has a checksum of
    each array.
    """
    packed = MODEL_DIR / MODEL_FILE
    known = packed.stat()
    file = folder / f"py3langid-{known.st_size}.npz" if folder else None
    if file:
        with suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            if file.stat().st_mtime_ns == known.st_mtime_ns:
                with file.open("rb") as unpacked:
                    return _arrays_in(unpacked)
    arrays = _arrays_in(io.BytesIO(lzma.decompress(packed.read_bytes())))
    if file:
        with suppress(OSError):  # a full disk costs time only
            _replace_file(file, dict(zip(MODEL_ARRAYS, arrays, strict=True)), packed)
    return arrays


def _arrays_in(file: IO[bytes]) -> list[npt.NDArray[Any]]:
    with np.load(file) as model:
        return [model[name] for name in MODEL_ARRAYS]


def _replace_file(file: Path, arrays: dict[str, npt.NDArray[Any]], like: Path) -> None:
    """Write a file of arrays with the time and the permissions of `like`; other processes see all of it or nothing."""
    handle, temporary = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez_compressed(out, allow_pickle=False, **arrays)
        shutil.copystat(like, temporary)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink()
        raise


class _FastIdentifier(LanguageIdentifier):  # type: ignore[misc]
    """py3langid's identifier with another way to count features."""

    def _raw_score(self, text: bytes) -> Any:  # noqa: ANN401 - whatever py3langid returns
        features = _features_of(self, text)
        if not len(features):
            return super()._raw_score(text)
        found, first, counts = np.unique(features, return_index=True, return_counts=True)
        order = np.argsort(first)  # py3langid adds up the scores in the order of first occurrence
        visits = dict(zip(found[order].tolist(), counts[order].tolist(), strict=True))
        return self._sparse_score(visits, self.nb_ptc)


def _features_of(identifier: LanguageIdentifier, text: bytes) -> npt.NDArray[np.int64]:
    """Return the number of the feature that ends at each byte, for bytes where one ends."""
    moves, rows, outputs, pad = _automaton(identifier)
    padded = np.frombuffer(bytes([pad]) * (LONGEST_FEATURE - 1) + text, np.uint8)
    states: npt.NDArray[np.integer] = np.zeros(len(text), np.int64)
    for step in range(LONGEST_FEATURE):
        states = moves.take(rows.take(states) + padded[step : step + len(text)])
    features = outputs.take(states)
    return features[features >= 0]


@functools.cache
def _automaton(
    identifier: LanguageIdentifier,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Return the next states by row and byte, the row and feature of each state, a byte that begins no feature."""
    moves = np.asarray(identifier.tk_nextmove)
    rows = np.array(identifier.tk_row, np.int64) << 8
    return moves, rows, np.array(identifier.tk_output, np.int64), int(np.flatnonzero(moves[:256] == 0)[-1])
