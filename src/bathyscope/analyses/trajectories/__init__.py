"""What happened to each sample while the model trained?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.embedding import holding, layer_of
from bathyscope.analyses.trajectories import tables
from bathyscope.analyses.trajectories.beside import run_beside, state_beside
from bathyscope.analyses.trajectories.clock import Clock, clock_of
from bathyscope.analyses.trajectories.following import Following
from bathyscope.analyses.trajectories.movement import Movement, finite_rows
from bathyscope.analyses.trajectories.outputs import Given, OutputCourse, Said, nothing_said, read_outputs
from bathyscope.errors import MissingInputError, ParameterError, ShapeError
from bathyscope.recording import Checkpoint, Progress, Recording, Tables

Vectors = npt.NDArray[np.floating]

OF_SAMPLES = frozenset({"predictions", "label_probability", "confidence", "speeds", "samples"})
"""Tables with a row for each sample."""

EARLY = 3
"""The first third of the checkpoints is early, the last third late."""


@dataclass(frozen=True)
class TrajectoriesResult(Tables):
    """The course of each sample, and what happened on the way.

    Attributes
    ----------
    frames : one row per checkpoint: checkpoint, step, epoch, time (the clock, see `samples`), and how many samples
        changed since the frame before: flips, learned, forgotten, confidence_jumps, movements (null in the first)
    predictions : (N,) rows, a column for each checkpoint: class index
    label_probability, confidence : the same; probability of the label and of the prediction, 0 … 255
    speeds : the same; distance from the frame before in the embedding, by the clock, in units of the run's own spread
    samples : (N,) rows, row i is sample_index i. Times are epochs if every checkpoint has its own, else steps; lengths
        are in units of the typical distance from the mean. flips, last_flip, first_learned, forgotten, correct_share,
        mean_, std_ and early_label_probability, last_loss, aum (mean lead of the label's logit), last_prediction,
        last_confidence, prediction_entropy (nats), rival (the class, not the label, that was predicted most often),
        rival_share (of the checkpoints), path_length, net_displacement, straightness (in [0, 1]), max_speed,
        max_speed_at, late_speed, distance_to_centroid (1 is the usual of the class)
    events : sample_index, checkpoint, kind ("flip", "learned", "forgotten", "confidence", "movement"), from, to (class
        names), amount (change of the label's probability; of "movement" how much nearer to where the sample ended)
    notes : sentences about what was left out
    """

    frames: pa.Table
    predictions: pa.Table
    label_probability: pa.Table
    confidence: pa.Table
    speeds: pa.Table
    samples: pa.Table
    events: pa.Table
    notes: pa.Table


@dataclass(frozen=True)
class Trajectories:
    """What did the model say of each sample at each checkpoint, and how did it move?

    Parameters
    ----------
    layer : name of the recorded layer in which samples move; None takes the one of role "embedding"
    jump : a change of the label's probability by more than this is an event
    beside : folder of another recording of the same samples, beside this one: what happened to the samples there

    Raises
    ------
    ParameterError
        If the jump is out of range.
    """

    name: ClassVar[str] = "trajectories"
    question: ClassVar[str] = "What happened to each sample while the model trained?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"checkpoints"})
    result: ClassVar[type[TrajectoriesResult]] = TrajectoriesResult

    layer: str | None = None
    jump: float = 0.5
    beside: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.jump < 1:
            raise ParameterError(f"jump={self.jump} is no change of a probability. Give a number between 0 and 1.")

    def reads_also(self, recording: Recording) -> list[Any] | None:
        """What the result depends on beyond the recording."""
        return None if self.beside is None else state_beside(recording, self.beside)

    def run(self, recording: Recording, progress: Progress) -> TrajectoriesResult:
        """Read each checkpoint once, the last one's embedding twice.

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        MissingInputError
            If there are neither logits of single labels nor an embedding.
        ShapeError
            If the embedding changes its size on the way.
        ParameterError
            If there is no such recording beside this one.
        """
        if self.beside is not None:
            return TrajectoriesResult(**run_beside(self, recording, progress, OF_SAMPLES)[0])
        progress(0.0, "reading the last checkpoint")
        notes: list[str] = []
        layer = layer_of(recording, self.layer)
        checkpoints = [checkpoint for checkpoint in recording.checkpoints if checkpoint.n_samples]
        moving = [checkpoint for checkpoint in holding(recording, layer) if checkpoint.n_samples]
        _check_something(recording, checkpoints, moving)
        clock = clock_of(checkpoints)
        given = given_labels(recording, notes)
        final = None if layer is None or not moving else _final(recording, layer, moving)
        late = clock.times[-max(1, len(clock.times) // EARLY)] if len(clock.times) else np.inf
        following = Following(
            course=OutputCourse(given, early=-(-len(checkpoints) // EARLY)),
            movement=None if final is None else Movement(final, float(late)),
            classes=recording.classes,
            jump=self.jump,
        )
        last = None
        for number, (checkpoint, when) in enumerate(zip(checkpoints, clock.times, strict=True)):
            progress(0.05 + 0.85 * number / len(checkpoints), f"checkpoint {number + 1} of {len(checkpoints)}")
            vectors = _vectors(recording, layer, checkpoint, final, notes) if checkpoint in moving else None
            last = vectors if vectors is not None else last
            following.take(checkpoint, _said(recording, checkpoint, given, notes), vectors, float(when))
        progress(0.9, "summing up")
        return _pack(following, checkpoints, clock, last, notes)


def _pack(
    following: Following, checkpoints: list[Checkpoint], clock: Clock, last: Vectors | None, notes: list[str]
) -> TrajectoriesResult:
    if len(checkpoints) < EARLY:
        notes.append(f"{len(checkpoints)} checkpoint(s): speeds and changes say little; record more of them.")
    times = {one.step: float(when) for one, when in zip(checkpoints, clock.times, strict=True)}
    columns = following.columns
    return TrajectoriesResult(
        frames=pa.Table.from_pylist(following.frames, schema=tables.FRAMES),
        predictions=pa.table(columns["predictions"]),
        label_probability=pa.table(columns["label_probability"]),
        confidence=pa.table(columns["confidence"]),
        speeds=following.speeds_table([checkpoint.name for checkpoint in checkpoints]),
        samples=following.samples_table(times, last),
        events=following.events_table(),
        notes=tables.notes_table(list(dict.fromkeys(notes))),
    )


def given_labels(recording: Recording, notes: list[str]) -> Given:
    """The labels of a recording; several labels a sample, and labels that no class answers to, count as none."""
    n_samples, n_classes = len(recording), len(recording.classes)
    nobody = Given(np.zeros(n_samples, np.int64), np.zeros(n_samples, bool))
    if recording.task == "multilabel":
        notes.append("Samples have several labels each: what rests on the one right answer is left out.")
        return nobody
    if "label" not in recording.samples_schema.names:
        return nobody
    labels = recording.labels
    values = labels.filled(0).astype(np.int64)
    labelled = ~np.ma.getmaskarray(labels)
    strange = labelled & ((values < 0) | (values >= n_classes)) if n_classes else np.zeros(n_samples, bool)
    if strange.any():
        notes.append(f"{strange.sum():,} labels are outside the {n_classes} classes and count as missing.")
    return Given(np.where(strange, 0, values), labelled & ~strange)


def _check_something(recording: Recording, checkpoints: list[Checkpoint], moving: list[Checkpoint]) -> None:
    outputs = any(checkpoint.has_outputs for checkpoint in checkpoints)
    if moving or (outputs and recording.task == "multiclass"):
        return
    lacks = "samples with several labels each, and" if recording.task == "multilabel" else "no outputs and"
    raise MissingInputError(
        f"trajectories cannot run on {recording.path}: it has {lacks} no embedding to follow. "
        "Record a layer with embedding='name of the layer'."
    )


def _said(recording: Recording, checkpoint: Checkpoint, given: Given, notes: list[str]) -> Said:
    if recording.task == "multilabel":
        return nothing_said(len(recording))
    said = read_outputs(recording, checkpoint, given)
    broken = int((said.present & ~said.usable).sum())
    if broken:
        notes.append(f"Checkpoint {checkpoint.name}: the outputs of {broken:,} samples are no numbers and left out.")
    return said


def _vectors(
    recording: Recording, layer: str | None, checkpoint: Checkpoint, final: Vectors | None, notes: list[str]
) -> Vectors | None:
    if layer is None or final is None:
        return None
    vectors = _flat(recording, layer, checkpoint)
    if vectors.shape != final.shape:
        raise ShapeError(
            f"The layer {layer!r} has {vectors.shape[1]} values a sample at checkpoint {checkpoint.name} and "
            f"{final.shape[1]} at the last one. Record one layer of one size over the whole run."
        )
    here = np.isfinite(vectors).any(axis=1)
    broken = int((here & ~finite_rows(vectors)).sum())
    if broken:
        notes.append(f"Checkpoint {checkpoint.name}: the vectors of {broken:,} samples are not finite and left out.")
    return vectors


def _flat(recording: Recording, layer: str, checkpoint: Checkpoint) -> Vectors:
    values = recording.activations(layer, checkpoint)
    return values.reshape(len(values), -1)


def _final(recording: Recording, layer: str, moving: list[Checkpoint]) -> Vectors:
    """(N, D) where each sample ended: its vector at the last checkpoint that holds a finite one."""
    final = _flat(recording, layer, moving[-1]).copy()
    for checkpoint in reversed(moving[:-1]):
        lacking = np.flatnonzero(~finite_rows(final))
        if not len(lacking):
            break
        earlier = _flat(recording, layer, checkpoint)
        if earlier.shape == final.shape:
            final[lacking] = earlier[lacking]
    return final
