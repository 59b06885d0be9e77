import numpy as np
import pytest
from numpy.testing import assert_allclose

from bathyscope.analyses.timetravel import losses
from bathyscope.analyses.timetravel.losses import Edges


def numeric(loss, at, step=1e-3):
    """Slope of a loss by trying, in float64."""
    at = at.astype(np.float64)
    out = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        moved = at.copy()
        moved[place] += step
        above = loss(moved)
        moved[place] -= 2 * step
        out[place] = (above - loss(moved)) / (2 * step)
    return out


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_losses_of_pairs_have_the_published_values():
    assert losses.attraction(np.array([0.0]))[0] == 0
    assert_allclose(losses.attraction(np.array([1.0])), 0.947, atol=1e-3)
    assert_allclose(losses.repulsion(np.array([1.0])), 0.491, atol=1e-3)
    assert_allclose(losses.repulsion(np.array([0.0])), 9.21, atol=1e-2)


def test_the_neighbour_loss_of_three_dots_by_hand():
    positions = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 3.0]])
    edges = Edges(np.array([0]), np.array([1]), np.array([2.0]))
    # q(0, 1) = 1/2; its others are dots 1 and 2 with q 1/2 and 1/10, in the mean 0.3.
    loss, _ = losses.neighbour_loss(positions, edges, np.array([1, 2]))
    assert_allclose(loss, -np.log(0.5 / 0.8))


def test_gradients_are_the_slopes(generator):
    positions = generator.normal(size=(7, 2))
    edges = Edges(np.array([0, 1, 5, 2]), np.array([3, 2, 6, 1]), np.array([1.0, 0.5, 0.2, 0.9]))
    offsets = np.array([2, 3, 5])
    for loss in (
        lambda at: losses.neighbour_loss(at, edges, offsets, 0.7),
        lambda at: losses.tie_loss(at, edges),
        lambda at: losses.anchor_loss(at, np.zeros((7, 2)), np.linspace(0, 1, 7), np.full(7, 0.3)),
    ):
        assert_allclose(loss(positions)[1], numeric(lambda at, loss=loss: loss(at)[0], positions), atol=1e-5)


def test_the_slope_of_paths(generator):
    paths, apart = generator.normal(size=(3, 4, 2)), generator.random((3, 4, 4))
    apart = apart + apart.swapaxes(1, 2)
    apart[:, range(4), range(4)] = 0
    slope = numeric(lambda at: losses.path_loss(at, apart)[0], paths, 1e-4)
    assert_allclose(losses.path_loss(paths, apart)[1], slope, atol=1e-5)
    turned = 3 * paths @ np.array([[0.6, -0.8], [0.8, 0.6]])
    length = np.linalg.norm(turned[:, :, None] - turned[:, None], axis=3)
    assert_allclose(losses.path_loss(paths, length)[0], 0, atol=1e-6)


def test_gradients_of_the_output_are_the_slopes(generator):
    output, targets = generator.normal(size=(2, 5, 4))
    weight, bias = generator.normal(size=(3, 4)), generator.normal(size=3)
    wanted = generator.dirichlet(np.ones(3), size=5)
    for loss in (
        lambda at: losses.reconstruction_loss(at, targets),
        lambda at: losses.prediction_loss(at, weight, bias, wanted),
    ):
        assert_allclose(loss(output)[1], numeric(lambda at, loss=loss: loss(at)[0], output), atol=1e-5)


def test_the_prediction_loss_is_zero_where_probabilities_agree(generator):
    output, weight = generator.normal(size=(5, 4)), generator.normal(size=(3, 4))
    logits = output @ weight.T
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss, gradient = losses.prediction_loss(output, weight, np.zeros(3), chances)
    assert_allclose(loss, 0, atol=1e-12)
    assert_allclose(gradient, 0, atol=1e-12)
