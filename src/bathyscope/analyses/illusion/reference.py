"""What the neurons and the logits do on real images: the scale that every picture is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.parameters import class_index
from bathyscope.errors import MissingInputError, ParameterError
from bathyscope.recording import Checkpoint, Recording

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """Real images of the reference split.

    Attributes
    ----------
    split : its name; None if it is all samples
    rows : (R,) sample indices
    activations : (R, K) of the chosen neurons
    logits : (R, C)
    class_means : (C, F) mean features of the samples of each class, NaN for a class without any
    mean, std : (F,) of all features
    labels : (R,) class indices, -1 where unknown; predictions where nothing is labelled
    """

    split: str | None
    rows: IntArray
    activations: FloatArray
    logits: FloatArray
    class_means: FloatArray
    mean: FloatArray
    std: FloatArray
    labels: IntArray

    def percentile(self, place: int, activation: float) -> float:
        """Share of real images, in percent, that excite the neuron at this place less."""
        return float(100 * np.mean(self.activations[:, place] < activation))


def reference_of(recording: Recording, checkpoint: Checkpoint, neurons: Sequence[int], n_classes: int) -> Reference:
    """Read the recorded embedding once, batch by batch; memory grows with the samples times the chosen neurons only.

    Raises
    ------
    MissingInputError
        If no sample of the reference split has finite features.
    ParameterError
        If a neuron is out of range.
    """
    layer = recording.embedding_layer or ""
    split = "train" if "train" in recording.splits else None
    mine = _members(recording, split)
    labels = _labels(recording)
    if not (labels >= 0).any():
        labels = recording.logits(checkpoint).argmax(axis=1)
    width = int(np.prod(recording.layers[layer].shape))
    check_neurons(neurons, width)
    rows, kept = [], []
    sums, squares, count = np.zeros(width), np.zeros(width), 0
    class_sums, class_counts = np.zeros((n_classes, width)), np.zeros(n_classes)
    for indices, values in recording.activation_batches(layer, checkpoint):
        features = values.reshape(len(values), -1).astype(np.float64)
        good = mine[indices] & np.isfinite(features).all(axis=1)
        features, chosen = features[good], indices[good]
        sums += features.sum(axis=0)
        squares += (features**2).sum(axis=0)
        count += len(chosen)
        known = labels[chosen] >= 0
        np.add.at(class_sums, labels[chosen][known], features[known])
        np.add.at(class_counts, labels[chosen][known], 1)
        rows.append(chosen)
        kept.append(features[:, list(neurons)])
    if not count:
        raise MissingInputError(
            f"Checkpoint {checkpoint.name} of {recording.path} holds no finite activation of split {split or 'all'}. "
            "Name a checkpoint that holds the embedding."
        )
    places = np.concatenate(rows).astype(np.int64)
    mean = sums / count
    with np.errstate(invalid="ignore"):
        means = class_sums / np.where(class_counts, class_counts, np.nan)[:, None]
    return Reference(
        split,
        places,
        np.concatenate(kept),
        recording.logits(checkpoint)[places].astype(np.float64),
        means,
        mean,
        np.sqrt(np.maximum(squares / count - mean**2, 0)),
        labels[places],
    )


def check_neurons(neurons: Sequence[int], width: int) -> None:
    """Refuse neurons that the layer does not have.

    Raises
    ------
    ParameterError
        With the legal range.
    """
    wrong = [neuron for neuron in neurons if not 0 <= neuron < width]
    if wrong:
        raise ParameterError(
            f"Neurons {', '.join(map(str, wrong[:5]))} do not exist: the layer before the decision has {width} "
            f"neurons. Give neurons from 0 to {width - 1}."
        )


def _members(recording: Recording, split: str | None) -> npt.NDArray[np.bool_]:
    if split is None:
        return np.ones(len(recording), bool)
    return np.array([value == split for value in recording.column("split").to_pylist()])


def _labels(recording: Recording) -> IntArray:
    """(N,) class indices, -1 where unknown or several."""
    if recording.task != "multiclass":
        return np.full(len(recording), -1)
    labels: Any = recording.labels
    return np.asarray(labels.filled(-1), np.int64)


def class_of(recording: Recording, checkpoint: Checkpoint, label: str | None) -> int:
    """Index of a class name; None takes the class with most mistakes.

    Raises
    ------
    ParameterError
        If there is no such class, with the nearest names.
    """
    names = recording.classes
    if label is not None:
        return class_index(label, names)
    labels, predictions = _labels(recording), recording.logits(checkpoint).argmax(axis=1)
    known = labels >= 0
    wrong = known & (labels != predictions)
    n_classes = max(len(names), int(labels.max(initial=0)) + 1)
    counted = labels[wrong] if wrong.any() else labels[known] if known.any() else predictions
    return int(np.bincount(counted, minlength=n_classes).argmax())
