"""Samples on the border between two classes, found by halving the way between a sample of each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bathyscope.analyses.timetravel.graph import FloatArray, IntArray, Vectors

Scorer = Callable[[Vectors], FloatArray]

GAP = 0.1
"""Whose two leading classes are closer, on a scale from the lowest logit to the highest, is a border sample."""

EFFICIENCY = 0.05
"""How much pairs that were easy to find count against those that are still few."""

STEPS = 8
ROUNDS = 8


def normalised_gap(logits: FloatArray) -> FloatArray:
    """(N,) lead of the first class over the second, from lowest logit 0 to highest 1; 0 where all are equal."""
    if logits.shape[1] < 2:
        return np.ones(len(logits))
    lowest, highest = logits.min(axis=1), logits.max(axis=1)
    second = np.partition(logits, -2, axis=1)[:, -2]
    out = np.zeros(len(logits))
    np.divide(highest - second, highest - lowest, out=out, where=highest > lowest)
    return out


def boundary_samples(
    vectors: Vectors, logits: FloatArray, score: Scorer, count: int, generator: np.random.Generator
) -> Vectors:
    """Up to `count` vectors that lie on borders, (B, D); none where a single class is predicted.

    Parameters
    ----------
    vectors : (N, D) of one checkpoint: of the embedding, or of what the model is fed
    logits : (N, C)
    score : the logits of any such vectors
    """
    predicted = logits.argmax(axis=1)
    classes = np.unique(predicted)
    if len(classes) < 2 or count <= 0:
        return np.empty((0, vectors.shape[1]), np.float32)
    pairs = np.array([(a, b) for a in classes for b in classes if a < b])
    tried, found = np.zeros(len(pairs)), np.zeros(len(pairs))
    parts: list[Vectors] = []
    for _ in range(ROUNDS):
        missing = count - sum(map(len, parts))
        if missing <= 0:
            break
        shortage = np.maximum(found.mean() - found, 0) + 1e-3
        chance = EFFICIENCY * (found + 1) / (tried + 1) + (1 - EFFICIENCY) * shortage / shortage.sum()
        drawn = generator.choice(len(pairs), size=2 * missing, p=chance / chance.sum())
        first, second = _ends(logits, predicted, pairs[drawn], generator)
        points = bisect(vectors[first], vectors[second], pairs[drawn], score)
        good = normalised_gap(score(points)) < GAP
        np.add.at(tried, drawn, 1)
        np.add.at(found, drawn[good], 1)
        parts.append(points[good][:missing])
    return np.concatenate(parts)


def _ends(
    logits: FloatArray, predicted: IntArray, pairs: IntArray, generator: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """A sample of the first class and one of the second for each pair, more often where the two are close."""
    out = np.empty(pairs.shape, np.int64)
    for a, b in np.unique(pairs, axis=0):
        mine = (pairs == (a, b)).all(axis=1)
        for side, (own, other) in enumerate(((a, b), (b, a))):
            members = np.flatnonzero(predicted == own)
            chance = 1 / (logits[members, own] - logits[members, other] + 1e-4)
            out[mine, side] = generator.choice(members, size=int(mine.sum()), p=chance / chance.sum())
    return out[:, 0], out[:, 1]


def bisect(first: Vectors, second: Vectors, pairs: IntArray, score: Scorer, steps: int = STEPS) -> Vectors:
    """Where on the way from `first` to `second` the two classes of each pair are level, after so many halvings."""
    rows = np.arange(len(first))
    low, high = np.zeros(len(first), np.float32), np.ones(len(first), np.float32)
    for _ in range(steps):
        middle = (low + high) / 2
        logits = score(_between(first, second, middle))
        ahead = logits[rows, pairs[:, 0]] > logits[rows, pairs[:, 1]]
        low, high = np.where(ahead, middle, low), np.where(ahead, high, middle)
    return _between(first, second, (low + high) / 2)


def _between(first: Vectors, second: Vectors, share: FloatArray) -> Vectors:
    out: Vectors = (first * (1 - share[:, None]) + second * share[:, None]).astype(np.float32)
    return out
