"""The features in memory: read once from the recording, so that a round costs milliseconds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.recommend.features import Features, FeaturesResult
from bathyscope.recording import Progress, Recording

FloatArray = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

REMEMBERED = 2
_remembered: OrderedDict[tuple[str, str], Prepared] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Prepared:
    """A pool of P samples and what is known of them.

    Parameters
    ----------
    names : of the F features
    matrix : (P, F + Q) ranks less one half, so that 0 says nothing, and coordinates in the last embedding; side by
        side, as one product over both costs half of two
    pool : (P,) sample indices
    classes_of : (P,) class indices by "label", "prediction" and "rival"; −1 for none
    never_learned : (P,) judged, but never predicted as labelled
    values : (N,) rows: the features in their own units
    sample_ids : (N,) strings
    notes : sentences about what was left out
    """

    names: tuple[str, ...]
    matrix: Vectors
    pool: IntArray
    classes_of: dict[str, IntArray]
    never_learned: npt.NDArray[np.bool_]
    values: pa.Table
    sample_ids: pa.ChunkedArray
    notes: tuple[str, ...]

    @property
    def ranks(self) -> Vectors:
        """(P, F) less one half."""
        return self.matrix[:, : len(self.names)]

    @property
    def places(self) -> Vectors:
        """(P, Q)."""
        return self.matrix[:, len(self.names) :]

    @cached_property
    def index_by_id(self) -> dict[str, int]:
        """Sample index of each id."""
        return {name: index for index, name in enumerate(self.sample_ids.to_pylist())}

    @cached_property
    def place_of(self) -> IntArray:
        """(N,) place in the pool of each sample; −1 outside."""
        places = np.full(len(self.sample_ids), -1, np.int64)
        places[self.pool] = np.arange(len(self.pool))
        return places

    def has(self, name: str) -> bool:
        """Whether there is such a feature."""
        return name in self.names

    def rank_of(self, name: str) -> FloatArray:
        """(P,) in [0, 1]; a feature that is not there is 0.5 for all."""
        if name not in self.names:
            return np.full(len(self.pool), 0.5)
        return self.ranks[:, self.names.index(name)].astype(np.float64) + 0.5


def prepare(recording: Recording, split: str | None, progress: Progress) -> Prepared:
    """The features of a recording, from memory, from the recording, or computed now."""
    analysis = Features(split)
    key = (str(recording.path.resolve()), recording.result_key(analysis))
    there = bool(recording.result_tables(analysis.name, key[1]))  # what was deleted from disk is not remembered either
    with _lock:
        if there and key in _remembered:
            _remembered.move_to_end(key)
            return _remembered[key]
    prepared = prepared_from(recording.run(analysis, progress), recording.sample_ids)
    with _lock:
        _remembered[key] = prepared
        while len(_remembered) > REMEMBERED:
            _remembered.popitem(last=False)
    return prepared


def prepared_from(found: FeaturesResult, sample_ids: pa.ChunkedArray) -> Prepared:
    """From tables to arrays."""
    columns = [*found.ranks.columns, *found.places.columns]
    matrix = np.empty((len(found.pool), len(columns)), np.float32)
    for number, column in enumerate(columns):
        matrix[:, number] = column.to_numpy()
    matrix[:, : found.ranks.num_columns] -= 0.5
    return Prepared(
        names=tuple(found.ranks.column_names),
        matrix=matrix,
        pool=found.pool["sample_index"].to_numpy(),
        classes_of={name: found.pool[name].to_numpy() for name in ("label", "prediction", "rival")},
        never_learned=found.pool["never_learned"].to_numpy(),
        values=found.values,
        sample_ids=sample_ids,
        notes=tuple(found.notes["text"].to_pylist()),
    )
