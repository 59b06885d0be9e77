"""The columns that answers are learned from, and the scores that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.recommend.learner import Posterior, Prior, fit
from bathyscope.analyses.recommend.prepared import Prepared

FloatArray = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

STEEPNESS = 10.0
"""From a weighted mean of ranks, −0.5 … 0.5, to log odds."""

RARE = -2.0
"""Log odds of a sample of which nothing is known: what is sought is rare."""

DEVIATION = {"cold": 0.5, "rank": 0.3, "place": 0.05, "class": 0.3, "all": 2.0}
"""How far answers may move each kind of weight from where it starts."""

LOOSE = 3.0
"""As many times as far where the cold start is only a guess at what somebody seeks."""

MOST_CLASSES = 12


class Columns(NamedTuple):
    """What the F weights belong to, in their order."""

    ranks: tuple[str, ...]
    n_places: int
    classes: tuple[tuple[str, int], ...]


class Model(NamedTuple):
    """What is believed after the answers."""

    columns: Columns
    prior: Prior
    posterior: Posterior
    cold_weights: dict[str, float]
    extra: FloatArray | None

    def weights(self) -> dict[str, float]:
        """How much each rank feature counts, from the cold start and the answers together."""
        gained = dict(zip(self.columns.ranks, self.posterior.mean[2:], strict=False))
        names = dict.fromkeys((*self.cold_weights, *gained))
        kept = float(self.posterior.mean[0])
        return {name: kept * self.cold_weights.get(name, 0.0) + float(gained.get(name, 0.0)) for name in names}

    def activity(self, prepared: Prepared, *weights: FloatArray) -> list[FloatArray]:
        """(P,) log odds by each of these weights (F,)."""
        each = np.stack(weights, axis=1)
        n_ranks, n_places = len(self.columns.ranks), self.columns.n_places
        ranks, places, classes = np.split(each[2:], [n_ranks, n_ranks + n_places])
        by_name = dict(zip(self.columns.ranks, ranks, strict=True))
        nothing = np.zeros(len(weights))
        kept = [each[0] * self.cold_weights.get(name, 0.0) + by_name.get(name, nothing) for name in prepared.names]
        factors = np.concatenate([np.reshape(kept, (-1, len(weights))), places]).astype(np.float32)
        found = np.stack([prepared.matrix @ column for column in np.ascontiguousarray(factors.T)])
        found += (each[0] * RARE + each[1])[:, None].astype(np.float32)
        if self.extra is not None:
            found += (each[0][:, None] * self.extra).astype(np.float32)
        for kind, numbers in prepared.classes_of.items():
            which = [place for place, (of, _) in enumerate(self.columns.classes) if of == kind]
            if which:
                found += _effects(numbers, [self.columns.classes[place][1] for place in which], classes[which])
        return list(found.astype(np.float64))


def cold_weights(prepared: Prepared, weights: Mapping[str, float]) -> dict[str, float]:
    """Weights of the features that there are, so scaled that the best sample is about as sure as the worst is not."""
    there = {name: weight for name, weight in weights.items() if prepared.has(name)}
    total = sum(abs(weight) for weight in there.values())
    return {name: STEEPNESS * weight / total for name, weight in there.items()}


def cold_start(prepared: Prepared, weights: Mapping[str, float], places: IntArray) -> FloatArray:
    """(M,) log odds of some places before any answer: the weighted mean of ranks. `weights` as from `cold_weights`."""
    by_name = np.asarray([weights.get(name, 0.0) for name in prepared.names], np.float64)
    return np.asarray(prepared.ranks[places] @ by_name + RARE, np.float64)


def learn(
    prepared: Prepared,
    weights: Mapping[str, float],
    names: tuple[str, ...],
    *,
    answered: IntArray,
    answers: BoolArray,
    extra: FloatArray | None = None,
    loose: bool = False,
) -> Model:
    """Fit the answers.

    Parameters
    ----------
    weights : of the features before them, as from `cold_weights`
    names : features that may gain or lose weight
    answered : (M,) places in the pool
    answers : (M,) true for yes
    extra : (P,) log odds that come on top before any answer, or None
    loose : whether the weights are only a guess, so that answers may move them further
    """
    cold = cold_start(prepared, weights, answered) + (0.0 if extra is None else extra[answered])
    columns = Columns(names, prepared.places.shape[1], _classes(prepared, answered))
    kinds = ["cold", "all", *["rank"] * len(names), *["place"] * columns.n_places, *["class"] * len(columns.classes)]
    mean = np.zeros(len(kinds))
    mean[0] = 1.0
    further = {kind: LOOSE if loose and kind in ("rank", "place", "class") else 1.0 for kind in DEVIATION}
    prior = Prior(mean, np.asarray([DEVIATION[kind] * further[kind] for kind in kinds]))
    posterior = fit(_rows(prepared, cold, columns, answered), answers, prior)
    return Model(columns, prior, posterior, dict(weights), extra)


def _rows(prepared: Prepared, cold: FloatArray, columns: Columns, places: IntArray) -> FloatArray:
    which = [prepared.names.index(name) for name in columns.ranks]
    parts = [
        cold[:, None],
        np.ones((len(places), 1)),
        prepared.ranks[places][:, which],
        prepared.places[places],
        *((prepared.classes_of[kind][places] == number)[:, None] for kind, number in columns.classes),
    ]
    return np.concatenate(parts, axis=1).astype(np.float64)


def _classes(prepared: Prepared, answered: IntArray) -> tuple[tuple[str, int], ...]:
    """The classes that occur most among the answers, as labels, predictions and rivals."""
    found: list[tuple[str, int]] = []
    for kind, classes in prepared.classes_of.items():
        numbers, counts = np.unique(classes[answered], return_counts=True)
        order = np.lexsort((numbers, -counts))
        found += [(kind, int(number)) for number in numbers[order][:MOST_CLASSES] if number >= 0]
    return tuple(found)


def _effects(classes: IntArray, numbers: list[int], effects: FloatArray) -> Vectors:
    """(K, P) effects of each one's class, 0 for classes that have none. effects : (len(numbers), K)"""
    table = np.zeros((effects.shape[1], max(int(classes.max(initial=0)), *numbers) + 2), np.float32)
    table[:, numbers] = effects.T
    # −1, for no class, is the last entry, which is always 0.
    return np.stack([np.take(row, classes, mode="wrap") for row in table])


def drawn_weights(posterior: Posterior, generator: np.random.Generator) -> FloatArray:
    """(F,) weights drawn from what is believed of them."""
    lower = np.linalg.cholesky(posterior.covariance)
    return np.asarray(posterior.mean + lower @ generator.normal(size=len(lower)))
