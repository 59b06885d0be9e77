"""From a metadata column to slices: one for each of its values."""

from __future__ import annotations

import difflib
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.analyses.performance.metrics import IntArray
from bathyscope.errors import ParameterError
from bathyscope.recording import Recording

MOST_VALUES = 50


class Slices(NamedTuple):
    """The samples sorted into G slices: names (G,), and the slice of each sample, (N,) in 0 … G−1."""

    names: list[str]
    codes: IntArray


def slices_of(recording: Recording, column: str) -> Slices:
    """One slice for each value of a metadata column, named "column = value", in order of value.

    Samples without a value make a last slice, named "column is missing".

    Raises
    ------
    ParameterError
        If there is no such column, or if it does not sort the samples into few slices.
    """
    if column not in recording.metadata_schema.names:
        raise ParameterError(_no_such_column(recording, column))
    values = recording.column(column)
    if not _is_simple(values.type):
        raise ParameterError(
            f"Column {column!r} holds values of type {values.type}, which make no slices. "
            "Give a column of strings, booleans or few different numbers."
        )
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    distinct = pc.unique(values).drop_null()
    if len(distinct) > MOST_VALUES:
        raise ParameterError(_too_many(column, values.type, len(distinct)))
    distinct = distinct.take(pc.sort_indices(distinct))
    codes = pc.index_in(values, distinct).to_numpy()
    names = [f"{column} = {value}" for value in distinct.cast(pa.string()).to_pylist()]
    if values.null_count:
        codes = np.where(np.isnan(codes), len(names), codes)
        names.append(f"{column} is missing")
    return Slices(names, codes.astype(np.int64))


def _is_simple(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_simple(kind.value_type)
    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean, pa.types.is_integer)
    return any(check(kind) for check in (*checks, pa.types.is_floating, pa.types.is_temporal))


def _no_such_column(recording: Recording, column: str) -> str:
    known = recording.metadata_schema.names
    if not known:
        return f"There is no metadata column {column!r}: the recording has none. Record some with metadata={{…}}."
    near = difflib.get_close_matches(column, known, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    return f"There is no metadata column {column!r}. {hint}Metadata columns: {', '.join(known)}."


def _too_many(column: str, kind: pa.DataType, count: int) -> str:
    if pa.types.is_floating(kind):
        what = f"is a continuous number ({count:,} different values)"
        advice = f"Record it in ranges as well, for instance metadata={{'{column}_range': […]}}, and slice by that."
    else:
        what = f"has {count:,} different values"
        advice = "Group its values in a column of their own when recording, and slice by that."
    return f"Column {column!r} {what}; slices need a column with at most {MOST_VALUES}. {advice}"
