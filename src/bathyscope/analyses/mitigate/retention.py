"""How much more probable a class is because some neurons are there, and the loss that holds this at a target.

Notes
-----
With logits s = W z + b and t = s without the neurons S, the retention ratio of a class c is r = p_c(s) / p_c(t). It is
1 where the decision for c does not depend on S given the other neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Form = Literal["log", "kl", "paper"]
EPSILON = 1e-9
"""Of the paper's form, which divides by a probability."""


@dataclass(frozen=True)
class Objective:
    """Cross-entropy plus strength times how far the ratios are from their target.

    Attributes
    ----------
    neurons : S
    classes, targets : (K,) classes whose ratio is held, and where; of the form "kl" all classes are held at 1
    strength : λ₃ ≥ 0
    form : log: mean of (ln r − ln o)²; kl: mean KL(p(s) ‖ p(t)); paper: ‖r − o‖₂ over the batch, not averaged
    """

    neurons: IntArray
    classes: IntArray
    targets: FloatArray
    strength: float
    form: Form = "log"

    def __call__(
        self, weight: FloatArray, bias: FloatArray, features: FloatArray, labels: IntArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """The loss of a batch and its gradient by weight and bias.

        Parameters
        ----------
        weight, bias : (C, U) and (C,)
        features, labels : (B, U) and (B,)
        """
        rows = np.arange(len(features))
        logits = features @ weight.T + bias
        log_p = log_softmax(logits, axis=1)
        loss = -float(log_p[rows, labels].mean())
        by_logits = np.exp(log_p)
        by_logits[rows, labels] -= 1
        by_logits /= len(rows)
        if self.strength == 0:
            return loss, by_logits.T @ features, by_logits.sum(axis=0)
        without = logits - features[:, self.neurons] @ weight[:, self.neurons].T
        penalty, to_logits, to_without = self._penalty(log_p, log_softmax(without, axis=1))
        by_logits += self.strength * to_logits
        by_without = self.strength * to_without
        by_weight = (by_logits + by_without).T @ features
        by_weight[:, self.neurons] = by_logits.T @ features[:, self.neurons]
        return loss + self.strength * penalty, by_weight, (by_logits + by_without).sum(axis=0)

    def _penalty(self, log_p: FloatArray, log_q: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Value, and gradients by the logits with and without the neurons."""
        p, q = np.exp(log_p), np.exp(log_q)
        if self.form == "kl":
            difference = log_p - log_q
            divergence = (p * difference).sum(axis=1, keepdims=True)
            n = len(p)
            return float(divergence.mean()), p * (difference - divergence) / n, (q - p) / n
        value, to_logits, to_without = 0.0, np.zeros_like(p), np.zeros_like(q)
        for label, target in zip(self.classes, self.targets, strict=True):
            part, by_log_p, by_log_q = self._of_class(log_p[:, label], log_q[:, label], float(target))
            value += part
            for gradient, by_log, chances in ((to_logits, by_log_p, p), (to_without, by_log_q, q)):
                gradient -= by_log[:, None] * chances
                gradient[:, label] += by_log
        return value, to_logits, to_without

    def _of_class(self, log_p: FloatArray, log_q: FloatArray, target: float) -> tuple[float, FloatArray, FloatArray]:
        """Value of one class, and its derivatives by ln p_c(s) and ln p_c(t)."""
        if self.form == "log":
            off = log_p - log_q - np.log(target)
            return float((off**2).mean()), 2 * off / len(off), -2 * off / len(off)
        p, q = np.exp(log_p), np.exp(log_q)
        ratio = p / (q + EPSILON)
        length = float(np.linalg.norm(ratio - target))
        along = (ratio - target) / length if length > 0 else np.zeros_like(ratio)
        return length, along * ratio, -along * ratio * q / (q + EPSILON)


def retention_ratios(
    weight: FloatArray, bias: FloatArray, features: FloatArray, neurons: IntArray, *, classes: IntArray
) -> FloatArray:
    """(N, K) ratios of K classes; may overflow to infinity where the neurons alone make a class possible."""
    logits = features @ weight.T + bias
    without = logits - features[:, neurons] @ weight[:, neurons].T
    with np.errstate(over="ignore"):
        return np.asarray(np.exp((log_softmax(logits, axis=1) - log_softmax(without, axis=1))[:, classes]), np.float64)


def target_ratios(importance: FloatArray, neurons: IntArray, classes: IntArray) -> FloatArray:
    """(K,) the paper's targets: 1 + (least importance of the neurons − 1) / 3, at least 1.

    Parameters
    ----------
    importance : (C, U)
    """
    least = importance[np.ix_(classes, neurons)].min(axis=1)
    return np.asarray(np.maximum(1.0, 1 + (least - 1) / 3), np.float64)
