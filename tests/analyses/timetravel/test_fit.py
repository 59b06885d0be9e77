"""A step of the fit is taken in two halves, for two cores; what comes out does not tell."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses.timetravel import fit, network
from bathyscope.analyses.timetravel.fit import Anchors, Cloud, Settings
from bathyscope.analyses.timetravel.threads import Beside

M, Q, C, T = 40, 6, 3, 4


def clouds_of(seed=0):
    """Landmarks on a walk through some checkpoints, with a decision layer and a random graph."""
    generator = np.random.default_rng(seed)
    draw = lambda *shape: generator.normal(size=shape).astype(np.float32)  # noqa: E731
    vectors, out = draw(M, Q), []
    for _ in range(T):
        vectors = vectors + 0.3 * draw(M, Q)
        graph = sp.random_array((M, M), density=0.2, rng=generator, dtype=np.float32).tocsr()
        chances = np.abs(draw(M, C))
        ties = np.abs(draw(M, T))
        out.append(Cloud(vectors, vectors, np.arange(M), graph, ties, draw(C, Q), draw(C), chances))
    return out


def gradients(monkeypatch, count, *, in_halves, anchors=None):
    """Of one batch over so many checkpoints."""
    clouds = clouds_of()
    settings = Settings(batch=80, together=count, others=5)
    generator = np.random.default_rng(3)
    weights = network.initial(network.Shape(Q, 8, 2, T), generator)
    batch = fit._draw(clouds, np.arange(M), settings, generator)
    held = fit._held(anchors, generator)
    into, spare = ({name: np.zeros_like(value) for name, value in weights.items()} for _ in range(2))
    with Beside() as beside, monkeypatch.context() as patched:
        work = fit._Work(clouds, settings, weights, (into, spare), beside)
        whole = [fit._Half(work, batch.pieces(0, batch.stop), held, into)]
        if in_halves:
            assert len(fit._halves(work, batch, held)) == 2
        else:
            patched.setattr(fit, "_halves", lambda *_: whole)
        fit._descend(work, batch, held)
    return into


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_two_halves_pull_as_the_whole_does(monkeypatch, count):
    generator = np.random.default_rng(5)
    inputs, targets = (generator.normal(size=(9, wide)).astype(np.float32) for wide in (Q, 2))
    anchors = Anchors(inputs, targets, np.ones(9, np.float32), np.zeros(9, np.float32))
    for held in (None, anchors):
        halves, whole = (gradients(monkeypatch, count, in_halves=flag, anchors=held) for flag in (True, False))
        assert max(np.abs(value).max() for value in whole.values()) > 1e-3
        for name, value in whole.items():
            assert_allclose(halves[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_fit_gives_the_same_bytes_however_its_threads_took_turns():
    settings = Settings(steps=30, batch=80, width=8, depth=2, others=5)
    first, second = (fit.fit(clouds_of(), settings, lambda done, message: None) for _ in range(2))
    for name, value in first.items():
        assert_array_equal(second[name], value, err_msg=name)


def test_what_fails_beside_is_not_lost():
    def broken():
        raise FloatingPointError("beside")

    with Beside() as beside, pytest.raises(FloatingPointError, match="beside"):
        beside.both([lambda: None, broken])
