"""Labels with known errors, and what a model fitted to them would say."""

import numpy as np


def simulated(kind, rate, seed=7, *, n_samples=6000, n_classes=10):
    """True labels, given labels and (N, C) probabilities.

    `kind` is "sym" (any other class), "pair" (class c is called c + 1) or "class" (only class 3 is called 5).
    """
    generator = np.random.default_rng(seed)
    true = np.arange(n_samples) % n_classes
    z = generator.normal(size=(n_samples, n_classes))
    z[np.arange(n_samples), true] += 3.0
    p = np.exp(2 * z)
    p /= p.sum(axis=1, keepdims=True)
    if kind == "sym":
        moved = np.full((n_classes, n_classes), rate / (n_classes - 1))
        np.fill_diagonal(moved, 1 - rate)
    else:
        moved = np.eye(n_classes)
        for row in range(n_classes) if kind == "pair" else [3]:
            moved[row, row] = 1 - rate
            moved[row, (row + 1) % n_classes if kind == "pair" else 5] = rate
    draw = generator.random(n_samples)
    given = (np.cumsum(moved[true], axis=1) < draw[:, None]).sum(axis=1)
    return true, given, p @ moved
