"""Following a run that is still going on: published frames never change, new ones are fitted beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bathyscope.analyses.timetravel.canvas import Canvas, canvas_of
from bathyscope.analyses.timetravel.clouds import Landmarks, landmarks_at, near_at, ties_of
from bathyscope.analyses.timetravel.drawing import Drawing, Easel
from bathyscope.analyses.timetravel.fit import Anchors, Settings
from bathyscope.analyses.timetravel.frames import Frames
from bathyscope.analyses.timetravel.graph import IntArray, Near, Vectors
from bathyscope.analyses.timetravel.maps import Autoencoder, Sequence
from bathyscope.analyses.timetravel.modes import Past, Task, Told, next_map
from bathyscope.analyses.timetravel.reduction import Basis, plain_basis
from bathyscope.analyses.timetravel.result import TimeTravelResult
from bathyscope.recording import Analysis, Recording
from bathyscope.recording.results import parameters_of, read_table

MEMORY_SHARE = 0.05
"""Of the landmarks of an earlier checkpoint that are held near their published places."""

MARGIN = (0.1, 1.0)
"""Least and most that such a sample may move, by how far the checkpoints differ."""

ROOM = 1.8
"""The canvas is so many times as wide as the first frame, because later ones spread."""


@dataclass(frozen=True)
class Follow:
    """What is followed: the landmarks are chosen by the first checkpoint, because the last is not known yet."""

    frames: Frames
    chosen: IntArray
    neighbours: int
    settings: Settings

    def landmarks(self, number: int) -> Landmarks:
        """Those of one checkpoint."""
        return landmarks_at(self.frames, number, self.chosen)


def published(recording: Recording, analysis: Analysis, frames: Frames) -> TimeTravelResult | None:
    """The stored result of the same analysis with most of these checkpoints, from the first on; None without one."""
    folder = recording.path / "analyses" / analysis.name
    now = [(checkpoint.name, checkpoint.fingerprint) for checkpoint in frames.checkpoints]
    best: TimeTravelResult | None = None
    for about in sorted(folder.glob("*/result.json")):
        told = json.loads(about.read_bytes())
        if (told["version"], told["parameters"]) != (analysis.version, parameters_of(analysis)):
            continue
        files = recording.result_tables(analysis.name, about.parent.name)
        if not files or sorted(told.get("hidden", [])) != sorted(recording.hidden):
            continue
        found = TimeTravelResult.from_tables({name: read_table(path) for name, path in files.items()})
        then = list(found.settings["checkpoints"].items())
        longer = best is None or len(then) > len(best.settings["checkpoints"])
        if longer and then == now[: len(then)] and found.settings["layer"] == frames.layer:
            best = found
    return best


def follow(
    task: Follow,
    stored: TimeTravelResult | None,
    easel: Callable[[Canvas], Easel],
    told: Told,
    notes: list[str],
) -> TimeTravelResult:
    """The stored frames as they are, and new ones for the checkpoints after them.

    Parameters
    ----------
    easel : what to draw on, given the canvas; the first frame decides on it
    """
    fitted: list[Autoencoder] = []
    drawing: Drawing | None = None
    if stored is not None and isinstance(stored.map, Sequence):
        fitted = list(stored.map.each)
        drawing = _continued(stored, task.frames, easel(stored.canvas))
    total = len(task.frames)
    start = len(fitted)
    for number in range(start, total):

        def telling(done: float, left: str, number: int = number) -> None:
            told((number - start + done) / (total - start), f"fitting checkpoint {number + 1} of {total}{left}")

        telling(0.0, "")
        fitted.append(_next(task, number, fitted, drawing, telling))
        frame = task.frames.read(number)
        positions = fitted[-1].project(frame.vectors, 0)
        if drawing is None:
            drawing = Drawing(easel(_roomy(canvas_of(positions))))
        canvas = drawing.easel.canvas
        # What is judged and remembered is what was published, so that going on later gives the same.
        positions = canvas.positions(canvas.codes(positions)[0])
        drawing.add(number, frame, positions, Sequence(tuple(fitted)))
    if drawing is None:
        drawing = Drawing(easel(Canvas(0.0, 0.0, 1.0)))
    return drawing.finish(Sequence(tuple(fitted)), {"mode": "live"}, notes)


def _roomy(canvas: Canvas) -> Canvas:
    size = canvas.size * ROOM
    return Canvas(canvas.x - (size - canvas.size) / 2, canvas.y - (size - canvas.size) / 2, size)


def _continued(stored: TimeTravelResult, frames: Frames, easel: Easel) -> Drawing:
    """A drawing of the stored frames, whose judge remembers the last of them."""
    drawing = Drawing(easel)
    last = len(stored.frames) - 1
    frame = frames.read(last)
    places = stored.positions_at(drawing.names[last])[frame.rows]
    drawing.judge.remember(last, frame, places, stored.map)
    drawing.restore(stored)
    return drawing


def _next(task: Follow, number: int, fitted: list[Autoencoder], drawing: Drawing | None, told: Told) -> Autoencoder:
    new = task.landmarks(number)
    one = Task([new], [task.frames.heads[number]], task.neighbours, task.settings)
    if not fitted or drawing is None:
        return next_map(one, 0, Past(plain_basis(new.vectors), None, None), told)
    basis, near = fitted[-1].basis, near_at(new, task.neighbours)
    anchors = memory(task, number, new, near=near, basis=basis, drawing=drawing)
    return next_map(one, 0, Past(basis, fitted[-1], anchors, near), told)


def memory(task: Follow, number: int, new: Landmarks, *, near: Near, basis: Basis, drawing: Drawing) -> Anchors:
    """Some samples of 1, 2, 4, 8 … checkpoints before at their published places, and the new ones' ties to them."""
    parts: list[Anchors] = []
    back = 1
    while back <= number:
        old = task.landmarks(number - back)
        places = drawing.positions_at(number - back)[old.who]
        generator = np.random.default_rng([task.settings.seed, 6, number, back])
        some = np.sort(generator.permutation(len(old.who))[: max(1, round(MEMORY_SHARE * len(old.who)))])
        ones = np.ones(len(some), np.float32)
        margin = margin_between(new.vectors, old.vectors)
        parts.append(Anchors(basis.inputs(old.vectors[some]), places[some], ones, margin * ones))
        parts.append(_tied(new, old, places, basis, near))
        back *= 2
    return Anchors(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def margin_between(new: Vectors, old: Vectors) -> np.float32:
    """How far two clouds differ, for the memory's margin: mean of |μ − μ'| / √(σ² + σ'²) over dimensions, bounded."""
    if not len(new) or not len(old):
        return np.float32(MARGIN[0])
    apart = np.abs(new.mean(axis=0) - old.mean(axis=0))
    spread = np.sqrt(new.var(axis=0) + old.var(axis=0))
    known = spread > 0
    value = float((apart[known] / spread[known]).mean()) if known.any() else 0.0
    return np.float32(np.clip(value, *MARGIN))


def _tied(new: Landmarks, old: Landmarks, places: Vectors, basis: Basis, near: Near) -> Anchors:
    """New samples at the old places of the same samples, as firmly as they have not moved."""
    firm = ties_of(0, [new, old], near)[:, 1]
    _, a, b = np.intersect1d(new.who, old.who, assume_unique=True, return_indices=True)
    return Anchors(basis.inputs(new.vectors[a]), places[b], firm[a], np.zeros(len(a), np.float32))
