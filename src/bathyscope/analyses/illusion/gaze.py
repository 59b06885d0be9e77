"""Where the network looks: the part of a picture that excites a neuron."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch.nn import functional as F  # noqa: N812 -- torch's own habit

from bathyscope.analyses.illusion.program import Network, kept_part
from bathyscope.errors import MediaError
from bathyscope.recording import Recording

MASK_ABOVE = 0.25
DIM = 0.5
SIDE = 96
"""Masks of real pictures are no larger: they are laid over thumbnails."""


def gaze(network: Network, images: torch.Tensor, neuron: int) -> torch.Tensor:
    """(B, h, w) how much each place excites the neuron: its map before the pooling, else where pixels matter to it."""
    places = network.adapter.feature_map(network.feed(images))
    return _saliency(network, images, neuron) if places is None else places[:, neuron].to(images.device)


def masks(strength: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(B, h, w) in {0.5, 1}: 1 where the strength lies a quarter of a standard deviation above its mean."""
    sized = F.interpolate(strength[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
    mean, std = sized.mean((1, 2), keepdim=True), sized.std((1, 2), keepdim=True)
    return torch.where(((sized - mean) >= MASK_ABOVE * std) | (std <= 0), 1.0, DIM)


def real_masks(
    network: Network, recording: Recording, rows: Sequence[int], neuron: int
) -> dict[int, npt.NDArray[np.uint8]]:
    """Masks over whole recorded pictures by sample index: 255 where the neuron looks, 128 elsewhere and beyond what the
    network was fed; pictures that cannot be read have none.
    """
    found = {}
    for row in rows:
        try:
            picture = recording.image(row)
        except MediaError:
            continue
        # One by one: a picture's mask must not depend on which others are asked for.
        with torch.no_grad():
            fed = network.feed.prepared(picture)[None]
            mask = masks(gaze(network, fed, neuron), (fed.shape[2], fed.shape[3]))[0]
        part = Image.fromarray((mask * 255).round().to(torch.uint8).numpy(force=True))
        found[row] = _over_the_whole(part, picture.size, kept_part(picture.size, network.feed))
    return found


def _over_the_whole(
    part: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]
) -> npt.NDArray[np.uint8]:
    scale = min(1.0, SIDE / max(size))
    whole = Image.new("L", (max(1, round(size[0] * scale)), max(1, round(size[1] * scale))), round(DIM * 255))
    left, top, right, bottom = (round(edge * scale) for edge in box)
    whole.paste(part.resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.NEAREST), (left, top))
    return np.asarray(whole)


def _saliency(network: Network, images: torch.Tensor, neuron: int) -> torch.Tensor:
    """(B, h, w) how much the pixels matter to the neuron, smoothed; for models without a map before the decision."""
    with torch.enable_grad():
        leaf = images.clone().requires_grad_(True)
        network.adapter.features(network.feed(leaf))[:, neuron].sum().backward()  # type: ignore[no-untyped-call]
    gradient = leaf.grad
    strength = torch.zeros_like(images[:, 0]) if gradient is None else (gradient * leaf.detach()).abs().sum(1)
    reach = max(1, min(images.shape[2:]) // 14)
    return F.avg_pool2d(strength[:, None], 2 * reach + 1, stride=1, padding=reach, count_include_pad=False)[:, 0]
