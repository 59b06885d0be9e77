import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness

from bathyscope.analyses.timetravel import quality
from bathyscope.analyses.timetravel.quality import Neighbourhoods


@pytest.fixture
def cloud():
    return np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)


def test_a_picture_of_flat_data_keeps_all_neighbours(cloud):
    flat = cloud[:, :2]
    found = Neighbourhoods(flat, flat, np.arange(300))
    assert found.kept(15).mean() == 1
    assert found.trustworthiness() == 1
    assert found.continuity() == 1


def test_random_positions_keep_as_many_as_chance(cloud):
    positions = np.random.default_rng(1).normal(size=(300, 2)).astype(np.float32)
    kept = Neighbourhoods(cloud, positions, np.arange(300)).kept(15)
    chance = 15 / 299
    assert abs(kept.mean() - chance) < 3 * np.sqrt(chance * (1 - chance) / (300 * 15))


def test_trustworthiness_is_that_of_scikit_learn(cloud):
    positions = cloud[:, :2].copy()
    found = Neighbourhoods(cloud, positions, np.arange(300))
    assert_allclose(found.trustworthiness(), trustworthiness(cloud, positions, n_neighbors=15), atol=1e-6)
    assert_allclose(found.continuity(), trustworthiness(positions, cloud, n_neighbors=15), atol=1e-6)


def test_the_published_count_includes_the_sample_itself():
    near, drawn = np.array([[1, 2, 3]]), np.array([[3, 1, 9]])
    assert_array_equal(quality.neighbours_kept(near, drawn, 3), [2])
    assert_array_equal(quality.neighbours_kept(near, drawn, 3, legacy=True), [2])  # 1 of the first two, and itself
    assert_array_equal(quality.neighbours_kept(near, drawn[:, ::-1] + 90, 3, legacy=True), [1])


def test_ranks_are_kept_by_a_turn(cloud):
    path = np.random.default_rng(2).normal(size=(50, 8, 2)).astype(np.float32)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]], np.float32)
    value, undefined = quality.temporal_ranking(path, path @ turn, 3)
    assert_allclose(value, 1)
    assert undefined == 0


def test_ranks_are_those_of_scipy():
    first, second = np.random.default_rng(3).integers(0, 4, (2, 20, 7)).astype(float)
    for mine, a, b in zip(quality.rank_correlation(first, second), first, second, strict=True):
        assert_allclose(mine, spearmanr(a, b).statistic)


def test_samples_that_never_move_count_as_zero_and_are_counted():
    still = np.ones((5, 6, 3), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quality.temporal_ranking(still, still[:, :, :2], 0) == (0.0, 5)


def test_confidence_is_that_of_the_class_that_was_predicted():
    before, after = np.array([[0.9, 0.1]]), np.array([[0.3, 0.7]])
    assert_allclose(quality.confidence_kept(before, after), 0.4)


def test_border_samples_agree_with_borders_and_others_with_their_class():
    said = quality.agreement(
        np.array([1, 1, 1, 1]),
        np.array([False, False, True, True]),
        np.array([1, 2, 2, 1]),
        np.array([False, True, True, False]),
    )
    assert_array_equal(said, [True, False, True, False])


def test_invariants_by_hand():
    changed = np.array([True, True, False])
    assert quality.moving_invariant(changed, np.array([True, True, False]), np.array([True, False, True])) == (0.5, 2)
    assert quality.fixing_invariant(np.array([0.0, 0.1, 9.0]), np.array([1.0, 3.0, 0.0]), 0.5) == (0.5, 2)
    value, count = quality.moving_invariant(np.zeros(3, bool), changed, changed)
    assert np.isnan(value)
    assert count == 0


def test_the_rating_turns_poor_with_each_of_its_measures():
    good = {
        "neighbours_kept": 0.3,
        "trustworthiness": 0.98,
        "prediction_kept": 0.99,
        "landscape_agreement": 0.97,
    }
    assert quality.rating(good, 0.002)[0] == "good"
    for name, bad in zip(good, (0.003, 0.5, 0.6, 0.5), strict=True):
        verdict, reason = quality.rating(good | {name: bad}, 0.002)
        assert verdict == "poor"
        assert reason.startswith("Do not read shapes or borders off this picture: ")
    assert quality.rating(good | {"prediction_kept": 0.93}, 0.002) == (
        "fair",
        "Groups can be trusted, details not: the prediction is kept for 93% of the samples only.",
    )
    assert quality.rating({}, 0.0)[0] == "poor"
