"""The optimiser of the map: layers go equally far in all directions, the rest as Adam does."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses.adam import Adam
from bathyscope.analyses.timetravel.muon import FASTER, Muon, orthogonal


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_directions_stay_and_their_lengths_become_one():
    for shape in ((24, 16), (16, 24), (20, 20)):
        matrix = drawn(*shape)
        left, lengths, right = np.linalg.svd(matrix, full_matrices=False)
        assert lengths.max() > 5 * lengths.min()
        found = left.T @ orthogonal(matrix) @ right.T
        assert_allclose(found - np.diag(np.diag(found)), 0, atol=1e-4)
        assert 0.4 < np.diag(found).min() < np.diag(found).max() < 1.3
    assert_array_equal(orthogonal(np.zeros((16, 16), np.float32)), 0)


def test_a_matrix_moves_as_far_whatever_its_gradient_is_long_and_the_rest_moves_by_adam():
    both = [{"layer": drawn(16, 64), "bias": drawn(64, seed=1)} for _ in range(2)]
    before = both[0]["layer"].copy()
    muon, adam = Muon(both[0]), Adam(both[1])
    slope = drawn(16, 64, seed=2)
    for one in (muon, adam):
        one.gradients["layer"][...], one.gradients["bias"][...] = 1e-4 * slope, drawn(64, seed=3)
        one.step(1e-3)
    # Four times as many outputs as inputs: twice as far.
    assert_allclose(both[0]["layer"] - before, -FASTER * 1e-3 * 2 * orthogonal(slope), atol=1e-5)
    assert_array_equal(both[0]["bias"], both[1]["bias"])


def test_gradients_that_are_no_numbers_move_nothing():
    weights = {"layer": drawn(16, 16), "bias": drawn(16)}
    before = {name: value.copy() for name, value in weights.items()}
    muon = Muon(weights)
    muon.gradients["layer"][...] = np.nan
    muon.step(1e-3, limit=5.0)
    for name, value in before.items():
        assert_array_equal(weights[name], value)
