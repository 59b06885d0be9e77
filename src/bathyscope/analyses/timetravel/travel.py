"""The analysis: reads a recording, has a map fitted, draws every checkpoint on it and judges the drawing."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bathyscope.analyses.timetravel import baselines, landmarks, live, modes
from bathyscope.analyses.timetravel.canvas import Canvas, canvas_of
from bathyscope.analyses.timetravel.clouds import Landmarks, landmarks_at
from bathyscope.analyses.timetravel.drawing import Drawing, Easel, Sketch
from bathyscope.analyses.timetravel.fit import Settings
from bathyscope.analyses.timetravel.frames import frames_of
from bathyscope.analyses.timetravel.graph import IntArray, Vectors
from bathyscope.analyses.timetravel.maps import Map, Placed
from bathyscope.analyses.timetravel.result import TimeTravelResult
from bathyscope.analyses.timetravel.threads import two_threads
from bathyscope.analyses.trajectories.beside import run_beside, state_beside
from bathyscope.errors import MissingInputError, ParameterError
from bathyscope.recording import Progress, Recording

Mode = Literal["joint", "per_epoch", "live", "pca", "umap", "aligned_umap"]
BoolArray = npt.NDArray[np.bool_]

THREADS = 1
"""Of each matrix product. A fixed number adds in a fixed order; with two, a step of the fit took three to five times
the processor time on a busy machine. Two cores are used by halving each batch instead: see `fit`."""

OF_SAMPLES = frozenset({"positions", "misplaced"})
"""Tables with a row for each sample."""

READ, FITTED, PLACED = 0.08, 0.75, 0.8
"""How far a run is when the vectors are read, when the map is fitted, and when every sample is placed."""


@dataclass(frozen=True)
class TimeTravel:
    """Where does each sample lie at each checkpoint, and whose territory is it?

    Parameters
    ----------
    mode : "joint" fits one map to all checkpoints; "per_epoch" one to each; "live" one to each new checkpoint, beside
        frames that stay as they are; "pca", "umap" and "aligned_umap" are there to compare with
    layer : name of the recorded layer; None takes the one of role "embedding"
    landmarks : samples that the map is fitted to; all others are placed by it
    neighbours : that should stay neighbours
    landscape : cells a side of the territories
    seed : of everything that is drawn by lot
    beside : folder of another recording of the same samples, beside this one: where they lay in that training

    Raises
    ------
    ParameterError
        If a number is out of range.
    """

    name: ClassVar[str] = "timetravel"
    question: ClassVar[str] = "How did the samples and the model's territories move during training?"
    version: ClassVar[int] = 5
    needs: ClassVar[frozenset[str]] = frozenset({"embedding"})
    result: ClassVar[type[TimeTravelResult]] = TimeTravelResult

    mode: Mode = "joint"
    layer: str | None = None
    landmarks: int = 6000
    neighbours: int = 15
    landscape: int = 200
    seed: int = 0
    beside: str | None = None

    def __post_init__(self) -> None:
        for name, low, high in (("landmarks", 10, 100_000), ("neighbours", 2, 200), ("landscape", 8, 1000)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ParameterError(f"{name}={value} is out of range. Give a number from {low} to {high:,}.")
        if self.seed < 0:
            raise ParameterError(f"seed={self.seed} is negative. Give 0 or more.")

    def reads_also(self, recording: Recording) -> list[Any] | None:
        """What the result depends on beyond the recording."""
        return None if self.beside is None else state_beside(recording, self.beside)

    def run(self, recording: Recording, progress: Progress) -> TimeTravelResult:
        """Fit, place, draw, judge.

        Raises
        ------
        ParameterError
            If there is no such recording beside this one.
        MissingInputError
            If no checkpoint holds the layer, or no finite vector of it.
        """
        if self.beside is not None:
            found, matched = run_beside(self, recording, progress, OF_SAMPLES)
            return TimeTravelResult(**found).told_as(matched.names)
        with threadpool_limits(THREADS):
            return Travel(self, recording, progress).run()


@dataclass(frozen=True)
class Contents:
    """What the checkpoints hold: (T, N) which samples, and what is predicted for them (−1: unknown)."""

    there: BoolArray
    predicted: npt.NDArray[np.int32]


class Travel:
    """One run of the analysis."""

    def __init__(self, analysis: TimeTravel, recording: Recording, progress: Progress) -> None:
        self.analysis, self.recording, self.progress = analysis, recording, progress
        self.notes: list[str] = []
        self.frames = frames_of(recording, analysis.layer)
        self.splits = _splits(recording)

    def run(self) -> TimeTravelResult:
        """All tables."""
        contents = self._contents()
        if self.analysis.mode == "live":
            return self._live(contents)
        fitted, positions = self._fitted(self._landmarks(contents))
        drawing = Drawing(self._easel(canvas_of(np.concatenate(positions))))
        self._draw(drawing, positions, fitted)
        return drawing.finish(fitted, {"mode": self.analysis.mode}, self.notes)

    def _draw(self, drawing: Drawing, positions: list[Vectors], fitted: Map) -> None:
        """Two frames at a time, for two cores; files are read in this thread only, and no more than a few are held."""
        pool = two_threads()
        begun: deque[Future[Sketch]] = deque()
        try:
            for number, part in enumerate(positions):
                self.progress(PLACED + (1 - PLACED) * number / len(positions), "judging and drawing")
                begun.append(pool.submit(drawing.sketch, number, self.frames.read(number), part, fitted))
                if len(begun) > 2:
                    drawing.put(begun.popleft().result())
            while begun:
                drawing.put(begun.popleft().result())
        finally:  # who stops the run does not wait for what nobody wants any more
            pool.shutdown(cancel_futures=True)

    def _easel(self, canvas: Canvas) -> Easel:
        return Easel(self.frames, self.splits, canvas, self.analysis.landscape, self.analysis.seed)

    def _live(self, contents: Contents) -> TimeTravelResult:
        """Frames that were published before, and the new ones beside them."""
        chosen = self._chosen(contents, first=True)
        task = live.Follow(self.frames, chosen, self.analysis.neighbours, Settings(seed=self.analysis.seed))
        stored = live.published(self.recording, self.analysis, self.frames)
        told = lambda done, message: self.progress(READ + (1 - READ) * done, message)  # noqa: E731
        return live.follow(task, stored, self._easel, told, self.notes)

    def _contents(self) -> Contents:
        total = len(self.frames)
        there = np.zeros((total, len(self.recording)), bool)
        predicted = np.full((total, len(self.recording)), -1, np.int32)
        for number in range(total):
            self.progress(READ * number / total / 2, "reading")
            frame = self.frames.read(number)
            there[number, frame.rows] = True
            if frame.logits is not None:
                predicted[number, frame.rows] = frame.logits.argmax(axis=1)
        held = np.asarray(there.any(axis=1))
        self._drop(held)
        there, predicted = there[held], predicted[held]
        self._note(there, predicted)
        return Contents(there, predicted)

    def _drop(self, held: BoolArray) -> None:
        """Checkpoints where nothing is finite, as after an explosion, have no frame."""
        names = [checkpoint.name for checkpoint in self.frames.checkpoints]
        empty = [name for name, one in zip(names, held, strict=True) if not one]
        if len(empty) == len(names):
            raise MissingInputError(
                f"No sample of {self.recording.path} has a finite vector in layer {self.frames.layer!r} at any "
                "checkpoint, so there is nothing to map. Record the run again with a lower learning rate."
            )
        if empty:
            self.notes.append(f"No sample has a finite vector at checkpoint {', '.join(empty)}: there is no frame.")
            self.frames = self.frames.some(held)

    def _note(self, there: BoolArray, predicted: npt.NDArray[np.int32]) -> None:
        absent = ~there.any(axis=0)
        if absent.any():
            self.notes.append(
                f"{int(absent.sum()):,} samples have no finite vector at any checkpoint and no place: "
                f"{_some(np.flatnonzero(absent))}."
            )
        partly = there.any(axis=0) & ~there.all(axis=0)
        if partly.any():
            self.notes.append(
                f"{int(partly.sum()):,} samples are missing or not finite at some checkpoints: "
                f"{_some(np.flatnonzero(partly))}."
            )
        if len(self.frames) == 1:
            self.notes.append("There is one checkpoint, so this is a still map: nothing can move.")
        if all(head is None for head in self.frames.heads):
            self.notes.append(
                "No linear decision layer was recorded for this layer, so there are no territories and predictions "
                "cannot be checked. Record it with head='name of the last linear layer'."
            )
        for checkpoint, row in zip(self.frames.checkpoints, predicted, strict=True):
            if len(np.unique(row[row >= 0])) == 1:
                self.notes.append(f"At checkpoint {checkpoint.name} a single class is predicted: it has no border.")
        if self.frames.averaged:
            self.notes.append("The layer's maps are large; they were averaged over their positions.")

    def _chosen(self, contents: Contents, *, first: bool = False) -> IntArray:
        """The samples to fit on, by what the last checkpoint shows, or by the first if later ones are yet to come."""
        where = 0 if first else -1
        fit_split = next(iter(self.splits.values()))
        there = contents.there[where] if first else contents.there.any(axis=0)
        pool = np.flatnonzero(fit_split & there)
        if not len(pool):
            pool = np.flatnonzero(there)
        frame = self.frames.read(range(len(self.frames))[where])
        vectors = np.zeros((len(self.recording), frame.vectors.shape[1]), np.float32)
        vectors[frame.rows] = frame.vectors
        groups = contents.predicted[where].astype(np.int64)
        telling = self._mislabelled(groups)
        if not first:
            telling |= (contents.predicted != contents.predicted[-1]).any(axis=0)
        chosen = landmarks.choose(
            self.analysis.landmarks, pool=pool, groups=groups, telling=telling, vectors=vectors, seed=self.analysis.seed
        )
        if len(chosen) <= self.analysis.neighbours:
            self.notes.append(
                f"There are {len(chosen)} samples to fit on, so each has at most {max(len(chosen) - 1, 0)} neighbours "
                f"instead of {self.analysis.neighbours}."
            )
        return chosen

    def _landmarks(self, contents: Contents) -> list[Landmarks]:
        chosen = self._chosen(contents)
        out = []
        for number in range(len(self.frames)):
            self.progress(READ / 2 + READ * number / len(self.frames) / 2, "reading")
            out.append(landmarks_at(self.frames, number, chosen))
        return out

    def _mislabelled(self, predicted: IntArray) -> BoolArray:
        if self.recording.task != "multiclass":
            return np.zeros(len(predicted), bool)
        labels = self.recording.labels
        wrong: BoolArray = (np.asarray(labels.filled(-1)) != predicted) & ~np.ma.getmaskarray(labels)
        return wrong

    def _fitted(self, chosen: list[Landmarks]) -> tuple[Map, list[Vectors]]:
        """The map, and where it draws the samples of each checkpoint."""
        mode, total = self.analysis.mode, len(self.frames)
        task = modes.Task(chosen, self.frames.heads, self.analysis.neighbours, Settings(seed=self.analysis.seed))
        if mode in ("umap", "aligned_umap"):
            clouds = [(frame.rows, frame.vectors) for frame in map(self.frames.read, range(total))]
            placed = modes.placed(mode, clouds, self.analysis.neighbours, self.analysis.seed, self._fitting)
            self.notes.append(f"The mode {mode!r} has no way back from the canvas, so there are no territories.")
            return Placed(), placed
        fitted: Map
        if mode == "pca":
            fitted = baselines.main_plane([one.vectors for one in chosen])
        elif mode == "per_epoch":
            fitted = modes.per_epoch(task, self._fitting)
        else:
            fitted = modes.joint(task, self._fitting)
        positions = []
        for number in range(total):
            self.progress(FITTED + (PLACED - FITTED) * number / total, "placing all samples")
            positions.append(fitted.project(self.frames.read(number).vectors, number))
        return fitted, positions

    def _fitting(self, done: float, message: str) -> None:
        self.progress(READ + (FITTED - READ) * done, message)


def _splits(recording: Recording) -> dict[str, BoolArray]:
    """Members of each split, (N,); first the one that is fitted. Without a split "train" all are fitted."""
    names = list(recording.splits)
    if "train" not in names:
        return {"all": np.ones(len(recording), bool)}
    column = np.array(recording.column("split").to_pylist(), dtype=object)
    return {name: column == name for name in ["train", *(name for name in names if name != "train")]}


def _some(rows: IntArray, most: int = 10) -> str:
    """Sample indices as text, the first few of many."""
    text = ", ".join(map(str, rows[:most].tolist()))
    return f"sample_index {text}" + (" …" if len(rows) > most else "")
