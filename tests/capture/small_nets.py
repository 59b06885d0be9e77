"""A small network, and what a recorder must leave alone of it."""

import hashlib
import pickle
import random

import numpy as np
import torch
from torch import nn

torch.set_num_threads(1)


class Net(nn.Module):
    """A small convolutional network with everything that has a training mode."""

    def __init__(self, n_classes=3):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.drop = nn.Dropout(0.4)
        self.classifier = nn.Linear(4, n_classes)

    def forward(self, x):
        return self.classifier(self.drop(self.features(x).mean((2, 3))))


def state_of(model):
    """Everything that a recorder must leave alone, as one hash."""
    parts = [(name, value.detach().numpy().tobytes()) for name, value in model.named_parameters()]
    parts += [(name, value.numpy().tobytes()) for name, value in model.named_buffers()]
    parts += [(name, None if p.grad is None else p.grad.numpy().tobytes()) for name, p in model.named_parameters()]
    parts += [(name, p.requires_grad) for name, p in model.named_parameters()]
    for name, module in model.named_modules():
        hooks = [len(getattr(module, kind)) for kind in vars(module) if kind.endswith("_hooks")]
        parts.append((name, module.training, hooks))
    parts += [random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().numpy().tobytes()]
    parts.append((torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled()))
    return hashlib.sha256(pickle.dumps(parts)).hexdigest()
