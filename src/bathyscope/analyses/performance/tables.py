"""From what a checkpoint said to the four tables of the result; their columns are part of the public interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from bathyscope.analyses.performance import metrics
from bathyscope.analyses.performance.dynamics import LearningCourse
from bathyscope.analyses.performance.evaluation import Evaluation
from bathyscope.analyses.performance.metrics import BoolArray, Estimate, IntArray
from bathyscope.analyses.performance.slices import Slices
from bathyscope.recording import Checkpoint, Recording

MEASURES = ("accuracy", "precision", "recall", "f1", "log_loss", "ece")
# Where these could be measured in principle, NaN is an answer: the model gave no numbers. Elsewhere NaN becomes null.
_MAY_BE_NAN = ("log_loss", "ece")
ALL = "all"

_WHEN = [pa.field("checkpoint", pa.string()), pa.field("step", pa.int64()), pa.field("split", pa.string())]
METRICS = pa.schema(
    [
        *_WHEN,
        pa.field("scope", pa.string()),
        pa.field("name", pa.string()),
        pa.field("class_index", pa.int32()),
        pa.field("support", pa.int64()),
        *(pa.field(f"{measure}{end}", pa.float64()) for measure in MEASURES for end in ("", "_low", "_high")),
    ]
)
CONFUSION = pa.schema(
    [*_WHEN, pa.field("label", pa.int32()), pa.field("prediction", pa.int32()), pa.field("count", pa.int64())]
)
COVERAGE = pa.schema(
    [
        *_WHEN,
        *(pa.field(name, pa.int64()) for name in ("samples", "judged", "missing_label", "absent", "non_finite")),
    ]
)
SAMPLES = pa.schema(
    [
        pa.field("prediction", pa.int32()),
        pa.field("confidence", pa.float32()),
        pa.field("loss", pa.float32()),
        pa.field("margin", pa.float32()),
        pa.field("correct", pa.bool_()),
        pa.field("first_learnt", pa.int64()),
        pa.field("flips", pa.int32()),
    ]
)


def split_rows(recording: Recording) -> dict[str, IntArray]:
    """Sample indices of "all" and of each split."""
    column = recording.column("split").combine_chunks().dictionary_encode()
    codes = column.indices.fill_null(-1).to_numpy()
    names = column.dictionary.to_pylist()
    rows: dict[str, IntArray] = {ALL: np.arange(len(recording))}
    return rows | {split: np.flatnonzero(codes == names.index(split)) for split in recording.splits if split != ALL}


class _Rows(NamedTuple):
    """Some rows of the metrics table: K names, and K values for each measure."""

    scope: str
    names: Sequence[str]
    class_indices: IntArray | None
    support: IntArray
    estimates: Mapping[str, Estimate]
    measurable: Mapping[str, BoolArray]


def metrics_table(
    evaluation: Evaluation,
    checkpoint: Checkpoint,
    splits: Mapping[str, IntArray],
    *,
    columns: Sequence[Slices] = (),
    classes: Sequence[str] = (),
    bins: int = 15,
) -> pa.Table:
    """Every measure over each split, each class in it and each slice of it; nothing where no sample has a label."""
    parts = []
    for split, members in splits.items():
        rows = members[evaluation.judged[members]]
        if not len(rows):
            continue
        found = _rows_of_split(evaluation, rows, columns, classes, bins)
        parts += [_to_table(part, checkpoint, split) for part in found]
    return pa.concat_tables(parts) if parts else METRICS.empty_table()


def _rows_of_split(
    evaluation: Evaluation, rows: IntArray, columns: Sequence[Slices], classes: Sequence[str], bins: int
) -> Iterator[_Rows]:
    yield _grouped(evaluation, rows, Slices([""], np.zeros(len(evaluation.judged), np.int64)), "overall", bins)
    yield _by_class(evaluation, rows, classes, bins)
    for slices in columns:
        yield _grouped(evaluation, rows, slices, "slice", bins)


def _grouped(evaluation: Evaluation, rows: IntArray, slices: Slices, scope: str, bins: int) -> _Rows:
    """Measures over each slice that has samples."""
    occurring, groups = np.unique(slices.codes[rows], return_inverse=True)
    support = np.bincount(groups)
    n_groups = len(support)
    right = np.bincount(groups[evaluation.correct[rows]], minlength=n_groups)
    parts = np.split(rows[np.argsort(groups, kind="stable")], np.cumsum(support)[:-1])
    macros = [_macro(evaluation.count_classes(part)) for part in parts]
    estimates = {name: Estimate(*map(np.array, zip(*(m[name] for m in macros), strict=True))) for name in macros[0]}
    without_loss = np.bincount(groups[~evaluation.has_loss[rows]], minlength=n_groups)
    calibrated = np.full(n_groups, evaluation.labels is not None)
    return _Rows(
        scope,
        [slices.names[index] for index in occurring],
        None,
        support,
        {
            **estimates,
            "accuracy": metrics.wilson(right, support),
            "log_loss": metrics.log_loss(evaluation.loss[rows], groups, n_groups),
            "ece": _calibration(evaluation, rows, groups, bins),
        },
        {"log_loss": without_loss == 0, "ece": calibrated},
    )


def _macro(counts: metrics.ClassCounts) -> dict[str, Estimate]:
    seen = metrics.ClassCounts(*(part[counts.present] for part in counts))
    return {
        "precision": metrics.macro(metrics.precision(seen)),
        "recall": metrics.macro(metrics.recall(seen)),
        "f1": metrics.macro(metrics.f1(seen)),
    }


def _by_class(evaluation: Evaluation, rows: IntArray, classes: Sequence[str], bins: int) -> _Rows:
    """Measures of each class that occurs as a label or as a prediction."""
    counts = evaluation.count_classes(rows)
    present = counts.present
    seen = metrics.ClassCounts(*(part[present] for part in counts))
    recall = metrics.recall(seen)
    nothing = Estimate(*(np.full(len(present), np.nan) for _ in range(3)))
    log_loss, ece = nothing, nothing
    measurable = np.zeros(len(present), bool)
    if evaluation.labels is not None:
        # A label whose samples all lack a prediction is present too, so every label has its place.
        groups = np.searchsorted(present, evaluation.labels[rows])
        log_loss = metrics.log_loss(evaluation.loss[rows], groups, len(present))
        ece = _calibration(evaluation, rows, groups, bins, n_groups=len(present))
        measurable = seen.support > 0
    return _Rows(
        "class",
        [classes[index] if index < len(classes) else str(index) for index in present],
        present,
        seen.support,
        {
            "accuracy": recall,
            "precision": metrics.precision(seen),
            "recall": recall,
            "f1": metrics.f1(seen),
            "log_loss": log_loss,
            "ece": ece,
        },
        {"log_loss": measurable, "ece": measurable},
    )


def _calibration(
    evaluation: Evaluation, rows: IntArray, groups: IntArray, bins: int, *, n_groups: int | None = None
) -> Estimate:
    cells = metrics.calibration_cells(
        evaluation.confidence[rows],
        evaluation.correct[rows],
        groups,
        n_groups=int(groups.max()) + 1 if n_groups is None else n_groups,
        bins=bins,
    )
    return metrics.expected_calibration_error(cells)


def _to_table(rows: _Rows, checkpoint: Checkpoint, split: str) -> pa.Table:
    size = len(rows.support)
    columns: dict[str, Any] = {
        **_when(checkpoint, split, size),
        "scope": pa.repeat(rows.scope, size),
        "name": pa.array(rows.names, pa.string()),
        "class_index": pa.nulls(size, pa.int32()) if rows.class_indices is None else pa.array(rows.class_indices),
        "support": pa.array(rows.support),
    }
    for name in MEASURES:
        value, low, high = rows.estimates[name]
        undefined = ~rows.measurable[name] if name in _MAY_BE_NAN else np.isnan(value)
        columns[name] = pa.array(value, mask=undefined)
        for end, bound in (("low", low), ("high", high)):
            columns[f"{name}_{end}"] = pa.array(bound, mask=undefined | ~np.isfinite(bound))
    return pa.table(columns).cast(METRICS)


def _when(checkpoint: Checkpoint, split: str, size: int) -> dict[str, pa.Array]:
    return {
        "checkpoint": pa.repeat(checkpoint.name, size),
        "step": pa.repeat(pa.scalar(checkpoint.step, pa.int64()), size),
        "split": pa.repeat(split, size),
    }


def confusion_table(evaluation: Evaluation, checkpoint: Checkpoint, splits: Mapping[str, IntArray]) -> pa.Table:
    """Cells of each split's confusion matrix that are not empty. Samples without a prediction are in none."""
    parts = []
    for split, members in splits.items() if evaluation.labels is not None else ():
        assert evaluation.labels is not None
        rows = members[(evaluation.judged & evaluation.usable)[members]]
        label, prediction, count = metrics.confusion_counts(
            evaluation.labels[rows], evaluation.prediction[rows], evaluation.n_classes
        )
        cells = {"label": label, "prediction": prediction, "count": count}
        parts.append(pa.table({**_when(checkpoint, split, len(count)), **cells}).cast(CONFUSION))
    return pa.concat_tables(parts) if parts else CONFUSION.empty_table()


