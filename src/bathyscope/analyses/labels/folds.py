"""Predictions for every sample from models that did not learn from it."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.errors import ParameterError, ShapeError
from bathyscope.recording import Progress
from bathyscope.recording.arrays import ArrayFileWriter, batches_of, to_numpy
from bathyscope.recording.files import UNFINISHED, place, remove_unfinished, write_atomic
from bathyscope.recording.results import silent

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Predict = Callable[[IntArray], npt.ArrayLike]
Fit = Callable[[IntArray], Predict]

NO_LABEL = -1
NO_FOLD = -1
FEWEST_FOLDS = 2
ROUNDING = 1e-3
"""Rows may miss a sum of 1 by this much, as float16 does; they are then scaled."""


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold probabilities of N samples and C classes, from R repetitions.

    Attributes
    ----------
    probabilities : (N, C) mean over the repetitions, rows sum to 1; NaN where a sample was never held out
    spread : (N,) standard deviation of the label's probability over the repetitions; NaN where there is no label
    fold : (R, N) which fold held the sample out; −1 for none
    notes : what a reader should know
    """

    probabilities: FloatArray
    spread: FloatArray
    fold: IntArray
    notes: list[str]


def out_of_fold(
    fit: Fit,
    labels: npt.ArrayLike,
    *,
    n_classes: int | None = None,
    groups: npt.ArrayLike | None = None,
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    keep: str | Path | None = None,
    progress: Progress = silent,
) -> OutOfFold:
    """Train on all folds but one, predict that one, and so on.

    Parameters
    ----------
    fit : takes the (n,) positions to train on, and returns a function from (m,) positions to (m, C) probabilities
    labels : (N,) class indices in 0 … C−1; −1 for none, such samples are predicted and never trained on
    n_classes : C; None takes one more than the highest label
    groups : (N,) samples of the same group share a fold: copies of one picture, frames of one film
    folds : how many; fewer where the rarest class has fewer samples
        Samples of a class with a single sample or group are always trained on and get no probabilities.
    repeats : how often to divide anew; the probabilities are averaged
    seed : of the division
    keep : folder where every finished fold is stored; a call that was killed goes on from there
    progress : told after every fold

    Raises
    ------
    ParameterError
        If the data cannot be divided, or `keep` holds the folds of another division.
    ShapeError
        If `fit` gives probabilities of the wrong shape, or rows that are no probabilities.
    """
    given = np.asarray(labels, np.int64)
    count = int(given.max(initial=NO_LABEL)) + 1 if n_classes is None else n_classes
    _check(given, count, repeats)
    plan = np.stack([divide(given, groups, folds, seed + repeat) for repeat in range(repeats)])
    kept = None if keep is None else _Kept(Path(keep), plan, given, count)
    total, seen = np.zeros((len(given), count)), np.zeros(len(given))
    of_label: list[FloatArray] = []
    steps = [(repeat, fold) for repeat in range(repeats) for fold in range(plan[repeat].max() + 1)]
    for done, (repeat, fold) in enumerate(steps):
        progress(done / len(steps), f"fold {fold + 1} of {plan[repeat].max() + 1}")
        if fold == 0:
            of_label.append(np.full(len(given), np.nan))
        held_out = np.flatnonzero(plan[repeat] == fold)
        said = None if kept is None else kept.load(repeat, fold)
        if said is None:
            said = _checked(fit(np.flatnonzero((plan[repeat] != fold) & (given >= 0)))(held_out), held_out, count)
            if kept is not None:
                kept.store(repeat, fold, held_out, said)
        total[held_out] += said
        seen[held_out] += 1
        own = given[held_out]
        of_label[repeat][held_out[own >= 0]] = said[own >= 0, own[own >= 0]]
    progress(1.0)
    mean = np.full_like(total, np.nan)
    mean[seen > 0] = total[seen > 0] / seen[seen > 0, None]
    return OutOfFold(mean, np.std(of_label, axis=0), plan, _notes(given, seen, plan, folds))


