"""What a demo run found, in plain sentences. Everything but the last line comes from analyses that know no truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.analyses.duplicates import Duplicates, DuplicatesResult
from bathyscope.analyses.performance import Performance, PerformanceResult
from bathyscope.recording import Recording

RESTLESS = 3
"""Changes between right and wrong from which on a sample counts as restless."""


def summary(recording: Recording) -> list[str]:
    """Short sentences for the terminal, the most important first.

    Parameters
    ----------
    recording : a run of the demo, or any recording with labels and splits "validation" and "test"
    """
    performance: PerformanceResult = recording.run(Performance())
    duplicates: DuplicatesResult = recording.run(Duplicates())
    best = _best_checkpoint(performance.metrics)
    lines = [
        _accuracy_line(performance.metrics, best, recording),
        _weakest_class_line(performance.metrics, best),
        _confusion_line(performance.confusion, performance.metrics, best, recording),
        *_sample_lines(performance.samples, recording),
        _duplicates_line(duplicates.clusters),
    ]
    return lines if recording.truth is None else [*lines, _truth_line(recording.truth, recording)]


def _best_checkpoint(metrics: pa.Table) -> dict[str, Any]:
    """The checkpoint with the highest accuracy in validation; of equals the first."""
    rows: list[dict[str, Any]] = _where(metrics, split="validation", scope="overall").to_pylist()
    return max(rows, key=lambda row: (row["accuracy"], -row["step"]))


def _accuracy_line(metrics: pa.Table, best: dict[str, Any], recording: Recording) -> str:
    on_test = _where(metrics, checkpoint=best["checkpoint"], split="test", scope="overall").to_pylist()[0]
    on_train = _where(metrics, checkpoint=best["checkpoint"], split="train", scope="overall").to_pylist()[0]
    return (
        f"Best checkpoint: {best['step']} of {len(recording.checkpoints)}, with {best['accuracy']:.1%} right in "
        f"validation. In test it has {on_test['accuracy']:.1%} right (95 % interval {on_test['accuracy_low']:.1%} to "
        f"{on_test['accuracy_high']:.1%}), in train {on_train['accuracy']:.1%}."
    )


def _weakest_class_line(metrics: pa.Table, best: dict[str, Any]) -> str:
    classes = _where(metrics, checkpoint=best["checkpoint"], split="test", scope="class").to_pylist()
    weakest = min((row for row in classes if row["support"]), key=lambda row: row["recall"])
    return (
        f"Weakest class: {weakest['name']}; {weakest['recall']:.0%} of its {weakest['support']} test images are found."
    )


def _confusion_line(confusion: pa.Table, metrics: pa.Table, best: dict[str, Any], recording: Recording) -> str:
    cells = _where(confusion, checkpoint=best["checkpoint"], split="test")
    wrong = cells.filter(pc.not_equal(cells["label"], cells["prediction"])).to_pylist()
    if not wrong:
        return "No test image is confused."
    worst = max(wrong, key=lambda cell: cell["count"])
    label, prediction = recording.classes[worst["label"]], recording.classes[worst["prediction"]]
    support = _where(
        metrics, checkpoint=best["checkpoint"], split="test", scope="class", class_index=worst["label"]
    ).to_pylist()[0]["support"]
    return f"Most confused: {worst['count']} of {support} test images labelled {label} are taken for {prediction}."


def _sample_lines(samples: pa.Table, recording: Recording) -> list[str]:
    train = np.asarray(pc.equal(recording.column("split"), "train"))
    never = train & np.asarray(samples["first_learnt"].is_null())
    flips = pc.fill_null(samples["flips"], 0).to_numpy()
    loss = np.where(train, pc.fill_null(samples["loss"], 0).to_numpy(), 0)
    worst, restless = int(loss.argmax()), int(flips.argmax())
    row = samples.slice(worst, 1).to_pylist()[0]
    ids = recording.sample_ids
    label = recording.classes[int(recording.labels[worst])]
    return [
        f"Suspicious labels: {never.sum()} training images were never predicted as labelled. The largest loss: "
        f"{ids[worst].as_py()}, labelled {label}, is taken for {recording.classes[row['prediction']]} "
        f"(confidence {row['confidence']:.3f}).",
        f"Restless images: {(flips >= RESTLESS).sum()} changed between right and wrong at least {RESTLESS} times; "
        f"{ids[restless].as_py()} did so {flips[restless]} times.",
    ]


def _duplicates_line(clusters: pa.Table) -> str:
    across, conflicting = (pc.sum(clusters[name]).as_py() or 0 for name in ("spans_splits", "label_conflict"))
    return (
        f"Duplicates: {len(clusters)} groups of images are nearly the same picture; {across} span the splits, "
        f"{conflicting} carry conflicting labels."
    )


def _truth_line(truth: pa.Table, recording: Recording) -> str:
    """What was planted, for comparison; nothing above has read it."""
    train = pc.equal(recording.column("split"), "train")
    wrong, pairs = pc.sum(truth["wrong_label"]).as_py(), truth.num_rows - truth["duplicate_of"].null_count
    marked = pc.sum(pc.and_(truth["marked"], train)).as_py()
    return (
        f"Planted, for comparison: {wrong} wrong labels, {pairs} near-duplicate pairs, a corner mark on {marked:,} "
        f"training images, {pc.sum(truth['rotated']).as_py()} images lying on their side."
    )


def _where(table: pa.Table, **values: Any) -> pa.Table:
    """Rows in which every named column has the given value."""
    for column, value in values.items():
        table = table.filter(pc.equal(table[column], value))
    return table
