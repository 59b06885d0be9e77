"""Everything that the result says about the chosen samples, as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.counterfactual import tables
from bathyscope.analyses.counterfactual.exemplars import Exemplar, Histogram, Pool, exemplars_of, histogram
from bathyscope.analyses.counterfactual.explaining import Explanation
from bathyscope.analyses.counterfactual.ranking import Ranking, auroc_within_labels, importance
from bathyscope.analyses.counterfactual.reference import Families, Reference
from bathyscope.analyses.counterfactual.selection import Chosen
from bathyscope.analyses.counterfactual.sources import Decided
from bathyscope.analyses.counterfactual.together import Head, minimal_counts, path_of, shared_shift

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_CORRECT = 300
"""Correct samples of a label that its mistakes are compared with."""

MOST_ALONE = 30
"""First neurons that are tried alone."""

MOST_SAMPLES_TOGETHER = 200
"""Samples that a shared shift and the fewest neurons are sought for; more change neither much."""


def report_of(
    decision: Decided,
    chosen: Chosen,
    explanation: Explanation,
    ranking: Ranking,
    *,
    reference: Reference,
    families: Families,
    rows: IntArray,
    settings: dict[str, Any],
    tell: Callable[[float], None],
) -> dict[str, pa.Table]:
    """All tables; `rows` are the sample indices of the reference split."""
    features = decision.features[chosen.rows].astype(np.float64)
    listed = ranking.listed
    shown = _shown_for(explanation, ranking)
    correct = _correct_of(decision, chosen)
    tell(0.1)
    pictures, bars = _pictures(decision, chosen, ranking, rows, shown=shown, correct=correct)
    tell(0.4)
    shared, counts = _together(decision, explanation, features, reference, listed=listed, ranking=ranking)
    tell(0.9)
    shifts = tables.shift_table(chosen.rows, features, explanation, reference)
    moved = np.unique(np.concatenate([listed, shifts["neuron"].to_numpy()]))
    return {
        "samples": tables.sample_table(
            chosen.rows,
            decision.labels[chosen.rows],
            decision.predictions[chosen.rows],
            explanation,
            classes=decision.classes,
        ),
        "shifts": shifts,
        "neurons": tables.neuron_table(
            ranking, families, reference, **_measured(decision, chosen, explanation, reference, correct=correct)
        ),
        "exemplars": tables.exemplar_table(pictures, rows),
        "histograms": tables.histogram_table(bars),
        "heads": tables.head_table(moved, decision.weight),
        "common": tables.common_table(shared, reference),
        "path": tables.path_table(*path_of(explanation, features, Head(decision.weight, decision.bias))),
        "minimal": tables.minimal_table(counts, len(listed[:MOST_ALONE])),
        "summary": tables.summary_table(
            explanation,
            n_used=len(explanation.used),
            common_flipped=shared.flipped,
            settings=settings,
            status=chosen.status,
            split=chosen.split,
            reference_samples=len(rows),
        ),
        "notes": tables.note_table((*decision.notes, *chosen.notes)),
    }


def no_result(decision: Decided, chosen: Chosen, rows: IntArray, settings: dict[str, Any]) -> dict[str, pa.Table]:
    """Tables without rows, and a summary that says why."""
    where = "" if chosen.split is None else f" in split {chosen.split!r}"
    why = {
        "no_mistakes": f"None of these samples{where} is a mistake.",
        "no_samples": f"No labelled sample with recorded activations fits{where}.",
        "ok": "No sample tells how the neurons behave.",
    }[chosen.status]
    status = "no_samples" if chosen.status == "ok" else chosen.status
    empty = {
        "samples": tables.SAMPLES,
        "shifts": tables.SHIFTS,
        "neurons": tables.NEURONS,
        "exemplars": tables.EXEMPLARS,
        "histograms": tables.HISTOGRAMS,
        "heads": tables.HEADS,
        "common": tables.COMMON,
        "path": tables.PATH,
        "minimal": tables.MINIMAL,
    }
    summary = tables.summary_table(
        None,
        n_used=0,
        common_flipped=0.0,
        settings=settings,
        status=status,
        split=chosen.split,
        reference_samples=len(rows),
    )
    notes = tables.note_table((*decision.notes, *chosen.notes, why))
    return {name: schema.empty_table() for name, schema in empty.items()} | {"summary": summary, "notes": notes}


def _shown_for(explanation: Explanation, ranking: Ranking) -> dict[int, int]:
    """The class that each listed neuron is looked at for: the target that most of its voters have."""
    targets = explanation.targets[explanation.used]
    shown = {}
    for neuron in ranking.listed.tolist():
        voters = targets[ranking.voters[:, neuron] != 0]
        shown[neuron] = int(np.bincount(voters if len(voters) else targets).argmax())
    return shown


def _correct_of(decision: Decided, chosen: Chosen) -> IntArray:
    """Correct samples of the mistakes' labels, from the same split, a few of each label."""
    pool = decision.rows_of(chosen.split)
    pool = pool[(decision.labels[pool] >= 0) & (decision.labels[pool] == decision.predictions[pool])]
    labels = np.unique(decision.labels[chosen.rows])
    parts = [pool[decision.labels[pool] == label] for label in labels if label >= 0]
    thinned = [part[:: -(-len(part) // MOST_CORRECT)] if len(part) else part for part in parts]
    return np.concatenate(thinned) if thinned else pool[:0]


def _pictures(
    decision: Decided,
    chosen: Chosen,
    ranking: Ranking,
    rows: IntArray,
    *,
    shown: dict[int, int],
    correct: IntArray,
) -> tuple[list[Exemplar], list[tuple[int, Histogram]]]:
    strongest = np.empty((len(rows), 2), np.int64)
    for part in np.array_split(np.arange(len(rows)), max(1, len(rows) // 4096)):
        strongest[part] = np.argsort(-decision.logits(rows[part]), axis=1, kind="stable")[:, :2]
    pool = Pool(decision.features[rows], decision.labels[rows], strongest)
    wrong = chosen.rows[decision.labels[chosen.rows] != decision.predictions[chosen.rows]]
    pictures: list[Exemplar] = []
    bars = []
    for neuron, label in shown.items():
        opposing = ranking.lists[neuron] == "excessive"
        pictures += exemplars_of(neuron, label, pool, decision.weight, opposing=opposing)
        bars.append((neuron, histogram(decision.features[correct, neuron], decision.features[wrong, neuron])))
    return pictures, bars


def _together(
    decision: Decided,
    explanation: Explanation,
    features: FloatArray,
    reference: Reference,
    *,
    listed: IntArray,
    ranking: Ranking,
) -> tuple[Any, IntArray]:
    used = explanation.used
    used = used[:: max(1, -(-len(used) // MOST_SAMPLES_TOGETHER))]
    head = Head(decision.weight, decision.bias)
    given = features[used], explanation.targets[used], head, reference
    shared = shared_shift(*given, candidates=listed)
    return shared, minimal_counts(*given, order=listed[:MOST_ALONE])


def _measured(
    decision: Decided, chosen: Chosen, explanation: Explanation, reference: Reference, *, correct: IntArray
) -> dict[str, FloatArray]:
    """What each neuron does for the targets, on average over the samples, and how mistakes differ in it."""
    targets, count = np.unique(explanation.targets, return_counts=True)
    share = count / count.sum()
    supports = importance(reference.mean, decision.weight, decision.bias)[targets]
    labels = decision.labels[chosen.rows]
    wrong = chosen.rows[(labels != decision.predictions[chosen.rows]) & (labels >= 0)]
    auroc = auroc_within_labels(
        decision.features[wrong].astype(np.float32),
        decision.labels[wrong],
        decision.features[correct].astype(np.float32),
        decision.labels[correct],
    )
    return {"importance": share @ supports, "weight": share @ decision.weight[targets], "auroc": auroc}
