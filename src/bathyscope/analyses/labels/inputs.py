"""Labels and probabilities as they come: what is sound is taken, what is not is listed, nothing else is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from bathyscope.errors import LabelError, SampleIdError, ShapeError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ROUNDING = 1e-3
SHOWN = 5
BETTER_ORDER = 0.2
"""By so much a permutation of the columns must agree better with the labels before it is mentioned."""


@dataclass(frozen=True)
class Inputs:
    """N samples, C classes.

    Attributes
    ----------
    labels : (N,) class indices; −1 for none
    probabilities : (N, C), rows sum to 1; NaN where a row was set aside
    ids : (N,) how messages name the samples
    classes : C names
    notes : what was set aside or changed, in sentences
    """

    labels: IntArray
    probabilities: FloatArray
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def judged(self) -> BoolArray:
        """(N,) samples with a label and probabilities."""
        return (self.labels >= 0) & np.isfinite(self.probabilities).all(axis=1)


def checked(
    labels: Sequence[Any] | npt.NDArray[Any],
    probabilities: npt.ArrayLike,
    *,
    classes: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    logits: bool = False,
) -> Inputs:
    """Bring labels and probabilities into one form.

    Raises
    ------
    ShapeError
        If the arrays do not belong together, or rows are no probabilities.
    LabelError
        If labels are names without `classes`, are not among them, or are beyond the last class.
    SampleIdError
        If ids repeat.
    """
    said = np.asarray(probabilities, np.float64)
    if said.ndim != 2 or len(said) != len(labels):
        raise ShapeError(
            f"{len(labels):,} labels came with probabilities of the shape {said.shape}; ({len(labels)}, number of "
            "classes) is expected."
        )
    names = tuple(map(str, classes)) if classes is not None else tuple(map(str, range(said.shape[1])))
    if len(names) != said.shape[1]:
        raise ShapeError(f"{len(names)} classes came with probabilities for {said.shape[1]}. Give a name per column.")
    who = _ids(ids, len(said))
    given = _indices(labels, names, who, named=classes is not None)
    notes: list[str] = []
    rows = _probabilities(said, who, logits=logits, notes=notes)
    found = Inputs(given, rows, who, names, ())
    notes += _about_labels(found)
    return Inputs(given, rows, who, names, tuple(notes))


def _ids(ids: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if ids is None:
        return tuple(map(str, range(count)))
    who = tuple(map(str, ids))
    if len(who) != count:
        raise ShapeError(f"{len(who):,} ids came with {count:,} labels. Give one for each.")
    values, counts = np.unique(np.asarray(who, dtype=object), return_counts=True)
    repeated = values[counts > 1]
    if len(repeated):
        raise SampleIdError(
            f"{len(repeated):,} ids are given more than once: {_listed(list(map(str, repeated)))}. Decisions are kept "
            "by id, so each sample needs its own."
        )
    return who


def _indices(labels: Any, names: tuple[str, ...], who: tuple[str, ...], *, named: bool) -> IntArray:
    """Labels as class indices; None, NaN and −1 are no label."""
    values = [None if label is None or label is np.ma.masked or label != label else label for label in labels]
    if any(isinstance(label, str) for label in values):
        return _by_name(values, names, named=named)
    numbers = np.asarray([-1 if label is None else label for label in values])
    if numbers.dtype.kind not in "biu" and not np.array_equal(numbers, np.round(numbers.astype(np.float64))):
        raise LabelError("Labels must be class indices or class names; fractions were given.")
    given = numbers.astype(np.int64)
    beyond = np.flatnonzero((given >= len(names)) | (given < -1))
    if len(beyond):
        raise LabelError(
            f"{len(beyond):,} labels are no class: {_listed([f'{given[at]} ({who[at]})' for at in beyond])}. There are "
            f"{len(names)} classes, so indices run over 0 … {len(names) - 1}, and −1 is no label."
        )
    return given


def _by_name(values: list[Any], names: tuple[str, ...], *, named: bool) -> IntArray:
    if not named:
        raise LabelError("Labels were given as names. Give classes=[…] with one name per column, in their order.")
    index = {name: at for at, name in enumerate(names)}
    unknown = sorted({str(label) for label in values if label is not None and str(label) not in index})
    if unknown:
        near = {label: get_close_matches(label, names, 1) for label in unknown}
        told = [f"{label!r}" + (f" (is it {near[label][0]!r}?)" if near[label] else "") for label in unknown]
        raise LabelError(f"{len(unknown):,} labels are not among the classes: {_listed(told)}.")
    return np.asarray([-1 if label is None else index[str(label)] for label in values], np.int64)


def _probabilities(said: FloatArray, who: tuple[str, ...], *, logits: bool, notes: list[str]) -> FloatArray:
    """Rows that sum to 1; NaN where there is no prediction."""
    finite = np.asarray(np.isfinite(said).all(axis=1))
    if logits:
        said = np.where(finite[:, None], softmax(np.where(finite[:, None], said, 0.0), axis=1), np.nan)
    total = np.where(finite, said.sum(axis=1), np.nan)
    empty = finite & (said == 0).all(axis=1)
    outside = np.flatnonzero(finite & ((said < 0) | (said > 1 + ROUNDING)).any(axis=1))
    off = np.flatnonzero(finite & ~empty & (np.abs(total - 1) > ROUNDING))
    bad = outside if len(outside) else off
    if len(bad):
        what = "hold values outside 0 … 1" if len(outside) else "do not sum to 1"
        raise ShapeError(
            f"{len(bad):,} rows of the probabilities {what}: {_listed([who[at] for at in bad])}. If they are logits, "
            "say logits=True."
        )
    aside = np.flatnonzero(~finite | empty)
    if len(aside):
        notes.append(
            f"{len(aside):,} samples have no prediction (NaN, infinite or all zero) and are set aside: "
            f"{_listed([who[at] for at in aside])}."
        )
    if len(total) and np.nanmax(np.abs(np.where(empty, np.nan, total) - 1), initial=0) > 1e-6:
        notes.append("Rows that missed a sum of 1 by up to 0.001 were scaled.")
    scaled = said / np.where(finite & ~empty, total, 1.0)[:, None]
    return np.where((finite & ~empty)[:, None], scaled, np.nan)


def _about_labels(found: Inputs) -> list[str]:
    from scipy.optimize import linear_sum_assignment

    notes = []
    unlabelled = int((found.labels < 0).sum())
    if unlabelled:
        notes.append(f"{unlabelled:,} samples have no label; they get suggestions only.")
    judged = found.judged
    if not judged.any():
        return notes
    labels, said = found.labels[judged], found.probabilities[judged].argmax(axis=1)
    counts = np.bincount(labels, minlength=len(found.classes))
    lonely = [found.classes[at] for at in np.flatnonzero(counts == 1)]
    if lonely:
        notes.append(f"Classes with a single sample cannot be judged by probabilities: {_listed(lonely)}.")
    agreement = np.zeros((len(found.classes), len(found.classes)))
    np.add.at(agreement, (labels, said), 1)
    rows, columns = linear_sum_assignment(-agreement)
    right, permuted = np.trace(agreement) / len(labels), agreement[rows, columns].sum() / len(labels)
    if permuted - right >= BETTER_ORDER:
        notes.append(
            f"With the columns in another order {permuted:.0%} of the predictions would agree with the labels instead "
            f"of {right:.0%}. Check that the columns of the probabilities stand in the order of the classes."
        )
    if right > 0.995:
        notes.append(
            f"{right:.1%} of the predictions agree with the labels. If the model learnt from these labels, wrong ones "
            "that it memorised are hidden; use out-of-fold probabilities."
        )
    return notes


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
