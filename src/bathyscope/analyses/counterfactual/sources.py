"""From a recording to the mistakes that are to be explained, the decision layer and the reference split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.embedding import holding
from bathyscope.errors import HeadNotFoundError, InputError, MissingInputError, ParameterError
from bathyscope.recording import Checkpoint, Recording

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

VALIDATION = ("validation", "val", "valid", "dev")
MOST_REFERENCE = 20_000
"""More say no more of a neuron's range, and would be held in memory."""

_CHECKED = 256
_NAMED = 5


@dataclass(frozen=True)
class Decided:
    """What a checkpoint's decision layer makes of the recorded embedding.

    Attributes
    ----------
    features : (N, U) recorded embedding, in its number type; NaN where the checkpoint holds none
    present : (N,)
    weight, bias : (C, U) and (C,)
    labels : (N,) −1 for none
    predictions : (N,) by the decision layer on the recorded embedding; −1 where there is none
    classes : C names
    splits : (N,) names; "" for none
    layer : name of the embedding layer
    notes : sentences
    """

    features: npt.NDArray[Any]
    present: BoolArray
    weight: FloatArray
    bias: FloatArray
    labels: IntArray
    predictions: IntArray
    classes: tuple[str, ...]
    splits: npt.NDArray[np.str_]
    layer: str
    notes: tuple[str, ...]

    def rows_of(self, split: str | None) -> IntArray:
        """Sample indices of a split that hold activations; None takes all."""
        here = self.present if split is None else self.present & (self.splits == split)
        return np.flatnonzero(here)

    def logits(self, rows: IntArray) -> FloatArray:
        """(len(rows), C)."""
        return self.features[rows].astype(np.float64) @ self.weight.T + self.bias


def decided(recording: Recording, checkpoint: str | None) -> Decided:
    """Read the embedding, the head and the labels, and check that they belong together.

    Raises
    ------
    InputError
        If the recording is multi-label, there are fewer than two classes, or activations are no numbers.
    MissingInputError
        If the checkpoint holds no embedding or no decision layer.
    HeadNotFoundError
        If the head does not give the recorded logits from the recorded embedding.
    """
    if recording.task != "multiclass":
        raise InputError(
            f"{recording.path} is multi-label. This needs one class per sample; record each class against "
            "the rest as a recording of two classes."
        )
    which = _checkpoint(recording, checkpoint)
    layer = recording.embedding_layer
    head = recording.head(which)
    assert layer is not None  # `_checkpoint` has seen to it
    assert head is not None
    features = recording.activations(layer, which)
    features = features.reshape(len(features), -1)
    weight, bias = head.weight.astype(np.float64), head.bias.astype(np.float64)
    if len(weight) < 2:
        raise InputError(f"The decision layer of {recording.path} has 1 output; this needs ≥ 2 classes.")
    if features.shape[1] != weight.shape[1]:
        raise HeadNotFoundError(
            f"The embedding {layer!r} has {features.shape[1]} neurons, and the recorded decision layer takes "
            f"{weight.shape[1]}. Record the input of the last linear layer: embedding='its name'."
        )
    present = _present(recording, features, layer)
    predictions = np.full(len(features), -1, np.int64)
    for rows in np.array_split(np.flatnonzero(present), max(1, len(features) // 4096)):
        predictions[rows] = (features[rows].astype(np.float64) @ weight.T + bias).argmax(axis=1)
    note = _verify(recording, which, features, present, head=(weight, bias), predictions=predictions)
    names = recording.classes or tuple(map(str, range(len(weight))))
    return Decided(
        features,
        present,
        weight,
        bias,
        recording.labels.filled(-1).astype(np.int64),
        predictions,
        tuple(names),
        np.asarray([name or "" for name in recording.column("split").to_pylist()]),
        layer,
        note,
    )


def split_to_explain(recording: Recording, split: str | None) -> str | None:
    """The split that is looked at: the one given, else validation, else test, else train, else all samples.

    Raises
    ------
    ParameterError
        If there is no such split.
    """
    if split is not None:
        if split not in recording.splits:
            known = ", ".join(recording.splits) or "none"
            raise ParameterError(f"There is no split {split!r}. Splits: {known}. Give one of them, or None.")
        return split
    return next((name for name in (*VALIDATION, "test", "train") if name in recording.splits), None)


def reference_rows(decision: Decided, split: str | None, seed: int) -> tuple[IntArray, str]:
    """Samples that tell how the neurons behave, of train if there is one, and a sentence about them."""
    name = "train" if len(decision.rows_of("train")) else split
    rows = decision.rows_of(name)
    said = f"Ranges and deviations are those of {'split ' + repr(name) if name else 'all samples'}"
    if len(rows) > MOST_REFERENCE:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_REFERENCE, replace=False))
        said += f", a seeded draw of {MOST_REFERENCE:,} of its samples"
    return rows, said + f" ({len(rows):,} samples)."


