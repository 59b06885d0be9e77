"""From the landmarks' vectors to what the autoencoder is fitted to: graphs, border samples, ties over time."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.timetravel.boundary import boundary_samples
from bathyscope.analyses.timetravel.fit import Cloud
from bathyscope.analyses.timetravel.frames import Frames, apply_head
from bathyscope.analyses.timetravel.graph import (
    IntArray,
    Near,
    Vectors,
    boundary_graph,
    near_of,
    neighbour_graph,
)
from bathyscope.analyses.timetravel.landscape import probabilities
from bathyscope.analyses.timetravel.reduction import Basis
from bathyscope.recording import Head

BOUNDARY_SHARE = 0.1
"""Border samples per landmark."""

SURE = 0.95
"""Mean probability of the predicted class at which predictions are distilled."""

MOST_SHARPNESS = 16.0

MOST_TIES = 15
"""Other checkpoints that a landmark is tied to: those at which it was nearest."""


class Landmarks(NamedTuple):
    """The samples of one checkpoint that are fitted: which they are, ascending, and their vectors (M, D)."""

    who: IntArray
    vectors: Vectors


def landmarks_at(frames: Frames, number: int, chosen: IntArray) -> Landmarks:
    """Those of the chosen samples that a checkpoint holds."""
    frame = frames.read(number)
    mine = np.isin(frame.rows, chosen, assume_unique=True)
    return Landmarks(frame.rows[mine], frame.vectors[mine])


class Units(NamedTuple):
    """The units of one checkpoint in the decoder: output = (inputs − centre (Q,)) / spread."""

    centre: Vectors
    spread: np.float32

    def of(self, inputs: Vectors) -> Vectors:
        """(N, Q) in these units."""
        out: Vectors = (inputs - self.centre) / self.spread
        return out


def units_of(inputs: Vectors) -> Units:
    """Mean and spread of the landmarks; a collapsed checkpoint keeps its size."""
    if not len(inputs):
        return Units(np.zeros(inputs.shape[1], np.float32), np.float32(1))
    spread = float(inputs.std(axis=0).mean())
    return Units(inputs.mean(axis=0), np.float32(spread if spread > 1e-6 else 1.0))


def head_on_outputs(head: Head, basis: Basis, units: Units) -> tuple[Vectors, Vectors]:
    """The decision layer as it acts on what the decoder gives: weight (C, Q), bias (C,)."""
    back = (basis.directions * basis.scale[:, None]).T
    weight = head.weight @ back
    bias = weight @ units.centre + head.weight @ basis.mean + head.bias
    return (weight * units.spread).astype(np.float32), bias.astype(np.float32)


def sharpness(logits: npt.NDArray[np.float32]) -> np.float32:
    """By how much to multiply the logits of a checkpoint so that its predictions are as sure as those of a late one.

    Where a model is unsure, its first two classes may change places at hardly any cost; multiplied, they may not.
    """
    low, high = 0.0, np.log(MOST_SHARPNESS)
    for _ in range(12):
        middle = (low + high) / 2
        sure = float(probabilities(logits * np.float32(np.exp(middle))).max(axis=1).mean()) if len(logits) else 1.0
        low, high = (middle, high) if sure < SURE else (low, middle)
    return np.float32(np.exp(low))


def borders_of(vectors: Vectors, head: Head | None, count: int, seed: Sequence[int]) -> Vectors:
    """Boundary samples of one checkpoint, (B, D); none without a decision layer."""
    if head is None or not len(vectors):
        return np.empty((0, vectors.shape[1]), np.float32)
    generator = np.random.default_rng(seed)
    return boundary_samples(vectors, apply_head(head, vectors), functools.partial(apply_head, head), count, generator)


def near_at(landmarks: Landmarks, k: int) -> Near:
    """The nearest landmarks of each, as many of the k as there are."""
    return near_of(landmarks.vectors, min(k, max(len(landmarks.who) - 1, 0)))


def ties_of(frame: int, landmarks: Sequence[Landmarks], near: Near) -> Vectors:
    """(M, T) how strongly each landmark is tied to itself elsewhere: by the scale of its own neighbourhood.

    A sample that hardly moved is tied to itself; one that moved farther than its neighbours are away is free.

    Parameters
    ----------
    near : of the landmarks of this checkpoint
    """
    mine = landmarks[frame]
    total = len(landmarks)
    out = np.zeros((len(mine.who), total), np.float32)
    if len(mine.who) < 2 or total < 2:
        return out
    distance = np.full((len(mine.who), total), np.inf, np.float32)
    for other, theirs in enumerate(landmarks):
        if other != frame:
            _, here, there = np.intersect1d(mine.who, theirs.who, assume_unique=True, return_indices=True)
            distance[here, other] = np.linalg.norm(mine.vectors[here] - theirs.vectors[there], axis=1)
    closest = np.argsort(distance, axis=1, kind="stable")[:, :MOST_TIES]
    values = np.take_along_axis(distance, closest, axis=1)
    strength = np.exp(-np.maximum(values - near.rho[:, None], 0) / near.sigma[:, None])
    np.put_along_axis(out, closest, np.where(np.isfinite(values), strength, 0).astype(np.float32), axis=1)
    return out


def cloud_of(
    landmarks: Landmarks, head: Head | None, basis: Basis, *, k: int, near: Near, seed: Sequence[int], ties: Vectors
) -> tuple[Cloud, Units]:
    """Everything that is fitted at one checkpoint, and its units."""
    count = len(landmarks.who)
    border = borders_of(landmarks.vectors, head, round(BOUNDARY_SHARE * count), seed)
    everything = np.concatenate([landmarks.vectors, border])
    graph = neighbour_graph(near)
    graph.resize((len(everything), len(everything)))
    if len(border) > 1:
        graph = (graph + boundary_graph(landmarks.vectors, border, min(k, len(border) - 1))).tocsr()
    inputs = basis.inputs(everything)
    units = units_of(inputs[:count])
    cloud = Cloud(inputs, units.of(inputs), landmarks.who, graph, ties)
    if head is None:
        return cloud, units
    weight, bias = head_on_outputs(head, basis, units)
    logits = apply_head(head, everything)
    sharp = sharpness(logits[:count])
    return cloud._replace(weight=weight * sharp, bias=bias * sharp, chances=probabilities(logits * sharp)), units
