"""From labels, splits and metadata columns to the groups within which a sample is more or less typical."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.performance.slices import slices_of
from bathyscope.recording import Recording

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LABEL, SPLIT = "label", "split"


@dataclass(frozen=True)
class Attribute:
    """A column that sorts the samples into G groups.

    Attributes
    ----------
    values : names of the groups, (G,)
    codes : (N,) group of each sample; −1 or G and beyond for samples in none
    fits_on_all : whether a group is fitted on all its members, not on those in the split that others are fitted on
    reason : why there are no groups; None if there are
    """

    name: str
    values: list[str]
    codes: IntArray
    fits_on_all: bool = False
    reason: str | None = None


def attribute_of(recording: Recording, name: str) -> Attribute:
    """The groups of "label", "split" or a metadata column.

    Raises
    ------
    ParameterError
        If there is no such column, or if it does not sort the samples into few groups.
    """
    if name == SPLIT:
        return _splits(recording)
    if name == LABEL:
        return _labels(recording)
    slices = slices_of(recording, name)
    return Attribute(name, [value.removeprefix(f"{name} = ") for value in slices.names], slices.codes.astype(np.int64))


def _splits(recording: Recording) -> Attribute:
    column = recording.column("split").combine_chunks().dictionary_encode()
    codes = column.indices.fill_null(-1).to_numpy().astype(np.int64)
    # The other splits have no member in the one that is fitted on, so each is fitted on itself.
    return Attribute(SPLIT, column.dictionary.to_pylist(), codes, fits_on_all=True)


def _labels(recording: Recording) -> Attribute:
    none = np.full(len(recording), -1, np.int64)
    if recording.task == "multilabel":
        return Attribute(LABEL, [], none, reason="samples have several labels, so labels make no groups")
    column = recording.column("label")
    if column.null_count == len(column):
        return Attribute(LABEL, [], none, reason="no sample has a label")
    codes = column.fill_null(-1).to_numpy().astype(np.int64)
    count = max(len(recording.classes), int(codes.max()) + 1)
    named = [*recording.classes, *map(str, range(len(recording.classes), count))]
    return Attribute(LABEL, named, codes)
