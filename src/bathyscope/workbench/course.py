"""Samples over all checkpoints: what the model said about them while it learnt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import softmax

from bathyscope.analyses.performance.metrics import sample_outcomes
from bathyscope.analyses.performance.multilabel import judge
from bathyscope.errors import MissingInputError
from bathyscope.recording import Checkpoint, Recording
from bathyscope.recording.writer import SCORE_TYPE

MAX_CLASSES = 50
TOP_CLASSES = 20
"""With more than 50 classes only the 20 that the last checkpoint finds likeliest are told."""

FloatArray = npt.NDArray[np.floating]


def course_table(recording: Recording, sample_index: int) -> pa.Table:
    """A row for each of T checkpoints, by step.

    Returns
    -------
    Columns checkpoint, step, epoch, prediction, confidence, loss (null where the checkpoint does not hold the sample or
    its outputs are no numbers; the loss also where the label is missing) and probabilities. These are lists of C; with
    more than 50 classes, or in a multi-label recording, lists over the classes in class_indices, the same in every row.
    """
    return pa.table({**checkpoint_columns(recording), **courses(recording, [sample_index])})


def checkpoint_columns(recording: Recording) -> dict[str, pa.Array]:
    """Name, step and epoch of the T checkpoints."""
    checkpoints = recording.checkpoints
    return {
        "checkpoint": pa.array([checkpoint.name for checkpoint in checkpoints], pa.string()),
        "step": pa.array([checkpoint.step for checkpoint in checkpoints], pa.int64()),
        "epoch": pa.array([checkpoint.epoch for checkpoint in checkpoints], pa.float64()),
    }


def courses(recording: Recording, rows: Sequence[int]) -> dict[str, pa.Array]:
    """What `course_table` tells of each of R samples, (R · T,): all checkpoints of the first, then of the next."""
    return (_multilabel if recording.task == "multilabel" else _multiclass)(recording, rows)


def compact(columns: dict[str, pa.Array]) -> pa.Table:
    """Probabilities as float16: three digits, as the page shows them."""
    lists = columns["probabilities"]
    numbers = lists.values
    gaps = np.asarray(numbers.is_null().to_numpy(zero_copy_only=False), bool)
    halves = pa.array(numbers.to_numpy(zero_copy_only=False).astype(np.float16), mask=gaps)
    lacking = lists.is_null()
    if pa.types.is_fixed_size_list(lists.type):
        compact = pa.FixedSizeListArray.from_arrays(halves, lists.type.list_size, mask=lacking)
    else:
        compact = pa.ListArray.from_arrays(lists.offsets, halves, mask=lacking)
    return pa.table({**columns, "probabilities": compact})


def _multiclass(recording: Recording, rows: Sequence[int]) -> dict[str, pa.Array]:
    n_classes, steps = len(recording.classes), len(recording.checkpoints)
    logits = np.full((len(rows), steps, n_classes), np.nan, np.float32)
    for step, checkpoint in enumerate(recording.checkpoints):
        logits[:, step] = recording.logits(checkpoint, rows=rows)
    if not n_classes:
        raise MissingInputError(f"{recording.path} names no classes yet; they are known from the first checkpoint on.")
    flat = logits.reshape(-1, n_classes)
    labels = recording.labels[np.asarray(rows, np.int64)]
    labelled = np.logical_not(np.ma.getmaskarray(labels))
    outcomes = sample_outcomes(flat, np.repeat(labels.filled(0), steps), np.repeat(labelled, steps))
    probabilities = np.where(outcomes.usable[:, None], softmax(flat.astype(np.float64), axis=1), np.nan)
    told = {
        "prediction": pa.array(outcomes.prediction, pa.int32(), mask=~outcomes.usable),
        "confidence": _numbers(outcomes.confidence),
        "loss": _numbers(outcomes.loss),
    }
    if n_classes <= MAX_CLASSES:
        return {**told, "probabilities": _lists(probabilities, outcomes.usable)}
    top = _likeliest(probabilities.reshape(logits.shape), outcomes.usable.reshape(len(rows), steps))
    every_step = np.repeat(top, steps, axis=0)
    told["class_indices"] = pa.array(every_step.tolist(), pa.list_(pa.int32()))
    return {**told, "probabilities": _lists(np.take_along_axis(probabilities, every_step, axis=1), outcomes.usable)}


def _likeliest(probabilities: FloatArray, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.integer]:
    """(R, 20) classes by what the last usable of T checkpoints says. probabilities (R, T, C), usable (R, T)."""
    if not usable.shape[1]:
        return np.zeros((len(usable), 0), np.int64)
    last = usable.shape[1] - 1 - np.argmax(usable[:, ::-1], axis=1)
    said = np.where(np.any(usable, axis=1, keepdims=True), probabilities[np.arange(len(last)), last], 0.0)
    return np.argsort(-said, axis=1, kind="stable")[:, :TOP_CLASSES]


def _multilabel(recording: Recording, rows: Sequence[int]) -> dict[str, pa.Array]:
    by_step = [_scores_of(recording, checkpoint, rows) for checkpoint in recording.checkpoints]
    by_sample = [[cells[row] for cells in by_step] for row in range(len(rows))]
    # `judge` wants a list in every row; a sample that is not there becomes one without scores.
    scores = pa.array([cell or [] for cells in by_sample for cell in cells], SCORE_TYPE)
    places = np.repeat(np.asarray(rows, np.int64), len(by_step))
    labels = recording.label_lists.take(pa.array(places)).combine_chunks()
    judged = judge(scores, labels, len(recording.classes))
    known = judged.usable & judged.complete & pc.is_valid(labels).to_numpy(zero_copy_only=False)
    class_indices, probabilities = [], []
    for cells in by_sample:
        last = next((cell for cell in reversed(cells) if cell), [])
        top = [entry["label"] for entry in sorted(last, key=lambda entry: -entry["score"])[:TOP_CLASSES]]
        told = [{entry["label"]: entry["score"] for entry in cell or []} for cell in cells]
        class_indices += [top] * len(cells)
        probabilities += [[row.get(label) for label in top] for row in told]
    return {
        "prediction": pa.array(judged.prediction, pa.int32(), mask=~judged.usable),
        "confidence": _numbers(judged.confidence),
        "loss": _numbers(np.where(known, judged.loss, np.nan)),
        "class_indices": pa.array(class_indices, pa.list_(pa.int32())),
        "probabilities": pa.array(probabilities, pa.list_(pa.float32())),
    }


Scores = list[dict[str, float]]


def _scores_of(recording: Recording, checkpoint: Checkpoint, rows: Sequence[int]) -> list[Scores | None]:
    """What a checkpoint says of each of R samples; None where it does not hold one."""
    position = np.full(len(recording), -1, np.int64)
    position[np.asarray(rows, np.int64)] = np.arange(len(rows))
    found: list[Scores | None] = [None] * len(rows)
    lacking = len(rows)
    for indices, scores in recording.score_batches(checkpoint):
        for place in np.flatnonzero(position[indices] >= 0):
            found[position[indices[place]]] = scores[int(place)].as_py()
            lacking -= 1
        if not lacking:
            break
    return found


def _numbers(values: FloatArray) -> pa.Array:
    return pa.array(values, pa.float32(), from_pandas=True)


def _lists(rows: FloatArray, usable: npt.NDArray[np.bool_]) -> pa.Array:
    values = pa.array(rows.astype(np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(values, rows.shape[1], mask=pa.array(~usable))
