"""Random views of a picture: what holds only for one exact place, angle or size is not what a neuron looks for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F  # noqa: N812 -- torch's own habit


@dataclass(frozen=True)
class Views:
    """How far a view may be from the picture.

    Attributes
    ----------
    degrees : largest rotation
    shift : largest shift, as a part of the side
    shrink, grow : limits of the resize factors, one for the height and one for the width
    offset : standard deviation of the brightness added to each channel, at the first step
    reflect : mirror at the border instead of black
    """

    degrees: float = 15.0
    shift: float = 0.15
    shrink: float = 0.6
    grow: float = 1.2
    offset: float = 0.2
    reflect: bool = False

    def draw(self, images: torch.Tensor, generator: torch.Generator, *, left: float, count: int = 1) -> torch.Tensor:
        """`count` views of each picture, the same ones of all: (count · B, channels, h, w), view by view.

        Parameters
        ----------
        images : (B, channels, h, w) in [0, 1]
        left : part of the steps that is still to come, in [0, 1]
        """
        matrices = torch.stack([self._matrix(images.shape[2:], generator) for _ in range(count)])
        offsets = torch.randn((count, images.shape[1]), generator=generator) * self.offset * left
        return torch.cat([self._one(images, matrix, offset) for matrix, offset in zip(matrices, offsets, strict=True)])

    def _one(self, images: torch.Tensor, matrix: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        grid = F.affine_grid(matrix.expand(len(images), 2, 3), list(images.shape), align_corners=False)
        padding = "reflection" if self.reflect else "zeros"
        moved = F.grid_sample(images, grid, padding_mode=padding, align_corners=False)
        return moved + offset[:, None, None]

    def _matrix(self, size: torch.Size, generator: torch.Generator) -> torch.Tensor:
        """(2, 3) from places in the view to places in the picture: resized, then turned and shifted."""
        angle, right, down, tall, wide = (torch.rand(5, generator=generator) * 2 - 1).tolist()
        turn = math.radians(self.degrees) * angle
        middle, reach = (self.grow + self.shrink) / 2, (self.grow - self.shrink) / 2
        height, width = size[0], size[1]
        sx, sy = 1 / (middle + reach * wide), 1 / (middle + reach * tall)
        cos, sin = math.cos(turn), math.sin(turn)
        # Rotation in pixels: coordinates run from -1 to 1 on both axes, whatever the sides.
        rows = [
            [cos * sx, -sin * sy * height / width, 2 * self.shift * right],
            [sin * sx * width / height, cos * sy, 2 * self.shift * down],
        ]
        return torch.tensor(rows)


@dataclass(frozen=True)
class Crops:
    """Views of MACO: square parts of the picture, with noise."""

    smallest: float = 0.2
    largest: float = 0.25
    noise: float = 0.05
    count: int = 6

    def draw(self, images: torch.Tensor, generator: torch.Generator, *, left: float, count: int = 1) -> torch.Tensor:
        """(crops · B, channels, h, w), the same crops of all pictures; `count` is taken from the dataclass."""
        drawn = []
        for _ in range(max(count, self.count)):
            part, x, y = torch.rand(3, generator=generator).tolist()
            scale = self.smallest + (self.largest - self.smallest) * part
            matrix = torch.tensor(
                [[scale, 0, (2 * x - 1) * (1 - scale)], [0, scale, (2 * y - 1) * (1 - scale)]]
            ).expand(len(images), 2, 3)
            grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
            part_of = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
            noise = torch.randn((1, *images.shape[1:]), generator=generator) * self.noise
            drawn.append(part_of + noise)
        return torch.cat(drawn)


PUBLISHED = Views()


def views_for(side: int, *, published: bool) -> Views:
    """The published views; for a machine without GPU with mirrored borders; for small pictures much smaller moves."""
    if published:
        return PUBLISHED
    if side <= 64:
        return Views(degrees=5.0, shift=2 / side, shrink=0.9, grow=1.1, reflect=True)
    return Views(reflect=True)
