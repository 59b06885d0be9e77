"""From a recording to the samples that an edit is made from, chosen by and reported on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.analyses.counterfactual import explain, rank_neurons
from bathyscope.analyses.counterfactual.reference import Reference
from bathyscope.analyses.counterfactual.sources import VALIDATION, Decided
from bathyscope.analyses.mitigate.groups import Groups, known_groups, pseudo_groups, two_means
from bathyscope.analyses.performance.slices import MOST_VALUES, slices_of
from bathyscope.errors import InputError, ParameterError
from bathyscope.recording import Recording

if TYPE_CHECKING:
    from bathyscope.analyses.mitigate import Mitigate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

HELD_OUT = 0.2
PROPOSED = 5
MOST_EXPLAINED = 300


@dataclass(frozen=True)
class Parts:
    """Sample indices of the three uses, and sentences about them.

    Attributes
    ----------
    fit : trained on
    held_out : refitted on by methods that want samples the head was not trained on
    choose : the strength is chosen by
    report : the effects are told of
    report_name : the split of the latter
    """

    fit: IntArray
    held_out: IntArray
    choose: IntArray
    report: IntArray
    report_name: str
    notes: tuple[str, ...]


def parts_of(decision: Decided, method: str, seed: int) -> Parts:
    """Train, validation and test where they are there; what is missing is taken from the others, and said.

    Raises
    ------
    InputError
        If no sample has both a label and activations.
    """
    labelled = decision.labels >= 0
    by_split = {name: rows[labelled[rows]] for name in set(decision.splits) for rows in [decision.rows_of(name)]}
    everything = np.flatnonzero(decision.present & labelled)
    if not len(everything):
        raise InputError("No sample has both a label and recorded activations; an edit needs some of both.")
    fit = by_split.get("train", everything)
    fit = fit if len(fit) else everything
    generator = np.random.default_rng(seed)
    notes = []
    validation = next((name for name in VALIDATION if len(by_split.get(name, ()))), None)
    if validation is not None:
        choose = by_split[validation]
    else:
        drawn = generator.permutation(len(fit))
        count = max(1, round(HELD_OUT * len(fit)))
        choose, fit = np.sort(fit[drawn[:count]]), np.sort(fit[drawn[count:]])
        fit = fit if len(fit) else choose
        held = "1 training sample is" if count == 1 else f"{count:,} training samples are"
        notes.append(f"There is no validation split: {held} held out to choose by.")
    held_out = choose
    if method == "afr" and len(choose) > 1:  # it is refitted on samples that no strength may be chosen by
        drawn = generator.permutation(len(choose))
        held_out, choose = np.sort(choose[drawn[::2]]), np.sort(choose[drawn[1::2]])
    report, name = by_split.get("test", everything[:0]), "test"
    if not len(report):
        report, name = choose, validation or "held out"
        notes.append(
            f"There is no test split: the effects are told of split {name!r}, by which the edit was chosen, so they "
            "are too good. Record a test split."
        )
    return Parts(fit, held_out, choose, report, name, tuple(notes))


class Grouping:
    """Sorts samples into groups: class × the values of a column, or class × how much the neurons speak for it.

    Parameters
    ----------
    column : name of a metadata column, or None; a continuous one is split in two where its two means explain it best
    """

    def __init__(self, recording: Recording, decision: Decided, neurons: IntArray, column: str | None) -> None:
        self.decision, self.neurons, self.known = decision, neurons, column is not None
        self.values: IntArray | None = None
        self.names: tuple[str, ...] = ()
        if column is not None:
            self.values, self.names = column_groups(recording, column)

    def __call__(self, rows: IntArray) -> Groups:
        """Groups of these samples."""
        labels, classes = self.decision.labels[rows], self.decision.classes
        if self.values is not None:
            return known_groups(labels, self.values[rows], self.names, classes)
        weight = self.decision.weight[:, self.neurons]
        contribution = self.decision.features[np.ix_(rows, self.neurons)].astype(np.float64) @ weight.T
        return pseudo_groups(self.decision.logits(rows), contribution, labels, classes)


def column_groups(recording: Recording, column: str) -> tuple[IntArray, tuple[str, ...]]:
    """(N,) group of each sample by a metadata column, and the groups' names.

    Raises
    ------
    ParameterError
        If there is no such column, or if it makes no groups.
    """
    schema = recording.metadata_schema
    if column in schema.names and pa.types.is_floating(schema.field(column).type):
        values = pc.cast(recording.column(column), pa.float64()).to_numpy().astype(np.float64)
        sound = np.isfinite(values)
        if len(np.unique(values[sound])) > min(MOST_VALUES, 2):
            cut = two_means(values[sound])
            codes = np.where(sound, values > cut, 2)
            return codes.astype(np.int64), (f"{column} ≤ {cut:.3g}", f"{column} > {cut:.3g}", f"{column} is missing")
    slices = slices_of(recording, column)
    return slices.codes.astype(np.int64), tuple(slices.names)


def proposed_neurons(
    decision: Decided, reference: Reference, classes: IntArray, rows: IntArray, *, seed: int
) -> tuple[IntArray, str]:
    """The neurons that the mistakes among some samples name first, and a sentence that says so.

    Parameters
    ----------
    classes : mistakes of these, or taken for these
    rows : (K,) sample indices

    Notes
    -----
    Where no mistake names any, the neuron with the largest spread in the logits is taken.
    """
    labels, predictions = decision.labels[rows], decision.predictions[rows]
    wrong = (labels != predictions) & (np.isin(labels, classes) | np.isin(predictions, classes))
    mistakes = rows[wrong]
    if len(mistakes) > MOST_EXPLAINED:
        mistakes = np.sort(np.random.default_rng(seed).choice(mistakes, MOST_EXPLAINED, replace=False))
    explained = explain(
        decision.features[mistakes], decision.weight, decision.bias, decision.labels[mistakes], reference=reference
    )
    first = rank_neurons(explained, reference, seed=seed).listed[:PROPOSED]
    if not len(first):
        spread = decision.weight.std(axis=0) * reference.std
        first = np.asarray([int(spread.argmax())])
        return first, f"No mistake names a neuron; {first[0]}, the one with the largest effect, stands in for them."
    named = ", ".join(map(str, first.tolist()))
    return first[: decision.weight.shape[1] - 1], f"Neurons {named} were proposed first by {len(mistakes):,} mistakes."


def checked_groups(asked: Mitigate) -> None:
    """Raise ParameterError where a method needs groups that were not given."""
    if asked.method == "dfr" and asked.groups is None:
        raise ParameterError(
            "The method 'dfr' balances groups and needs to know them. Give groups='a metadata column', or take 'afr', "
            "which needs none."
        )
