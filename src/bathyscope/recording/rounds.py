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
    learnt_recorded, learnt_corrected : (N,) class indices that two more models say of held-out samples: one learnt from
        the recorded labels, the other from these; −1 elsewhere
    last_decision : number of the last one in the log that these labels follow; 0 where that was not kept
    """

    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    learnt_recorded: npt.NDArray[np.int64]
    learnt_corrected: npt.NDArray[np.int64]
    last_decision: int


COMPARED = ("learnt_recorded", "learnt_corrected")


def round_names(recording: Path) -> tuple[str, ...]:
    """Names of the rounds of a recording, oldest first: a number and a hash of what is in it."""
    return tuple(sorted(path.stem for path in (recording / FOLDER).glob("[0-9]*-*.parquet")))


def store_round(
    recording: Path,
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    classes: tuple[str, ...],
    *,
    held_out: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    last_decision: int = 0,
) -> str:
    """Keep a round in a recording; returns its name.

    Parameters
    ----------
    held_out : (N,) each, what a model of the recorded and one of the corrected labels say of held-out samples
    last_decision : number of the last one in the log that the labels follow

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
    compared = [np.asarray(one, np.int64) for one in held_out or ()]
    for column, values in zip(COMPARED, compared, strict=False):
        table = table.append_column(column, pa.array(values, pa.int32(), mask=values < 0))
    table = table.replace_schema_metadata({"classes": "\n".join(classes), "last_decision": str(last_decision)})
    hashed = (
        given.tobytes() + said.tobytes() + "\n".join(classes).encode() + b"".join(map(np.ndarray.tobytes, compared))
    )
    content = hashlib.sha256(hashed).hexdigest()[:12]
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
    labels = _indices(table, "label")
    column: Any = table["probabilities"].combine_chunks()
    values = np.asarray(column.values).reshape(len(labels), -1)
    probabilities = np.where(np.asarray(column.is_null())[:, None], np.float32(np.nan), values)
    before, after = (_indices(table, name) for name in COMPARED)
    return Round(labels, probabilities, before, after, int((table.schema.metadata or {}).get(b"last_decision", 0)))


def _indices(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """Class indices, −1 for none, also where an earlier version kept no such column."""
    if column not in table.column_names:
        return np.full(table.num_rows, NO_LABEL)
    return np.asarray(table[column].fill_null(NO_LABEL).to_numpy(), np.int64)
