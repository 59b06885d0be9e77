"""Recordings of the planted networks, made once."""

import numpy as np
import pytest
import torch

import bathyscope as bs
from analyses.illusion.planted import Grey, Planted, pictures

# Class 0 asks for red stripes' neuron with red, class 1 the same neuron with column edges; class 2 wants brightness.
HEAD = [
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 1, 0, 0],
]
HEAD[0][6], HEAD[0][0], HEAD[0][4] = 1, 1, -9.6
HEAD[1][6], HEAD[1][4], HEAD[1][0] = 1, 2.4, -4


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Networks as small as these take many times longer on several threads that others keep busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """The network with planted neurons, and its recording of 240 pictures."""
    model = Planted(HEAD)
    images, labels = pictures(240)
    path = tmp_path_factory.mktemp("planted") / "run"
    return model, bs.record(model, images, path, labels=labels, classes=["red", "stripes", "bright"])


@pytest.fixture(scope="session")
def grey_model():
    torch.manual_seed(0)
    return Grey()


@pytest.fixture(scope="session")
def grey(grey_model, tmp_path_factory):
    """A recording of 12-pixel grey pictures with its exported program."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (60, 12, 12), dtype=np.uint8)
    path = tmp_path_factory.mktemp("grey") / "run"
    metadata = {"camera": ["left" if i % 2 else "right" for i in range(60)]}
    return bs.record(
        grey_model, images, path, labels=random.integers(0, 3, 60), classes=["cat", "dog, hound", "owl"],
        split=["train" if i < 40 else "test" for i in range(60)], metadata=metadata, export=True,
    )  # fmt: skip
