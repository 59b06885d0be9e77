"""How do labels go wrong in this data: by chance, or one class into another?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

QUANTILES = (0.5, 0.7, 0.8, 0.9, 0.95)
LEAST_TAIL = 40
"""A class must have so many samples above a quantile for it to be looked at; above the lowest one, fewer will do."""

CLEAR = 0.25
"""Samples below this quantile of a class's scores tell nothing of it: those that carry its label may be of a third."""

STANDS_OUT = 0.3
"""A pair with this share of the errors of the worst one is believed by half: the tails of few samples waver, and noise
that has structure has it in few pairs."""

LEAST_SHARE = 0.01
LEAST_SHARE_STRUCTURED = 0.003
"""Share of each class that carries any other label at least, so that a pair never seen is unlikely, not impossible;
less where the noise has structure, since chance has then little to do with it."""

DOUBT = 8
"""Power of the share of structured errors: where chance explains nearly half of what is found, pairs of classes that
stand out are mostly those that the model confuses, and are not believed."""

SHARPENINGS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6)
TIMES = (1.0, 1.4, 2.0, 2.8, 4.0)
"""How many times as much chance as the tails show is tried when wrong labels are counted: they show the least."""

MOST_WRONG = 0.6
"""Share of a class that may carry other labels at most, however many times as much chance is tried."""

TINY = 1e-12
NEVER_LESS = 1e-6
"""Counted are no impossible classes: among twenty neighbours a class is easily missing."""

UNMIXINGS = 3
"""Steps by which probabilities of given labels are turned into those of true classes. More would fit what wavers."""

MOST_UNMIXED = 200
"""With more classes they are left as they are: the steps cost the square of their number for each sample."""

BLOCK = 1 << 22
"""Numbers that are worked on at once, so that memory does not grow with the samples."""


class Noise(NamedTuple):
    """How given labels come from true ones, for C classes.

    Attributes
    ----------
    of_true : (C, C) probability of the given label (row) where the true class is the column; columns sum to 1
    structure : in [0, 1], how far single pairs of classes are believed; 0 is noise by chance alone
    """

    of_true: FloatArray
    structure: float


