"""What a map is fitted to, each with its gradient written out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.timetravel.graph import IntArray, Vectors, curve
from bathyscope.analyses.timetravel.network import Array

LEAST_CHANCE = 1e-4
"""Below it the logarithms of UMAP's loss are cut."""


STILL = 1e-3
"""Length of a path below which it has no shape."""


class Edges(NamedTuple):
    """Pairs of rows (E,), (E,) and how strongly each is tied, (E,)."""

    first: npt.NDArray[np.integer]
    second: npt.NDArray[np.integer]
    weight: Array


def attraction(squared: Vectors) -> Vectors:
    """UMAP's loss of pairs that belong together, from their squared distances: −log q, cut at q = 1e−4."""
    a, b = curve()
    return -np.log(np.maximum(1 / (1 + a * squared**b), LEAST_CHANCE))


def repulsion(squared: Vectors) -> Vectors:
    """UMAP's loss of pairs that do not: −log(1 − q), cut at 1 − q = 1e−4."""
    a, b = curve()
    return -np.log(np.maximum(1 - 1 / (1 + a * squared**b), LEAST_CHANCE))


def neighbour_loss(positions: Array, edges: Edges, offsets: IntArray, repulsion: float = 1.0) -> tuple[float, Array]:
    """How badly neighbours can be told from chance, and its gradient by the positions, (n, 2).

    Each edge counts −log q(i, j) / (q(i, j) + mean of q(i, others)), q = 1 / (1 + d²).

    Parameters
    ----------
    positions : (n, 2), in an order that has nothing to do with the data
    offsets : (M,) distinct, in 1 … n−1: the others of row i are the rows i + offset, so that nothing must be drawn
    repulsion : how much chance counts
    """
    n = len(positions)
    first, second, weight = edges
    weight = weight / max(float(weight.sum()), 1e-12)
    apart = positions[first] - positions[second]
    near = 1 / (1 + np.einsum("ij,ij->i", apart, apart))
    away = _away(positions, offsets)
    far = 1 / (1 + np.einsum("ijk,ijk->jk", away, away))
    noise = far.mean(axis=0)[first] * np.float32(repulsion)
    miss = noise / (near + noise)
    loss = -float((weight * np.log(near / (near + noise))).sum())
    pressure = np.bincount(first, weight / (near + noise), n).astype(np.float32) * np.float32(repulsion / len(offsets))
    push = -2 * pressure * far * far * away
    out = push.sum(axis=1)
    for number, offset in enumerate(offsets.tolist()):
        out[:, offset:] -= push[:, number, : n - offset]
        out[:, :offset] -= push[:, number, n - offset :]
    return loss, out.T + _both_ends((2 * weight * miss * near)[:, None] * apart, first, second, n)


def _away(positions: Array, offsets: IntArray) -> Array:
    """(2, M, n) from each row to the rows at the offsets after it, the first following the last."""
    n = len(positions)
    once = np.ascontiguousarray(positions.T)
    twice = np.concatenate([once, once], axis=1)
    # Slices, not indices: what is next to each other in memory is read several times as fast.
    out = np.empty((2, len(offsets), n), positions.dtype)
    for number, offset in enumerate(offsets.tolist()):
        np.subtract(once, twice[:, offset : offset + n], out=out[:, number])
    return out


def _both_ends(pull: Array, first: npt.NDArray[np.integer], second: npt.NDArray[np.integer], n: int) -> Array:
    """Sum of what pulls on each row, as the first end and, the other way, as the second."""
    columns = [np.bincount(first, part, n) - np.bincount(second, part, n) for part in pull.T]
    return np.stack(columns, axis=1).astype(np.float32)


def tie_loss(positions: Array, edges: Edges) -> tuple[float, Array]:
    """−log q of pairs that are the same sample at two checkpoints, by weight; and its gradient."""
    apart = positions[edges.first] - positions[edges.second]
    near = 1 / (1 + np.einsum("ij,ij->i", apart, apart))
    weight = edges.weight / np.float32(max(len(edges.weight), 1))
    pull = (2 * weight * near)[:, None] * apart
    return -float((weight * np.log(near)).sum()), _both_ends(pull, edges.first, edges.second, len(positions))


def path_loss(paths: Array, apart: Array) -> tuple[float, Array]:
    """How little the distances along each sample's path go with those that were recorded: 1 − their cosine.

    Parameters
    ----------
    paths : (S, F, 2) positions of some samples at F checkpoints
    apart : (S, F, F) distances of their vectors

    Returns
    -------
    mean over the samples, and its gradient by the paths, (S, F, 2)
    """
    step = paths[:, :, None] - paths[:, None]
    drawn = np.sqrt(np.einsum("ijkl,ijkl->ijk", step, step) + 1e-12)
    size = np.sqrt((drawn**2).sum(axis=(1, 2), keepdims=True))
    given = apart / np.maximum(np.sqrt((apart**2).sum(axis=(1, 2), keepdims=True)), 1e-12)
    cosine = (given * drawn).sum(axis=(1, 2), keepdims=True) / size
    slope = (cosine * drawn / size - given) / size / np.float32(max(len(paths), 1))
    # A pair stands in the matrix twice, and pulls on both of its ends.
    out = 2 * (slope / drawn)[:, :, :, None] * step
    # A sample that hardly moves at all has no path to speak of.
    moving = size[:, 0, 0] > STILL
    return float((1 - cosine)[moving].sum()) / max(len(paths), 1), np.where(moving[:, None, None], out.sum(axis=2), 0)


def anchor_loss(positions: Array, targets: Array, weight: Array, margin: Array) -> tuple[float, Array]:
    """How far positions lie beyond `margin` from where they should be, by weight; and its gradient, (n, 2)."""
    apart = positions - targets
    length = np.sqrt(np.einsum("ij,ij->i", apart, apart) + 1e-12)
    beyond = np.maximum(length - margin, 0)
    share = weight / np.float32(max(len(weight), 1))
    # Quadratic near the margin and straight beyond 1, so that one far sample does not pull all others along.
    loss = np.where(beyond < 1, beyond * beyond / 2, beyond - 0.5)
    slope = np.minimum(beyond, 1)
    return float((share * loss).sum()), (share * slope / length)[:, None] * apart


def reconstruction_loss(output: Array, targets: Array) -> tuple[float, Array]:
    """Mean squared error and its gradient by the decoder's output, (n, Q)."""
    gap = output - targets
    return float(np.mean(gap * gap)), gap * np.float32(2 / max(gap.size, 1))


def prediction_loss(output: Array, weight: Array, bias: Array, wanted: Array) -> tuple[float, Array]:
    """Kullback-Leibler divergence of the decoded from the recorded probabilities, and its gradient by the output.

    Parameters
    ----------
    output : (n, Q)
    weight, bias : (C, Q), (C,) decision layer on the decoder's output
    wanted : (n, C) recorded probabilities
    """
    logits = output @ weight.T + bias
    logits -= logits.max(axis=1, keepdims=True)
    np.maximum(logits, -80, out=logits)
    chances = np.exp(logits)
    total = chances.sum(axis=1, keepdims=True)
    loss = (wanted * (np.log(np.maximum(wanted, 1e-12)) - logits + np.log(total))).sum() / max(len(output), 1)
    chances /= total
    return float(loss), ((chances - wanted) / np.float32(max(len(output), 1))) @ weight
