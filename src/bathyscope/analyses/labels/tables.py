"""The result of judging labels as tables."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.labels.class_pairs import class_pairs
from bathyscope.analyses.labels.inputs import Inputs
from bathyscope.analyses.labels.scores import SUGGESTIONS, LabelScores, label_scores

MOST_PAIRS = 10_000
"""Cells that are kept, by falling disagreement mass: a thousand classes have a million, most of them empty."""

BINS = 10

FROM_SCORES = ("self_confidence", "normalized_margin", "pair_posterior", "suspicion", "expected_errors")
PROBABILITIES = ("suggestion_probability", "suggestion_probability_2", "suggestion_probability_3")
"""Of the suggestions, best first."""

SAMPLES = pa.schema(
    [
        pa.field("label", pa.int32()),
        *(pa.field(name, pa.float32()) for name in FROM_SCORES),
        *(pa.field(f"suggestion_{place}", pa.int32()) for place in range(1, SUGGESTIONS + 1)),
        pa.field("suggestion_probability", pa.float32()),
        *(pa.field(f"suggestion_probability_{place}", pa.float32()) for place in range(2, SUGGESTIONS + 1)),
        pa.field("prediction", pa.int32()),
        pa.field("flagged", pa.bool_()),
        pa.field("basis", pa.string()),
    ]
)
PAIRS = pa.schema(
    [
        pa.field("basis", pa.string()),
        pa.field("label", pa.int32()),
        pa.field("prediction", pa.int32()),
        pa.field("count", pa.int64()),
        *(
            pa.field(name, pa.float64())
            for name in (
                "disagreement_mass",
                "margin_mass",
                "mean_confidence",
                "estimated_errors",
                "expected_errors",
                "share_of_class",
            )
        ),
        pa.field("systematic", pa.bool_()),
        pa.field("confidences", pa.list_(pa.int32())),
    ]
)
ABOUT = pa.schema(
    [
        pa.field("basis", pa.string()),
        pa.field("samples", pa.int64()),
        pa.field("flagged", pa.int64()),
        pa.field("estimated_errors", pa.float64()),
        pa.field("expected_errors", pa.float64()),
    ]
)
NOTES = pa.schema([pa.field("text", pa.string())])


def judge(
    inputs: Inputs, basis: npt.NDArray[np.str_], notes: Sequence[str], votes: npt.NDArray[np.float64] | None = None
) -> dict[str, pa.Table]:
    """Score the samples of each basis by themselves: how labels go wrong among those that a model learnt from, and how
    it errs on those that it did not, are two distributions.

    Parameters
    ----------
    basis : (N,) whence the probabilities of each sample come
    votes : (N, C) what wrong labels are counted by; NaN where it is the probabilities
    """
    n_samples = len(inputs.labels)
    columns: dict[str, Any] = {name: np.full(n_samples, np.nan, np.float32) for name in FROM_SCORES}
    columns |= {f"suggestion_{place}": np.full(n_samples, -1, np.int32) for place in range(1, SUGGESTIONS + 1)}
    columns |= {name: np.full(n_samples, np.nan, np.float32) for name in PROBABILITIES}
    columns["prediction"] = np.full(n_samples, -1, np.int32)
    columns["label"] = inputs.labels.astype(np.int32)
    flagged = np.zeros(n_samples, bool)
    about, pairs = [], [PAIRS.empty_table()]
    judged = inputs.judged & (len(inputs.classes) > 1)
    if len(inputs.classes) < 2:
        notes = [
            *notes,
            "There is one class, so no label contradicts another. Look for duplicates and unfamiliar samples.",
        ]
    _suggest_for_unlabelled(inputs, columns)
    for kind in sorted(set(basis[judged].tolist())):
        rows = np.flatnonzero(judged & (basis == kind))
        labels, said = inputs.labels[rows], inputs.probabilities[rows]
        scores = label_scores(labels, said, None if votes is None else _counted(said, votes[rows]))
        for name in FROM_SCORES:
            columns[name][rows] = getattr(scores, name)
        for place in range(SUGGESTIONS):
            columns[f"suggestion_{place + 1}"][rows] = scores.suggestions[:, place]
        for place, name in enumerate(PROBABILITIES):
            which = scores.suggestions[:, place]
            columns[name][rows] = np.where(which < 0, np.nan, said[np.arange(len(rows)), np.maximum(which, 0)])
        columns["prediction"][rows] = said.argmax(axis=1)
        flagged[rows] = _flagged(labels, said)
        pairs.append(_pairs(labels, said, scores, kind))
        about.append(
            {
                "basis": kind,
                "samples": len(rows),
                "flagged": int(flagged[rows].sum()),
                "estimated_errors": len(rows) * (1.0 - float(np.trace(scores.joint))),
                "expected_errors": float(scores.expected_errors.sum()),
            }
        )
    return {
        "samples": _samples(columns, flagged, np.where(judged, basis, "")),
        "class_pairs": pa.concat_tables(pairs),
        "about": pa.Table.from_pylist(about, schema=ABOUT),
        "notes": pa.table({"text": [*inputs.notes, *notes]}, schema=NOTES),
    }


def _counted(said: npt.NDArray[np.float64], votes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    there = np.asarray(np.isfinite(votes).all(axis=1))
    return np.where(there[:, None], votes, said) if there.any() else None


def _suggest_for_unlabelled(inputs: Inputs, columns: dict[str, Any]) -> None:
    rows = np.flatnonzero((inputs.labels < 0) & np.isfinite(inputs.probabilities).all(axis=1))
    if not len(rows):
        return
    best = np.argsort(-inputs.probabilities[rows], axis=1, kind="stable")[:, :SUGGESTIONS]
    for place in range(best.shape[1]):
        columns[f"suggestion_{place + 1}"][rows] = best[:, place]
        columns[PROBABILITIES[place]][rows] = inputs.probabilities[rows, best[:, place]]
    columns["prediction"][rows] = best[:, 0]


def _flagged(labels: npt.NDArray[np.int64], said: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which labels cleanlab would have looked at, by its default filter."""
    from cleanlab.filter import find_label_issues

    if said.shape[1] < 2 or len(np.unique(labels)) < 2:
        return np.zeros(len(labels), bool)
    with warnings.catch_warnings():  # one for each rare class; a note of ours names them together
        warnings.filterwarnings("ignore", "May not flag all label issues", UserWarning)
        return np.asarray(find_label_issues(labels, said, n_jobs=1), bool)


