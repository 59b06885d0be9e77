"""From shifts to ranked neurons: votes counted by hand, importance, intervals, families."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bathyscope.analyses.counterfactual import STATUSES, Explanation, Reference, families_of, importance, rank_neurons
from bathyscope.analyses.counterfactual.ranking import auroc_within_labels, ballots
from bathyscope.analyses.counterfactual.reference import families_note, reference_of


def found(shifts, status=None, effort=None):
    """An explanation with these shifts."""
    shifts = np.asarray(shifts, float)
    n = len(shifts)
    places = np.asarray([STATUSES.index(one) for one in status or ["flipped"] * n])
    nothing = np.zeros(n)
    return Explanation(
        "feasible",
        np.zeros(n, int),
        places,
        shifts,
        np.ones(n) if effort is None else np.asarray(effort, float),
        nothing,
        nothing,
        shifts != 0,
        nothing.astype(int),
        ((),) * n,
        np.full(n, np.nan),
    )


def unit(n_neurons, dead=()):
    ones = np.ones(n_neurons)
    return Reference(ones, ones, 0 * ones, ones, np.isin(np.arange(n_neurons), dead))


def test_votes_are_the_largest_of_either_sign_and_ties_go_to_the_first():
    named = ballots(np.array([[3, 1, 1, -2, -2, 0], [0, 0, 0, 0, 0, -1.0]]), 2)
    assert named.tolist() == [[1, 1, 0, -1, -1, 0], [0, 0, 0, 0, 0, -1]]
    assert ballots(np.array([[2, 1, -1.0]]), 5).tolist() == [[1, 0, -1]]  # of three neurons one in either direction


def test_lists_shares_and_order():
    shifts = [[2, -1, 0, 0, 0, 0], [2, 0, -1, 0, 0, 0], [-1, 0, 2, 0, 0, 0], [9, 9, 9, 9, 9, 9], [0, -1, 0, 2, 0, 0]]
    status = ["flipped"] * 3 + ["already_correct", "flipped"]
    ranking = rank_neurons(found(shifts, status), unit(6, dead=[5]), votes=2)
    assert ranking.votes_up.tolist() == [2, 0, 1, 1, 0, 0]
    assert ranking.votes_down.tolist() == [1, 2, 1, 0, 0, 0]
    assert_allclose(ranking.share, [0.75, 0.5, 0.5, 0.25, 0, 0])  # of four: the one already correct does not count
    assert ranking.lists == ("mixed", "excessive", "mixed", "insufficient", None, "dead")
    assert ranking.order.tolist() == [0, 1, 2, 3, 4, 5]
    assert ranking.listed.tolist() == [0, 1, 2, 3]
    assert (ranking.low <= ranking.share).all()
    assert (ranking.high >= ranking.share).all()


def test_a_neuron_named_by_the_cut_or_less_is_on_no_list():
    shifts = np.zeros((100, 6))
    shifts[:, 0], shifts[:3, 1], shifts[:4, 2] = 1, 2, 3
    ranking = rank_neurons(found(shifts), unit(6), votes=3)
    assert ranking.lists[:3] == ("insufficient", None, "insufficient")


def test_one_mistake_has_no_interval_and_none_has_no_share():
    one = rank_neurons(found([[1, 0, 0, 0]]), unit(4))
    assert one.share[0] == 1
    assert np.isnan(one.low).all()
    none = rank_neurons(found([[1, 0, 0, 0]], ["already_correct"]), unit(4))
    assert np.isnan(none.share).all()
    assert none.listed.tolist() == []


def test_importance_is_how_much_more_probable_a_neuron_makes_a_class():
    weight = np.array([[1, 0.2, -0.5, 0], [0.4, 1.2, 0.3, -0.6], [-0.3, 0.1, 0.9, 0.5]])
    ratios = importance(np.array([2, 0.1, 0.3, 0.8]), weight, np.array([0.1, 0, -0.1]))
    assert_allclose(ratios[1], [0.79530, 1.08814, 1.18108, 0.66424], atol=5e-6)
    assert_allclose(ratios[0], [2.64051, 0.98459, 0.92907, 1.07345], atol=5e-6)


def test_mistakes_are_compared_with_correct_samples_of_their_own_label():
    mistakes, correct = np.array([[1.0], [10]]), np.array([[0.0], [2], [9]])
    found = auroc_within_labels(mistakes, np.array([0, 1]), correct, np.array([0, 0, 1]))
    assert found.tolist() == [pytest.approx(2 / 3)]  # 1 beats 0 and not 2; 10 beats 9
    assert np.isnan(auroc_within_labels(mistakes, np.array([0, 1]), correct[:0], np.empty(0, int))).all()


def test_families_join_what_goes_together_directly_or_through_another():
    generator = np.random.default_rng(0)
    base = generator.normal(size=(400, 2))
    columns = [base[:, 0], -base[:, 0] + 0.01 * base[:, 1], base[:, 1], base[:, 0] + base[:, 1], np.ones(400)]
    features = np.column_stack(columns)
    found = families_of(features, generator.normal(size=(3, 5)), reference_of(features))
    assert found.family.tolist() == [0, 0, -1, -1, -1]
    assert found.mirror.tolist() == [False, True, False, False, False]
    weight = generator.normal(size=(12, 5))
    weight[:, 3] = 2 * weight[:, 2]
    assert families_of(features, weight, reference_of(features)).family.tolist() == [0, 0, 2, 2, -1]


def test_a_few_samples_make_no_families_by_chance():
    generator = np.random.default_rng(0)
    # A wide layer and ten pictures: hundreds of pairs correlate by .9 and would pull nearly all neurons together.
    features = np.maximum(generator.normal(size=(10, 300)) - 0.5, 0)
    correlation = np.corrcoef(features[:, features.std(axis=0) > 0].T)
    assert (np.abs(correlation) >= 0.9).sum() > 3 * len(correlation)
    assert (families_of(features, generator.normal(size=(3, 300)), reference_of(features)).family == -1).all()
    assert families_note(10) == ["Families are told from 100 samples on: among 10 neurons agree by chance."]
    assert families_note(100) == []
