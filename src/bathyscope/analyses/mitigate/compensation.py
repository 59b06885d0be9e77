"""What takes over when a neuron is edited: the others on which the head now leans harder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

GROWN = 1.5
LISTED = 10
LEAST_SHARE = 0.1
"""Of the strongest contribution to a class; growth of what was next to nothing is no compensation."""


@dataclass(frozen=True)
class Compensation:
    """A neuron that was not edited: its contribution to a class before and after, in logits per deviation."""

    neuron: int
    label: int
    before: float
    after: float
    warned: bool

    @property
    def growth(self) -> float:
        """After over before; infinite from nothing."""
        return self.after / self.before if self.before > 0 else float("inf")


def compensations(
    before: FloatArray, after: FloatArray, std: FloatArray, edited: IntArray, *, classes: IntArray
) -> list[Compensation]:
    """The ten neurons of each class whose contribution grew most.

    Parameters
    ----------
    before, after : (C, U) weights
    std : (U,) deviations of the neurons
    edited : neurons that were edited; they are not listed
    classes : that are looked at

    Notes
    -----
    A contribution is |W_cj − mean of the other classes' W_kj| · σ_j. Warned of is one that grew by more than half and
    is not next to nothing.
    """
    found: list[Compensation] = []
    for label in classes.tolist():
        old, new = (np.abs(_lead(weight, label)) * std for weight in (before, after))
        grown = new - old
        grown[edited] = -np.inf
        least = LEAST_SHARE * float(old.max(initial=0))
        for neuron in np.argsort(-grown, kind="stable")[:LISTED].tolist():
            if grown[neuron] <= 0:
                break
            warned = new[neuron] > GROWN * old[neuron] and new[neuron] > least
            found.append(Compensation(neuron, label, float(old[neuron]), float(new[neuron]), bool(warned)))
    return found


def _lead(weight: FloatArray, label: int) -> FloatArray:
    others = (weight.sum(axis=0) - weight[label]) / max(1, len(weight) - 1)
    return np.asarray(weight[label] - others, np.float64)