def coverage_table(evaluation: Evaluation, checkpoint: Checkpoint, splits: Mapping[str, IntArray]) -> pa.Table:
    """How many samples of each split count, and why the others do not: samples = judged + missing_label + absent."""
    present, labelled = evaluation.present, evaluation.labelled
    return pa.Table.from_pylist(
        [
            {
                "checkpoint": checkpoint.name,
                "step": checkpoint.step,
                "split": split,
                "samples": len(rows),
                "judged": int(np.count_nonzero(evaluation.judged[rows])),
                "missing_label": int(np.count_nonzero((present & ~labelled)[rows])),
                "absent": int(np.count_nonzero(~present[rows])),
                "non_finite": int(np.count_nonzero(evaluation.broken[rows])),
            }
            for split, rows in splits.items()
        ],
        schema=COVERAGE,
    )


def sample_table(evaluation: Evaluation, checkpoint: Checkpoint) -> pa.Table:
    """One row per sample; null where a value is undefined, a loss of NaN where the model gave no numbers."""
    course = LearningCourse(len(evaluation.present))
    course.update(checkpoint.step, evaluation.correct, evaluation.judged)
    usable = evaluation.usable
    loss = evaluation.loss.astype(np.float32)
    margin = evaluation.margin.astype(np.float32)
    columns = {
        "prediction": pa.array(evaluation.prediction, mask=~usable),
        "confidence": pa.array(evaluation.confidence.astype(np.float32), mask=~usable),
        "loss": pa.array(loss, mask=~evaluation.has_loss),
        "margin": pa.array(margin, mask=np.isnan(margin)),
        "correct": pa.array(evaluation.correct, mask=~evaluation.judged),
    }
    return with_course(pa.table(columns), course)


def with_course(samples: pa.Table, course: LearningCourse) -> pa.Table:
    """The sample table with these first-learnt steps and flips."""
    columns = {name: samples[name] for name in SAMPLES.names[:5]}
    columns["first_learnt"] = pa.array(course.first_learnt, mask=~course.learnt)
    columns["flips"] = pa.array(course.flips, mask=~course.seen)
    return pa.table(columns).cast(SAMPLES)


def follow(course: LearningCourse, samples: pa.Table, step: int) -> None:
    """Take a checkpoint's sample table into the course."""
    correct = samples["correct"].combine_chunks()
    judged = correct.is_valid().to_numpy(zero_copy_only=False)
    course.update(step, correct.fill_null(False).to_numpy(zero_copy_only=False), judged)
