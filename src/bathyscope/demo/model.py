"""The demo's network: small enough to train in seconds, built like a textbook example."""

from __future__ import annotations

import torch
from torch import nn

EMBEDDING_SIZE = 128


class SmallNet(nn.Module):
    """Two convolution blocks, a 128-dimensional embedding and a linear head; about 207,000 parameters.

    Parameters
    ----------
    n_classes : C
    """

    def __init__(self, n_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = _block(1, 16)
        self.conv2 = _block(16, 32)
        self.embedding = nn.Sequential(nn.Flatten(), nn.Linear(32 * 7 * 7, EMBEDDING_SIZE), nn.ReLU())
        self.head = nn.Linear(EMBEDDING_SIZE, n_classes)
        # Pooling is the slowest step on a CPU, and twice as fast in this layout, which the first layer hands down.
        self.conv1.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 1, 28, 28) pixels in [0, 1] to (B, C) logits."""
        logits: torch.Tensor = self.head(self.embedding(self.conv2(self.conv1(images))))
        return logits


def _block(n_in: int, n_out: int) -> nn.Sequential:
    """Convolution at half the resolution; pooling before the rectifier gives the same and costs less."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1), nn.MaxPool2d(2), nn.ReLU())
