"""From what was found to the tables of the result; their columns are part of the public interface."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.counterfactual.exemplars import Exemplar, Histogram
from bathyscope.analyses.counterfactual.explaining import STATUSES, Explanation
from bathyscope.analyses.counterfactual.ranking import Ranking
from bathyscope.analyses.counterfactual.reference import Families, Reference
from bathyscope.analyses.counterfactual.together import Shared

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_SHIFTS = 50
"""Of a sample: the largest are kept; the paper's mode moves all neurons."""


def _schema(**fields: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in fields.items()])


_TEXT, _INT, _REAL, _BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()

SAMPLES = _schema(
    sample_index=_INT,
    label=_TEXT,
    prediction=_TEXT,
    target=_TEXT,
    status=_TEXT,
    effort=_REAL,
    margin_before=_REAL,
    margin_after=_REAL,
    moved=_INT,
    infeasible=_INT,
    widening=_REAL,
    binding=pa.list_(_TEXT),
)
SHIFTS = _schema(sample_index=_INT, neuron=_INT, shift=_REAL, sigmas=_REAL, at_bound=_BOOL, activation=_REAL)
NEURONS = _schema(
    neuron=_INT,
    list=_TEXT,
    votes_up=_INT,
    votes_down=_INT,
    share=_REAL,
    low=_REAL,
    high=_REAL,
    importance=_REAL,
    sigmas_total=_REAL,
    median_effort=_REAL,
    auroc=_REAL,
    family=_INT,
    mirror=_BOOL,
    std=_REAL,
    weight=_REAL,
    mean=_REAL,
    range_low=_REAL,
    range_high=_REAL,
)
EXEMPLARS = _schema(neuron=_INT, kind=_TEXT, rank=_INT, sample_index=_INT, activation=_REAL)
HISTOGRAMS = _schema(neuron=_INT, low=_REAL, high=_REAL, correct=_INT, mistakes=_INT)
HEADS = _schema(neuron=_INT, weights=pa.list_(pa.float32()))
COMMON = _schema(neuron=_INT, shift=_REAL, sigmas=_REAL)
PATH = _schema(effort=_REAL, probability=_REAL)
MINIMAL = _schema(t=_INT, flipped=_REAL)
SUMMARY = _schema(
    status=_TEXT,
    n=_INT,
    n_used=_INT,
    **dict.fromkeys(STATUSES, _INT),
    common_flipped=_REAL,
    split=_TEXT,
    reference_samples=_INT,
    settings=_TEXT,
)
NOTES = _schema(text=_TEXT)


def sample_table(
    rows: IntArray, labels: IntArray, predictions: IntArray, explanation: Explanation, *, classes: Sequence[str]
) -> pa.Table:
    """One row for each sample of the set."""
    return pa.table(
        {
            "sample_index": rows,
            "label": _named(labels, classes),
            "prediction": _named(predictions, classes),
            "target": _named(explanation.targets, classes),
            "status": [STATUSES[place] for place in explanation.status],
            "effort": explanation.effort,
            "margin_before": explanation.margin_before,
            "margin_after": explanation.margin_after,
            "moved": (explanation.shifts != 0).sum(axis=1),
            "infeasible": explanation.infeasible,
            "widening": optional(explanation.widening),
            "binding": [[classes[k] for k in binding] for binding in explanation.binding],
        },
        schema=SAMPLES,
    )


def shift_table(rows: IntArray, features: FloatArray, explanation: Explanation, reference: Reference) -> pa.Table:
    """The largest shifts of each sample, largest first in deviations."""
    step = np.where(reference.std > 0, reference.std, np.inf)
    places: list[IntArray] = []
    neurons: list[IntArray] = []
    for sample, shift in enumerate(explanation.shifts):
        moved = np.flatnonzero(shift)
        first = moved[np.argsort(-np.abs(shift[moved] / step[moved]), kind="stable")][:MOST_SHIFTS]
        places.append(np.full(len(first), sample))
        neurons.append(first)
    place = np.concatenate(places) if places else np.empty(0, np.int64)
    neuron = np.concatenate(neurons) if neurons else np.empty(0, np.int64)
    shift = explanation.shifts[place, neuron]
    return pa.table(
        {
            "sample_index": rows[place],
            "neuron": neuron,
            "shift": shift,
            "sigmas": shift / step[neuron],
            "at_bound": explanation.at_bound[place, neuron],
            "activation": features[place, neuron],
        },
        schema=SHIFTS,
    )


