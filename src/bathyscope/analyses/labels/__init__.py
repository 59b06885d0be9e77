"""Which labels are probably wrong, and what should they be?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.labels.annotators import Consensus, consensus
from bathyscope.analyses.labels.basis import OUT_OF_FOLD, Basis, judged_by
from bathyscope.analyses.labels.comparing import COMPARE, compare
from bathyscope.analyses.labels.folds import OutOfFold, out_of_fold
from bathyscope.analyses.labels.inputs import checked
from bathyscope.analyses.labels.moving import nothing_changed, what_changed
from bathyscope.analyses.labels.rounds import NewRound, new_round
from bathyscope.analyses.labels.tables import judge
from bathyscope.errors import MissingInputError
from bathyscope.recording import Progress, Recording, Tables

__all__ = [
    "Consensus",
    "Labels",
    "LabelsResult",
    "NewRound",
    "OutOfFold",
    "consensus",
    "find",
    "new_round",
    "out_of_fold",
]


@dataclass(frozen=True)
class LabelsResult(Tables):
    """How doubtful each label is, which classes are called by another's name, and what that stands on.

    Attributes
    ----------
    samples : (N,) rows, row i is sample_index i: label (the one that is judged; in a round, as it was corrected),
        self_confidence, normalized_margin (in [0, 1], 0 is suspect), pair_posterior, suspicion (in [0, 1], 1 is
        suspect), expected_errors (the same, made to be summed), suggestion_1 … suggestion_3 (class indices, best
        first), suggestion_probability, suggestion_probability_2, suggestion_probability_3 (theirs), prediction (the
        likeliest class), flagged (by cleanlab's default filter), basis; null where there is nothing to judge by
    class_pairs : one row per basis, label and prediction, by falling disagreement mass: count, disagreement_mass,
        margin_mass, mean_confidence, estimated_errors (by confident learning), expected_errors (the sum over the
        samples of the label for which this is the first suggestion), share_of_class (the mass per sample of the label),
        systematic, confidences (10 counts from chance to 1)
    compare : one row per sample that was judged and may be wrong: sample_index, of_label and of_suggestion (sample
        indices of those nearest in the embedding that carry the label, or the first suggestion, and are not doubted)
    about : one row per basis: samples, flagged, estimated_errors (by confident learning: the sum over the pairs),
        expected_errors (the sum over the samples, which comes nearer)
    notes : text, what a reader should know of the data and the basis
    round : one row for the round that it stands on, none without one: name, number, corrected (labels learnt from that
        are not the recorded ones), last_decision (the last of the log that it follows), and of the samples that were
        learnt from flagged_before, flagged_after, errors_before, errors_after (expected ones)
    moved : one row per sample whose verdict the round changed: sample_index, change ("new suspect" or "cleared"),
        before, after (suspicion)
    accuracy : one row per kind of labels of the held-out samples, measured_on "recorded" and "corrected" ones: samples,
        before, after (learnt from recorded and from corrected labels), low, high (95 % interval of the gain),
        wrong_before, wrong_after (sample indices); no row where it was not measured
    """

    samples: pa.Table
    class_pairs: pa.Table
    compare: pa.Table
    about: pa.Table
    notes: pa.Table
    round: pa.Table
    moved: pa.Table
    accuracy: pa.Table


@dataclass(frozen=True)
class Labels:
    """Which labels contradict what a model learnt from the others?

    Where the recording has a round of out-of-fold probabilities (`new_round` makes one), the labels that it was made
    with are judged by it. Else samples of the split "train" are judged by the course of their training and by their
    neighbours in the embedding, the others by the last checkpoint.

    Parameters
    ----------
    round : name of the round to judge by; None takes the newest there is, "training" takes none
    """

    name: ClassVar[str] = "labels"
    question: ClassVar[str] = "Which labels are probably wrong, and what should they be?"
    version: ClassVar[int] = 4
    needs: ClassVar[frozenset[str]] = frozenset({"labels", "logits"})
    result: ClassVar[type[LabelsResult]] = LabelsResult
    reads_rounds: ClassVar[bool] = True

    round: str | None = None

    def run(self, recording: Recording, progress: Progress) -> LabelsResult:
        """Judge every label of the recording.

        Raises
        ------
        MissingInputError
            If samples have several labels.
        ParameterError
            If there is no such round.
        """
        if recording.task == "multilabel":
            raise MissingInputError(
                "Labels are judged one by one, but here a sample has several. That is not there yet."
            )
        by = judged_by(recording, self.round, progress)
        progress(0.95, "comparing labels and predictions")
        tables = _judged(recording, *by.now)
        changed = nothing_changed()
        if by.round is not None and by.before is not None:
            changed = what_changed(recording, *by.round, before=_judged(recording, *by.before), after=tables)
        return LabelsResult(**tables, compare=compare(recording, by.now[0], tables["samples"]), **changed)


def _judged(recording: Recording, labels: npt.NDArray[np.int64], basis: Basis) -> dict[str, pa.Table]:
    inputs = checked(labels, basis.probabilities, classes=recording.classes, ids=recording.sample_ids.to_pylist())
    return judge(inputs, basis.kind, basis.notes, basis.votes)


def find(
    labels: Sequence[Any] | npt.NDArray[Any],
    probabilities: npt.ArrayLike,
    *,
    classes: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    logits: bool = False,
) -> LabelsResult:
    """Judge labels by out-of-fold probabilities.

    Parameters
    ----------
    labels : (N,) class indices, or names from `classes`; None, NaN and −1 are no label
    probabilities : (N, C), from models that did not learn from the sample; rows with NaN are set aside
    classes : C names, in the order of the columns
    ids : (N,) unique names of the samples, for messages
    logits : take the softmax of the rows first

    Raises
    ------
    ShapeError, LabelError, SampleIdError
        If labels, probabilities and ids do not belong together.
    """
    inputs = checked(labels, probabilities, classes=classes, ids=ids, logits=logits)
    tables = judge(inputs, np.full(len(inputs.labels), OUT_OF_FOLD), ())
    return LabelsResult(**tables, compare=COMPARE.empty_table(), **nothing_changed())
