"""What answers teach: a logistic model that starts from a cold start and distrusts each answer a little."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

WRONG = 0.05
"""Share of answers that are taken to be wrong, until there are enough of them to tell."""

ENOUGH_TO_TELL = 60
WRONG_BETWEEN = (0.01, 0.25)
_ROUNDS, _CLOSE = 50, 1e-4


class Prior(NamedTuple):
    """What is believed before the answers: mean and standard deviation of each weight, (F,) each."""

    mean: FloatArray
    deviation: FloatArray


class Posterior(NamedTuple):
    """What is believed after them: weights (F,), their covariance (F, F), and the share of wrong answers."""

    mean: FloatArray
    covariance: FloatArray
    wrong: float


def answer_probability(activity: FloatArray, wrong: float) -> FloatArray:
    """Probability of the answer yes, (1 − 2ε)·σ(a) + ε: even a sure case is answered wrongly at times."""
    return np.asarray((1 - 2 * wrong) * expit(activity) + wrong)


def fit(features: FloatArray, answers: BoolArray, prior: Prior, wrong: float | None = None) -> Posterior:
    """Most probable weights, and how sure they are.

    Parameters
    ----------
    features : (M, F) of the answered samples
    answers : (M,) true for yes
    prior : of the F weights
    wrong : share of wrong answers; None estimates it from 60 answers on, and takes 0.05 before

    Notes
    -----
    The curvature is Fisher's, which is never indefinite, and each step is halved until the objective grows. Yes and no
    are not balanced: a constant only moves all scores alike, and weight on a rare no makes a wrong one loud.
    """
    if wrong is not None or len(answers) < ENOUGH_TO_TELL:
        share = WRONG if wrong is None else wrong
        return _fit(features, answers, prior, share)
    first = _fit(features, answers, prior, WRONG)
    return _fit(features, answers, prior, estimate_wrong(features @ first.mean, answers), start=first.mean)


def estimate_wrong(activity: FloatArray, answers: BoolArray) -> float:
    """Share of wrong answers among those of which the model is sure, drawn towards 5 %."""
    probability = expit(activity)
    sure = np.abs(probability - 0.5) > 0.4
    against = sure & ((probability > 0.5) != answers)
    pseudo = 20
    return float(np.clip((against.sum() + pseudo * WRONG) / (sure.sum() + pseudo), *WRONG_BETWEEN))


def _fit(
    features: FloatArray, answers: BoolArray, prior: Prior, wrong: float, *, start: FloatArray | None = None
) -> Posterior:
    problem = _Problem(features, answers, prior, wrong)
    mean = prior.mean.copy() if start is None else start.copy()
    value = problem.value(mean)
    gradient, curvature = problem.slopes(mean)
    for _ in range(_ROUNDS):
        step = np.linalg.solve(curvature, gradient)
        size = next((size for size in (1.0, 0.5, 0.25, 0.125, 0.03) if problem.value(mean + size * step) > value), 0.0)
        mean = mean + size * step
        value = problem.value(mean)
        gradient, curvature = problem.slopes(mean)
        if not size or np.abs(step).max(initial=0.0) < _CLOSE:
            break
    return Posterior(mean, np.asarray(np.linalg.inv(curvature), np.float64), wrong)


class _Problem(NamedTuple):
    """Logarithm of the posterior, up to a constant."""

    features: FloatArray
    answers: BoolArray
    prior: Prior
    wrong: float

    def value(self, mean: FloatArray) -> float:
        probability = answer_probability(self.features @ mean, self.wrong)
        told = np.log(np.where(self.answers, probability, 1 - probability))
        return float(told.sum() - 0.5 * np.square((mean - self.prior.mean) / self.prior.deviation).sum())

    def slopes(self, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (F,) and expected curvature (F, F)."""
        activity = self.features @ mean
        slope = expit(activity) * expit(-activity) * (1 - 2 * self.wrong)
        probability = answer_probability(activity, self.wrong)
        spread = probability * (1 - probability)
        precision = 1 / np.square(self.prior.deviation)
        pull = (self.answers - probability) * slope / spread
        gradient = self.features.T @ pull - precision * (mean - self.prior.mean)
        information = np.square(slope) / spread
        return gradient, (self.features.T * information) @ self.features + np.diag(precision)
