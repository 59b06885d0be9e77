"""One list of classes for the labels and the predictions of a plain table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.errors import LabelError
from bathyscope.workbench.cells import is_listlike, is_text
from bathyscope.workbench.columns import natural_key

SHOWN = 5
TEXT = pa.string()


class Classed(NamedTuple):
    """Labels and predictions in one list of classes.

    Attributes
    ----------
    names : (C,) in the order given, else in natural order; None where nothing tells a class
    labels : (N,) class indices, or lists of them; nulls where a label is missing
    predictions : (N,) names of classes, or lists of them
    """

    names: tuple[str, ...] | None
    labels: pa.ChunkedArray | None
    predictions: pa.ChunkedArray | None


def classed(
    labels: pa.ChunkedArray | None,
    predictions: pa.ChunkedArray | None,
    *,
    given: Sequence[str] | None = None,
    told: Sequence[str] | None = None,
) -> Classed:
    """Bring labels and predictions to one list of classes.

    Parameters
    ----------
    labels, predictions : (N,) names or numbers, or lists of them
    given : classes as the caller ordered them; values outside are an error
    told : classes as the table itself orders them, pandas categories for instance; further values come after them

    Raises
    ------
    LabelError
        If a value is no class.
    """
    order = given if given is not None else told
    columns = {name: column for name, column in (("label", labels), ("prediction", predictions)) if column is not None}
    texts = {name: _named(column, name, order) for name, column in columns.items()}
    if order is None:
        _check_same_kind(columns, texts)
    found = {value for column in texts.values() for value in _values(column)}
    if given is not None and (outside := found - set(given)):
        raise LabelError(
            f"{_some(outside)} {'is' if len(outside) == 1 else 'are'} in the table but not among the {len(given):,} "
            f"classes given ({_some(given)}). Give all class names with classes=[…]."
        )
    if order is None and not columns:
        return Classed(None, None, None)
    known = tuple(dict.fromkeys(order or ()))
    names = (*known, *sorted(found - set(known), key=natural_key))
    coded = texts.get("label")
    return Classed(names, None if coded is None else _codes(coded, names), texts.get("prediction"))


def _named(column: pa.ChunkedArray, name: str, order: Sequence[str] | None) -> pa.ChunkedArray:
    """Names of classes; numbers are places in `order` unless they are its very names."""
    if is_listlike(column.type):
        flat = _named(pa.chunked_array([_flat(column)]), name, order)
        return _relisted(column, flat.combine_chunks())
    if is_text(column.type):
        return column
    if pa.types.is_boolean(column.type) or column.null_count == len(column):
        return column.cast(TEXT)
    whole = _whole(column, name)
    texts = whole.cast(TEXT)
    if order is None or not _outside(texts, order):
        return texts
    low, high = pc.min_max(whole).as_py().values()
    if low < 0 or high >= len(order):
        raise LabelError(
            f"The {name}s hold the number {low if low < 0 else high}; with {len(order):,} classes ({_some(order)}) the "
            f"numbers run over 0 … {len(order) - 1}. Give all class names with classes=[…], and None for a missing one."
        )
    return pa.chunked_array([pa.array(order, TEXT).take(whole.combine_chunks())])


def _whole(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Whole numbers as such, also where a missing value made them floats."""
    if pa.types.is_integer(column.type):
        return column
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
        broken = pc.fill_null(pc.not_equal(pc.floor(column), column), False)
        if not pc.any(broken).as_py():
            return column.cast(pa.int64())
        row = pc.index(broken, True).as_py()
        raise LabelError(
            f"The {name}s hold numbers with fractions ({column[row].as_py()} in row {row}). A {name} is one of few "
            f"classes; say which column it is with {name}=…, or {name}=False if there is none."
        )
    raise LabelError(f"The {name}s hold {column.type}. Give names, whole numbers, or lists of them.")


def _check_same_kind(columns: dict[str, pa.ChunkedArray], texts: dict[str, pa.ChunkedArray]) -> None:
    """Numbers here and names there would make twice as many classes as there are."""
    if len(columns) < 2 or len({_is_named(column.type) for column in columns.values()}) < 2:
        return
    one, other = (set(_values(column)) for column in texts.values())
    if one and other and not one & other:
        raise LabelError(
            f"The labels are {_some(one)} and the predictions {_some(other)}: numbers and names of the same classes. "
            "Give classes=[…] in the order of the numbers."
        )


def _is_named(kind: pa.DataType) -> bool:
    return is_text(kind.value_type if is_listlike(kind) else kind)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    flat = pc.list_flatten(column)
    return flat.combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat


def _relisted(lists: pa.ChunkedArray, values: pa.Array) -> pa.ChunkedArray:
    """Lists of other values, as long as the given ones; null where these are."""
    counts = pc.fill_null(pc.list_value_length(lists), 0).combine_chunks().cast(pa.int64())
    ends = pc.cumulative_sum(counts)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(pa.int32())
    return pa.chunked_array([pa.ListArray.from_arrays(offsets, values, mask=lists.combine_chunks().is_null())])


def _values(column: pa.ChunkedArray) -> set[str]:
    flat = _flat(column) if is_listlike(column.type) else column
    return {value for value in pc.unique(flat).to_pylist() if value is not None}


def _outside(texts: pa.ChunkedArray, order: Collection[str]) -> set[str]:
    return _values(texts) - set(order)


def _codes(texts: pa.ChunkedArray, names: Sequence[str]) -> pa.ChunkedArray:
    known = pa.array(names, TEXT)
    if is_listlike(texts.type):
        places = pc.index_in(_flat(texts), value_set=known).cast(pa.int64())
        return _relisted(texts, places)
    return pc.index_in(texts, value_set=known).cast(pa.int64())


def _some(values: Collection[str]) -> str:
    ordered = list(values) if isinstance(values, Sequence) else sorted(values, key=natural_key)
    more = f" and {len(ordered) - SHOWN:,} more" if len(ordered) > SHOWN else ""
    return ", ".join(map(repr, ordered[:SHOWN])) + more