def divide(labels: IntArray, groups: npt.ArrayLike | None, folds: int, seed: int) -> IntArray:
    """(N,) fold of each sample, classes spread evenly and groups kept together; −1 for what is always trained on."""
    from sklearn.model_selection import StratifiedGroupKFold

    group = np.arange(len(labels)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if len(group) != len(labels):
        raise ShapeError(f"{len(group):,} groups came with {len(labels):,} labels. Give one for each sample.")
    pairs = np.unique(np.stack([labels, group]), axis=1)
    n_groups = np.bincount(pairs[0][pairs[0] >= 0], minlength=int(labels.max(initial=0)) + 1)
    common = n_groups >= FEWEST_FOLDS
    divided = np.flatnonzero((labels < 0) | common[np.maximum(labels, 0)])
    if folds < FEWEST_FOLDS or not common.any():
        raise ParameterError(
            f"{len(labels):,} samples cannot be divided into {folds} folds. At least 2 folds, and a class with 2 "
            "samples that are no copies of each other, are needed."
        )
    n_folds = min(folds, int(n_groups[common].min()))
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    fold = np.full(len(labels), NO_FOLD, np.int64)
    with warnings.catch_warnings():  # a few samples without a label are no class that is too small
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        for number, (_, held_out) in enumerate(splitter.split(divided, labels[divided], group[divided])):
            fold[divided[held_out]] = number
    return fold


class _Kept:
    """Finished folds on disk: one Arrow file each, and what they belong to."""

    def __init__(self, folder: Path, plan: IntArray, labels: IntArray, n_classes: int) -> None:
        self._folder = folder
        content = hashlib.sha256(plan.tobytes() + labels.tobytes()).hexdigest()[:20]
        about = {"division": content, "samples": len(labels), "classes": n_classes}
        file = folder / "division.json"
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            write_atomic(file, json.dumps(about).encode())
        elif json.loads(file.read_bytes()) != about:
            raise ParameterError(
                f"{folder} keeps the folds of other labels or of another division. Give another folder, or the same "
                "labels, groups, folds, repeats and seed as before."
            )
        remove_unfinished(folder)

    def load(self, repeat: int, fold: int) -> FloatArray | None:
        path = self._path(repeat, fold)
        if not path.exists():
            return None
        with pa.OSFile(str(path)) as file:
            return np.concatenate([to_numpy(batch.column(1)) for batch in batches_of(file, str(path))])

    def store(self, repeat: int, fold: int, held_out: IntArray, said: FloatArray) -> None:
        final = self._path(repeat, fold)
        writer = ArrayFileWriter(final.with_name(UNFINISHED + final.name), "probabilities")
        writer.write_array(held_out, said)
        writer.close()
        place(writer.path, final)

    def _path(self, repeat: int, fold: int) -> Path:
        return self._folder / f"fold-{repeat}-{fold}.arrow"


def _check(labels: IntArray, n_classes: int, repeats: int) -> None:
    if labels.ndim != 1 or not len(labels):
        raise ShapeError(f"Labels have the shape {labels.shape}; one class index for each of N samples is expected.")
    outside = np.flatnonzero((labels < NO_LABEL) | (labels >= n_classes))
    if len(outside):
        raise ShapeError(
            f"{len(outside):,} labels are outside 0 … {n_classes - 1}, first {labels[outside[0]]} at position "
            f"{outside[0]}. Give class indices, and −1 for no label."
        )
    if repeats < 1:
        raise ParameterError(f"repeats={repeats} divides nothing. Give 1 or more.")


def _checked(said: Any, held_out: IntArray, n_classes: int) -> FloatArray:
    """Probabilities as `fit`'s function gave them, scaled to a sum of 1."""
    values = np.asarray(said, np.float64)
    if values.shape != (len(held_out), n_classes):
        raise ShapeError(
            f"The function that fit returned gave probabilities of the shape {values.shape} for {len(held_out):,} "
            f"positions; ({len(held_out)}, {n_classes}) is expected, a row for each position in their order."
        )
    bad = np.flatnonzero(
        ~np.isfinite(values).all(axis=1) | (values < 0).any(axis=1) | (abs(values.sum(axis=1) - 1) > ROUNDING)
    )
    if len(bad):
        shown = ", ".join(str(held_out[row]) for row in bad[:5])
        raise ShapeError(
            f"{len(bad):,} rows that fit's function returned are no probabilities (positions {shown}): numbers of at "
            "least 0 that sum to 1 are expected. Apply a softmax to logits."
        )
    return np.asarray(values / values.sum(axis=1, keepdims=True), np.float64)


def _notes(labels: IntArray, seen: FloatArray, plan: IntArray, folds: int) -> list[str]:
    def told() -> Iterator[str]:
        never = int((seen == 0).sum())
        if never:
            yield (
                f"{never:,} samples of classes with a single sample were always trained on and have no probabilities."
            )
        used = int(plan.max()) + 1
        if used < folds:
            yield f"{used} folds instead of {folds}: the rarest class has no more samples."

    return list(told())
