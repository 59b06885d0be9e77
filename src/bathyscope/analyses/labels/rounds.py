"""A new round: corrected labels are learnt from, every label is judged again, and what moved is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.labels.basis import given_labels, trained_on
from bathyscope.analyses.labels.corrections import Corrections, Policy, corrections
from bathyscope.analyses.labels.folds import Predict, out_of_fold
from bathyscope.analyses.labels.moving import CLEARED, CORRECTED, RECORDED, SUSPECT
from bathyscope.errors import ParameterError
from bathyscope.recording import Progress, Recording
from bathyscope.recording.results import silent
from bathyscope.recording.rounds import store_round

if TYPE_CHECKING:
    from bathyscope.analyses.labels import LabelsResult

IntArray = npt.NDArray[np.int64]
FitLabels = Callable[[IntArray, IntArray], Predict]

FOLDS_SHARE = 0.8
AGAIN = "second look"
SECOND_LOOK, SURE = 0.05, 0.7
"""A decided label that gets less than this probability in a later round deserves a second look, where another class
gets at least that."""

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


@dataclass(frozen=True, repr=False)
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

    Printed, it says all that in a few lines; the page shows the same, with the samples behind each number.
    """

    name: str
    result: LabelsResult
    moved: pa.Table
    accuracy: pa.Table
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """The round in a few lines, for a console or a notebook."""
        about = self.result.round.to_pylist()[0]
        changes = Counter(self.moved["change"].to_pylist())
        lines = [
            f"Round {about['number']}, learnt from {_many(about['corrected'], 'corrected label')} ({self.name})",
            *(_gain(row) for row in self.result.accuracy.to_pylist()),
            f"  about {about['errors_before']:,.0f} wrong labels estimated before, {about['errors_after']:,.0f} now",
            f"  {_many(changes[SUSPECT], SUSPECT)}, {changes[CLEARED]:,} {CLEARED}, "
            f"{_many(changes[AGAIN], 'decided label')} for a {AGAIN}",
            *(f"  {note}" for note in self.notes),
        ]
        return "\n".join(lines)


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
    last = max((event.sequence for event in recording.decisions.events()), default=0)
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
    compared = None
    if held_out is not None:
        progress(FOLDS_SHARE, f"measuring on {held_out}")
        compared = _compared(recording, fit, (given_labels(recording), to_learn), labels, held_out)
    name = store_round(recording.path, labels, probabilities, recording.classes, held_out=compared, last_decision=last)
    result = recording.run(Labels(round=name))
    progress(1.0)
    moved = _moved(recording, before, result, set(found.table["sample_id"].to_pylist()))
    return NewRound(name, result, moved, _accuracies(result.accuracy), (*notes, *said.notes))


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


def _compared(
    recording: Recording, fit: FitLabels, learnt: tuple[IntArray, IntArray], corrected: IntArray, held_out: str
) -> tuple[IntArray, IntArray]:
    """What two models say of the split, one that learnt from recorded and one from corrected labels; −1 elsewhere."""
    split = np.array([name == held_out for name in recording.column("split").to_pylist()])
    trained = trained_on(recording) & ~split
    asked = np.flatnonzero(split & ((given_labels(recording) >= 0) | (corrected >= 0)))
    said = []
    for labels in learnt:
        predict = fit(np.flatnonzero(trained & (labels >= 0)), labels)
        predictions = np.full(len(recording), -1, np.int64)
        if len(asked):
            predictions[asked] = np.asarray(predict(asked)).argmax(axis=1)
        said.append(predictions)
    return said[0], said[1]


def _accuracies(measured: pa.Table) -> pa.Table:
    """A row for each model and each kind of labels."""
    found = [
        {"learnt_from": origin, "measured_on": row["measured_on"], "accuracy": row[when], "samples": row["samples"]}
        for origin, when in ((RECORDED, "before"), (CORRECTED, "after"))
        for row in measured.to_pylist()
    ]
    return pa.Table.from_pylist(found, schema=ACCURACY)


def _gain(row: dict[str, Any]) -> str:
    mended, broken = (
        len(set(row[one]) - set(row[other]))
        for one, other in (("wrong_before", "wrong_after"), ("wrong_after", "wrong_before"))
    )
    low, high = 100 * row["low"], 100 * row["high"]
    return (
        f"  right on {row['measured_on']} labels: {row['before']:.1%} → {row['after']:.1%} of {row['samples']:,} "
        f"held-out samples, {mended:,} mended and {broken:,} broken ({low:+.1f} to {high:+.1f} points)"
    )


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _moved(recording: Recording, before: LabelsResult, after: LabelsResult, decided: set[str]) -> pa.Table:
    ids = recording.sample_ids.to_pylist()
    old, new = before.samples, after.samples
    doubt = np.asarray(new["self_confidence"].fill_null(1.0)) < SECOND_LOOK
    doubt &= np.asarray(new["suggestion_probability"].fill_null(0.0)) >= SURE
    known = np.array([name in decided for name in ids])
    change = np.full(len(ids), "", object)
    change[after.moved["sample_index"].to_numpy()] = after.moved["change"].to_pylist()
    change[known & (change == SUSPECT)] = ""  # a person has looked: only a clear contradiction brings it back
    change[known & doubt] = AGAIN
    rows = np.flatnonzero(change != "")
    return pa.Table.from_pylist(
        [
            {
                "sample_id": ids[row],
                "change": change[row],
                "before": old["suspicion"][row].as_py(),
                "after": new["suspicion"][row].as_py(),
            }
            for row in rows[np.argsort(-np.asarray(new["suspicion"].fill_null(0.0))[rows], kind="stable")]
        ],
        schema=MOVED,
    )
