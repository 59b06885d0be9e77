import numpy as np
import pytest

from bathyscope.analyses.timetravel.boundary import boundary_samples, normalised_gap

CENTRES = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]], np.float32)


def score(vectors):
    """Logits of a head whose prediction is the nearest centre."""
    return vectors @ CENTRES.T - (CENTRES**2).sum(axis=1) / 2


@pytest.fixture
def vectors():
    generator = np.random.default_rng(0)
    return (CENTRES[np.arange(400) % 4] + generator.normal(scale=0.5, size=(400, 2))).astype(np.float32)


def test_the_gap_by_hand():
    # From lowest 0 to highest 4, the second at 3.
    np.testing.assert_allclose(normalised_gap(np.array([[0.0, 4.0, 3.0], [2.0, 2.0, 2.0]])), [0.25, 0])


def test_every_boundary_sample_is_on_a_border_and_every_pair_of_neighbours_has_some(vectors):
    found = boundary_samples(vectors, score(vectors), score, 100, np.random.default_rng(0))
    assert len(found) == 100
    logits = score(found)
    assert (normalised_gap(logits) < 0.1).all()
    pairs = {tuple(sorted(pair)) for pair in np.argsort(logits, axis=1)[:, -2:].tolist()}
    assert {(0, 1), (0, 2), (1, 3), (2, 3)} <= pairs


def test_a_single_predicted_class_has_no_border(vectors):
    logits = np.tile([1.0, 0.0, 0.0, 0.0], (400, 1))
    assert boundary_samples(vectors, logits, score, 100, np.random.default_rng(0)).shape == (0, 2)


def test_the_same_seed_gives_the_same_samples(vectors):
    first, second = (boundary_samples(vectors, score(vectors), score, 50, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
