import numpy as np
from numpy.testing import assert_array_equal

from bathyscope.analyses.timetravel.landmarks import choose, k_centres, stratified


def test_k_centres_take_the_farthest_next():
    points = np.array([[0.0], [1.0], [10.0], [4.0]], np.float32)
    assert_array_equal(k_centres(points, 2, np.array([0])), [2, 3])


def test_every_group_has_its_share():
    groups = np.repeat([0, 1], [900, 100])
    drawn = stratified(groups, np.arange(1000), 100, np.random.default_rng(0))
    assert len(np.unique(drawn)) == len(drawn)
    assert abs((groups[drawn] == 1).sum() - 10) <= 1


def test_landmarks_come_from_the_pool_and_hold_telling_and_far_samples():
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(1000, 3)).astype(np.float32)
    vectors[17] = 50
    telling = np.zeros(1000, bool)
    telling[[3, 5, 900]] = True
    options = {"groups": np.arange(1000) % 4, "telling": telling, "vectors": vectors, "seed": 0}
    chosen = choose(80, pool=np.arange(800), **options)
    assert {3, 5, 17} <= set(chosen.tolist())
    assert chosen.max() < 800
    assert 75 <= len(chosen) <= 80
    assert_array_equal(np.unique(chosen), chosen)
    assert_array_equal(choose(80, pool=np.arange(800), **options), chosen)
    assert_array_equal(choose(80, pool=np.arange(50), **options), np.arange(50))
