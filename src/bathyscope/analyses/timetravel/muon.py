"""The optimiser of the map: the matrices of its layers go equally far in all directions, the rest goes by Adam."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bathyscope.analyses.adam import Adam
from bathyscope.analyses.timetravel.network import Array
from bathyscope.analyses.timetravel.threads import one_by_one

Both = Callable[[Sequence[Callable[[], None]]], Any]

LEAST_SIDE = 16
"""Matrices with a shorter side go by Adam: what leads to the two coordinates, and what a checkpoint's code does."""

FASTER = 8.0
"""Rate of the matrices over that of Adam."""

MOMENTUM = 0.95
ROUNDS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the polynomial that brings singular values near 1 in few rounds, by its authors; between about 0.7 and 1.2."""


class Muon(Adam):
    """Momentum made orthogonal for matrices, Adam for all other weights.

    Gradients of a layer point mostly in a few directions, those of the largest classes and of the latest checkpoints;
    the fine order of neighbours lies in the others, which Adam reaches late.

    Parameters
    ----------
    weights : replaced by views, so that a step changes them in place; their gradients are written into `gradients`

    References
    ----------
    Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks.
    """

    def __init__(self, weights: dict[str, Array]) -> None:
        super().__init__(weights)
        layers = [name for name, value in weights.items() if _is_layer(value)]
        # Largest first, so that who takes every other one has half of the work.
        self._matrices = {name: weights[name] for name in sorted(layers, key=lambda name: -weights[name].size)}
        self._momentum = {name: np.zeros_like(value) for name, value in self._matrices.items()}

    def step(self, rate: float, *, limit: float | None = None, both: Both = one_by_one) -> None:
        """One step along the gradients.

        Parameters
        ----------
        limit : the gradients' length is cut to it, and gradients that are no numbers move nothing
        both : does some tasks that have nothing to do with each other
        """
        if limit is not None:
            self._cut(limit)
        both([functools.partial(self._turn, name, rate) for name in self._matrices])
        super().step(rate)

    def _turn(self, name: str, rate: float) -> None:
        value, slope, momentum = self._matrices[name], self.gradients[name], self._momentum[name]
        momentum *= MOMENTUM
        momentum += slope
        n_in, n_out = value.shape
        far = np.float32(FASTER * rate * max(1.0, n_out / n_in) ** 0.5)
        value -= far * orthogonal(slope + MOMENTUM * momentum)
        # Adam sees no slope here and leaves the matrix alone.
        slope[...] = 0


def orthogonal(matrix: Array) -> Array:
    """The matrix with all its singular values brought near 1; of zeros, zeros."""
    length = float(np.linalg.norm(matrix))
    if not length > 0:
        return np.zeros_like(matrix)
    out = matrix / np.float32(length)
    wide = out if out.shape[0] <= out.shape[1] else out.T
    a, b, c = (np.float32(value) for value in COEFFICIENTS)
    for _ in range(ROUNDS):
        square = wide @ wide.T
        wide = a * wide + (b * square + c * (square @ square)) @ wide
    return wide if out.shape[0] <= out.shape[1] else wide.T


def _is_layer(value: Array) -> bool:
    return value.ndim == 2 and min(value.shape) >= LEAST_SIDE
