"""Training a decision layer on recorded activations: Adam or plain descent, nothing else moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.adam import Adam

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyFloats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Head:
    """A decision layer: weight (C, U), bias (C,)."""

    weight: FloatArray
    bias: FloatArray

    def __call__(self, features: AnyFloats) -> FloatArray:
        """(N, U) → (N, C) logits."""
        return np.asarray(features @ self.weight.T + self.bias, np.float64)

    @property
    def sound(self) -> bool:
        """Whether all numbers are numbers."""
        return bool(np.isfinite(self.weight).all() and np.isfinite(self.bias).all())


class Loss(Protocol):
    """Of a batch: value, gradient by weight, gradient by bias."""

    def __call__(
        self, weight: FloatArray, bias: FloatArray, features: FloatArray, labels: IntArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Of weight (C, U) and bias (C,) on features (B, U) and labels (B,)."""
        ...


@dataclass(frozen=True)
class Schedule:
    """How a head is trained.

    Attributes
    ----------
    rate : of Adam, at its highest
    epochs, batch : passes over the data, and samples in a step
    shaped : whether the rate rises over the first 5 % of the steps and falls to 0 over the last 25 %
    """

    rate: float = 1e-3
    epochs: int = 20
    batch: int = 128
    shaped: bool = True

    def at(self, step: int, n_steps: int) -> float:
        """The rate at a step."""
        if not self.shaped:
            return self.rate
        warm, cool = max(1.0, 0.05 * n_steps), max(1.0, 0.25 * n_steps)
        rising = min(1.0, (step + 1) / warm)
        left = n_steps - step
        falling = 1.0 if left >= cool else 0.5 - 0.5 * np.cos(np.pi * left / cool)
        return float(self.rate * rising * falling)


def train(
    start: Head,
    features: AnyFloats,
    labels: IntArray,
    loss: Loss,
    *,
    schedule: Schedule,
    weights: FloatArray | None = None,
    seed: int = 0,
    better: Callable[[Head], float] | None = None,
    tell: Callable[[float], None] = lambda done: None,
) -> Head:
    """Train a copy of a head with Adam; one that diverges stays as it was after the last sound epoch.

    Parameters
    ----------
    start : where training begins
    features, labels : (N, U) and (N,)
    loss : to be minimised
    weights : (N,) how often each sample is drawn; each once an epoch unless given
    better : judges the head after each epoch from the second on; the best is kept. Without it the last is
    """
    generator = np.random.default_rng(seed)
    steps = -(-len(features) // schedule.batch)
    parts = {"weight": start.weight.copy(), "bias": start.bias.copy()}
    adam = Adam(parts)
    kept, best = start, -np.inf
    for epoch in range(schedule.epochs):
        order = _order(generator, len(features), weights)
        for number, batch in enumerate(np.array_split(order, steps) if steps else []):
            z, y = features[batch].astype(np.float64), labels[batch]
            _, adam.gradients["weight"][...], adam.gradients["bias"][...] = loss(parts["weight"], parts["bias"], z, y)
            adam.step(schedule.at(epoch * steps + number, schedule.epochs * steps))
        now = Head(parts["weight"].copy(), parts["bias"].copy())
        if not now.sound:
            break
        if better is None:
            kept = now
        elif epoch > 0 and (value := better(now)) > best:
            kept, best = now, value
        tell((epoch + 1) / schedule.epochs)
    return kept


def _order(generator: np.random.Generator, count: int, weights: FloatArray | None) -> IntArray:
    if weights is None:
        return generator.permutation(count)
    return generator.choice(count, count, p=weights / weights.sum())
