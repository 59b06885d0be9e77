"""Groups of samples whose worst tells whether an edit helps: known ones, or such as the neurons themselves make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

FEWEST = 10
"""Smaller groups say too little to choose by; alone they are ignored."""


@dataclass(frozen=True)
class Groups:
    """Samples sorted into G groups.

    Attributes
    ----------
    names, labels, counts : (G,) what each is, the class of its samples, and how many they are
    codes : (N,) group of each sample
    """

    names: tuple[str, ...]
    labels: IntArray
    counts: IntArray
    codes: IntArray

    @property
    def ignored(self) -> BoolArray:
        """(G,) groups too small to choose by."""
        return self.counts < FEWEST

    def accuracies(self, right: BoolArray) -> FloatArray:
        """(G,) share of right samples; NaN for a group without samples."""
        hits = np.bincount(self.codes, weights=right, minlength=len(self.names))
        with np.errstate(invalid="ignore"):
            return np.asarray(hits / self.counts, np.float64)

    def worst(self, right: BoolArray) -> float:
        """Accuracy of the worst group, where those too small count as one if they are not too small together."""
        counted = self.accuracies(right)[~self.ignored].tolist()
        small = self.ignored[self.codes]
        if small.sum() >= FEWEST:
            counted.append(float(right[small].mean()))
        return min(counted) if counted else float(right.mean()) if len(right) else float("nan")


def known_groups(labels: IntArray, values: IntArray, names: tuple[str, ...], classes: tuple[str, ...]) -> Groups:
    """Class × value of a column; `values` are (N,) places in `names`."""
    codes = labels * len(names) + values
    occurring, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    told = tuple(f"{classes[code // len(names)]}, {names[code % len(names)]}" for code in occurring)
    return Groups(told, occurring // max(1, len(names)), counts, places)


def pseudo_groups(logits: FloatArray, contribution: FloatArray, labels: IntArray, classes: tuple[str, ...]) -> Groups:
    """Class × whether the neurons speak much or little for it.

    Parameters
    ----------
    logits : (N, C) of the unedited head
    contribution : (N, C) of the neurons to each logit, Σ_j W_cj z_j
    labels : (N,)

    Notes
    -----
    The lead that the neurons give a sample's class over its strongest rival, Σ_j (W_cj − W_kj) z_j, is split in two
    within each class where the two means explain it best. The middle would spread the few samples that matter.
    """
    rows = np.arange(len(labels))
    others = logits.copy()
    others[rows, labels] = -np.inf
    rival = others.argmax(axis=1)
    lead = contribution[rows, labels] - contribution[rows, rival]
    values = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        mine = labels == label
        values[mine] = lead[mine] > two_means(lead[mine])
    return known_groups(labels, values, ("little support", "much support"), classes)


def even(codes: IntArray) -> FloatArray:
    """(N,) one over the frequency of a sample's group: drawn so, all groups are equally frequent."""
    return np.asarray(1.0 / np.bincount(codes)[codes], np.float64)


def two_means(values: FloatArray) -> float:
    """The threshold that leaves the least squares within the two parts; the largest value if all are equal."""
    ordered = np.sort(values)
    n = len(ordered)
    if n < 2 or ordered[0] == ordered[-1]:
        return float(ordered[-1]) if n else 0.0
    sums = np.cumsum(ordered)[:-1]
    counts = np.arange(1, n)
    between = sums**2 / counts + (sums[-1] + ordered[-1] - sums) ** 2 / (n - counts)
    between[ordered[1:] == ordered[:-1]] = -np.inf  # equal values stay together
    cut = int(between.argmax())
    return float((ordered[cut] + ordered[cut + 1]) / 2)
