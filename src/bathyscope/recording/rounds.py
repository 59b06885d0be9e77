"""Rounds of judging labels: what models said of samples that they did not learn from, and the labels they learnt."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from bathyscope.errors import DamagedRecordingError, ParameterError, ShapeError
from bathyscope.recording.files import UNFINISHED, place, remove_unfinished, storage_errors

FOLDER = "rounds"
NO_LABEL = -1


class Round(NamedTuple):
    """One round.

    Attributes
    ----------
    labels : (N,) class indices that the models learnt from; −1 for none
    probabilities : (N, C) float32, rows sum to 1; NaN where no model that did not learn from the sample was asked
    """

    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]


def round_names(recording: Path) -> tuple[str, ...]:
    """Names of the rounds of a recording, oldest first: a number and a hash of what is in it."""
    return tuple(sorted(path.stem for path in (recording / FOLDER).glob("[0-9]*-*.parquet")))


def store_round(recording: Path, labels: npt.ArrayLike, probabilities: npt.ArrayLike, classes: tuple[str, ...]) -> str:
    """Keep a round in a recording; returns its name.

    Raises
    ------
    ShapeError
        If labels and probabilities are not those of the same samples and of `classes`.
    """
    given, said = np.asarray(labels, np.int64), np.asarray(probabilities, np.float32)
    if given.ndim != 1 or said.shape != (len(given), len(classes)):
        raise ShapeError(
            f"Labels of the shape {given.shape} came with probabilities of the shape {said.shape}; (N,) and "
            f"(N, {len(classes)}) are expected, a column for each class of the recording."
        )
    missing = ~np.isfinite(said).all(axis=1)
    rows = pa.FixedSizeListArray.from_arrays(said.ravel(), len(classes), mask=pa.array(missing))
    table = pa.table({"label": pa.array(given, pa.int32(), mask=given < 0), "probabilities": rows})
    table = table.replace_schema_metadata({"classes": "\n".join(classes)})
    content = hashlib.sha256(given.tobytes() + said.tobytes() + "\n".join(classes).encode()).hexdigest()[:12]
    folder = recording / FOLDER
    with storage_errors(folder):
        folder.mkdir(exist_ok=True)
    remove_unfinished(folder)
    name = f"{len(round_names(recording)) + 1:04d}-{content}"
    beside = folder / f"{UNFINISHED}{name}.parquet"
    with storage_errors(beside):
        pq.write_table(table, beside, compression="zstd")
    place(beside, folder / f"{name}.parquet")
    return name


def read_round(recording: Path, name: str) -> Round:
    """What a round holds.

    Raises
    ------
    ParameterError
        If there is no such round.
    DamagedRecordingError
        If its file cannot be read.
    """
    names = round_names(recording)
    if name not in names:
        raise ParameterError(
            f"There is no round {name!r}; the recording has {', '.join(names) or 'none'}. Make one with new_round."
        )
    path = recording / FOLDER / f"{name}.parquet"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DamagedRecordingError(f"{path} cannot be read: {error}. Delete it and make the round again.") from error
    labels = table["label"].fill_null(NO_LABEL).to_numpy().astype(np.int64)
    column: Any = table["probabilities"].combine_chunks()
    values = np.asarray(column.values).reshape(len(labels), -1)
    return Round(labels, np.where(np.asarray(column.is_null())[:, None], np.float32(np.nan), values))
