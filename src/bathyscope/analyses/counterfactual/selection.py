"""Which samples are explained, and which class each is to become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.counterfactual.sources import Decided
from bathyscope.analyses.parameters import class_index
from bathyscope.recording import Recording

if TYPE_CHECKING:
    from bathyscope.analyses.counterfactual import Counterfactual

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chosen:
    """The samples to explain.

    Attributes
    ----------
    rows, targets : (N,) sample indices and classes that are to win
    split : that the samples come from; None for samples that were named, or where there are no splits
    status : "ok", "no_mistakes" or "no_samples"
    notes : sentences
    """

    rows: IntArray
    targets: IntArray
    split: str | None
    status: str
    notes: tuple[str, ...]


def select(recording: Recording, decision: Decided, asked: Counterfactual, split: str | None) -> Chosen:
    """The samples that were named, or all mistakes of a split that fit.

    Raises
    ------
    ParameterError, UnknownSampleError
        If there is no such class or sample.
    """
    label, predicted = (
        None if name is None else class_index(name, decision.classes) for name in (asked.label, asked.predicted)
    )
    target = (
        None
        if asked.target == "label" and "label" not in decision.classes
        else class_index(asked.target, decision.classes)
    )
    notes: list[str] = []
    if asked.samples:
        rows = np.asarray([recording.index_of(name) for name in dict.fromkeys(asked.samples)], np.int64)
        there = decision.present[rows]
        if not there.all():
            notes.append(f"{(~there).sum():,} of the samples have no recorded activations and are left out.")
        rows, split, candidates = rows[there], None, rows[there]
    else:
        candidates = decision.rows_of(split)
        candidates = candidates[decision.labels[candidates] >= 0]
        for wanted, values in ((label, decision.labels), (predicted, decision.predictions)):
            candidates = candidates if wanted is None else candidates[values[candidates] == wanted]
        rows = candidates[decision.labels[candidates] != decision.predictions[candidates]]
    targets = decision.labels[rows] if target is None else np.full(len(rows), target)
    if (targets < 0).any():
        notes.append(
            f"{(targets < 0).sum():,} samples have no label to aim at and are left out; name a target for them."
        )
        rows, targets = rows[targets >= 0], targets[targets >= 0]
    if len(rows) > asked.most:
        notes.append(
            f"{asked.most:,} of {len(rows):,} mistakes are explained, drawn by the seed; most={len(rows)} takes all."
        )
        drawn = np.sort(np.random.default_rng(asked.seed).choice(len(rows), asked.most, replace=False))
        rows, targets = rows[drawn], targets[drawn]
    status = "ok" if len(rows) else "no_mistakes" if len(candidates) else "no_samples"
    return Chosen(rows, targets, split, status, tuple(notes))
