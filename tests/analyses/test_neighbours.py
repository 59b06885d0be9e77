"""Nearest neighbours, by hand and against every distance there is."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses.neighbours import nearest, own_places


def test_of_two_copies_each_has_the_other_and_never_itself():
    points = np.array([[0.0], [1.0], [3.0], [3.0]], np.float32)
    neighbours, distances = nearest(points, 2)
    assert_allclose(distances, [[1, 3], [1, 2], [0, 2], [0, 2]])
    assert neighbours[:2, 0].tolist() == [1, 0]
    assert neighbours[2:].tolist() == [[3, 1], [2, 1]]


def test_a_query_that_is_none_of_the_points_may_lie_on_one():
    points = np.array([[0.0], [1.0], [3.0]], np.float32)
    neighbours, distances = nearest(points, 2, queries=np.array([[0.9], [3.0]], np.float32))
    assert neighbours.tolist() == [[1, 0], [2, 1]]
    assert_allclose(distances, [[0.1, 0.9], [0, 2]], rtol=1e-5)
    neighbours, _ = nearest(points, 1, queries=points[[2, 2]], own=np.array([2, -1]))
    assert neighbours.tolist() == [[1], [2]]


def test_it_agrees_with_every_distance_also_far_from_zero():
    generator = np.random.default_rng(0)
    points = (generator.normal(size=(80, 5)) + 1000).astype(np.float32)
    every = np.linalg.norm(points[:, None].astype(np.float64) - points[None], axis=2)
    np.fill_diagonal(every, np.inf)
    neighbours, distances = nearest(points, 4)
    assert_array_equal(neighbours, np.argsort(every, axis=1)[:, :4])
    assert_allclose(distances, np.sort(every, axis=1)[:, :4], rtol=1e-3)


def test_nobody_asks():
    neighbours, distances = nearest(np.zeros((3, 2), np.float32), 2, queries=np.empty((0, 2), np.float32))
    assert neighbours.shape == distances.shape == (0, 2)


def test_places_among_a_part():
    assert own_places(np.array([True, False, True])).tolist() == [0, -1, 1]
