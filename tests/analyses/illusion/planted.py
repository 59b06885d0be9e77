"""Networks whose weights are set by hand, so that what a neuron looks for is known."""

import numpy as np
import torch
from torch import nn

SIDE = 32


class Planted(nn.Module):
    """Maps of red, green, blue, row edges, column edges, brightness (and more), averaged over the picture.

    n0 = red, n1 = green, n2 = blue, n3 and n4 = edges, n5 = brightness, n6 = n0 + 2.4 n4, n7 = dead.
    """

    def __init__(self, head):
        super().__init__()
        self.register_buffer("sobel", torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]) / 8)
        self.head = nn.Linear(8, len(head))
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor(head, dtype=torch.float32))
            self.head.bias.zero_()

    def forward(self, x):
        red, green, blue = x.unbind(1)
        grey = nn.functional.pad(x.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
        rows = nn.functional.conv2d(grey, self.sobel[None, None])[:, 0]
        columns = nn.functional.conv2d(grey, self.sobel.T[None, None])[:, 0]
        colours = [red - 0.5 * (green + blue), green - 0.5 * (red + blue), blue - 0.5 * (red + green)]
        plain = [*(one - 0.1 for one in colours), rows - 0.03, columns - 0.03, x.mean(1), -1 - red]
        maps = 25 * torch.relu(torch.stack(plain, 1))
        both = maps[:, 0] + 2.4 * maps[:, 4]
        return self.head(torch.stack([*maps[:, :6].unbind(1), both, maps[:, 6]], 1).mean((2, 3)))


def pictures(n, seed=0):
    """(n, 32, 32, 3) bytes: grey stripes with a red or green patch, and which it is."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n)
    out = np.empty((n, SIDE, SIDE, 3))
    place = np.arange(SIDE)
    for i in range(n):
        along = 0.4 + random.uniform(0.1, 0.2) * np.sin(
            2 * np.pi * place / random.uniform(6, 10) + random.uniform(0, 6)
        )
        stripes = along[:, None] if labels[i] == (random.random() < 0.1) else along[None]
        out[i] = np.broadcast_to(stripes, (SIDE, SIDE))[..., None] + random.normal(0, 0.03, (SIDE, SIDE, 3))
        top, left = random.integers(0, SIDE - 8, 2)
        red = (labels[i] == 0) == (random.random() < 0.95)
        out[i, top : top + 8, left : left + 8] = (0.9, 0.1, 0.1) if red else (0.1, 0.9, 0.1)
    return (out.clip(0, 1) * 255).astype(np.uint8), labels


class Grey(nn.Module):
    """A small network of grey pictures with everything that has a state: batch normalisation and dropout."""

    def __init__(self, n_classes=3):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(6, n_classes)

    def forward(self, x):
        return self.head(self.drop(torch.relu(self.norm(self.conv(x))).mean((2, 3))))


class Tokens(nn.Module):
    """A transformer of 4 × 4 patches with a class token."""

    def __init__(self, width=12):
        super().__init__()
        self.patch = nn.Conv2d(1, width, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        layer = {"nhead": 2, "dim_feedforward": 16, "batch_first": True}
        self.blocks = nn.ModuleList([nn.TransformerEncoderLayer(width, **layer) for _ in range(3)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        patches = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), patches], 1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])
