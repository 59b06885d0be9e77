import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses.neighbours import nearest
from bathyscope.analyses.timetravel.graph import (
    bandwidths,
    boundary_graph,
    curve,
    directed_weights,
    near_of,
    neighbour_graph,
    similarity,
)


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)


def test_weights_sum_to_the_logarithm_of_the_neighbours(points):
    weights = directed_weights(nearest(points, 15)[1])
    assert_allclose(weights.sum(axis=1), np.log2(15), atol=1e-3)
    assert_allclose(weights[:, 0], 1)


def test_a_copy_is_not_the_distance_to_the_nearest():
    rho, sigma = bandwidths(np.array([[0.0, 0.0, 2.0, 3.0]], np.float32))
    assert rho[0] == 2
    assert sigma[0] > 0


def test_copies_only_have_finite_weights():
    assert_array_equal(directed_weights(np.zeros((3, 4), np.float32)), np.ones((3, 4)))


def test_the_graph_is_symmetric_and_holds_probabilities(points):
    graph = neighbour_graph(near_of(points, 15)).toarray()
    assert_allclose(graph, graph.T, atol=1e-6)
    assert graph.min() >= 0
    assert graph.max() <= 1 + 1e-6
    assert_array_equal(graph.diagonal(), 0)


def test_boundary_edges_end_in_a_boundary_sample(points):
    graph = boundary_graph(points[:150], points[150:], 5)
    assert graph.shape == (200, 200)
    assert graph[:150, :150].nnz == 0
    assert graph[:150].nnz >= 150 * 5


def test_the_curve_is_that_of_umap():
    assert_allclose(curve(), (1.577, 0.895), atol=1e-3)
    assert similarity(np.array([0.0]))[0] == 1
    assert_allclose(similarity(np.array([1.0])), 0.388, atol=1e-3)
