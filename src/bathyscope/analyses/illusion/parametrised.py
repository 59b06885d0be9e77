"""Pictures as numbers that an optimiser can move: Fourier coefficients, or phases alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

Size = tuple[int, int]

START_STD = 0.001
SPACING = 0.5**0.5
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.0, -0.05), (0.27, -0.09, 0.03))
"""How the colours of photographs go together: columns are directions, the first of them brightness."""

PUBLISHED_EXPONENT = 1.5
PRINCIPAL = 100
"""Principal directions of real images that a small picture is made of."""

PRINCIPAL_START = 0.05

FLAT_EXPONENT = 1.0
"""Small pictures have few frequencies: with the published fall-off they turn into blobs."""


class Canvas(Protocol):
    """Something an optimiser can move, and the pictures that it stands for."""

    @property
    def parameters(self) -> torch.Tensor:
        """What moves; a leaf that gradients reach."""
        ...

    def images(self) -> torch.Tensor:
        """(B, channels, h, w) in [0, 1], differentiable."""
        ...


def frequencies(size: Size) -> torch.Tensor:
    """(h, columns) lengths of the frequencies of a real transform; the Nyquist column of even widths is dropped."""
    height, width = size
    rows = torch.fft.fftfreq(height, d=SPACING)[:, None]
    columns = torch.fft.rfftfreq(width, d=SPACING)[None, : (width + 1) // 2]
    return torch.sqrt(rows**2 + columns**2)


def spectrum_scale(size: Size, exponent: float = PUBLISHED_EXPONENT) -> torch.Tensor:
    """(h, columns) how strongly each frequency counts: 1 / max(f^exponent, √2 / n)."""
    return 1 / frequencies(size).pow(exponent).clamp_min(2**0.5 / max(size))


def correlate_colours(images: torch.Tensor) -> torch.Tensor:
    """Colour directions to red, green and blue; other numbers of channels stay as they are."""
    if images.shape[1] != 3:
        return images
    matrix = images.new_tensor(COLOURS)
    return torch.einsum("bchw,rc->brhw", images, matrix / matrix.norm(dim=0).max())


def _decorrelate(images: torch.Tensor) -> torch.Tensor:
    if images.shape[1] != 3:
        return images
    matrix = images.new_tensor(COLOURS)
    return torch.einsum("bchw,rc->brhw", images, torch.linalg.inv(matrix / matrix.norm(dim=0).max()))


@dataclass(frozen=True)
class FourierCanvas:
    """Pictures as scaled Fourier coefficients, colours correlated as in photographs, then squashed to [0, 1].

    Attributes
    ----------
    parameters : (B, channels, h, columns, 2) real and imaginary parts
    size : (h, w) of the pictures
    exponent : how fast high frequencies fall off
    """

    parameters: torch.Tensor
    size: Size
    exponent: float = PUBLISHED_EXPONENT

    @classmethod
    def drawn(
        cls, copies: int, channels: int, size: Size, generator: torch.Generator, *, exponent: float
    ) -> FourierCanvas:
        """`copies` of one random start, next to grey."""
        shape = (1, channels, *frequencies(size).shape, 2)
        start = torch.randn(shape, generator=generator) * START_STD
        return cls(start.expand(copies, *shape[1:]).clone().requires_grad_(True), size, exponent)

    @classmethod
    def of_images(cls, images: torch.Tensor, *, exponent: float = PUBLISHED_EXPONENT) -> FourierCanvas:
        """The coefficients of given pictures (B, channels, h, w) in [0, 1], as a start."""
        size = (images.shape[2], images.shape[3])
        plain = _decorrelate(torch.logit(images.clamp(1e-3, 1 - 1e-3)))
        scale = spectrum_scale(size, exponent)
        spectrum = torch.fft.rfft2(plain, norm="ortho")[..., : scale.shape[1]] / scale
        return cls(torch.view_as_real(spectrum).clone().requires_grad_(True), size, exponent)

    def images(self) -> torch.Tensor:
        """The pictures."""
        scale = spectrum_scale(self.size, self.exponent)
        spectrum = torch.view_as_complex(self.parameters) * scale
        plain = torch.fft.irfft2(spectrum, s=self.size, norm="ortho")
        return torch.sigmoid(correlate_colours(plain))


@dataclass(frozen=True)
class PhaseCanvas:
    """Pictures with the strength of every frequency as real images have it; only the phases move (MACO).

    Attributes
    ----------
    parameters : (B, channels, h, w // 2 + 1) phases
    magnitude : (channels, h, w // 2 + 1) mean strength of the frequencies of real images
    mean, std : (channels,) of real images' pixels
    """

    parameters: torch.Tensor
    magnitude: torch.Tensor
    mean: torch.Tensor
    std: torch.Tensor
    size: Size

    @classmethod
    def drawn(cls, copies: int, real: torch.Tensor, generator: torch.Generator) -> PhaseCanvas:
        """`copies` of one random start, with the spectrum of real images (R, channels, h, w)."""
        size = (real.shape[2], real.shape[3])
        magnitude = torch.fft.rfft2(real, norm="ortho").abs().mean(0)
        magnitude[:, 0, 0] = 0  # the mean is added as it is
        phases = (torch.rand((1, *magnitude.shape), generator=generator) * 2 - 1) * torch.pi
        start = phases.expand(copies, *magnitude.shape).clone().requires_grad_(True)
        return cls(start, magnitude, real.mean((0, 2, 3)), real.std((0, 2, 3)), size)

    def images(self) -> torch.Tensor:
        """The pictures."""
        spectrum = torch.polar(self.magnitude.expand_as(self.parameters), self.parameters)
        plain = torch.fft.irfft2(spectrum, s=self.size, norm="ortho")
        plain = plain / plain.std((2, 3), keepdim=True).clamp_min(1e-6) * self.std[:, None, None]
        # Soft ends: around the middle a slope of one, so that real contrast stays.
        squashed: torch.Tensor = torch.sigmoid(4 * (plain + self.mean[:, None, None] - 0.5))
        return squashed


@dataclass(frozen=True)
class PrincipalCanvas:
    """Pictures as the mean of real images and weights of their principal directions.

    For small pictures: a handful of Fourier coefficients makes textures there that no image of the data set resembles,
    while this can show nothing but what real images differ in.

    Attributes
    ----------
    parameters : (B, K) weights, in standard deviations of the real images
    mean : (channels, h, w) of real images
    directions : (K, channels · h · w), each as long as the real images' standard deviation along it
    """

    parameters: torch.Tensor
    mean: torch.Tensor
    directions: torch.Tensor

    @classmethod
    def drawn(
        cls, copies: int, mean: torch.Tensor, directions: torch.Tensor, generator: torch.Generator
    ) -> PrincipalCanvas:
        """`copies` of one random start, next to the mean."""
        start = torch.randn((1, len(directions)), generator=generator) * PRINCIPAL_START
        return cls(start.expand(copies, -1).clone().requires_grad_(True), mean, directions)

    def images(self) -> torch.Tensor:
        """The pictures."""
        plain = self.mean + (self.parameters @ self.directions).reshape(-1, *self.mean.shape)
        # Clipped when looked at, but not for the gradient: a pixel that went too far could not come back.
        return plain + (plain.clamp(0, 1) - plain).detach()


def principal_directions(real: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and scaled principal directions of real images (R, channels, h, w)."""
    rows = real.flatten(1)
    mean = rows.mean(0)
    _, lengths, directions = torch.linalg.svd(rows - mean, full_matrices=False)
    kept = min(PRINCIPAL, max(1, len(real) // 10), len(lengths))
    # The sign of a direction is arbitrary, and differs between libraries.
    signs = directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    scaled = (directions * signs)[:kept] * (lengths[:kept, None] / len(real) ** 0.5)
    return mean.reshape(real.shape[1:]), scaled
