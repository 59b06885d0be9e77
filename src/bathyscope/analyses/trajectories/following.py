"""One pass over the checkpoints: outputs, movement and events of each, then the columns of the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.trajectories import tables
from bathyscope.analyses.trajectories.histogram import histogram
from bathyscope.analyses.trajectories.movement import Moved, Movement, distance_to_centroid, finite_rows
from bathyscope.analyses.trajectories.outputs import Changes, OutputCourse, Said
from bathyscope.recording import Checkpoint

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Events:
    """Things of one kind that happened to samples at a checkpoint.

    Attributes
    ----------
    amount : (n,) how much
    ends : (n,) classes before and after; None where the kind has none
    rows : (n,) the samples
    """

    checkpoint: str
    kind: str
    amount: npt.NDArray[np.float64]
    ends: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] | None = None
    rows: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    def of(self, which: BoolArray) -> Events:
        """From those of all N samples, those of some."""
        rows = np.flatnonzero(which)
        ends = None if self.ends is None else (self.ends[0][rows], self.ends[1][rows])
        return Events(self.checkpoint, self.kind, self.amount[rows], ends, rows)


@dataclass
class Following:
    """Takes in one checkpoint after the other; what it keeps of each is what the result shows of it.

    Parameters
    ----------
    course : of the outputs
    movement : of the vectors; None without an embedding
    classes : names for the events
    jump : change of a probability from which on it is an event
    """

    course: OutputCourse
    movement: Movement | None
    classes: tuple[str, ...]
    jump: float
    frames: list[dict[str, Any]] = field(default_factory=list)
    columns: dict[str, dict[str, pa.Array]] = field(
        default_factory=lambda: {name: {} for name in ("predictions", "label_probability", "confidence", "speeds")}
    )
    events: list[Events] = field(default_factory=list)
    _said: list[tuple[npt.NDArray[np.int32], BoolArray]] = field(default_factory=list)

    def take(self, checkpoint: Checkpoint, said: Said, vectors: Vectors | None, when: float) -> None:
        """Take in the next checkpoint."""
        changes = self.course.update(said, checkpoint.step, when)
        name, given = checkpoint.name, self.course.given
        self._said.append((said.prediction, said.usable))
        self.columns["predictions"][name] = tables.nullable(said.prediction, pa.int32(), said.usable)
        probability = np.exp(-said.loss)
        self.columns["label_probability"][name] = tables.share_of_255(probability, said.usable & given.labelled)
        self.columns["confidence"][name] = tables.share_of_255(said.confidence, said.usable)
        moved = None
        if self.movement is not None and vectors is not None:
            moved = self.movement.update(vectors, when)
            self.columns["speeds"][name] = moved.speed
        self._note(checkpoint, said, changes, moved=moved, when=when)

    def _note(self, checkpoint: Checkpoint, said: Said, changes: Changes, *, moved: Moved | None, when: float) -> None:
        jumped = np.abs(changes.jump) > self.jump
        first = not self.frames
        counts = {
            "flips": changes.flipped,
            "learned": changes.learned,
            "forgotten": changes.forgotten,
            "confidence_jumps": jumped,
            "movements": np.zeros(0, bool) if moved is None else moved.significant,
        }
        row: dict[str, Any] = {"checkpoint": checkpoint.name, "step": checkpoint.step, "epoch": checkpoint.epoch}
        # Nothing is before the first checkpoint, which is not the same as no change.
        told = {kind: None if first else int(which.sum()) for kind, which in counts.items()}
        self.frames.append({**row, "time": when, **told})
        at, ends = checkpoint.name, (changes.before, said.prediction)
        for kind, which in (("flip", changes.flipped), ("learned", changes.learned), ("forgotten", changes.forgotten)):
            self.events.append(Events(at, kind, changes.jump, ends).of(which))
        self.events.append(Events(at, "confidence", changes.jump).of(jumped))
        if moved is not None:
            self.events.append(Events(at, "movement", moved.approach).of(moved.significant))

    def events_table(self) -> pa.Table:
        """All events by checkpoint, then kind, then sample."""
        names = pa.array([*self.classes], pa.string())
        scale = 1.0 if self.movement is None else self.movement.scale
        parts = [tables.EVENTS.empty_table()]
        for event in self.events:
            size = len(event.rows)
            shown = [pa.nulls(size, pa.string())] * 2
            if event.ends is not None:
                shown = [names.take(pa.array(end)) for end in event.ends]
            amount = event.amount / scale if event.kind == "movement" else event.amount
            same = [pa.array([text] * size, pa.string()) for text in (event.checkpoint, event.kind)]
            columns = [pa.array(event.rows, pa.int64()), *same, *shown, pa.array(amount, pa.float32())]
            parts.append(pa.table(columns, schema=tables.EVENTS))
        return pa.concat_tables(parts).combine_chunks()

    def speeds_table(self, names: list[str]) -> pa.Table:
        """Speeds by checkpoint, in units of the run; null where there is nothing before."""
        scale = 1.0 if self.movement is None else self.movement.scale
        n_samples = len(self.course.given.labels)
        found = self.columns["speeds"]
        columns = {
            name: tables.nullable(found[name] / scale, pa.float32())
            if name in found
            else pa.nulls(n_samples, pa.float32())
            for name in names
        }
        return pa.table(columns)

    def samples_table(self, times: dict[int, float], last_vectors: Vectors | None) -> pa.Table:
        """A row for each sample. `times` tells the clock of each step."""
        course, given = self.course, self.course.given
        seen = course.frames_seen > 0
        own = np.where(given.labelled, given.labels, np.where(seen, course.last_prediction, -1)).astype(np.int64)
        spread = histogram([said for said, _ in self._said], [there for _, there in self._said], own)
        steps = np.asarray([times.get(step, np.nan) for step in (*times, -1)])
        order = {step: number for number, step in enumerate(times)}
        place = np.asarray([order.get(int(step), len(times)) for step in np.unique(course.learning.first_learnt)])
        which = place[np.unique(course.learning.first_learnt, return_inverse=True)[1]]
        columns: dict[str, npt.NDArray[Any]] = {
            "flips": course.flips,
            "last_flip": course.last_flip,
            "first_learned": np.where(course.learning.learnt, steps[which], np.nan),
            "forgotten": course.forgotten,
            **course.means(),
            "last_loss": course.last_loss,
            "last_prediction": course.last_prediction,
            "last_confidence": course.last_confidence,
            "prediction_entropy": spread.entropy,
            "rival": spread.rival,
            "rival_share": spread.share,
        }
        if self.movement is not None:
            columns |= self.movement.columns()
        if last_vectors is not None and finite_rows(last_vectors).any():
            columns["distance_to_centroid"] = distance_to_centroid(last_vectors, own)
        known = {
            "flips": seen,
            "forgotten": course.learning.seen,
            "last_prediction": seen,
            "rival": spread.rival >= 0,
        }
        return tables.samples_table(columns, known, len(own))
