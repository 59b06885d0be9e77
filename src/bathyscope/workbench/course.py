"""One sample over all checkpoints: what the model said about it while it learnt."""

from __future__ import annotations

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
    checkpoints = recording.checkpoints
    outcome = (_multilabel if recording.task == "multilabel" else _multiclass)(recording, sample_index)
    return pa.table(
        {
            "checkpoint": pa.array([checkpoint.name for checkpoint in checkpoints], pa.string()),
            "step": pa.array([checkpoint.step for checkpoint in checkpoints], pa.int64()),
            "epoch": pa.array([checkpoint.epoch for checkpoint in checkpoints], pa.float64()),
            **outcome,
        }
    )


def _multiclass(recording: Recording, sample_index: int) -> dict[str, pa.Array]:
    n_classes = len(recording.classes)
    logits = np.full((len(recording.checkpoints), n_classes), np.nan, np.float32)
    for row, checkpoint in enumerate(recording.checkpoints):
        logits[row] = recording.logits(checkpoint, rows=[sample_index])[0]
    if not n_classes:
        raise MissingInputError(f"{recording.path} names no classes yet; they are known from the first checkpoint on.")
    label = recording.labels[sample_index]
    labelled = label is not np.ma.masked
    labels = np.full(len(logits), label if labelled else 0)
    outcomes = sample_outcomes(logits, labels, np.full(len(logits), labelled))
    probabilities = np.where(outcomes.usable[:, None], softmax(logits.astype(np.float64), axis=1), np.nan)
    told = {
        "prediction": pa.array(outcomes.prediction, pa.int32(), mask=~outcomes.usable),
        "confidence": _numbers(outcomes.confidence),
        "loss": _numbers(outcomes.loss),
    }
    if n_classes <= MAX_CLASSES:
        return {**told, "probabilities": _lists(probabilities, outcomes.usable)}
    usable = np.flatnonzero(outcomes.usable)
    last = probabilities[usable[-1]] if len(usable) else np.zeros(n_classes)
    top = np.argsort(-last, kind="stable")[:TOP_CLASSES]
    told["class_indices"] = _repeated(top, len(logits))
    return {**told, "probabilities": _lists(probabilities[:, top], outcomes.usable)}


def _multilabel(recording: Recording, sample_index: int) -> dict[str, pa.Array]:
    checkpoints = recording.checkpoints
    cells = [_scores_of(recording, checkpoint, sample_index) for checkpoint in checkpoints]
    # `judge` wants a list in every row; a sample that is not there becomes one without scores.
    scores = pa.array([cell or [] for cell in cells], SCORE_TYPE)
    labels = recording.label_lists.take(pa.array([sample_index] * len(cells), pa.int64())).combine_chunks()
    judged = judge(scores, labels, len(recording.classes))
    known = judged.usable & judged.complete & pc.is_valid(labels).to_numpy(zero_copy_only=False)
    last = next((cell for cell in reversed(cells) if cell), [])
    top = [entry["label"] for entry in sorted(last, key=lambda entry: -entry["score"])[:TOP_CLASSES]]
    rows = [{entry["label"]: entry["score"] for entry in cell or []} for cell in cells]
    return {
        "prediction": pa.array(judged.prediction, pa.int32(), mask=~judged.usable),
        "confidence": _numbers(judged.confidence),
        "loss": _numbers(np.where(known, judged.loss, np.nan)),
        "class_indices": _repeated(np.array(top, np.int32), len(cells)),
        "probabilities": pa.array([[row.get(label) for label in top] for row in rows], pa.list_(pa.float32())),
    }


def _scores_of(recording: Recording, checkpoint: Checkpoint, sample_index: int) -> list[dict[str, float]] | None:
    for indices, scores in recording.score_batches(checkpoint):
        if len(place := np.flatnonzero(indices == sample_index)):
            cell: list[dict[str, float]] = scores[int(place[0])].as_py()
            return cell
    return None


def _numbers(values: FloatArray) -> pa.Array:
    return pa.array(values, pa.float32(), from_pandas=True)


def _lists(rows: FloatArray, usable: npt.NDArray[np.bool_]) -> pa.Array:
    values = pa.array(rows.astype(np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(values, rows.shape[1], mask=pa.array(~usable))


def _repeated(indices: npt.NDArray[np.integer], count: int) -> pa.Array:
    return pa.array([indices.tolist()] * count, pa.list_(pa.int32()))
