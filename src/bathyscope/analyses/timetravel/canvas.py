"""The square on which every frame is drawn, and positions as two whole numbers on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

CODES = 65535
MARGIN = 0.1
INNER = (0.5, 99.5)
"""Percentiles of the positions that the canvas must show; far outliers would shrink all the rest to a spot."""


class Canvas(NamedTuple):
    """A square: its lower left corner and its side, in the units of the projection."""

    x: float
    y: float
    size: float

    def codes(self, positions: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.bool_]]:
        """(N, 2) codes 0 … 65535, and which positions had to be moved onto the border."""
        scaled = (positions.astype(np.float64) - (self.x, self.y)) / self.size
        outside: npt.NDArray[np.bool_] = np.any((scaled < 0) | (scaled > 1), axis=1)
        return np.rint(scaled.clip(0, 1) * CODES).astype(np.uint16), outside

    def positions(self, codes: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
        """(N, 2) from codes."""
        return (np.array([self.x, self.y]) + self.size * codes.astype(np.float64) / CODES).astype(np.float32)

    def cell_of(self, positions: npt.NDArray[np.floating], cells: int) -> npt.NDArray[np.int64]:
        """(N,) number of the cell under each position, row by row from the lowest y."""
        scaled = (positions.astype(np.float64) - (self.x, self.y)) / self.size
        place = np.floor(scaled * cells).clip(0, cells - 1).astype(np.int64)
        return place[:, 1] * cells + place[:, 0]

    def centres(self, cells: int, which: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.float32]:
        """(cells², 2) centres of all cells, or of some."""
        number = np.arange(cells * cells) if which is None else which
        place = np.stack([number % cells, number // cells], axis=1)
        return (np.array([self.x, self.y]) + self.size * (place + 0.5) / cells).astype(np.float32)


def canvas_of(positions: npt.NDArray[np.floating]) -> Canvas:
    """The square around all but the farthest of (N, 2) positions."""
    if not len(positions):
        return Canvas(0.0, 0.0, 1.0)
    low, high = np.percentile(positions.astype(np.float64), INNER, axis=0)
    size = float((high - low).max()) * (1 + 2 * MARGIN)
    if not size > 0:
        size = 1.0
    x, y = (low + high) / 2 - size / 2
    return Canvas(float(x), float(y), size)