def neuron_table(ranking: Ranking, families: Families, reference: Reference, **measured: FloatArray) -> pa.Table:
    """One row for each neuron, best first; `measured` are importance, auroc and weight, (U,) each."""
    order = ranking.order
    family = families.family[order]
    columns: dict[str, Any] = {
        "neuron": order,
        "list": pa.array([ranking.lists[neuron] for neuron in order], pa.string()),
        "votes_up": ranking.votes_up[order],
        "votes_down": ranking.votes_down[order],
        **{name: optional(getattr(ranking, name)[order]) for name in ("share", "low", "high")},
        "importance": optional(measured["importance"][order]),
        "sigmas_total": ranking.sigmas_total[order],
        "median_effort": optional(ranking.median_effort[order]),
        "auroc": optional(measured["auroc"][order]),
        "family": pa.array(family, mask=family < 0),
        "mirror": pa.array(families.mirror[order], mask=family < 0),
        "std": reference.std[order],
        "weight": optional(measured["weight"][order]),
        "mean": reference.mean[order],
        "range_low": reference.low[order],
        "range_high": reference.high[order],
    }
    return pa.table(columns, schema=NEURONS)


def exemplar_table(found: Sequence[Exemplar], rows: IntArray) -> pa.Table:
    """Natural pictures; `rows` are the sample indices of the reference split."""
    return pa.table(
        {
            "neuron": [one.neuron for one in found],
            "kind": [one.kind for one in found],
            "rank": [one.rank for one in found],
            "sample_index": [int(rows[one.place]) for one in found],
            "activation": [one.activation for one in found],
        },
        schema=EXEMPLARS,
    )


def histogram_table(found: Sequence[tuple[int, Histogram]]) -> pa.Table:
    """Bins of each neuron, lowest first."""
    parts = [
        pa.table(
            {
                "neuron": np.full(len(one.correct), neuron),
                "low": one.edges[:-1],
                "high": one.edges[1:],
                "correct": one.correct,
                "mistakes": one.mistakes,
            },
            schema=HISTOGRAMS,
        )
        for neuron, one in found
    ]
    return pa.concat_tables(parts) if parts else HISTOGRAMS.empty_table()


def head_table(neurons: IntArray, weight: FloatArray) -> pa.Table:
    """The column of the decision layer of each of these neurons."""
    weights = [weight[:, neuron].astype(np.float32) for neuron in neurons]
    return pa.table({"neuron": neurons, "weights": pa.array(weights, HEADS.field("weights").type)}, schema=HEADS)


def common_table(shared: Shared, reference: Reference) -> pa.Table:
    """The neurons of the shared shift, the largest first in deviations."""
    neurons = np.flatnonzero(shared.shift)
    sigmas = shared.shift[neurons] / reference.std[neurons]
    order = np.argsort(-np.abs(sigmas), kind="stable")
    return pa.table(
        {"neuron": neurons[order], "shift": shared.shift[neurons[order]], "sigmas": sigmas[order]}, schema=COMMON
    )


def path_table(effort: FloatArray, probability: FloatArray) -> pa.Table:
    """Mean probability of the target by share of the effort."""
    return pa.table({"effort": effort, "probability": probability}, schema=PATH)


def minimal_table(counts: IntArray, most: int) -> pa.Table:
    """Share of the samples that the t first neurons can flip alone, t from 1 to `most`."""
    t = np.arange(1, most + 1) if len(counts) else np.empty(0, np.int64)
    flipped = (counts[:, None] <= t).mean(axis=0) if len(counts) else np.empty(0)
    return pa.table({"t": t, "flipped": flipped}, schema=MINIMAL)


def summary_table(
    explanation: Explanation | None, *, n_used: int, common_flipped: float, settings: dict[str, Any], **about: Any
) -> pa.Table:
    """One row about the whole set; about: status, split, reference_samples."""
    status = np.empty(0, np.int64) if explanation is None else explanation.status
    counts = np.bincount(status, minlength=len(STATUSES))
    row = {
        "n": len(status),
        "n_used": n_used,
        **dict(zip(STATUSES, counts.tolist(), strict=True)),
        "common_flipped": common_flipped,
        "settings": json.dumps(settings, ensure_ascii=False, sort_keys=True),
        **about,
    }
    return pa.Table.from_pylist([row], schema=SUMMARY)


def note_table(notes: Sequence[str]) -> pa.Table:
    """Sentences."""
    return pa.table({"text": list(notes)}, schema=NOTES)


def optional(values: FloatArray) -> pa.Array:
    """Numbers, with null where there is none."""
    return pa.array(values, mask=np.isnan(values))


def _named(indices: IntArray, classes: Sequence[str]) -> pa.Array:
    return pa.array([classes[index] if index >= 0 else None for index in indices], pa.string())
