"""A fitted map: from vectors to the plane and back, at each checkpoint; kept as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from safetensors.numpy import load, save

from bathyscope.analyses.timetravel import network
from bathyscope.analyses.timetravel.clouds import Units
from bathyscope.analyses.timetravel.graph import Vectors
from bathyscope.analyses.timetravel.network import Array
from bathyscope.analyses.timetravel.reduction import Basis
from bathyscope.errors import MissingInputError

AT_ONCE = 8192
"""Rows that pass through the network at one time."""


@dataclass(frozen=True)
class Autoencoder:
    """Encoder and decoder for some checkpoints.

    Attributes
    ----------
    weights : of the network
    units : of each checkpoint, in the order of the codes
    """

    basis: Basis
    weights: Mapping[str, Array]
    units: tuple[Units, ...]

    def project(self, vectors: Vectors, frame: int) -> Vectors:
        """(N, D) to (N, 2); the same at every checkpoint."""
        parts = [
            network.encode(self.weights, self.basis.inputs(vectors[start : start + AT_ONCE]))
            for start in range(0, len(vectors), AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 2), np.float32)

    def invert(self, positions: Vectors, frame: int) -> Vectors:
        """(N, 2) to (N, D) as they were at a checkpoint."""
        units, code = self.units[frame], self.weights["code"][frame]
        parts = [
            self.basis.vectors(
                network.decode(self.weights, positions[start : start + AT_ONCE], code) * units.spread + units.centre
            )
            for start in range(0, len(positions), AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.empty((0, self.basis.mean.shape[0]), np.float32)

    def arrays(self) -> dict[str, Array]:
        """Everything, by name."""
        units = {
            "centre": np.stack([units.centre for units in self.units]),
            "spread": np.array([units.spread for units in self.units], np.float32),
        }
        return {**self.basis._asdict(), **self.weights, **units}

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Autoencoder:
        """The same again."""
        basis = Basis(arrays["mean"], arrays["directions"], arrays["scale"])
        units = tuple(Units(c, np.float32(s)) for c, s in zip(arrays["centre"], arrays["spread"], strict=True))
        apart = {"mean", "directions", "scale", "centre", "spread"}
        return cls(basis, {name: value for name, value in arrays.items() if name not in apart}, units)


@dataclass(frozen=True)
class Plane:
    """The two main directions of a run: mean (D,), directions (2, D)."""

    mean: Array
    directions: Array

    def project(self, vectors: Vectors, frame: int) -> Vectors:
        """(N, D) to (N, 2)."""
        out: Vectors = ((vectors - self.mean) @ self.directions.T).astype(np.float32)
        return out

    def invert(self, positions: Vectors, frame: int) -> Vectors:
        """(N, 2) to (N, D): the point of the plane."""
        out: Vectors = (positions.astype(np.float32) @ self.directions + self.mean).astype(np.float32)
        return out


@dataclass(frozen=True)
class Sequence:
    """A map of its own for every checkpoint."""

    each: tuple[Autoencoder, ...]

    def project(self, vectors: Vectors, frame: int) -> Vectors:
        """(N, D) of a checkpoint to (N, 2)."""
        return self.each[frame].project(vectors, 0)

    def invert(self, positions: Vectors, frame: int) -> Vectors:
        """(N, 2) to (N, D) as they were at a checkpoint."""
        return self.each[frame].invert(positions, 0)


@dataclass(frozen=True)
class Placed:
    """Positions without a function behind them, as UMAP gives them: nothing new can be placed."""

    def project(self, vectors: Vectors, frame: int) -> Vectors:
        """Not possible."""
        raise MissingInputError(
            "This map was placed sample by sample and cannot place others. Fit one with mode='joint'."
        )

    def invert(self, positions: Vectors, frame: int) -> Vectors:
        """Not possible."""
        raise MissingInputError("This map has no way back from the canvas. Fit one with mode='joint'.")


Map = Autoencoder | Plane | Sequence | Placed


def packed(fitted: Map) -> tuple[bytes, bytes]:
    """Encoder and decoder as safetensors."""
    if isinstance(fitted, Plane):
        arrays = {"mean": fitted.mean, "directions": fitted.directions}
    elif isinstance(fitted, Autoencoder):
        arrays = fitted.arrays()
    elif isinstance(fitted, Sequence):
        arrays = {f"{i}/{name}": v for i, one in enumerate(fitted.each) for name, v in one.arrays().items()}
    else:
        arrays = {}
    encoder = {name: np.ascontiguousarray(value) for name, value in arrays.items() if _encodes(name)}
    decoder = {name: np.ascontiguousarray(value) for name, value in arrays.items() if name not in encoder}
    return save(encoder), save(decoder)


def _encodes(name: str) -> bool:
    own = name.rpartition("/")[2]
    return own in ("mean", "directions", "scale") or own[:2] in ("ew", "eb")


def unpacked(kind: str, encoder: bytes, decoder: bytes) -> Map:
    """The map again; kind is its class in small letters."""
    arrays = {**load(encoder), **load(decoder)}
    if kind == "plane":
        return Plane(arrays["mean"], arrays["directions"])
    if kind == "autoencoder":
        return Autoencoder.of(arrays)
    if kind == "placed":
        return Placed()
    parts: dict[int, dict[str, Array]] = {}
    for name, value in arrays.items():
        number, _, own = name.partition("/")
        parts.setdefault(int(number), {})[own] = value
    return Sequence(tuple(Autoencoder.of(parts[number]) for number in sorted(parts)))
