"""Labels in any usual form made uniform: class indices with nulls, or lists of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse
import torch

from bathyscope.errors import LabelError, SampleIdError, ShapeError

Task = Literal["multiclass", "multilabel"]
LabelColumn = Sequence[Any] | npt.NDArray[Any]
SHOWN = 5
"""How many offenders an error names."""


class Labels:
    """From labels as given to class indices.

    Parameters
    ----------
    classes : names in the order of the model's outputs; None while unknown
        Then indices are accepted and `highest` tells how many classes there are at least.
    task : "multiclass" or "multilabel"
    """

    def __init__(self, classes: Sequence[str] | None, task: Task) -> None:
        self.classes = None if classes is None else tuple(str(name) for name in classes)
        self.task = task
        self.highest = -1
        self._index: dict[str, int] = {}
        for index, name in enumerate(self.classes or ()):
            self._index.setdefault(name, index)

    def encode(self, values: LabelColumn, ids: Sequence[str]) -> pa.Array:
        """(B,) int32 with nulls, or (B,) lists of int32 with nulls.

        Raises
        ------
        LabelError
            Naming up to five samples whose label is no class.
        """
        if self.task == "multilabel":
            lists = [
                None if is_missing(value) else self._indices(plain_labels(value), ids[at : at + 1])
                for at, value in enumerate(values)
            ]
            return pa.array(lists, pa.list_(pa.int32()))
        if (
            isinstance(values, np.ndarray)
            and np.issubdtype(values.dtype, np.integer)
            and not np.ma.isMaskedArray(values)
        ):
            indices, missing = values.astype(np.int64), np.zeros(len(values), bool)
            self._check(values, indices, missing, ids)
        else:
            indices, missing = self._one_each(values, ids)
        self.highest = max(self.highest, int(indices[~missing].max(initial=-1)))
        return pa.array(indices.astype(np.int32), pa.int32(), mask=missing)

    def _one_each(
        self, values: Iterable[Any], ids: Sequence[str]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        given = [plain_label(value) for value in values]
        missing = np.array([value is None for value in given], dtype=bool)
        indices = np.array([self._lookup(value) for value in given], dtype=np.int64)
        self._check(given, indices, missing, ids)
        return indices, missing

    def _indices(self, values: Sequence[Any], sample: Sequence[str]) -> list[int]:
        indices = np.array([self._lookup(value) for value in values], dtype=np.int64)
        self._check(values, indices, np.zeros(len(indices), bool), list(sample) * len(indices))
        self.highest = max(self.highest, int(indices.max(initial=-1)))
        return sorted(set(indices.tolist()))

    def _lookup(self, value: Any) -> int:
        if value is None:
            return 0
        if isinstance(value, str):
            return self._index.get(value, -1)
        return value if isinstance(value, int) else -1

    def _check(
        self, given: LabelColumn, indices: npt.NDArray[np.int64], missing: npt.NDArray[np.bool_], ids: Sequence[str]
    ) -> None:
        top = math.inf if self.classes is None else len(self.classes)
        wrong = np.flatnonzero(((indices < 0) | (indices >= top)) & ~missing)
        if not len(wrong):
            return
        shown = ", ".join(f"{_shown(given[at])} for sample {ids[at]!r}" for at in wrong[:SHOWN])
        more = f" and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
        raise LabelError(
            f"{'Labels are' if len(wrong) > 1 else 'A label is'} outside the classes: {shown}{more}. {self._legal()} "
            "Give None or NaN for a missing label, not −1, and all class names with classes=[…]."
        )

    def _legal(self) -> str:
        if self.classes is None:
            return "Class indices run from 0."
        names = ", ".join(repr(name) for name in self.classes[:SHOWN]) + (", …" if len(self.classes) > SHOWN else "")
        return f"There are {len(self.classes):,} classes, indices 0 … {len(self.classes) - 1} ({names})."


def _shown(value: Any) -> str:
    return repr(plain_label(value))


def is_missing(value: Any) -> bool:
    """Whether a label says "not known": None, NaN, a masked entry or pandas' NA."""
    if value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and math.isnan(value)


def plain_label(value: Any) -> int | str | float | None:
    """A label as int, str or None; a float that is no whole number stays, to be refused by name."""
    if is_missing(value):
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 0:
        return plain_label(value.item())
    if isinstance(value, float | np.floating):
        return int(value) if float(value).is_integer() else float(value)
    return int(value) if isinstance(value, int | np.integer | np.bool_) else value


def plain_labels(value: Any) -> list[Any]:
    """The labels of one multi-label sample: a list, tuple or set of labels, or a 0/1 row of length C."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return np.flatnonzero(np.asarray(value)).tolist()
    return [plain_label(label) for label in value]


def is_label_list(value: Any) -> bool:
    """Whether one sample's label is several: then the task is multi-label."""
    return isinstance(value, list | tuple | Set) or (isinstance(value, torch.Tensor | np.ndarray) and value.ndim == 1)


