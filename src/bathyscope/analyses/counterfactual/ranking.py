"""From the shifts of a set of mistakes to the neurons that they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from bathyscope.analyses.counterfactual.explaining import Explanation
from bathyscope.analyses.counterfactual.reference import Reference

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
AnyFloats = npt.NDArray[np.floating]

List = Literal["insufficient", "excessive", "mixed", "dead"]

MOST_LISTED = 30
BOOTSTRAP_DRAWS = 500
_FEWEST_FOR_INTERVAL = 2


@dataclass(frozen=True)
class Ranking:
    """Of the U neurons, (U,) each unless said otherwise.

    Attributes
    ----------
    order : neurons, best first: the listed by share, then the others by total, the dead last
    lists : the list of each neuron, None if it is on none
    votes_up, votes_down : samples in which it is among the first to be raised, or lowered
    share : votes per used sample, in [0, 1]; NaN without samples
    low, high : 95 % bootstrap interval of the share; NaN with fewer than two samples
    sigmas_total : Σ|shift|/std over the used samples
    median_effort : of the samples that vote for it; NaN without votes
    voters : (N_used, U) +1 where a sample votes it up, −1 down
    """

    order: IntArray
    lists: tuple[List | None, ...]
    votes_up: IntArray
    votes_down: IntArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    sigmas_total: FloatArray
    median_effort: FloatArray
    voters: npt.NDArray[np.int8]

    @property
    def listed(self) -> IntArray:
        """Neurons on a list of those to be raised, lowered, or both; best first."""
        kept = [neuron for neuron in self.order.tolist() if self.lists[neuron] not in (None, "dead")]
        return np.asarray(kept, np.int64)


def rank_neurons(
    explanation: Explanation, reference: Reference, *, votes: int = 5, cut: float = 3.0, seed: int = 0
) -> Ranking:
    """Which neurons are moved first in how many of the mistakes?

    Parameters
    ----------
    explanation : of N samples; only flipped ones that took an effort vote
    votes : neurons that each sample names in either direction; at most half of all
    cut : percent of the samples that a neuron must be named by more than
    seed : of the bootstrap

    Notes
    -----
    The paper's mode names the largest shifts, as the paper does; the others the largest in deviations, so that
    rescaling a neuron changes nothing. The published tool hides neurons that are raised in some samples and lowered in
    others; here they are a list of their own.
    """
    step = np.where(reference.dead, np.inf, reference.std)
    used = explanation.used
    sigmas = explanation.shifts[used] / step
    voters = ballots(explanation.shifts[used] if explanation.mode == "paper" else sigmas, votes)
    up, down = (voters > 0).sum(axis=0), (voters < 0).sum(axis=0)
    total = np.abs(sigmas).sum(axis=0)
    with np.errstate(invalid="ignore"):
        share = (up + down) / np.float64(len(used)) if len(used) else np.full(voters.shape[1], np.nan)
    lists = _lists(up, down, len(used), cut, dead=reference.dead)
    low, high = _bootstrap(voters, seed)
    return Ranking(
        _order(lists, share, total, reference.dead),
        lists,
        up,
        down,
        share,
        low,
        high,
        total,
        _median_effort(voters, explanation.effort[used]),
        voters,
    )


def ballots(shifts: FloatArray, votes: int) -> npt.NDArray[np.int8]:
    """(N, U) +1 for each row's largest positive numbers, −1 for its most negative, at most `votes` of each.

    Of equal ones the first are named. `votes` is cut to half of the neurons, so that the two cannot be made to meet.
    """
    n_samples, n_neurons = shifts.shape
    each = max(1, min(votes, n_neurons // 2))
    named = np.zeros((n_samples, n_neurons), np.int8)
    rows = np.arange(n_samples)[:, None]
    for sign in (1, -1):
        first = np.argsort(-sign * shifts, axis=1, kind="stable")[:, :each]
        named[rows, first] += (sign * (sign * shifts[rows, first] > 0)).astype(np.int8)
    return named


def importance(mean: FloatArray, weight: FloatArray, bias: FloatArray) -> FloatArray:
    """(C, U) how many times more probable the mean activations make a class than without a neuron.

    Above 1 the neuron supports the class, below 1 it opposes it.

    Parameters
    ----------
    mean : (U,) mean activations of the reference split
    weight, bias : (C, U) and (C,)
    """
    logits = weight @ mean + bias
    without = log_softmax(logits[:, None] - weight * mean, axis=0)
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(log_softmax(logits)[:, None] - without), np.float64)


def auroc_within_labels(
    mistakes: AnyFloats, mistake_labels: IntArray, correct: AnyFloats, correct_labels: IntArray
) -> FloatArray:
    """(U,) chance that a mistake has the higher activation than a correct sample of its label; NaN without pairs.

    Parameters
    ----------
    mistakes, correct : (M, U) and (K, U)
    mistake_labels, correct_labels : (M,) and (K,)
    """
    from scipy.stats import rankdata

    wins, pairs = np.zeros(mistakes.shape[1]), 0
    for label in np.unique(mistake_labels):
        ours, others = mistakes[mistake_labels == label], correct[correct_labels == label]
        if not len(others):
            continue
        ranks = rankdata(np.vstack([ours, others]), axis=0)[: len(ours)]
        wins += ranks.sum(axis=0) - len(ours) * (len(ours) + 1) / 2
        pairs += len(ours) * len(others)
    return wins / pairs if pairs else np.full(mistakes.shape[1], np.nan)


def _lists(up: IntArray, down: IntArray, n_used: int, cut: float, *, dead: BoolArray) -> tuple[List | None, ...]:
    """The list of each neuron; no more than thirty on each."""
    least = cut / 100 * n_used
    lists: list[List | None] = ["dead" if is_dead else None for is_dead in dead]
    raised, lowered = up > least, down > least
    members: dict[List, BoolArray] = {
        "insufficient": raised & ~lowered,
        "excessive": lowered & ~raised,
        "mixed": raised & lowered,
    }
    for name, mask in members.items():
        which = np.flatnonzero(mask)
        for neuron in which[np.argsort(-(up + down)[which], kind="stable")][:MOST_LISTED]:
            lists[neuron] = name  # the paper's mode may name a dead one: that it does is worth seeing
    return tuple(lists)


def _order(lists: tuple[List | None, ...], share: FloatArray, total: FloatArray, dead: BoolArray) -> IntArray:
    listed = np.asarray([name not in (None, "dead") for name in lists])
    first = np.where(listed, np.nan_to_num(share), 0)
    then = np.where(listed, 0, total)  # of the listed those with equal shares stay in the order of their numbers
    return np.lexsort((np.arange(len(total)), -then, -first, dead & ~listed, ~listed))


def _bootstrap(voters: npt.NDArray[np.int8], seed: int) -> tuple[FloatArray, FloatArray]:
    n_used, n_neurons = voters.shape
    if n_used < _FEWEST_FOR_INTERVAL:
        return np.full(n_neurons, np.nan), np.full(n_neurons, np.nan)
    times = np.random.default_rng(seed).multinomial(n_used, np.full(n_used, 1 / n_used), BOOTSTRAP_DRAWS)
    low, high = np.zeros(n_neurons), np.zeros(n_neurons)
    named = np.flatnonzero(voters.any(axis=0))  # the others' interval is 0 to 0
    shares = times @ np.abs(voters[:, named]).astype(np.float32) / n_used
    low[named], high[named] = np.quantile(shares, (0.025, 0.975), axis=0) if len(named) else (0, 0)
    return low, high


def _median_effort(voters: npt.NDArray[np.int8], effort: FloatArray) -> FloatArray:
    medians = np.full(voters.shape[1], np.nan)
    for neuron in np.flatnonzero(voters.any(axis=0)):
        medians[neuron] = np.median(effort[voters[:, neuron] != 0])
    return medians
