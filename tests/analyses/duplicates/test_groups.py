"""Clusters from pairs: by hand, and chains that must not hold."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bathyscope.analyses.duplicates.groups import MOST_MEMBERS, clusters_of
from bathyscope.analyses.duplicates.neighbours import near_in_embedding
from bathyscope.analyses.embedding import unit_vectors


def on_a_line(places):
    """Distance of samples that stand at these places."""
    places = np.asarray(places, float)
    return lambda pairs: np.abs(places[pairs[:, 0]] - places[pairs[:, 1]])


def clusters(places):
    """Clusters of samples on a line, joined where they are at most 1 apart."""
    places = np.asarray(places, float)
    pairs = np.array([(a, b) for a in range(len(places)) for b in range(a) if abs(places[a] - places[b]) <= 1])
    pairs = pairs.reshape(-1, 2).astype(int)
    between = on_a_line(places)
    return clusters_of(pairs, between(pairs), len(places), between)


def test_clusters_by_hand():
    found = clusters([0, 10, 0.5, 20, 10.9, 1.4])
    assert found[0] == found[2] == found[5]
    assert found[1] == found[4] != found[0]
    assert found[3] == -1
    assert_array_equal(clusters([0, 5, 10]), [-1, -1, -1])
    assert_array_equal(clusters([]), [])


@pytest.mark.parametrize("length", [50, MOST_MEMBERS + 300])
def test_a_chain_of_small_steps_is_divided(length):
    places = np.cumsum(np.random.default_rng(0).uniform(0.4, 0.9, length))
    found = clusters(places)
    assert found.max() > 5
    for number in range(found.max() + 1):
        members = places[found == number]
        assert len(members) >= 2
        assert np.ptp(members) <= 2


def test_a_large_cluster_of_equals_stays_whole():
    assert set(clusters(np.zeros(600))) == {0}


def test_the_order_of_samples_does_not_matter():
    places = np.random.default_rng(3).uniform(0, 40, 80)
    order = np.random.default_rng(4).permutation(80)
    first, second = clusters(places)[order], clusters(places[order])
    assert_array_equal(first[:, None] == first, second[:, None] == second)
    assert_array_equal(first < 0, second < 0)


def embedding_pairs(vectors, times=0.13):
    units, rows = unit_vectors(vectors)
    return near_in_embedding(units, rows, times, np.arange(len(vectors)))


def test_planted_copies_in_an_embedding_are_found_also_where_most_have_one():
    generator = np.random.default_rng(0)
    base = generator.normal(size=(1000, 64)).astype(np.float32)
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    near = base[:30] + generator.normal(0, 1e-3, (30, 64)).astype(np.float32)
    few = np.concatenate([base, base[30:60], near])
    many = np.concatenate([few, base[100:700]])
    for vectors, exact in ((few, range(30, 60)), (many, [*range(30, 60), *range(100, 700)])):
        found = {tuple(pair) for pair in embedding_pairs(vectors).pairs.tolist()}
        places = [*range(1000, 1030), *range(1060, 1660)]
        planted = {(i, 1030 + i) for i in range(30)} | set(zip(exact, places, strict=False))
        assert found == planted


def test_the_usual_distance_leaves_copies_out():
    angles = np.deg2rad([0, 10, 30, 30, 90, 150])
    found = embedding_pairs(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    # Without the pair at 30 degrees: nearest neighbours of 0, 10, 90 and 150 are 10, 10, 60 and 60 degrees away.
    assert found.median == pytest.approx(((1 - np.cos(np.deg2rad(10))) + 0.5) / 2, rel=1e-4)
    assert found.pairs.tolist() == [[0, 1], [2, 3]]
    assert found.distances[1] == 0


def test_vectors_without_a_direction_are_left_out():
    vectors = np.array([[0, 0], [np.nan, 1], [1, 2], [np.inf, 1], [2, 4]], np.float16)
    units, rows = unit_vectors(vectors)
    assert rows.tolist() == [2, 4]
    assert near_in_embedding(units, rows, 0.13, np.arange(5)).pairs.tolist() == [[2, 4]]
    assert embedding_pairs(vectors[:2]).pairs.shape == (0, 2)
    assert embedding_pairs(np.ones((1, 3))).pairs.shape == (0, 2)
    assert len(embedding_pairs(np.ones((50, 3))).pairs) == 49
