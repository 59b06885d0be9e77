"""Which neurons would have to change for these mistakes to come out right?"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from bathyscope.analyses.counterfactual.explaining import STATUSES, Explanation, Mode, explain
from bathyscope.analyses.counterfactual.ranking import Ranking, importance, rank_neurons
from bathyscope.analyses.counterfactual.reference import Families, Reference, families_note, families_of, reference_of
from bathyscope.analyses.counterfactual.report import no_result, report_of
from bathyscope.analyses.counterfactual.selection import select
from bathyscope.analyses.counterfactual.sources import decided, reference_rows, split_to_explain
from bathyscope.errors import ParameterError
from bathyscope.recording import Progress, Recording, Tables

__all__ = [
    "STATUSES",
    "Counterfactual",
    "CounterfactualResult",
    "Explanation",
    "Families",
    "Mode",
    "Ranking",
    "Reference",
    "explain",
    "families_of",
    "importance",
    "rank_neurons",
    "reference_of",
]


@dataclass(frozen=True)
class CounterfactualResult(Tables):
    """What would have to change, for each mistake and for all together.

    Attributes
    ----------
    samples : one row per sample: sample_index, label, prediction, target (names), status (see `STATUSES`), effort,
        margin_before, margin_after (logit of the target minus the strongest other), moved, infeasible (neurons that
        left their range), widening (deviations by which all ranges must grow where the target is unreachable in them),
        binding (the classes that hold the target back)
    shifts : sample_index, neuron, shift, sigmas (in deviations), at_bound, activation; the 50 largest of each sample
    neurons : one row per neuron, best first: list ("insufficient", "excessive", "mixed", "dead" or null), votes_up,
        votes_down, share (of the used samples that name it, in [0, 1]) with its 95 % interval low to high, importance
        (above 1 it supports the target), sigmas_total, median_effort, auroc (mistakes against correct samples of the
        same label), family (smallest neuron of it), mirror, std, weight (in the target's logit), mean, range_low,
        range_high
    exemplars : neuron, kind ("overall", "class", "contribution"), rank, sample_index, activation
    histograms : neuron, low, high (of the bin), correct, mistakes
    heads : neuron, weights (its column of the decision layer, one number per class)
    common : neuron, shift, sigmas: one shift for the whole set
    path : effort (share of each sample's way, in [0, 1]), probability (mean, of the target)
    minimal : t, flipped (share of the samples that the t first neurons can flip alone)
    summary : one row: status ("ok", "no_mistakes", "no_samples"), n, n_used, counts by status, common_flipped, split,
        reference_samples, settings (JSON)
    notes : sentences
    """

    samples: pa.Table
    shifts: pa.Table
    neurons: pa.Table
    exemplars: pa.Table
    histograms: pa.Table
    heads: pa.Table
    common: pa.Table
    path: pa.Table
    minimal: pa.Table
    summary: pa.Table
    notes: pa.Table


@dataclass(frozen=True)
class Counterfactual:
    """Explain mistakes by the smallest change of the embedding's neurons that would make them come out right.

    Parameters
    ----------
    label : only mistakes of this label
    predicted : only mistakes taken for this class
    samples : sample ids to explain instead of all mistakes, right or wrong
    target : class that is to win; "label" takes each sample's own
    mode : "feasible" finds the smallest change that the neurons can make; "paper" follows NeuroInspect; "l2" the
        shortest change, whatever is possible
    split : None takes validation, else test, else train
    checkpoint : None takes the last with an embedding and a decision layer
    margin : of the logits, by which the target must win
    votes : neurons that each sample names in either direction
    cut : percent of the samples that a neuron must be named by more than
    most : samples; of more a seeded draw is taken
    seed : of draws

    Raises
    ------
    ParameterError
        If a number is out of range.
    """

    name: ClassVar[str] = "counterfactual"
    question: ClassVar[str] = "Which neurons would have to change for these mistakes to come out right?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"embedding", "head", "labels"})
    result: ClassVar[type[CounterfactualResult]] = CounterfactualResult

    label: str | None = None
    predicted: str | None = None
    samples: tuple[str, ...] = ()
    target: str = "label"
    mode: Mode = "feasible"
    split: str | None = None
    checkpoint: str | None = None
    margin: float = 0.001
    votes: int = 5
    cut: float = 3.0
    most: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, fits, legal in (
            ("margin", self.margin, 0 <= self.margin < float("inf"), "a number from 0"),
            ("votes", self.votes, self.votes >= 1, "a whole number from 1"),
            ("cut", self.cut, 0 <= self.cut < 100, "percent from 0 to below 100"),
            ("most", self.most, 1 <= self.most <= 100_000, "a number from 1 to 100,000"),
        ):
            if not fits:
                raise ParameterError(f"{name}={value} explains nothing. Give {legal}.")

    def run(self, recording: Recording, progress: Progress) -> CounterfactualResult:
        """Choose the samples, find their shifts, rank the neurons and gather what shows them.

        Raises
        ------
        ParameterError, UnknownSampleError
            If there is no such class, split or sample.
        InputError, HeadNotFoundError, MissingInputError
            If the recording does not hold what this needs.
        """
        progress(0.0, "reading the embedding")
        decision = decided(recording, self.checkpoint)
        split = split_to_explain(recording, self.split)
        chosen = select(recording, decision, self, split)
        rows, said = reference_rows(decision, split, self.seed)
        settings = dataclasses.asdict(self) | {"split": split}
        if not len(rows) or not len(chosen.rows):
            return CounterfactualResult(**no_result(decision, chosen, rows, settings))
        progress(0.05, "measuring the neurons")
        features = decision.features[rows]
        reference = reference_of(features)
        explanation = explain(
            decision.features[chosen.rows],
            decision.weight,
            decision.bias,
            chosen.targets,
            reference=reference,
            mode=self.mode,
            margin=self.margin,
            tell=lambda done: progress(0.15 + 0.55 * done, "explaining the mistakes"),
        )
        progress(0.7, "ranking the neurons")
        ranking = rank_neurons(explanation, reference, votes=self.votes, cut=self.cut, seed=self.seed)
        families = families_of(features, decision.weight, reference)
        progress(0.8, "gathering pictures")
        parts = report_of(
            decision,
            dataclasses.replace(chosen, notes=(*chosen.notes, *families_note(len(features)), said)),
            explanation,
            ranking,
            reference=reference,
            families=families,
            rows=rows,
            settings=settings,
            tell=lambda done: progress(0.8 + 0.2 * done, "gathering pictures"),
        )
        return CounterfactualResult(**parts)