def _checkpoint(recording: Recording, name: str | None) -> Checkpoint:
    layer = recording.embedding_layer
    fit = [one for one in holding(recording, layer) if one.has_head]
    which = recording.checkpoint(name) if name is not None else fit[-1] if fit else None
    if which is None or which.name not in {one.name for one in fit}:
        what = "No checkpoint" if name is None else f"Checkpoint {name}"
        known = ", ".join(one.name for one in fit) or "none"
        raise MissingInputError(
            f"{what} of {recording.path} holds both an embedding and a decision layer. Checkpoints that do: {known}."
        )
    return which


def _present(recording: Recording, features: npt.NDArray[Any], layer: str) -> BoolArray:
    """Samples that the checkpoint holds; a row of NaN only is one that it does not."""
    sound = np.isfinite(features).all(axis=1)
    broken = np.flatnonzero(~sound & ~np.isnan(features).all(axis=1))
    if len(broken):
        ids = [str(name) for name in recording.sample_ids.take(broken[:_NAMED]).to_pylist()]
        raise InputError(
            f"Layer {layer!r} holds NaN or infinities for {len(broken):,} samples: {', '.join(ids)}. "
            "Choose a checkpoint from before the model diverged, or record these samples anew."
        )
    return np.asarray(sound, bool)


def _verify(
    recording: Recording,
    checkpoint: Checkpoint,
    features: npt.NDArray[Any],
    present: BoolArray,
    *,
    head: tuple[FloatArray, FloatArray],
    predictions: IntArray,
) -> tuple[str, ...]:
    """The head applied to the embedding must give the recorded logits, up to what their number type rounds off."""
    if not checkpoint.has_outputs:
        return ()
    weight, bias = head
    logits = recording.logits(checkpoint)
    both = np.flatnonzero(present & np.isfinite(logits).all(axis=1))
    rows = both[:: max(1, len(both) // _CHECKED)]
    z = features[rows].astype(np.float64)
    rebuilt = z @ weight.T + bias
    gap = np.abs(rebuilt - logits[rows])
    half = float(np.finfo(features.dtype).eps) / 2 if features.dtype.kind == "f" else 0.0
    # The logits are kept in half precision too, unless they were recorded otherwise.
    rounding = half * (np.abs(z) @ np.abs(weight).T + np.abs(rebuilt)) + 6e-8 * np.abs(weight).sum(axis=1)
    allowed = 1e-4 * np.maximum(1, np.abs(rebuilt)) + rounding
    if len(rows) and (gap > allowed).any():
        raise HeadNotFoundError(
            f"The recorded decision layer applied to layer {recording.embedding_layer!r} misses the recorded logits by "
            f"up to {gap.max():.3g} (allowed: {allowed.max():.1g}) at checkpoint {checkpoint.name}. Record the input "
            "of the last linear layer with embedding='its name' and head='name of that layer'."
        )
    others = int((logits[both].argmax(axis=1) != predictions[both]).sum())
    if not others:
        return ()
    return (
        f"{others:,} sample{' is' if others == 1 else 's are'} decided otherwise by the recorded logits than by the "
        "decision layer on the recorded activations, which are rounded; the latter counts here.",
    )
