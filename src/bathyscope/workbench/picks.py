"""Samples that are selected: those a person picked, as Python uses them, and samples named in any way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from bathyscope.errors import SelectionError, UnknownSampleError
from bathyscope.recording import Recording
from bathyscope.recording.arrays import BoolArray, IntArray
from bathyscope.workbench.shared import Picked

EXPECTED = "sample ids, sample indices or a boolean for each sample are expected."


class Selection:
    """The samples that were selected when it was asked for.

    Parameters
    ----------
    recording : the one they belong to
    picked : which they are; None for none
    """

    def __init__(self, recording: Recording, picked: Picked | None) -> None:
        self._recording = recording
        self.indices: IntArray = np.empty(0, np.int64) if picked is None else picked.indices
        """Sample indices, in the order in which they are shown."""
        self.sentence = "Nothing is selected" if picked is None else picked.sentence
        """What they are, in words."""

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices.tolist())

    def __repr__(self) -> str:
        return f"<Selection of {len(self):,} of {len(self._recording):,} samples: {self.sentence}>"

    @cached_property
    def ids(self) -> list[str]:
        """Their sample ids."""
        return [str(name) for name in self._recording.sample_ids.take(pa.array(self.indices, pa.int64())).to_pylist()]

    @property
    def mask(self) -> BoolArray:
        """(N,) true where a sample is selected."""
        mask = np.zeros(len(self._recording), bool)
        mask[self.indices] = True
        return mask

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Their columns as an Arrow table, one row each, with `sample_index` in front.

        Parameters
        ----------
        columns : names of columns of the samples; all but pictures, texts and arrays unless given
        """
        rows = self.indices.tolist()
        names = self._recording.samples.column_names if columns is None else columns
        index = {"sample_index": pa.array(self.indices, pa.int64())}
        return pa.table({**index, **{name: self._recording.column(name, rows) for name in names}})

    def to_pandas(self) -> Any:
        """`table()` as a DataFrame, with labels by the names of their classes."""
        table, classes = self.table(), self._recording.classes
        place = table.schema.get_field_index("label")
        if place >= 0 and classes and pa.types.is_integer(table.schema.types[place]):
            codes = table["label"].combine_chunks().cast(pa.int32())
            named = pa.DictionaryArray.from_arrays(codes, pa.array(classes, pa.string()))
            table = table.set_column(place, "label", named)
        return table.to_pandas()


def indices_of(which: Any, recording: Recording) -> IntArray:
    """Sample indices of samples named in any way.

    Parameters
    ----------
    which : sample ids, sample indices, a boolean for each sample, or a `Selection`

    Raises
    ------
    UnknownSampleError
        If an id or an index is not in the recording.
    SelectionError
        If it is neither of these.
    """
    if isinstance(which, Selection):
        which = which.indices
    if isinstance(which, str):
        raise SelectionError(
            f"Samples were selected by the text {which[:80]!r}; {EXPECTED} One id goes into a list; what a filter "
            "says is set with hub.filter = …"
        )
    if isinstance(which, Iterator | Set):
        which = list(which)
    values = np.asarray(which)
    n = len(recording)
    if values.ndim != 1:
        what = type(which).__name__ if values.ndim == 0 else f"{values.ndim}-dimensional values"
        raise SelectionError(f"Samples were selected by {what}; {EXPECTED}")
    if values.dtype == bool:
        if len(values) != n:
            raise SelectionError(f"The mask has {len(values):,} values for {n:,} samples; give one for each sample.")
        return np.flatnonzero(values)
    if len(values) == 0:
        return np.empty(0, np.int64)
    if np.issubdtype(values.dtype, np.integer):
        found = values.astype(np.int64)
        wrong = found[(found < 0) | (found >= n)]
        if len(wrong):
            raise UnknownSampleError(f"There is no sample {wrong[0]}; the recording has samples 0 … {n - 1}.")
        return _once(found)
    if all(isinstance(value, str) for value in values.tolist()):
        return _once(_indices_of_ids(values.tolist(), recording))
    raise SelectionError(f"Samples were selected by values of type {values.dtype}; {EXPECTED}")


def _indices_of_ids(ids: Sequence[str], recording: Recording) -> IntArray:
    places = pa.compute.index_in(pa.array(ids, pa.string()), value_set=recording.sample_ids.combine_chunks())
    if places.null_count:
        unknown = [name for name, place in zip(ids, places.to_pylist(), strict=True) if place is None]
        named = ", ".join(map(repr, unknown[:5])) + (f" and {len(unknown) - 5:,} more" if len(unknown) > 5 else "")
        raise UnknownSampleError(
            f"No sample has the id {named}." if len(unknown) == 1 else f"No samples have the ids {named}."
        )
    found: IntArray = places.to_numpy().astype(np.int64)
    return found


def _once(indices: IntArray) -> IntArray:
    """Without repeats, in the order of first mention."""
    _, first = np.unique(indices, return_index=True)
    return indices[np.sort(first)]
