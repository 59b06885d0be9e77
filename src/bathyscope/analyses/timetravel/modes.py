"""The ways to make a map of a run: one autoencoder for all checkpoints, one for each, or a baseline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bathyscope.analyses.neighbours import nearest
from bathyscope.analyses.timetravel import baselines
from bathyscope.analyses.timetravel.clouds import Landmarks, Units, cloud_of, near_at, ties_of
from bathyscope.analyses.timetravel.fit import Anchors, Cloud, Settings, fit
from bathyscope.analyses.timetravel.graph import IntArray, Near, Vectors
from bathyscope.analyses.timetravel.maps import Autoencoder
from bathyscope.analyses.timetravel.maps import Sequence as MapSequence
from bathyscope.analyses.timetravel.quality import overlap
from bathyscope.analyses.timetravel.reduction import Basis, basis_of
from bathyscope.analyses.timetravel.threads import two_threads
from bathyscope.recording import Head

Told = Callable[[float, str], None]

EPOCH_STEPS = 120
"""Steps for a checkpoint that begins from the one before; the first takes three times as many."""

EPOCH_BATCH = 1536


@dataclass(frozen=True)
class Task:
    """What to fit on.

    Attributes
    ----------
    landmarks : of each checkpoint
    heads : its decision layer
    """

    landmarks: Sequence[Landmarks]
    heads: Sequence[Head | None]
    neighbours: int
    settings: Settings


def joint(task: Task, told: Told) -> Autoencoder:
    """One autoencoder for all checkpoints: a sample that does not change does not move."""
    told(0.0, "finding neighbours")
    basis = basis_of([one.vectors for one in task.landmarks], task.heads)
    clouds, units = _clouds(task, basis, told)
    settings = dataclasses.replace(task.settings, steps=steps_for(clouds, task.settings))
    weights = fit(clouds, settings, lambda done, left: told(0.1 + 0.9 * done, f"fitting the map{left}"))
    return Autoencoder(basis, weights, tuple(units))


def _clouds(task: Task, basis: Basis, told: Told) -> tuple[list[Cloud], list[Units]]:
    """What is fitted at each checkpoint; two checkpoints are prepared at a time, for two cores."""

    def prepared(frame: int) -> tuple[Cloud, Units]:
        mine, k = task.landmarks[frame], task.neighbours
        near = near_at(mine, k)
        ties = ties_of(frame, task.landmarks, near)
        seed = [task.settings.seed, 3, frame]
        return cloud_of(mine, task.heads[frame], basis, k=k, near=near, seed=seed, ties=ties)

    pool = two_threads()
    try:
        out = []
        for frame, one in enumerate([pool.submit(prepared, frame) for frame in range(len(task.landmarks))]):
            told(0.1 * frame / len(task.landmarks), "finding neighbours")
            out.append(one.result())
    finally:  # who stops the fit does not wait for what nobody wants any more
        pool.shutdown(cancel_futures=True)
    return [cloud for cloud, _ in out], [units for _, units in out]


def steps_for(clouds: Sequence[Cloud], settings: Settings) -> int:
    """Fewer steps where there are few samples: about 300 looks at each are enough."""
    nodes = sum(len(cloud.inputs) for cloud in clouds)
    return int(np.clip(300 * nodes / settings.batch, 60, settings.steps))


def per_epoch(task: Task, told: Told) -> MapSequence:
    """An autoencoder for each checkpoint, which begins from the one before and is held near it."""
    basis = basis_of([one.vectors for one in task.landmarks], task.heads)
    share = len(task.landmarks)
    out: list[Autoencoder] = []
    for frame in range(share):
        anchors = None
        if out:
            before = task.landmarks[frame - 1]
            anchors = held(out[-1], before, task.landmarks[frame], basis, task.neighbours)

        def telling(done: float, left: str, frame: int = frame) -> None:
            told((frame + done) / share, f"fitting checkpoint {frame + 1} of {share}{left}")

        out.append(next_map(task, frame, Past(basis, out[-1] if out else None, anchors), telling))
    return MapSequence(tuple(out))


class Past(NamedTuple):
    """What the map of one checkpoint begins from: the basis of all, the map before, and what is to stay in place.

    `near` are the neighbours among its landmarks, where they are known already.
    """

    basis: Basis
    before: Autoencoder | None
    anchors: Anchors | None
    near: Near | None = None


def next_map(task: Task, frame: int, past: Past, told: Told) -> Autoencoder:
    """The map of one checkpoint by itself."""
    basis, before, anchors, near = past
    landmarks, head = task.landmarks[frame], task.heads[frame]
    nothing = np.zeros((len(landmarks.who), 1), np.float32)
    seed = [task.settings.seed, 3, frame]
    near = near_at(landmarks, task.neighbours) if near is None else near
    cloud, units = cloud_of(landmarks, head, basis, k=task.neighbours, near=near, seed=seed, ties=nothing)
    steps = EPOCH_STEPS * (3 if before is None else 1)
    settings = dataclasses.replace(task.settings, steps=steps, batch=EPOCH_BATCH, together=1)
    settings = dataclasses.replace(settings, steps=steps_for([cloud], settings))
    if before is not None:
        settings = dataclasses.replace(settings, rate=settings.rate / 3)
    weights = fit([cloud], settings, told, start=None if before is None else dict(before.weights), anchors=anchors)
    return Autoencoder(basis, weights, (units,))


def held(before: Autoencoder, old: Landmarks, new: Landmarks, basis: Basis, k: int) -> Anchors:
    """Landmarks of the new checkpoint at their old places, as firmly as they keep their old neighbours."""
    _, a, b = np.intersect1d(old.who, new.who, assume_unique=True, return_indices=True)
    k = min(k, len(a) - 1)
    if k < 1:
        return Anchors(*(np.empty((0, *rest), np.float32) for rest in ((len(basis.scale),), (2,), (), ())))
    first, _ = nearest(old.vectors[a], k)
    second, _ = nearest(new.vectors[b], k)
    kept = (overlap(first, second) / k).astype(np.float32)
    targets = before.project(old.vectors[a], 0)
    return Anchors(basis.inputs(new.vectors[b]), targets, kept, np.zeros(len(kept), np.float32))


def placed(
    mode: str, clouds: Sequence[tuple[IntArray, Vectors]], neighbours: int, seed: int, told: Told
) -> list[Vectors]:
    """Positions of all samples by UMAP: of each checkpoint by itself, turned onto the one before, or of all at once."""
    if mode == "aligned_umap":
        told(0.0, "fitting AlignedUMAP")
        return baselines.aligned_umap(clouds, neighbours, seed)
    out: list[Vectors] = []
    before = None
    for frame, (rows, vectors) in enumerate(clouds):
        told(frame / len(clouds), f"fitting UMAP, checkpoint {frame + 1} of {len(clouds)}")
        out.append(baselines.aligned(before, rows, baselines.umap_frame(vectors, neighbours, seed)))
        before = (rows, out[-1])
    return out
