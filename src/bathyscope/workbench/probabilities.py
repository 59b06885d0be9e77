"""Columns of probabilities as the outputs of a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.errors import LabelError, ShapeError
from bathyscope.recording.writer import SCORE_TYPE
from bathyscope.workbench.cells import is_listlike

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]

TOLERANCE = 0.01
"""A row's probabilities may miss 1 by so much: they were rounded, or kept as float16."""

LEAST = float(np.finfo(np.float32).tiny)
LEAST_SCORE, MOST_SCORES = 0.01, 50


@dataclass(frozen=True)
class Probabilities:
    """What a model said of N samples.

    Attributes
    ----------
    values : (N, C) in [0, 1]; rows that are not held are NaN
    held : (N,) whether there is anything of a sample
    classes : names of the C classes where the columns tell them
    """

    values: FloatArray
    held: BoolArray
    classes: tuple[str, ...] | None

    def logits(self, rows: npt.NDArray[np.intp]) -> FloatArray:
        """(R, C) float32 whose softmax gives the probabilities; a probability of 0 becomes the least there is."""
        logits: FloatArray = np.log(np.maximum(self.values[rows], LEAST)).astype(np.float32)
        return logits

    def scores(self, rows: npt.NDArray[np.intp]) -> pa.Array:
        """(R,) lists of {label, score} of the likeliest labels."""
        values = self.values[rows]
        order = np.argsort(-values, axis=1, kind="stable")[:, :MOST_SCORES]
        cells = [
            [{"label": int(label), "score": float(row[label])} for label in best if row[label] >= LEAST_SCORE]
            for row, best in zip(values, order, strict=True)
        ]
        return pa.array(cells, SCORE_TYPE)

    def settled(self, names: tuple[str, ...] | None, ordered: bool) -> tuple[str, ...]:
        """Names of the C classes, in the order of the columns.

        Raises
        ------
        LabelError
            If it cannot be known which probability belongs to which class.
        """
        count = self.values.shape[1]
        if self.classes is not None and (unsaid := [name for name in names or () if name not in self.classes]):
            raise LabelError(
                f"No probability is given for the class {unsaid[0]!r}; the columns are of {', '.join(self.classes[:5])}"
                f"{', …' if count > 5 else ''}. Give a column for each class, or classes=[…] in the columns' order."
            )
        known = self.classes or names or tuple(map(str, range(count)))
        if len(known) != count:
            raise LabelError(
                f"There are {count:,} probabilities per sample but {len(known):,} classes. Give classes=[…] with one "
                "name per probability, in their order."
            )
        if self.classes is None and not ordered and list(known) != sorted(known):
            raise LabelError(
                f"The order of the {count:,} probabilities is not told: the classes sort as {known[0]!r} … "
                f"{known[-1]!r} by number, and otherwise by letter. Give classes=[…] in their order."
            )
        return known


def probabilities_of(
    table: pa.Table, names: Sequence[str], classes: Sequence[str] | None, *, several: bool = False
) -> Probabilities | None:
    """The probabilities in a column of lists, or in a column per class; None without any.

    `several` says that a sample has several labels, so that its probabilities need not sum to 1.

    Raises
    ------
    ShapeError
        Naming the first row that has another number of them, one outside 0 … 1, or a sum that is not 1.
    """
    if not names:
        return None
    columns = [table[name] for name in names]
    if len(names) == 1 and (is_listlike(columns[0].type) or not len(columns[0])):
        values, held = _listed(columns[0], names[0])
        told = None
    else:
        values = np.column_stack([np.asarray(column.cast(pa.float64())) for column in columns])
        held = np.logical_not(np.isnan(values).all(axis=1))
        told = tuple(classes) if classes is not None else _without_common_start(names)
    _check(values, held, ", ".join(map(repr, names[:3])), sums=not several)
    return Probabilities(values, held, told)


def _listed(column: pa.ChunkedArray, name: str) -> tuple[FloatArray, BoolArray]:
    held = np.asarray(column.is_valid())
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), -1)) if len(column) else np.zeros(0, int)
    size = int(lengths[held][0]) if held.any() else 0
    if len(wrong := np.flatnonzero(held & (lengths != size))):
        raise ShapeError(
            f"Column {name!r} holds {lengths[wrong[0]]:,} probabilities in row {wrong[0]:,}, but {size:,} in row "
            f"{np.flatnonzero(held)[0]:,}. Give one for each class in every row, or null for none."
        )
    values = np.full((len(column), size), np.nan)
    if held.any():
        values[held] = np.asarray(pc.list_flatten(column).cast(pa.float64())).reshape(-1, size)
    return values, held


def _check(values: FloatArray, held: BoolArray, where: str, *, sums: bool) -> None:
    with np.errstate(invalid="ignore"):
        outside = held[:, None] & ~((values >= 0) & (values <= 1 + TOLERANCE))
        total = values.sum(axis=1)
        unequal = held & (np.abs(total - 1) > TOLERANCE) if sums else np.zeros(len(held), bool)
    bad = np.flatnonzero(outside.any(axis=1) | unequal)
    if not len(bad):
        return
    row = int(bad[0])
    more = f"; {len(bad) - 1:,} more rows are like it" if len(bad) > 1 else ""
    if outside[row].any():
        value = values[row][outside[row]][0]
        what = f"holds {value:.6g}, which is no probability"
    else:
        what = f"sums to {total[row]:.6g}, not to 1"
    raise ShapeError(
        f"Row {row:,} of {where} {what}{more}. Give probabilities after softmax; logits become them with "
        "scipy.special.softmax(logits, axis=1)."
    )


def _without_common_start(names: Sequence[str]) -> tuple[str, ...]:
    """p_cat, p_dog → cat, dog: the start that all share, up to its last separator, says nothing of the class."""
    start = 0
    while all(len(name) > start + 1 and name[start] == names[0][start] for name in names):
        start += 1
    cut = max((names[0].rfind(mark, 0, start) + 1 for mark in "_-. :"), default=0)
    return tuple(name[cut:] for name in names)