def _samples(columns: dict[str, Any], flagged: npt.NDArray[np.bool_], basis: npt.NDArray[np.str_]) -> pa.Table:
    made = {name: pa.array(values, mask=_missing(values)) for name, values in columns.items()}
    judged = basis != ""
    made["flagged"] = pa.array(flagged, mask=~judged)
    made["basis"] = pa.array(basis.tolist(), mask=~judged)
    return pa.table(made).select(SAMPLES.names).cast(SAMPLES)


def _missing(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.isnan(values) if values.dtype.kind == "f" else values < 0


def _pairs(labels: npt.NDArray[np.int64], said: npt.NDArray[np.float64], scores: LabelScores, kind: str) -> pa.Table:
    found = class_pairs(labels, said, scores.joint)
    n_classes = said.shape[1]
    of_label = np.maximum(np.bincount(labels, minlength=n_classes), 1)
    order = np.argsort(-(found.disagreement_mass + found.estimated_errors * 1e-9).ravel(), kind="stable")
    some = (found.count > 0) | (found.estimated_errors > 0)
    cells = order[some.ravel()[order]][:MOST_PAIRS]
    rows, columns = np.divmod(cells, n_classes)
    at = (rows, columns)
    mean = found.mean_confidence[at]
    return pa.table(
        {
            "basis": pa.array([kind] * len(cells), pa.string()),
            "label": rows,
            "prediction": columns,
            "count": found.count[at],
            "disagreement_mass": found.disagreement_mass[at],
            "margin_mass": found.margin_mass[at],
            "mean_confidence": pa.array(mean, mask=np.isnan(mean)),
            "estimated_errors": found.estimated_errors[at],
            "expected_errors": _expected(labels, scores, n_classes)[at],
            "share_of_class": found.disagreement_mass[at] / of_label[rows],
            "systematic": found.systematic[at],
            "confidences": pa.array(_histograms(labels, said, cells).tolist(), pa.list_(pa.int32())),
        }
    ).cast(PAIRS)


def _expected(labels: npt.NDArray[np.int64], scores: LabelScores, n_classes: int) -> npt.NDArray[np.float64]:
    """(C, C) wrong labels expected of each label (row), where the column fits best instead."""
    cells = labels * n_classes + scores.suggestions[:, 0]
    summed = np.bincount(cells, scores.expected_errors, n_classes**2).reshape(n_classes, n_classes)
    return np.asarray(summed, np.float64)


def _histograms(
    labels: npt.NDArray[np.int64], said: npt.NDArray[np.float64], cells: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """(P, 10) how sure the model was in each cell, from chance to 1 in equal steps."""
    n_classes = said.shape[1]
    predicted = said.argmax(axis=1)
    confidence = said[np.arange(len(said)), predicted]
    step = (confidence - 1 / n_classes) / max(1 - 1 / n_classes, 1e-12)
    bins = np.clip((step * BINS).astype(np.int64), 0, BINS - 1)
    place = np.full(n_classes**2, -1)
    place[cells] = np.arange(len(cells))
    where = place[labels * n_classes + predicted]
    kept = where >= 0
    return np.bincount(where[kept] * BINS + bins[kept], minlength=len(cells) * BINS).reshape(-1, BINS)
