"""The optimiser Adam for small models in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Adam:
    """Adam over all weights at once; they become views of one array.

    Parameters
    ----------
    weights : replaced by views, so that a step changes them in place; their gradients are written into `gradients`

    References
    ----------
    Kingma, Ba (2015), Adam: a method for stochastic optimization, ICLR.
    """

    def __init__(self, weights: dict[str, Array]) -> None:
        # Sorted, so that weights that were stored meanwhile are added up in the same order.
        names = sorted(weights)
        self._flat = np.concatenate([weights[name].ravel() for name in names])
        self._slope = np.zeros_like(self._flat)
        self._mean, self._square = np.zeros_like(self._flat), np.zeros_like(self._flat)
        self._count = 0
        self.gradients: dict[str, Array] = {}
        start = 0
        for name in names:
            value = weights[name]
            stop = start + value.size
            weights[name] = self._flat[start:stop].reshape(value.shape)
            self.gradients[name] = self._slope[start:stop].reshape(value.shape)
            start = stop

    def step(self, rate: float, *, limit: float | None = None) -> None:
        """One step along the gradients.

        Parameters
        ----------
        limit : the gradients' length is cut to it, and gradients that are no numbers move nothing
        """
        self._count += 1
        if limit is not None:
            self._cut(limit)
        self._mean *= 0.9
        self._mean += 0.1 * self._slope
        self._square *= 0.999
        self._square += 0.001 * self._slope * self._slope
        if self._count % 100 == 0:  # means of units that have died fade into numbers that processors are slow with
            self._mean[np.abs(self._mean) < 1e-25] = 0
            self._square[self._square < 1e-30] = 0
        root = np.sqrt(self._square / (1 - 0.999**self._count))
        root += 1e-8
        self._flat -= (rate / (1 - 0.9**self._count)) * self._mean / root

    def _cut(self, limit: float) -> None:
        length = float(np.sqrt(np.vdot(self._slope, self._slope)))
        if not np.isfinite(length):
            self._slope[...] = 0
        elif length > limit:
            self._slope *= limit / length