def label_noise(labels: IntArray, probabilities: FloatArray) -> Noise:
    """Estimate how labels go wrong.

    A sample of the true class c that carries the label l looks to a model like any other of class c: among those of
    label l, their number is at most the count above a quantile of the lead of c over l, p(c) / p(l), divided by the
    share of class c above it. Of several quantiles the least counts, as high ones leave out samples of class l that
    only resemble c: where the labels are right but the classes alike, few of l are left up there, and where they are
    wrong, as many as ever. What is the same for all pairs is noise by chance; what single pairs have beyond it is
    believed as far as it dominates, since a weak model confuses some pairs of classes whatever the noise.

    Parameters
    ----------
    labels : (M,) class indices in 0 … C−1
    probabilities : (M, C) of a model that did not learn from the sample, rows sum to 1

    References
    ----------
    Blanchard, Lee, Scott (2010), Semi-Supervised Novelty Detection, JMLR 11: the proportion of a mixture from its
    tails, which the ratio of the densities orders best. The split into chance and structure is ours.
    """
    counts, lowest = _wrong_labels(labels, probabilities)
    n_classes = len(counts)
    of_label = np.bincount(labels, minlength=n_classes).astype(np.float64)
    off = ~np.eye(n_classes, dtype=bool)
    rates = np.sort((lowest / np.maximum(of_label, 1))[off])
    chance = float(rates[: len(rates) // 2 + 1].mean()) * of_label[None, :]
    counts *= _believed(counts, off)
    excess = float(np.maximum(counts - chance - 1, 0)[off].sum())
    everywhere = float(np.broadcast_to(chance, counts.shape)[off].sum())
    structure = (excess / (excess + everywhere)) ** DOUBT if excess > 0 else 0.0
    least = LEAST_SHARE + (LEAST_SHARE_STRUCTURED - LEAST_SHARE) * structure**4
    floor = np.maximum(chance, least * of_label[None, :] / (n_classes - 1))
    joint = np.where(off, floor + structure * np.maximum(counts - floor, 0), 0.0)
    np.fill_diagonal(joint, np.maximum(of_label - joint.sum(axis=1), 1.0))
    return Noise(joint / joint.sum(axis=0, keepdims=True), structure)


def wrong_label_probability(labels: IntArray, probabilities: FloatArray, noise: Noise) -> FloatArray:
    """(M,) probability that each label is wrong, under the noise.

    Where noise comes by chance, the predictions are made as sharp as makes the given labels likeliest: a model that
    is less sure than it could be blurs the order. Where it has structure they stay, as they have learnt it. Then what
    the model says of given labels, wrong ones among them, is turned into what it says of true classes.
    """
    power, _ = _likeliest(labels, probabilities, noise, (1.0,))
    power = 1 + (power - 1) * (1 - noise.structure)
    return _doubts(labels, probabilities, noise.of_true, power)


def expected_errors(labels: IntArray, probabilities: FloatArray, noise: Noise) -> FloatArray:
    """(M,) probability that each label is wrong, of which sums count: so many are expected among any of them.

    As `wrong_label_probability`, but how much of the noise is chance is asked once more. The tails show the least of
    it, and for an order that is enough. For a count it is taken so many times as makes the given labels likeliest,
    together with the sharpness of the predictions. Where noise has structure both stay as they are: a model that has
    learnt the noise explains the labels by itself, and their likelihood tells nothing of it.
    """
    said = np.maximum(probabilities, NEVER_LESS)
    power, times = _likeliest(labels, said, noise)
    chance = 1 - noise.structure
    return _doubts(labels, said, _more(noise.of_true, times**chance), 1 + (power - 1) * chance)


def _likeliest(
    labels: IntArray, probabilities: FloatArray, noise: Noise, tried: tuple[float, ...] = TIMES
) -> tuple[float, float]:
    """Sharpening and times the noise that explain the given labels best; some of many labels tell that."""
    if noise.structure >= 1:
        return 1.0, 1.0
    some = np.linspace(0, len(labels) - 1, min(len(labels), BLOCK // probabilities.shape[1] + 1)).astype(np.int64)
    given = {times: _more(noise.of_true, times)[labels[some]] for times in tried}
    best = (-np.inf, 1.0, 1.0)
    for power in SHARPENINGS:
        likely = sharpened(probabilities[some], power)
        for times in tried:
            likelihood = float(np.log((given[times] * likely).sum(axis=1) + TINY).mean())
            best = max(best, (likelihood, power, times))
    return best[1], best[2]


def _more(of_true: FloatArray, times: float) -> FloatArray:
    """So many times the noise."""
    if times == 1:
        return of_true
    wrong = of_true * (1 - np.eye(len(of_true))) * times
    wrong *= np.minimum(1.0, MOST_WRONG / np.maximum(wrong.sum(axis=0), TINY))
    return np.asarray(wrong + np.diag(1 - wrong.sum(axis=0)), np.float64)


def _doubts(labels: IntArray, probabilities: FloatArray, of_true: FloatArray, power: float) -> FloatArray:
    wrong = np.empty(len(labels))
    rows = max(1, BLOCK // probabilities.shape[1])
    for start in range(0, len(labels), rows):
        part = slice(start, start + rows)
        likely = sharpened(probabilities[part], power)
        if probabilities.shape[1] <= MOST_UNMIXED:
            likely = unmixed(likely, of_true)
        wrong[part] = doubt(labels[part], likely, of_true)
    return wrong


def doubt(labels: IntArray, likely: FloatArray, of_true: FloatArray) -> FloatArray:
    """(M,) probability that each label is wrong by Bayes, from that of each true class, (M, C)."""
    weighted = of_true[labels] * likely
    total = weighted.sum(axis=1)
    right = weighted[np.arange(len(labels)), labels]
    return np.asarray(1 - np.divide(right, total, out=np.ones_like(total), where=total > 0), np.float64)


def unmixed(probabilities: FloatArray, of_true: FloatArray) -> FloatArray:
    """(M, C) probabilities of the true class, from those of the given label.

    A model that learnt from labels of which 30 % are wrong says 0.3 for the wrong class where it is sure. The true
    classes whose mixture comes nearest are sought, beginning with the probabilities themselves; every step comes nearer
    and keeps all of them positive.

    References
    ----------
    Dempster, Laird, Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm, JRSS B 39.
    """
    found = probabilities
    for _ in range(UNMIXINGS):
        mixed = found @ of_true.T
        found = found * ((probabilities / np.maximum(mixed, TINY)) @ of_true)
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), TINY), np.float64)


def _believed(counts: FloatArray, off: npt.NDArray[np.bool_]) -> FloatArray:
    """(C, C) how far each pair is believed, in [0, 1]; the worst one wholly."""
    worst = max(float(counts[off].max(initial=0.0)), 1.0)
    share = (np.where(off, counts, 0.0) / worst) ** 2
    return np.asarray(share * (1 + STANDS_OUT**2) / (share + STANDS_OUT**2), np.float64)


def sharpened(probabilities: FloatArray, power: float) -> FloatArray:
    """(M, C) probabilities to a power, summing to 1 again."""
    if power == 1:
        return probabilities
    raised = (probabilities / probabilities.max(axis=1, keepdims=True)) ** power
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def _wrong_labels(labels: IntArray, probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(C, C) samples of the given label (row) that may truly be of the column.

    The least over the quantiles of the lead, and what the median of the score alone says.
    """
    n_classes = probabilities.shape[1]
    least, lowest = np.zeros((n_classes, n_classes)), np.zeros((n_classes, n_classes))
    given = probabilities[np.arange(len(labels)), labels] + TINY
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(n_classes + 1))
    for true in range(n_classes):
        own = order[starts[true] : starts[true + 1]]
        if not len(own):
            continue
        scores = probabilities[:, true]
        ranked = np.sort(scores[own])
        above = np.bincount(labels[scores >= ranked[len(own) // 2]], minlength=n_classes)
        lowest[:, true] = above * len(own) / above[true]
        clear = ranked[int(CLEAR * len(own))]
        others = np.flatnonzero(scores >= clear)
        own = own[scores[own] >= clear]
        leads = np.sort(scores[own, None] / (probabilities[own] + TINY), axis=0)
        counts = _tails(leads, labels[others], scores[others] / given[others])
        least[:, true] = counts * (starts[true + 1] - starts[true])
    return least, lowest


def _tails(leads: FloatArray, labels: IntArray, lead: FloatArray) -> FloatArray:
    """(C,) least number of each label above a quantile of the leads, per sample of the class above it.

    `leads` are those of the class over every label, (n, C) and each column rising; `lead` is each sample's own.
    """
    found = []
    for number, quantile in enumerate(QUANTILES):
        at = int(quantile * len(leads))
        if number and (1 - quantile) * len(leads) < LEAST_TAIL:
            break
        above = np.bincount(labels[lead >= leads[at][labels]], minlength=leads.shape[1])
        found.append(above / (len(leads) - at))
    return np.asarray(np.min(found, axis=0), np.float64)
