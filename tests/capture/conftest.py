"""A small network and its samples."""

import numpy as np
import pytest
import torch

from capture.small_nets import Net


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 6, 6), dtype=np.uint8)


@pytest.fixture
def labels():
    return np.arange(40) % 3