def as_label_column(labels: Any, task: Task | None) -> tuple[LabelColumn, Task]:
    """Make given labels a sequence with one entry per sample, and tell the task.

    Parameters
    ----------
    labels : (N,) indices or names; N lists of these; or (N, C) zeros and ones, dense or SciPy sparse
        (N, C) means multi-label, unless `task` is "multiclass" and every row has a single one.
    task : as the user stated it, or None
    """
    if scipy.sparse.issparse(labels):
        rows = scipy.sparse.csr_array(labels)
        return [
            rows.indices[rows.indptr[at] : rows.indptr[at + 1]].tolist() for at in range(rows.shape[0])
        ], "multilabel"
    column = _as_sequence(labels)
    if isinstance(column, np.ndarray) and column.ndim == 2:
        return _two_dimensional(column, task)
    first = next((label for label in column if not is_missing(label)), None)
    inferred: Task = "multilabel" if is_label_list(first) else "multiclass"
    if task == "multiclass" and inferred == "multilabel":
        raise LabelError(
            f"The task is 'multiclass', but a sample has the labels {first!r}. Give one label per sample, or "
            "task='multilabel'."
        )
    return column, task or inferred


def _as_sequence(labels: Any) -> LabelColumn:
    if isinstance(labels, torch.Tensor):
        labels = labels.detach().cpu().numpy()
    if isinstance(labels, pa.Array | pa.ChunkedArray):
        labels = labels.to_pylist()
    if type(labels).__module__.startswith("pandas"):
        labels = list(labels)
    if isinstance(labels, np.ma.MaskedArray) and not np.ma.is_masked(labels):
        labels = labels.data
    if isinstance(labels, np.ndarray):
        return labels if labels.dtype.kind in "iu" or labels.ndim == 2 else list(labels)
    return list(labels)


def _two_dimensional(column: npt.NDArray[Any], task: Task | None) -> tuple[LabelColumn, Task]:
    if not np.isin(column, (0, 1)).all():
        raise LabelError(
            f"Labels of shape {column.shape} must hold zeros and ones, one column per class. Give class indices "
            f"of shape ({len(column)},), or lists of class indices."
        )
    if task != "multiclass":
        return list(column), "multilabel"
    if (column.sum(axis=1) != 1).any():
        at = int(np.flatnonzero(column.sum(axis=1) != 1)[0])
        raise LabelError(
            f"The task is 'multiclass', but row {at} of the labels has {int(column[at].sum())} ones. Give one label "
            "per sample, or task='multilabel'."
        )
    return column.argmax(axis=1), "multiclass"


def class_names(labels: Iterable[Any]) -> tuple[str, ...] | None:
    """Sorted names if the labels are names; None if they are indices (then their number comes from the model)."""
    names: set[str] = set()
    for value in labels:
        if is_missing(value):
            continue
        for label in plain_labels(value) if is_label_list(value) else [value]:
            if not isinstance(label, str):
                return None
            names.add(str(label))
    return tuple(sorted(names)) if names else None


def check_length(values: Any, n_samples: int, what: str) -> None:
    """Refuse a column that has not one entry per sample.

    Raises
    ------
    ShapeError
        If the lengths differ.
    """
    if len(values) != n_samples:
        raise ShapeError(f"{n_samples:,} samples came with {len(values):,} {what}. Give exactly one per sample.")


def checked_ids(sample_ids: Iterable[Any], start: int = 0) -> list[str]:
    """Sample ids as strings.

    Raises
    ------
    SampleIdError
        Naming up to five ids that are null or no strings.
    """
    names = sample_ids.to_pylist() if isinstance(sample_ids, pa.Array | pa.ChunkedArray) else list(sample_ids)
    wrong = [(start + at, name) for at, name in enumerate(names) if not isinstance(name, str)]
    if wrong:
        shown = ", ".join(f"{name!r} at position {at}" for at, name in wrong[:SHOWN])
        more = f" and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
        raise SampleIdError(f"Sample ids must be strings, but these are not: {shown}{more}. Convert them with str().")
    return [str(name) for name in names]


def unique_ids(sample_ids: Iterable[Any]) -> list[str]:
    """Sample ids as strings, none twice.

    Raises
    ------
    SampleIdError
        Naming up to five ids that are null, no strings or repeated.
    """
    names = checked_ids(sample_ids)
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for name in names:
        if name in seen:
            repeated[name] = None
        seen.add(name)
    if repeated:
        shown = ", ".join(repr(name) for name in list(repeated)[:SHOWN])
        more = f" and {len(repeated) - SHOWN:,} more" if len(repeated) > SHOWN else ""
        raise SampleIdError(
            f"Sample ids must be unique; these occur more than once: {shown}{more}. Give each sample its own id."
        )
    return names
