"""Another training of the same samples: its results, told in the samples and checkpoints of this recording.

The other recording lies beside this one, and is named by its folder: a page can ask for it by name, but for no other
place on the disk.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.errors import MissingInputError, ParameterError
from bathyscope.recording import Checkpoint, Progress, Recording

IntArray = npt.NDArray[np.int64]

DESCRIPTION = "recording.json"


class Match(NamedTuple):
    """What stands for what.

    Attributes
    ----------
    rows : (N,) which sample of the other recording each of ours is; −1 for none
    names : of our checkpoints, by those of the other
    unmatched : checkpoints of the other that none of ours stands for
    n_other : samples of the other
    """

    rows: IntArray
    names: dict[str, str]
    unmatched: frozenset[str]
    n_other: int


def names_beside(recording: Recording) -> list[str]:
    """Folders of the other recordings beside this one."""
    own = Path(recording.path).resolve()
    try:
        folders = [one for one in own.parent.iterdir() if one != own and not one.name.startswith(".")]
        return sorted(one.name for one in folders if _is_file(one / DESCRIPTION))
    except OSError:  # a folder that may not be listed has nothing to offer
        return []


def _is_file(path: Path) -> bool:
    with suppress(OSError):  # one folder that may not be looked into does not hide the others
        return path.is_file()
    return False


def recording_beside(recording: Recording, name: str) -> Recording:
    """The recording in a folder beside this one.

    Raises
    ------
    ParameterError
        If there is none of this name.
    """
    if name not in names_beside(recording):
        # Those that are there are not listed: who may only look at this recording need not know of others.
        raise ParameterError(
            f"beside={name!r} is no recording in the folder that {recording.path} lies in. Give the name of a folder "
            "there that holds one."
        )
    return Recording(Path(recording.path).resolve().parent / name)


def state_beside(recording: Recording, name: str) -> list[Any]:
    """What a result depends on beyond this recording."""
    other = recording_beside(recording, name)
    return [other.fingerprint, [[checkpoint.name, checkpoint.fingerprint] for checkpoint in other.checkpoints]]


def match(recording: Recording, other: Recording) -> Match:
    """Samples by their id; checkpoints by epoch where all tell one, else by step.

    Raises
    ------
    MissingInputError
        If nothing stands for anything.
    ParameterError
        If the two know other classes.
    """
    if recording.classes != other.classes:
        raise ParameterError(
            f"{other.path} knows other classes than {recording.path}, so their predictions cannot be compared. "
            "Record both with the same classes in the same order."
        )
    place = {name: index for index, name in enumerate(other.sample_ids.to_pylist())}
    rows = np.array([place.get(name, -1) for name in recording.sample_ids.to_pylist()], np.int64)
    ours, theirs = recording.checkpoints, other.checkpoints
    by_epoch = all(one.epoch is not None for one in (*ours, *theirs))

    def when(checkpoint: Checkpoint) -> float | None:
        return checkpoint.epoch if by_epoch else checkpoint.step

    at = {when(one): one.name for one in ours}
    names = {one.name: at[when(one)] for one in theirs if when(one) in at}
    if not (rows >= 0).any() or not names:
        what = "sample" if not (rows >= 0).any() else "epoch" if by_epoch else "step"
        raise MissingInputError(
            f"{other.path} and {recording.path} have no {what} in common, so they cannot be compared. "
            "Record both trainings with the same sample ids, at the same epochs."
        )
    return Match(rows, names, frozenset(one.name for one in theirs) - names.keys(), len(other))


def run_beside(
    analysis: Any, recording: Recording, progress: Progress, of_samples: Collection[str]
) -> tuple[dict[str, pa.Table], Match]:
    """The tables of the same analysis on the other recording, told as if they were of this one.

    Parameters
    ----------
    analysis : with the name of the other one as its `beside`
    of_samples : names of the tables with a row for each sample
    """
    other = recording_beside(recording, analysis.beside)
    matched = match(recording, other)
    found = other.run(dataclasses.replace(analysis, beside=None), progress).to_tables()
    return {name: _told(table, matched, name in of_samples) for name, table in found.items()}, matched


def _told(table: pa.Table, matched: Match, of_samples: bool) -> pa.Table:
    names = table.column_names
    if "checkpoint" in names:
        theirs = table["checkpoint"].to_pylist()
        ours = pa.array([None if name is None else matched.names.get(name) for name in theirs], pa.string())
        # A row without a checkpoint is about the whole run.
        kept = np.array([name is None or name in matched.names for name in theirs], bool)
        table = _with(table, "checkpoint", ours).filter(pa.array(kept))
    if "sample_index" in names:
        place = np.full(matched.n_other, -1, np.int64)
        place[matched.rows[matched.rows >= 0]] = np.flatnonzero(matched.rows >= 0)
        mine = place[table["sample_index"].to_numpy()]
        table = _with(table, "sample_index", pa.array(mine)).filter(pa.array(mine >= 0))
    if not of_samples:
        return table
    shown = [name for name in names if name not in matched.unmatched]
    rows = pa.array(matched.rows, mask=matched.rows < 0)
    return table.select(shown).rename_columns([matched.names.get(name, name) for name in shown]).take(rows)


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    place = table.column_names.index(name)
    field = table.schema.field(name)
    return table.set_column(place, field, column.cast(field.type))
