import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses.adam import Adam
from bathyscope.analyses.timetravel import network
from bathyscope.analyses.timetravel.network import Shape

BLOCKS = [(2, 0, 4), (0, 4, 9)]


@pytest.fixture
def weights():
    return network.initial(Shape(inputs=3, width=6, depth=2, frames=3), np.random.default_rng(0))


@pytest.fixture
def inputs():
    return np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)


def test_gradients_of_every_weight_are_the_slopes(weights, inputs):
    wanted = np.random.default_rng(2).normal(size=(9, 3)).astype(np.float32)
    weights = {name: value.astype(np.float64) for name, value in weights.items()}

    def loss():
        out = network.decoded(weights, network.encode(weights, inputs), BLOCKS).output
        return ((out - wanted) ** 2).sum() / 2

    into = {name: np.zeros_like(value) for name, value in weights.items()}
    kept = network.encoded(weights, inputs)
    seen = network.decoded(weights, kept[-1], BLOCKS)
    by_position = network.decoder_gradient(weights, seen, seen.output - wanted, into)
    network.encoder_gradient(weights, kept, by_position, into)
    for name, value in weights.items():
        for place in list(np.ndindex(value.shape))[::5]:
            held, step = value[place], 1e-5
            value[place] = held + step
            above = loss()
            value[place] = held - step
            slope = (above - loss()) / (2 * step)
            value[place] = held
            assert_allclose(into[name][place], slope, rtol=2e-2, atol=2e-3, err_msg=name)


def test_decoding_one_checkpoint_is_decoding_it_among_others(weights, inputs):
    positions = network.encode(weights, inputs)
    together = network.decoded(weights, positions, BLOCKS).output
    for frame, start, stop in BLOCKS:
        alone = network.decode(weights, positions[start:stop], weights["code"][frame])
        assert_allclose(alone, together[start:stop], atol=1e-5)


def test_a_vector_of_zeros_has_a_place(weights):
    assert np.isfinite(network.encode(weights, np.zeros((1, 3), np.float32))).all()


def test_adam_finds_the_lowest_point():
    weights = {"a": np.array([3.0, -2.0], np.float32), "b": np.array([[1.0]], np.float32)}
    adam = Adam(weights)
    for _ in range(400):
        adam.gradients["a"][...] = weights["a"] - 1
        adam.gradients["b"][...] = weights["b"] + 1
        adam.step(0.05, limit=5.0)
    assert_allclose(weights["a"], 1, atol=1e-2)
    assert_allclose(weights["b"], -1, atol=1e-2)


def test_a_gradient_that_is_not_finite_changes_nothing():
    weights = {"a": np.array([3.0], np.float32)}
    adam = Adam(weights)
    adam.gradients["a"][...] = np.nan
    adam.step(0.1, limit=5.0)
    assert_array_equal(weights["a"], 3)
