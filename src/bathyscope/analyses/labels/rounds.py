"""A new round: corrected labels are learnt from, every label is judged again, and what moved is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.labels.basis import given_labels, trained_on
from bathyscope.analyses.labels.corrections import Corrections, Policy, corrections
from bathyscope.analyses.labels.folds import Predict, out_of_fold
from bathyscope.errors import ParameterError
from bathyscope.recording import Progress, Recording
from bathyscope.recording.results import silent
from bathyscope.recording.rounds import store_round

if TYPE_CHECKING:
    from bathyscope.analyses.labels import LabelsResult

IntArray = npt.NDArray[np.int64]
FitLabels = Callable[[IntArray, IntArray], Predict]

FOLDS_SHARE = 0.8
SECOND_LOOK = 0.05
"""A decided label that gets less than this probability in a later round deserves a second look."""

MOVED = pa.schema(
    [
        pa.field("sample_id", pa.string()),
        pa.field("change", pa.string()),
        pa.field("before", pa.float32()),
        pa.field("after", pa.float32()),
    ]
)
ACCURACY = pa.schema(
    [
        pa.field("learnt_from", pa.string()),
        pa.field("measured_on", pa.string()),
        pa.field("accuracy", pa.float64()),
        pa.field("samples", pa.int64()),
    ]
)


@dataclass(frozen=True)
class NewRound:
    """What a round brought.

    Attributes
    ----------
    name : of the round, in the recording
    result : every label judged again
    moved : one row per sample whose verdict changed: sample_id, change ("new suspect", "cleared", or "second look" for
        a decided label that the models contradict), before and after (how suspect, in [0, 1])
    accuracy : on the held-out split, learnt_from and measured_on "recorded" and "corrected" labels
    notes : what a reader should know
    """

    name: str
    result: LabelsResult
    moved: pa.Table
    accuracy: pa.Table
    notes: tuple[str, ...]


def new_round(
    recording: Recording,
    fit: FitLabels,
    *,
    policy: Policy = "last",
    least_votes: int = 1,
    groups: npt.ArrayLike | None = None,
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    held_out: str | None = "test",
    progress: Progress = silent,
) -> NewRound:
    """Learn from the labels as people left them, out of fold, and judge every label again.

    Parameters
    ----------
    fit : takes the (n,) sample indices to learn from and the (N,) labels, class indices with −1 for none, and returns
        a function from (m,) sample indices to (m, C) probabilities
    policy, least_votes : whose decisions count, as for `corrections`
    groups, folds, repeats, seed : of the division, as for `out_of_fold`
    held_out : split on which accuracy before and after is measured; None measures none
        The split "train" is divided into folds, or all samples where there is no such split.

    Raises
    ------
    ParameterError
        If nobody can learn from what is left, or there is no such split.
    """
    if held_out is not None and held_out not in recording.splits:
        raise ParameterError(
            f"There is no split {held_out!r}; the recording has {', '.join(recording.splits) or 'none'}. Name one, or "
            "give held_out=None to measure no accuracy."
        )
    from bathyscope.analyses.labels import Labels

    before = recording.run(Labels())
    found = corrections(recording, policy=policy, least_votes=least_votes)
    labels, notes = _indices(recording, found)
    rows = np.flatnonzero(trained_on(recording))
    to_learn = np.where(found.kept, labels, -1)
    said = out_of_fold(
        lambda places: _of_rows(fit(rows[places], labels), rows),
        to_learn[rows],
        n_classes=len(recording.classes),
        groups=None if groups is None else np.asarray(groups)[rows],
        folds=folds,
        repeats=repeats,
        seed=seed,
        progress=lambda done, message="": progress(FOLDS_SHARE * done, message),
    )
    probabilities = np.full((len(recording), len(recording.classes)), np.nan, np.float32)
    probabilities[rows] = said.probabilities
    accuracy = ACCURACY.empty_table()
    if held_out is not None:
        progress(FOLDS_SHARE, f"measuring on {held_out}")
        accuracy = _accuracy(recording, fit, (given_labels(recording), to_learn), labels, held_out)
    name = store_round(recording.path, labels, probabilities, recording.classes)
    result = recording.run(Labels(round=name))
    progress(1.0)
    moved = _moved(recording, before, result, set(found.table["sample_id"].to_pylist()))
    return NewRound(name, result, moved, accuracy, (*notes, *said.notes))


def _indices(recording: Recording, found: Corrections) -> tuple[IntArray, list[str]]:
    place = {name: index for index, name in enumerate(recording.classes)}
    labels = np.array([-1 if name is None else place.get(name, -1) for name in found.labels], np.int64)
    new = sorted({name for name in found.labels if name is not None and name not in place})
    if not new:
        return labels, list(found.unmatched)
    text = (
        f"The recording has no class {', '.join(map(repr, new))}, so samples that were given it were not learnt from. "
        "Record a run with all classes to judge them."
    )
    return labels, [text, *found.unmatched]


def _of_rows(predict: Predict, rows: IntArray) -> Predict:
    return lambda places: predict(rows[places])


def _accuracy(
    recording: Recording, fit: FitLabels, learnt: tuple[IntArray, IntArray], corrected: IntArray, held_out: str
) -> pa.Table:
    """Two models, from recorded and from corrected labels; each measured on the split's recorded and corrected ones."""
    split = np.array([name == held_out for name in recording.column("split").to_pylist()])
    trained = trained_on(recording) & ~split
    found: list[dict[str, Any]] = []
    for origin, labels in zip(("recorded", "corrected"), learnt, strict=True):
        predict = fit(np.flatnonzero(trained & (labels >= 0)), labels)
        for kind, truth in (("recorded", given_labels(recording)), ("corrected", corrected)):
            asked = np.flatnonzero(split & (truth >= 0))
            right = np.asarray(predict(asked)).argmax(axis=1) == truth[asked]
            share = float(right.mean()) if len(asked) else None
            found.append({"learnt_from": origin, "measured_on": kind, "accuracy": share, "samples": len(asked)})
    return pa.Table.from_pylist(found, schema=ACCURACY)


def _moved(recording: Recording, before: LabelsResult, after: LabelsResult, decided: set[str]) -> pa.Table:
    ids = recording.sample_ids.to_pylist()
    old, new = before.samples, after.samples
    was, now = (np.asarray(table["flagged"].fill_null(False)) for table in (old, new))
    doubt = np.asarray(new["self_confidence"].fill_null(1.0)) < SECOND_LOOK
    known = np.array([name in decided for name in ids])
    change = np.where(known, np.where(doubt, "second look", ""), "")
    change = np.where(~known & now & ~was, "new suspect", change)
    change = np.where(was & ~now, "cleared", change)
    rows = np.flatnonzero(change != "")
    return pa.Table.from_pylist(
        [
            {
                "sample_id": ids[row],
                "change": str(change[row]),
                "before": old["suspicion"][row].as_py(),
                "after": new["suspicion"][row].as_py(),
            }
            for row in rows[np.argsort(-np.asarray(new["suspicion"].fill_null(0.0))[rows], kind="stable")]
        ],
        schema=MOVED,
    )
