"""Rankings that need no answers, for comparison: each a few lines on what is recorded anyway."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.recommend.features import rank
from bathyscope.analyses.recommend.prepared import Prepared
from bathyscope.analyses.trajectories import given_labels
from bathyscope.errors import MissingInputError
from bathyscope.recording import Checkpoint, Recording

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FROM = {
    "last_loss": "last_loss",
    "uncertainty": "uncertainty",
    "aum": "aum",
    "label_probability": "mean_label_probability",
    "forgetting": "forgotten",
    "variability": "std_label_probability",
    "flips": "flips",
}
"""The feature on which each stands."""

EARLY_SHARE = 0.2
"""Of the checkpoints, those that EL2N looks at."""


def baseline(recording: Recording, prepared: Prepared, strategy: str, seed: int) -> FloatArray:
    """(P,) in [0, 1], 1 is the most conspicuous.

    Raises
    ------
    MissingInputError
        If the recording does not tell what the ranking stands on.
    """
    if strategy == "random":
        return np.random.default_rng(seed).permutation(len(prepared.pool)) / max(len(prepared.pool) - 1, 1)
    if strategy in ("el2n", "margin"):
        measure = el2n if strategy == "el2n" else trailing
        return _ranked(strategy, measure(recording, prepared.pool))
    name = FROM[strategy]
    if not prepared.has(name):
        raise _missing(strategy, name.replace("_", " "))
    if strategy != "forgetting":
        return prepared.rank_of(name)
    # Never learned counts as forgotten more often than any other: that is the definition.
    forgotten = prepared.rank_of(name)
    return np.where(prepared.never_learned, np.maximum(forgotten, 0.0) + 1.0, forgotten) / 2


def el2n(recording: Recording, rows: IntArray) -> FloatArray:
    """(R,) mean distance of the probabilities from the label over the first fifth of the checkpoints; NaN if unknown.

    References
    ----------
    Paul, Ganguli, Dziugaite (2021), Deep learning on a data diet, NeurIPS: the error L2-norm.
    """
    checkpoints = _with_outputs(recording)
    total, seen = np.zeros(len(rows)), np.zeros(len(rows))
    for checkpoint in checkpoints[: -(-len(checkpoints) // round(1 / EARLY_SHARE))]:
        for places, chances, labels in _chances(recording, checkpoint, rows):
            chances[np.arange(len(labels)), labels] -= 1
            total[places] += np.linalg.norm(chances, axis=1)
            seen[places] += 1
    out = np.full(len(rows), np.nan)
    np.divide(total, seen, out=out, where=seen > 0)
    return out


def trailing(recording: Recording, rows: IntArray) -> FloatArray:
    """(R,) how far the label's probability trails the strongest other one at the last checkpoint; NaN if unknown."""
    out = np.full(len(rows), np.nan)
    for checkpoint in _with_outputs(recording)[-1:]:
        for places, chances, labels in _chances(recording, checkpoint, rows):
            each = np.arange(len(labels))
            own = chances[each, labels].copy()
            chances[each, labels] = 0
            out[places] = chances.max(axis=1) - own
    return out


def _with_outputs(recording: Recording) -> list[Checkpoint]:
    return [one for one in recording.checkpoints if one.has_outputs]


def _chances(
    recording: Recording, checkpoint: Checkpoint, rows: IntArray
) -> Iterator[tuple[IntArray, FloatArray, IntArray]]:
    """Of those of the rows that are labelled and have usable outputs: places among them, probabilities and labels."""
    from scipy.special import softmax

    given = given_labels(recording, [])
    place_of = np.full(len(recording), -1, np.int64)
    place_of[rows] = np.arange(len(rows))
    for indices, logits in recording.logit_batches(checkpoint) if given.labelled.any() else ():
        usable = (place_of[indices] >= 0) & given.labelled[indices] & np.isfinite(logits).all(axis=1)
        usable &= given.labels[indices] < logits.shape[1]
        if usable.any():
            mine = indices[usable]
            yield place_of[mine], softmax(logits[usable].astype(np.float64), axis=1), given.labels[mine]


def _ranked(strategy: str, values: FloatArray) -> FloatArray:
    known = values[np.isfinite(values)]
    if not len(known) or known.min() == known.max():
        raise _missing(strategy, "the outputs and labels of the samples")
    return rank(values)


def _missing(strategy: str, what: str) -> MissingInputError:
    return MissingInputError(
        f"The strategy {strategy!r} stands on {what}, which this recording does not tell or "
        "which is the same for all samples. Record outputs and labels, or take strategy='movement'."
    )
